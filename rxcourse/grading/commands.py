"""The commands of ``python -m rxcourse``: what is asked on the command line, what is told."""

from __future__ import annotations

import argparse
import sys
import textwrap
from importlib import import_module
from pathlib import Path

EXAMPLES = {
    "doctor": ("is this installation fit?", "python -m rxcourse doctor"),
    "start": (
        "copy the exercises of a chapter into your folder",
        "python -m rxcourse start\npython -m rxcourse start 06\n"
        "python -m rxcourse start 06 --to my-course",
    ),
    "check": (
        "judge the answers of your saved notebook",
        "python -m rxcourse check 06\npython -m rxcourse check 06 --in my-course",
    ),
    "progress": (
        "what you have passed, by objective",
        "python -m rxcourse progress\npython -m rxcourse progress --in my-course",
    ),
    "grade": (
        "grade a folder of submissions into a table",
        "python -m rxcourse grade handed-in --out grades.csv\n"
        "python -m rxcourse grade handed-in --out grades.csv --chapter 06 --jobs 2\n"
        "python -m rxcourse grade handed-in --out grades.csv --json feedback "
        "--extra-checks private.py",
    ),
}


def parser() -> argparse.ArgumentParser:
    """The command line, with examples in every help."""
    whole = argparse.ArgumentParser(
        prog="python -m rxcourse",
        description="Exercises of the course: get them, check them, grade them.",
        epilog="python -m rxcourse COMMAND --help explains one command, with examples.",
    )
    commands = whole.add_subparsers(dest="command", metavar="COMMAND")
    made = {}
    for name, (text, examples) in EXAMPLES.items():
        made[name] = commands.add_parser(
            name, help=text, description=text[0].upper() + text[1:],
            formatter_class=argparse.RawDescriptionHelpFormatter,
            epilog="examples:\n" + textwrap.indent(examples, "  "),
        )  # fmt: skip
    here = {"type": Path, "default": Path(), "metavar": "FOLDER"}
    made["doctor"].add_argument("--in", dest="folder", help="your folder (default: this one)",
                                **here)  # fmt: skip
    made["start"].add_argument("chapter", nargs="?", type=chapter, help="such as 06")
    made["start"].add_argument("--to", dest="folder", help="your folder (default: this one)",
                               **here)  # fmt: skip
    made["check"].add_argument("chapter", type=chapter, help="such as 06")
    made["check"].add_argument("--in", dest="folder", help="where the notebook lies", **here)
    made["progress"].add_argument("--in", dest="folder", help="your folder (default: this one)",
                                  **here)  # fmt: skip
    _grade_options(made["grade"])
    return whole


def _grade_options(grade: argparse.ArgumentParser) -> None:
    grade.add_argument("folder", type=Path, metavar="FOLDER",
                       help="notebooks, or one subfolder for each student")  # fmt: skip
    grade.add_argument("--out", type=Path, required=True, metavar="CSV", help="table to write")
    grade.add_argument("--chapter", type=chapter, help="of all notebooks (else from their names)")
    grade.add_argument("--json", type=Path, metavar="FOLDER",
                       help="also one autograder file for each submission")  # fmt: skip
    grade.add_argument("--seconds", type=positive, default=60.0,
                       help="time for each submission (60)")  # fmt: skip
    grade.add_argument("--memory", type=positive, default=2048.0,
                       help="MiB for each submission (2048)")  # fmt: skip
    grade.add_argument("--jobs", type=int, choices=range(1, 65), default=1, metavar="N",
                       help="submissions at the same time (1)")  # fmt: skip
    grade.add_argument("--extra-checks", type=Path, metavar="FILE",
                       help="Python file with EXERCISES of your own")  # fmt: skip


def chapter(text: str) -> str:
    """Two digits of a chapter, from "6" or "06"."""
    if not (text.isascii() and text.isdigit() and len(text) <= 2):
        raise argparse.ArgumentTypeError(f'a chapter is a number such as 06, got "{text}"')
    return text.zfill(2)


def positive(text: str) -> float:
    """A number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f'a number above 0 is needed, got "{text}"')
    return number


def main(arguments=None) -> int:
    """Run one command; 1 when it could not be done or something needed is missing."""
    chosen = parser().parse_args(arguments)
    if chosen.command is None:
        parser().print_help()
        return 1
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a console may lack some letters
            stream.reconfigure(errors="replace")
    # Modules are loaded when they are needed, so that a broken package stops one command only.
    name = "batch.command" if chosen.command == "grade" else "learner"
    module = import_module(f"rxcourse.grading.{name}")
    try:
        return getattr(module, chosen.command)(chosen)
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        where = f": {problem.filename}" if problem.filename else ""
        print(f"{problem.strerror or problem}{where}", file=sys.stderr)
        return 1
