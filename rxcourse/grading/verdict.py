"""What a check says: one of four states, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass

PASSED, NOT_YET = "passed", "not yet"
NOT_ATTEMPTED, CANNOT = "not attempted", "cannot be checked"


@dataclass(frozen=True)
class Verdict:
    """The result of one check.

    Attributes
    ----------
    question : str
        Such as "06.q2".
    state : str
        "passed", "not yet", "not attempted" or "cannot be checked".
    message : str
        One or two sentences: what was wrong, and where to look.
    """

    question: str
    state: str
    message: str = ""

    @property
    def passed(self) -> bool:
        return self.state == PASSED

    def __repr__(self) -> str:
        told = f"{self.question}: {self.state}."
        return f"{told} {self.message}" if self.message else told


class Trouble(Exception):
    """An answer that could not be judged to the end: carries the verdict's words."""

    def __init__(self, message: str, state: str = NOT_YET):
        super().__init__(message)
        self.message, self.state = message, state
