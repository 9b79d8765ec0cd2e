"""What a batch leaves behind: one CSV table, and one JSON file for each submission."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

from rxcourse.grading.batch.folder import Submission
from rxcourse.grading.batch.submission import Graded, Grader
from rxcourse.grading.verdict import CANNOT

LONGEST_NOTE = 400


def table(results: list[tuple[Submission, Graded]], graders: dict[str, Grader]) -> list[dict]:
    """Rows of the CSV table, with the same columns in the same order."""
    rows = []
    for submission, graded in results:
        asked = _asked(submission, graders)
        states = {
            name: _state(graded, name) if name in asked else ""
            for grader in graders.values()
            for name in grader.questions
        }
        rows.append({
            "student": _plain(submission.student),
            "file": _plain(submission.file.name if submission.file else ""),
            "chapter": submission.chapter,
            **states,
            "points": graded.points,
            "total": len(asked),
            "note": _plain(graded.note[:LONGEST_NOTE]),
        })  # fmt: skip
    return rows


def _asked(submission: Submission, graders: dict[str, Grader]) -> list[str]:
    grader = graders.get(submission.chapter)
    return list(grader.questions) if grader else []


def _state(graded: Graded, name: str) -> str:
    return graded.verdicts[name].state if name in graded.verdicts else CANNOT


def _plain(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text


def write_csv(rows: list[dict], path: Path) -> None:
    """Write the table in UTF-8."""
    columns = list(rows[0])
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def autograder(submission: Submission, graded: Graded, graders: dict[str, Grader]) -> dict:
    """One submission in the format that learning platforms read."""
    tests = []
    for name in _asked(submission, graders):
        verdict = graded.verdicts.get(name)
        state = verdict.state if verdict else CANNOT
        message = verdict.message if verdict else graded.note
        title = graders[submission.chapter].questions[name].title
        tests.append({
            "name": f"{name} {title}",
            "score": int(bool(verdict and verdict.passed)),
            "max_score": 1,
            "output": f"{state}. {message}".strip(),
        })  # fmt: skip
    return {"tests": tests, "output": graded.note}


def write_json(results: list[tuple[Submission, Graded]], graders, folder: Path) -> None:
    """Write ``student.json`` for each student, or ``student, notebook.json`` if there are more."""
    students = [submission.student for submission, _ in results]
    folder.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for submission, graded in results:
        name = submission.student
        if students.count(name) > 1 and submission.file:
            name = f"{name}, {submission.file.stem}"
        name = re.sub(r"[^\w .,()-]", "_", name)
        while name.lower() in taken:  # two names may differ in letters that files cannot have
            name += "_"
        taken.add(name.lower())
        path = folder / f"{name}.json"
        found = autograder(submission, graded, graders)
        path.write_text(json.dumps(found, indent=1) + "\n", "ascii")
