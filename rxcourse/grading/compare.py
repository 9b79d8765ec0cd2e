"""Is this the same answer? If not, a sentence about the first difference."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

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
    tol : float, or a row of them
        Numbers may differ by this much, absolutely or as a share. A row has one for each
        part of a tuple, and all of them are absolute.
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
    told = ((key, _part(got[key], want[key], tol, show)) for key in want)
    return next((f'for "{key}", {text}' for key, text in told if text), "")


def _of_tuples(got, want, tol, show) -> str:
    if (number := _length(got)) > LONG:  # a copy of it may not fit into memory
        return f"{len(want)} values were expected, got {number}."
    if isinstance(got, str):
        words = all(isinstance(x, str) for x in want)
        how = "Put each into its own quotes" if words else "Write them without quotes"
        return f"{len(want)} values were expected, got one text. {how}, with commas between them."
    if isinstance(got, set | frozenset):
        return f"{len(want)} values in an order were expected; a set has none. Use ( ) or [ ]."
    try:
        parts = list(islice(got, LONG)) if number == 0 else list(got)
    except TypeError:
        return f"{len(want)} values were expected, got one {_kind(got)}."
    if len(parts) != len(want):
        parts = _flat(parts, want) or parts
    if len(parts) != len(want):
        return f"{len(want)} values were expected, got {len(parts)}."
    each = _shares(tol, want) if np.ndim(tol) else [tol] * len(want)
    for place, (part, wanted, by) in enumerate(zip(parts, want, each, strict=True), start=1):
        if text := _part(part, wanted, by, show):
            return f"in value number {place}, {text}"
    return ""


def _shares(tol, want) -> list:
    """Absolute tolerances, as such that count once absolutely and once as a share."""
    return [by / (1 + np.abs(wanted)) for by, wanted in zip(tol, want, strict=True)]


def _flat(parts, want) -> list | None:
    """Rows of numbers as one row, where as many single numbers are wanted."""
    if not all(isinstance(x, int | float | np.number) for x in want):
        return None
    try:
        flat = np.ravel(np.array(parts, float))
    except (TypeError, ValueError):
        return None
    return list(flat) if len(flat) == len(want) else None


def _part(got, want, tol, show) -> str:
    """As ``difference``, for one of several values."""
    if got is None and want is not None:
        return "there is nothing yet (None)."
    return difference(got, want, tol=tol, show=show)


def _of_words(got, want, show) -> str:
    same = isinstance(want, str) and isinstance(got, str)
    if same and got.strip().lower() == want.strip().lower():
        return ""
    kind = "a word in quotes" if isinstance(want, str) else "True or False"
    if isinstance(want, bool | np.bool_):
        if isinstance(got, np.ndarray) and got.size == 1:
            got = got.item()
        if isinstance(got, str):
            return f"{kind} was expected, without quotes; got {_short(got)}."
        if not isinstance(got, bool | np.bool_):
            return f"{kind} was expected, got {_short(got)}."
        if got == want:
            return ""
    elif not isinstance(got, str):
        return f"{kind} was expected, got {_short(got)}."
    return f"expected {want!r}, got {got!r}." if show else f"{got!r} is not it."


def _of_numbers(got, want, tol, show) -> str:
    if not isinstance(got, np.ndarray) and (number := _length(got)) > max(LONG, 10 * want.size):
        return f"{_shape(want)} was expected, got {number} values."
    try:
        array = np.asarray(got)
    except ValueError:
        return f"rows of equal length were expected, got {_short(got)}."
    if array.dtype.kind not in "fiub":
        quoted = isinstance(got, str) and _is_number(got)
        help_ = " Take the quotes away, and write a decimal point." if quoted else ""
        return f"numbers were expected, got {_short(got)}.{help_}"
    if want.size == 1 and array.size == 1:
        array = array.reshape(want.shape)
    if array.shape != want.shape:
        comma = want.ndim == 0 and isinstance(got, tuple) and array.shape == (2,)
        help_ = " In Python a decimal number has a point, not a comma." if comma else ""
        return f"{_shape(want)} was expected, got {_shape(array)}.{help_}"
    array, wanted = array.astype(float), want.astype(float)
    if (np.isnan(array) & ~np.isnan(wanted)).any():
        return ("there is a NaN, not a number, in it: something was divided by 0, or computed "
                "from another NaN.")  # fmt: skip
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
    return "one number" if array.ndim == 0 else f"the shape {array.shape}"


def _kind(value) -> str:
    return "number" if isinstance(value, int | float | np.number) else type(value).__name__


def _is_number(text: str) -> bool:
    try:
        float(text.strip().replace(",", "."))
    except ValueError:
        return False
    return True


def _number(x) -> str:
    return f"{float(x):.6g}"


def _short(value) -> str:
    text = repr(value).replace("\n", " ")
    return text if len(text) <= 60 else f"{type(value).__name__} {text[:50]} ..."
