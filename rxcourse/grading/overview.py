"""What a learner has passed, by chapter and objective, as text."""

from __future__ import annotations

import textwrap
from pathlib import Path

from rxcourse.grading import places, progress
from rxcourse.grading.library import chapters, questions
from rxcourse.grading.verdict import NOT_YET, PASSED


def overview(folder: Path) -> str:
    """Text about the progress file of a folder.

    Raises
    ------
    ValueError
        When there is none, or it cannot be read.
    """
    if not (folder / progress.FILE).is_file():
        raise ValueError(
            f"There is no {progress.FILE} in {places.named(folder)}. python -m rxcourse start "
            "makes one beside your exercises; name another folder with --in."
        )
    states = progress.read(folder)
    begun = [c for c in chapters() if any(str(name).startswith(f"{c}.") for name in states)]
    if not begun:
        return "Nothing was checked yet. Run a check in a notebook, or python -m rxcourse check."
    told, objectives, passed, number = [], 0, 0, 0
    for chapter in begun:
        text, reached = _chapter(chapter, states)
        told.append(text)
        known = questions(chapter)
        objectives += reached
        passed += sum(states.get(name) == PASSED for name in known)
        number += len(known)
    told.append(
        f"{passed} of {number} questions passed and {_counted(objectives, 'objective')} reached "
        f"in {_counted(len(begun), 'chapter')}. What was passed once stays passed."
    )
    return "\n\n".join(told)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _chapter(chapter: str, states: dict) -> tuple[str, int]:
    """Lines on one chapter, and how many objectives were reached."""
    card = places.card(chapter)
    by_objective: dict[int, list] = {}
    for name, question in questions(chapter).items():
        by_objective.setdefault(question.objective, []).append(name)
    lines, reached = [], 0
    for number, names in sorted(by_objective.items()):
        done = [name for name in names if states.get(name) == PASSED]
        tried = [name for name in names if states.get(name) == NOT_YET]
        rest = [name for name in names if name not in done and name not in tried]
        reached += len(done) == len(names)
        lines += _objective(number, card, {"passed": done, "not yet": tried, "to do": rest})
    title = f" {card.title}" if card.title else ""
    head = f"Chapter {int(chapter)}.{title} ({reached} of {len(by_objective)} objectives)"
    return "\n".join([head, *lines]), reached


def _objective(number: int, card: places.Card, names: dict[str, list]) -> list[str]:
    words = card.objectives[number - 1] if number <= len(card.objectives) else ""
    mark = " " if names["not yet"] or names["to do"] else "x"
    first = f"[{mark}] {number}. {words or 'objective ' + str(number)}"
    lines = textwrap.wrap(first, 88, initial_indent="  ", subsequent_indent="         ")
    return lines + [f"         {state}: {', '.join(some)}" for state, some in names.items() if some]
