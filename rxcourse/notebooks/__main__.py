"""Command line: execute, check, from-text, to-text."""

import argparse
import os
import sys
from pathlib import Path

from rxcourse.notebooks import guard, store


def main(arguments=None):
    """Run one command; the exit code is 1 when a notebook fails."""
    parser = argparse.ArgumentParser(prog="python -m rxcourse.notebooks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("execute", "run notebooks in their own folders and store the outputs"),
        ("check", "say what the notebook guard would refuse"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("paths", nargs="+", type=Path)
    for name, text in (
        ("from-text", "make a notebook from MyST text with {code-cell} blocks"),
        ("to-text", "write a notebook as MyST text, without outputs"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("source", type=Path)
        command.add_argument("target", type=Path)
        if name == "from-text":
            command.add_argument("--execute", action="store_true", help="and run it")
    chosen = parser.parse_args(arguments)
    # Kernels inherit this: one thread, as everywhere in the course.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")

    needed = chosen.paths if "paths" in chosen else [chosen.source]
    missing = [str(path) for path in needed if not path.is_file()]
    if missing:
        print(f"no such file: {', '.join(missing)}; nothing was done", file=sys.stderr)
        return 1
    if "target" in chosen:
        chosen.target.parent.mkdir(parents=True, exist_ok=True)
    if chosen.command == "execute":
        return sum(not _execute(path) for path in chosen.paths) and 1
    if chosen.command == "check":
        problems = [problem for path in chosen.paths for problem in guard.check(path)]
        print("\n".join(problems) or "nothing to complain about")
        return 1 if problems else 0
    if chosen.command == "to-text":
        chosen.target.write_text(store.to_text(store.read(chosen.source)), encoding="utf-8")
        return 0
    store.write(store.from_text(chosen.source.read_text(encoding="utf-8")), chosen.target)
    return 0 if not chosen.execute or _execute(chosen.target) else 1


def _execute(path):
    print(f"{path} ...", end=" ", flush=True)
    try:
        seconds = store.execute(path)
    except store.NotStored as problem:
        print(f"not stored\n{problem}")
        return False
    print(f"{seconds:.1f} s")
    return True


if __name__ == "__main__":
    sys.exit(main())
