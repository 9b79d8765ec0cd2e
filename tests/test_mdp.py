"""The tabular process and its two operators, each against another route."""

import numpy as np
import pytest
from scipy import sparse

from rxcourse.mdp import TabularMDP, bellman_backup, policy_model, policy_value
from rxcourse.policy import Uniform

ROUNDING = 1e-12  # sums of a few dozen products of numbers near 1
SEEDS = range(8)


def slow_backup(mdp, v):
    """The textbook's four nested sums, with an "if done"; R taken apart by hand."""
    mdp = mdp.dense()
    q = np.zeros((mdp.n_states, mdp.n_actions))
    for s in range(mdp.n_states):
        for a in range(mdp.n_actions):
            for s2 in range(mdp.n_states):
                if mdp.terminal[s]:
                    continue
                r = mdp.R[(s2,) if mdp.R.ndim == 1 else (s, a, s2)[: mdp.R.ndim]]
                future = 0.0 if mdp.terminal[s2] else mdp.gamma * v[s2]
                q[s, a] += mdp.P[s, a, s2] * (r + future)
    return q


def uniform(mdp):
    return np.full((mdp.n_states, mdp.n_actions), 1 / mdp.n_actions)


def two_states(gamma=1.0, **changes):
    """0 stays (action 0) or ends in 1 (action 1); every step costs 1."""
    P = np.array([[[1, 0], [0, 1]], [[0, 1], [0, 1]]], float)
    parts = {"P": P, "R": np.full((2, 2), -1.0), "d0": np.array([1.0, 0.0]),
             "terminal": np.array([False, True]), "gamma": gamma}  # fmt: skip
    return TabularMDP(**(parts | changes))


@pytest.mark.equation("eq-backup")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("reward", [1, 2, 3])
@pytest.mark.parametrize("ends", [False, True])
def test_backup_equals_the_nested_sums(random_mdp, seed, reward, ends):
    mdp = random_mdp(seed, reward=reward, ends=ends)
    v = np.random.default_rng(seed).normal(size=mdp.n_states)
    np.testing.assert_allclose(bellman_backup(mdp, v), slow_backup(mdp, v), atol=ROUNDING)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("reward", [1, 2])
@pytest.mark.parametrize("ends", [False, True])
def test_dense_equals_sparse(random_mdp, seed, reward, ends):
    thin = random_mdp(seed, reward=reward, ends=ends, as_sparse=True)
    full, v = thin.dense(), np.arange(12.0).reshape(2, 6)
    assert thin.is_sparse and not full.is_sparse
    assert (thin.n_states, thin.n_actions) == (full.n_states, full.n_actions) == (6, 3)
    np.testing.assert_allclose(bellman_backup(thin, v), bellman_backup(full, v), atol=ROUNDING)
    pi = np.random.default_rng(seed).dirichlet(np.ones(3), size=(2, 6))
    np.testing.assert_allclose(policy_value(thin, pi), policy_value(full, pi), atol=1e-10)
    for a, b in zip(policy_model(thin, pi[0]), policy_model(full, pi[0]), strict=True):
        np.testing.assert_allclose(a.toarray() if sparse.issparse(a) else a, b, atol=ROUNDING)


def test_reward_is_told_apart_by_axes_even_when_sizes_agree():
    # Two states and two actions: an (S,) reward would broadcast over actions in silence.
    on_arrival = two_states(R=np.array([10.0, 7.0]))
    np.testing.assert_array_equal(on_arrival.reward, [[10, 7], [0, 0]])
    per_action = two_states(R=np.array([[1.0, 2.0], [3.0, 4.0]]))
    np.testing.assert_array_equal(per_action.reward, [[1, 2], [0, 0]])
    R = np.zeros((2, 2, 2))
    R[0, 1, 1], R[0, 0, 1] = 5, 99  # the second never happens
    np.testing.assert_array_equal(two_states(R=R).reward, [[0, 5], [0, 0]])


def test_backups_at_terminal_states_are_zero_whatever_their_rows_hold(random_mdp):
    mdp = random_mdp(3, ends=True)
    assert (bellman_backup(mdp, np.ones(6))[4:] == 0).all()
    assert (bellman_backup(mdp, np.ones((4, 5, 6)))[..., 4:, :] == 0).all()
    assert (policy_value(mdp, uniform(mdp))[4:] == 0).all()
    other_value_of_the_end = np.r_[np.ones(4), 1e6, -1e6]
    np.testing.assert_array_equal(
        bellman_backup(mdp, other_value_of_the_end), bellman_backup(mdp, np.ones(6))
    )


def test_leading_axes_are_several_value_functions(random_mdp):
    mdp = random_mdp(1, ends=True)
    v = np.random.default_rng(0).normal(size=(2, 5, 6))
    q = bellman_backup(mdp, v)
    assert q.shape == (2, 5, 6, 3)
    np.testing.assert_allclose(q[1, 3], bellman_backup(mdp, v[1, 3]), atol=ROUNDING)


@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_policy_value_is_the_limit_of_sweeps(random_mdp, seed, as_sparse):
    mdp = random_mdp(seed, ends=True, as_sparse=as_sparse)
    pi = np.random.default_rng(seed).dirichlet(np.ones(3), size=6)
    v = np.zeros(6)
    for _ in range(400):  # 0.9**400 is below 1e-18
        v = (pi * bellman_backup(mdp, v)).sum(axis=1)
    np.testing.assert_allclose(policy_value(mdp, pi), v, atol=1e-11)


def test_values_of_a_stack_of_policies_come_in_one_call(random_mdp):
    mdp = random_mdp(2)
    pi = np.random.default_rng(0).dirichlet(np.ones(3), size=(2, 4, 6))
    v = policy_value(mdp, pi)
    assert v.shape == (2, 4, 6)
    np.testing.assert_allclose(v[1, 2], policy_value(mdp, pi[1, 2]), atol=ROUNDING)


def test_geometric_chain_has_the_closed_form_value():
    # Ends with chance p in each step and pays 1 a step: v = 1 / (1 - gamma (1 - p)).
    p, gamma = 0.25, 0.9
    P = np.array([[[1 - p, p]], [[0, 1]]])
    mdp = TabularMDP(P, np.ones((2, 1)), np.array([1.0, 0.0]), np.array([False, True]), gamma)
    assert policy_value(mdp, np.ones((2, 1)))[0] == pytest.approx(1 / (1 - gamma * (1 - p)))


def three_states():
    """Under action 0: 0 ends, 1 never ends, 2 goes to 0 or 1. Under action 1 all end."""
    P = np.zeros((4, 2, 4))
    P[0, 0, 3] = P[1, 0, 1] = 1
    P[2, 0, [0, 1]] = 0.5
    P[:, 1, 3] = P[3, :, 3] = 1
    terminal = np.array([False, False, False, True])
    names = ("ends", "stays", "either", "over")
    return TabularMDP(P, np.full((4, 2), -1.0), np.full(4, 0.25), terminal, 1.0, state_names=names)


@pytest.mark.parametrize("as_sparse", [False, True])
def test_improper_policy_is_refused_by_name_or_is_nan_there_and_exact_elsewhere(as_sparse):
    mdp = three_states()
    if as_sparse:
        mdp = three_states().__class__(
            sparse.csr_array(mdp.P.reshape(-1, 4)), mdp.R, mdp.d0, mdp.terminal, 1.0,
            state_names=mdp.state_names)  # fmt: skip
    always = np.zeros((2, 4, 2))
    always[0, :, 1] = always[1, :, 0] = 1  # the first policy is proper, the second is not
    with pytest.raises(ValueError, match="policy 1 may go on for ever from state stays"):
        policy_value(mdp, always)
    v = policy_value(mdp, always, improper="nan")
    np.testing.assert_array_equal(v[0], [-1, -1, -1, 0])
    # State 2 reaches an end half of the time: its expected return is still -infinity.
    np.testing.assert_array_equal(v[1], [-1, np.nan, np.nan, 0])


def test_undiscounted_proper_policy_is_solved():
    pi = np.array([[0.75, 0.25], [1, 0]])
    assert policy_value(two_states(), pi)[0] == pytest.approx(-4)  # mean of a geometric count


def test_an_end_several_moves_away_is_an_end():
    P = np.eye(5, k=1)[:, None]
    P[4, 0, 4] = 1
    mdp = TabularMDP(P, np.full((5, 1), -1.0), np.full(5, 0.2), np.arange(5) == 4, 1.0)
    np.testing.assert_array_equal(policy_value(mdp, np.ones((5, 1))), [-4, -3, -2, -1, 0])


BAD = {
    "P must have 3": {"P": np.ones((2, 2)) / 2},
    r"P must have shape \(S, A, S\) with S = 2 as in d0, got \(3, 2, 3\)":
        {"P": np.ones((3, 2, 3)) / 3},
    r"each row of P must sum to 1, row \(0, 0\) sums to 0.9": {"P": np.full((2, 2, 2), 0.45)},
    "P must not be negative, got -1": {"P": np.array([[[2.0, -1], [0, 1]], [[0, 1], [0, 1]]])},
    "P must be finite, got nan": {"P": np.full((2, 2, 2), np.nan)},
    "P must hold numbers": {"P": np.full((2, 2, 2), "a")},
    r"sparse P must have shape \(S\*A, S\)": {"P": sparse.csr_array(np.ones((3, 2)) / 2)},
    "each row of P must sum to 1, row 3 sums to 0":
        {"P": sparse.csr_array(np.array([[1.0, 0], [0, 1], [0, 1], [0, 0]]))},
    "P must not be negative, got -0.5":
        {"P": sparse.csr_array(np.array([[1.5, -0.5], [0, 1], [0, 1], [0, 1]]))},
    "P must be finite, got inf":
        {"P": sparse.csr_array(np.array([[np.inf, 1], [0, 1], [0, 1], [0, 1]]))},
    r"R with 2 axes must have shape \(2, 2\), got \(2, 1\)": {"R": np.ones((2, 1))},
    r"R with 1 axes must have shape \(2,\), got \(3,\)": {"R": np.ones(3)},
    r"R with 3 axes must have shape \(2, 2, 2\), got \(1, 2, 2\)": {"R": np.ones((1, 2, 2))},
    "R must have 1 or 2 or 3 dimension": {"R": 1.0},
    "R must be finite": {"R": np.array([0, np.inf])},
    r"with a sparse P, R must have shape \(S,\) or \(S, A\)": {
        "P": sparse.csr_array(np.array([[1.0, 0], [0, 1], [0, 1], [0, 1]])),
        "R": np.ones((2, 2, 2))},
    "each row of d0 must sum to 1": {"d0": np.array([0.5, 0.4])},
    "d0 must not be negative": {"d0": np.array([1.5, -0.5])},
    "terminal must be an array of True and False": {"terminal": np.array([0, 1])},
    r"terminal must have shape \(2,\), got \(3,\)": {"terminal": np.zeros(3, bool)},
    r"gamma must be a number in \[0, 1\], got 1.1": {"gamma": 1.1},
    r"gamma must be a number in \[0, 1\], got -0.1": {"gamma": -0.1},
    r"gamma must be a number in \[0, 1\], got nan": {"gamma": float("nan")},
    r"gamma must be a number in \[0, 1\], got 'high'": {"gamma": "high"},
    r"allowed must allow at least one action in every row; row \(0,\)":
        {"allowed": np.array([[False, False], [True, True]])},
    r"allowed must have shape \(2, 2\)": {"allowed": np.ones((2, 3), bool)},
    "allowed must be an array of True and False, got int64": {"allowed": np.ones((2, 2), int)},
    r"cost must have shape \(2, 2\), got \(2, 3\)": {"cost": np.ones((2, 3))},
    "cost must be finite": {"cost": np.full((2, 2), np.nan)},
    "state_names must have 2 entries, got 1": {"state_names": ("a",)},
    "action_names must have 2 entries, got 3": {"action_names": ("a", "b", "c")},
}  # fmt: skip


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_refused_with_name_expectation_and_finding(message):
    with pytest.raises(ValueError, match=message):
        two_states(**BAD[message])


@pytest.mark.parametrize(
    ("pi", "message"),
    [
        (np.ones((2, 2)), "each row of pi must sum to 1"),
        (np.ones((3, 2)) / 2, r"pi must have shape \(\.\.\., 2, 2\), got \(3, 2\)"),
        (np.array([[2.0, -1], [0, 1]]), "pi must not be negative"),
        (np.full((2, 2), np.nan), "pi must be finite"),
    ],
)
def test_bad_policy_is_refused(pi, message):
    with pytest.raises(ValueError, match=message):
        policy_value(two_states(0.9), pi)


def test_unknown_word_for_improper_is_refused():
    with pytest.raises(ValueError, match='improper must be "raise" or "nan", got \'skip\''):
        policy_value(two_states(0.9), np.ones((2, 2)) / 2, improper="skip")


def test_what_was_passed_in_is_not_changed():
    P = sparse.csr_array(np.array([[1.0, 0], [0, 1], [0, 1], [0, 1]]))
    P.indices = P.indices.astype(np.int64)
    before = P.toarray()
    mdp = two_states(0.9, P=P)
    bellman_backup(mdp, np.ones(2))
    assert P.indices.dtype == np.int64
    np.testing.assert_array_equal(P.toarray(), before)


V = {"short": ([0.0], r"v must have shape \(\.\.\., 2\), got \(1,\)"),
     "one number": (0.0, "got \\(\\)"),
     "nan": ([0.0, np.nan], r"v must be finite, got nan at index \(1,\)"),
     "infinite": ([np.inf, -np.inf], "v must be finite, got inf")}  # fmt: skip


@pytest.mark.parametrize(("v", "message"), V.values(), ids=V)
def test_bad_values_to_back_up_are_refused(v, message):
    with pytest.raises(ValueError, match=message):
        bellman_backup(two_states(0.9), v)


def test_large_values_are_no_mistake():
    assert bellman_backup(two_states(0.9), [1.7e308, 1.7e308])[0, 0] > 1e308


def test_other_things_than_processes_and_tables_get_a_sentence():
    for wrong in (None, np.eye(2)):
        with pytest.raises(ValueError, match="mdp must be a TabularMDP, got .* envs.mdp"):
            bellman_backup(wrong, [0.0, 0.0])
        with pytest.raises(ValueError, match="mdp must be a TabularMDP"):
            policy_value(wrong, np.eye(2))
    with pytest.raises(
        ValueError, match=r"got a policy \(Uniform\); pass policy.table, or policy.pr"
    ):
        policy_value(two_states(0.9), Uniform(2))
