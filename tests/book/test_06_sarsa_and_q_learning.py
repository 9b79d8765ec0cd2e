"""The equations and the worked boxes of chapter 6, each by another route than the package takes."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, stats

from rxcourse.agents.planning import value_iteration
from rxcourse.agents.sarsa import sarsa
from rxcourse.agents.schedules import harmonic
from rxcourse.mdp import TabularMDP, bellman_backup, policy_value
from rxcourse.policy import EpsilonGreedy, TabularPolicy
from rxcourse.rollout import rollout
from rxcourse.simulators.gridworld import CliffWalkingVectorEnv, cliff_walking, windy_gridworld
from rxcourse.simulators.tabular import TabularVectorEnv

ROUNDING = 1e-9
EPSILON = 0.1
STATES = np.arange(48)
START = 36


def with_slips(mdp, epsilon=EPSILON):
    """The chapter's function."""
    mix = lambda x: (1 - epsilon) * x + epsilon * x.mean(axis=1, keepdims=True)  # noqa: E731
    return replace(mdp, P=mix(mdp.P), R=mix(mdp.R))


def test_worked_box_of_four_updates():
    first, second = np.array([-9, -100, -10, -6.0]), np.array([-8, -90, -11, -7.0])
    probs = EpsilonGreedy(first[None], EPSILON).probs(np.array([0]))[0]
    np.testing.assert_allclose(probs, [0.025, 0.025, 0.025, 0.925])
    assert probs @ first == pytest.approx(-8.525)
    futures = {"q": first.max(), "sarsa": first[3], "slip": first[1], "mean": probs @ first,
               "double": second[first.argmax()]}  # fmt: skip
    new = {name: -8 + 0.5 * (-1 + future + 8) for name, future in futures.items()}
    expected = {"q": -7.5, "sarsa": -7.5, "slip": -54.5, "mean": -8.7625, "double": -8.0}
    assert new == pytest.approx(expected)


@pytest.mark.equation("eq-slips")
def test_a_plan_with_slips_is_the_exploring_plan_without_them():
    cliff = cliff_walking()
    plan = value_iteration(cliff).pi
    exploring = EpsilonGreedy(TabularPolicy(plan), EPSILON)
    slips = policy_value(with_slips(cliff), plan)
    np.testing.assert_allclose(slips, policy_value(cliff, exploring.probs(STATES)), rtol=1e-9)
    # And by walking: the mean return of many ways along the edge.
    data = rollout(CliffWalkingVectorEnv(4_000), exploring, rng=np.random.default_rng(0))
    returns = np.bincount(data.episode, weights=data.reward)
    stderr = returns.std() / np.sqrt(len(returns))
    assert abs(returns.mean() - slips[START]) <= 4 * stderr
    assert stderr < 2  # a plan without slips is worth 37 more


def test_the_four_numbers_of_the_cliff():
    cliff = cliff_walking()
    edge, safe = value_iteration(cliff), value_iteration(with_slips(cliff))
    assert edge.v[START] == -13 and policy_value(cliff, safe.pi)[START] == -15
    assert round(policy_value(with_slips(cliff), edge.pi)[START], 1) == -50.8
    assert round(safe.v[START], 1) == -20.7


def test_the_windy_grid_with_exploration_takes_about_17_steps():
    # Sutton & Barto (2018), example 6.5: "about 17 steps, two more than the minimum of 15".
    windy = windy_gridworld()
    best = value_iteration(windy)
    assert best.v[30] == -15
    assert policy_value(with_slips(windy), best.pi)[30] == pytest.approx(-17, abs=0.1)


@pytest.mark.equation("eq-soft-optimal")
@pytest.mark.parametrize("seed", range(4))
def test_the_best_exploring_values_are_those_of_the_world_with_slips(random_mdp, seed):
    mdp = random_mdp(seed, ends=True)
    q = np.zeros((6, 3))
    for _ in range(400):  # the formula as a loop; 0.9**400 is below rounding
        v = (EpsilonGreedy(q, EPSILON).probs(np.arange(6)) * q).sum(axis=1)
        q = mdp.R + mdp.gamma * np.einsum("sat,t->sa", mdp.P, v * ~mdp.terminal)
        q[mdp.terminal] = 0
    exact = value_iteration(with_slips(mdp), tol=1e-11).v
    np.testing.assert_allclose(q, bellman_backup(mdp, exact), atol=ROUNDING)


@pytest.mark.equation("eq-constant-step")
@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0])
def test_an_estimate_with_constant_step_size_scatters_for_ever(alpha):
    # Unrolled, the estimate weighs a target k sessions ago with alpha (1 - alpha)^k.
    weights = alpha * (1 - alpha) ** np.arange(1_000)
    assert weights.sum() == pytest.approx(1)
    assert (weights**2).sum() == pytest.approx(alpha / (2 - alpha))
    # The package's learners do scatter so: one state, fair +-1 rewards, no future.
    P = np.array([[[0.0, 0.5, 0.5]], [[0, 1, 0]], [[0, 0, 1]]])
    coin = TabularMDP(P, np.array([0, 1.0, -1.0]), [1, 0, 0], np.arange(3) > 0, 1.0)
    run = sarsa(TabularVectorEnv(coin, 4_000), n_learners=4_000, n_steps=100, gamma=1.0,
                alpha=alpha, rng=np.random.default_rng(1))  # fmt: skip
    variance = run.q[:, 0, 0].var()
    assert abs(variance - alpha / (2 - alpha)) <= 4 * np.sqrt(2 / 4_000) * alpha / (2 - alpha)
    settled = sarsa(TabularVectorEnv(coin, 400), n_learners=400, n_steps=2_000, gamma=1.0,
                    alpha=harmonic(20), rng=np.random.default_rng(1))  # fmt: skip
    assert settled.q[:, 0, 0].var() < 0.02


@pytest.mark.equation("eq-max-bias")
def test_the_largest_of_noisy_estimates_is_too_large():
    # Mean of the largest of ten standard normals, by integrating 1 - F^10 and F^10.
    F = stats.norm.cdf
    above, _ = integrate.quad(lambda x: 1 - F(x) ** 10, 0, 10)
    below, _ = integrate.quad(lambda x: F(x) ** 10, -10, 0)
    assert above - below == pytest.approx(1.539, abs=5e-4)
    assert (above - below) / np.sqrt(5) == pytest.approx(0.688, abs=5e-4)
    for seed in range(5):  # any distribution: here unequal means, skewed and dependent noise
        rng = np.random.default_rng(seed)
        noise = rng.exponential(size=(200, 6)) @ rng.normal(size=(6, 6))
        estimates = rng.normal(size=6) + noise
        assert estimates.max(axis=1).mean() >= estimates.mean(axis=0).max()
