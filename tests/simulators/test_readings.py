"""The person behind twelve readings: its table, its errors, and how learners are judged."""

import numpy as np
import pytest

from rxcourse.agents.planning import value_iteration
from rxcourse.mdp import policy_value
from rxcourse.policy import TabularPolicy, Uniform
from rxcourse.rollout import rollout
from rxcourse.simulators.readings import (
    CONDITIONS,
    GAIN,
    LOSS,
    STOP,
    ReadingsVectorEnv,
    copies,
    judge,
    mean_readings,
    readings_model,
)


def start(strength, fatigue):
    return strength * 5 + fatigue


def test_the_chances_of_one_row_by_hand():
    """Moderate (dose 2) at strength 2 and fatigue 1: fatigue 2 or 1, strength up or the same."""
    row = readings_model().P[start(2, 1), 2]
    up = GAIN[2] * (1 - 1 / 5)
    for tired in (1, 2):
        stays = 1 - STOP[tired]
        assert row[start(3, tired)] == pytest.approx(up / 2 * stays)
        assert row[start(2, tired)] == pytest.approx((1 - up) / 2 * stays)
        assert row[start(3, tired) + CONDITIONS] == pytest.approx(up / 2 * STOP[tired])
    assert row.sum() == pytest.approx(1) and (row > 0).sum() == 8
    rest = readings_model().P[start(0, 0), 0]  # nothing to lose, nothing to recover
    assert rest[start(0, 0)] == pytest.approx(1 - STOP[0])
    assert readings_model().P[start(3, 4), 0, start(2, 3)] == pytest.approx(
        LOSS[0] / 2 * (1 - STOP[3])
    )


def test_rewards_are_strength_and_nothing_after_a_stop():
    mdp = readings_model()
    assert mdp.R[start(5, 2)] == 1 and mdp.R[start(2, 4)] == pytest.approx(0.4)
    assert (mdp.R[CONDITIONS:] == 0).all() and mdp.terminal.tolist() == [False] * 30 + [True] * 30


def test_the_best_plan_depends_on_the_condition_and_beats_every_constant():
    mdp = readings_model()
    best = value_iteration(mdp)
    assert len(set(best.pi[:CONDITIONS].argmax(axis=1))) == 3
    constant = [policy_value(mdp, np.eye(4)[np.full(60, a)]) @ mdp.d0 for a in range(4)]
    assert best.v @ mdp.d0 > 1.15 * max(constant)


def test_the_walks_are_those_of_the_table():
    """The mean return of many people is the value of the table, within 4 standard errors."""
    envs = ReadingsVectorEnv(5_000, horizon=150)
    data = rollout(envs, Uniform(4, obs_ndim=1), rng=np.random.default_rng(0))
    returns = data.returns(0.95)
    exact = policy_value(readings_model(), np.full((60, 4), 0.25)) @ readings_model().d0
    assert abs(returns.mean() - exact) <= 4 * returns.std() / np.sqrt(len(returns))
    assert data.terminated.any() and data.obs.shape[1] == 12


def test_the_readings_are_the_means_with_errors_and_those_of_a_stopped_person_too():
    envs = ReadingsVectorEnv(5_000, noise=0.2)
    obs, _ = envs.reset(seed=1)
    errors = obs - mean_readings()[envs.state]
    assert abs(errors.std() - 0.2) <= 4 * 0.2 / np.sqrt(2 * errors.size)
    assert abs(errors.mean()) <= 4 * 0.2 / np.sqrt(errors.size)
    assert (mean_readings()[:CONDITIONS] == mean_readings()[CONDITIONS:]).all()


def test_the_same_luck_whatever_is_done():
    seen = []
    for first in (0, 3):
        envs = ReadingsVectorEnv(2)
        envs.reset(seed=3)
        obs = envs.step(np.array([1, first]))[0]
        seen.append((obs[0], envs.step(np.array([1, 1]))[1][0]))
    assert (seen[0][0] == seen[1][0]).all() and seen[0][1] == seen[1][1]


class Known:
    """A stack whose values are the exact ones of the nearest condition."""

    n_learners = 2

    def __init__(self, table):
        self.table = table

    def __call__(self, obs):
        far = ((obs[..., None, :] - mean_readings()[:CONDITIONS]) ** 2).sum(axis=-1)
        return self.table[far.argmin(axis=-1)]


def test_a_learner_that_knows_all_is_judged_to_be_at_the_optimum():
    """And the readings hide nearly nothing: less than a thousandth of the value is lost."""
    mdp = readings_model()
    best = value_iteration(mdp)
    exact = best.v @ mdp.d0
    q = (mdp.P * (mdp.R + 0.95 * ~mdp.terminal * best.v)).sum(axis=-1)
    shown = copies(50, rng=np.random.default_rng(2))
    found = judge(Known(q), shown)
    assert found["worth"] == pytest.approx([exact] * 2, rel=1e-3)
    assert found["claimed"] == pytest.approx([exact] * 2, rel=5e-3)
    assert (found["worth"] <= exact + 1e-6).all()


def test_what_is_judged_is_what_happens_to_people():
    """The exact value of a plan that acts by readings, against walking with it."""
    plan = value_iteration(readings_model()).pi[:CONDITIONS]
    blurred = lambda obs: Known(plan)(obs)  # noqa: E731
    policy = TabularPolicy(plan)
    policy.probs = blurred
    data = rollout(ReadingsVectorEnv(4_000, horizon=150, noise=0.5), policy,
                   rng=np.random.default_rng(4))  # fmt: skip
    worth = judge(Known(plan), copies(500, noise=0.5, rng=np.random.default_rng(5)))["worth"][0]
    returns = data.returns(0.95)
    assert abs(returns.mean() - worth) <= 4 * returns.std() / np.sqrt(len(returns)) + 0.02


@pytest.mark.parametrize(
    ("call", "message"),
    [(lambda: ReadingsVectorEnv(3, noise=-1), "noise must not be negative, got -1"),
     (lambda: ReadingsVectorEnv(3, reward_sd=-1), "reward_sd must not be negative, got -1"),
     (lambda: copies(0, rng=np.random.default_rng(0)), "n must be a whole number")],
)  # fmt: skip
def test_bad_input_gets_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
