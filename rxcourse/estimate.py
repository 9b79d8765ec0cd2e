"""An estimate that says what it estimates, from how much, and when it refuses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rxcourse import validate

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Estimate:
    """The result of an evaluator.

    Attributes
    ----------
    name : str
        The estimator, for instance "wis".
    estimand : str
        In words, for instance "return to week 52, gamma 1". Estimates in one table
        must share it.
    value : float
        NaN when refused.
    stderr : float
    n : int
        Episodes used.
    ess : float
        Effective sample size of the weights; n when there are no weights.
    parts : ndarray of shape (n,), optional
        Terms of each episode, from which the value is a mean or a ratio.
    draws : ndarray, optional
        Bootstrap replicates, when an interval method made some.
    refused : str
        "" or the reason in a sentence.
    """

    name: str
    estimand: str
    value: float
    stderr: float
    n: int
    ess: float
    parts: Array | None = None
    draws: Array | None = None
    refused: str = ""

    def __post_init__(self):
        if bool(self.refused) != bool(np.isnan(self.value)):
            raise ValueError(
                "value must be NaN exactly when refused gives a reason, got value "
                f"{self.value} and refused {self.refused!r}."
            )
        if not np.isnan(self.value) and self.stderr < 0:
            raise ValueError(f"stderr must not be negative, got {self.stderr}.")

    @classmethod
    def refusal(cls, name: str, estimand: str, reason: str, *, n: int = 0) -> Estimate:
        """An estimate that declines to be one, and says why."""
        nan = float("nan")
        return cls(name, estimand, nan, nan, n, nan, refused=reason)

    @classmethod
    def mean_of(cls, name: str, estimand: str, parts: Array) -> Estimate:
        """The plain mean of independent parts, with its standard error."""
        parts = validate.finite("parts", parts)
        if parts.ndim != 1 or len(parts) < 2:
            raise ValueError(f"parts must hold at least two episodes, got shape {parts.shape}.")
        n = len(parts)
        stderr = float(parts.std(ddof=1) / np.sqrt(n))
        return cls(name, estimand, float(parts.mean()), stderr, n, float(n), parts)

    def __str__(self) -> str:
        if self.refused:
            return f"{self.name}: refused ({self.refused})"
        return (
            f"{self.name}: {self.value:.4g} +/- {self.stderr:.2g} ({self.estimand}, "
            f"n {self.n}, effective {self.ess:.0f})"
        )
