"""All questions, by chapter."""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import Path

from rxcourse.grading.question import Question

HERE = Path(__file__).parent


@cache
def chapters() -> tuple[str, ...]:
    """Numbers of the chapters that have questions, such as "06"."""
    return tuple(sorted(path.stem[2:] for path in HERE.glob("ch[0-9][0-9].py")))


@cache
def questions(chapter: str) -> dict[str, Question]:
    """The questions of a chapter by id: exercises first, then the quiz."""
    if chapter not in chapters():
        there = ", ".join(chapters())
        raise ValueError(f'there are no questions for chapter "{chapter}"; there are for {there}.')
    module = importlib.import_module(f"rxcourse.grading.ch{chapter}")
    return {question.id: question for question in (*module.EXERCISES, *module.QUIZ)}


def find(question: str) -> Question:
    """The question with this id."""
    if not isinstance(question, str) or not re.fullmatch(r"\d\d\.[qz]\d+", question):
        raise ValueError(f'a question has a name like "06.q2", got {question!r}.')
    known = questions(question[:2])
    if question not in known:
        raise ValueError(f'there is no question "{question}"; there are {", ".join(known)}.')
    return known[question]
