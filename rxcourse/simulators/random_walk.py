"""The random walk of the textbook: states in a row, an end on each side, no decision."""

from __future__ import annotations

import numpy as np

from rxcourse import validate
from rxcourse.mdp import TabularMDP

Array = np.ndarray


def random_walk(n_states: int = 5, *, left: float = 0.0, right: float = 1.0) -> TabularMDP:
    """A walk that starts in the middle and goes left or right with equal chances.

    Parameters
    ----------
    n_states : int
        Odd. States 1 to `n_states`; 0 and `n_states` + 1 are the ends.
    left, right : float
        Reward on arrival at each end. Every other step brings 0.

    Returns
    -------
    TabularMDP
        One action, gamma 1. The exact value of state s is
        left + (right - left) * s / (n_states + 1).

    References
    ----------
    Sutton and Barto (2018): example 6.2 has 5 states; example 7.1 has 19 and left = -1.
    """
    if validate.positive_int("n_states", n_states) % 2 == 0:
        raise ValueError(f"n_states must be odd, so that there is a middle; got {n_states}.")
    size = n_states + 2
    P = 0.5 * (np.eye(size, k=-1) + np.eye(size, k=1))
    P[0], P[-1] = np.eye(size)[[0, -1]]
    R = np.zeros(size)
    R[0], R[-1] = left, right
    terminal = np.isin(np.arange(size), [0, size - 1])
    inner = [chr(ord("A") + i) for i in range(n_states)] if n_states <= 26 else range(1, size - 1)
    return TabularMDP(
        P[:, None], R, np.eye(size)[size // 2], terminal, 1.0,
        state_names=("left end", *inner, "right end"), action_names=("walk on",),
    )  # fmt: skip
