"""The safety rules of WeeklyRoutine, one by one, and that no policy gets round them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rxcourse.policy import Uniform, sample_action
from rxcourse.safety.shield import Shield
from rxcourse.simulators.weekly import WeeklyRoutineFactoredVectorEnv, WeeklyRoutineVectorEnv
from rxcourse.simulators.weekly_baselines import NAMES, template
from rxcourse.simulators.weekly_safety import Rules, rules

ENVS = WeeklyRoutineVectorEnv(1)
MASK, SAFER = rules(ENVS)


def report(**seen):
    """An observation in mid-year after a week of 3x8 @ 75 %, but for what is named."""
    obs = np.zeros(len(ENVS.columns), np.float32)
    usual = {"week": 26 / 52, "enrolled": 1, "trained": 1, "sets": 3 / 5, "load": 0.75}
    for name, value in {**usual, **{k.replace("_", " "): v for k, v in seen.items()}}.items():
        obs[ENVS.columns.index(name)] = value
    return obs


def allows(name, **seen):
    return bool(MASK(report(**seen))[NAMES.index(name)])


def test_an_ordinary_week_allows_all_but_what_is_never_allowed():
    forbidden = {NAMES[a] for a in np.flatnonzero(~MASK(report()))}
    assert forbidden == {"5x5 @ 82%"}, "longer than 90 minutes"


@pytest.mark.parametrize(
    ("name", "seen", "rule"),
    [
        ("3x8 @ 75%", {"pain_push": 0.5}, 1),
        ("2x12 @ 65%", {"pain_push": 0.6}, 1),
        ("4x8 @ 75%", {"pain_legs": 0.3}, 1),
        ("3x5 @ 82%", {"pain_legs": 0.3}, 1),
        ("4x12 @ 65%", {"week": 1 / 52}, 4),
        ("3x5 @ 82%", {"week": 1 / 52}, 4),
        ("3x10, 5% more", {"idle": 0.75}, 4),
        ("4x8 @ 75%", {"sore_pull": 0.7}, 6),
        ("3x10, 5% more", {"sore_pull": 0.9}, 6),
        ("4x3 @ 88%", {"week": 3 / 52}, 7),
    ],
)
def test_each_rule_forbids_what_it_says(name, seen, rule):
    assert allows(name), "it is the report that forbids"
    assert not allows(name, **seen), f"rule {rule}"


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("spare pushing, else 3x10 @ 70%", {"pain_push": 0.9}),
        ("reduced load 2x8 @ 55%", {"pain_push": 0.9}),
        ("3x8 @ 75%", {"pain_legs": 0.3}),  # as last week
        ("3x8 @ 75%", {"pain_legs": 0.29, "sore_legs": 0.69}),
        ("3x8 @ 75%", {"week": 0.0, "sets": 0.0, "load": 0.0}),
        ("4x3 @ 88%", {"week": 4 / 52}),
        ("3x12 @ 65%", {"idle": 2.0}),
        ("rest", {"pain_legs": 1, "pain_push": 1, "pain_pull": 1, "sore_legs": 1, "week": 0}),
    ],
)
def test_each_rule_forbids_no_more_than_that(name, seen):
    assert allows(name, **seen)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31 - 1))
def test_no_policy_gets_a_forbidden_routine_through(seed):
    """A random policy, behind the shield, for weeks of any people."""
    shielded_weeks(WeeklyRoutineVectorEnv(20, weeks=6), seed)


def test_nor_one_of_720_factored_choices():
    shielded_weeks(WeeklyRoutineFactoredVectorEnv(50, weeks=3), 0)


def shielded_weeks(envs, seed):
    mask, safer = rules(envs)
    shield = Shield(Uniform(int(envs.single_action_space.n), obs_ndim=1), mask, safer)
    obs, _ = envs.reset(seed=seed)
    rng = np.random.default_rng(seed)
    for _ in range(envs.weeks):
        action, _ = sample_action(shield, obs, rng=rng)
        assert mask(obs)[np.arange(envs.num_envs), action].all()
        obs = envs.move(action)[0]


def test_fallbacks_are_less_work_nearest_first_and_end_in_rest():
    heavy = [NAMES[a] for a in SAFER[NAMES.index("4x8 @ 75%")]]
    assert heavy[0] == "4x12 @ 65%" and heavy[-1] == "rest"
    assert SAFER[NAMES.index("rest")] == ()
    shield = Shield(template("4x8 @ 75%"), MASK, SAFER)
    probs = shield.probs(report(pain_push=0.8))
    assert NAMES[int(probs.argmax())] == "spare pushing, else 3x10 @ 70%"
    assert shield.overridden(report()) == 0


def test_rules_need_questions_about_pain():
    with pytest.raises(ValueError, match="ask about pain"):
        Rules(WeeklyRoutineVectorEnv(1, blocks=()))


def test_the_length_of_a_session_is_that_of_the_simulator():
    """With a warm-up of half an hour more routines are longer than 90 minutes."""
    envs = WeeklyRoutineVectorEnv(1, overrides={"warmup": 30.0})
    assert Rules(envs).never.sum() > MASK.never.sum()
