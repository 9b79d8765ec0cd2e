"""A line of fatigue: one person, one number between 0 and 1, three things to do.

The number is continuous in spirit. The line has so many points that features cannot tell
the difference, and few enough that everything about it can still be computed exactly.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from rxcourse import validate
from rxcourse.mdp import TabularMDP

Array = np.ndarray
REST, LIGHT, HARD = 0, 1, 2
DOSE = np.array([0.0, 0.10, 0.35])
"""What a session adds to fatigue."""
GAIN = np.array([0.0, 0.5, 1.0])
"""What a session by a rested person is worth."""
KEPT, SPREAD = 0.75, 0.06
"""Share of fatigue that is left at the next slot, and the spread around that."""
LIMIT, STEEP, SETBACK = 0.75, 0.02, 3.0
"""Fatigue after a session at which a setback is as likely as not, how sharply that changes,
and what a setback costs."""


def fatigue_line(n_points: int = 101, *, gamma: float = 0.9) -> TabularMDP:
    """A person whose fatigue f lies on one of `n_points` from 0 to 1.

    The next fatigue is normal around 0.75 f + dose, on the points and kept within 0 and 1.
    A session is worth its gain times (1 - f), less a setback, which is likely once f + dose is
    beyond the limit. Rest is worth 0. Nobody is described by these numbers: they are chosen
    so that values bend where plans change.

    Parameters
    ----------
    n_points : int
        At least 11.
    gamma : float

    Returns
    -------
    TabularMDP
        Action 0 is rest, 1 a light, 2 a hard session. Every fatigue is equally likely at
        the start; there is no end. ``fatigue(n_points)`` says where the states lie.
    """
    if validate.positive_int("n_points", n_points) < 11:
        raise ValueError(f"n_points must be at least 11, got {n_points}.")
    f = fatigue(n_points)[:, 0]
    mean = KEPT * f[:, None] + DOSE
    edges = np.append(-np.inf, np.append((f[1:] + f[:-1]) / 2, np.inf))
    P = np.diff(norm.cdf((edges - mean[..., None]) / SPREAD), axis=-1)
    setback = SETBACK / (1 + np.exp((LIMIT - f[:, None] - DOSE) / STEEP))
    R = GAIN * (1 - f)[:, None] - setback * (DOSE > 0)
    return TabularMDP(
        P, R, np.full(n_points, 1 / n_points), np.zeros(n_points, bool), gamma,
        action_names=("rest", "light", "hard"),
    )  # fmt: skip


def fatigue(n_points: int = 101) -> Array:
    """The fatigue of each state, (S, 1): an observation with one number."""
    return np.linspace(0, 1, n_points)[:, None]
