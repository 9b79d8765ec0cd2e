"""Who trains in ``WeeklyRoutine``: what differs between people, and what changes in them.

Arrays are float32. Six lifts stand in the first axis where there is one per lift, three
regions where there is one per region, and people in the last.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from rxcourse.simulators.streams import keyed_normal
from rxcourse.simulators.weekly_plan import LIFTS, REGIONS

Array = np.ndarray
N_TRAITS = 26
WEEKS_KEPT = 4
"""Weeks whose best loads are remembered."""


class Traits(NamedTuple):
    """What differs between people and stays."""

    eta: Array  # (6, N) rate of gain, 1/wk
    ceiling: Array  # (N,)
    before: Array  # (6, N) relative strength gained before the start
    endurance: Array  # (N,)
    tau_h1: Array  # (N,) days
    tau_h2: Array  # (N,) days
    h2_gain: Array  # (N,) accumulated fatigue per unit of load and recent load
    soreness: Array  # (3, N) sensitivity, mean 1
    bears: Array  # (3, N) load above which a region is irritated; above 1 never
    attendance: Array  # (N,)
    bias: Array  # (N,) reported minus true repetitions in reserve
    drive: Array  # (N,) own level of motivation
    test_error: Array  # (6, N) measured over true maximum


class Body(NamedTuple):
    """What changes in a person, and what is known of them."""

    fast: Array  # (6, N) relative strength gain that is lost fast
    slow: Array  # (6, N)
    h1: Array  # (6, N) local fatigue, in session loads
    week_sets: Array  # (6, N) sets of the last days, fading
    h2: Array  # (N,) accumulated fatigue
    trace: Array  # (N,) recent load
    sore1: Array  # (3, N) damage on its way to being felt
    sore2: Array  # (3, N)
    sore3: Array  # (3, N)
    protection: Array  # (3, N)
    irritation: Array  # (3, N) pain of a region, 0 to 10
    injured: Array  # (3, N) days until a region is trained again
    stress: Array  # (N,) 1 in a stressful time, otherwise 0
    away: Array  # (N,) 1 while no training is possible
    enrolled: Array  # (N,) 0 after leaving, for good
    motivation: Array  # (N,)
    train_max: Array  # (6, N) training maximum that loads are taken from
    estimate: Array  # (6, N) maximum estimated from reported sets
    heaviest: Array  # (6, N) heaviest set of this week, as the maximum it stands for
    best: Array  # (4, 6, N) the same of each of the last weeks
    best_of_all: Array  # (6, N) of these weeks
    hard_run: Array  # (N,) sessions at RPE 9.5 or more in a row
    streak: Array  # (N,) sessions completed with something in reserve in a row
    best_estimate: Array  # (N,) highest mean estimate so far
    stale: Array  # (N,) sessions since it rose


def draw_traits(seed: int, row: Array, episode: Array, p: dict) -> Traits:
    """Draw people; the same key gives the same person whatever anyone does."""
    z = keyed_normal(seed, row, episode, N_TRAITS).astype(np.float32)
    share = _uniform(z[8])

    def lognormal(normal, mean, cv):
        sd = float(np.sqrt(np.log1p(cv * cv)))
        return mean * np.exp(sd * normal - 0.5 * sd * sd)

    by_lift = np.exp(p["lift_spread"] * z[9:15] - 0.5 * p["lift_spread"] ** 2)
    # Experience: exponential between people, its lifts alike but for the rate of gain.
    before = -p["experience"] * np.log(_uniform(z[2])) * by_lift
    sore = lognormal(z[5], 1.0, p["soreness_cv"]) * _regions(p["legs_soreness"])[:, None]
    # One region of some people does not bear heavy loads: which, and whether.
    place = np.floor(share / p["pain_share"] * len(REGIONS))[None, :]
    weak = place == np.arange(len(REGIONS), dtype=np.float32)[:, None]
    limit = p["pain_load"] + p["pain_load_sd"] * z[7]
    return Traits(
        eta=lognormal(z[0], p["eta"], p["eta_cv"]) * by_lift,
        ceiling=lognormal(z[1], p["ceiling"], p["ceiling_cv"]),
        before=before,
        endurance=lognormal(z[3], 1.0, p["endurance_cv"]),
        tau_h1=lognormal(z[4], p["tau_h1"], p["tau_cv"]),
        tau_h2=lognormal(z[16], p["tau_h2"], p["tau_cv"]),
        h2_gain=lognormal(z[6], p["h2_gain"], p["h2_gain_cv"]),
        soreness=sore,
        bears=np.where(weak, limit, np.float32(9.0)),
        attendance=np.clip(p["attendance"] + p["attendance_sd"] * z[17], 0.3, 1.0),
        bias=p["bias_sd"] * z[18],
        drive=np.clip(p["motivation_mean"] + p["motivation_sd"] * z[19], 0.05, 0.95),
        test_error=np.maximum(1 + p["test_error"] * z[20:26], 0.5),
    )


def _uniform(normal: Array) -> Array:
    """Numbers in (0, 1) from standard normal ones."""
    return np.clip(ndtr(normal), 1e-6, 1 - 1e-6).astype(np.float32)


def _regions(legs: float) -> Array:
    """Factors of the three regions with mean 1."""
    return np.array([legs, (3 - legs) / 2, (3 - legs) / 2], np.float32)


def first_body(traits: Traits, p: dict) -> Body:
    """A rested person after the entry test."""
    n = len(traits.ceiling)
    lifts, regions, one = (np.zeros(s, np.float32) for s in ((len(LIFTS), n), (len(REGIONS), n), n))
    measured = (1 + traits.before) * traits.test_error * p["entry_share"]
    return Body(
        fast=lifts, slow=lifts, h1=lifts, week_sets=lifts, h2=one, trace=one, sore1=regions,
        sore2=regions, sore3=regions, protection=regions, irritation=regions, injured=regions,
        stress=one, away=one, enrolled=one + 1, motivation=traits.drive,
        train_max=measured, estimate=measured, heaviest=lifts,
        best=np.tile(measured, (WEEKS_KEPT, 1, 1)), best_of_all=measured, hard_run=one,
        streak=one, best_estimate=measured.mean(axis=0), stale=one,
    )  # fmt: skip


def strength(body: Body, traits: Traits) -> Array:
    """Strength of a rested person, per lift, relative to one who never trained."""
    return 1 + traits.before + body.fast + body.slow


def true_gain(body: Body, traits: Traits) -> Array:
    """Relative gain since the start, mean over the lifts."""
    return ((body.fast + body.slow) / (1 + traits.before)).mean(axis=0)
