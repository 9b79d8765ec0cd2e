"""What chapter 7 states, by another route than the chapter takes."""

import numpy as np
import pytest

from rxcourse.mdp import policy_value
from rxcourse.simulators.pushup_table import pushup_table


@pytest.mark.equation("eq-pushup-regret")
def test_regret_is_zero_at_the_optimum_and_one_at_random():
    """By simulation of the table's expectations instead of a linear solve."""
    mdp = pushup_table()

    def value(pi, n_slots=400):
        state, total = mdp.d0.copy(), 0.0
        for t in range(n_slots):
            together = state[:, None] * pi
            total += mdp.gamma**t * (together * mdp.R).sum()
            state = np.einsum("sa,sat->t", together, mdp.P)
        return total

    best, random = np.eye(4)[[0, 3, 2, 3, 2, 3]], np.full((6, 4), 0.25)
    coach = np.eye(4)[[0, 1, 1, 3, 2, 3]]
    regret = lambda v: (value(best) - v) / (value(best) - value(random))  # noqa: E731
    assert regret(value(best)) == 0 and regret(value(random)) == 1
    assert regret(value(coach)) == pytest.approx(0.119, abs=0.001)
    exact = policy_value(mdp, np.stack([best, random, coach])) @ mdp.d0
    assert [value(pi) for pi in (best, random, coach)] == pytest.approx(exact, abs=1e-9)


def test_the_worked_box():
    good, bad = (0.20 + 0.1 * (reward + 0.9 * 0.50 - 0.20) for reward in (1, -1))
    assert (good, bad) == pytest.approx((0.325, 0.125))
