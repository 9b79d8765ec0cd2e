"""Print a result so that a notebook stored on one machine can be compared with a run on another.

A raw number such as ``0.1234999`` differs from machine to machine in its last digits. `report`
prints the number that the author stored, as long as the new value lies within a stated tolerance
of it. Otherwise it prints OUTSIDE and the new value, so that a strict comparison fails and the
reader sees by how much.
"""

import math
import sys
from decimal import Decimal

# The prefix under which MyST-NB looks for values that are stored but not shown in place.
_STORED_ONLY = "application/papermill.record/"


def report(name, value, *, expect, tol, null, smallest=None, unit="", key=None):
    """Print a result with its tolerance, or say that it lies outside.

    Parameters
    ----------
    name : str
        What the number is, with its unit in square brackets or in `unit`.
    value : float
        The number just computed. NaN is OUTSIDE.
    expect : float
        The author's number.
    tol : float
        How far `value` may lie from `expect`; from the spread over learners, say four standard
        errors. Refused when it is so wide that a broken solution could pass, see `null`.
    null : float or None
        What a broken or ignorant solution gives. `tol` may be at most a third of the distance
        between `expect` and `null`. None for a claim of no difference, then `smallest` is needed.
    smallest : float, optional
        With ``null=None``: the smallest difference that would matter. `tol` may be at most a
        third of it.
    unit : str
        Printed after the numbers.
    key : str, optional
        Also store the finished string under this key, for ``{glue}`` in prose and in slides.

    Raises
    ------
    ValueError
        When the tolerance is empty, too wide, or not a number.
    """
    value = _number("value", value)
    _check_tolerance(name, expect, tol, null, smallest)
    decimals = max(_decimals(expect), _decimals(tol))
    unit = f" {unit}" if unit else ""
    finished = f"{expect:.{decimals}f}{unit} (within {tol:.{decimals}f})"
    # The slack is far below the tolerance; it only absorbs the rounding of the subtraction.
    if not abs(value - expect) <= tol * (1 + 1e-9):
        finished = f"OUTSIDE: {value:.6g}{unit}, expected {finished}"
    print(f"{name}: {finished}")
    if key is not None:
        _store(key, finished)


def _check_tolerance(name, expect, tol, null, smallest):
    """Raise ValueError unless the tolerance could tell a right answer from a broken one."""
    for label, number in (("expect", expect), ("tol", tol)):
        if not math.isfinite(_number(label, number)):
            raise ValueError(f"report({name!r}): {label} must be a finite number, got {number!r}.")
    if tol <= 0:
        raise ValueError(
            f"report({name!r}): tol must be above 0, got {tol!r}. Print exact results with print()."
        )
    if null is None:
        if smallest is None or not smallest > 0:
            raise ValueError(
                f"report({name!r}): with null=None give smallest, the smallest difference that "
                f"would matter, above 0; got {smallest!r}."
            )
        room, what = smallest, "smallest"
    else:
        room, what = abs(expect - _number("null", null)), "|expect - null|"
    if not tol <= room / 3 * (1 + 1e-9):
        raise ValueError(
            f"report({name!r}): tol={tol!r} is above a third of {what} = {room:g}, so a broken "
            f"solution could pass. Use a tol of at most {room / 3:g}: more learners, or a claim "
            "that says less."
        )


def _number(label, value):
    """One float; arrays of one element are taken, longer ones refused."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"report: {label} must be one number, got {value!r}.") from None


def _decimals(number):
    """How many decimals the author wrote: 2 for 0.25, 0 for 3.0 and 1e6, 12 for 2e-12."""
    if 0 < abs(number) < 1e-6:  # the shortest text that reads back as this number
        return -int(Decimal(repr(float(number))).normalize().as_tuple().exponent)
    text = f"{float(number):.10f}".rstrip("0")
    return len(text.partition(".")[2])


def _store(key, finished):
    """Store the string in the notebook for ``{glue}``; outside a notebook do nothing."""
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        return
    ipython.display.display(
        {_STORED_ONLY + "text/plain": finished},
        raw=True,
        metadata={"scrapbook": {"name": key, "mime_prefix": _STORED_ONLY}},
    )
