"""Every check lets the right thing through unchanged and refuses the wrong one in a sentence."""

import numpy as np
import pytest

from rxcourse import validate

GOOD = [
    (validate.finite("x", [1, 2], ndim=1), np.array([1.0, 2.0])),
    (validate.finite("x", np.array([[True]]), ndim=(1, 2)), np.array([[1.0]])),
    (validate.probability_rows("x", [[0.5, 0.5], [1, 0]]), np.array([[0.5, 0.5], [1, 0]])),
    (validate.fraction("x", 0), 0.0),
    (validate.fraction("x", np.float32(1)), 1.0),
    (validate.positive_int("x", np.int64(3)), 3),
    (validate.boolean("x", [True, False], (2,)), np.array([True, False])),
    (validate.allowed_rows("x", [[True, False]], (1, 2)), np.array([[True, False]])),
    (validate.indices("x", [0, 3], 4), np.array([0, 3])),
    (validate.indices("x", np.array([], int), 4), np.array([], int)),
]


@pytest.mark.parametrize(("got", "expected"), GOOD)
def test_what_is_right_passes_unchanged(got, expected):
    np.testing.assert_array_equal(got, expected)
    assert np.asarray(got).dtype == np.asarray(expected).dtype


def test_rounding_in_rows_is_no_mistake_but_more_is():
    almost = np.full(3, 1 / 3) + 1e-9 / 3
    validate.probability_rows("x", almost)
    with pytest.raises(ValueError, match=r"each row of x must sum to 1, row .* to 1.0000003"):
        validate.probability_rows("x", almost + 1e-7)


BAD = [
    (lambda: validate.finite("dose", ["a"]), "dose must hold numbers, got dtype <U1"),
    (lambda: validate.finite("dose", [1], ndim=2), r"dose must have 2 dimension\(s\), got shape"),
    (lambda: validate.finite("dose", [0, np.nan]), r"dose must be finite, got nan at index \(1,\)"),
    (lambda: validate.finite("dose", [np.inf]), r"dose must be finite, got inf at index \(0,\)"),
    (lambda: validate.probability_rows("p", [1.5, -0.5]), r"p must not be negative, got -0.5"),
    (lambda: validate.probability_rows("p", [[1, 0], [0.5, 0.4]]), r"row \(1,\) sums to 0.9"),
    (lambda: validate.fraction("gamma", 1.01), r"gamma must be a number in \[0, 1\], got 1.01"),
    (lambda: validate.fraction("gamma", None), r"gamma must be a number in \[0, 1\], got None"),
    (lambda: validate.fraction("gamma", "0.9"), r"gamma must be a number in \[0, 1\], got '0.9'"),
    (lambda: validate.fraction("gamma", np.ones(2)), r"gamma must be a number in \[0, 1\]"),
    (lambda: validate.positive_int("n", 0), "n must be a whole number of at least 1, got 0"),
    (lambda: validate.positive_int("n", 2.0), "n must be a whole number of at least 1, got 2.0"),
    (lambda: validate.positive_int("n", True), "n must be a whole number of at least 1, got True"),
    (lambda: validate.boolean("end", [0, 1], (2,)), "end must be an array of True and False, got"),
    (lambda: validate.boolean("end", [True], (2,)), r"end must have shape \(2,\), got \(1,\)"),
    (
        lambda: validate.allowed_rows("m", [[True, True], [False, False]], (2, 2)),
        r"m must allow at least one action in every row; row \(1,\) allows none",
    ),
    (lambda: validate.indices("action", [0, 4], 4), r"action must lie in 0 \.\.\. 3, got 4"),
    (lambda: validate.indices("action", [-1], 4), r"action must lie in 0 \.\.\. 3, got -1"),
    (lambda: validate.indices("action", [0.0], 4), "action must hold whole numbers, got dtype"),
    (lambda: validate.generator(0), "rng must be a numpy.random.Generator, got int"),
    (lambda: validate.generator(None), "rng must be a numpy.random.Generator, got NoneType"),
]


@pytest.mark.parametrize(("check", "message"), BAD)
def test_what_is_wrong_is_named(check, message):
    with pytest.raises(ValueError, match=message):
        check()


def test_a_generator_passes():
    rng = np.random.default_rng(0)
    assert validate.generator(rng) is rng
