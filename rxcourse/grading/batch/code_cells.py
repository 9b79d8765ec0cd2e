"""Code cells of a notebook file, without Jupyter: the file may be anything.

Only the standard library is used, so that a notebook can be read where no Jupyter is
installed, and nothing in the file is trusted.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import NamedTuple

LARGEST = 64 * 2**20
"""Bytes of a notebook file that is still read; stored pictures rarely reach a tenth."""

HARMLESS = ("%%time", "%%timeit", "%%capture", "%%prun")
"""Cell magics that only watch: what stands below them is run."""

COMMAND = re.compile(r"^(\s*)(?:[\w, ]+=\s*)?[%!?].*$|^(\s*)[\w.]+\?{1,2}\s*$")

CHECKED = re.compile(r"""\bcheck\(\s*["'](\d\d\.[qz]\d+)["']""")

LONGEST_LINE = 60
"""Characters of a cell's first line that a note repeats."""


class Cell(NamedTuple):
    """Code of one cell; `number` counts all cells of the notebook from 1."""

    number: int
    source: str

    @property
    def words(self) -> str:
        """What a note calls it, by its first line of code: a notebook shows no such numbers."""
        lines = [line.strip() for line in self.source.splitlines() if line.strip()]
        code = [line for line in lines if not line.startswith("#")] or lines
        first = code[0] if len(code[0]) <= LONGEST_LINE else f"{code[0][: LONGEST_LINE - 3]}..."
        asked = set(CHECKED.findall(self.source))
        checks = f" and checks {asked.pop()}" if len(asked) == 1 else ""
        return f"The cell that begins `{first}`{checks}"


class Unreadable(ValueError):
    """A file that is no notebook; the message says why."""


def read(path: Path) -> list[Cell]:
    """Code cells in the order of the file.

    Parameters
    ----------
    path : Path
        Formats 3 and 4 are known; a later one is read if it still has cells with a source.

    Raises
    ------
    Unreadable
        With a sentence for whoever handed the file in.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise Unreadable(
                f"The file is larger than {LARGEST // 2**20} MB. Clear the outputs and save again."
            )
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise Unreadable(f"The file cannot be opened: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Unreadable("This is no notebook: the file is not text in UTF-8.") from None
    if not text.strip():
        raise Unreadable("The file is empty.")
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("This is no notebook, or only a part of one: no valid JSON.") from None
    return list(_code(_cells(notebook)))


def _cells(notebook) -> list:
    """Cells of format 4, or of all worksheets of format 3."""
    sheets = notebook.get("worksheets", [notebook]) if isinstance(notebook, dict) else []
    found = [s["cells"] for s in sheets if isinstance(s, dict) and isinstance(s.get("cells"), list)]
    if not found:
        raise Unreadable("This is no notebook: there are no cells in it.")
    return sum(found, [])


def _code(cells):
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", cell.get("input", ""))  # "input" in format 3
        if isinstance(source, list):
            source = "".join(map(str, source))
        if isinstance(source, str) and source.strip():
            yield Cell(number, source)


def as_python(cell: Cell) -> tuple[str, str]:
    """Source that Python can parse, and a note on what was left out.

    Lines for the notebook itself (``%magic``, ``!shell``, ``name?``) become ``pass``. A cell
    that is no Python even so comes back as "".
    """
    source, note = cell.source, ""
    if source.startswith("%%"):
        first, _, rest = source.partition("\n")
        if not first.startswith(HARMLESS):
            return "", f"{cell.words} was left out: that is not Python."
        source = "\n" + rest
    if _problem(source) is None:
        return source, note
    lines = source.split("\n")
    kept = [COMMAND.sub(lambda m: (m[1] or m[2] or "") + "pass", line) for line in lines]
    if kept != lines:
        note = f"{cell.words}: lines with % or ! or ? were left out."
    problem = _problem("\n".join(kept))
    if problem is None:
        return "\n".join(kept), note
    return "", f"{cell.words} was left out: {problem}."


def _problem(source: str) -> str | None:
    try:
        ast.parse(source)
    except SyntaxError as error:
        return f"{error.msg} (line {error.lineno})"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"it cannot be parsed ({type(error).__name__})"
    return None
