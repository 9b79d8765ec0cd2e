"""A folder of submissions: which there are, and their grading one by one or a few at once."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from rxcourse.grading.batch.submission import Graded, Grader, Limits
from rxcourse.grading.library import chapters

CHAPTER = re.compile(r"(?<!\d)(\d\d)_")


class Submission(NamedTuple):
    """One notebook of one student; ``file`` is None when there is none."""

    student: str
    file: Path | None
    chapter: str
    problem: str = ""


def submissions(folder: Path, chapter: str = "") -> list[Submission]:
    """What was handed in: notebooks in the folder, or in a subfolder for each student.

    Parameters
    ----------
    folder : Path
    chapter : str
        Of all notebooks; "" to take it from each file's name, such as "06_anna.ipynb".
    """
    found = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            inside = [p for p in sorted(path.rglob("*")) if _is_notebook(p.relative_to(path), p)]
            found += [_submission(path.name, p, chapter) for p in inside]
            if not inside:
                told = "There is no notebook in this folder."
                found.append(Submission(path.name, None, chapter, told))
        elif _is_notebook(Path(path.name), path):
            found.append(_submission(path.stem, path, chapter))
    return found


def _is_notebook(inside: Path, path: Path) -> bool:
    """Hidden folders hold copies that JupyterLab keeps."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in inside.parts)
    return path.suffix.lower() == ".ipynb" and not hidden and path.is_file()


def _submission(student: str, path: Path, chapter: str) -> Submission:
    named = [number for number in CHAPTER.findall(path.name) if number in chapters()]
    chapter = chapter or (named[0] if named else "")
    problem = "" if chapter else "The file's name does not say which chapter; give --chapter."
    return Submission(student, path, chapter, problem)


def grade(
    handed_in: list[Submission],
    graders: dict[str, Grader],
    *,
    jobs: int = 1,
    done: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Submission, Graded]]:
    """Grade submissions, in their order; `jobs` of them at a time.

    A submission that cannot be graded has a note that says why. If the iteration is left
    early, what is still running is ended.
    """
    stop = threading.Event()

    def one(submission: Submission) -> Graded:
        try:
            if submission.problem or stop.is_set():
                return Graded(notes=[submission.problem])
            return graders[submission.chapter].grade(submission.file, stop)
        except Exception as error:  # a fault of ours, or of the disk: the others go on
            told = f"The grader stopped ({type(error).__name__}: {error})."
            return Graded(notes=[told])
        finally:
            done()

    with ThreadPoolExecutor(jobs) as pool:
        try:
            yield from zip(handed_in, pool.map(one, handed_in), strict=True)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def graders(handed_in: list[Submission], limits: Limits, extra: Path | None) -> dict[str, Grader]:
    """One grader for each chapter that was handed in."""
    needed = sorted({s.chapter for s in handed_in if s.chapter})
    return {chapter: Grader(chapter, limits, extra) for chapter in needed}
