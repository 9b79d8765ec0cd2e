"""Policies are probabilities: rows sum to one, masks are kept, stacks are L plain policies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxcourse.policy import (
    EpsilonGreedy,
    Greedy,
    Mixture,
    Softmax,
    Table,
    TabularPolicy,
    Uniform,
    choose,
    row_probs,
    sample_action,
)

RNG = np.random.default_rng(0)
S, A, L = 5, 4, 3
Q = RNG.normal(size=(S, A))
STACK = RNG.normal(size=(L, S, A))
MASK = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 1], [1, 1, 0, 0]], bool)
PI = RNG.dirichlet(np.ones(A), size=S)

PLAIN = {
    "tabular": TabularPolicy(PI),
    "uniform": Uniform(A),
    "uniform masked": Uniform(A, allowed=MASK),
    "greedy": Greedy(Q),
    "greedy masked": Greedy(Q, allowed=MASK),
    "epsilon": EpsilonGreedy(Q, 0.3),
    "epsilon masked": EpsilonGreedy(Q, 0.3, allowed=MASK),
    "softmax": Softmax(Q, 0.5),
    "softmax masked": Softmax(Q, 0.5, allowed=MASK),
    "mixture": Mixture([TabularPolicy(PI), Greedy(Q)], [0.25, 0.75]),
}
STACKS = {
    "tabular": TabularPolicy(RNG.dirichlet(np.ones(A), size=(L, S))),
    "greedy": Greedy(STACK),
    "greedy masked": Greedy(STACK, allowed=MASK),
    "epsilon": EpsilonGreedy(STACK, 0.2),
    "epsilon masked": EpsilonGreedy(STACK, 0.2, allowed=MASK),
    "softmax masked": Softmax(STACK, 2.0, allowed=MASK),
    "mixture": Mixture([Greedy(STACK), Uniform(A)], [0.5, 0.5]),
}


@pytest.mark.parametrize("name", PLAIN)
def test_leading_axes_are_kept_and_rows_sum_to_one(name):
    for shape in ((), (7,), (2, 3)):
        obs = RNG.integers(S, size=shape)
        probs = PLAIN[name].probs(obs)
        assert probs.shape == (*shape, A)
        assert (probs >= 0).all()
        np.testing.assert_allclose(probs.sum(axis=-1), 1)
        if "masked" in name:
            assert (probs[~MASK[obs]] == 0).all()


@pytest.mark.parametrize("name", STACKS)
def test_one_learner_of_a_stack_is_a_plain_policy(name):
    stack, obs = STACKS[name], RNG.integers(S, size=(L, 8))
    assert stack.n_learners == L
    together = stack.probs(obs)
    assert together.shape == (L, 8, A)
    for i in range(L):
        alone = stack[i]
        assert getattr(alone, "n_learners", None) is None
        np.testing.assert_allclose(together[i], alone.probs(obs[i]))


def test_learners_read_their_own_table():
    table = Table(np.arange(L * S * A).reshape(L, S, A))
    assert table(np.array([[0], [4], [2]]))[:, 0].tolist() == [
        table.table[0, 0].tolist(), table.table[1, 4].tolist(), table.table[2, 2].tolist()
    ]  # fmt: skip


def test_greedy_shares_ties_equally_and_only_among_allowed():
    q = np.array([[1.0, 3.0, 3.0, 3.0]])
    np.testing.assert_allclose(Greedy(q).probs(0), [0, 1 / 3, 1 / 3, 1 / 3])
    mask = np.array([[True, False, True, True]])
    np.testing.assert_allclose(Greedy(q, allowed=mask).probs(0), [0, 0, 0.5, 0.5])
    only_the_worst = np.array([[True, False, False, False]])
    np.testing.assert_array_equal(Greedy(q, allowed=only_the_worst).probs(0), [1, 0, 0, 0])


def test_greedy_finds_a_negative_best_under_a_mask():
    # A mask that multiplies q by 0 would prefer the forbidden action.
    q, mask = np.array([[-3.0, -2.0, -1.0]]), np.array([[True, True, False]])
    np.testing.assert_array_equal(Greedy(q, allowed=mask).probs(0), [0, 1, 0])


def test_epsilon_greedy_by_hand():
    q = np.array([[0.0, 5.0, 1.0, 2.0]])
    np.testing.assert_allclose(EpsilonGreedy(q, 0.2).probs(0), [0.05, 0.85, 0.05, 0.05])
    mask = np.array([[True, False, True, False]])
    np.testing.assert_allclose(EpsilonGreedy(q, 0.2, allowed=mask).probs(0), [0.1, 0, 0.9, 0])
    around = EpsilonGreedy(Uniform(4), 0.2).probs(np.array(0))
    np.testing.assert_allclose(around, 0.25)


def test_softmax_limits_and_large_values():
    q = np.array([[1000.0, 999.0, -1000.0]])
    e = np.exp(-1)
    np.testing.assert_allclose(Softmax(q, 1.0).probs(0), [1 / (1 + e), e / (1 + e), 0])
    np.testing.assert_allclose(Softmax(q, 1e-3).probs(0), Greedy(q).probs(0), atol=1e-12)
    np.testing.assert_allclose(Softmax(q, 1e9).probs(0), 1 / 3, atol=1e-5)


def test_mixture_is_the_weighted_mean_at_every_step():
    mixture = Mixture([TabularPolicy(PI), Uniform(A)], [0.25, 0.75])
    obs = np.arange(S)
    np.testing.assert_allclose(mixture.probs(obs), 0.25 * PI + 0.75 / A)


def test_vector_observations_keep_the_policy_axis_apart():
    probs = Uniform(3, obs_ndim=1).probs(np.zeros((6, 11)))
    assert probs.shape == (6, 3)


def test_masks_may_be_functions():
    policy = Greedy(lambda obs: np.stack([obs, -obs], axis=-1), allowed=lambda o: np.stack(
        [o < 2, np.ones_like(o, bool)], axis=-1))  # fmt: skip
    np.testing.assert_array_equal(policy.probs(np.array([1, 3])), [[1, 0], [0, 1]])


def test_learners_own_rows_in_blocks():
    stack = TabularPolicy(np.eye(3)[[[0], [1], [2]]])  # learner l always takes action l
    probs = row_probs(stack, np.zeros(6, int))
    assert probs.argmax(axis=1).tolist() == [0, 0, 1, 1, 2, 2]
    assert row_probs(Uniform(2), np.zeros(6, int)).shape == (6, 2)
    with pytest.raises(ValueError, match="got 7 rows for 3 learners"):
        row_probs(stack, np.zeros(7, int))


positive_or_zero = st.one_of(st.just(0.0), st.floats(1e-300, 1e6))
unit = st.floats(0, 1, exclude_max=True)


@given(st.lists(positive_or_zero, min_size=1, max_size=8).filter(any), unit)
def test_an_action_of_probability_zero_is_never_chosen(weights, u):
    weights = np.array(weights)
    probs = (weights / weights.sum())[None]
    edges = [u, 0.0, np.nextafter(1.0, 0.0), *np.minimum(probs.cumsum(), np.nextafter(1.0, 0.0))]
    for number in edges:
        action, propensity = choose(probs, np.array([number]))
        assert probs[0, action[0]] == propensity[0] > 0


def test_actions_come_with_their_frequency_and_propensity():
    n, rng = 40_000, np.random.default_rng(1)
    obs = np.full(n, 2)
    action, propensity = sample_action(TabularPolicy(PI), obs, rng=rng)
    np.testing.assert_array_equal(propensity, PI[2, action])
    share = np.bincount(action, minlength=A) / n
    assert (abs(share - PI[2]) <= 4 * np.sqrt(PI[2] * (1 - PI[2]) / n)).all()


def test_a_policy_with_sample_is_asked_to_sample():
    class Continuous:
        def sample(self, obs, *, rng):
            return obs + 0.5, np.ones(len(obs))

    action, _ = sample_action(Continuous(), np.zeros(2), rng=np.random.default_rng(0))
    assert action.tolist() == [0.5, 0.5]


BAD = [
    (lambda: TabularPolicy(np.ones((2, 2))), "each row of table must sum to 1"),
    (lambda: TabularPolicy(np.ones(2) / 2), "table must have 2 or 3 dimension"),
    (lambda: TabularPolicy([[np.nan, 1]]), "table must be finite"),
    (lambda: TabularPolicy([[1.5, -0.5]]), "table must not be negative"),
    (lambda: TabularPolicy(PI, allowed=MASK), "no probability on a forbidden action"),
    (lambda: Table(np.ones(3)), r"table must have shape \(S, A\) or \(L, S, A\), got \(3,\)"),
    (lambda: Greedy(np.full((2, 2), np.nan)), "q must be finite"),
    (lambda: Greedy(Q, allowed=np.zeros((S, A), bool)), "allowed must allow at least one"),
    (lambda: Greedy(Q, allowed=np.ones((S, A))), "allowed must be an array of True and False"),
    (lambda: Uniform(0), "n_actions must be a whole number of at least 1, got 0"),
    (lambda: EpsilonGreedy(Q, 1.5), r"epsilon must be a number in \[0, 1\], got 1.5"),
    (lambda: Softmax(Q, 0.0), "temperature must be above 0, got 0"),
    (lambda: Softmax(Q, float("nan")), "temperature must be above 0, got nan"),
    (lambda: Mixture([Uniform(2)], [0.5, 0.5]), "one entry per policy: 1 policies, 2 weights"),
    (lambda: Mixture([Uniform(2)], [0.5]), "each row of weights must sum to 1"),
    (lambda: Mixture([Greedy(STACK), Greedy(STACK[:2])], [0.5, 0.5]), "must have one size"),
    (
        lambda: Uniform(2, allowed=lambda o: np.zeros((*o.shape, 2), bool)).probs(np.zeros(3)),
        r"allowed must allow at least one action in every row; row \(0,\)",
    ),
]


NARROW = np.ones((S, A - 1), bool)
BAD += [
    (lambda: TabularPolicy(PI, allowed=NARROW), r"allowed must have shape .* = \(5, 4\)"),
    (lambda: TabularPolicy(PI, allowed=lambda o: MASK[o]), "allowed must be an array of shape"),
    (lambda: Greedy(Q, allowed=NARROW), r"allowed must have .* = \(5, 4\), got \(5, 3\)"),
    (lambda: Greedy(STACK, allowed=NARROW), r"allowed must have shape .* = \(5, 4\)"),
    (lambda: Greedy(Q, allowed=MASK[0]), r"allowed must have shape \(S, A\), got \(4,\)"),
    (lambda: Softmax(Q, 1.0, allowed=MASK[:2]), r"allowed must have shape .* got \(2, 4\)"),
    (lambda: EpsilonGreedy(Q, 0.1, allowed=MASK[:2]), r"allowed must have shape .* got \(2, 4\)"),
    (lambda: Uniform(3, allowed=MASK), r"allowed must have shape \(S, 3\), got \(5, 4\)"),
    (lambda: Table(Q)(np.array([1.0])), "obs must hold whole numbers, got dtype float64"),
    (lambda: Table(Q)(np.array([True])), "obs must hold whole numbers, got dtype bool"),
    (lambda: Table(Q)(0.5), "obs must hold whole numbers, got dtype float64"),
    (lambda: Greedy(STACK).probs(np.zeros((2, 7), int)), r"obs must have shape \(3, \.\.\.\)"),
    (lambda: Greedy(STACK).probs(0), r"obs must have shape \(3, \.\.\.\).* got \(\)"),
    *((lambda p=p: p[0], "is one policy, not a stack of several; use it without") for p in
      PLAIN.values()),
]  # fmt: skip


def test_a_learner_beyond_the_stack_gets_a_sentence_and_a_loop_ends():
    for stack in STACKS.values():
        assert len(list(stack)) == L
        with pytest.raises(IndexError, match=r"learner must lie in 0 \.\.\. 2, got 3"):
            stack[L]


def test_one_learner_keeps_what_is_allowed():
    table = np.eye(A)[[[0, 0, 1, 3, 1], [1, 0, 3, 3, 0]]]
    one = TabularPolicy(table, allowed=MASK)[1]
    np.testing.assert_array_equal(one.allowed(np.arange(S)), MASK)


@pytest.mark.parametrize(("make", "message"), BAD)
def test_bad_input_is_refused_with_name_expectation_and_finding(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_state_out_of_range_never_reads_another_learners_table():
    stack = Table(np.arange(12.0).reshape(2, 3, 2))
    with pytest.raises(ValueError, match=r"obs must lie in 0 \.\.\. 2, got 3"):
        stack(np.array([[3], [0]]))
    with pytest.raises(ValueError, match=r"obs must lie in 0 \.\.\. 2, got -1"):
        stack[0](np.array([-1]))


def test_epsilon_greedy_refuses_a_policy_that_ignores_the_mask():
    allowed = np.array([[True, False]])
    careless = TabularPolicy(np.array([[0.5, 0.5]]))
    with pytest.raises(ValueError, match="chooses a forbidden action"):
        EpsilonGreedy(careless, 0.1, allowed=allowed).probs(np.array([0]))
