"""Checks of what comes in, each with a sentence that says what to do.

Constructors call these once; nothing downstream checks again.
"""

from __future__ import annotations

import numpy as np

ROW_SUM_TOLERANCE = 1e-8
"""Rows of probabilities may miss 1 by this much: rounding, not a mistake."""


def finite(name: str, value, *, ndim: int | tuple[int, ...] | None = None) -> np.ndarray:
    """Return `value` as a float array, refusing NaN, infinity and wrong rank."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} must hold numbers, got dtype {array.dtype}.")
    array = array.astype(float)
    ranks = (ndim,) if isinstance(ndim, int) else ndim
    if ranks is not None and array.ndim not in ranks:
        wanted = " or ".join(map(str, ranks))
        raise ValueError(f"{name} must have {wanted} dimension(s), got shape {array.shape}.")
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        place = f" at index {where}" if where else ""
        raise ValueError(f"{name} must be finite, got {array[where]}{place}.")
    return array


def probability_rows(name: str, value, *, tol: float = ROW_SUM_TOLERANCE, **shape) -> np.ndarray:
    """Return `value` as a float array whose last axis sums to one everywhere, within `tol`."""
    array = finite(name, value, **shape)
    if (array < 0).any():
        where = tuple(int(i) for i in np.argwhere(array < 0)[0])
        raise ValueError(f"{name} must not be negative, got {array[where]:.6g} at index {where}.")
    total = array.sum(axis=-1)
    if (abs(total - 1) > tol).any():
        where = tuple(int(i) for i in np.argwhere(abs(total - 1) > tol)[0])
        raise ValueError(
            f"each row of {name} must sum to 1, row {where} sums to {total[where]:.10g}."
        )
    return array


def fraction(name: str, value) -> float:
    """Return `value` as a float in [0, 1]: a discount factor, a probability."""
    if not isinstance(value, int | float | np.number) or not 0 <= value <= 1:
        raise ValueError(f"{name} must be a number in [0, 1], got {value!r}.")
    return float(value)


def positive_int(name: str, value) -> int:
    """Return `value` as an integer of at least one: a count."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}.")
    return int(value)


def boolean(name: str, value, shape: tuple[int, ...]) -> np.ndarray:
    """Return `value` as a boolean array of exactly this shape."""
    array = np.asarray(value)
    if array.dtype != bool:
        raise ValueError(f"{name} must be an array of True and False, got {array.dtype}.")
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {array.shape}.")
    return array


def allowed_rows(name: str, value, shape: tuple[int, ...]) -> np.ndarray:
    """Return a mask of actions in which every row allows at least one."""
    array = boolean(name, value, shape)
    return some_allowed(name, array)


def some_allowed(name: str, mask: np.ndarray) -> np.ndarray:
    """Refuse a mask with a row in which no action is left."""
    some = mask.any(axis=-1)
    if not some.all():
        where = tuple(int(i) for i in np.argwhere(~some)[0])
        raise ValueError(
            f"{name} must allow at least one action in every row; row {where} allows "
            "none. Keep the safe default action allowed everywhere."
        )
    return mask


def indices(name: str, value, size: int) -> np.ndarray:
    """Return `value` as integers in 0 ... size - 1: states, actions."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold whole numbers, got dtype {array.dtype}.")
    if array.size and (array.min() < 0 or array.max() >= size):
        wrong = array[(array < 0) | (array >= size)].flat[0]
        raise ValueError(f"{name} must lie in 0 ... {size - 1}, got {wrong}.")
    return array.astype(np.int64)


def generator(rng) -> np.random.Generator:
    """Return `rng`, refusing anything but a NumPy Generator."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"rng must be a numpy.random.Generator, got {type(rng).__name__}. "
            "Make one with np.random.default_rng(seed)."
        )
    return rng
