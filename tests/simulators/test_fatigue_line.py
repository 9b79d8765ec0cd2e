"""The line of fatigue: its chances, its rewards, and where its best plan changes."""

import numpy as np
import pytest

from rxcourse.agents.planning import value_iteration
from rxcourse.mdp import policy_value
from rxcourse.simulators.fatigue_line import (
    DOSE,
    GAIN,
    KEPT,
    LIMIT,
    SETBACK,
    SPREAD,
    fatigue,
    fatigue_line,
)


def test_the_next_fatigue_is_normal_around_what_is_left_and_what_was_added():
    mdp, f = fatigue_line(), fatigue()[:, 0]
    mean = mdp.P @ f
    for s, a in ((20, 0), (40, 0), (40, 1), (30, 2), (50, 2)):  # far from both walls
        assert mean[s, a] == pytest.approx(KEPT * f[s] + DOSE[a], abs=2e-3)
        spread = np.sqrt(mdp.P[s, a] @ f**2 - mean[s, a] ** 2)
        assert spread == pytest.approx(SPREAD, abs=2e-3)


def test_a_session_is_worth_less_when_tired_and_hurts_beyond_the_limit():
    mdp, f = fatigue_line(), fatigue()[:, 0]
    np.testing.assert_array_equal(mdp.R[:, 0], 0)
    np.testing.assert_allclose(mdp.R[0], GAIN, atol=1e-6)
    for a in (1, 2):
        at_limit = np.interp(LIMIT - DOSE[a], f, mdp.R[:, a])
        expected = GAIN[a] * (1 - LIMIT + DOSE[a]) - SETBACK / 2
        assert at_limit == pytest.approx(expected, abs=0.01)


def test_the_best_plan_has_two_borders_and_finer_lines_agree():
    borders = []
    for n in (101, 201):
        best, f = value_iteration(fatigue_line(n)), fatigue(n)[:, 0]
        plan = best.pi.argmax(axis=1)
        assert (np.diff(plan) <= 0).all() and set(plan) == {0, 1, 2}
        borders.append([f[plan == 2].max(), f[plan >= 1].max()])
    np.testing.assert_allclose(*borders, atol=0.011)


def test_values_on_finer_lines_agree():
    v = [
        policy_value(fatigue_line(n), np.full((n, 3), 1 / 3))[::k] for n, k in ((101, 1), (201, 2))
    ]
    np.testing.assert_allclose(*v, atol=0.03)


def test_too_few_points_are_refused():
    with pytest.raises(ValueError, match="at least 11"):
        fatigue_line(5)
