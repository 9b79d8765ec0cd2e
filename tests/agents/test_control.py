"""The four control learners reach the exact optimum, and keep the promises of every learner."""

import ast
import difflib
import inspect

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box

from rxcourse.agents.double_q_learning import double_q_learning
from rxcourse.agents.expected_sarsa import expected_sarsa
from rxcourse.agents.planning import value_iteration
from rxcourse.agents.q_learning import q_learning
from rxcourse.agents.sarsa import sarsa
from rxcourse.agents.schedules import linear, polynomial
from rxcourse.agents.tables import Tables
from rxcourse.mdp import policy_value
from rxcourse.policy import EpsilonGreedy
from rxcourse.simulators.pushup_table import pushup_table
from rxcourse.simulators.tabular import TabularVectorEnv

LEARNERS = {f.__name__: f for f in (q_learning, sarsa, expected_sarsa, double_q_learning)}
L = 20
ENOUGH = 0.95  # of the way from chance to the exact optimum


def learn(method, envs, **changes):
    settings = {"n_learners": L, "n_steps": 400, "gamma": 0.9, "rng": np.random.default_rng(0)}
    return method(envs, **(settings | changes))


def way_to_the_optimum(mdp, pi):
    """(v - chance) / (best - chance) of policies (..., S, A): 1 is the exact optimum."""
    A = mdp.n_actions
    worth = lambda table: policy_value(mdp, table) @ mdp.d0  # noqa: E731
    best = value_iteration(mdp).v @ mdp.d0
    chance = worth(np.full((mdp.n_states, A), 1 / A))
    return (worth(pi) - chance) / (best - chance)


def stack_table(mdp, policy):
    return policy.probs(np.tile(np.arange(mdp.n_states), (policy.n_learners, 1)))


@pytest.mark.parametrize("problem", ["push-up", 0, 1, 2])
@pytest.mark.parametrize("method", LEARNERS.values(), ids=LEARNERS)
def test_learners_reach_the_exact_optimum_and_nothing_simpler_does(random_mdp, method, problem):
    mdp = pushup_table() if problem == "push-up" else random_mdp(problem)
    curve = lambda policy: {"way": way_to_the_optimum(mdp, stack_table(mdp, policy))}  # noqa: E731
    run = learn(method, TabularVectorEnv(mdp, L), n_steps=6_000, alpha=polynomial(0.7),
                epsilon=linear(1.0, 0.1, 6_000), log=curve, log_every=6_000)  # fmt: skip
    untrained, trained = run.curve.way.to_numpy().reshape(2, L)
    assert trained.mean() >= ENOUGH and (trained >= ENOUGH).mean() >= 0.8
    constant = np.eye(mdp.n_actions)[:, None].repeat(mdp.n_states, axis=1)
    assert way_to_the_optimum(mdp, constant).max() < ENOUGH
    assert untrained.max() < ENOUGH  # all ties: this is the random policy


@pytest.mark.parametrize("method", LEARNERS.values(), ids=LEARNERS)
def test_one_generator_one_result_and_no_global_randomness(random_mdp, method):
    mdp = random_mdp(0, ends=True)
    numpy_before, torch_before = np.random.get_state(), torch.random.get_rng_state()  # noqa: NPY002
    log = lambda policy: {"x": policy.q.table[:, 0, 0]}  # noqa: E731
    runs = [
        learn(method, TabularVectorEnv(mdp, L), rng=np.random.default_rng(seed), log=log,
              log_every=50, alpha=polynomial(1.0)) for seed in (5, 5, 6)
    ]  # fmt: skip
    first, same, other = runs
    np.testing.assert_array_equal(first.q, same.q)
    np.testing.assert_array_equal(first.data["visits"], same.data["visits"])
    assert first.curve.equals(same.curve)
    assert (first.q != other.q).any() and not first.curve.equals(other.curve)
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(numpy_before, after, strict=True))
    assert torch.equal(torch_before, torch.random.get_rng_state())


@pytest.mark.parametrize("method", LEARNERS.values(), ids=LEARNERS)
def test_the_log_sees_the_greedy_stack_at_step_0_and_every_log_every(random_mdp, method):
    mdp, seen = random_mdp(0), []
    log = lambda policy: seen.append(policy) or {"x": np.arange(L)}  # noqa: E731
    start = np.zeros((6, 3))
    start[:, 1] = 0.5
    run = learn(method, TabularVectorEnv(mdp, 3 * L), n_steps=100, q0=start, log=log, log_every=25)
    # Three decisions a call: the first multiples of 3 at or after 25, 50, 75, 100.
    assert run.curve.step.unique().tolist() == [0, 27, 51, 75, 102]
    assert run.curve.x.to_numpy().reshape(-1, L).tolist() == [list(range(L))] * 5
    np.testing.assert_array_equal(seen[0].q.table, np.tile(start, (L, 1, 1)))  # a copy
    np.testing.assert_array_equal(stack_table(mdp, seen[0])[..., 1], 1.0)
    np.testing.assert_array_equal(seen[-1].q.table, run.q)
    probs = stack_table(mdp, run.policy)
    np.testing.assert_array_equal(probs.argmax(axis=2), run.q.argmax(axis=2))
    np.testing.assert_array_equal(run.policy[4].probs(np.arange(6)), probs[4])
    assert run.q.shape == (L, 6, 3) and (run.q != start).any(axis=(1, 2)).all()


@pytest.mark.parametrize("method", LEARNERS.values(), ids=LEARNERS)
def test_visits_are_counted_when_the_step_size_asks_for_them(random_mdp, method):
    envs = TabularVectorEnv(random_mdp(0), 2 * L)
    run = learn(method, envs, n_steps=300, alpha=polynomial(0.8))
    np.testing.assert_array_equal(run.data["visits"].sum(axis=(1, 2)), 300)
    assert learn(method, envs).data == {}


def code(method):
    """Lines of the function below its docstring, name included, comments left out."""
    tree = ast.parse(inspect.getsource(method)).body[0]
    tree.body = tree.body[1:]
    return ast.unparse(tree).splitlines()


@pytest.mark.parametrize(
    ("method", "most"), [(expected_sarsa, 2), (sarsa, 4), (double_q_learning, 15)]
)
def test_neighbours_differ_in_few_lines(method, most):
    changes = list(difflib.ndiff(code(q_learning), code(method)))
    assert 0 < sum(line.startswith("+ ") for line in changes) <= most
    # What is taken away: the name, the target, and at most what computes them.
    assert sum(line.startswith("- ") for line in changes) <= 6


BAD = {
    "n_learners": ({"n_learners": 3}, "multiple of n_learners"),
    "none": ({"n_learners": 0}, "n_learners must be a whole number of at least 1"),
    "n_steps": ({"n_steps": 0}, "n_steps must be a whole number of at least 1, got 0"),
    "gamma": ({"gamma": 1.1}, r"gamma must be a number in \[0, 1\], got 1.1"),
    "alpha": ({"alpha": -0.1}, r"alpha must be a number in \[0, 1\], got -0.1"),
    "epsilon": ({"epsilon": 2}, r"epsilon must be a number in \[0, 1\], got 2"),
    "q0": ({"q0": np.zeros((6, 2))}, r"q0 must be a number or have shape \(6, 3\), got \(6, 2\)"),
    "nan": ({"q0": np.nan}, "q0 must be finite"),
    "dtype": ({"allowed": np.ones((6, 3))}, "allowed must be an array of True and False"),
    "shape": ({"allowed": np.ones((3, 6), bool)}, r"allowed must have shape \(6, 3\)"),
    "nothing": ({"allowed": np.zeros((6, 3), bool)}, "allow at least one action in every row"),
    "log": ({"log": lambda policy: {}}, "log_every must be given"),
    "every": ({"log": lambda policy: {}, "log_every": 0}, "log_every must be a whole number"),
    "column": ({"log": lambda p: {"x": p.q.table}, "log_every": 1}, r"shape \(20,\), x has shape"),
    "rng": ({"rng": 7}, "rng must be a numpy.random.Generator"),
}


@pytest.mark.parametrize("method", LEARNERS.values(), ids=LEARNERS)
@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_input_gets_a_sentence(random_mdp, method, change, message):
    with pytest.raises(ValueError, match=message):
        learn(method, TabularVectorEnv(random_mdp(0), L), **change)


def test_environments_that_do_not_fit_a_table_get_a_sentence(random_mdp):
    envs = TabularVectorEnv(random_mdp(0), L)
    envs.single_observation_space = Box(0, 1)
    with pytest.raises(ValueError, match="Discrete single_observation_space, got Box"):
        learn(q_learning, envs)
    envs.single_observation_space = gym.spaces.Discrete(6, start=1)
    with pytest.raises(ValueError, match="must count from 0, got Discrete"):
        learn(q_learning, envs)
    with pytest.raises(ValueError, match="envs must be a Gymnasium vector environment, got"):
        learn(q_learning, gym.make("FrozenLake-v1"))


@pytest.mark.parametrize("method", LEARNERS.values(), ids=LEARNERS)
def test_each_learner_may_have_its_own_step_size(random_mdp, method):
    envs = lambda: TabularVectorEnv(random_mdp(0), L)  # noqa: E731
    alike = learn(method, envs(), alpha=np.full(L, 0.3)).q
    np.testing.assert_array_equal(alike, learn(method, envs(), alpha=0.3).q)
    mixed = learn(method, envs(), alpha=np.linspace(0, 1, L)).q
    by_function = learn(method, envs(), alpha=lambda n: np.linspace(0, 1, L) + 0 * n).q
    np.testing.assert_array_equal(mixed, by_function)
    assert (mixed[0] == 0).all() and (mixed[1:] != 0).any(axis=(1, 2)).all()
    for wrong in (np.ones(3), np.full(L, 1.5), np.full(L, np.nan)):
        with pytest.raises(ValueError, match="alpha must be"):
            learn(method, envs(), alpha=wrong)


@pytest.mark.parametrize("method", LEARNERS.values(), ids=LEARNERS)
def test_a_schedule_that_leaves_the_unit_interval_gets_a_sentence(random_mdp, method):
    envs = TabularVectorEnv(random_mdp(0), L)
    with pytest.raises(ValueError, match=r"epsilon must return numbers in \[0, 1\], got -0.05"):
        learn(method, envs, epsilon=lambda step: 0.95 - step / 10)
    with pytest.raises(ValueError, match="what epsilon returns must be finite, got nan"):
        learn(method, envs, epsilon=lambda step: 0.5 if step < 50 else float("nan"))
    with pytest.raises(ValueError, match=r"alpha must return numbers in \[0, 1\], got 3"):
        learn(method, envs, alpha=lambda n: 3 / n)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("epsilon", [0.0, 0.3, 1.0])
def test_behaviour_has_the_frequencies_of_the_epsilon_greedy_policy(random_mdp, epsilon, masked):
    """Ties shared equally, and nothing forbidden ever drawn: within 4.5 standard errors."""
    n, q = 30_000, np.array([[1.0, 1.0, 0.0, 5.0], [2.0, 2.0, 2.0, 2.0], [0.0, -1.0, 3.0, 3.0]])
    allowed = np.ones((3, 4), bool)
    if masked:
        allowed[[0, 1, 2], [3, 0, 1]] = False
    envs = TabularVectorEnv(random_mdp(0, n_states=3, n_actions=4), n)
    tables = Tables(envs, n, 0.9, allowed if masked else None)
    act, rng = tables.behavior(tables.values(q), epsilon), np.random.default_rng(4)
    policy = EpsilonGreedy(q, epsilon, allowed=allowed)
    for state in range(3):
        action, _ = act(np.full(n, state), rng)
        share = np.bincount(action, minlength=4) / n
        expected = policy.probs(np.array(state))
        assert (abs(share - expected) <= 4.5 * np.sqrt(expected * (1 - expected) / n)).all()
