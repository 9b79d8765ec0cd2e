"""What learners return, and when their curve is recorded."""

import numpy as np
import pandas as pd
import pytest

from rxcourse.run import CurveLog, Run


def test_a_record_every_so_many_steps_and_the_stack_made_only_then():
    made = []
    curve = CurveLog(lambda policy: {"x": np.array([policy, -policy])}, 10, 2)
    for step in (0, 4, 8, 12, 16, 20, 24, 41):
        curve(step, lambda step=step: made.append(step) or step)
    assert made == [0, 12, 20, 41]
    frame = curve.frame()
    assert list(frame) == ["learner", "step", "x"]
    assert frame.step.tolist() == [0, 0, 12, 12, 20, 20, 41, 41]
    assert frame.learner.tolist() == [0, 1] * 4
    assert frame.x.tolist() == [0, 0, 12, -12, 20, -20, 41, -41]


def test_no_log_no_records_but_still_a_frame():
    curve = CurveLog(None, None, 3)
    curve(0, lambda: pytest.fail("the stack was made for nobody"))
    assert list(curve.frame()) == ["learner", "step"] and len(curve.frame()) == 0


def test_bad_logs_get_a_sentence():
    with pytest.raises(ValueError, match="log_every must be given with log"):
        CurveLog(lambda p: {}, None, 2)
    with pytest.raises(ValueError, match="log_every must be a whole number of at least 1, got 0"):
        CurveLog(lambda p: {}, 0, 2)
    for wrong in (np.zeros(3), 0.0, np.zeros((2, 1))):
        curve = CurveLog(lambda p, wrong=wrong: {"regret": wrong}, 1, 2)
        with pytest.raises(ValueError, match=r"columns of shape \(2,\), regret has shape"):
            curve(0, lambda: None)


def test_a_log_that_is_none_or_returns_none_gets_a_sentence():
    with pytest.raises(ValueError, match="log must be a function, got 3"):
        CurveLog(3, 10, 2)
    with pytest.raises(ValueError, match="log must be given with log_every, got log_every = 10"):
        CurveLog(None, 10, 2)
    for wrong in (None, [1, 2], np.zeros(2)):
        with pytest.raises(ValueError, match=r"log must return a dict of columns, .*\(2,\), got"):
            CurveLog(lambda p, wrong=wrong: wrong, 1, 2)(0, lambda: None)
    for name in ("step", "learner"):
        with pytest.raises(ValueError, match=f'log must not return a column named "{name}"'):
            CurveLog(lambda p, name=name: {name: np.zeros(2)}, 1, 2)(0, lambda: None)


def test_a_run_cannot_be_changed():
    run = Run(None, pd.DataFrame())
    assert run.q is None and run.v is None and run.data == {}
    with pytest.raises(AttributeError):
        run.q = 1
