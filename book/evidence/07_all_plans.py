"""All 4,096 plans of the push-up coach on the same 2,000 latent people, with the same luck.

Run: ``python book/evidence/07_all_plans.py``. Takes some minutes on one core.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from rxcourse import evidence
from rxcourse.mdp import policy_value
from rxcourse.simulators import pushup
from rxcourse.simulators.pushup_estimate import ALL_PLANS
from rxcourse.simulators.pushup_table import pushup_table

SEED, N_PEOPLE = 7, 2_000
FILE = Path(__file__).with_suffix(".csv")
MODULES = ["rxcourse.simulators.pushup", "rxcourse.simulators.pushup_table"]
DATA = ["simulators/tables/pushup.csv", "simulators/tables/pushup_table.npz"]
LETTERS = np.array(list("IMDR"))


def returns(plan) -> np.ndarray:
    """Discounted return of each person under one plan.

    The bare loop behind ``rollout``, with the same people and the same luck as a rollout
    with this seed: the chapter checks 64 plans the other way.
    """
    envs = pushup.PushUpVectorEnv(N_PEOPLE)
    obs, _ = envs.reset(seed=int(np.random.default_rng(SEED).integers(2**31)))
    total = np.zeros(N_PEOPLE)
    for t in range(pushup.HORIZON):
        obs, reward, *_ = envs.step(plan[obs])
        total += pushup.GAMMA**t * reward
    return total


def main() -> None:
    """Write the table."""
    mdp = pushup_table()
    tabular = policy_value(mdp, np.eye(4)[ALL_PLANS]) @ mdp.d0
    latent = np.stack([returns(plan) for plan in tqdm(ALL_PLANS)])
    best = latent[latent.mean(axis=1).argmax()]
    behind = best - latent  # paired: the same people, the same luck
    root = np.sqrt(N_PEOPLE)
    frame = pd.DataFrame({
        "plan": ["".join(LETTERS[plan]) for plan in ALL_PLANS],
        "tabular": tabular,
        "latent": latent.mean(axis=1),
        "stderr": latent.std(axis=1, ddof=1) / root,
        "behind_best": behind.mean(axis=1),
        "behind_stderr": behind.std(axis=1, ddof=1) / root,
    })  # fmt: skip
    evidence.save(frame, FILE, seed=SEED, modules=MODULES, data=DATA)


if __name__ == "__main__":
    main()
