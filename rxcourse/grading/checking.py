"""``check`` and ``hint``: what a learner calls in a notebook."""

from __future__ import annotations

from collections import Counter

from rxcourse.grading.library import find
from rxcourse.grading.progress import note
from rxcourse.grading.verdict import CANNOT, Verdict

_climbed: Counter = Counter()


def check(question: str, answer) -> Verdict:
    """Judge an answer at once.

    Parameters
    ----------
    question : str
        Such as "06.q2".
    answer
        A function, a number, an array, a word: what the exercise asks for.

    Returns
    -------
    Verdict
        Passed; not yet, with a sentence about what to think of; not attempted; or cannot
        be checked. A question that does not exist raises a ValueError.
    """
    asked = find(question)
    try:
        state, message = asked.judge(answer)
    except Exception as error:  # a fault of ours must not look like one of the learner's
        state, message = CANNOT, (
            f"The check stopped while it looked at your answer ({type(error).__name__}). If the "
            "answer is a plain number, word, list, array or function, please report this."
        )
    if state == "not yet" and asked.hints and not _climbed[question]:
        message += f' Stuck? hint("{question}").'
    try:
        note(Verdict(question, state, message))
    except (ValueError, OSError) as trouble:  # the verdict counts more than the record
        message = f"{message} (Not recorded: {trouble})".strip()
    return Verdict(question, state, message)


class Hint(str):
    """A hint that a notebook shows without quotes."""

    def __repr__(self) -> str:
        return str(self)


def hint(question: str) -> Hint:
    """The next hint; the last one again when there is no further one."""
    hints = find(question).hints
    if not hints:
        return Hint(f"{question} has no hints.")
    place = min(_climbed[question], len(hints) - 1)
    _climbed[question] += 1
    return Hint(f"Hint {place + 1} of {len(hints)}: {hints[place]}")
