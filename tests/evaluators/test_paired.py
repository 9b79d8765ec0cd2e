"""Intervals that count people and learners."""

import numpy as np
import pytest

from rxcourse.evaluators.paired import paired_difference


def test_one_learner_gives_the_interval_over_people():
    """Against the closed form: mean +/- 1.96 standard errors."""
    rng = np.random.default_rng(0)
    theirs = rng.normal(size=2_000)
    ours = theirs + rng.normal(0.3, 1.0, size=2_000)
    found = paired_difference(ours, theirs, rng=rng)
    se = (ours - theirs).std() / 2_000**0.5
    assert found.value == pytest.approx((ours - theirs).mean())
    assert found.low == pytest.approx(found.value - 1.96 * se, abs=0.1 * se)
    assert found.high == pytest.approx(found.value + 1.96 * se, abs=0.1 * se)


def test_coverage_when_people_and_learners_both_vary():
    """True coverage of the 95 % interval over 300 studies of 20 learners and 100 people."""
    rng = np.random.default_rng(1)
    inside, only_people = 0, 0
    for _ in range(300):
        difference = 0.5 + rng.normal(0, 0.2, (20, 1)) + rng.normal(0, 0.5, (1, 100))
        difference = difference + rng.normal(0, 0.5, (20, 100))
        found = paired_difference(difference, np.zeros(100), n_boot=400, rng=rng)
        inside += found.low <= 0.5 <= found.high
        se = difference.mean(axis=0).std() / 10
        only_people += abs(difference.mean() - 0.5) <= 1.96 * se
    assert 0.91 <= inside / 300 <= 0.985  # 300 studies: 95 % +/- 3 standard errors
    assert only_people / 300 < 0.9, "people alone would claim too much"


@pytest.mark.parametrize(
    ("ours", "theirs", "message"),
    [
        (np.zeros((2, 3)), np.zeros(4), "the same people, got 3 and 4"),
        (np.zeros((2, 3)), np.zeros((3, 3)), "the same learners"),
        (np.full(3, np.nan), np.zeros(3), "ours must be finite"),
    ],
)
def test_what_does_not_fit_is_refused(ours, theirs, message):
    with pytest.raises(ValueError, match=message):
        paired_difference(ours, theirs, rng=np.random.default_rng(0))
