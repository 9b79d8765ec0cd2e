"""Kinds of questions, each with its wrong answers built in.

A question knows the right answer by a route of its own and, by name, the wrong answers
that people give: each is a value or a function like the learner's, with the sentence
that helps. An answer that agrees with one of them gets its sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from rxcourse.grading.compare import TOL, difference
from rxcourse.grading.running import SECONDS, call
from rxcourse.grading.verdict import NOT_ATTEMPTED, NOT_YET, PASSED, Trouble

RUNGS = ("predict", "by hand", "complete", "find the bug", "experiment", "judge", "build")


class Wrong(NamedTuple):
    """A wrong answer with a name."""

    name: str
    answer: Any
    """A value, or a function; for ``Value`` also a function without arguments that
    computes the wrong value, as ``Value.value`` does the right one."""
    message: str
    """One or two sentences: the misconception, and what to think of. Not the answer."""
    known: Callable[[Any], bool] | None = None
    """Recognizes it where being near ``answer`` is too little or too much: is called with the
    learner's numbers in one row (``Value``), or with the results of all cases (``Function``)."""


def sampling_tol(spread, asked: int, ours: int):
    """Tolerance of a mean over learners where the key is another such mean.

    Five standard errors of the difference, so that a right answer fails less than once in a
    million: 5 * spread * sqrt(1 / asked + 1 / ours).

    Parameters
    ----------
    spread : float, or a row of them
        Standard deviation over learners.
    asked, ours : int
        How many learners are asked for, and how many the key is a mean over.
    """
    return 5 * np.asarray(spread) * (1 / asked + 1 / ours) ** 0.5


class Case(NamedTuple):
    """Arguments on which a function is tried, and words for them."""

    label: str
    args: tuple


@dataclass(frozen=True, kw_only=True)
class Question:
    """What all kinds have in common.

    Parameters
    ----------
    id : str
        Chapter, letter, number: "06.q2" for an exercise, "06.z1" for a quiz item.
    title : str
    name : str
        Of the variable or function that holds the answer; a quiz item needs none, its
        variable is called by its number, "z1".
    rung : str
        One of ``RUNGS``: what kind of work it is.
    minutes : int
    objective : int
        Which objective of the chapter's card it serves, counted from 1.
    section : str
        Heading of the section that prepares for it, exactly.
    hints : sequence of str
        From a nudge to nearly everything; never the answer.
    deeper : bool
        Needs a folded section.
    """

    id: str
    title: str
    name: str = ""
    rung: str
    minutes: int
    objective: int
    section: str
    hints: Sequence[str] = ()
    deeper: bool = False
    wrong: Sequence[Wrong] = ()

    def __post_init__(self):
        if not self.name:
            object.__setattr__(self, "name", self.id.partition(".")[2])

    @property
    def missing(self) -> str:
        """What to say when there is no answer."""
        return f"Put your answer in place of the dots of `{self.name}`."

    def judge(self, answer) -> tuple[str, str]:
        """State and message for an answer."""
        if answer is ... or answer is None:
            return NOT_ATTEMPTED, self.missing
        try:
            message = self.look_at(answer)
        except Trouble as trouble:
            return trouble.state, trouble.message
        return (NOT_YET, message) if message else (PASSED, "")

    def look_at(self, answer) -> str:
        """What is wrong with an answer; "" if nothing is."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Value(Question):
    """A number, a row of numbers, a word, or several of these.

    Parameters
    ----------
    value : callable
        Computes the right answer with the package; nothing is typed twice.
    tol : float, or a row of them, or callable
        One for all numbers counts absolutely or as a share; a row has one for each of several
        values, absolute. A function without arguments computes it when it is needed.
    near : str
        What to say when no wrong answer by name fits.
    """

    value: Callable[[], Any]
    tol: float | Sequence[float] | Callable[[], Sequence[float]] = TOL
    near: str = ""

    @cached_property
    def key(self):
        return self.value()

    @cached_property
    def bounds(self):
        """The tolerance, or those of all values."""
        return self.tol() if callable(self.tol) else self.tol

    @cached_property
    def mistaken(self) -> list:
        """The values of the wrong answers."""
        return [wrong.answer() if callable(wrong.answer) else wrong.answer for wrong in self.wrong]

    def close(self, answer, times: float = 1.0) -> bool:
        """Whether an answer is near the right one, with so many times the tolerance."""
        return not difference(answer, self.key, tol=times * np.asarray(self.bounds), show=False)

    def numbers(self, answer) -> np.ndarray | None:
        """An answer as one row of numbers; None if it has not the shape of the right one."""
        if difference(answer, self.key, tol=1e9, show=False):
            return None
        parts = answer if isinstance(self.key, tuple) else [answer]
        return np.concatenate([np.ravel(part) for part in parts]).astype(float)

    def look_at(self, answer) -> str:
        if isinstance(answer, Iterator) and isinstance(self.key, tuple):
            answer = list(islice(answer, len(self.key) + 1))  # it can be read only once
        if not (text := difference(answer, self.key, tol=self.bounds, show=False)):
            return ""
        for wrong, theirs in zip(self.wrong, self.mistaken, strict=True):
            if self._is(answer, wrong, theirs):
                return wrong.message
        return f"{text[:1].upper()}{text[1:]} {self.near}".strip()

    def _is(self, answer, wrong: Wrong, theirs) -> bool:
        """Whether an answer is this wrong one."""
        if wrong.known:
            row = self.numbers(answer)
            return row is not None and wrong.known(row)
        tol = self.bounds
        if np.ndim(tol) and not (isinstance(theirs, tuple) and len(theirs) == len(tol)):
            tol = max(tol)  # it has other values than the right answer
        return not difference(answer, theirs, tol=tol)


@dataclass(frozen=True, kw_only=True)
class Function(Question):
    """A function, tried on cases.

    Parameters
    ----------
    cases : callable
        ``cases(rng)`` makes the cases; no two wrong answers may agree on all of them.
    expected : callable
        Same arguments, right result, by another route than the reference solution.
    seconds : float
        For each case.
    changes : bool
        Whether the function may change its arguments.
    """

    cases: Callable[[np.random.Generator], Sequence[Case]]
    expected: Callable
    tol: float = TOL
    seconds: float = SECONDS
    changes: bool = False

    @property
    def missing(self) -> str:
        """What to say when there is no answer."""
        return f"Write the function `{self.name}` and hand it over by its name."

    @cached_property
    def tried(self) -> list[tuple[Case, Any]]:
        cases = self.cases(np.random.default_rng(20))
        return [(case, call(self.expected, *case.args)) for case in cases]

    def look_at(self, answer) -> str:
        results = [
            call(answer, *case.args, seconds=self.seconds, changes=self.changes)
            for case, _ in self.tried
        ]
        told = [
            (case.label, difference(got, want, tol=self.tol))
            for (case, want), got in zip(self.tried, results, strict=True)
        ]
        if not (failed := [(label, text) for label, text in told if text]):
            return ""
        for wrong in self.wrong:
            known = wrong.known or (lambda results, f=wrong.answer: self._agree(results, f))
            if known(results):
                return wrong.message
        label, text = failed[0]
        good = len(told) - len(failed)
        most = f" ({good} of {len(told)} cases are right.)" if good else ""
        return f"{label}: {text}{most}"

    def _agree(self, results, function) -> bool:
        """Whether a wrong function gives the same results on all cases."""
        for (case, _), got in zip(self.tried, results, strict=True):
            try:
                theirs = call(function, *case.args, changes=True)
            except Trouble:
                return False
            if difference(got, theirs, tol=self.tol):
                return False
        return True


@dataclass(frozen=True, kw_only=True)
class Judged(Question):
    """Anything else: a function looks at the answer and says what is wrong.

    Parameters
    ----------
    look : callable
        ``look(answer)`` returns "" or a sentence. It runs a learner's functions by
        ``rxcourse.grading.running.call``. Where chance has a part it judges several
        known seeds with a bound from the sampling error, wide enough that a right
        answer fails less than once in a million.
    """

    look: Callable[[Any], str]

    def look_at(self, answer) -> str:
        return self.look(answer)


class Option(NamedTuple):
    """One answer to choose from, and the reason why it is right or wrong."""

    text: str
    reason: str
    right: bool = False


@dataclass(frozen=True, kw_only=True)
class Choice(Question):
    """One of several options, by its letter.

    Parameters
    ----------
    text : str
        The question, in MyST.
    options : mapping of str to Option
        Exactly one is right.
    back : str
        Number of the earlier chapter the item comes from; "" for this one.
    """

    text: str
    options: Mapping[str, Option] = field(default_factory=dict)
    back: str = ""
    rung: str = "predict"
    minutes: int = 1

    @property
    def right(self) -> str:
        return next(letter for letter, option in self.options.items() if option.right)

    def look_at(self, answer) -> str:
        letter = answer.strip().lower().strip("().") if isinstance(answer, str) else ""
        if letter not in self.options:
            letters = ", ".join(f'"{x}"' for x in self.options)
            return f"Answer with one of the letters {letters}, in quotes."
        option = self.options[letter]
        return "" if option.right else option.reason


@dataclass(frozen=True, kw_only=True)
class Numeric(Value):
    """A quiz item with a number for an answer.

    Parameters
    ----------
    text : str
        The question, in MyST.
    reason : str
        Why it is this number; shown folded on the site, below the number itself.
    back : str
        As for ``Choice``.
    decimals : int
        How the site prints the number.
    """

    text: str
    reason: str
    back: str = ""
    rung: str = "by hand"
    minutes: int = 2
    decimals: int = 2
