"""Gradient estimates against exact gradients, and the whole against the exact optimum."""

import inspect
import itertools
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, MultiDiscrete
from scipy import stats

from rxcourse.agents.actor_critic import actor_critic, advantages, spread
from rxcourse.agents.network_policy import (
    Choices,
    GaussianPolicy,
    Numbers,
    SoftmaxPolicy,
    fresh_policy,
)
from rxcourse.agents.planning import value_iteration
from rxcourse.agents.reinforce import reinforce, returns, surrogate, value_error
from rxcourse.agents.trajectories import Batch, Episodes, Segments
from rxcourse.mdp import bellman_backup, policy_value
from rxcourse.nets import Architecture, Networks
from rxcourse.network_q import Features
from rxcourse.policy import Softmax, row_probs, sample_action
from rxcourse.rollout import interact, rollout
from rxcourse.simulators.tabular import TabularVectorEnv
from rxcourse.simulators.weekly import WeeklyRoutineLoadVectorEnv

L = 4
ENOUGH = 0.95  # of the way from chance to the exact optimum
LEARNERS = {"reinforce": reinforce, "actor_critic": actor_critic}
QUICK = {"n_learners": L, "n_steps": 60, "gamma": 0.9, "hidden": ()}
H = np.array([[0.3, -0.5, 0.8], [0.0, 1.0, -1.0], [0.6, 0.2, 0.0], [0.0] * 3, [0.0] * 3])
"""Preferences of three actions in five states, the last two terminal."""


@pytest.fixture(params=LEARNERS.values(), ids=LEARNERS)
def learner(request):
    return request.param


def learn(learner, envs, seed=0, **changes):
    return learner(envs, **(QUICK | {"rng": np.random.default_rng(seed)} | changes))


def softmax(n_learners, preferences=H, allowed=None):
    """A stack of equal softmax policies: one-hot inputs, no bias."""
    W = torch.tensor(preferences, dtype=torch.float32).T
    weights = torch.cat([W.ravel(), torch.zeros(len(W))]).repeat(n_learners, 1)
    networks = Networks(Architecture(*W.shape[::-1], hidden=()), weights)
    return SoftmaxPolicy(networks, Features((), W.shape[1]), Choices(len(W)), allowed=allowed)


def small_mdp(random_mdp):
    """Five states, the last two terminal: nobody begins there."""
    mdp = random_mdp(3, n_states=5, ends=True, gamma=0.8)
    return replace(mdp, d0=np.array([1, 1, 1, 0, 0]) / 3)


# Formulas of the two distributions, by SciPy and by hand.


def test_softmax_formulas():
    outputs = torch.tensor([[[0.0, np.log(3.0)]]])  # probabilities 1/4 and 3/4
    p = np.array([0.25, 0.75])
    for a in (0, 1):
        found = Choices(2).log_prob(outputs, torch.tensor([[a]]))
        assert found.item() == pytest.approx(np.log(p[a]))
    assert Choices(2).entropy(outputs).item() == pytest.approx(-(p * np.log(p)).sum())


def test_the_entropy_bonus_pushes_each_preference_by_minus_p_times_log_p_plus_entropy():
    """By hand: dH/dh_a = -p_a (log p_a + H). At equal probabilities it vanishes."""
    for h in ([0.0, np.log(3.0)], [1.0, 1.0, 1.0], [2.0, -1.0, 0.5]):
        outputs = torch.tensor([[h]], requires_grad=True)
        (found,) = torch.autograd.grad(Choices(len(h)).entropy(outputs).sum(), outputs)
        p = np.exp(h) / np.exp(h).sum()
        entropy = -(p * np.log(p)).sum()
        np.testing.assert_allclose(found[0, 0], -p * (np.log(p) + entropy), atol=1e-6)


def test_gaussian_formulas():
    form = Numbers(4, 0.5)  # two numbers
    outputs, action = torch.tensor([[[0.2, -1.0, 0.0, np.log(3.0)]]]), torch.tensor([[[0.5, 1.0]]])
    normal = stats.norm([0.2, -1.0], [0.5, 1.5])
    expected = normal.logpdf([0.5, 1.0]).sum()
    assert form.log_prob(outputs, action).item() == pytest.approx(expected, abs=1e-5)
    assert form.entropy(outputs).item() == pytest.approx(normal.entropy().sum(), abs=1e-5)


def test_samples_have_the_mean_the_spread_and_the_density_that_the_policy_says():
    envs = WeeklyRoutineLoadVectorEnv(2)
    policy = fresh_policy(envs, 2, hidden=(8,), first_spread=0.3, rng=np.random.default_rng(0))
    one = np.random.default_rng(1).normal(size=(2, len(envs.columns))).astype(np.float32)
    n = 20_000
    action, density = policy.sample(one.repeat(n, axis=0), rng=np.random.default_rng(2))
    assert action.shape == (2 * n, 1) and action.dtype == np.float32 and density.shape == (2 * n,)
    for k, block in enumerate(action.reshape(2, n)):  # rows belong to learners in blocks
        mean, sd = (x.item() for x in policy[k].mean_and_spread(one[k]))
        assert abs(block.mean() - mean) <= 4 * sd / n**0.5
        assert abs(block.std() - sd) <= 4 * sd / (2 * n) ** 0.5
        expected = stats.norm(mean, sd).pdf(block)
        np.testing.assert_allclose(density.reshape(2, n)[k], expected, rtol=1e-3)
    wide, _ = policy.mean_and_spread(one[:, None])
    assert wide.shape == (2, 1, 1)
    still, _ = policy.greedy.sample(one, rng=np.random.default_rng(3))
    np.testing.assert_allclose(still, wide[:, 0], atol=1e-5)


def test_a_continuous_policy_plays_and_its_data_hold_numbers():
    envs = WeeklyRoutineLoadVectorEnv(6, weeks=3)
    policy = fresh_policy(envs, 2, hidden=(), rng=np.random.default_rng(0))
    for some in (policy, policy.greedy, policy[1], policy[1].greedy):
        data = rollout(envs, some, rng=np.random.default_rng(1))
        assert data.n_actions == 0 and data.action.shape == (18, 1)
        assert (data.propensity > 0).all()


def test_softmax_policy_is_the_package_s_softmax_of_its_preferences():
    allowed = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 0], [1, 1, 1], [1, 1, 1]], bool)
    states = np.tile(np.arange(5), (2, 1))
    for mask in (None, allowed):
        expected = Softmax(H, 1.0, allowed=mask).probs(np.arange(5))
        policy = softmax(2, allowed=mask)
        np.testing.assert_allclose(policy.probs(states), [expected] * 2, atol=1e-6)
        np.testing.assert_allclose(policy[1].probs(np.arange(5)), expected, atol=1e-6)
        best = policy.greedy.probs(states)[0].argmax(axis=-1)
        assert best.tolist() == expected.argmax(axis=-1).tolist()
    assert (policy.probs(states)[:, ~allowed] == 0).all()


# The estimate against the exact gradient.


def exact_gradient(mdp, preferences):
    """By the theorem: discounted visits x probability x advantage, (S, A)."""
    pi = np.exp(preferences) / np.exp(preferences).sum(axis=1, keepdims=True)
    alive = ~mdp.terminal
    move = np.einsum("sa,sat->st", pi, mdp.P) * alive[:, None]
    visits = np.linalg.solve(np.eye(len(pi)) - mdp.gamma * move.T, mdp.d0) * alive
    v = policy_value(mdp, pi)
    return visits[:, None] * pi * (bellman_backup(mdp, v) - v[:, None])


def test_the_theorem_agrees_with_differences_of_the_exact_return(random_mdp):
    mdp, step = small_mdp(random_mdp), 1e-5

    def worth(preferences):
        pi = np.exp(preferences) / np.exp(preferences).sum(axis=1, keepdims=True)
        return policy_value(mdp, pi) @ mdp.d0

    found = np.zeros_like(H)
    for s, a in np.ndindex(*H.shape):
        nudge = np.zeros_like(H)
        nudge[s, a] = step
        found[s, a] = (worth(H + nudge) - worth(H - nudge)) / (2 * step)
    np.testing.assert_allclose(found, exact_gradient(mdp, H), atol=1e-8)


def estimates(mdp, *, n=8, learners=1_500, baseline=None, seed=0, allowed=None, preferences=H):
    """One estimate of the gradient for each of many learners with the same policy, (L, S, A)."""
    envs = TabularVectorEnv(mdp, n * learners)
    policy = softmax(learners, preferences, allowed)
    memory = Episodes(policy, envs.num_envs, gamma=mdp.gamma)
    rng = np.random.default_rng(seed)
    act = lambda obs, rng: sample_action(policy, obs, rng=rng)  # noqa: E731
    for step in interact(envs, act, n_steps=10_000, rng=rng):
        memory.store(step)
        if memory.complete:
            break
    batch = memory.take()
    b = 0.0 if baseline is None else batch.obs @ torch.tensor(baseline, dtype=torch.float32)
    gain = surrogate(policy, batch, memory.by_learner(returns(batch)) - b).sum()
    W, bias = torch.autograd.grad(gain, policy.networks.parameters)
    # The bias is felt in every state: its slope is the sum over states.
    np.testing.assert_allclose(W.sum(dim=2), bias[..., 0], atol=1e-4)
    return W.mT.numpy()


def off(found, exact):
    """Distance of the mean from the exact gradient, in standard errors."""
    stderr = found.std(axis=0, ddof=1) / len(found) ** 0.5
    return abs(found.mean(axis=0) - exact) / np.maximum(stderr, 1e-12)


def test_reinforce_s_gradient_is_unbiased_and_a_baseline_lowers_its_variance(random_mdp):
    """Within 4 standard errors in all components. Power: 4 standard errors are less than a
    third of the largest component."""
    mdp = small_mdp(random_mdp)
    exact, v = exact_gradient(mdp, H), policy_value(mdp, Softmax(H, 1.0).probs(np.arange(5)))
    bare, with_v = estimates(mdp), estimates(mdp, baseline=v, seed=1)
    high = estimates(mdp, baseline=v - 20, seed=2)
    for found in (bare, with_v, high):
        assert off(found[:, :3], exact[:3]).max() <= 4
        assert (found[:, 3:] == 0).all()  # nothing is decided at the end
    stderr = with_v.std(axis=0) / len(with_v) ** 0.5
    assert 4 * stderr.max() < abs(exact).max() / 3
    noise = [found.var(axis=0).sum() for found in (with_v, bare, high)]
    assert noise[0] < 0.8 * noise[1] and noise[1] < 0.1 * noise[2]


def test_the_gradient_is_that_of_the_allowed_actions(random_mdp):
    allowed = np.ones((5, 3), bool)
    allowed[[0, 1], [2, 0]] = False
    found = estimates(small_mdp(random_mdp), allowed=allowed, learners=1_000)
    assert (found[:, ~allowed] == 0).all()
    exact = exact_gradient(small_mdp(random_mdp), np.where(allowed, H, -50.0))
    assert off(found[:, :3], exact[:3])[allowed[:3]].max() <= 4


# What is remembered, and what it is worth.


def steps_of(envs, policy, n, seed=0):
    act = lambda obs, rng: sample_action(policy, obs, rng=rng)  # noqa: E731
    return list(interact(envs, act, n_steps=n, rng=np.random.default_rng(seed)))


def test_an_update_sees_exactly_one_whole_episode_of_every_row(replay):
    """Rows end after 1, 2, 3 and 2 steps, again and again. The second update may begin where
    each row's next episode does. Reward of decision k is k."""
    lengths = np.array([1, 2, 3, 2])
    k = np.arange(24)[:, None].repeat(4, axis=1)
    ends = (k + 1) % lengths == 0
    envs = replay(1, obs=0 * k, next_obs=0 * k, reward=k, terminated=ends, truncated=ends & False)
    policy = softmax(2, np.zeros((1, 1)))
    memory, seen = Episodes(policy, 4, gamma=0.5), []
    for step in steps_of(envs, policy, 24):
        memory.store(step)
        if memory.complete:
            batch = memory.take()
            share = memory.by_time(batch.share)
            seen.append([batch.reward[share[:, row] > 0, row].tolist() for row in range(4)])
            # gamma^t over two episodes a learner
            expected = [0.5**t / 2 for t in range(3)]
            assert share[share[:, 2] > 0, 2].tolist() == expected
    assert seen[0] == [[0], [0, 1], [0, 1, 2], [0, 1]]
    assert seen[1] == [[3], [4, 5], [3, 4, 5], [4, 5]]
    assert [[len(part) for part in now] for now in seen] == [[1, 2, 3, 2]] * len(seen)


def test_returns_by_hand(replay):
    """Rewards 1, 2, 4 and gamma 1/2 in one episode: 1 + 1 + 1 = 3, 2 + 2 = 4 and 4; then anew."""
    batch = made([1, 2, 4, 8], ends=[2], gamma=0.5)
    assert returns(batch)[:, 0].tolist() == [3, 4, 4, 8]


def made(reward, *, ends=(), cuts=(), gamma=0.5):
    """A batch of one row."""
    t = np.arange(len(reward))[:, None]
    terminated, truncated = np.isin(t, ends), np.isin(t, cuts)
    column = torch.zeros(1, len(reward))
    return Batch(column, column, column, column, None, np.array(reward, float)[:, None],
                 gamma * ~terminated, ~(terminated | truncated))  # fmt: skip


NOW, AFTER = np.array([[10.0], [20.0], [30.0]]), np.array([[20.0], [30.0], [40.0]])


def test_advantages_by_hand():
    """gamma 1/2, rewards 1, 2, 4, values 10, 20, 30 and 40 after.
    Errors: 1 + 10 - 10 = 1; 2 + 15 - 20 = -3; 4 + 20 - 30 = -6.
    lam 0: the errors. lam 1: -6, -3 - 3 = -6, 1 - 3 = -2, which is n-step return less value:
    1 + 1 + 1 + 40/8 - 10 = -2. lam 1/2: -6, -3 - 1.5, 1 - 4.5/4."""
    batch = made([1, 2, 4])
    for lam, expected in ((0, [1, -3, -6]), (1, [-2, -6, -6]), (0.5, [-0.125, -4.5, -6])):
        assert advantages(batch, NOW, AFTER, lam)[:, 0].tolist() == expected


def test_after_an_end_there_is_no_value_and_after_a_cut_there_is():
    """Ended at the second: its error is 2 - 20 = -18. Cut there: 2 + 15 - 20 = -3. In both the
    third decision belongs to another episode and is not added."""
    for lam in (0.5, 1):
        ended = advantages(made([1, 2, 4], ends=[1]), NOW, AFTER, lam)[:, 0]
        cut = advantages(made([1, 2, 4], cuts=[1]), NOW, AFTER, lam)[:, 0]
        both = advantages(made([1, 2, 4], ends=[1], cuts=[1]), NOW, AFTER, lam)[:, 0]
        assert ended.tolist() == both.tolist() == [1 - lam * 9, -18, -6]
        assert cut.tolist() == [1 - lam * 1.5, -3, -6]


def test_reinforce_refuses_an_episode_that_was_cut(random_mdp):
    with pytest.raises(ValueError, match="needs whole episodes, and one was truncated"):
        learn(reinforce, TabularVectorEnv(random_mdp(0), L, horizon=5))
    with pytest.raises(ValueError, match="envs must have episodes that end"):
        learn(reinforce, TabularVectorEnv(random_mdp(0), L))


@pytest.mark.parametrize(("ends", "worth"), [(True, 1.0), (False, 2.0)])
def test_the_critic_values_what_follows_a_cut_and_not_what_follows_an_end(replay, ends, worth):
    """One state, reward 1, gamma 1/2, every step is the last seen: worth 1 if it ends, and
    1 / (1 - 1/2) = 2 if we only stop looking. A critic at this value finds no error."""
    k = np.zeros((400, L), int)
    flags = {"terminated": k == 0, "truncated": k != 0}
    if not ends:
        flags = {"terminated": flags["truncated"], "truncated": flags["terminated"]}
    envs = replay(1, obs=k, next_obs=k, reward=k + 1.0, **flags)
    found = []

    def watched(v, target, batch):
        found.append(v.detach().numpy())
        return value_error(v, target, batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rxcourse.agents.actor_critic.value_error", watched)
        learn(actor_critic, envs, n_steps=400, gamma=0.5, segment=2, critic_rate=0.05)
    np.testing.assert_allclose(found[-1], worth, atol=0.02)


def test_decisions_that_never_happened_have_no_share():
    """Native CartPole spends a step on restarting: whatever is there, it is not learned from."""
    envs = cartpole(2 * L)
    policy = fresh_policy(envs, L, hidden=(8,), rng=np.random.default_rng(0))
    memory = Segments(policy, 2 * L, gamma=0.9, length=60)
    steps = steps_of(envs, policy, 60)
    for step in steps:
        memory.store(step)
    share = memory.by_time(memory.take().share)
    live = np.stack([step.live for step in steps])
    assert not live.all() and ((share > 0) == live).all()
    by_learner = share.reshape(60, L, 2).sum(axis=(0, 2))
    np.testing.assert_allclose(by_learner, 1, atol=1e-5)


def test_a_segment_says_where_episodes_stop_and_where_nothing_follows(replay):
    """An end after the second decision, a cut after the fourth."""
    k = np.arange(6)[:, None].repeat(2, axis=1)
    envs = replay(1, obs=0 * k, next_obs=0 * k, reward=k, terminated=k == 1, truncated=k == 3)
    memory = Segments(softmax(2, np.zeros((1, 1))), 2, gamma=0.5, length=6)
    for step in steps_of(envs, memory.policy, 6):
        memory.store(step)
    batch = memory.take()
    assert batch.goes_on[:, 0].tolist() == [True, False, True, False, True, True]
    assert batch.discount[:, 1].tolist() == [0.5, 0, 0.5, 0.5, 0.5, 0.5]


def test_time_and_learner_orders_undo_each_other():
    memory = Segments(softmax(2), 6, gamma=0.9, length=4)
    column = np.arange(24.0).reshape(4, 6)
    rows = memory.by_learner(column)
    # Learner 1 owns rows 3 to 5.
    assert rows[1].tolist() == [3, 4, 5, 9, 10, 11, 15, 16, 17, 21, 22, 23]
    np.testing.assert_array_equal(memory.by_time(rows), column)


def test_the_entropy_bonus_is_the_mean_over_decisions(random_mdp):
    policy = softmax(L)
    memory = Segments(policy, 2 * L, gamma=0.9, length=7)
    steps = steps_of(TabularVectorEnv(small_mdp(random_mdp), 2 * L), policy, 7)
    for step in steps:
        memory.store(step)
    p = Softmax(H, 1.0).probs(np.stack([step.obs for step in steps]))
    expected = -(p * np.log(p)).sum(axis=-1).reshape(7, L, 2).mean(axis=(0, 2))
    found = spread(policy, memory.take()).detach().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


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


WHOLE = {"n_learners": 10, "n_steps": 16_000, "hidden": (16,), "learning_rate": 0.02}


@pytest.mark.parametrize("masked", [False, True])
def test_both_reach_the_exact_optimum_and_nothing_simpler_does(random_mdp, learner, masked):
    mdp = random_mdp(1, ends=True, masked=True) if masked else small_mdp(random_mdp)
    way = lambda policy: way_to_the_optimum(mdp, as_table(mdp, policy))  # noqa: E731
    curve = lambda policy: {"way": way(policy), "greedy": way(policy.greedy)}  # noqa: E731
    run = learn(learner, TabularVectorEnv(mdp, 80), **WHOLE, gamma=mdp.gamma, allowed=mdp.allowed,
                log=curve, log_every=16_000)  # fmt: skip
    untrained, trained = run.curve.way.to_numpy().reshape(2, 10)
    assert trained.mean() >= ENOUGH and (trained >= ENOUGH).mean() >= 0.8
    assert untrained.mean() < ENOUGH / 2 and run.curve.greedy[:10].mean() < ENOUGH
    if masked:
        assert (as_table(mdp, run.policy)[:, ~mdp.allowed] == 0).all()
    else:
        constant = np.eye(mdp.n_actions)[:, None].repeat(mdp.n_states, axis=1)
        assert way_to_the_optimum(mdp, constant).max() < ENOUGH


def test_reinforce_finds_a_continuous_optimum_without_and_with_a_baseline():
    """One decision, reward -(a - 0.6)^2: the best mean is 0.6, the best spread none."""
    for baseline in (True, False):
        run = learn(reinforce, Target(40 * L), n_steps=40 * 100, learning_rate=0.03,
                    baseline=baseline)  # fmt: skip
        mean, sd = run.policy.mean_and_spread(np.zeros((L, 1, 1), np.float32))
        np.testing.assert_allclose(mean, 0.6, atol=0.1)
        assert (sd < 0.3).all()
    bonus = learn(actor_critic, Target(40 * L), n_steps=40 * 100, learning_rate=0.03, segment=1,
                  entropy=0.1)  # fmt: skip
    # Reward -(a - m)^2 costs sd^2, the bonus pays 0.1 log sd: best at sd = sqrt(0.05).
    _, sd = bonus.policy.mean_and_spread(np.zeros((L, 1, 1), np.float32))
    np.testing.assert_allclose(sd, 0.05**0.5, rtol=0.25)


class Target(gym.vector.VectorEnv):
    """One decision, a number, whose reward is minus the squared distance from 0.6."""

    metadata = {"autoreset_mode": gym.vector.AutoresetMode.SAME_STEP}

    def __init__(self, num_envs):
        self.num_envs = num_envs
        self.single_observation_space = Box(-1, 1, (1,), np.float32)
        self.single_action_space = Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        return np.zeros((self.num_envs, 1), np.float32), {}

    def step(self, action):
        obs, yes = np.zeros((self.num_envs, 1), np.float32), np.ones(self.num_envs, bool)
        info = {"final_obs": obs, "_final_obs": yes}
        return obs, -((action[:, 0] - 0.6) ** 2), yes, ~yes, info


def cartpole(n):
    return gym.make_vec("CartPole-v1", num_envs=n, vectorization_mode="vector_entry_point")


def test_one_generator_one_result_and_no_global_state(random_mdp, learner):
    before = np.random.get_state(), torch.random.get_rng_state(), torch.get_num_threads()  # noqa: NPY002
    log = lambda policy: {"x": policy.networks.weights[:, 0].numpy()}  # noqa: E731
    make = lambda: TabularVectorEnv(random_mdp(0, ends=True), 2 * L)  # noqa: E731
    first, same, other = (
        learn(learner, make(), seed, hidden=(8,), log=log, log_every=20) for seed in (5, 5, 6)
    )
    assert torch.equal(first.policy.networks.weights, same.policy.networks.weights)
    assert first.curve.equals(same.curve) and not first.curve.equals(other.curve)
    assert first.curve.step.unique().tolist() == [0, 20, 40, 60]
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(before[0], after, strict=True))
    assert torch.equal(before[1], torch.random.get_rng_state())
    assert before[2] == torch.get_num_threads()


def test_learners_never_touch_each_other(random_mdp, learner):
    """With a rate of 0 for all but one, only that one moves."""
    rates = np.array([0, 0.01, 0, 0])
    log = lambda policy: seen.append(policy.networks.weights) or {"x": np.zeros(L)}  # noqa: E731
    seen = []
    learn(learner, TabularVectorEnv(random_mdp(0, ends=True), L), learning_rate=rates, log=log,
          log_every=60)  # fmt: skip
    moved = (seen[0] != seen[-1]).any(dim=1)
    assert moved.tolist() == [False, True, False, False]
    assert not any(torch.equal(a, b) for a, b in itertools.pairwise(seen[0]))


def test_nothing_forbidden_is_ever_done(random_mdp, learner):
    mdp, done = random_mdp(1, ends=True, masked=True), []

    class Watched(TabularVectorEnv):
        def step(self, action):
            done.append(self.mdp.allowed[self.state, action])
            return super().step(action)

    learn(learner, Watched(mdp, 2 * L), allowed=mdp.allowed)
    assert np.all(done) and len(done) == 30


def test_the_untrained_policies_are_the_same_with_and_without_a_baseline(random_mdp):
    log = lambda policy: {"x": policy.networks.weights[:, 0].numpy()}  # noqa: E731
    first = [
        learn(reinforce, TabularVectorEnv(random_mdp(0, ends=True), L), baseline=b, log=log,
              log_every=60).curve[:L]
        for b in (True, False)
    ]  # fmt: skip
    assert first[0].equals(first[1])


@pytest.mark.parametrize(("baseline", "left"), [(True, 0.0), (False, 5.0)])
def test_what_is_always_paid_is_taken_off_once_the_baseline_has_learned_it(replay, baseline, left):
    """One decision an episode, reward 5 whatever is done."""
    k = np.zeros((300, L), int)
    envs = replay(1, obs=k, next_obs=k, reward=k + 5.0, terminated=k == 0, truncated=k != 0)
    found = []

    def watched(policy, batch, advantage):
        found.append(advantage.numpy())
        return surrogate(policy, batch, advantage)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rxcourse.agents.reinforce.surrogate", watched)
        learn(reinforce, envs, n_steps=300, baseline=baseline, baseline_rate=0.05)
    np.testing.assert_allclose(found[-1], left, atol=0.05)
    assert abs(found[0]).min() > 3


BAD = {
    "rng": ({"rng": 7}, "rng must be a numpy.random.Generator"),
    "learners": ({"n_learners": 3}, "multiple of n_learners"),
    "steps": ({"n_steps": 0}, "n_steps must be a whole number of at least 1, got 0"),
    "gamma": ({"gamma": 1.1}, r"gamma must be a number in \[0, 1\], got 1.1"),
    "rate": ({"learning_rate": -1}, r"learning_rate must be a number in \[0, 1\], got -1"),
    "spread": ({"first_spread": 0.0}, "first_spread must be a number above 0, got 0.0"),
    "mask": ({"allowed": np.ones((6, 2), bool)}, r"allowed must have shape \(4, 1, 3\), got"),
    "log": ({"log": lambda policy: {}}, "log_every must be given"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_input_gets_a_sentence(random_mdp, learner, change, message):
    with pytest.raises(ValueError, match=message):
        learn(learner, TabularVectorEnv(random_mdp(0, ends=True), L), **change)


def test_bad_input_of_one_of_them_gets_a_sentence(random_mdp):
    envs = TabularVectorEnv(random_mdp(0, ends=True), L)
    with pytest.raises(ValueError, match="segment must be a whole number of at least 1, got 0"):
        learn(actor_critic, envs, segment=0)
    with pytest.raises(ValueError, match=r"lam must be a number in \[0, 1\], got 2"):
        learn(actor_critic, envs, lam=2)
    with pytest.raises(ValueError, match="allowed must be left out where actions are numbers"):
        learn(reinforce, WeeklyRoutineLoadVectorEnv(L), allowed=lambda obs: obs)


def test_environments_that_do_not_fit_get_a_sentence(learner):
    with pytest.raises(ValueError, match="envs must be a Gymnasium vector environment, got"):
        learn(learner, gym.make("CartPole-v1"))
    envs = cartpole(L)
    envs.single_action_space = MultiDiscrete([2, 2])
    with pytest.raises(ValueError, match="needs Discrete actions or a Box of one axis, got"):
        learn(learner, envs)


def test_a_stack_wants_a_block_for_each_learner_and_rows_are_blocks():
    policy = softmax(2)
    with pytest.raises(ValueError, match=r"obs must have shape \(2, n, \*obs\)"):
        policy.probs(np.array([0, 1, 2]))
    obs = np.array([0, 1, 2, 0])
    np.testing.assert_allclose(row_probs(policy, obs), Softmax(H, 1.0).probs(obs), atol=1e-6)
    with pytest.raises(ValueError, match="training diverged"):
        torn = softmax(2)
        torn.networks.weights[1] = torch.nan
        torn.copy()
    assert isinstance(GaussianPolicy.greedy, property)


def test_every_hyperparameter_has_a_sentence(learner):
    documented = inspect.getdoc(learner).split("Returns\n")[0]
    for name in inspect.signature(learner).parameters:
        assert f"{name} :" in documented or f"{name}, " in documented or f", {name}" in documented


def test_the_two_files_differ_in_their_idea_only():
    """The loops keep the same order: act, step, store, update, log."""
    lines = [[line for line in inspect.getsource(f).split('"""')[-1].splitlines() if line.strip()]
             for f in (reinforce, actor_critic)]  # fmt: skip
    new = [line for line in lines[1] if line not in lines[0]]
    assert len(new) <= 15, new
