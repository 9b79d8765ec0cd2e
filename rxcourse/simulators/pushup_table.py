"""The table behind ``PushUpTable-v0``: six states, four actions, estimated and frozen.

The file was estimated from latent people by ``pushup_estimate.py`` (rebuild it with
``python -m rxcourse.simulators.pushup_estimate``). It holds near the policies that
gathered it and nowhere else: compare ``table_file()["behavior"]``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import resources

import numpy as np

from rxcourse.mdp import TabularMDP
from rxcourse.simulators.pushup import ACTIONS, GAMMA, HORIZON, STATES, baselines
from rxcourse.simulators.tabular import TabularEnv, TabularVectorEnv

Array = np.ndarray
__all__ = ["baselines", "pushup_table", "reward_table", "table_file"]


@cache
def table_file() -> dict[str, Array]:
    """Everything the shipped file holds.

    Returns
    -------
    dict
        P (6, 4, 6), R (6, 4), d0 (6,), P_stderr and R_stderr of the shapes of P and R,
        n (6, 4) decisions behind each estimate, behavior (6, 4) that made them, plans
        (rounds, 6) around which each round gathered, seed, and joint
        (6, 4, 2, 6, 3, 2, 6): probability of completed, difficulty 0 (rest) to 5,
        soreness band (0-3, 4-6, 7-10), having left, and the next state.
    """
    place = resources.files("rxcourse.simulators") / "tables" / "pushup_table.npz"
    with place.open("rb") as file, np.load(file) as stored:
        return {name: stored[name] for name in stored.files}


def pushup_table(R: Array | None = None, *, gamma: float = GAMMA) -> TabularMDP:
    """The estimated model of the push-up coach; its cost is the probability of soreness 7-10.

    Parameters
    ----------
    R : ndarray of shape (6, 4), optional
        Another reward, for instance from ``reward_table``; by default the project's.
    gamma : float
    """
    stored = table_file()
    return TabularMDP(
        stored["P"], stored["R"] if R is None else R, stored["d0"], np.zeros(6, bool), gamma,
        cost=reward_table(_very_sore), state_names=STATES, action_names=ACTIONS,
    )  # fmt: skip


def _very_sore(completed, difficulty, soreness_band, left) -> Array:
    return soreness_band == 2


def reward_table(reward: Callable[..., Array]) -> Array:
    """Expected value, by state and action, of any reward of the reported outcomes.

    Parameters
    ----------
    reward : callable
        ``reward(completed, difficulty, soreness_band, left)`` on integer arrays, with
        the codes of ``table_file``.

    Returns
    -------
    ndarray of shape (6, 4)
    """
    joint = table_file()["joint"].astype(float).sum(axis=-1)
    codes = np.indices(joint.shape[2:])
    return (joint * reward(*codes)).sum(axis=(2, 3, 4, 5))


class PushUpTableVectorEnv(TabularVectorEnv):
    """N walks through the estimated table; all four actions are allowed.

    Parameters
    ----------
    horizon : int or None, default 100
        Truncate after so many slots.
    mdp : TabularMDP, optional
        Another reward on the same table.
    """

    def __init__(self, num_envs: int = 1, *, horizon=HORIZON, mdp=None, render_mode=None):
        super().__init__(mdp or pushup_table(), num_envs, horizon=horizon, render_mode=render_mode)
        self.baselines = baselines


class PushUpTableEnv(TabularEnv):
    """One walk through the estimated table."""

    def __init__(self, *, horizon=HORIZON, mdp=None, render_mode=None):
        super().__init__(mdp or pushup_table(), horizon=horizon, render_mode=render_mode)
