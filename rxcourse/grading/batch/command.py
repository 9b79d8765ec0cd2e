"""The command ``grade``: from a folder to a table."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from tqdm import tqdm

from rxcourse.grading import places
from rxcourse.grading.batch import folder, gradebook
from rxcourse.grading.batch.submission import Limits

LEAST_MEMORY = 256
"""MiB."""


def grade(chosen) -> int:
    """Grade the folder of parsed arguments; what can go wrong is looked at before."""
    places.is_folder(chosen.folder)
    if chosen.memory < LEAST_MEMORY:
        raise ValueError(
            f"--memory {chosen.memory:g} is too little even for right answers; give at least "
            f"{LEAST_MEMORY}."
        )
    if chosen.extra_checks and not chosen.extra_checks.is_file():
        raise ValueError(f"There is no file {chosen.extra_checks}.")
    handed_in = folder.submissions(chosen.folder, chosen.chapter or "")
    if not any(submission.file for submission in handed_in):
        raise ValueError(f"There are no notebooks (*.ipynb) in {chosen.folder}.")
    if not any(submission.chapter for submission in handed_in):
        raise ValueError(
            "No file name says which chapter it belongs to (06_anna.ipynb would). Give --chapter."
        )
    _try_to_write(chosen.out)
    if chosen.json:
        if chosen.json.is_file():
            raise ValueError(f"{chosen.json} is a file; name a folder.")
        chosen.json.mkdir(parents=True, exist_ok=True)
        _try_to_write(chosen.json / "trial.json")
        (chosen.json / "trial.json").unlink()
    limits = Limits(chosen.seconds, chosen.memory)
    graders = folder.graders(handed_in, limits, chosen.extra_checks)
    results = []
    try:
        with tqdm(total=len(handed_in), disable=None, unit="notebook") as bar:  # terminals only
            running = folder.grade(handed_in, graders, jobs=chosen.jobs, done=bar.update)
            with contextlib.closing(running):
                results.extend(running)
    except KeyboardInterrupt:
        print("Stopped by hand; the table holds what was graded before.", file=sys.stderr)
    return _write(results, graders, chosen, len(handed_in))


def _try_to_write(path: Path) -> None:
    """Find out now, not after an hour, that a table cannot be written."""
    try:
        with path.open("a"):
            pass
    except OSError as error:
        raise ValueError(
            f"{path} cannot be written ({error.strerror}). Is the folder there, and the file "
            "closed in other programs?"
        ) from None


def _write(results, graders, chosen, number: int) -> int:
    if not results:
        return 1
    gradebook.write_csv(gradebook.table(results, graders), chosen.out)
    if chosen.json:
        gradebook.write_json(results, graders, chosen.json)
    noted = sum(bool(graded.note) for _, graded in results)
    print(f"{len(results)} of {number} submissions graded, {noted} with a note: {chosen.out}")
    return 0 if len(results) == number else 1
