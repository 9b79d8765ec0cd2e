"""The worked boxes and the claims of chapter 5, by other routes than the chapter takes."""

import numpy as np
import pytest

from rxcourse.agents.batch_prediction import batch_td, returns_to_go
from rxcourse.agents.monte_carlo import monte_carlo
from rxcourse.agents.td import n_step_td, td_prediction
from rxcourse.data import Dataset
from rxcourse.mdp import policy_value
from rxcourse.rollout import rollout
from rxcourse.simulators.pushup import COACH, PushUpVectorEnv
from rxcourse.simulators.pushup_table import PushUpTableVectorEnv, pushup_table

HARD_HIGH, GAMMA, ALPHA = 5, 0.9, 0.1
EXACT = policy_value(pushup_table(), COACH.table)


def learn(method, v0, n_episodes, seed=11, **settings):
    """Values of Hard/High of 400 learners, with other logs than the chapter's."""
    return method(PushUpTableVectorEnv(400, horizon=40), COACH, n_learners=400, gamma=GAMMA,
                  n_episodes=n_episodes, alpha=ALPHA, v0=v0, rng=np.random.default_rng(seed),
                  **settings).v[:, HARD_HIGH]  # fmt: skip


def test_worked_box_of_both_updates():
    """The returns from the package, the moves by the formulas."""
    hard_high, hard_low, medium_low = 5, 4, 2
    course = Dataset(
        obs=np.array([hard_high, hard_low, medium_low]), action=np.zeros(3, int),
        reward=np.array([0.0, 1.0, 1.0]), next_obs=np.array([hard_low, medium_low, medium_low]),
        terminated=np.array([False, False, True]), truncated=np.zeros(3, bool),
        propensity=np.full(3, np.nan), episode=np.zeros(3, int), t=np.arange(3),
        person=np.zeros(3, int), n_actions=4,
    )  # fmt: skip
    moved = 0.5 + ALPHA * (returns_to_go(course, GAMMA) - 0.5)
    np.testing.assert_allclose(moved, [0.621, 0.64, 0.55])
    ahead = np.array([0.5, 0.5, 0.0])
    td = 0.5 + ALPHA * (course.reward + GAMMA * ahead - 0.5)
    np.testing.assert_allclose(td, [0.495, 0.595, 0.55])


def test_td_sees_a_tenth_of_an_error_that_all_states_share():
    """The box on slow forgetting: the mean TD error from the table itself."""
    mdp, pi = pushup_table(), COACH.table
    P = np.einsum("sa,sat->st", pi, mdp.P)
    R = (pi * mdp.R).sum(axis=1)
    wrong = EXACT - 0.7
    td_surprise = R + GAMMA * P @ wrong - wrong
    np.testing.assert_allclose(td_surprise, 0.07, atol=1e-9)
    np.testing.assert_allclose(EXACT - wrong, 0.7)


def test_the_bias_is_the_start_and_larger_for_td():
    for start, sign in ((0.0, -1), (2.0, 1)):
        mc, td = (learn(m, start, 10).mean() - EXACT[HARD_HIGH]
                  for m in (monte_carlo, td_prediction))  # fmt: skip
        assert sign * mc > 0.2
        assert sign * (td - mc) > 0.03
    # Started at the truth, neither is off on average: four standard errors, and TD is quieter.
    mc, td = (learn(m, EXACT, 10) for m in (monte_carlo, td_prediction))
    for v in (mc, td):
        assert abs(v.mean() - EXACT[HARD_HIGH]) < 4 * v.std() / 20
    assert td.std() < 0.8 * mc.std()


def test_every_visit_with_a_constant_step_weighs_the_last_visits_most():
    """The bias of n = 40, from the returns of whole courses, without any learner."""
    data = rollout(PushUpTableVectorEnv(8_000, horizon=120), COACH, rng=np.random.default_rng(3))
    shape = 8_000, 120
    here = (data.obs.reshape(shape) == HARD_HIGH)[:, :40]
    G = returns_to_go(data, GAMMA).reshape(shape)[:, :40]
    later = here[:, ::-1].cumsum(axis=1)[:, ::-1] - here
    weight = np.where(here, ALPHA * (1 - ALPHA) ** later, 0.0)
    predicted = (weight * G).sum() / weight.sum() - EXACT[HARD_HIGH]
    found = learn(n_step_td, EXACT, 30, n=40).mean() - EXACT[HARD_HIGH]
    assert predicted > 0.03
    # 400 learners with a spread of 0.13: a standard error of 0.0065, and as much for the other.
    assert found == pytest.approx(predicted, abs=0.03)
    first = here & (here.cumsum(axis=1) == 1)
    assert abs(G[first].mean() - EXACT[HARD_HIGH]) < 0.06


def test_on_people_td_depends_on_how_long_we_looked():
    """Truncations are read correctly; the states are too coarse."""

    def td(horizon):
        people = rollout(PushUpVectorEnv(1_500, horizon=horizon), COACH,
                         rng=np.random.default_rng(4))  # fmt: skip
        return batch_td(people, n_states=6, gamma=GAMMA).v[0, HARD_HIGH]

    assert td(10) < -0.4 < 0.6 < td(100)


def test_step_rules_meet_the_two_conditions_or_do_not():
    n = np.arange(1, 2_000_001)
    for steps, square_sum in ((1 / n, np.pi**2 / 6), (20 / (20 + n), 20.0)):
        assert steps[1_000_000:].sum() > 0.6  # doubling n adds at least ln 2 times a constant
        assert (steps**2).sum() < square_sum
