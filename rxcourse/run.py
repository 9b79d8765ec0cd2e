"""What every learner returns, and how it keeps its learning curve."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from rxcourse import validate
from rxcourse.policy import Policy

Log = Callable[[Any], dict[str, np.ndarray]]
"""Called with the current greedy stack, returns columns of shape (L,). Learners of state
values (prediction) hand it their tables instead: ``log(v)``, v of shape (L, S)."""


@dataclass(frozen=True, eq=False)
class Run:
    """The result of training L learners.

    Attributes
    ----------
    policy : stack of L policies
        Greedy in what was learned. ``policy[l]`` is learner l's. After prediction, the
        policy whose values were learned; None where logs do not say it. After a climb of
        policy gradients, the stochastic policy itself; its ``greedy`` does not draw.
    curve : DataFrame
        Tidy: learner, step, and one column per metric that `log` returned.
    q : ndarray or QFunction or None
        What was learned: (L, S, A) for tables.
    data : Any
        What else a method has to show (visit counts, a dataset), by name.
    v : ndarray or None
        State values (L, S), where those were learned.
    """

    policy: Policy | None
    curve: pd.DataFrame
    q: Any = None
    data: dict[str, Any] = field(default_factory=dict)
    v: np.ndarray | None = None


class CurveLog:
    """Collect (L,) columns every `log_every` decisions of a learner.

    A learner never sees what is logged: `log` is handed the current greedy stack and
    may compare it with an exact answer the learner does not know.
    """

    def __init__(self, log: Log | None, log_every: int | None, n_learners: int):
        if log is not None and not callable(log):
            raise ValueError(f"log must be a function, got {log!r}.")
        if log is None and log_every is not None:
            raise ValueError(f"log must be given with log_every, got log_every = {log_every!r}.")
        if log is not None and log_every is None:
            raise ValueError("log_every must be given with log: decisions between records.")
        self.log, self.n_learners = log, n_learners
        self.every = log and validate.positive_int("log_every", log_every)
        self.frames: list[pd.DataFrame] = []
        self._next = 0

    def __call__(self, step: int, learned: Callable[[], Any]) -> None:
        """Record at `step` if it is time; `learned` makes what `log` gets only when needed."""
        if self.log is None or step < self._next:
            return
        self._next = step - step % self.every + self.every
        columns = self.log(learned())
        if not isinstance(columns, Mapping):
            raise ValueError(
                "log must return a dict of columns, each of shape "
                f"({self.n_learners},), got {type(columns).__name__}."
            )
        if taken := {"learner", "step"} & set(columns):
            raise ValueError(
                f'log must not return a column named "{min(taken)}": the curve has its own.'
            )
        for name, value in columns.items():
            if np.shape(value) != (self.n_learners,):
                raise ValueError(
                    f"log must return columns of shape ({self.n_learners},), "
                    f"{name} has shape {np.shape(value)}."
                )
        frame = {"learner": np.arange(self.n_learners), "step": step, **columns}
        self.frames.append(pd.DataFrame(frame))

    def frame(self) -> pd.DataFrame:
        """All records, tidy."""
        if not self.frames:
            return pd.DataFrame({"learner": [], "step": []}, dtype=int)
        return pd.concat(self.frames, ignore_index=True)
