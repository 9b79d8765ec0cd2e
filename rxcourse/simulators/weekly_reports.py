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
PAIN_COLUMNS = tuple(f"pain {r}" for r in REGIONS)
REPORT_COLUMNS = (
    "week", "enrolled", "gain", "rise", "rise before",
    *WEEK_COLUMNS, *(f"{name} before" for name in WEEK_COLUMNS),
    "stress", "sets", "load", "maximum", "idle",
)  # fmt: skip
BLOCKS = {
    "reports": REPORT_COLUMNS,
    "pain": (*PAIN_COLUMNS, *(f"{name} before" for name in PAIN_COLUMNS)),
    "record": tuple(f"worst {name}" for name in PAIN_COLUMNS),
    "wearable": ("worn", "heart rate", "heart rate variability", "sleep"),
}
"""Columns of an observation, by block.

*reports*: ``week`` runs from 0 to 1; ``gain`` is the estimated gain, its rises over the last
week and the week before stand tenfold. Of the last week and the week before: sessions
trained of 3, repetitions completed of those prescribed, reported effort (RPE) and soreness of
three regions, both in tenths. Then reported stress in tenths, mean sets per lift of the last
session prescribed in fifths, its load, the training maximum over the estimated one less 1,
and the weeks since the last session in quarters.
*pain*: of both weeks, mean reported pain of three regions right after sessions, in tenths.
*record*: the worst of such weeks so far, by region.
*wearable*: share of three nights worn, and of these the mean difference from the own normal:
resting heart rate in fives of beats a minute, ln RMSSD tenfold, sleep in hours."""


def columns(blocks: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the columns of these blocks; *reports* always come first."""
    if isinstance(blocks, str) or (unknown := [b for b in blocks if b not in BLOCKS]):
        wrong = blocks if isinstance(blocks, str) else unknown
        raise ValueError(f"blocks must be a tuple of some of {list(BLOCKS)}, got {wrong!r}.")
    return sum((BLOCKS[b] for b in BLOCKS if b in {"reports", *blocks}), ())


class Reports(NamedTuple):
    """What is remembered of N people."""

    sessions: Array  # (6 sessions, 9 columns, N), the latest first
    gains: Array  # (7, N) estimated gain now and after each of six sessions back
    start: Array  # (N,) mean estimate at the entry test
    stress: Array  # (N,) as last reported
    sets: Array  # (N,) of the last prescription, mean over the lifts
    load: Array  # (N,)
    maximum: Array  # (N,) training maximum over the estimated one
    idle: Array  # (N,) sessions since the last one done
    worst: Array  # (3, N) mean reported pain of the worst week so far, in tenths
    nights: Array  # (3, 4, N) of the wristband, the latest first


def first_reports(body: Body) -> Reports:
    """What is known after the entry test: nothing but its result."""
    n = len(body.h2)
    one = np.zeros(n, np.float32)
    return Reports(
        sessions=np.zeros((KEPT, len(WEEK_COLUMNS + PAIN_COLUMNS), n), np.float32),
        gains=np.zeros((KEPT + 1, n), np.float32),
        start=body.estimate.mean(axis=0),
        stress=one, sets=one, load=one, maximum=one + 1, idle=one,
        worst=np.zeros((len(REGIONS), n), np.float32),
        nights=np.zeros((SESSIONS, len(BLOCKS["wearable"]), n), np.float32),
    )  # fmt: skip


def note(reports: Reports, body: Body, dose: Dose, out: Outcome) -> Reports:
    """Add a session."""
    latest = np.stack([
        out.trained, out.completed, out.rpe / 10, *out.told_soreness / 10, *out.told_pain / 10,
    ])  # fmt: skip
    sessions = np.concatenate([latest[None].astype(np.float32), reports.sessions[:-1]])
    gain = body.estimate.mean(axis=0) / reports.start - 1
    pain = sessions[:SESSIONS, -len(PAIN_COLUMNS) :].sum(axis=0) / SESSIONS
    return reports._replace(
        sessions=sessions,
        worst=np.maximum(reports.worst, pain),
        gains=np.concatenate([gain[None], reports.gains[:-1]]),
        stress=out.told_stress,
        sets=dose.sets.sum(axis=0) / len(LIFTS),
        load=dose.load,
        maximum=body.train_max.sum(axis=0) / body.estimate.sum(axis=0),
        idle=np.where(out.trained, np.float32(0), reports.idle + 1),
    )


def observation(reports: Reports, body: Body, week: Array, blocks: tuple[str, ...]) -> Array:
    """Observations (N, number of columns).

    Parameters
    ----------
    reports : Reports
    body : Body
        Only whether they are still enrolled, which an app knows.
    week : ndarray of shape (N,)
        Share of the year that is over.
    blocks : tuple of str
    """
    gains = reports.gains
    rise = 10 * (gains[0] - gains[SESSIONS])
    before = 10 * (gains[SESSIONS] - gains[2 * SESSIONS])
    last, second = _week(reports.sessions[:SESSIONS]), _week(reports.sessions[SESSIONS:])
    n = len(WEEK_COLUMNS)
    rows = [
        week, body.enrolled, gains[0], rise, before, *last[:n], *second[:n],
        reports.stress / 10, reports.sets / 5, reports.load, reports.maximum - 1,
        np.minimum(reports.idle / (4 * SESSIONS), 4),
    ]  # fmt: skip
    if "pain" in blocks:
        rows += [*last[n:], *second[n:]]
    if "record" in blocks:
        rows += [*reports.worst]
    if "wearable" in blocks:
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
