"""One person doing push-ups, as arrays over N people: the physiology of ``PushUp``.

``step_state`` is the whole model. A slot is 36 hours (a parameter). In it the person
either trains, three sets of the target number of push-ups, or rests. What the
environment shows of it are reports with error; everything else is latent.

Structure: log-time strength growth, two pools of fatigue of which the second follows
the variable dose-response model, delayed soreness with repeated-bout protection,
repetitions from relative strength. Magnitudes are assumed or calibrated to aggregate
figures, see ``parameter_table("pushup")``; nothing is fitted to individuals.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rxcourse.simulators import physiology as phys
from rxcourse.simulators.streams import keyed_normal

Array = np.ndarray
INCREASE, MAINTAIN, DECREASE, REST = range(4)
ACTIONS = ("Increase_Reps", "Maintain", "Decrease_Reps", "Add_Rest_Day")
MAX_TARGET, VERY_SORE = 100, 7
N_STEP_NORMALS, N_STEP_UNIFORMS = 3, 3
N_TRAITS = 12


class Traits(NamedTuple):
    """What differs between people and stays: arrays of shape (N,)."""

    strength0: Array  # in body masses
    endurance: Array
    retention: Array  # capacity left after each set
    eta: Array  # 1/wk
    ceiling: Array
    keep_h1: Array  # share of local fatigue left after one slot
    keep_h2: Array
    soreness: Array  # sensitivity, mean 1
    bias: Array  # reported minus true repetitions in reserve
    drive: Array  # own level of motivation
    test_error: Array  # measured over true maximum
    first_report: Array  # standard normal


class Body(NamedTuple):
    """What changes: arrays of shape (N,)."""

    fast: Array  # relative strength gain that is lost fast
    slow: Array
    h1: Array  # local fatigue, in session loads
    h2: Array  # accumulated fatigue
    trace: Array  # recent load
    weekly_sets: Array
    sore1: Array  # damage on its way to being felt
    sore2: Array
    sore3: Array
    protection: Array
    motivation: Array
    target: Array  # repetitions per set
    hard_run: Array  # reports of 5 in a row
    streak: Array  # completed Medium sessions in a row


class Outcome(NamedTuple):
    """What a slot brought: arrays of shape (N,). Reports carry error."""

    trained: Array
    completed: Array  # reported
    difficulty: Array  # reported, 1 to 5; 0 after a rest
    fatigue_high: Array  # reported at the end of the slot, before the next decision
    soreness: Array  # reported, 0 to 10, whole numbers
    reserve: Array  # true repetitions in reserve in the last set; NaN after a rest
    reps: Array  # done in all sets
    strength: Array  # relative to the start
    hazard: Array  # probability of leaving in this slot


def draw_traits(seed: int, row: Array, episode: Array, p: dict) -> Traits:
    """Draw people; the same key gives the same person whatever anyone does."""
    z = keyed_normal(seed, row, episode, N_TRAITS)

    def lognormal(normal, mean, cv):
        sd = np.sqrt(np.log1p(cv * cv))
        return mean * np.exp(sd * normal - 0.5 * sd * sd)

    endurance = lognormal(z[1], 1.0, p["endurance_cv"])
    most = p["push_ups_median"] * np.exp(p["push_ups_sd_log"] * z[0])
    # Strength that gives this maximum: repetitions() solved for strength.
    strength0 = p["load_share"] * (1 + most / (30 * endurance))
    slot = p["slot_days"]
    return Traits(
        strength0=strength0,
        endurance=endurance,
        retention=np.clip(p["set_retention"] + p["set_retention_sd"] * z[2], 0.7, 0.95),
        eta=lognormal(z[3], p["eta"], p["eta_cv"]),
        ceiling=lognormal(z[4], p["ceiling"], p["ceiling_cv"]),
        keep_h1=np.exp(-slot / lognormal(z[5], p["tau_h1"], p["tau_cv"])),
        keep_h2=np.exp(-slot / lognormal(z[6], p["tau_h2"], p["tau_cv"])),
        soreness=lognormal(z[7], 1.0, p["soreness_cv"]),
        bias=p["bias_sd"] * z[8],
        drive=np.clip(p["motivation_mean"] + p["motivation_sd"] * z[9], 0.05, 0.95),
        test_error=np.maximum(1 + p["test_error"] * z[10], 0.5),
        first_report=z[11],
    )


def first_body(traits: Traits, p: dict) -> tuple[Body, Array]:
    """A rested beginner after the entry test, and the difficulty reported there."""
    n = len(traits.eta)
    zero = np.zeros(n)
    relative_load = p["load_share"] / traits.strength0
    most = phys.repetitions(relative_load, traits.endurance)
    target = np.clip(np.rint(p["entry_share"] * most * traits.test_error), 1, MAX_TARGET)
    last = most * traits.retention ** (p["sets"] - 1)
    difficulty = _rating(last - target, traits.first_report, traits, p)
    body = Body(*[zero] * len(Body._fields))
    return body._replace(motivation=traits.drive, target=target), difficulty


def fatigue_felt(body: Body, p: dict) -> Array:
    """Share of strength lost to fatigue."""
    return p["phi1"] * body.h1 + p["phi2"] * body.h2


def maximum_today(body: Body, traits: Traits, p: dict, luck=1.0) -> tuple[Array, Array]:
    """Share of today's strength that a push-up takes, and repetitions possible today."""
    soreness = body.sore3 * traits.soreness
    ready = 1 - fatigue_felt(body, p) - p["soreness_cost"] * soreness / 10
    today = traits.strength0 * (1 + body.fast + body.slow) * np.maximum(ready, 0.3) * luck
    relative_load = p["load_share"] / today
    most = phys.repetitions(relative_load, traits.endurance)
    return relative_load, most * (1 - p["drive_loss"] * (1 - body.motivation))


def informed_action(body: Body, traits: Traits, p: dict, *, aim: float, least: float) -> Array:
    """What a coach would do who could see the body and knew how the person reports.

    A simple rule, so what it earns is a lower bound on what informed coaching can earn.

    Of the three targets in reach the one whose reported reserve is expected closest to
    `aim`; a rest if even that leaves fewer than `least` repetitions in reserve.
    """
    _, most = maximum_today(body, traits, p)
    told = most * traits.retention ** (p["sets"] - 1) + traits.bias
    steps = p["rep_step"] * np.array([1, 0, -1])[:, None]
    reserve = told - np.clip(body.target + steps, 1, MAX_TARGET)
    best = abs(reserve - aim).argmin(axis=0)
    return np.where(reserve[best, np.arange(len(best))] < least, REST, best)


def told_reserve(reserve: Array, z: Array, traits: Traits, p: dict) -> Array:
    """Repetitions in reserve as the person would say them: error grows with distance."""
    sd = p["report_sd0"] + p["report_sd1"] * np.maximum(reserve, 0.0)
    return reserve + sd * z + traits.bias


def _rating(reserve: Array, z: Array, traits: Traits, p: dict) -> Array:
    """Difficulty 1 to 5 from reported repetitions in reserve; failure is always 5."""
    told = told_reserve(reserve, z, traits, p)
    rating = 1 + (told < p["cut_1"]) + (told < p["cut_2"]) + (told < p["cut_3"])
    return np.where(reserve < 0, 5, rating + (told < p["cut_4"]))


def step_state(
    body: Body,
    action: Array,
    traits: Traits,
    p: dict,
    *,
    base_hazard: Array,
    active: Array | bool = True,
    rng: np.random.Generator,
) -> tuple[Body, Outcome]:
    """Take everyone through one slot.

    Parameters
    ----------
    body : Body
    action : ndarray of int, shape (N,)
    traits : Traits
    p : dict
        ``parameters("pushup")``.
    base_hazard : ndarray of shape (N,)
        Probability of leaving in this slot for an average person.
    active : ndarray of bool, or True
        People who have left do not train, whatever the action.
    rng : numpy.random.Generator
        The same count of numbers is drawn whatever the state and action.

    Returns
    -------
    body : Body
        At the start of the next slot.
    outcome : Outcome
    """
    z = rng.standard_normal((N_STEP_NORMALS, len(action)))
    u = rng.random((N_STEP_UNIFORMS, len(action)))
    trained = (action != REST) & active
    step = p["rep_step"] * ((action == INCREASE) * 1.0 - (action == DECREASE))
    target = np.clip(body.target + np.where(trained, step, 0.0), 1, MAX_TARGET)

    # What can be done today, and what was.
    relative_load, most = maximum_today(body, traits, p, luck=1 + p["day_noise"] * z[0])
    reps, capacity = 0.0, most
    for _ in range(int(p["sets"])):
        last = capacity
        reps = reps + np.minimum(capacity, target)
        capacity = capacity * traits.retention
    reserve = last - target
    failed = reserve < 0
    difficulty = np.where(trained, _rating(reserve, z[1], traits, p), 0)
    completed = trained & (failed == (u[0] < p["completion_flip"]))
    load = np.where(trained, reps / (p["sets"] * p["load_unit"] * np.maximum(most, 1.0)), 0.0)

    body = _adapt(body, traits, p, trained, relative_load, reserve)
    body = _tire(body, traits, p, load, z[2])
    body = _ache(body, p, load)
    body = _feel(body, traits, p, trained, difficulty, completed)._replace(target=target)

    soreness = body.sore3 * traits.soreness
    flip = u[1] < p["fatigue_flip"]
    hazard = base_hazard * _hazard_ratio(body, soreness, p)
    return body, Outcome(
        trained=trained,
        completed=completed,
        difficulty=difficulty,
        fatigue_high=(fatigue_felt(body, p) > p["fatigue_cut"]) ^ flip,
        soreness=np.clip(np.rint(soreness + u[2] - 0.5), 0, 10),
        reserve=np.where(trained, reserve, np.nan),
        reps=np.where(trained, reps, 0.0),
        strength=1 + body.fast + body.slow,
        hazard=np.minimum(hazard, 1.0),
    )


def _adapt(body: Body, traits: Traits, p, trained, relative_load, reserve) -> Body:
    """Grow stronger from a session; lose a little when the week had too few."""
    slot = p["slot_days"]
    sets = p["sets"] * trained
    week = body.weekly_sets * np.exp(-slot / 7) + sets
    # A session earns its share of the week's effect, so that stopping stops the gain.
    share = phys.set_effect(week, p["sets_n0"], p["sets_ref"]) * sets / np.maximum(week, 1.0)
    effect = phys.intensity_effect(relative_load, p["best_load"]) * phys.effort_effect(reserve)
    grown = phys.growth(body.fast + body.slow, traits.ceiling, traits.eta * share * effect)
    idle = week < p["sets_ref"] / 3  # below a third of the reference dose strength fades
    keep_fast = np.where(idle, np.exp(-slot / p["tau_fast"]), 1.0)
    keep_slow = np.where(idle, np.exp(-slot / p["tau_slow"]), 1.0)
    return body._replace(
        fast=body.fast * keep_fast + p["fast_share"] * grown,
        slow=body.slow * keep_slow + (1 - p["fast_share"]) * grown,
        weekly_sets=week,
    )


def _tire(body: Body, traits: Traits, p, load, z) -> Body:
    """Add the session and the rest of life to fatigue, then let a slot pass."""
    # The square of a standard normal is a Gamma variate with shape 0.5 and mean 1.
    life = p["life_load"] * z * z
    trace = body.trace + load
    return body._replace(
        h1=(body.h1 + load + life) * traits.keep_h1,
        h2=(body.h2 + phys.fatigue_dose(load, trace, p["h2_gain"])) * traits.keep_h2,
        trace=trace * np.exp(-p["slot_days"] / p["tau_trace"]),
    )


def _ache(body: Body, p, load) -> Body:
    """Damage enters the first stage of soreness, less so in an accustomed muscle."""
    damage = p["soreness_per_load"] * load / phys.SORENESS_PEAK
    damage = damage * phys.protected_damage(body.protection, p["protection_rho"])
    stages = phys.soreness_stages(
        body.sore1 + damage, body.sore2, body.sore3, p["slot_days"], p["soreness_stage"]
    )
    fade = np.exp(-p["slot_days"] / p["protection_tau"])
    protection = np.maximum(body.protection, np.minimum(load, 1.0)) * fade
    return body._replace(sore1=stages[0], sore2=stages[1], sore3=stages[2], protection=protection)


def _feel(body: Body, traits: Traits, p, trained, difficulty, completed) -> Body:
    """Motivation and the runs of good and bad sessions."""
    good = completed & (difficulty == 3)
    bad = trained & (~completed | (difficulty >= 4))
    motivation = body.motivation + p["motivation_gain"] * good - p["motivation_drop"] * bad
    motivation = motivation + p["motivation_pull"] * (traits.drive - motivation)
    return body._replace(
        motivation=np.clip(motivation, 0.0, 1.0),
        hard_run=np.where(trained, (body.hard_run + 1) * (difficulty == 5), body.hard_run),
        streak=np.where(trained, (body.streak + 1) * good, body.streak),
    )


def _hazard_ratio(body: Body, soreness, p) -> Array:
    """How much likelier than on average this person is to leave now."""
    ratio = np.exp(np.log(p["hr_motivation"]) / 0.2 * (body.motivation - 0.5))
    ratio = ratio * np.where(body.hard_run >= 3, p["hr_hard_run"], 1.0)
    ratio = ratio * np.where(soreness >= 5, p["hr_sore"], 1.0)
    return ratio * np.where(body.streak >= 3, p["hr_streak"], 1.0)
