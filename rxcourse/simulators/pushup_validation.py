"""PushUp held against published figures: one row per target, pass or miss.

Three kinds of rows. A *formula* row checks our code of a published formula, with constants
from memory, and says nothing of PushUp itself. A *direction* row checks a sign that we
assume. Only a *figure* row compares the simulator with a published figure. Rows marked K
were used to choose parameters, rows marked V were only looked at after they were frozen.
A miss stays in the table.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rxcourse.rollout import rollout
from rxcourse.simulators import physiology as phys
from rxcourse.simulators import pushup, pushup_person
from rxcourse.simulators.parameters import parameters
from rxcourse.simulators.pushup_table import table_file

BUSSO = {"k1": 0.031, "k3": 3.5e-5, "tau1": 30.8, "tau2": 16.8, "tau3": 2.3}
"""Mean parameters of Busso (2003), from memory: not verified in the original table."""
MORTON = {"k1": 1.0, "k2": 2.0, "tau1": 45.0, "tau2": 15.0}
"""Running example of Morton et al. (1990), from memory: not verified."""


def validation_table(*, rng: np.random.Generator, n_people: int = 4000) -> pd.DataFrame:
    """Kind, target, use (K or V), published figure, what must be shown, found, verdict."""
    by_kind = {
        "formula": [*_impulse(), _inverted_u()],
        "figure": [*_soreness(), *_repeated_bout(), _strength_4_weeks(rng, n_people),
                   *_report_error(rng)],
        "direction": [*_directions()],
    }  # fmt: skip
    columns = ["target", "use", "published", "wanted", "found", "low", "high"]
    parts = [pd.DataFrame(rows, columns=columns) for rows in by_kind.values()]
    table = pd.concat(parts, keys=by_kind, names=["kind", None]).reset_index("kind")
    inside = (table["found"] >= table["low"]) & (table["found"] <= table["high"])
    return table.assign(verdict=np.where(inside, "pass", "miss")).drop(columns=["low", "high"])


def _impulse():
    days = np.arange(0, 100, 0.01)
    effect = phys.impulse_response(days, **MORTON)
    crossing, peak = days[np.argmax(effect > 0)], days[effect.argmax()]
    source = "Morton 1990"
    t_n, t_g = phys.harm_ends(**MORTON), phys.benefit_peaks(**MORTON)
    yield ("1 harm ends [d]", "K", source, f"{t_n:.1f} +/- 1", crossing, t_n - 1, t_n + 1)
    yield ("1 benefit peaks [d]", "K", source, f"{t_g:.1f} +/- 1", peak, t_g - 1, t_g + 1)


def _inverted_u():
    loads = np.linspace(0, 600, 121)
    gain = phys.steady_performance(loads, **BUSSO)
    best = loads[gain.argmax()]
    return ("2 daily load of greatest gain [AU]", "V", "inverted U, Busso 2003",
            "inside 0-600", best, 1.0, 599.0)  # fmt: skip


def _soreness():
    hours = np.arange(0, 169)
    stage = parameters("pushup")["soreness_stage"]
    felt = phys.soreness_stages(np.array(1.0), 0.0, 0.0, hours / 24, stage)[2] / phys.SORENESS_PEAK
    source = "24-72 h, gone by 5-7 d; Vickers 2001, Cleary 2002"
    yield ("18 soreness peaks [h]", "K", source, "30-50", hours[felt.argmax()], 30, 50)
    yield ("18 share of peak at 96 h", "K", source, "at most 0.35", felt[96], 0, 0.35)
    yield ("18 share of peak at 120 h", "K", source, "at most 0.15", felt[120], 0, 0.15)


def _repeated_bout():
    p = parameters("pushup")
    published, wanted = "less sore 6-9 wk later; Cleary 2002", "0.40-0.80"
    for weeks in (1, 6, 9):
        left = phys.protected_damage(np.exp(-7 * weeks / p["protection_tau"]), p["protection_rho"])
        yield f"19 second bout after {weeks} wk, share", "V", published, wanted, left, 0.4, 0.8


def _strength_4_weeks(rng, n_people):
    profile = {"slot_days": 7 / 3, "push_ups_median": 25.0}
    envs = pushup.PushUpVectorEnv(n_people, horizon=12, overrides=profile)
    data = rollout(envs, pushup.COACH, rng=rng, keep=("strength",))
    gain = data.extra["strength"][data.truncated].mean() - 1
    return ("20 strength gain in 4 wk, 3 a week", "V", "as bench press training; Kotarsky 2018",
            "0.02-0.12", gain, 0.02, 0.12)  # fmt: skip


def _report_error(rng):
    p = parameters("pushup")
    n = 50_000
    traits = pushup_person.draw_traits(int(rng.integers(2**31)), np.arange(n), np.zeros(n, int), p)
    z = rng.standard_normal(n)
    published = "about 1 near failure, above 2 far from it; Hackett 2017"
    for wanted, reserve in ((1.0, 2.5), (2.0, 8.5)):
        told = pushup_person.told_reserve(np.full(n, reserve), z, traits, p)
        name, error = f"21 SD of reported reserve at {reserve:g} reps", (told - reserve).std()
        yield name, "V", published, f"{wanted:g} +/- 0.5", error, wanted - 0.5, wanted + 0.5


def _directions():
    """Smallest of the differences that must all be positive."""
    stored = table_file()
    hard, high = stored["P"][:, :, 4:].sum(axis=-1), stored["P"][:, :, 1::2].sum(axis=-1)
    train = hard[:, :3]
    by_action = min((train[:, 0] - train[:, 1]).min(), (train[:, 1] - train[:, 2]).min())
    by_fatigue = (train[1::2] - train[::2]).min()
    by_rest = (high[:, :3] - high[:, 3:]).min()
    names = ("Hard next: Increase > Maintain > Decrease", "Hard next: High > Low fatigue",
             "High next: training > rest")  # fmt: skip
    for name, least in zip(names, (by_action, by_fatigue, by_rest), strict=True):
        yield (f"22 {name}, least difference", "V", "assumed direction", "above 0",
               least, 1e-9, 1.0)  # fmt: skip
