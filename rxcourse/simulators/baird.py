"""Baird's counterexample: seven states, no reward, and values that grow without bound."""

from __future__ import annotations

import numpy as np

from rxcourse.mdp import TabularMDP
from rxcourse.policy import TabularPolicy

Array = np.ndarray
DASHED, SOLID = 0, 1


def baird(gamma: float = 0.99) -> TabularMDP:
    """Action "solid" leads to the last state, "dashed" to one of the six others by lot.

    No reward anywhere, no end: the true values are all 0.

    References
    ----------
    Baird (1995); the form is that of Sutton and Barto (2018), section 11.2.
    """
    P = np.zeros((7, 2, 7))
    P[:, DASHED, :6] = 1 / 6
    P[:, SOLID, 6] = 1.0
    names = tuple(f"upper {i + 1}" for i in range(6)) + ("lower",)
    return TabularMDP(P, np.zeros(7), np.full(7, 1 / 7), np.zeros(7, bool), gamma,
                      state_names=names, action_names=("dashed", "solid"))  # fmt: skip


def baird_features() -> Array:
    """Features (7, 8): upper state i is worth 2 w_i + w_8, the lower one w_7 + 2 w_8."""
    X = np.zeros((7, 8))
    X[np.arange(6), np.arange(6)] = 2.0
    X[:6, 7] = 1.0
    X[6, 6:] = 1.0, 2.0
    return X


BAIRD_START = np.array([1.0, 1, 1, 1, 1, 1, 10, 1])
"""The weights to start from in the textbook's figures 11.2 and 11.5."""
BAIRD_TARGET = TabularPolicy(np.tile([0.0, 1.0], (7, 1)))
"""Always "solid"."""
BAIRD_BEHAVIOR = TabularPolicy(np.tile([6 / 7, 1 / 7], (7, 1)))
"""Mostly "dashed", so that each state is visited equally often."""
