"""Is this installation fit? Each finding says what to do."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rxcourse.grading import places

OK, MISSING, NOTE = "ok", "missing", "note"
OLDEST = (3, 11)


class Finding(NamedTuple):
    """One line: "ok", "missing" (something is needed) or "note", and words."""

    state: str
    text: str


def findings(folder: Path) -> Iterator[Finding]:
    """Look at Python, packages, Jupyter, exercises, an environment, a check and a folder."""
    yield from (_python(), *_packages(), _jupyter(), _exercises())
    yield from (_tried("an environment can be made and stepped", _step),
                _tried("a check answers", _check), _folder(folder), _limits())  # fmt: skip


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST:
        need = ".".join(map(str, OLDEST))
        return Finding(MISSING, f"Python {version} is too old: install Python {need} or newer.")
    return Finding(OK, f"Python {version} ({sys.executable})")


def _packages() -> Iterator[Finding]:
    """Packages that are needed, against the ranges that rxcourse asks for."""
    try:
        needed = importlib.metadata.requires("rxcourse") or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding(
            MISSING,
            "rxcourse itself is not installed in this Python. In the folder of the repository: "
            "python -m pip install -e .",
        )
        return
    from packaging.requirements import Requirement  # comes with matplotlib

    for text in needed:
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        yield _package(requirement)


def _package(requirement) -> Finding:
    install = f'python -m pip install "{requirement.name}{requirement.specifier}"'
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(MISSING, f"{requirement.name} is not installed: {install}")
    if not requirement.specifier.contains(version, prereleases=True):
        return Finding(MISSING, f"{requirement.name} {version} does not fit: {install}")
    return Finding(OK, f"{requirement.name} {version}")


def _jupyter() -> Finding:
    if importlib.util.find_spec("ipykernel") is None:
        return Finding(
            MISSING,
            "Nothing here runs notebooks. In the folder of the repository: "
            'python -m pip install -e ".[lab]". For VS Code: python -m pip install ipykernel',
        )
    if importlib.util.find_spec("jupyterlab") is None:
        return Finding(
            NOTE,
            "A kernel is there, enough for VS Code; JupyterLab is not. To have it: "
            'python -m pip install -e ".[lab]" in the folder of the repository.',
        )
    return Finding(OK, "JupyterLab: start it with python -m jupyterlab")


def _exercises() -> Finding:
    found = places.exercises()
    if not found:
        return Finding(MISSING, places.MISSING)
    return Finding(OK, f"exercises for chapters {', '.join(found)} in {places.EXERCISES}")


def _tried(what: str, attempt) -> Finding:
    try:
        attempt()
    except Exception as error:  # whatever it was, it is what we came to find
        told = f"{type(error).__name__}: {error}"
        again = "Install the package anew: python -m pip install --force-reinstall -e ."
        return Finding(MISSING, f"It failed that {what} ({told}). {again}")
    return Finding(OK, what)


def _step() -> None:
    import gymnasium

    env = gymnasium.make("rxcourse/PushUp-v0")
    env.reset(seed=0)
    env.step(0)
    env.close()


def _check() -> None:
    from rxcourse.grading.library import chapters, questions
    from rxcourse.grading.question import Choice

    known = questions(chapters()[0]).values()
    question = next(question for question in known if isinstance(question, Choice))
    if question.judge(question.right) != ("passed", ""):
        raise RuntimeError(f"{question.id} refuses its own answer")


def _folder(folder: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding(
            MISSING,
            f"The folder {folder.resolve()} cannot be written to ({error.strerror}): go to "
            "another with cd.",
        )
    return Finding(OK, f"the folder {folder.resolve()} can be written to")


def _limits() -> Finding:
    if importlib.util.find_spec("resource") is None:
        return Finding(
            NOTE,
            "For instructors: on this system grading limits time, but neither memory nor CPU; "
            "grade in a container or a virtual machine with Linux.",
        )
    if sys.platform == "darwin":
        return Finding(
            NOTE, "For instructors: macOS does not hold to limits of memory; grade under Linux."
        )
    return Finding(
        NOTE,
        "For instructors: grading limits time, CPU, memory and file size here. This is no "
        "sandbox: grade the code of strangers in a container without network.",
    )
