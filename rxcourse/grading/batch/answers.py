"""Right answers computed once for a whole batch, and questions from an instructor's file."""

from __future__ import annotations

import importlib.util
import pickle
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from rxcourse.grading.library import questions
from rxcourse.grading.question import Question


def asked(chapter: str, extra: Path | None = None) -> dict[str, Question]:
    """Questions of a chapter, and those of an instructor's file that begin with its number.

    Parameters
    ----------
    chapter : str
        Such as "06".
    extra : Path, optional
        A Python file that defines ``EXERCISES``.

    Raises
    ------
    ValueError
        When the file cannot be used, with the reason.
    """
    known = dict(questions(chapter))
    for question in _from_file(extra) if extra else ():
        if question.id in known:
            raise ValueError(f'{extra}: the name "{question.id}" is taken; choose another.')
        if question.id[:3] == f"{chapter}.":
            known[question.id] = question
    return known


def _from_file(path: Path) -> tuple[Question, ...]:
    try:
        spec = importlib.util.spec_from_file_location("extra_checks", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["extra_checks"] = module  # so that what it defines can be pickled
        spec.loader.exec_module(module)
        found = tuple(module.EXERCISES)
    except Exception as error:  # the file is somebody's code: anything may happen
        told = f"{type(error).__name__}: {error}"
        raise ValueError(f"{path} cannot be used as extra checks ({told}).") from None
    if not all(isinstance(question, Question) for question in found):
        raise ValueError(f"{path}: EXERCISES must hold objects like Value(...), Function(...).")
    return found


def computed(known: Mapping[str, Question]) -> dict[str, bytes]:
    """What the questions need for judging, in a form that can be handed to a child process.

    A child need not compute it again, and what it runs cannot change how it is computed.
    What cannot be handed over is left out: the child computes it.
    """
    kept = {}
    for name, question in known.items():
        try:
            parts = {part: getattr(question, part) for part in _kept_by(question)}
            kept[name] = pickle.dumps(parts)
        except (pickle.PicklingError, AttributeError, TypeError):
            continue
    return kept


def install(known: Mapping[str, Question], kept: Mapping[str, bytes]) -> None:
    """Give the questions what ``computed`` returned, and let them compute the rest now."""
    for name, question in known.items():
        if name in kept:
            question.__dict__.update(pickle.loads(kept[name]))
        for part in _kept_by(question):
            getattr(question, part)


def _kept_by(question: Question) -> list[str]:
    """What this kind of question computes on first use and keeps."""
    kind = type(question)
    return [name for name in dir(kind) if isinstance(getattr(kind, name), cached_property)]
