"""What a week of training can be: the actions of ``WeeklyRoutine`` and what each prescribes.

Six lifts, three sessions. A prescription is a row of a table, so that an action stays a
whole number and the simulator needs no cases.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

Array = np.ndarray

LIFTS = ("squat", "hinge", "bench press", "overhead press", "row", "pulldown")
REGIONS = ("legs", "push", "pull")
"""Two lifts each, in the order of ``LIFTS``."""
SESSIONS = 3
DAYS = (2.0, 2.0, 3.0)
"""From each session of a week to the next: Monday, Wednesday, Friday."""


class Prescription(NamedTuple):
    """A table of A weeks. The load is a share of the training maximum.

    The training maximum is the coach's idea of what can be lifted once. Either it follows
    the estimate from reported sets (``step`` NaN), or it changes by ``step`` once a week.
    """

    sets: Array  # (3, 6, A)
    reps: Array  # (3, A)
    load: Array  # (3, A)
    rest: Array  # (A,) minutes between sets
    step: Array  # (A,)


def week(sets, reps, load, *, rest=2.0, step=np.nan):
    """One week, as a row for ``table``.

    Parameters
    ----------
    sets : float, or one for each region, or an array (3 sessions, 3 regions)
        Per lift and session.
    reps, load : float, or one for each session
        Repetitions, and the load as a share of the training maximum.
    rest : float
        Minutes between sets.
    step : float
        Change of the training maximum; NaN, the default, takes the estimate.
    """
    by_region = np.broadcast_to(np.asarray(sets, float), (SESSIONS, len(REGIONS)))
    by_session = [np.broadcast_to(np.asarray(x, float), SESSIONS) for x in (reps, load)]
    return (np.repeat(by_region, len(LIFTS) // len(REGIONS), axis=1), *by_session, rest, step)


def table(rows) -> Prescription:
    """Put weeks side by side; float32, as the simulator computes."""
    columns = (np.stack(column, axis=-1) for column in zip(*rows, strict=True))
    return Prescription(*(column.astype(np.float32) for column in columns))


TEMPLATES = {
    "rest": week(0, 8, 0.55),
    "reduced load 2x8 @ 55%": week(2, 8, 0.55),
    "2x12 @ 65%": week(2, 12, 0.65),
    "3x12 @ 65%": week(3, 12, 0.65),
    "4x12 @ 65%": week(4, 12, 0.65),
    "2x8 @ 75%": week(2, 8, 0.75),
    "3x8 @ 75%": week(3, 8, 0.75),
    "4x8 @ 75%": week(4, 8, 0.75),
    "3x5 @ 82%": week(3, 5, 0.82, rest=3.0),
    "5x5 @ 82%": week(5, 5, 0.82, rest=3.0),
    "4x3 @ 88%": week(4, 3, 0.88, rest=3.0),
    "undulating 3x12, 3x8, 3x4": week(3, (12, 8, 4), (0.65, 0.75, 0.85)),
    "spare the legs, else 3x10 @ 70%": week((0, 3, 3), 10, 0.70),
    "spare pushing, else 3x10 @ 70%": week((3, 0, 3), 10, 0.70),
    "spare pulling, else 3x10 @ 70%": week((3, 3, 0), 10, 0.70),
    "3x10, same load": week(3, 10, 0.70, step=0.0),
    "3x10, 5% more": week(3, 10, 0.70, step=0.05),
    "3x10, 10% less": week(3, 10, 0.70, step=-0.10),
}
"""The discrete actions, by name."""

SETS = (0, 1, 2, 3, 4, 5)
ZONES = ((4, 0.84), (7, 0.77), (10, 0.70), (13, 0.63))
"""Repetitions and share of the training maximum: the middle of 3-5, 6-8, 8-12 and 12-15."""
STEPS = (-0.10, -0.05, 0.0, 0.025, 0.05)
RESTS = (1.0, 2.0, 3.0)
DELOAD_SETS, DELOAD_LOAD = 0.5, 0.85
"""A deload week halves the sets, rounded up, and takes 15 % off the load (assumed)."""
OPTIONS = (SETS, ZONES, STEPS, RESTS, (False, True))
BRANCHES = ("sets", "repetitions", "load step", "rest between sets", "deload")


def factored() -> tuple[Prescription, Array]:
    """Every combination of the five choices, and the table of branch indices.

    No sets at all is the week of rest.

    Returns
    -------
    weeks : Prescription
        Of 720 actions.
    factors : ndarray of int, shape (720, 5)
        Which option of each branch an action takes.
    """
    factors = np.array(list(product(*(range(len(options)) for options in OPTIONS))))
    rows = []
    for s, zone, step, rest, deload in factors:
        reps, load = ZONES[zone]
        sets = np.ceil(SETS[s] * DELOAD_SETS) if deload else SETS[s]
        load = load * (DELOAD_LOAD if deload else 1.0)
        rows.append(week(sets, reps, load, rest=RESTS[rest], step=STEPS[step]))
    return table(rows), factors


def action_of(sets: int, zone: int, step: int, rest: int, deload: int) -> int:
    """Number of the action that takes these options of the five branches."""
    sizes = [len(options) for options in OPTIONS]
    return int(np.ravel_multi_index((sets, zone, step, rest, deload), sizes))
