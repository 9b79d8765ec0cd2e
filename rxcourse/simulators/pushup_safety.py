"""Safety rules of ``PushUpFull-v0``: which actions an observation allows.

Rules 3 to 6 of the course's list, in the terms of this environment. They read reports,
not the latent person, and are assumed unless a source is named.
"""

from __future__ import annotations

import numpy as np

from rxcourse.simulators.pushup_person import DECREASE, INCREASE, MAINTAIN, REST, VERY_SORE

Array = np.ndarray
SAFER = {
    INCREASE: (MAINTAIN, DECREASE, REST),
    MAINTAIN: (DECREASE, REST),
    DECREASE: (REST,),
    REST: (),
}
"""Fallbacks of each action, nearest first, ending in the safe default: a rest."""

FIRST_DAYS, LONG_BREAK_DAYS, HARD_GAP_DAYS = 14.0, 21.0, 2.0


def allowed(obs: Array) -> Array:
    """Which of the four actions the rules allow.

    Parameters
    ----------
    obs : ndarray of shape (..., 9)
        Columns as in ``pushup.FULL_OBS``.

    Returns
    -------
    ndarray of bool, shape (..., 4)
        Add_Rest_Day is always allowed.

    References
    ----------
    Progression after a target is exceeded: Ratamess et al. (2009),
    doi:10.1249/MSS.0b013e3181915670. Its bound of 10 % a step is not applied: a step is one
    repetition, the smallest there is. Novelty and muscle damage: Springer and
    Clarkson (2003), doi:10.1249/01.MSS.0000084428.51143.8C. Thresholds are assumed.
    """
    obs = np.asarray(obs, float)
    slot, _, difficulty, high, completed, soreness, idle, hard_run, days = np.moveaxis(obs, -1, 0)
    # 3: progress only from a completed session with a repetition or two to spare.
    progress = (completed > 0) & (difficulty <= 3)
    # 4: in the first two weeks and after three weeks off, keep three in reserve.
    novice = (slot * days < FIRST_DAYS) | (idle * days >= LONG_BREAK_DAYS)
    progress &= ~novice | (difficulty <= 2)
    keep = ~novice | (difficulty <= 3)
    # 6: very sore, or tired with two reports of 5: no progress.
    progress &= (soreness < VERY_SORE) & ~((high > 0) & (hard_run >= 2))
    # 5: two days between a hard session and the next.
    rested = (difficulty < 4) | ((idle + 1) * days >= HARD_GAP_DAYS)
    always = np.ones_like(rested)
    return np.stack([progress & rested, keep & rested, rested, always], axis=-1)
