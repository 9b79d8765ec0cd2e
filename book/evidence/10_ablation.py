"""Which part of DQN does what: each part left out or changed, 20 learners each, on two tasks.

Run: ``python book/evidence/10_ablation.py``. Takes some minutes on one core.
"""

from pathlib import Path

import gymnasium as gym
import numpy as np
import pandas as pd
from tqdm import tqdm

from rxcourse import evidence
from rxcourse.agents.dqn import dqn
from rxcourse.agents.schedules import linear
from rxcourse.rollout import rollout
from rxcourse.simulators.readings import ReadingsVectorEnv, copies, judge

SEED, L = 10, 20
FILE = Path(__file__).with_suffix(".csv")
MODULES = ["rxcourse.agents.dqn", "rxcourse.simulators.readings"]

READINGS = {
    "n_steps": 20_000, "gamma": 0.95, "hidden": (32, 32), "batch_size": 64, "train_every": 8,
    "learning_starts": 500, "buffer_size": 20_000, "target_every": 200,
    "epsilon": linear(1.0, 0.1, 10_000), "learning_rate": linear(3e-3, 0.0, 20_000),
}  # fmt: skip
CARTPOLE = {
    "n_steps": 18_000, "gamma": 0.99, "hidden": (64, 64), "batch_size": 32, "train_every": 2,
    "learning_starts": 1_000, "buffer_size": 18_000, "tau": 0.01, "n_step": 10,
    "epsilon": linear(1.0, 0.05, 6_000), "learning_rate": linear(2e-3, 0.0, 18_000),
}  # fmt: skip
COMMON = {
    "no target network": {"target_network": False},
    "no Huber loss": {"huber": False},
    "constant epsilon 0.1": {"epsilon": 0.1},
    "double": {"double": True},
    "dueling": {"dueling": True},
}
ARMS = {
    "readings": {
        "full": {}, **COMMON, "no replay": {"replay": False},
        "constant learning rate": {"learning_rate": 3e-3}, "3 steps": {"n_step": 3},
    },
    "cartpole": {
        "full": {}, **COMMON, "no replay, 1 step": {"replay": False, "n_step": 1},
        "constant learning rate": {"learning_rate": 2e-3}, "3 steps": {"n_step": 3},
        "1 step": {"n_step": 1},
    },
}  # fmt: skip


def cartpole(n: int):
    """N poles in one object."""
    return gym.make_vec("CartPole-v1", num_envs=n, vectorization_mode="vector_entry_point")


def balanced(policy) -> dict[str, np.ndarray]:
    """Mean steps of five episodes of each learner, their discounted return, and the claim."""
    data = rollout(cartpole(5 * L), policy, rng=np.random.default_rng(99))
    first = data.obs[data.t == 0].reshape(L, 5, 4)
    mean = lambda gamma: data.returns(gamma).reshape(L, 5).mean(axis=1)  # noqa: E731
    return {"steps": mean(1.0), "worth": mean(0.99),
            "claimed": policy.q(first).max(axis=-1).mean(axis=1)}  # fmt: skip


def learn(task: str, changes: dict) -> pd.DataFrame:
    """The learning curves of 20 learners."""
    rng = np.random.default_rng(SEED)
    if task == "readings":
        shown = copies(32, rng=np.random.default_rng(1))
        return dqn(ReadingsVectorEnv(8 * L), n_learners=L, **READINGS | changes, rng=rng,
                   log=lambda policy: judge(policy.q, shown), log_every=5_000).curve  # fmt: skip
    return dqn(cartpole(8 * L), n_learners=L, **CARTPOLE | changes, rng=rng,
               log=balanced, log_every=6_000).curve  # fmt: skip


def main() -> None:
    """Write the table."""
    jobs = [(task, arm) for task, arms in ARMS.items() for arm in arms]
    frames = []
    for task, arm in tqdm(jobs):
        curve = learn(task, ARMS[task][arm])
        tqdm.write(f"{task}, {arm}:\n{curve.groupby('step').mean().round(2)}")
        frames.append(curve.assign(task=task, arm=arm))
    frame = pd.concat(frames)[["task", "arm", "learner", "step", "worth", "claimed", "steps"]]
    evidence.save(frame, FILE, seed=SEED, modules=MODULES)


if __name__ == "__main__":
    main()
