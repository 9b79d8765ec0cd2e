"""What a learner's commands do and print: doctor, start, check, progress."""

from __future__ import annotations

import textwrap

from rxcourse.grading import places
from rxcourse.grading import progress as record
from rxcourse.grading.verdict import CANNOT

WIDTH = 96


def doctor(chosen) -> int:
    """Findings on this installation; 1 if something needed is missing."""
    from rxcourse.grading.doctor import MISSING, findings

    missing = 0
    for state, text in findings(chosen.folder):
        missing += state == MISSING
        print(_hanging(f"{state:<9}", text))
    print(f"\n{missing} to put right, see above." if missing else "\nEverything needed is there.")
    return 1 if missing else 0


def start(chosen) -> int:
    """Copy an exercise notebook, never over another file; without a chapter, list them."""
    if chosen.chapter is None:
        if not (known := places.exercises()):
            raise ValueError(places.MISSING)
        for number in known:
            print(f"{number}  {places.card(number).title}".rstrip())
        print("\nGet one with, for instance: python -m rxcourse start", next(iter(known)))
        return 0
    source = places.exercise(chosen.chapter)
    target = chosen.folder / source.name
    if chosen.folder.is_file():
        raise ValueError(f"{chosen.folder} is a file; name a folder.")
    chosen.folder.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("xb") as file:  # fails if it exists, also in the last moment
            file.write(source.read_bytes())
    except FileExistsError:
        print(f"{target} is there already and stays as it is. Open it to go on. To begin anew, "
              "rename it first, or choose another folder with --to.")  # fmt: skip
    else:
        print(f"{target} is ready: open it in JupyterLab or VS Code.")
    if record.begin(chosen.folder):
        print(f"{chosen.folder / record.FILE} keeps what you pass, on this computer only.")
    return 0


def check(chosen) -> int:
    """Judge a saved notebook, and keep the verdicts if there is a progress file."""
    from rxcourse.grading.batch.submission import Grader, Limits

    path = places.own_copy(chosen.chapter, chosen.folder)
    print(f"{path}, as it was saved")
    graded = Grader(chosen.chapter, Limits()).grade(path)
    reasons = {verdict.message for verdict in graded.verdicts.values()}
    if len(reasons) == 1 and all(v.state == CANNOT for v in graded.verdicts.values()):
        raise ValueError(reasons.pop())  # of the file, not of an answer
    for name, verdict in graded.verdicts.items():
        print(_hanging(f"{name:<8}{verdict.state:<19}", verdict.message))
        record.note(verdict, chosen.folder)
    if graded.note:
        print("\n" + textwrap.fill(graded.note, WIDTH))
    print(f"\n{graded.points} of {len(graded.verdicts)} passed.")
    return 0


def progress(chosen) -> int:
    """Objectives and questions passed."""
    from rxcourse.grading.overview import overview

    print(overview(chosen.folder))
    return 0


def _hanging(head: str, text: str) -> str:
    lines = textwrap.wrap(text, WIDTH - len(head), break_long_words=False, break_on_hyphens=False)
    return f"\n{' ' * len(head)}".join([head + (lines[0] if lines else ""), *lines[1:]]).rstrip()
