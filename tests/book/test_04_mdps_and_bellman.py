"""The equations and the worked boxes of chapter 4, each by another route than the package takes."""

from itertools import product

import numpy as np
import pytest

from rxcourse.agents.planning import backward_induction, value_iteration
from rxcourse.mdp import TabularMDP, bellman_backup, policy_value
from rxcourse.policy import TabularPolicy
from rxcourse.rollout import rollout
from rxcourse.simulators.tabular import TabularVectorEnv

FRESH, TIRED, STRAINED = 0, 1, 2
ROUNDING = 1e-10
SEEDS = range(5)


def recovery(gamma=0.9):
    """The three states of the chapter."""
    P = np.zeros((3, 2, 3))
    P[FRESH, 0, [FRESH, TIRED]] = P[TIRED, 0, [TIRED, STRAINED]] = 0.5
    P[FRESH, 1, FRESH] = P[TIRED, 1, FRESH] = P[STRAINED, 0, STRAINED] = 1
    P[STRAINED, 1, [TIRED, STRAINED]] = 0.2, 0.8
    R = np.array([[1.0, 0], [1, 0], [-1, 0]])
    return TabularMDP(P, R, np.array([0, 1.0, 0]), np.zeros(3, bool), gamma)


CAREFUL = np.eye(2)[[0, 1, 1]]


def test_worked_boxes():
    v = policy_value(recovery(), CAREFUL)
    assert v.round(3).tolist() == [6.897, 6.207, 3.990]
    assert v[FRESH] == pytest.approx(1 / 0.145)
    left, _ = backward_induction(recovery(), horizon=2)
    np.testing.assert_allclose(left[1:], [[1, 1, 0], [1.9, 1.45, 0.18]])
    assert sum(r * 0.9**k for k, r in enumerate([1, 1, 0, 0, 1])) == pytest.approx(2.5561)


@pytest.mark.equation("eq-mdp-return")
def test_mean_of_simulated_returns_is_the_value():
    # The sum is taken term by term along walks; 150 terms leave 0.9**150 * 10 < 1e-5.
    envs = TabularVectorEnv(recovery(), 4_000, horizon=150)
    data = rollout(envs, TabularPolicy(CAREFUL), rng=np.random.default_rng(0))
    returns = np.bincount(data.episode, weights=0.9**data.t * data.reward)
    stderr = returns.std() / np.sqrt(len(returns))
    true = policy_value(recovery(), CAREFUL)[TIRED]
    assert abs(returns.mean() - true) <= 4 * stderr
    assert stderr < 0.05  # "always train" is worth 12 less


def sums(mdp, v, s, a):
    """One look ahead, written as the loop that the formula is."""
    return sum(mdp.P[s, a, t] * (mdp.R[s, a] + mdp.gamma * v[t]) for t in range(mdp.n_states))


@pytest.mark.equation("eq-bellman")
@pytest.mark.parametrize("seed", SEEDS)
def test_value_of_a_policy_satisfies_its_equation(random_mdp, seed):
    mdp = random_mdp(seed)
    pi = np.random.default_rng(seed).dirichlet(np.ones(3), size=6)
    v = policy_value(mdp, pi)
    for s in range(6):
        right = sum(pi[s, a] * sums(mdp, v, s, a) for a in range(3))
        assert v[s] == pytest.approx(right, abs=ROUNDING)


@pytest.mark.equation("eq-bellman-optimal")
@pytest.mark.parametrize("seed", SEEDS)
def test_best_values_satisfy_their_equation_and_no_plan_beats_them(random_mdp, seed):
    mdp = random_mdp(seed)
    v = value_iteration(mdp, tol=1e-11).v
    for s in range(6):
        assert v[s] == pytest.approx(max(sums(mdp, v, s, a) for a in range(3)), abs=ROUNDING)
    plans = np.eye(3)[np.array(list(product(range(3), repeat=6)))]
    assert (policy_value(mdp, plans) <= v + ROUNDING).all()


@pytest.mark.equation("eq-value-iteration")
@pytest.mark.parametrize("seed", SEEDS)
def test_k_rounds_are_the_best_of_all_plans_for_k_sessions(random_mdp, seed):
    # Every pair of rules, one for each of two sessions, tried out in full.
    mdp = random_mdp(seed, n_states=3, n_actions=2)
    rules = [np.array(rule) for rule in product(range(2), repeat=3)]
    best = np.full(3, -np.inf)
    for first, second in product(rules, repeat=2):
        last = np.array([mdp.R[s, second[s]] for s in range(3)])
        both = np.array([sums(mdp, last, s, first[s]) for s in range(3)])
        best = np.maximum(best, both)
    np.testing.assert_allclose(backward_induction(mdp, horizon=2)[0][2], best, atol=ROUNDING)


@pytest.mark.equation("eq-linear-solve")
@pytest.mark.parametrize("seed", SEEDS)
def test_inverse_matrix_and_series_give_the_value(random_mdp, seed):
    mdp = random_mdp(seed)
    pi = np.random.default_rng(seed).dirichlet(np.ones(3), size=6)
    P_pi = sum(pi[:, [a]] * mdp.P[:, a] for a in range(3))
    r_pi = sum(pi[:, a] * mdp.R[:, a] for a in range(3))
    inverse = np.linalg.inv(np.eye(6) - 0.9 * P_pi) @ r_pi
    series = sum(0.9**k * np.linalg.matrix_power(P_pi, k) @ r_pi for k in range(400))
    np.testing.assert_allclose(inverse, policy_value(mdp, pi), atol=ROUNDING)
    np.testing.assert_allclose(series, policy_value(mdp, pi), atol=ROUNDING)


@pytest.mark.equation("eq-policy-improvement")
@pytest.mark.parametrize("seed", range(20))
def test_better_for_one_step_is_better_for_ever(random_mdp, seed):
    mdp, rng = random_mdp(seed), np.random.default_rng(seed)
    pi = rng.dirichlet(np.ones(3), size=6)
    v = policy_value(mdp, pi)
    q = bellman_backup(mdp, v)
    # Any action at least as good as the plan will do, not only the best one.
    as_good = q >= v[:, None] - 1e-12
    new = np.where(as_good, rng.random((6, 3)), -1).argmax(axis=1)
    assert as_good[np.arange(6), new].all()
    assert (policy_value(mdp, np.eye(3)[new]) >= v - ROUNDING).all()


@pytest.mark.equation("eq-step-bound")
@pytest.mark.parametrize("gamma", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("seed", SEEDS)
def test_error_is_bounded_by_the_last_step(random_mdp, seed, gamma):
    mdp = random_mdp(seed, gamma=gamma)
    true, v = value_iteration(mdp, tol=1e-11).v, np.zeros(6)
    for _ in range(30):
        v_new = bellman_backup(mdp, v).max(axis=1)
        step = abs(v_new - v).max()
        assert abs(v_new - true).max() <= gamma / (1 - gamma) * step + ROUNDING
        v = v_new


@pytest.mark.parametrize("seed", SEEDS)
def test_the_way_left_to_go_is_a_geometric_sum(random_mdp, seed):
    # Banach's argument, in the folded section on convergence.
    mdp = random_mdp(seed)
    guesses = [np.random.default_rng(seed).normal(scale=10, size=6)]
    for _ in range(60):
        guesses.append(bellman_backup(mdp, guesses[-1]).max(axis=1))
    first, true = abs(guesses[1] - guesses[0]).max(), value_iteration(mdp, tol=1e-11).v
    for k, v in enumerate(guesses):
        assert abs(v - true).max() <= 0.9**k / (1 - 0.9) * first + ROUNDING


def test_the_bound_is_reached_by_the_habit_of_the_chapter():
    gamma, daily = 0.999, 0.0008
    v = daily * (1 + gamma)  # two rounds
    error, step = daily / (1 - gamma) - v, gamma * daily
    assert error == pytest.approx(gamma / (1 - gamma) * step)
    assert error == pytest.approx(0.7984, abs=5e-5)
