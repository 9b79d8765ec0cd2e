"""Differences between two ways of acting, person by person, and how sure they are.

What a learned policy is worth varies twice: between people, and between learners that
were trained alike. An interval over people alone speaks of this one learner, an interval
over learners alone of these people. Here both are drawn anew.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rxcourse import validate

Array = np.ndarray


class Difference(NamedTuple):
    """A mean difference and its interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.3g} [{self.low:+.3g}, {self.high:+.3g}]"


def paired_difference(
    ours: Array,
    theirs: Array,
    *,
    level: float = 0.95,
    n_boot: int = 4_000,
    rng: np.random.Generator,
) -> Difference:
    """Mean of ours less theirs on the same people, with a percentile bootstrap interval.

    Parameters
    ----------
    ours : ndarray of shape (N,) or (L, N)
        An outcome of each person; with L learners, of each learner on the same people.
    theirs : ndarray of shape (N,) or (L, N)
        The same people in the same order, met by the same luck.
    level : float
    n_boot : int
        Draws of people, and independently of learners, with replacement.
    rng : numpy.random.Generator

    Notes
    -----
    The interval is slightly wide: the chance of a single person under a single learner is
    counted with both draws.

    References
    ----------
    Owen (2007), "The pigeonhole bootstrap", doi:10.1214/07-AOAS122.
    """
    ours, theirs = (np.atleast_2d(validate.finite(name, x, ndim=(1, 2)))
                    for name, x in (("ours", ours), ("theirs", theirs)))  # fmt: skip
    if ours.shape[-1] != theirs.shape[-1]:
        raise ValueError(
            f"ours and theirs must hold the same people, got {ours.shape[-1]} and "
            f"{theirs.shape[-1]}."
        )
    if 1 not in (len(ours), len(theirs)) and len(ours) != len(theirs):
        raise ValueError(
            f"ours and theirs must have the same learners, or one of them only one; got "
            f"{len(ours)} and {len(theirs)}."
        )
    level = validate.fraction("level", level)
    validate.positive_int("n_boot", n_boot)
    difference = ours - theirs
    n_learners, n_people = difference.shape
    draws = np.empty(n_boot)
    for k in range(n_boot):
        people = rng.multinomial(n_people, np.full(n_people, 1 / n_people))
        learners = rng.multinomial(n_learners, np.full(n_learners, 1 / n_learners))
        draws[k] = learners @ (difference @ people) / (n_people * n_learners)
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Difference(float(difference.mean()), float(low), float(high))
