"""What the assumed errors of the reports do to the best plan of the push-up coach.

Run: ``python book/evidence/07_sweeps.py``. For each setting the table is estimated anew
from fewer people, solved, and its best plan run on latent people beside the coach's rule
and beside the plan that is best at the default setting.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from rxcourse import evidence
from rxcourse.rollout import rollout
from rxcourse.simulators import pushup, pushup_estimate

SEED, N_PEOPLE = 11, 4_000
FILE = Path(__file__).with_suffix(".csv")
MODULES = ["rxcourse.simulators.pushup_estimate"]
DATA = ["simulators/tables/pushup.csv"]
SETTINGS = [
    *({"overrides": {"fatigue_flip": flip}} for flip in (0.0, 0.1, 0.2, 0.3)),
    *({"overrides": {"completion_flip": flip}} for flip in (0.0, 0.05, 0.1)),
    *({"report_shift": shift} for shift in (-2.0, -1.0, 1.0, 2.0)),
    {"preset": "long gaps"},
]
DEFAULT = (0, 3, 2, 3, 2, 3)


def name(setting: dict) -> tuple[str, float]:
    """What is swept, and its value."""
    if "preset" in setting:
        return "preset long gaps", np.nan
    return next(iter(setting.get("overrides", setting).items()))


def latent(plan, setting: dict) -> tuple[float, float]:
    """Mean discounted return and its standard error."""
    envs = pushup.PushUpVectorEnv(N_PEOPLE, **setting)
    found = rollout(envs, plan, rng=np.random.default_rng(SEED)).returns(pushup.GAMMA)
    return found.mean(), found.std(ddof=1) / np.sqrt(N_PEOPLE)


def main() -> None:
    """Write the table."""
    rows = []
    for setting in tqdm(SETTINGS):
        found = pushup_estimate.estimate(
            n_people=N_PEOPLE, n_batches=6, rounds=4, seed=SEED, **setting
        )
        mdp = pushup_estimate.model(found["counts"].sum(axis=0), found["first"].sum(axis=0))
        best, values = pushup_estimate.best_plan(mdp)
        value, stderr = latent(pushup.plan(*best), setting)
        what, level = name(setting)
        rows.append({
            "swept": what, "value": level, "best": "".join(np.array(list("IMDR"))[best]),
            "tabular": values.max(), "latent": value, "stderr": stderr,
            "default_plan": latent(pushup.plan(*DEFAULT), setting)[0],
            "coach": latent(pushup.COACH, setting)[0],
        })  # fmt: skip
    evidence.save(pd.DataFrame(rows), FILE, seed=SEED, modules=MODULES, data=DATA)


if __name__ == "__main__":
    main()
