"""Where things lie: exercise notebooks, chapters of the book, a learner's own copy."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

from rxcourse.grading.library import chapters

REPOSITORY = Path(__file__).parents[2]
EXERCISES = REPOSITORY / "exercises"

MISSING = (
    f"The exercise notebooks are not beside the package (looked in {EXERCISES}). "
    "Clone the repository and install it there with: python -m pip install -e ."
)


class Card(NamedTuple):
    """Title of a chapter, and the objectives on its card."""

    title: str
    objectives: list[str]


def exercises() -> dict[str, Path]:
    """Exercise notebooks by chapter; none if the repository is not there."""
    return {path.name[:2]: path for path in sorted(EXERCISES.glob("[0-9][0-9]_*.ipynb"))}


def exercise(chapter: str) -> Path:
    """The exercise notebook of a chapter, or a ValueError with a sentence."""
    known = exercises()
    if not known:
        raise ValueError(MISSING)
    if chapter not in known:
        raise ValueError(
            f"There are no exercises for chapter {chapter}; there are for {', '.join(known)}."
        )
    return known[chapter]


def named(folder: Path) -> str:
    """A folder in words, where "." would read like the end of a sentence."""
    return "this folder" if folder == Path() else f"the folder {folder}"


def is_folder(folder: Path) -> Path:
    """Return `folder`; a file, or nothing, is told in a ValueError."""
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; name a folder.")
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}.")
    return folder


def own_copy(chapter: str, folder: Path) -> Path:
    """A learner's notebook of a chapter, whatever they have named it."""
    is_folder(folder)
    if chapter not in chapters():
        raise ValueError(
            f"There are no exercises for chapter {chapter}; there are for {', '.join(chapters())}."
        )
    known = exercises().get(chapter)
    if known and (folder / known.name).is_file():
        return folder / known.name
    found = sorted(folder.glob(f"{chapter}_*.ipynb"))
    if not found:
        raise ValueError(
            f"There is no notebook {chapter}_*.ipynb in {named(folder)}. Get it with "
            f"python -m rxcourse start {chapter}, or name its folder with --in."
        )
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise ValueError(f"Which one? There are {names}. Move the others away.")
    return found[0]


def card(chapter: str) -> Card:
    """What the book's chapter promises; empty if the book is not there."""
    for path in sorted((REPOSITORY / "book").glob(f"part*/{chapter}_*.ipynb")):
        try:
            cells = json.loads(path.read_text("utf-8"))["cells"]
            text = "\n\n".join("".join(cell["source"]) for cell in cells[:4])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        title = re.search(r"^# \d+\. (.+)$", text, re.MULTILINE)
        listed = re.search(r"\*\*Afterwards you can\*\*\s+((?:- .+\n?)+)", text)
        lines = re.findall(r"^- (.+?)[;.]?$", listed[1], re.MULTILINE) if listed else []
        return Card(title[1] if title else "", lines)
    return Card("", [])
