"""WeeklyRoutine against published figures: what passes passes, what misses is known to miss."""

import numpy as np
import pytest

from rxcourse.simulators.weekly_plan import TEMPLATES
from rxcourse.simulators.weekly_validation import Course, validation_table

KNOWN_MISSES = {
    "9 share that gains 5 % or less",  # every novice here gains: the spread is too narrow below
    "12 spread of gain over 1, 2, 3 days, 6 sets a week",  # six sets in one session cost more
    "16 shown strength after a light week that follows overload",  # the overload tires too much
    "19 second bout after 9 wk, share",  # protection fades a little too fast
}


@pytest.fixture(scope="module")
def table():
    return validation_table(rng=np.random.default_rng(0), n_people=600)


def test_rows_that_chose_parameters_all_pass(table):
    used = table[table["use"] == "K"]
    assert len(used) >= 12 and (used["verdict"] == "pass").all(), used.to_string()


def test_rows_held_out_miss_where_they_are_known_to_miss(table):
    held = table[table["use"] == "V"]
    assert len(held) >= 20
    assert set(held.loc[held["verdict"] == "miss", "target"]) == KNOWN_MISSES


def test_every_row_says_where_its_figure_comes_from(table):
    assert (table["published"].str.len() > 10).all() and table["target"].is_unique
    assert set(table["use"]) == {"K", "V"}


def test_a_course_gains_what_its_people_gain():
    """Twelve weeks, by the mean of the lifts, and nobody leaves without dropout."""
    course = Course([TEMPLATES["3x8 @ 75%"]] * 12, 200, 0)
    assert course.gain.shape == (12, 200) and course.enrolled.all()
    assert (np.diff(course.gain.mean(axis=1)) > 0).all()
    assert (course.shown <= 1 + course.gain + 1e-6).all(), "tired muscles show less"
