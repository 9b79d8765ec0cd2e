"""ICU-Sepsis: a published decision process estimated from intensive care records.

716 states (713 clusters of patients and three ends), 25 actions (five levels of fluid
times five of vasopressor), reward 1 for survival, gamma 1. It serves to check a planner
against published numbers. Its makers say, and so do we, that it must not guide
treatment: its optimum is that of a table estimated from records, confounding included.

The tables come with the package ``icu-sepsis`` (MIT licence). Only its files are read;
it is not imported, since it would import a simulator library that is no longer kept up.

References
----------
Choudhary, Gupta & Thomas (2024), ICU-Sepsis: a benchmark MDP built from real medical
data, Reinforcement Learning Conference, arXiv:2406.05646.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy import sparse

from rxcourse.mdp import TabularMDP
from rxcourse.policy import TabularPolicy

Array = np.ndarray

DEATH, SURVIVAL, AFTER = 713, 714, 715
"""Death and survival end the episode; AFTER is where their rows lead, never reached."""


def load(*, admissible: bool = True) -> TabularMDP:
    """The decision process.

    Parameters
    ----------
    admissible : bool
        Allow only actions that were recorded more than 20 times in their state. The
        others carry the mean of these in the tables, so that to forbid them changes
        neither the best values nor those of a random choice.

    Returns
    -------
    TabularMDP
        Sparse, with 716 states, 25 actions, reward on arrival, gamma 1.

    Raises
    ------
    ModuleNotFoundError
        If the package ``icu-sepsis`` is not installed.
    """
    with np.load(_folder() / "dynamics.npz") as tables:
        P, d0 = tables["tx_mat"], tables["d_0"]
    n_states, n_actions, _ = P.shape
    states = np.arange(n_states)
    return TabularMDP(
        P=sparse.csr_array(P.reshape(-1, n_states)),
        R=(states == SURVIVAL).astype(float),
        d0=d0,
        terminal=np.isin(states, (DEATH, SURVIVAL, AFTER)),
        gamma=1.0,
        allowed=_admissible(n_states, n_actions) if admissible else None,
        state_names=[f"cluster {i}" for i in range(DEATH)] + ["death", "survival", "after"],
    )


def expert() -> TabularPolicy:
    """What clinicians did: the share of each action in each state, rare actions too.

    In the three end states, where nothing is decided, action 0 stands in.
    """
    with np.load(_folder() / "dynamics.npz") as tables:
        pi = tables["expert_policy"]
    pi[DEATH:] = np.eye(pi.shape[1])[0]
    return TabularPolicy(pi)


def _admissible(n_states: int, n_actions: int) -> Array:
    """Read the mask: a line of counts, then for each state a line of its actions."""
    _, *lines = (_folder() / "admissible_actions.txt").read_text().splitlines()
    mask = np.zeros((n_states, n_actions), bool)
    for state, line in enumerate(lines):
        mask[state, [int(action) for action in line.split()]] = True
    return mask


def _folder() -> Path:
    found = find_spec("icu_sepsis")
    if found is None:
        raise ModuleNotFoundError(
            "The ICU-Sepsis tables come with the package icu-sepsis, which is not installed. "
            "Install it with: pip install icu-sepsis (it is in the extras lab and test)."
        )
    return Path(found.origin).parent / "envs" / "assets"
