"""One submission: a notebook file, run and judged in child processes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rxcourse.grading.batch import answers, code_cells, process
from rxcourse.grading.question import Question
from rxcourse.grading.verdict import CANNOT, NOT_ATTEMPTED, NOT_YET, PASSED, Verdict

TRIES = 4
"""A cell that ends the process costs one try: the next goes on without it."""
STATES = (PASSED, NOT_YET, NOT_ATTEMPTED, CANNOT)


@dataclass(frozen=True)
class Limits:
    """What one submission may use: wall-clock seconds, and MiB of memory."""

    seconds: float = 60.0
    memory: float = 2048.0


@dataclass
class Graded:
    """Verdicts by question, and what else is worth knowing."""

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def points(self) -> int:
        return sum(verdict.passed for verdict in self.verdicts.values())

    @property
    def note(self) -> str:
        return " ".join(dict.fromkeys(" ".join(note.split()) for note in self.notes))


class Grader:
    """Judges submissions of one chapter.

    Parameters
    ----------
    chapter : str
        Such as "06".
    limits : Limits
    extra : Path, optional
        File of an instructor with further questions.
    """

    def __init__(self, chapter: str, limits: Limits, extra: Path | None = None):
        self.chapter, self.limits, self.extra = chapter, limits, extra
        self.questions: Mapping[str, Question] = answers.asked(chapter, extra)
        self.computed = {
            name: kept.hex() for name, kept in answers.computed(self.questions).items()
        }

    def grade(self, path: Path, stop: threading.Event | None = None) -> Graded:
        """Run a notebook and judge what it leaves; never raises for what is in the file."""
        graded, left_out, reason = Graded(), [], ""
        try:
            cells = code_cells.read(path)
        except code_cells.Unreadable as error:
            told = str(error)
            return Graded({n: Verdict(n, CANNOT, told) for n in self.questions}, [told])
        left = self.limits.seconds
        for _ in range(TRIES):
            ended = process.run(self._job(cells, left, left_out, graded.verdicts), stop)
            _take(ended.records, graded, self.questions)
            left -= ended.seconds
            reason = ended.reason
            if not reason:
                break
            if not self._set_aside(ended, graded, left_out, cells) or left < 0.5:
                break
            if stop is not None and stop.is_set():
                break
        if reason and len(graded.verdicts) < len(self.questions):
            graded.notes.append(f"The submission {reason}.")
        unjudged = f"The submission {reason}." if reason else " ".join(graded.notes)
        graded.verdicts = {
            name: graded.verdicts.get(name, Verdict(name, CANNOT, unjudged))
            for name in self.questions
        }
        return graded

    def _job(self, cells: list, seconds: float, left_out: list, judged: Mapping) -> dict:
        return {
            "cells": cells, "chapter": self.chapter, "seconds": seconds,
            "extra": str(self.extra.resolve()) if self.extra else "", "computed": self.computed,
            "memory": self.limits.memory, "left_out": left_out, "judged": list(judged),
        }  # fmt: skip

    def _set_aside(self, ended: process.Ended, graded: Graded, left_out: list, cells) -> bool:
        """Leave out the cell or the question in which a process ended."""
        work = [r for r in ended.records if r["kind"] in ("cell", "judging")]
        if not work:
            return False
        last = work[-1]
        if last["kind"] == "cell":
            left_out.append(last.get("number"))
            named = [cell.words for cell in cells if cell.number == last.get("number")]
            graded.notes += [f"{words} was left out: it {ended.reason}." for words in named]
        elif (name := last.get("question")) in self.questions:
            told = f"While this answer was judged, it {ended.reason}."
            graded.verdicts.setdefault(name, Verdict(name, CANNOT, told))
            graded.notes.append(f"{name}: {told}")
        return True


def _take(records, graded: Graded, known: Mapping) -> None:
    """Verdicts and notes from records; the first verdict on a question counts."""
    for record in records:
        text = str(record.get("text", ""))[:400]
        if record["kind"] == "note":
            graded.notes.append(text)
        name, state = record.get("question"), record.get("state")
        if record["kind"] == "verdict" and name in known and state in STATES:
            message = str(record.get("message", ""))[:600]
            graded.verdicts.setdefault(name, Verdict(name, state, message))
            if state == CANNOT:
                graded.notes.append(f"{name}: {message}")
