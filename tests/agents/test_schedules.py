"""Which step sizes satisfy the conditions of convergence, and what the schedules promise."""

import numpy as np
import pytest
from scipy.special import polygamma, zeta

from rxcourse.agents.schedules import as_function, by_learner, harmonic, linear, polynomial

N = np.arange(1, 2**20 + 1)
HALF = len(N) // 2


def last_half(alpha):
    """Sum of steps, and of squares, over the visits from N/2 to N: does it die out?"""
    size = np.broadcast_to(alpha(N), N.shape)[HALF:]
    return size.sum(), (size**2).sum()


@pytest.mark.equation("eq-robbins-monro")
@pytest.mark.parametrize("power", [0.6, 0.8, 1.0])
def test_powers_above_a_half_go_far_enough_and_settle(power):
    steps, squares = last_half(polynomial(power))
    # Integral test: the second half of 1/n still adds ln 2, however far out it begins.
    assert steps >= np.log(2) - 1e-5
    # All squares together are Riemann's zeta function, and the tail is below its integral.
    tail = (N[-1] ** (1 - 2 * power)) / (2 * power - 1)
    total = (polynomial(power)(N) ** 2).sum()
    assert 0 <= zeta(2 * power) - total <= tail
    assert squares < 0.1


@pytest.mark.equation("eq-robbins-monro")
def test_a_power_of_a_half_and_a_constant_never_settle():
    assert last_half(polynomial(0.5))[1] == pytest.approx(np.log(2), abs=1e-5)
    assert last_half(as_function("alpha", 0.1))[1] == pytest.approx(0.01 * HALF)


@pytest.mark.equation("eq-robbins-monro")
@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_harmonic_meets_both_conditions(scale):
    steps, _ = last_half(harmonic(scale))
    assert steps == pytest.approx(scale * np.log(2), rel=1e-3)
    total = (harmonic(scale)(N) ** 2).sum()
    assert total == pytest.approx(scale**2 * polygamma(1, scale + 1), rel=1e-3)


def test_harmonic_starts_near_one_and_halves_at_its_scale():
    alpha = harmonic(50.0)
    assert alpha(1) == pytest.approx(50 / 51)
    assert alpha(50) == 0.5
    assert alpha(10**6) == pytest.approx(50 / 10**6, rel=1e-4)


def test_polynomial_is_the_power():
    np.testing.assert_allclose(polynomial(0.5)([1, 4, 100]), [1, 0.5, 0.1])


def test_linear_goes_straight_and_stays():
    epsilon = linear(1.0, 0.2, 8)
    np.testing.assert_allclose(epsilon([0, 4, 8, 100]), [1.0, 0.6, 0.2, 0.2])


def test_numbers_and_functions_become_functions():
    assert as_function("alpha", 0.25)(7) == 0.25
    own = lambda n: 1 / n  # noqa: E731
    assert as_function("alpha", own) is own


BAD = {
    "power 0": (lambda: polynomial(0), r"power must lie in \(0, 1\], got 0"),
    "power 2": (lambda: polynomial(2), r"power must lie in \(0, 1\], got 2"),
    "scale": (lambda: harmonic(0.0), "scale must be above 0, got 0.0"),
    "nan": (lambda: harmonic(np.nan), "scale must be above 0, got nan"),
    "n_steps": (lambda: linear(1, 0, 0), "n_steps must be a whole number of at least 1"),
    "constant": (lambda: as_function("alpha", 1.5), r"alpha must be a number in \[0, 1\], got 1.5"),
    "above 1": (lambda: as_function("alpha", lambda n: n), r"return numbers in \[0, 1\], got 2"),
    "nothing": (lambda: as_function("alpha", lambda n: None), "what alpha returns must hold numb"),
    "not a number": (
        lambda: as_function("epsilon", lambda n: np.nan, 0),
        "must be finite, got nan",
    ),
    "shape": (lambda: as_function("epsilon", lambda n: [0, 1], 0), r"shape \(\), got shape \(2,\)"),
    "learners": (lambda: by_learner("alpha", [0.1, 2], 2), "for each of 2 learners"),
    "text": (lambda: as_function("epsilon", "low"), r"epsilon must be a number in \[0, 1\]"),
}


@pytest.mark.parametrize(("call", "message"), BAD.values(), ids=BAD)
def test_bad_input_gets_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
