"""Safety rules of ``WeeklyRoutine``: which routines an observation allows.

Rules 1, 4, 6, 7 and 9 of the course's list, in the terms of this environment. They read
reports, not the latent person, and are assumed unless a source is named. The environment
itself executes any action; put a ``Shield`` around a policy to enforce them.
"""

from __future__ import annotations

import numpy as np

from rxcourse.policy import ActionMask
from rxcourse.simulators.weekly import WEEKS, WeeklyRoutineVectorEnv
from rxcourse.simulators.weekly_plan import LIFTS, REGIONS, SESSIONS

Array = np.ndarray

PAIN_STOP, PAIN_HOLD, VERY_SORE = 0.5, 0.3, 0.7
"""Mean of a week's reports, in tenths of the scale, from which a rule applies."""
FIRST_WEEKS, NOVICE_WEEKS, LONG_BREAK_WEEKS = 2, 4, 3
GENTLE_SETS, GENTLE_LOAD = 3, 0.75
PAIN_LOAD, NOVICE_LOAD = 0.55, 0.85
MOST_WEEKLY_SETS, MOST_MINUTES = 20, 90
N_FALLBACKS = 12


class Rules:
    """The rules for the routines of one environment: a mask over its observations.

    Parameters
    ----------
    envs : WeeklyRoutineVectorEnv
        With templates or factored actions, and with questions about pain.

    Notes
    -----
    - Rule 1. Mean pain of 5 or more in a region last week: it is trained with at most 55 %, or
      not at all. From 3 on: neither heavier nor more sets there than last week.
    - Rule 4. In the first two weeks, and after three weeks off: at most three sets a lift, at
      most 75 %, no higher training maximum.
    - Rule 6. Mean soreness of 7 or more in a region: neither heavier nor more sets there than
      last week.
    - Rule 7. In the first four weeks: no load above 85 %.
    - Rule 9. Never more than 20 sets a lift and week, nor a session above 90 minutes.

    No sets at all is always allowed.

    References
    ----------
    Novelty and muscle damage (rule 4): Springer and Clarkson (2003),
    doi:10.1249/01.MSS.0000084428.51143.8C. Thresholds are assumed.
    """

    def __init__(self, envs: WeeklyRoutineVectorEnv):
        if "pain" not in envs.blocks or not hasattr(envs, "prescription"):
            raise ValueError(
                "envs must list its routines and ask about pain: make it with blocks that hold "
                '"pain", and with templates or factored actions.'
            )
        plan = envs.prescription
        by_region = plan.sets.reshape(SESSIONS, len(REGIONS), -1, plan.sets.shape[-1])
        self.sets = by_region.max(axis=(0, 2))  # (3, A) per lift and session
        self.load = np.where(self.sets.any(axis=0), plan.load.max(axis=0), 0.0)
        self.rises = np.nan_to_num(plan.step) > 0
        weekly = plan.sets.sum(axis=0).max(axis=0)
        a_set = plan.rest + plan.reps * envs.p["seconds_per_rep"] / 60
        minutes = plan.sets.sum(axis=1) * a_set + envs.p["warmup"]
        self.never = (weekly > MOST_WEEKLY_SETS) | (minutes.max(axis=0) > MOST_MINUTES)
        self.rest = np.flatnonzero(~self.sets.any(axis=0))
        self.at = {name: place for place, name in enumerate(envs.columns)}

    def __call__(self, obs: Array) -> Array:
        """Map observations (..., *obs) to allowed routines (..., A)."""
        obs = np.asarray(obs)

        def seen(name):
            return obs[..., self.at[name], None]

        allowed = np.broadcast_to(~self.never, (*obs.shape[:-1], len(self.load))).copy()
        gentle = (self.sets.max(axis=0) <= GENTLE_SETS) & (self.load <= GENTLE_LOAD) & ~self.rises
        new = seen("week") * WEEKS < FIRST_WEEKS - 0.5
        back = seen("idle") * 4 >= LONG_BREAK_WEEKS
        allowed &= gentle | ~(new | back)
        allowed &= (self.load <= NOVICE_LOAD) | (seen("week") * WEEKS >= NOVICE_WEEKS - 0.5)
        # Sets are reported as their mean over all lifts: an upper bound of "as last week".
        last_sets, last_load = 5 * seen("sets"), seen("load")
        for place, region in enumerate(REGIONS):
            no_more = (self.sets[place] <= last_sets + 0.01) & (self.load <= last_load + 0.001)
            no_more &= ~self.rises
            spared = self.sets[place] == 0
            light = self.load <= PAIN_LOAD
            allowed &= spared | light | (seen(f"pain {region}") < PAIN_STOP)
            allowed &= spared | no_more | (seen(f"pain {region}") < PAIN_HOLD)
            allowed &= spared | no_more | (seen(f"sore {region}") < VERY_SORE)
        allowed[..., self.rest] = True
        return allowed


def rules(envs: WeeklyRoutineVectorEnv) -> tuple[ActionMask, dict[int, tuple[int, ...]]]:
    """The mask of an environment's routines, and the fallbacks of each for a shield.

    Returns
    -------
    allowed : Rules
    safer : dict of int to tuple of int
        The dozen nearest by work, which is sets times load, nearest first, all of them less
        work and not heavier; ending in the week of rest.
    """
    mask = Rules(envs)
    work = envs.prescription.sets.sum(axis=(0, 1)) * mask.load / (SESSIONS * len(LIFTS))
    rest = int(mask.rest[0])
    order = np.argsort(-work, kind="stable")
    safer = {}
    for action in range(len(work)):
        less = (work < work[action] - 1e-9) & (mask.load <= mask.load[action] + 1e-6)
        nearest = [int(b) for b in order if less[b] and b not in mask.rest][:N_FALLBACKS]
        safer[action] = tuple(nearest) + (() if action == rest else (rest,))
    return mask, safer
