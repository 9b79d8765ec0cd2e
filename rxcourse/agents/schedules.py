"""How a step size, a learning rate or an exploration rate shrinks while learning goes on.

A step size is a number, or a function of how often that state and action has been
updated, counting the present time: ``alpha(n)``, n = 1, 2, ... An exploration rate is a
number, or a function of the decisions a learner has taken: ``epsilon(step)``. So is the
learning rate of a network, which may be one for each learner: an array (L,), or a
function that returns one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rxcourse import validate

Schedule = float | Callable[[np.ndarray], np.ndarray]


def polynomial(power: float) -> Callable:
    """1 / n**power: satisfies the conditions of convergence for 0.5 < power <= 1."""
    if not 0 < power <= 1:
        raise ValueError(f"power must lie in (0, 1], got {power!r}.")
    return lambda n: 1.0 / np.asarray(n, float) ** power


def harmonic(scale: float) -> Callable:
    """Scale / (scale + n): starts near 1, falls like 1/n once n is beyond `scale`."""
    if not scale > 0:
        raise ValueError(f"scale must be above 0, got {scale!r}.")
    return lambda n: scale / (scale + np.asarray(n, float))


def linear(start: float, end: float, n_steps: int) -> Callable:
    """From `start` to `end` in a straight line over `n_steps`, then constant."""
    validate.positive_int("n_steps", n_steps)
    return lambda n: start + (end - start) * np.clip(np.asarray(n) / n_steps, 0, 1)


def as_function(name: str, schedule: Schedule, first=(1, 2)) -> Callable:
    """Return a schedule as a function; a number in [0, 1] becomes a constant one.

    A function is tried on `first` only: what it returns there must be right.
    """
    if callable(schedule):
        check_values(name, schedule(np.asarray(first)), np.shape(first))
        return schedule
    value = validate.fraction(name, schedule)
    return lambda n: value


def check_values(name: str, values, shape: tuple[int, ...]) -> None:
    """Refuse what a schedule returned, unless it is in [0, 1] and has this shape or none."""
    values = validate.finite(f"what {name} returns", values)
    if values.shape not in ((), shape):
        raise ValueError(
            f"{name} must return one number for each it is given, shape {shape}, got shape "
            f"{values.shape}."
        )
    wrong = (values < 0) | (values > 1)
    if wrong.any():
        raise ValueError(f"{name} must return numbers in [0, 1], got {values[wrong].flat[0]:.6g}.")


def by_learner(name: str, values, n_learners: int) -> np.ndarray:
    """Return `values` as one number in [0, 1] for each learner, shape (L,)."""
    values = validate.finite(name, values, ndim=1)
    if values.shape != (n_learners,) or ((values < 0) | (values > 1)).any():
        span = f", from {values.min()} to {values.max()}" if values.size else ""
        raise ValueError(
            f"{name} must be one number in [0, 1] for each of {n_learners} learners, "
            f"got shape {values.shape}{span}."
        )
    return values


def by_decisions(name: str, schedule: Schedule | np.ndarray, n_learners: int) -> Callable:
    """Return a schedule of the decisions taken, all of whose values are checked.

    A number or an array (L,) is constant; a function may return either.
    """
    if not callable(schedule):
        if np.ndim(schedule):
            constant = by_learner(name, schedule, n_learners)
        else:
            constant = np.array(validate.fraction(name, schedule))
        return lambda step: constant

    def value(step: int) -> np.ndarray:
        now = np.asarray(schedule(step))
        if now.shape not in ((), (n_learners,)) or not ((now >= 0) & (now <= 1)).all():
            check_values(name, now, (n_learners,))
        return now

    value(0)
    return value
