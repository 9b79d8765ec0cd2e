"""How heavy each week: PPO of Stable-Baselines3, and a rule found by search, on WeeklyRoutineLoad.

Run: ``python book/evidence/12_ppo.py``, with Stable-Baselines3 installed (extra ``scale``).
Takes some minutes on one core. All are judged on the same 1,000 people with the same luck
as the best constant load, whose years none of them was trained on.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecEnv

from rxcourse import evidence
from rxcourse.rollout import rollout
from rxcourse.simulators.weekly import WEIGHTS, WeeklyRoutineLoadVectorEnv
from rxcourse.simulators.weekly_baselines import FixedLoad

SEED, N_PEOPLE, CONSTANT = 12, 1_000, 0.70
FILE = Path(__file__).with_suffix(".csv")
MODULES = ["rxcourse.simulators.weekly", "rxcourse.simulators.weekly_baselines"]
DATA = ["simulators/tables/weekly.csv"]
TENTH = {name: weight / 10 for name, weight in WEIGHTS.items()}
N_ENVS, UPDATES, N_SEEDS = 128, (4, 15, 30), 4
FIRST_LOG_SPREAD = float(np.log(0.25))
SETTINGS = {"n_steps": 52, "batch_size": 832, "n_epochs": 10, "learning_rate": 3e-4,
            "gamma": 1.0, "gae_lambda": 0.95, "ent_coef": 0.0,
            "policy_kwargs": {"net_arch": [64, 64], "log_std_init": FIRST_LOG_SPREAD}}  # fmt: skip


class ForStableBaselines(VecEnv):
    """Our vector environment with the methods that Stable-Baselines3 calls."""

    def __init__(self, envs):
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)
        self.envs = envs

    def reset(self):
        return self.envs.reset(seed=self.first_seed)[0]

    def seed(self, seed=None):
        self.first_seed = seed
        return [seed] * self.num_envs

    def step_async(self, actions):
        self.actions = actions

    def step_wait(self):
        obs, reward, terminated, truncated, info = self.envs.step(self.actions)
        infos = [{} for _ in range(self.num_envs)]
        for row in np.flatnonzero(terminated | truncated):
            cut = bool(truncated[row] & ~terminated[row])
            infos[row] = {"terminal_observation": info["final_obs"][row],
                          "TimeLimit.truncated": cut}  # fmt: skip
        return obs, reward, terminated | truncated, infos

    def close(self):
        pass

    def env_is_wrapped(self, wrapper_class, indices=None):
        return [False] * self.num_envs

    def get_attr(self, attr_name, indices=None):
        return [getattr(self.envs, attr_name, None)] * self.num_envs

    def set_attr(self, attr_name, value, indices=None):
        raise NotImplementedError

    def env_method(self, method_name, *args, indices=None, **kwargs):
        raise NotImplementedError


class Means:
    """The mean action of a model, as a policy of this package."""

    def __init__(self, model):
        self.model = model

    def sample(self, obs, *, rng):
        return self.model.predict(obs, deterministic=True)[0], np.ones(len(obs))


COLUMNS = WeeklyRoutineLoadVectorEnv(1).columns
SORE, PAIN, WORST = (
    [i for i, c in enumerate(COLUMNS) if c.startswith(word) and "before" not in c]
    for word in ("sore", "pain", "worst")
)
RULE = ("1", "week", "soreness", "pain", "worst pain", "rise", "gain")


class Rule:
    """A load that is a weighted sum of seven numbers."""

    def __init__(self, w):
        self.w = w

    def sample(self, obs, *, rng):
        at = {name: obs[:, COLUMNS.index(name)] for name in ("week", "rise", "gain")}
        x = [np.ones(len(obs)), at["week"] - 0.5, 3 * obs[:, SORE].mean(axis=1),
             3 * obs[:, PAIN].max(axis=1), 3 * obs[:, WORST].max(axis=1), at["rise"],
             3 * at["gain"]]  # fmt: skip
        action = np.clip(np.stack(x, axis=1) @ self.w, -1, 1)
        return action[:, None].astype(np.float32), np.ones(len(obs))


def fixed(load: float) -> FixedLoad:
    """The same share of the training maximum every week."""
    return FixedLoad((load - 0.3) / 0.65 * 2 - 1)


def returns(policy, seed: int = SEED, n: int = N_PEOPLE) -> np.ndarray:
    """Return of each of n people; the same people and luck for the same seed."""
    rng = np.random.default_rng(seed)
    return rollout(WeeklyRoutineLoadVectorEnv(n), policy, rng=rng).returns(1.0)


def search(rounds: int = 8, tries: int = 24, keep: int = 6) -> np.ndarray:
    """Weights by the cross-entropy method: try some, keep the best, draw around them."""
    rng = np.random.default_rng(SEED)
    mean, spread = np.r_[0.2, np.zeros(6)], np.r_[0.2, np.full(6, 0.3)]
    for number in range(rounds):
        drawn = mean + spread * rng.normal(size=(tries, len(mean)))
        scores = [returns(Rule(w), seed=100 + number, n=400).mean() for w in drawn]
        best = drawn[np.argsort(scores)[-keep:]]
        mean, spread = best.mean(axis=0), best.std(axis=0) + 0.03
    return mean


def main() -> None:
    """Write the table."""
    constant = returns(fixed(CONSTANT))
    rows = []

    def judge(method, run, decisions, policy, **more):
        ahead = returns(policy) - constant  # paired: the same people, the same luck
        rows.append({"method": method, "run": run, "decisions": decisions, "ahead": ahead.mean(),
                     "stderr": ahead.std(ddof=1) / np.sqrt(N_PEOPLE), **more})  # fmt: skip
        print(rows[-1], flush=True)

    for load in (0.60, 0.65, 0.675, 0.70, 0.725, 0.75, 0.80):
        judge(f"constant {load:.3f}", 0, 0, fixed(load))
    for seed in range(N_SEEDS):
        envs = ForStableBaselines(WeeklyRoutineLoadVectorEnv(N_ENVS, weights=TENTH))
        model = PPO("MlpPolicy", envs, seed=1_000 + seed, device="cpu", **SETTINGS)
        for last, now in zip((0, *UPDATES), UPDATES, strict=False):
            model.learn((now - last) * N_ENVS * 52, reset_num_timesteps=False)
            judge("PPO", seed, model.num_timesteps, Means(model))
    w = search()
    judge("rule by search", 0, 8 * 24 * 400 * 52, Rule(w), **dict(zip(RULE, w, strict=True)))
    evidence.save(pd.DataFrame(rows), FILE, seed=SEED, modules=MODULES, data=DATA)


if __name__ == "__main__":
    main()
