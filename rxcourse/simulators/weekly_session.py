"""One session of ``WeeklyRoutine`` and the days until the next: the physiology.

``step_state`` is the whole model. Structure: log-time strength growth per lift with a fast
and a slow part, local fatigue per lift, accumulated fatigue by the variable dose-response
model, soreness by region with repeated-bout protection, a region that may not bear heavy
loads, times of stress and of absence. Magnitudes are assumed or calibrated to aggregate
figures, see ``parameter_table("weekly")``; nothing is fitted to individuals.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rxcourse.simulators import physiology as phys
from rxcourse.simulators.weekly_person import Body, Traits, strength
from rxcourse.simulators.weekly_plan import LIFTS, REGIONS

Array = np.ndarray
N_NORMALS, N_UNIFORMS = len(LIFTS) + 2 * len(REGIONS) + 2, 6
FAILED_HEAVY, JUMP = 0.85, 1.05
SORE, VERY_SORE, HARD_RPE, SESSIONS_A_WEEK = 5, 6, 9.5, 3
PEAK = float(phys.SORENESS_PEAK)


class Dose(NamedTuple):
    """What is prescribed for one session."""

    sets: Array  # (6, N)
    reps: Array  # (N,)
    load: Array  # (N,) share of the training maximum
    rest: Array  # (N,) minutes between sets


class Luck(NamedTuple):
    """Chance of one session: drawn before anyone looks at state or dose."""

    day: Array  # (N,) standard normal
    report: Array  # (6, N) standard normal
    soreness: Array  # (3, N) standard normal
    pain: Array  # (3, N) standard normal
    mood: Array  # (N,) standard normal
    attend: Array  # uniform (N,), and so are the rest
    stress: Array
    away: Array
    injury: Array
    place: Array
    leave: Array


class Outcome(NamedTuple):
    """What a session brought. Reports carry error; after a missed session they are 0."""

    trained: Array  # (N,) whether they came and had something to do
    completed: Array  # (N,) share of the prescribed repetitions of the last sets
    rpe: Array  # (N,) reported effort of the last sets, 0 to 10
    soreness: Array  # (N,) true soreness or pain of the worst region before the next session
    told_soreness: Array  # (3, N) reported before the next session, 0 to 10
    told_pain: Array  # (3, N) reported after the session, 0 to 10
    told_stress: Array  # (N,) reported, 0 to 10
    pain: Array  # (N,) of the worst region
    minutes: Array  # (N,)
    injury: Array  # (N,) whether there was one
    risk: Array  # (N,) its probability
    hazard: Array  # (N,) probability of leaving before the next session


def draw_luck(n: int, rng: np.random.Generator) -> Luck:
    """The same count of numbers whatever happens."""
    z = rng.standard_normal((N_NORMALS, n), dtype=np.float32)
    u = rng.random((N_UNIFORMS, n), dtype=np.float32)
    lifts, sore, pain = np.cumsum((len(LIFTS), len(REGIONS), len(REGIONS)))
    return Luck(z[pain], z[:lifts], z[lifts:sore], z[sore:pain], z[pain + 1], *u)


def step_state(
    body: Body, dose: Dose, traits: Traits, p: dict, *, days: float, base_hazard: Array, luck: Luck
) -> tuple[Body, Outcome]:
    """Take everyone through one session and the days until the next.

    Parameters
    ----------
    body : Body
    dose : Dose
    traits : Traits
    p : dict
        ``parameters("weekly")``.
    days : float
        Until the next session.
    base_hazard : ndarray of shape (N,), or float
        Probability that an average person leaves before the next session.
    luck : Luck
        From ``draw_luck``.

    Returns
    -------
    body : Body
        At the start of the next session.
    outcome : Outcome
    """
    ache = body.sore3 * traits.soreness + body.irritation
    minutes = session_minutes(dose, p)
    there = _attends(body, traits, ache, minutes, luck.attend, p)
    sets = dose.sets * (there * _by_lift(body.injured <= 0))
    done = _lift(body, traits, dose, ache, luck.day, p)
    trained = sets.any(axis=0)

    load = sets * done.share / (p["load_sets"] * p["load_unit"])
    told = _told_reserve(done.last_reserve, luck.report, traits, p)
    after = _adapt(body, traits, sets, done, p, days)
    after = _tire(after, traits, load, p, days)
    after, peak = _ache(after, traits, load, done.relative_load, p, days)
    after = _log(after, dose, done, told, sets, p)
    injured, hurt, risk = _injure(after, body, done, sets, ache, minutes, luck, p)
    after = after._replace(injured=np.maximum(np.maximum(body.injured, injured) - days, 0))

    n_sets = np.maximum(sets.sum(axis=0), 1)
    rpe = (np.minimum(np.maximum(10 - told, 1), 10) * sets).sum(axis=0) / n_sets
    completed = (done.completed * sets).sum(axis=0) / n_sets
    soreness = after.sore3 * traits.soreness + after.irritation
    pain = after.irritation.max(axis=0)
    after = _feel(after, traits, trained, completed, rpe, pain, p)
    worst = np.minimum(soreness.max(axis=0), 10)
    hazard = np.minimum(base_hazard * _hazard_ratio(after, worst, p), 1) * after.enrolled
    after = _live(after, luck, days, p)._replace(
        enrolled=after.enrolled * (luck.leave >= hazard),
    )
    return after, Outcome(
        trained=trained, completed=completed, rpe=rpe, soreness=worst, pain=pain,
        told_soreness=_scale(soreness + p["soreness_report_sd"] * luck.soreness),
        told_pain=_scale(peak + p["pain_report_sd"] * luck.pain),
        told_stress=_scale(2 + (p["stress_report"] - 2) * body.stress
                           + p["stress_report_sd"] * luck.mood),
        minutes=minutes * trained, injury=hurt, risk=risk, hazard=hazard,
    )  # fmt: skip


def _scale(value: Array) -> Array:
    """A report in whole numbers from 0 to 10."""
    return np.minimum(np.maximum(np.rint(value), 0), 10)


class Done(NamedTuple):
    """How the sets of each lift went, for those who came: arrays of shape (6, N)."""

    relative_load: Array  # share of today's strength
    share: Array  # repetitions of a set as a share of what was possible
    completed: Array  # share of the prescribed repetitions
    reserve: Array  # mean over the sets
    last_reserve: Array  # in the last set; below 0 where it failed
    last_reps: Array
    weight: Array  # as a share of the strength of one who never trained
    keep: Array  # share of the first set's capacity left in the last


def session_minutes(dose: Dose, p: dict) -> Array:
    """Length of a session, (N,)."""
    a_set = dose.rest + dose.reps * p["seconds_per_rep"] / 60
    total = dose.sets.sum(axis=0)
    return (p["warmup"] + total * a_set) * (total > 0)


def readiness(body: Body, p: dict, ache: Array) -> Array:
    """Share of strength that can be shown today, per lift."""
    lost = p["phi1"] * body.h1 + p["phi2"] * body.h2
    here = p["soreness_cost"] / 10 * ache + p["pain_cost"] * body.irritation
    return np.maximum(1 - lost - _by_lift(here), 0.3)


def _factor(condition: Array, value: float) -> Array:
    """`value` where the condition holds, otherwise 1."""
    return np.where(condition, np.float32(value), np.float32(1))


def _by_lift(by_region: Array) -> Array:
    """Repeat what belongs to a region for its two lifts."""
    return np.repeat(by_region, len(LIFTS) // len(REGIONS), axis=0)


def _by_region(by_lift: Array) -> Array:
    """Mean over the two lifts of each region."""
    return (by_lift[::2] + by_lift[1::2]) * 0.5


def _attends(body, traits, ache, minutes, u, p) -> Array:
    """Whether they come: 1 or 0."""
    chance = traits.attendance * (1 + 0.5 * (body.motivation - traits.drive))
    chance = chance * _factor(body.stress > 0, p["stress_attendance"])
    chance = chance * _factor(ache.max(axis=0) >= SORE, p["attendance_sore"])
    long = np.maximum(minutes - p["minutes_limit"], 0) / 30
    chance = chance * np.maximum(1 - p["minutes_loss"] * long, 0)
    return (u < chance) & (body.away == 0) & (body.enrolled > 0)


def _lift(body, traits, dose, ache, z, p) -> Done:
    """Repetitions at a share of today's strength; capacity falls from set to set."""
    today = strength(body, traits) * readiness(body, p, ache) * (1 + p["day_noise"] * z)
    weight = dose.load * body.train_max
    relative = weight / today
    most = traits.endurance * np.maximum(30 / relative - 30, 0)
    keep = set_to_set(dose, p)
    last = most * keep
    reps = np.minimum(last, dose.reps)
    mean = (most + last) * 0.5
    in_all = np.minimum(mean, dose.reps)
    return Done(
        relative_load=relative,
        share=in_all / np.maximum(most, 1),
        completed=in_all / dose.reps,
        reserve=mean - dose.reps,
        last_reserve=last - dose.reps,
        last_reps=reps,
        weight=weight,
        keep=keep,
    )


def set_to_set(dose: Dose, p: dict) -> Array:
    """Share of the first set's capacity that is left in the last, (6, N)."""
    a_set = np.log1p(-p["set_loss"] * np.exp(-dose.rest / p["set_recovery"]))
    return np.exp(a_set * np.maximum(dose.sets - 1, 0))


def best_load(gain: Array, ceiling: Array, p: dict) -> Array:
    """Share of strength that trains best: light for the new, heavier for the trained."""
    trained = np.minimum(gain / (p["trained_after"] * ceiling), 1)
    return p["best_load_new"] + (p["best_load_trained"] - p["best_load_new"]) * trained


def recovered(body: Body, p: dict) -> Array:
    """Effect of training while tired: 1 when rested, 0 from the tolerance on."""
    over = p["phi2"] / p["tolerance"] * body.h2
    return np.maximum(1 - over * over, 0)


def _adapt(body, traits, sets, done, p, days) -> Body:
    """Grow stronger from a session; lose a little when the days before had too few."""
    week = body.week_sets + sets
    # A session earns its share of the week's effect, so that stopping stops the gain.
    share = phys.set_effect(week, p["sets_n0"], p["sets_ref"]) * sets / np.maximum(week, 1)
    gain = body.fast + body.slow
    optimum = best_load(traits.before + gain, traits.ceiling, p)
    effect = phys.intensity_effect(done.relative_load, optimum) * phys.effort_effect(done.reserve)
    effect = effect * done.completed * (1 - p["pain_growth"] * _by_lift(body.irritation))
    dose = traits.eta * share * effect * recovered(body, p)
    grown = phys.growth(traits.before + gain, traits.ceiling, dose)
    idle = week < p["sets_ref"] / 3  # below a third of the reference dose strength fades
    keep_fast = _factor(idle, np.exp(-days / p["tau_fast"]))
    keep_slow = _factor(idle, np.exp(-days / p["tau_slow"]))
    return body._replace(
        fast=body.fast * keep_fast + p["fast_share"] * grown,
        slow=body.slow * keep_slow + (1 - p["fast_share"]) * grown,
        week_sets=week * float(np.exp(-days / 7)),
    )


def _tire(body, traits, load, p, days) -> Body:
    """Add the session to fatigue, then let the days pass."""
    whole = load.mean(axis=0)
    trace = body.trace + whole
    gain = traits.h2_gain * _factor(body.stress > 0, p["stress_gain"])
    tau_h2 = traits.tau_h2 * _factor(body.stress > 0, p["stress_tau"])
    return body._replace(
        h1=(body.h1 + load) * np.exp(-days / traits.tau_h1),
        h2=(body.h2 + phys.fatigue_dose(whole, trace, gain)) * np.exp(-days / tau_h2),
        trace=trace * float(np.exp(-days / p["tau_trace"])),
    )


def _ache(body, traits, load, relative_load, p, days) -> tuple[Body, Array]:
    """Soreness from damage, less in an accustomed region; pain from too heavy a load.

    Also the pain right after the session, before the days let it settle.
    """
    here = _by_region(load)
    damage = p["soreness_per_load"] / PEAK * here
    damage = damage * phys.protected_damage(body.protection, p["protection_rho"])
    stages = phys.soreness_stages(
        body.sore1 + damage, body.sore2, body.sore3, days, p["soreness_stage"]
    )
    above = np.maximum(_by_region(relative_load) - traits.bears, 0) / 0.1
    irritation = np.minimum(body.irritation + p["pain_gain"] * above * here, 10)
    # Each bout takes a share of what protection is still missing.
    learnt = p["protection_build"] * np.minimum(here, 1)
    protection = body.protection + (1 - body.protection) * learnt
    settled = body._replace(
        sore1=stages[0], sore2=stages[1], sore3=stages[2],
        protection=protection * float(np.exp(-days / p["protection_tau"])),
        irritation=irritation * float(np.exp(-days / p["tau_pain"])),
    )  # fmt: skip
    return settled, irritation


def _told_reserve(reserve, z, traits, p) -> Array:
    """Repetitions in reserve as they would say: the error grows with the distance."""
    sd = p["report_sd0"] + p["report_sd1"] * np.maximum(reserve, 0)
    return np.where(reserve < 0, np.float32(0), np.maximum(reserve + sd * z + traits.bias, 0))


def _log(body, dose, done, told, sets, p) -> Body:
    """Estimate the maximum from the last set of each lift, as an app would."""
    first = (done.last_reps + told) / done.keep  # had the last set been the first
    rise = p["estimate_weight"] * (phys.one_rep_max(done.weight, first) - body.estimate)
    rise = np.minimum(rise, p["estimate_rise"] * body.estimate) * (sets > 0)
    estimate = body.estimate + rise
    mean = estimate.mean(axis=0)
    higher = mean > body.best_estimate * 1.005
    heavy = phys.one_rep_max(done.weight, dose.reps) * (sets > 0)
    return body._replace(
        estimate=estimate,
        heaviest=np.maximum(body.heaviest, heavy),
        best_estimate=np.where(higher, mean, body.best_estimate),
        stale=np.where(higher, np.float32(0), body.stale + 1),
    )


def new_decision(body: Body, step: Array) -> Body:
    """Set the training maximum: take the estimate, or move it.

    Parameters
    ----------
    body : Body
    step : ndarray of shape (N,)
        Relative change of the training maximum; NaN takes the estimate.
    """
    moved = body.train_max * (1 + step)
    return body._replace(train_max=np.where(np.isnan(step), body.estimate, moved))


def new_week(body: Body) -> Body:
    """Turn over the weeks whose heaviest sets are remembered."""
    best = np.concatenate([body.heaviest[None], body.best[:-1]])
    return body._replace(
        best=best, best_of_all=best.max(axis=0), heaviest=np.zeros_like(body.heaviest)
    )


def _injure(after, body, done, sets, ache, minutes, luck, p) -> tuple[Array, Array, Array]:
    """Days each region is lost (3, N); who was injured, and how likely that was (N,)."""
    used = sets > 0
    failed = ((done.last_reserve < 0) & (done.relative_load > FAILED_HEAVY) & used).any(axis=0)
    before = np.maximum(body.best_of_all, body.heaviest)
    jump = ((after.heaviest > JUMP * before) & (before > 0)).any(axis=0)
    sore = ache.max(axis=0) >= VERY_SORE
    rate = p["injury_rate"] / 1000 / 60 * minutes * used.any(axis=0)
    rate = rate * _factor(failed, p["injury_heavy"]) * _factor(sore, p["injury_sore"])
    rate = rate * _factor(jump, p["injury_jump"])
    hurt = luck.injury < rate
    place = np.floor(luck.place * len(REGIONS)) == np.arange(len(REGIONS))[:, None]
    return (hurt & place) * p["injury_days"], hurt, rate


def _feel(body, traits, trained, completed, rpe, pain, p) -> Body:
    """Motivation and the runs of good and hard sessions."""
    good = trained & (completed >= 0.99) & (rpe < HARD_RPE)
    bad = trained & ((completed < 0.9) | (pain >= SORE))
    change = np.float32(p["motivation_gain"]) * good - np.float32(p["motivation_drop"]) * bad
    motivation = body.motivation + change
    motivation = motivation + p["motivation_pull"] * (traits.drive - motivation)
    return body._replace(
        motivation=np.minimum(np.maximum(motivation, 0), 1),
        hard_run=np.where(trained, (body.hard_run + 1) * (rpe >= HARD_RPE), body.hard_run),
        streak=np.where(trained, (body.streak + 1) * good, body.streak),
    )


def _hazard_ratio(body, soreness, p) -> Array:
    """How much likelier than on average this person is to leave now."""
    keen = (body.motivation - p["motivation_mean"]) / 0.2
    ratio = np.exp(np.log(p["hr_motivation"]) * keen)
    ratio = ratio * _factor(body.hard_run >= 3, p["hr_hard_run"])
    ratio = ratio * _factor(soreness >= SORE, p["hr_sore"])
    ratio = ratio * _factor(body.stale >= 3 * SESSIONS_A_WEEK, p["hr_stale"])
    return ratio * _factor(body.streak >= 3, p["hr_streak"])


def _live(body, luck, days, p) -> Body:
    """Times of stress and of absence begin and end by chance."""

    def turn(now, u, start, weeks):
        begins = (u < start * days / 7) * np.float32(1)
        stays = (u >= days / 7 / weeks) * np.float32(1)
        return np.where(now > 0, stays, begins)

    return body._replace(
        stress=turn(body.stress, luck.stress, p["stress_start"], p["stress_weeks"]),
        away=turn(body.away, luck.away, p["away_start"], p["away_weeks"]),
    )
