"""An estimate is a number with its error, or a refusal with its reason."""

import numpy as np
import pytest

from rxcourse.estimate import Estimate


def test_the_mean_and_its_standard_error():
    parts = np.array([1.0, 2.0, 3.0, 6.0])
    e = Estimate.mean_of("mc", "return, gamma 1", parts)
    # By hand: mean 3, squared distances 4 + 1 + 0 + 9 = 14, 14 / 3 / 4 = 7 / 6.
    assert (e.value, e.n, e.ess, e.refused) == (3.0, 4, 4.0, "")
    assert e.stderr == pytest.approx(np.sqrt(7 / 6))
    np.testing.assert_array_equal(e.parts, parts)
    assert str(e) == "mc: 3 +/- 1.1 (return, gamma 1, n 4, effective 4)"


def test_the_standard_error_is_the_spread_of_the_mean():
    rng = np.random.default_rng(0)
    draws = [Estimate.mean_of("mc", "x", rng.normal(size=25)) for _ in range(2_000)]
    spread = np.std([e.value for e in draws])
    # The standard deviation of 2,000 draws is known to 1 / sqrt(4,000) = 1.6 % of itself.
    assert np.sqrt(np.mean([e.stderr**2 for e in draws])) == pytest.approx(spread, rel=0.064)


def test_a_refusal_says_why_and_has_no_value():
    e = Estimate.refusal("ips", "return", "no propensity", n=7)
    assert np.isnan(e.value) and np.isnan(e.stderr) and e.n == 7
    assert str(e) == "ips: refused (no propensity)"


def test_bad_input_gets_a_sentence():
    nan = float("nan")
    for value, refused in ((nan, ""), (1.0, "no overlap")):
        with pytest.raises(ValueError, match="value must be NaN exactly when refused"):
            Estimate("x", "y", value, 0.1, 3, 3.0, refused=refused)
    with pytest.raises(ValueError, match="stderr must not be negative, got -1.0"):
        Estimate("x", "y", 1.0, -1.0, 3, 3.0)
    for parts in ([1.0], np.zeros((2, 2)), []):
        with pytest.raises(ValueError, match="parts must hold at least two episodes"):
            Estimate.mean_of("x", "y", parts)
    with pytest.raises(ValueError, match="parts must be finite, got nan at index"):
        Estimate.mean_of("x", "y", [1.0, nan])
    with pytest.raises(AttributeError):
        Estimate("x", "y", 1.0, 1.0, 3, 3.0).value = 2.0
