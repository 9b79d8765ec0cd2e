"""Four ways to the best policy agree, and the bounds on the error hold at every iteration."""

from itertools import product

import numpy as np
import pytest

from rxcourse.agents.bounds import error_bounds
from rxcourse.agents.linear_program import linear_program
from rxcourse.agents.planning import (
    backward_induction,
    best,
    modified_policy_iteration,
    policy_evaluation,
    policy_iteration,
    value_iteration,
)
from rxcourse.mdp import TabularMDP, bellman_backup, policy_value
from rxcourse.simulators.tabular import TabularVectorEnv

SEEDS = range(5)
KINDS = [dict(zip(("ends", "masked", "as_sparse"), k, strict=True))
         for k in product([False, True], repeat=3)]  # fmt: skip
SOLVER = 1e-6  # HiGHS keeps constraints to 1e-7
ROUNDING = 1e-10


def deterministic(mdp):
    """All deterministic policies that keep to the mask, as tables (n, S, A)."""
    allowed = np.ones((mdp.n_states, mdp.n_actions), bool) if mdp.allowed is None else mdp.allowed
    choices = product(*(np.flatnonzero(row) for row in allowed))
    return np.eye(mdp.n_actions)[np.array(list(choices))]


def puterman(gamma):
    """Puterman's two states: in s1 stay half of the time for 5, or move for 10; s2 costs 1."""
    P = np.array([[[0.5, 0.5], [0, 1]], [[0, 1], [0, 1]]])
    R = np.array([[5.0, 10], [-1, -1]])
    return TabularMDP(P, R, np.array([1.0, 0]), np.zeros(2, bool), gamma)


@pytest.mark.parametrize("gamma", [0.5, 0.9, 0.95, 0.999])
def test_puterman_example_has_its_closed_form(gamma):
    # s2: -1/(1-g). s1: the better of staying, (5 + g/2 v2) / (1 - g/2), and 10 + g v2;
    # staying wins exactly when g > 10/11 (Puterman 1994, section 3.1).
    v2 = -1 / (1 - gamma)
    stay, move = (5 + gamma / 2 * v2) / (1 - gamma / 2), 10 + gamma * v2
    for solve in (value_iteration, policy_iteration, modified_policy_iteration, linear_program):
        found = solve(puterman(gamma))
        np.testing.assert_allclose(found.v, [max(stay, move), v2], rtol=1e-9, atol=SOLVER)
        assert found.pi[0].argmax() == (0 if gamma > 10 / 11 else 1)


@pytest.mark.equation("eq-linear-program")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_four_methods_agree_and_no_deterministic_policy_is_better(random_mdp, seed, kind):
    mdp = random_mdp(seed, n_states=5, **kind)
    by_hand = policy_value(mdp, deterministic(mdp)).max(axis=0)
    tolerance = {value_iteration: 1e-8, modified_policy_iteration: 1e-8,
                 policy_iteration: ROUNDING, linear_program: SOLVER}  # fmt: skip
    for solve, atol in tolerance.items():
        found = solve(mdp)
        assert found.converged
        assert found.certified
        np.testing.assert_allclose(found.v, by_hand, atol=atol, err_msg=solve.__name__)
        np.testing.assert_allclose(policy_value(mdp, found.pi), by_hand, atol=atol)
        np.testing.assert_allclose(found.q, bellman_backup(mdp, by_hand), atol=atol)
        assert (found.v[mdp.terminal] == 0).all()
        if mdp.allowed is not None:
            assert (found.pi[~mdp.allowed] == 0).all()


@pytest.mark.equation("eq-span-bounds")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gamma", [0.5, 0.99])
@pytest.mark.parametrize("seed", range(2))
def test_bounds_hold_at_every_iteration(random_mdp, seed, gamma, kind):
    mdp = random_mdp(seed, gamma=gamma, **kind)
    true = policy_iteration(mdp).v
    for solve in (value_iteration, modified_policy_iteration):
        n = solve(mdp).n_iterations
        for k in range(1, n + 1):
            found = solve(mdp, max_iterations=k)
            assert found.n_iterations == k
            assert found.converged == (k == n)
            assert (found.lower <= true + ROUNDING).all()
            assert (true <= found.upper + ROUNDING).all()
            assert (abs(found.v - true) <= (found.upper - found.lower) / 2 + ROUNDING).all()
            # The greedy policy's own value lies between the same bounds.
            own = policy_value(mdp, found.pi)
            assert (found.lower - ROUNDING <= own).all()


@pytest.mark.parametrize("sign", [-1, 1])
def test_bounds_hold_when_every_step_has_the_same_sign(random_mdp, sign):
    # Where moves end with different chances the two sums differ, and each sign needs its own.
    base = random_mdp(5, ends=True, gamma=0.95)
    mdp = TabularMDP(base.P, sign * (0.1 + abs(base.R)), base.d0, base.terminal, 0.95)
    true = policy_iteration(mdp).v
    for k in range(1, 60):
        found = value_iteration(mdp, tol=0, max_iterations=k)
        assert (found.lower <= true + ROUNDING).all()
        assert (true <= found.upper + ROUNDING).all()
    assert np.ptp(np.r_[found.lower - true, found.upper - true]) < 0.1


def test_error_bounds_by_hand():
    # gamma 0.9: nine more steps of the same size, summed to infinity.
    assert error_bounds(np.array([1.0, 2.0]), (0.9, 0.9)) == pytest.approx((9, 18))
    assert error_bounds(np.array([-1.0, 2.0]), (0.5, 0.9)) == pytest.approx((-9, 18))
    assert error_bounds(np.array([1.0, 2.0]), (0.5, 0.9)) == pytest.approx((1, 18))
    assert error_bounds(np.array([-3.0, -2.0]), (0.5, 0.9)) == pytest.approx((-27, -2))
    assert error_bounds(np.array([0.0, 0.0]), (0.5, 1.0)) == (-np.inf, np.inf)


def test_bounds_are_exact_at_once_when_all_states_are_alike():
    # One state, reward 1: v* = 1 / (1 - gamma) is known after a single backup.
    mdp = TabularMDP(np.ones((1, 1, 1)), np.ones((1, 1)), np.ones(1), np.zeros(1, bool), 0.999)
    found = value_iteration(mdp)
    assert found.n_iterations == 1
    assert found.v[0] == pytest.approx(1000)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stop_on_small_steps_certifies_nothing_but_the_bounds_do(random_mdp, seed):
    mdp = random_mdp(seed, gamma=0.999)
    true, v, v_new = policy_iteration(mdp).v, np.inf * np.ones(6), np.zeros(6)
    while abs(v_new - v).max() > 1e-3:
        v = v_new
        v_new = best(mdp, bellman_backup(mdp, v))[1]
    assert abs(v_new - true).max() > 0.1  # a hundred times the step that stopped it
    found = value_iteration(mdp, tol=1e-3)
    assert abs(found.v - true).max() <= 0.5e-3 + ROUNDING


@pytest.mark.equation("eq-contraction")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_backup_is_a_contraction_and_monotone(random_mdp, seed, kind):
    mdp = random_mdp(seed, **kind)
    rng = np.random.default_rng(seed)
    v, w = rng.normal(scale=10, size=(2, 6))
    step = lambda x: best(mdp, bellman_backup(mdp, x))[1]  # noqa: E731
    assert abs(step(v) - step(w)).max() <= mdp.gamma * abs(v - w).max() + ROUNDING
    more = v + abs(w)
    assert (step(more) >= step(v) - ROUNDING).all()
    # Adding k to every value adds gamma k, less where the next state ends.
    rise = step(v + 1.0) - step(v)
    assert (rise <= mdp.gamma + ROUNDING).all()
    if not kind["ends"]:
        np.testing.assert_allclose(rise, mdp.gamma)


@pytest.mark.parametrize("seed", SEEDS)
def test_constant_added_to_rewards_shifts_the_values(random_mdp, seed):
    mdp = random_mdp(seed)
    more = TabularMDP(mdp.P, mdp.R + 1.0, mdp.d0, mdp.terminal, mdp.gamma)
    np.testing.assert_allclose(value_iteration(more).v, value_iteration(mdp).v + 10, atol=2e-8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_evaluation_by_sweeps_equals_the_linear_solve(random_mdp, seed, kind):
    mdp = random_mdp(seed, **kind)
    pi = np.random.default_rng(seed).dirichlet(np.ones(3), size=6)
    true = policy_value(mdp, pi)
    found = policy_evaluation(mdp, pi)
    np.testing.assert_allclose(found.v, true, atol=1e-8)
    np.testing.assert_allclose(found.q, bellman_backup(mdp, true), atol=1e-8)
    for k in range(1, found.n_iterations):
        early = policy_evaluation(mdp, pi, max_iterations=k)
        assert (early.lower <= true + ROUNDING).all()
        assert (true <= early.upper + ROUNDING).all()
    np.testing.assert_array_equal(found.pi, pi)


def corridor(n=4, gamma=1.0, reward=-1.0):
    """States in a row, the last one is the end; actions: back (blocked at 0), forward."""
    P = np.zeros((n, 2, n))
    for s in range(n):
        P[s, 0, max(s - 1, 0)] = P[s, 1, min(s + 1, n - 1)] = 1
    return TabularMDP(P, np.full((n, 2), reward), np.full(n, 1 / n), np.arange(n) == n - 1, gamma)


def test_undiscounted_shortest_path_is_exact_and_says_it_is_not_certified():
    for solve in (value_iteration, policy_iteration, modified_policy_iteration, linear_program):
        found = solve(corridor())
        np.testing.assert_allclose(found.v, [-3, -2, -1, 0], atol=SOLVER)
        assert found.converged
        assert not found.certified
        assert (found.pi[:3].argmax(axis=1) == 1).all()


def test_undiscounted_process_that_may_end_at_every_move_is_certified(random_mdp):
    mdp = random_mdp(0, ends=True, gamma=1.0)  # every move has some chance to end
    found = value_iteration(mdp)
    assert found.certified
    np.testing.assert_allclose(found.v, policy_iteration(mdp).v, atol=1e-8)


def test_reward_for_ever_never_converges_and_the_others_refuse_it():
    endless = corridor(reward=1.0)  # going to and fro pays 1 a step, for ever
    found = value_iteration(endless, max_iterations=500)
    assert not found.converged
    assert found.v[0] == 500
    with pytest.raises(ValueError, match="some policy goes on for ever"):
        linear_program(endless)
    with pytest.raises(ValueError, match="may go on for ever from state 0") as refused:
        policy_iteration(endless)
    assert str(refused.value).endswith("Use gamma < 1.")  # it has no other way out


def test_policy_iteration_takes_no_equal_action_that_never_ends():
    # Action 0 waits in states 0 and 1 and gives up in state 2; action 1 goes on to the prize.
    # While state 2 is improved, waiting is worth as much as going on, but must not be taken.
    P = np.zeros((5, 2, 5))
    P[[0, 1, 2], 0, [0, 1, 4]] = P[[0, 1, 2], 1, [1, 2, 3]] = P[3:, :, 4] = 1
    prize, terminal = np.array([0, 0, 0, 1.0, 0]), np.arange(5) >= 3
    found = policy_iteration(TabularMDP(P, prize, np.full(5, 0.2), terminal, 1.0))
    assert found.n_iterations == 2
    np.testing.assert_allclose(found.v, [1, 1, 1, 0, 0])
    assert (found.pi[:2, 1] > 0).all()


@pytest.mark.parametrize("ends", [False, True])
def test_with_one_action_evaluation_and_value_iteration_are_the_same(random_mdp, ends):
    mdp = random_mdp(0, n_actions=1, ends=ends)
    one, other = policy_evaluation(mdp, np.ones((6, 1))), value_iteration(mdp)
    np.testing.assert_allclose(one.history, other.history, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(one.lower, other.lower)


def test_policy_iteration_does_not_go_in_circles_between_equal_actions():
    P = np.random.default_rng(0).dirichlet(np.ones(4), size=4)[:, None].repeat(3, axis=1)
    R = np.arange(4.0)[:, None].repeat(3, axis=1)
    found = policy_iteration(TabularMDP(P, R, np.full(4, 0.25), np.zeros(4, bool), 0.999))
    assert found.n_iterations == 1
    np.testing.assert_allclose(found.pi, 1 / 3)


def test_policy_iteration_keeps_improving_where_all_states_gain_alike():
    # One state: the step is the same everywhere, so the bounds have no width at once.
    mdp = TabularMDP(np.ones((1, 2, 1)), np.array([[0.0, 1.0]]), np.ones(1), np.zeros(1, bool), 0.9)
    found = policy_iteration(mdp)
    assert found.pi.tolist() == [[0, 1]]
    assert found.v[0] == pytest.approx(10)


@pytest.mark.parametrize("seed", range(4))
def test_backward_induction_is_value_iteration_step_by_step(random_mdp, seed):
    mdp = random_mdp(seed, ends=True, masked=True)
    v, q = backward_induction(mdp, horizon=7)
    assert v.shape == (8, 6)
    assert q.shape == (8, 6, 3)
    for k in range(1, 8):
        np.testing.assert_allclose(q[k], bellman_backup(mdp, v[k - 1]))
    # Two decisions, by enumeration: no pair of deterministic rules does better.
    rules = deterministic(mdp)
    one = (rules * bellman_backup(mdp, np.zeros(6))).sum(axis=2)
    two = np.einsum("rsa,qsa->rqs", rules, bellman_backup(mdp, one))
    np.testing.assert_allclose(v[2], two.max(axis=(0, 1)), atol=ROUNDING)


def test_history_records_each_iteration(random_mdp):
    found = value_iteration(random_mdp(0))
    assert list(found.history) == ["step", "gap"]
    assert found.history.index.tolist() == list(range(1, found.n_iterations + 1))
    assert found.history["gap"].iloc[-1] <= 1e-8 < found.history["gap"].iloc[-2]
    assert found.history["gap"].is_monotonic_decreasing


BAD = [
    (lambda m: value_iteration(m, tol=-1), "tol must be a number of at least 0, got -1"),
    (lambda m: value_iteration(m, tol=float("nan")), "tol must be a number of at least 0"),
    (lambda m: value_iteration(m, max_iterations=0), "max_iterations must be a whole number"),
    (lambda m: modified_policy_iteration(m, sweeps=0), "sweeps must be a whole number"),
    (lambda m: policy_evaluation(m, np.ones((6, 3))), "must sum to 1"),
    (lambda m: policy_evaluation(m, np.ones((5, 3)) / 3), r"pi must have shape \(6, 3\), got"),
    (lambda m: backward_induction(m, horizon=0), "horizon must be a whole number of at least 1"),
    (
        lambda m: value_iteration(TabularMDP(m.P, m.R, m.d0, np.ones(6, bool), 0.9)),
        "terminal must leave at least one state",
    ),
]


@pytest.mark.parametrize("call", [
    value_iteration, policy_iteration, modified_policy_iteration, linear_program,
    lambda m: policy_evaluation(m, np.eye(2)), lambda m: backward_induction(m, horizon=3),
])  # fmt: skip
def test_only_a_process_can_be_planned_in(random_mdp, call):
    for wrong in (TabularVectorEnv(random_mdp(0)), None):
        with pytest.raises(
            ValueError, match="mdp must be a TabularMDP, got .*holds it as envs.mdp"
        ):
            call(wrong)


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_refused(random_mdp, call, message):
    with pytest.raises(ValueError, match=message):
        call(random_mdp(0))
