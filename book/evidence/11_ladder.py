"""The ladder of WeeklyRoutine: what there is to win, measured before anything is trained.

Run: ``python book/evidence/11_ladder.py``. Takes a quarter of an hour on one core.

Rungs, on the same unseen people with the same luck: the coach's baselines; the constant
template that was best on training people; the best constant of each of four groups (more
or less sensitive to soreness, slower or faster to recover); each person's own best
constant; a planner that knows body and traits. The last three know what no app knows.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from rxcourse import evidence
from rxcourse.simulators.weekly import WeeklyRoutineVectorEnv
from rxcourse.simulators.weekly_planner import Planner, constant_returns
from rxcourse.simulators.weekly_year import year

SEED, N_TRAIN, N_PEOPLE, N_DRAWS = 11, 2_000, 1_000, 4
FILE = Path(__file__).with_suffix(".csv")
MODULES = ["rxcourse.simulators.weekly_planner", "rxcourse.simulators.weekly_year"]
DATA = ["simulators/tables/weekly.csv"]
COLUMNS = ("reward", "gain", "ache", "injury", "enrolled", "minutes")


def groups(envs) -> np.ndarray:
    """0 to 3: more sensitive to soreness than the median, slower to recover than the median."""
    soreness = envs.traits.soreness.mean(axis=0)
    recovery = envs.traits.h2_gain * envs.traits.tau_h2
    return 2 * (soreness > 1.0 / np.sqrt(1.64)) + (recovery > 2.5 / np.sqrt(1.25 * 1.1225))


def main() -> None:
    """Write the table: a row for each policy, with its distance to the best constant."""
    train = WeeklyRoutineVectorEnv(N_TRAIN)
    by_template = constant_returns(train, seed=SEED, n_draws=2)
    best = int(by_template.mean(axis=0).argmax())
    train.reset(seed=SEED)
    group = groups(train)
    best_of = np.array([by_template[group == g].mean(axis=0).argmax() for g in range(4)])

    envs = WeeklyRoutineVectorEnv(N_PEOPLE)
    # Each person's own best, found under other luck than that of the comparison.
    own = constant_returns(envs, seed=SEED + 100, n_draws=8).argmax(axis=1)
    rng = np.random.default_rng(SEED)
    known = {
        "best constant": lambda week: np.full(N_PEOPLE, best),
        "best constant of four groups": lambda week: best_of[groups(envs)],
        "own best constant": lambda week: own,
        "planner with the truth": _progress(Planner(envs, own, N_DRAWS, rng)),
    }
    ways = {**envs.baselines, **known}
    results = {name: year(envs, way, seed=SEED + 100) for name, way in ways.items()}
    base = results["best constant"]["reward"]
    root = np.sqrt(N_PEOPLE)
    rows = []
    for name, result in results.items():
        ahead = result["reward"] - base
        rows.append({
            "policy": name,
            **{column: float(np.mean(result[column])) for column in COLUMNS},
            "stderr": result["reward"].std(ddof=1) / root,
            "ahead": ahead.mean(),
            "ahead_stderr": ahead.std(ddof=1) / root,
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    frame["template"] = ""
    frame.loc[frame["policy"] == "best constant", "template"] = envs.action_names[best]
    names = "; ".join(envs.action_names[a] for a in best_of)
    frame.loc[frame["policy"] == "best constant of four groups", "template"] = names
    evidence.save(frame, FILE, seed=SEED, modules=MODULES, data=DATA)


def _progress(planner):
    bar = tqdm(total=planner.envs.weeks, desc="planner")

    def choose(week):
        bar.update()
        return planner(week)

    return choose


if __name__ == "__main__":
    main()
