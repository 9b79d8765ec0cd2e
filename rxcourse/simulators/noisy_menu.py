"""A menu of new exercises with noisy results: where a maximum looks better than it is."""

from __future__ import annotations

import numpy as np

from rxcourse import validate
from rxcourse.mdp import TabularMDP
from rxcourse.simulators.tabular import TabularVectorEnv

DECIDE, MENU, OVER = 0, 1, 2
OPEN_MENU, KEEP = 0, 1


def noisy_menu(n_options: int = 10, mean: float = -0.1) -> TabularMDP:
    """Keep the programme, worth 0, or open a menu whose every item is worth `mean`.

    In state "decide" two actions are allowed: 0 opens the menu, 1 keeps the programme
    and ends the episode. In state "menu" each of `n_options` actions ends it. Gamma is 1.

    References
    ----------
    The states and rewards of Sutton & Barto (2018), example 6.7, where the menu is to
    the left, the end to the right, and "many" items are on the menu.
    """
    if validate.positive_int("n_options", n_options) < 2:
        raise ValueError("n_options must be at least 2, or there is nothing to choose from.")
    P = np.zeros((3, n_options, 3))
    P[:, :, OVER] = 1.0
    P[DECIDE, OPEN_MENU] = np.eye(3)[MENU]
    R = np.zeros((3, n_options))
    R[MENU] = mean
    allowed = np.ones(R.shape, bool)
    allowed[DECIDE, 2:] = False
    return TabularMDP(
        P, R, np.eye(3)[DECIDE], np.arange(3) == OVER, gamma=1.0, allowed=allowed,
        state_names=("decide", "menu", "over"),
    )  # fmt: skip


class NoisyMenuVectorEnv(TabularVectorEnv):
    """N people before the menu; what an item earns is normal around its mean.

    Parameters
    ----------
    num_envs : int
    n_options, mean
        As in ``noisy_menu``.
    sd : float, default 1
        Spread of one result of one item.
    """

    def __init__(self, num_envs: int = 1, *, n_options=10, mean=-0.1, sd=1.0, render_mode=None):
        super().__init__(noisy_menu(n_options, mean), num_envs, render_mode=render_mode)
        if not sd >= 0:
            raise ValueError(f"sd must not be negative, got {sd!r}.")
        self.sd = float(sd)

    def advance(self, action):
        """Move on; noise is drawn for everyone and counts for those at the menu."""
        at_menu = self.state == MENU
        reward, terminated, info = super().advance(action)
        noise = self.sd * self.rng.standard_normal(self.num_envs)
        return reward + noise * at_menu, terminated, info
