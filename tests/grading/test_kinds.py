"""Kinds of questions, on questions made up for it."""

import numpy as np
import pytest

from rxcourse.grading.compare import difference
from rxcourse.grading.question import Case, Function, Numeric, Value, Wrong, sampling_tol

COMMON = {"id": "99.q1", "title": "t", "rung": "by hand", "minutes": 1, "objective": 1,
          "section": "s"}  # fmt: skip


def pair(**more):
    """Two numbers, 1 and 100, of which the first must be met more exactly."""
    return Value(**COMMON, name="two", value=lambda: (1.0, 100.0), **more)


def test_a_row_of_tolerances_is_absolute_and_one_for_each_number():
    assert difference((1.09, 109.0), (1.0, 100.0), tol=(0.1, 10.0)) == ""
    assert "number 1" in difference((1.11, 100.0), (1.0, 100.0), tol=(0.1, 10.0))
    assert "number 2" in difference((1.0, 110.1), (1.0, 100.0), tol=(0.1, 10.0))
    # A single one counts absolutely and as a share: 0.1 + 0.1 * 100 = 10.1.
    assert difference((1.0, 110.05), (1.0, 100.0), tol=0.1) == ""


@pytest.mark.parametrize("tol", [(0.1, 10.0), np.array([0.1, 10.0]), lambda: (0.1, 10.0)])
def test_a_question_takes_a_row_of_tolerances(tol):
    question = pair(tol=tol, wrong=[
        Wrong("order", (100.0, 1.0), "The order."), Wrong("one only", 1.0, "One only."),
        Wrong("three", (1.0, 1.0, 1.0), "Three."),
    ])  # fmt: skip
    assert question.judge([1.05, 95.0]) == ("passed", "")
    assert question.judge((100.05, 9.0)) == ("not yet", "The order.")
    assert question.judge(1.0) == ("not yet", "One only.")
    assert question.judge((1.0, 1.0, 1.0)) == ("not yet", "Three.")
    assert question.judge((1.2, 95.0)) == ("not yet", "In value number 1, 1.2 is not it.")
    assert question.close((1.2, 100.0), times=3) and not question.close((1.4, 100.0), times=3)


def test_a_wrong_answer_may_say_how_it_is_known():
    question = pair(wrong=[
        Wrong("negative", (-1.0, 100.0), "Below 0.", lambda x: bool((x < 0).any()))
    ])  # fmt: skip
    for answer in ((-1.0, 100.0), [1.0, -7.0], np.array([[-3.0], [2.0]])):
        assert question.judge(answer) == ("not yet", "Below 0.")
    for answer in ((1.0, 99.0), (-1.0,), -1.0, "-1", [None, -1.0], (-1.0, float("nan"))):
        state, message = question.judge(answer)
        assert state == "not yet" and message != "Below 0."


def test_a_wrong_function_may_be_known_by_its_results():
    question = Function(
        **COMMON, name="f", cases=lambda rng: [Case("1", (1,)), Case("2", (2,))],
        expected=lambda x: x, wrong=[
            Wrong("twice", lambda x: 2 * x, "Twice."),
            Wrong("too much", lambda x: x + 1, "Too much.",
                  lambda results: all(y > x for y, x in zip(results, (1, 2), strict=True))),
        ],
    )  # fmt: skip
    assert question.judge(lambda x: x) == ("passed", "")
    assert question.judge(lambda x: 2 * x) == ("not yet", "Twice.")  # the first that fits
    assert question.judge(lambda x: x + 0.5) == ("not yet", "Too much.")
    assert "cases are right" in question.judge(lambda x: x + (x > 1))[1]


def test_an_answer_that_can_be_read_once_is_compared_with_every_wrong_one():
    question = pair(wrong=[Wrong("a", (1.0, 1.0), "A."), Wrong("b", (2.0, 2.0), "B.")])
    assert question.judge(x for x in (2.0, 2.0)) == ("not yet", "B.")
    assert question.judge(x for x in (1.0, 100.0)) == ("passed", "")
    endless = iter(lambda: 1.0, None)
    assert question.judge(endless)[1] == "2 values were expected, got 3."


def test_five_standard_errors_of_a_difference():
    """The variance of a difference of independent means is the sum of their variances."""
    spread = np.array([0.5, 2.0])
    variances = spread**2 / 200 + spread**2 / 400
    assert np.allclose(sampling_tol(spread, 200, 400), 5 * variances**0.5)


def test_a_quiz_item_is_called_by_its_number():
    item = Numeric(id="99.z3", title="t", objective=1, section="s", text="x", reason="y",
                   value=lambda: 1.0)  # fmt: skip
    assert item.name == "z3"
    assert pair().name == "two"
