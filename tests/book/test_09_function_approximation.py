"""The equations and the worked boxes of chapter 9, each by another route than the package takes."""

import numpy as np
import pytest

from rxcourse.agents.features import Lookup, RadialBasis, Tiles
from rxcourse.agents.linear_learners import LinearQ
from rxcourse.agents.linear_prediction import linear_td
from rxcourse.agents.planning import value_iteration
from rxcourse.agents.projection import td_fixed_point, td_system, visit_share
from rxcourse.mdp import TabularMDP, policy_value
from rxcourse.policy import Uniform
from rxcourse.simulators.fatigue_line import fatigue, fatigue_line
from rxcourse.simulators.tabular import TabularVectorEnv


def two_states(x, x_next, reward, gamma):
    """A state that leads to another one, which stays; and their features."""
    P = np.array([[[0.0, 1.0]], [[0.0, 1.0]]])
    none = np.zeros(2, bool)
    mdp = TabularMDP(P, np.array([[reward], [0.0]]), np.array([1.0, 0.0]), none, gamma)
    return mdp, Lookup(np.array([x, x_next]))


def stepped(w, x, x_next, reward, *, gamma=0.9, alpha=0.1):
    """One step of the package."""
    mdp, features = two_states(x, x_next, reward, gamma)
    run = linear_td(TabularVectorEnv(mdp, 1), Uniform(1), features, n_learners=1, n_steps=1,
                    gamma=gamma, alpha=alpha, w0=np.array(w),
                    rng=np.random.default_rng(0))  # fmt: skip
    return run.data["w"][0]


def test_worked_box_of_one_step():
    w = stepped([2.0, -1.0], [1, 0.5], [1, 0.8], 1.0)
    np.testing.assert_allclose(w, [2.058, -0.971])
    assert w @ [1, 0.5] == pytest.approx(1.5725)
    assert w @ [1, 0.8] == pytest.approx(1.2812)


def test_worked_box_of_two_states_with_one_weight():
    first = stepped([10.0], [1], [2], 0.0)
    assert first[0] == pytest.approx(10.8)
    assert stepped(first, [1], [2], 0.0)[0] == pytest.approx(11.664)
    # Leaving the second state for the end, without reward: w falls by 0.4 w.
    mdp = TabularMDP(np.array([[[0.0, 1.0]], [[0.0, 1.0]]]), np.zeros(2), np.eye(2)[0],
                     np.array([False, True]), 0.9)  # fmt: skip
    run = linear_td(TabularVectorEnv(mdp, 1), Uniform(1), Lookup(np.array([[2.0], [5.0]])),
                    n_learners=1, n_steps=1, gamma=0.9, alpha=0.1, w0=np.array([10.0]),
                    rng=np.random.default_rng(0))  # fmt: skip
    assert run.data["w"][0, 0] == pytest.approx(10 - 0.4 * 10)


@pytest.mark.equation("eq-linear-value")
@pytest.mark.parametrize("features", [Tiles([0, 0], [1, 2], tiles=3, tilings=4),
                                      RadialBasis([0, 0], [1, 2], centers=4)])  # fmt: skip
def test_a_value_is_a_weighted_sum(features):
    rng = np.random.default_rng(1)
    w, obs = rng.normal(size=(2, 5, features.n)), rng.random((2, 7, 2))
    values = LinearQ(w, features)(obs)
    for learner in range(2):
        for person in range(7):
            for action in range(5):
                x = features(obs[learner, person])
                total = sum(a * b for a, b in zip(w[learner, action], x, strict=True))
                assert values[learner, person, action] == pytest.approx(total)


def test_the_spectral_radius_of_the_two_states_is_the_factor():
    mdp, features = two_states([1], [2], 0.0, 0.9)
    A, b = td_system(mdp, np.ones((2, 1)), features.table, np.array([1.0, 0.0]))
    assert b == 0 and 1 - 0.1 * A[0, 0] == pytest.approx(1.08)


def test_on_policy_every_error_is_pushed_back(random_mdp):
    """The derivation's bound: w A w is at least (1 - gamma) times the mean of (X w) squared."""
    for seed in range(5):
        mdp, rng = random_mdp(seed), np.random.default_rng(seed)
        pi, X = rng.dirichlet(np.ones(3), size=6), rng.normal(size=(6, 4))
        share = visit_share(mdp, pi)
        A, _ = td_system(mdp, pi, X, share)
        for w in rng.normal(size=(50, 4)):
            assert w @ A @ w >= (1 - mdp.gamma) * share @ (X @ w) ** 2 - 1e-12


def test_what_the_chapter_says_of_bins():
    mdp, f = fatigue_line(), fatigue()[:, 0]
    best = value_iteration(mdp)
    plan = best.pi.argmax(axis=1)
    assert f[plan == 2].max() == pytest.approx(0.22) and f[plan >= 1].max() == pytest.approx(0.56)
    # The best plan of two bins, by hand: a hard session below a half would hurt, a light one not.
    lost = mdp.d0 @ (best.v - policy_value(mdp, np.eye(3)[np.where(f < 0.5, 1, 0)]))
    assert lost == pytest.approx(0.072, abs=5e-4)
    third = np.minimum((3 * f).astype(int), 2)
    plans = {(a, b, c): mdp.d0 @ (best.v - policy_value(mdp, np.eye(3)[np.array([a, b, c])[third]]))
             for a in range(3) for b in range(3) for c in range(3)}  # fmt: skip
    assert min(plans.values()) == pytest.approx(0.317, abs=5e-4)


def test_a_step_size_above_two_over_the_size_of_a_row_overshoots():
    x = [1.0] * 8
    for alpha, grows in ((0.5, True), (0.26, True), (0.24, False), (0.125, False)):
        w = np.full(8, 0.5)
        for _ in range(3):  # no future: the error of the state itself, 4 at the start
            w = stepped(w, x, [0.0] * 8, 0.0, gamma=0.0, alpha=alpha)
        assert (abs(w @ x) > 4) == grows
    assert abs(1 - 0.5 * 8) == 3


def test_the_fixed_point_of_the_line_is_near_the_truth():
    mdp, f = fatigue_line(), fatigue()
    pi = np.eye(3)[np.where(f[:, 0] < 0.3, 2, np.where(f[:, 0] < 0.6, 1, 0))]
    X, share = Tiles([0], [1], tiles=5, tilings=8)(f), visit_share(mdp, pi)
    w = td_fixed_point(mdp, pi, X, share)
    error = np.sqrt(share @ (X @ w - policy_value(mdp, pi)) ** 2)
    assert error == pytest.approx(0.014, abs=5e-4)
