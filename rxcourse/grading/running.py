"""Running code that may be anything: copies go in, sentences come out.

A learner's function may loop for ever, call itself without end, change its arguments,
print without end or leave the interpreter. None of this may end the notebook it is
checked in. This is a railing, not a prison: code that means harm is not held by it, and
neither is a single call of compiled code that never returns, a loop that swallows every
interruption, or, where ``time_limit`` has no alarm, a long sleep. The batch grader ends such
a process from outside.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import linecache
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from rxcourse.grading import time_limit
from rxcourse.grading.compare import difference
from rxcourse.grading.time_limit import TimeUp
from rxcourse.grading.verdict import NOT_ATTEMPTED, Trouble

SECONDS = 2.0
PRINTED = 2_000
"""Characters of a learner's own prints that are shown; the rest is dropped."""


def call(function: Callable, *args, seconds: float = SECONDS, changes: bool = False) -> Any:
    """Result of a learner's function on copies of `args`.

    Parameters
    ----------
    function : callable
    args
        Generators and environments are handed on as copies, too.
    seconds : float
    changes : bool
        Whether it may change its arguments.

    Raises
    ------
    Trouble
        With a sentence for the learner.
    """
    name = getattr(function, "__name__", "your function")
    _check_signature(function, name, args)
    given = copy.deepcopy(args)
    try:
        with _quiet():
            result = time_limit.within(seconds, lambda: function(*given))
    except TimeUp:
        raise Trouble(
            f"{name} did not finish within {seconds:g} s. Is there a loop that never ends, or is "
            "it very slow?"
        ) from None
    except NotImplementedError:
        told = f"Write your lines into {name}, in place of the one that raises an error."
        raise Trouble(told, NOT_ATTEMPTED) from None
    except RecursionError:
        raise Trouble(f"{name} calls itself without end.") from None
    except SystemExit:
        raise Trouble(f"{name} ends the whole program (exit or quit); return a value.") from None
    except BaseException as error:  # whatever it was, the notebook goes on
        raise Trouble(f"{name} stopped with {_told(error)}") from None
    if not changes:
        for place, (before, after) in enumerate(zip(args, given, strict=True), start=1):
            if _is_data(before) and difference(after, before, tol=0.0):
                raise Trouble(
                    f"{name} changes its argument number {place}. Whoever called it still needs "
                    "the old values: work on a copy."
                )
    return result


def _is_data(value) -> bool:
    return isinstance(value, np.ndarray | list | dict)


def _check_signature(function, name: str, args) -> None:
    if not callable(function):
        raise Trouble(
            f"a function was expected, got {type(function).__name__}. Hand it over by its name, "
            "without brackets."
        )
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*args)
    except TypeError:
        raise Trouble(
            f"{name}{signature} must take {len(args)} arguments in the order of the exercise."
        ) from None


@contextlib.contextmanager
def _quiet():
    """Let some prints through and silence warnings."""
    with contextlib.redirect_stdout(_Short(sys.stdout)), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class _Short:
    """A stream that passes on the first characters only."""

    def __init__(self, stream):
        self.stream, self.left = stream, PRINTED

    def write(self, text: str) -> int:
        self.stream.write(text[: self.left])
        if 0 < self.left <= len(text):
            self.stream.write("\n(further output is not shown)\n")
        self.left = max(self.left - len(text), 0)
        return len(text)

    def flush(self) -> None:
        self.stream.flush()


def _told(error: BaseException) -> str:
    """An exception in one line, with the learner's line in which it happened."""
    text = f"{type(error).__name__}: {error}".rstrip(": ")[:300]
    frames = traceback.extract_tb(error.__traceback__)
    ours = (__file__, time_limit.__file__)
    own = [f for f in frames if f.filename not in ours and "site-packages" not in f.filename]
    line = linecache.getline(own[-1].filename, own[-1].lineno).strip() if own else ""
    return f"{text}, in the line `{line}`." if line else f"{text}."
