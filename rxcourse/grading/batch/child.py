"""What runs inside the child process: the cells of one notebook, then its judges.

Started by ``process.py`` with a job. Whatever happens is written at once, one line of JSON
for each event, so that nothing that was judged is lost when the process is ended.
"""

from __future__ import annotations

import ast
import json
import linecache
import os
import re
import sys
import time
import traceback
import types
import warnings
from pathlib import Path

from rxcourse.grading.batch import answers, code_cells, limits
from rxcourse.grading.batch.originals import Originals
from rxcourse.grading.batch.process import NO_MEMORY
from rxcourse.grading.running import _told
from rxcourse.grading.time_limit import TimeUp, within
from rxcourse.grading.verdict import CANNOT, NOT_ATTEMPTED, NOT_YET

FOR_CELLS = 0.6
"""Share of the time that all cells together may take; judging has the rest."""
SHORTEST = 0.2
"""Seconds that every cell and every question gets."""


class Clock:
    """Deals out what is left of the time, one half at most to any one piece of work."""

    def __init__(self, seconds: float):
        self.end = time.monotonic() + seconds

    def half(self) -> float:
        return max((self.end - time.monotonic()) / 2, SHORTEST)


def main(job: dict) -> None:
    """Run a job and leave, whatever threads are still at work."""
    warnings.simplefilter("ignore")
    # Appending, so that nobody else's writing into the file can hide what is told here.
    out = open(job["records"], "a", encoding="ascii", buffering=1)  # noqa: SIM115

    def tell(kind: str, **facts):
        out.write(json.dumps({"token": job["token"], "kind": kind, **facts}) + "\n")

    code = 1
    try:
        _work(job, tell)
        tell("done")
        code = 0
    except BaseException:  # a fault of the grader: the parent reads the last line
        traceback.print_exc(file=sys.__stderr__)
    finally:
        out.flush()
        os._exit(code)  # neither threads left behind nor exit handlers are waited for


def _work(job: dict, tell) -> None:
    known = answers.asked(job["chapter"], Path(job["extra"]) if job["extra"] else None)
    answers.install(known, {name: bytes.fromhex(kept) for name, kept in job["computed"].items()})
    originals = Originals()
    limits.set_limits(seconds=job["seconds"], memory=job["memory"])
    tell("started")
    clock = Clock(job["seconds"])
    namespace, lost = _run([code_cells.Cell(*cell) for cell in job["cells"]], job, originals, tell)
    for name, question in known.items():
        if name in job["judged"]:
            continue
        limit = clock.half()
        tell("judging", question=name, limit=limit)
        _tell_changes(originals, tell)
        state, message = _judge(question, namespace, limit, lost)
        tell("verdict", question=name, state=state, message=message)


def _run(cells, job: dict, originals: Originals, tell) -> tuple[dict, list[tuple[str, str]]]:
    """Run the cells in one namespace; also sources that went wrong, and how, in words."""
    main_module = types.ModuleType("__main__")
    sys.modules["__main__"] = main_module
    namespace = vars(main_module)
    namespace["display"] = print  # Jupyter has it, Python does not
    clock, lost = Clock(job["seconds"] * FOR_CELLS), []
    for cell in cells:
        if cell.number in job["left_out"]:
            lost.append((cell.source, f"{cell.words} could not be run to its end."))
            continue
        source, note = code_cells.as_python(cell)
        limit = clock.half()
        tell("cell", number=cell.number, limit=limit)
        if source:
            error = _run_cell(cell.number, source, namespace, limit)
            _tell_changes(originals, tell)
            if isinstance(error, MemoryError) and not _has_memory():
                os._exit(NO_MEMORY)  # the cell's data cannot be got rid of: again, without it
            note = _in_words(cell, error, limit) or note
        if note:
            tell("note", text=note)
            lost.append((cell.source, note))
    return namespace, lost


def _run_cell(number: int, source: str, namespace: dict, limit: float) -> BaseException | None:
    """Run one cell; what it raised."""
    name = f"<cell {number}>"
    # Error messages quote the learner's line, and inspect finds the source of functions.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    sys.stdout = open(os.devnull, "w", encoding="utf-8", errors="replace")  # noqa: SIM115
    try:
        code = compile(ast.parse(source), name, "exec")
        within(limit, lambda: exec(code, namespace))
    except BaseException as error:  # the next cells are to run, whatever it was
        return error
    return None


def _in_words(cell: code_cells.Cell, error: BaseException | None, limit: float) -> str:
    if error is None:
        return ""
    if isinstance(error, TimeUp):
        return f"{cell.words} did not finish within {limit:.1f} s."
    if isinstance(error, SystemExit):
        return f"{cell.words} ends the program (exit or quit)."
    return f"{cell.words} stopped with {_told(error)}"


def _has_memory() -> bool:
    try:
        return len(bytearray(2**27)) > 0
    except MemoryError:
        return False


def _judge(question, namespace: dict, limit: float, lost: list) -> tuple[str, str]:
    if question.name not in namespace:
        return _absent(question.name, lost)
    try:
        return within(limit, lambda: question.judge(namespace[question.name]))
    except TimeUp:
        return CANNOT, f"Judging `{question.name}` took more than {limit:.1f} s."
    except BaseException as error:  # a fault of ours, or an answer that breaks what it touches
        return CANNOT, f"The check itself stopped ({type(error).__name__}: {error})."[:300]


def _absent(name: str, lost: list[tuple[str, str]]) -> tuple[str, str]:
    """Not attempted, unless a cell that went wrong was to define it."""
    defines = re.compile(rf"^\s*(?:def {name}\b|{name}\s*[=,:])", re.MULTILINE)
    for source, note in lost:
        if defines.search(source):
            return NOT_YET, f"There is no `{name}`. {note}"
    return NOT_ATTEMPTED, f"There is no `{name}` after the cells were run."


def _tell_changes(originals: Originals, tell) -> None:
    if changed := originals.put_back():
        names = ", ".join(changed[:5])
        tell("note", text=f"Replaced by the submission, and put back before judging: {names}.")
