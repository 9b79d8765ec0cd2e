"""Is this the same answer? If not, a sentence about the first difference."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

TOL = 1e-6
LONG = 1_000_000
"""Longer answers are measured before they are looked at."""


def difference(got, want, *, tol: float = TOL, show: bool = True) -> str:
    """What is wrong with `got`; "" if nothing is.

    Whole numbers, floats, NumPy scalars and arrays of one element are the same number;
    lists, tuples and arrays the same row.

    Parameters
    ----------
    got, want
        Numbers, arrays, words, truth values, or tuples and dicts of these.
    tol : float
        Numbers may differ by this much, absolutely or as a share.
    show : bool
        Whether the sentence may tell the expected value.
    """
    if got is None and want is not None:
        return "nothing came back (None). Is there a return?"
    if isinstance(want, Mapping):
        return _of_dicts(got, want, tol, show)
    if isinstance(want, tuple):
        return _of_tuples(got, want, tol, show)
    if isinstance(want, str | bool | np.bool_):
        return _of_words(got, want, show)
    return _of_numbers(got, np.asarray(want), tol, show)


def _of_dicts(got, want, tol, show) -> str:
    if not isinstance(got, Mapping):
        return f"a dict was expected, got {type(got).__name__}."
    if set(got) != set(want):
        return f"a dict with the keys {sorted(want)} was expected, got {sorted(map(str, got))}."
    told = ((key, difference(got[key], want[key], tol=tol, show=show)) for key in want)
    return next((f'for "{key}", {text}' for key, text in told if text), "")


def _of_tuples(got, want, tol, show) -> str:
    if (number := _length(got)) > LONG:  # a copy of it may not fit into memory
        return f"{len(want)} values were expected, got {number}."
    try:
        parts = list(got)
    except TypeError:
        return f"{len(want)} values were expected, got one {type(got).__name__}."
    if len(parts) != len(want):
        return f"{len(want)} values were expected, got {len(parts)}."
    for place, (part, wanted) in enumerate(zip(parts, want, strict=True), start=1):
        if text := difference(part, wanted, tol=tol, show=show):
            return f"in value number {place}, {text}"
    return ""


def _of_words(got, want, show) -> str:
    same = isinstance(want, str) and isinstance(got, str)
    if same and got.strip().lower() == want.strip().lower():
        return ""
    kind = "a word in quotes" if isinstance(want, str) else "True or False"
    if isinstance(want, bool | np.bool_):
        if isinstance(got, np.ndarray) and got.size == 1:
            got = got.item()
        if not isinstance(got, bool | np.bool_):
            return f"{kind} was expected, got {_short(got)}."
        if got == want:
            return ""
    elif not isinstance(got, str):
        return f"{kind} was expected, got {_short(got)}."
    return f"expected {want!r}, got {got!r}." if show else f"{got!r} is not it."


def _of_numbers(got, want, tol, show) -> str:
    if not isinstance(got, np.ndarray) and (number := _length(got)) > max(LONG, 10 * want.size):
        return f"the shape {_shape(want)} was expected, got {number} values."
    try:
        array = np.asarray(got)
    except ValueError:
        return f"rows of equal length were expected, got {_short(got)}."
    if array.dtype.kind not in "fiub":
        return f"numbers were expected, got {_short(got)}."
    if want.size == 1 and array.size == 1:
        array = array.reshape(want.shape)
    if array.shape != want.shape:
        return f"the shape {_shape(want)} was expected, got {_shape(array)}."
    array, wanted = array.astype(float), want.astype(float)
    if (np.isnan(array) & ~np.isnan(wanted)).any():
        return "there is a NaN, not a number, in it. Is something divided by 0?"
    near = np.isclose(array, wanted, rtol=tol, atol=tol, equal_nan=True)
    if near.all():
        return ""
    if not show:
        return f"{_number(array)} is not it." if array.ndim == 0 else _places(near)
    if array.ndim == 0:
        return f"expected {_number(wanted)}, got {_number(array)}."
    at = tuple(int(i) for i in np.argwhere(~near)[0])
    where = at[0] if len(at) == 1 else at
    return f"at place {where} expected {_number(wanted[at])}, got {_number(array[at])}."


def _length(value) -> int:
    """Number of values; 0 for what has no length."""
    try:
        return len(value)
    except TypeError:
        return 0


def _places(near) -> str:
    return f"{(~near).sum()} of {near.size} numbers are not right."


def _shape(array) -> str:
    return "one number" if array.ndim == 0 else str(array.shape)


def _number(x) -> str:
    return f"{float(x):.6g}"


def _short(value) -> str:
    text = repr(value).replace("\n", " ")
    return text if len(text) <= 60 else f"{type(value).__name__} {text[:50]} ..."
