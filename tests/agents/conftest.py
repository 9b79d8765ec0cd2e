"""Recorded experience as an environment: the same steps for any learner."""

import numpy as np
import pytest
from gymnasium.spaces import Discrete
from gymnasium.vector import AutoresetMode, VectorEnv

from rxcourse.rollout import interact

COLUMNS = ("obs", "reward", "next_obs", "terminated", "truncated")


class Replay(VectorEnv):
    """Plays columns of shape (T, N) whatever is done; restarts in the step that ends."""

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(self, n_states, **columns):
        self.columns = {k: np.asarray(v) for k, v in columns.items()}
        self.num_envs = self.columns["obs"].shape[1]
        self.single_observation_space = Discrete(n_states)
        self.single_action_space = Discrete(1)

    def reset(self, *, seed=None, options=None):
        self.k = 0
        return self.columns["obs"][0], {}

    def step(self, action):
        now = {k: v[self.k] for k, v in self.columns.items()}
        self.k += 1
        last = self.k == len(self.columns["obs"])
        after = now["next_obs"] if last else self.columns["obs"][self.k]
        ended = now["terminated"] | now["truncated"]
        info = {"final_obs": now["next_obs"], "_final_obs": ended} if ended.any() else {}
        return after, now["reward"], now["terminated"], now["truncated"], info

    def of(self, rows):
        """The same experience of some rows only."""
        part = {k: v[:, rows] for k, v in self.columns.items()}
        return Replay(self.single_observation_space.n, **part)

    def episodes(self, row):
        """Whole episodes of a row, as lists of (obs, reward, next_obs, terminated, truncated)."""
        found, steps = [], []
        for step in zip(*(self.columns[name][:, row] for name in COLUMNS), strict=True):
            steps.append(tuple(x.item() for x in step))
            if steps[-1][3] or steps[-1][4]:
                found.append(steps)
                steps = []
        return found


@pytest.fixture
def record():
    """``record(envs, n_steps, seed)``: what happens when a lone action is repeated."""

    def make(envs, n_steps, seed=0):
        def act(obs, rng):
            return np.zeros(envs.num_envs, int), np.ones(envs.num_envs)

        rng = np.random.default_rng(seed)
        steps = list(interact(envs, act, n_steps=n_steps, rng=rng))
        columns = {name: np.stack([getattr(s, name) for s in steps]) for name in COLUMNS}
        return Replay(envs.single_observation_space.n, **columns)

    return make


@pytest.fixture
def replay():
    return Replay
