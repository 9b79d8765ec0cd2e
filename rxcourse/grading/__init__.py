"""Exercises that grade themselves: ``rxcourse.check`` and ``rxcourse.hint``."""

from rxcourse.grading.checking import check, hint

__all__ = ["check", "hint"]
