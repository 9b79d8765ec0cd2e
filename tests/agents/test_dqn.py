"""Each switch of DQN against numbers by hand, and the whole against the exact optimum."""

import inspect
import itertools

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box

from rxcourse.agents import dqn as module
from rxcourse.agents.acting import Actor
from rxcourse.agents.dqn import dqn, half_square, targets
from rxcourse.agents.planning import value_iteration
from rxcourse.agents.replay import Batch
from rxcourse.agents.schedules import linear
from rxcourse.mdp import policy_value
from rxcourse.nets import Architecture, Networks
from rxcourse.policy import EpsilonGreedy
from rxcourse.rollout import rollout
from rxcourse.simulators.tabular import TabularVectorEnv

L = 4
ENOUGH = 0.95  # of the way from chance to the exact optimum
QUICK = {"n_learners": L, "n_steps": 40, "gamma": 0.5, "hidden": (), "learning_starts": 8,
         "batch_size": 4, "buffer_size": 100}  # fmt: skip


def learn(envs, seed=0, **changes):
    return dqn(envs, **(QUICK | {"rng": np.random.default_rng(seed)} | changes))


def table(rows):
    """A network whose value of action a in state s is rows[s][a]: one-hot inputs, no bias."""
    W = torch.tensor(rows, dtype=torch.float32).T
    weights = torch.cat([W.ravel(), torch.zeros(len(W))])
    return Networks(Architecture(*W.shape[::-1], hidden=()), weights[None])


# Targets, numbers in full. Two states, three actions; what learns and its older copy differ.
ONLINE = table([[1.0, 5.0, 2.0], [3.0, 0.0, 4.0]])
COPY = table([[10.0, 20.0, 40.0], [60.0, 70.0, 30.0]])


def batch(next_allowed=None):
    """Three decisions with gamma 1/2; they lead to states 0 and 1, and to an end in state 0,
    each time from the other state."""
    one_hot = torch.eye(2)[torch.tensor([[0, 1, 0]])]
    mask = None if next_allowed is None else torch.tensor([next_allowed])
    return Batch(1 - one_hot, torch.tensor([[0, 0, 0]]), torch.tensor([[1.0, 2.0, 3.0]]),
                 torch.tensor([[0.5, 0.5, 0.0]]), one_hot, mask)  # fmt: skip


def test_the_target_is_the_copy_s_best_value():
    """1 + 40/2 = 21, 2 + 70/2 = 37, and 3 alone where the episode has ended."""
    assert targets(ONLINE, COPY, batch(), double=False).tolist() == [[21, 37, 3]]


def test_the_double_target_lets_the_learning_weights_choose_and_the_copy_value():
    """They choose action 1 (5 is best) and 2 (4 is best): 1 + 20/2 = 11, 2 + 30/2 = 17, 3."""
    assert targets(ONLINE, COPY, batch(), double=True).tolist() == [[11, 17, 3]]


def test_targets_and_the_double_choice_leave_out_forbidden_actions():
    """Without action 2 in state 0 and action 1 in state 1: 1 + 20/2 and 2 + 60/2; double:
    actions 1 and 2, 1 + 20/2 and 2 + 30/2. Without actions 1 and 2: both take 10 and 60."""
    some, one = [True, True, False], [True, False, True]
    assert targets(ONLINE, COPY, batch([some, one, some]), double=False).tolist() == [[11, 32, 3]]
    assert targets(ONLINE, COPY, batch([some, one, some]), double=True).tolist() == [[11, 17, 3]]
    first = [[True, False, False]] * 3
    for double in (False, True):
        assert targets(ONLINE, COPY, batch(first), double=double).tolist() == [[6, 32, 3]]


def test_targets_carry_no_gradient():
    assert not targets(ONLINE, COPY, batch(), double=True).requires_grad


def test_half_the_square_equals_huber_s_loss_for_small_errors_only():
    """Huber's loss of an error e: e^2/2 up to 1, then |e| - 1/2. For 4: 3.5 against 8."""
    q, y = torch.tensor([0.0, 0.0, 0.0]), torch.tensor([0.5, -1.0, 4.0])
    assert half_square(q, y, reduction="none").tolist() == [0.125, 0.5, 8]
    assert torch.nn.functional.smooth_l1_loss(q, y, reduction="none").tolist() == [0.125, 0.5, 3.5]


# One state, one action, repeated experience: what is learned is known in closed form.


@pytest.fixture
def loop(replay):
    """``loop(rewards, ...)``: a process with one state, these rewards over and over, L rows."""

    def make(rewards, *, repeats=300, terminated=(), truncated=()):
        reward = np.tile(np.array(rewards, float), repeats)[:, None].repeat(L, axis=1)
        k = np.arange(len(reward))[:, None] % len(rewards) + np.zeros((1, L), int)
        flags = {"terminated": np.isin(k, terminated), "truncated": np.isin(k, truncated)}
        return replay(1, obs=0 * k, next_obs=0 * k, reward=reward, **flags)

    return make


def learned(envs, n_steps=600, **changes):
    """The learners' values of the one action, and what they were before."""
    before = []
    log = lambda policy: before.append(policy.q(np.zeros((L, 1), int))) or {"x": np.zeros(L)}  # noqa: E731
    settings = {"n_steps": n_steps, "learning_rate": linear(0.1, 0.0, n_steps), "train_every": 3,
                "target_every": 3, "learning_starts": 3, "replay": False}  # fmt: skip
    run = learn(envs, **(settings | changes), log=log, log_every=n_steps)
    return run.q(np.zeros((L, 1), int)).ravel(), before[0].ravel()


def test_huber_learns_a_clipped_mean_and_squares_the_mean(loop):
    """Rewards 3, -0.8, -0.8 and gamma 0. Their mean is 1.4/3. Huber's slope vanishes where
    1 = 2 (q + 0.8), at q = -0.3. Each update sees the last three decisions."""
    envs = loop([3, -0.8, -0.8])
    np.testing.assert_allclose(learned(envs, gamma=0.0)[0], -0.3, atol=1e-3)
    np.testing.assert_allclose(learned(envs, gamma=0.0, huber=False)[0], 1.4 / 3, atol=1e-3)


def test_a_truncated_loop_is_worth_its_future_and_a_terminated_one_is_not(loop):
    """Reward 1 and gamma 1/2. For ever: 1 / (1 - 1/2) = 2, wherever we stop looking.
    Ending at each step: 1. Ending at every second step: the mean of 1 + q/2 and 1, q = 4/3."""
    for memory in ({}, {"replay": True, "batch_size": 64}):
        goes_on, ends = loop([1, 1, 1], truncated=[2]), loop([1, 1, 1], terminated=[0, 1, 2])
        np.testing.assert_allclose(learned(goes_on, **memory)[0], 2, atol=0.01)
        np.testing.assert_allclose(learned(ends, **memory)[0], 1, atol=0.01)
    half = learned(loop([1, 1], terminated=[1]), train_every=2, target_every=2, huber=False)[0]
    np.testing.assert_allclose(half, 4 / 3, atol=0.01)


def test_steps_of_a_target_count_before_the_value_of_an_old_copy(loop):
    """With a copy that is never renewed: 1 + q0/2 after one step, 1 + 1/2 + 1/4 + q0/8
    after three. The last rows are still growing: a batch rarely holds them."""
    still = {"target_every": 10**6, "replay": True, "huber": False}
    one, q0 = learned(loop([1, 1, 1]), **still)
    np.testing.assert_allclose(one, 1 + q0 / 2, atol=1e-3)
    three, q0 = learned(loop([1, 1, 1]), **still, n_step=3, buffer_size=600, batch_size=256)
    np.testing.assert_allclose(three, 1.75 + q0 / 8, atol=0.01)


# What the loop hands to an update, and when.


@pytest.fixture
def updates(monkeypatch):
    """A list to which every update adds its weights, the copy's, its batch and target."""
    seen = []

    def watched(online, target, batch, *, double):
        y = targets(online, target, batch, double=double)
        weights = {"online": online.weights.clone(), "copy": target.weights.clone()}
        seen.append(weights | {"batch": batch, "double": double, "same": target is online})
        return y

    monkeypatch.setattr(module, "targets", watched)
    return seen


@pytest.mark.parametrize(("rows", "every", "expected"), [
    (1, 4, 32 // 4), (2, 4, 32 // 4), (4, 4, 32 // 4), (4, 2, 16), (4, 1, 32), (3, 4, 9)
])  # fmt: skip
def test_updates_are_counted_by_a_learner_s_decisions(random_mdp, updates, rows, every, expected):
    """40 decisions, the first 8 without; with 3 rows 42, and 9 are the first above 8: then the
    multiples of 4 from 8 to 40 are due."""
    learn(TabularVectorEnv(random_mdp(0), rows * L), train_every=every)
    assert len(updates) == expected
    assert updates[0]["batch"].obs.shape == (L, 4, 6)


def test_the_copy_is_renewed_every_so_many_decisions(random_mdp, updates):
    learn(TabularVectorEnv(random_mdp(0), L), train_every=2, target_every=6)
    for k, now in enumerate(updates):
        taken = 10 + 2 * k
        # Copied after the update at the last multiple of 6: the next update began from it.
        since = (taken - 1) // 6 * 6
        began = max(0, (since - 10) // 2 + 1)
        assert torch.equal(now["copy"], updates[began]["online"]), taken
    assert not torch.equal(updates[4]["copy"], updates[4]["online"]) and not updates[0]["same"]


def test_the_copy_follows_slowly_with_tau(random_mdp, updates):
    learn(TabularVectorEnv(random_mdp(0), L), train_every=2, tau=0.25)
    for before, now in itertools.pairwise(updates):
        expected = 0.75 * before["copy"] + 0.25 * now["online"]
        np.testing.assert_allclose(now["copy"], expected, atol=1e-6)


def test_without_a_target_network_the_target_moves_with_every_update(random_mdp, updates):
    learn(TabularVectorEnv(random_mdp(0), L), target_network=False)
    assert all(now["same"] for now in updates)


def test_without_replay_an_update_sees_the_decisions_since_the_last(replay, updates):
    """Rewards count the steps, so that a batch shows which they were, newest first."""
    k = np.arange(40)[:, None].repeat(L, axis=1)
    never = np.zeros_like(k, bool)
    envs = replay(1, obs=0 * k, next_obs=0 * k, reward=k, terminated=never, truncated=never)
    learn(envs, replay=False, train_every=3)
    seen = [now["batch"].reward.tolist() for now in updates]
    assert seen == [[[k - 1, k - 2, k - 3]] * L for k in range(9, 40, 3)]


def test_the_choices_reach_the_update_and_the_networks(random_mdp, updates):
    factors = np.array([[0, 0], [0, 1], [1, 0]])
    run = learn(TabularVectorEnv(random_mdp(0), L), double=True, dueling=True, factors=factors,
                hidden=(5,))  # fmt: skip
    assert all(now["double"] for now in updates)
    assert run.q.networks.architecture == Architecture(6, 3, (5,), True, factors)
    assert run.q(np.zeros((L, 2), int)).shape == (L, 2, 3)


def test_the_learning_rate_may_shrink_or_differ_between_learners(random_mdp, updates):
    envs = lambda: TabularVectorEnv(random_mdp(0), L)  # noqa: E731
    learn(envs(), learning_rate=lambda taken: 0.1 * (taken < 20), train_every=2)
    moved = [not torch.equal(a["online"], b["online"]) for a, b in itertools.pairwise(updates)]
    assert moved == [10 + 2 * k < 20 for k in range(len(moved))]
    updates.clear()
    learn(envs(), learning_rate=np.array([0, 0.001, 0.01, 0.1]))
    step = (updates[1]["online"] - updates[0]["online"]).abs().amax(dim=1)
    # The first step of Adam is as long as the rate, whatever the gradient.
    np.testing.assert_allclose(step, [0, 0.001, 0.01, 0.1], rtol=1e-3)
    updates.clear()
    by_function = learn(envs(), learning_rate=lambda taken: np.array([0, 0.001, 0.01, 0.1]))
    assert (by_function.q.networks.weights[0] == updates[0]["online"][0]).all()


# Acting.


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("epsilon", [0.0, 0.3, 1.0])
def test_behaviour_has_the_frequencies_of_the_epsilon_greedy_policy(random_mdp, epsilon, masked):
    """Nothing forbidden is ever drawn: within 4.5 standard errors."""
    n, q = 20_000, np.array([[1.0, 2.0, 0.0, 5.0], [2.0, 7.0, 4.0, 3.0], [0.0, -1.0, 3.0, 2.0]])
    allowed = np.ones((3, 4), bool)
    if masked:
        allowed[[0, 1, 2], [3, 0, 1]] = False
    envs = TabularVectorEnv(random_mdp(0, n_states=3, n_actions=4), n)
    actor = Actor(envs, 1, epsilon, allowed if masked else None)
    policy, rng = EpsilonGreedy(q, epsilon, allowed=allowed), np.random.default_rng(4)
    for state in range(3):
        action, _ = actor.act(table(q), np.full(n, state), rng)
        share = np.bincount(action, minlength=4) / n
        expected = policy.probs(np.array(state))
        assert (abs(share - expected) <= 4.5 * np.sqrt(expected * (1 - expected) / n)).all()


def test_exploration_follows_the_decisions_taken(random_mdp):
    asked = []
    epsilon = lambda taken: asked.append(int(taken)) or 0.5  # noqa: E731
    learn(TabularVectorEnv(random_mdp(0), 2 * L), epsilon=epsilon)
    assert asked[-20:] == list(range(0, 40, 2))


# The whole.


def way_to_the_optimum(mdp, pi):
    """(v - chance) / (best - chance) of policies (..., S, A): 1 is the exact optimum."""
    worth = lambda table: policy_value(mdp, table) @ mdp.d0  # noqa: E731
    best = value_iteration(mdp).v @ mdp.d0
    allowed = np.ones((mdp.n_states, mdp.n_actions)) if mdp.allowed is None else mdp.allowed
    chance = worth(allowed / allowed.sum(axis=1, keepdims=True))
    return (worth(pi) - chance) / (best - chance)


def as_table(mdp, policy):
    return policy.probs(np.tile(np.arange(mdp.n_states), (policy.n_learners, 1)))


WHOLE = {"n_learners": 10, "n_steps": 6_000, "gamma": 0.9, "hidden": (32,), "learning_starts": 200,
         "learning_rate": linear(5e-3, 0.0, 6_000), "epsilon": linear(1.0, 0.2, 3_000),
         "target_every": 100, "buffer_size": 6_000, "train_every": 8}  # fmt: skip


@pytest.mark.parametrize(("masked", "double"), [(False, False), (True, True)])
def test_dqn_reaches_the_exact_optimum_and_nothing_simpler_does(random_mdp, masked, double):
    mdp = random_mdp(1, ends=True, masked=masked)
    curve = lambda policy: {"way": way_to_the_optimum(mdp, as_table(mdp, policy))}  # noqa: E731
    run = learn(TabularVectorEnv(mdp, 80), **WHOLE, double=double, allowed=mdp.allowed,
                log=curve, log_every=6_000)  # fmt: skip
    untrained, trained = run.curve.way.to_numpy().reshape(2, 10)
    assert trained.mean() >= ENOUGH and (trained >= ENOUGH).mean() >= 0.8
    assert untrained.mean() < ENOUGH / 2
    if not masked:
        constant = np.eye(mdp.n_actions)[:, None].repeat(mdp.n_states, axis=1)
        assert way_to_the_optimum(mdp, constant).max() < ENOUGH
    else:
        assert (as_table(mdp, run.policy)[:, ~mdp.allowed] == 0).all()
    assert way_to_the_optimum(mdp, np.full((6, 3), 1 / 3)) < ENOUGH or masked


def test_nothing_forbidden_is_ever_done(random_mdp):
    mdp, done = random_mdp(1, masked=True), []

    class Watched(TabularVectorEnv):
        def step(self, action):
            done.append(self.mdp.allowed[self.state, action])
            return super().step(action)

    learn(Watched(mdp, 2 * L), epsilon=0.5, allowed=mdp.allowed, double=True)
    assert np.all(done) and len(done) == 20


def test_a_batch_holds_the_mask_of_the_next_observation(random_mdp, updates):
    mdp = random_mdp(1, masked=True)
    assert len(np.unique(mdp.allowed, axis=0)) > 2
    learn(TabularVectorEnv(mdp, L), allowed=mdp.allowed, n_step=2, batch_size=32)
    for now in updates:
        state = now["batch"].next_obs.argmax(-1)
        np.testing.assert_array_equal(now["batch"].next_allowed, mdp.allowed[state])
    assert len(updates) == 8


def cartpole(n):
    return gym.make_vec("CartPole-v1", num_envs=n, vectorization_mode="vector_entry_point")


def test_one_generator_one_result_and_no_global_state(random_mdp):
    before = np.random.get_state(), torch.random.get_rng_state(), torch.get_num_threads()  # noqa: NPY002
    log = lambda policy: {"x": policy.q.networks.weights[:, 0].numpy()}  # noqa: E731
    first, same, other = (
        learn(cartpole(2 * L), seed, hidden=(8,), log=log, log_every=10) for seed in (5, 5, 6)
    )
    assert torch.equal(first.q.networks.weights, same.q.networks.weights)
    assert first.curve.equals(same.curve) and not first.curve.equals(other.curve)
    assert first.curve.step.unique().tolist() == [0, 10, 20, 30, 40]
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(before[0], after, strict=True))
    assert torch.equal(before[1], torch.random.get_rng_state())
    assert before[2] == torch.get_num_threads()


def test_the_log_sees_what_was_learned_so_far(random_mdp):
    seen = []
    log = lambda policy: seen.append(policy) or {"x": np.zeros(L)}  # noqa: E731
    run = learn(TabularVectorEnv(random_mdp(0), L), log=log, log_every=20)
    weights = [policy.q.networks.weights for policy in seen]
    assert torch.equal(weights[2], run.q.networks.weights)
    assert not any(torch.equal(a, b) for a, b in itertools.pairwise(weights))


CARTPOLE = {"n_learners": 20, "n_steps": 60_000, "gamma": 0.99, "hidden": (64, 64), "n_step": 10,
            "learning_rate": linear(3e-3, 1e-5, 60_000), "epsilon": linear(1.0, 0.05, 10_000),
            "batch_size": 64, "buffer_size": 50_000, "learning_starts": 1_000, "train_every": 2,
            "tau": 0.01}  # fmt: skip


@pytest.mark.slow
def test_most_learners_end_with_a_solved_cartpole():
    """475 of 500 steps is Gymnasium's threshold for CartPole-v1. Greedy, over 20 fresh episodes,
    at the end of training and not at the best moment on the way."""
    run = learn(cartpole(20 * 8), **CARTPOLE)
    episodes = rollout(cartpole(20 * 20), run.policy, rng=np.random.default_rng(1))
    steps = np.bincount(episodes.person).reshape(20, 20).mean(axis=1)
    assert (steps >= 475).sum() >= 12


BAD = {
    "rng": ({"rng": 7}, "rng must be a numpy.random.Generator"),
    "learners": ({"n_learners": 3}, "multiple of n_learners"),
    "steps": ({"n_steps": 0}, "n_steps must be a whole number of at least 1, got 0"),
    "gamma": ({"gamma": 1.1}, r"gamma must be a number in \[0, 1\], got 1.1"),
    "rate": ({"learning_rate": -1}, r"learning_rate must be a number in \[0, 1\], got -1"),
    "rates": ({"learning_rate": np.ones(3)}, "learning_rate must be one number .* 4 learners"),
    "epsilon": ({"epsilon": lambda t: 2 - t}, r"epsilon must return numbers in \[0, 1\], got 2"),
    "batch": ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
    "every": ({"train_every": 0}, "train_every must be a whole number of at least 1, got 0"),
    "copies": ({"target_every": 0}, "target_every must be a whole number of at least 1, got 0"),
    "starts": ({"learning_starts": -1}, "learning_starts must be a whole number of at least 1"),
    "tau": ({"tau": 1.5}, r"tau must be a number in \[0, 1\], got 1.5"),
    "latest": ({"replay": False, "n_step": 2}, "n_step must be 1 without replay, got 2"),
    "mask": ({"allowed": np.ones((6, 2), bool)}, r"allowed must have shape \(4, 1, 3\), got"),
    "none": ({"allowed": lambda obs: np.zeros((4, 1, 3), bool)}, "allow at least one action"),
    "factors": ({"factors": np.zeros((3, 1), int)}, "factors must differ between any two"),
    "log": ({"log": lambda policy: {}}, "log_every must be given"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_input_gets_a_sentence(random_mdp, change, message):
    with pytest.raises(ValueError, match=message):
        learn(TabularVectorEnv(random_mdp(0), L), **change)


def test_environments_that_do_not_fit_get_a_sentence(random_mdp):
    with pytest.raises(ValueError, match="envs must be a Gymnasium vector environment, got"):
        learn(gym.make("CartPole-v1"))
    envs = cartpole(L)
    envs.single_action_space = Box(-1, 1)
    with pytest.raises(ValueError, match="needs Discrete actions counted from 0, got Box"):
        learn(envs)


def test_every_hyperparameter_has_a_sentence():
    documented = inspect.getdoc(dqn).split("Returns\n")[0]
    for name in inspect.signature(dqn).parameters:
        assert f"{name} :" in documented or f"{name}, " in documented or f", {name}" in documented
