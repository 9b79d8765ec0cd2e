"""What has been passed, in a file of the learner's own folder.

``python -m rxcourse start`` makes the file; without it nothing is written anywhere.
"""

from __future__ import annotations

import json
from pathlib import Path

from rxcourse.grading.verdict import Verdict

FILE = "rxcourse-progress.json"


def note(verdict: Verdict, folder: Path | None = None) -> None:
    """Remember a verdict; what was passed once stays passed."""
    path = (folder or Path.cwd()) / FILE
    if not path.is_file():
        return
    known = read(path.parent)
    if known.get(verdict.question) != "passed":
        known[verdict.question] = verdict.state
    new = path.with_suffix(".new")  # complete before it takes the old one's place
    new.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", "utf-8")
    new.replace(path)


def read(folder: Path) -> dict[str, str]:
    """States by question; an unreadable file is told, and never written over."""
    path = folder / FILE
    try:
        known = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        known = None
    if not isinstance(known, dict):
        raise ValueError(f"{path} is damaged and cannot be read; move it away to begin anew.")
    return known


def begin(folder: Path) -> bool:
    """Make an empty file; False if there was one, which stays as it is."""
    try:
        with (folder / FILE).open("x", encoding="utf-8") as file:
            file.write("{}\n")
    except FileExistsError:
        return False
    return True
