"""What the app knows in ``WeeklyRoutine``: reports, the log of loads, and a wristband.

Nothing here is latent truth. The observation is made of it, and of nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rxcourse.simulators.weekly_person import Body, Traits
from rxcourse.simulators.weekly_plan import LIFTS, REGIONS, SESSIONS
from rxcourse.simulators.weekly_session import Dose, Outcome

Array = np.ndarray
KEPT = 2 * SESSIONS
"""Sessions that are remembered: two weeks."""

WEEK_COLUMNS = ("trained", "completed", "effort", *(f"sore {r}" for r in REGIONS))
COLUMNS = (
    "week", "enrolled", "gain", "rise", "rise before",
    *WEEK_COLUMNS, *(f"{name} before" for name in WEEK_COLUMNS),
    "stress", "sets", "load", "maximum", "idle",
)  # fmt: skip
"""Columns of an observation. ``week`` runs from 0 to 1; ``gain`` is the estimated gain, its
rises over the last week and the week before stand tenfold. Of the last week and the week
before: sessions trained of 3, repetitions completed of those prescribed, reported effort
(RPE) and soreness of three regions, both in tenths. Then reported stress in tenths, mean
sets per lift of the last session prescribed in fifths, its load, the training maximum over
the estimated one less 1, and the weeks since the last session in quarters."""
WEARABLE_COLUMNS = ("worn", "heart rate", "heart rate variability", "sleep")
"""Share of three nights worn, and of these the mean difference from the own normal: resting
heart rate in fives of beats a minute, ln RMSSD tenfold, sleep in hours."""


class Reports(NamedTuple):
    """What is remembered of N people."""

    sessions: Array  # (6 sessions, 6 columns, N), the latest first
    gains: Array  # (7, N) estimated gain now and after each of six sessions back
    start: Array  # (N,) mean estimate at the entry test
    stress: Array  # (N,) as last reported
    sets: Array  # (N,) of the last prescription, mean over the lifts
    load: Array  # (N,)
    maximum: Array  # (N,) training maximum over the estimated one
    idle: Array  # (N,) sessions since the last one done
    nights: Array  # (3, 4, N) of the wristband, the latest first


def first_reports(body: Body) -> Reports:
    """What is known after the entry test: nothing but its result."""
    n = len(body.h2)
    one = np.zeros(n, np.float32)
    return Reports(
        sessions=np.zeros((KEPT, len(WEEK_COLUMNS), n), np.float32),
        gains=np.zeros((KEPT + 1, n), np.float32),
        start=body.estimate.mean(axis=0),
        stress=one, sets=one, load=one, maximum=one + 1, idle=one,
        nights=np.zeros((SESSIONS, len(WEARABLE_COLUMNS), n), np.float32),
    )  # fmt: skip


def note(reports: Reports, body: Body, dose: Dose, out: Outcome) -> Reports:
    """Add a session."""
    latest = np.stack([out.trained, out.completed, out.rpe / 10, *out.told_soreness / 10])
    gain = body.estimate.mean(axis=0) / reports.start - 1
    return reports._replace(
        sessions=np.concatenate([latest[None].astype(np.float32), reports.sessions[:-1]]),
        gains=np.concatenate([gain[None], reports.gains[:-1]]),
        stress=out.told_stress,
        sets=dose.sets.sum(axis=0) / len(LIFTS),
        load=dose.load,
        maximum=body.train_max.sum(axis=0) / body.estimate.sum(axis=0),
        idle=np.where(out.trained, np.float32(0), reports.idle + 1),
    )


def observation(reports: Reports, body: Body, week: Array, wearable: bool) -> Array:
    """Observations (N, number of columns).

    Parameters
    ----------
    reports : Reports
    body : Body
        Only whether they are still enrolled, which an app knows.
    week : ndarray of shape (N,)
        Share of the year that is over.
    wearable : bool
    """
    gains = reports.gains
    rise = 10 * (gains[0] - gains[SESSIONS])
    before = 10 * (gains[SESSIONS] - gains[2 * SESSIONS])
    rows = [
        week, body.enrolled, gains[0], rise, before,
        *_week(reports.sessions[:SESSIONS]), *_week(reports.sessions[SESSIONS:]),
        reports.stress / 10, reports.sets / 5, reports.load, reports.maximum - 1,
        np.minimum(reports.idle / (4 * SESSIONS), 4),
    ]  # fmt: skip
    if wearable:
        nights = reports.nights
        worn = nights[:, 0].sum(axis=0)
        rows += [worn / SESSIONS, *(nights[:, 1:].sum(axis=0) / np.maximum(worn, 1))]
    return np.stack(rows, axis=-1).astype(np.float32)


def _week(sessions: Array) -> list[Array]:
    """Means of a week: effort and completion over the sessions that took place."""
    total = sessions.sum(axis=0)
    done = np.maximum(total[0], 1)
    return [total[0] / SESSIONS, total[1] / done, total[2] / done, *total[3:] / SESSIONS]


def night(
    reports: Reports, body: Body, traits: Traits, p: dict, rng: np.random.Generator
) -> Reports:
    """Add what a wristband says of the night before the next session, where it is worn.

    It is put on less often by those who are losing interest: what is missing says something.
    """
    n = len(body.h2)
    z = rng.standard_normal((3, n), dtype=np.float32)
    u = rng.random(n, dtype=np.float32)
    tired = p["phi2"] / p["tolerance"] * body.h2
    worn_before = reports.nights[0, 0] > 0
    keen = np.minimum(body.motivation / traits.drive, 1) * body.enrolled
    chance = np.where(worn_before, p["worn_stays"], p["worn_begins"]) * keen
    worn = (u < chance).astype(np.float32)
    values = [
        worn,
        worn * (p["heart_rate_tired"] * tired + p["heart_rate_sd"] * z[0]) / 5,
        worn * (-p["variability_tired"] * tired + p["variability_sd"] * z[1]) * 10,
        worn * (-p["sleep_stress"] * body.stress + p["sleep_sd"] * z[2]),
    ]
    latest = np.stack(values)[None].astype(np.float32)
    return reports._replace(nights=np.concatenate([latest, reports.nights[:-1]]))
