"""The frame of every simulator here: N people stepped as arrays, and N = 1 as an Env.

A simulator says how an episode begins, how everyone moves on, and what can be seen.
Seeding, horizons, restarts and the single environment are the same for all and live
in this file.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from rxcourse import validate

Array = np.ndarray


class BatchEnv(VectorEnv):
    """N copies of a process in one object, restarted in the step in which they end.

    Parameters
    ----------
    num_envs : int
    observation_space, action_space : gymnasium.Space
        Of one row.
    horizon : int or None
        After so many steps a row is truncated: we stopped looking, the process did
        not end. None looks for ever.
    render_mode : str or None

    Notes
    -----
    Every simulator publishes ``allowed``, the mask of actions, as a table (S, A) or a
    function of observations (the same is in ``info["action_mask"]``), and ``baselines``,
    policies by name. ``info["cost"]`` is there where the task has a cost.

    Subclasses write three methods. ``begin(rows)`` starts new episodes there, drawing
    from streams keyed by (seed, row, episode). ``advance(action)`` moves all rows and
    returns (reward, terminated, info); it draws the same count of random numbers from
    ``self.rng`` whatever the state or action. ``observe()`` returns a new array.
    """

    metadata: dict[str, Any] = {
        "autoreset_mode": AutoresetMode.SAME_STEP,
        "render_modes": ["ansi"],
        "render_fps": 4,
    }

    def __init__(self, num_envs, observation_space, action_space, horizon, render_mode):
        self.num_envs = validate.positive_int("num_envs", num_envs)
        self.single_observation_space = observation_space
        self.single_action_space = action_space
        self._n_actions = int(getattr(action_space, "n", 0))  # 0: actions are no whole numbers
        self.observation_space = batch_space(observation_space, num_envs)
        self.action_space = batch_space(action_space, num_envs)
        self.horizon = None if horizon is None else validate.positive_int("horizon", horizon)
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ValueError(
                f"render_mode must be one of {self.metadata['render_modes']}, got {render_mode!r}."
            )
        self.render_mode = render_mode
        self.seed: int | None = None
        self._never = np.zeros(num_envs, bool)
        self._never.flags.writeable = False  # handed out again and again
        self._all_allowed = np.ones((num_envs, self._n_actions), bool)
        self._all_allowed.flags.writeable = False

    @property
    def t(self) -> Array:
        """Steps of each row since its episode began."""
        return self.clock - self._began

    def begin(self, rows: Array) -> None:
        raise NotImplementedError

    def advance(self, action: Array) -> tuple[Array, Array, dict[str, Array]]:
        raise NotImplementedError

    def observe(self) -> Array:
        raise NotImplementedError

    def begin_info(self) -> dict[str, Array]:
        """What ``reset`` tells besides the observation."""
        return {}

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start every row anew; a seed also starts all random streams anew."""
        if options:
            raise ValueError(
                f"options must be empty: there is nothing to choose at a reset, got "
                f"{sorted(options)}. Rows that end begin anew by themselves."
            )
        rows = np.arange(self.num_envs)
        if seed is None and self.seed is None:
            seed = int(np.random.SeedSequence().generate_state(1)[0])
        if seed is not None:
            self.seed = int(seed)
            self._np_random, self._np_random_seed = gym.utils.seeding.np_random(self.seed)
            self.rng = self._np_random
            self.episode = np.zeros(self.num_envs, np.int64)
        else:
            self.episode += 1
        self.clock, self._began = 0, np.zeros(self.num_envs, np.int64)
        self._first_end = self.horizon
        self.begin(rows)
        return self.observe(), self.begin_info()

    def move(self, action: Array):
        """One step without restarts: (obs, reward, terminated, truncated, info)."""
        if self.seed is None:
            raise ValueError("call reset before step: there is nobody here yet.")
        reward, terminated, info = self.advance(self._checked(action))
        self.clock += 1
        # Until the row that began first is due, nobody's time need be compared.
        due = self.horizon is not None and self.clock >= self._first_end
        truncated = self.t >= self.horizon if due else self._never
        return self.observe(), reward, terminated, truncated, info

    def step(self, actions: Array):
        """One step of all rows; those that end begin anew and say so in ``info``."""
        obs, reward, terminated, truncated, info = self.move(actions)
        ended = terminated | truncated
        rows = ended.nonzero()[0]  # several times faster than to ask ended.any() first
        if rows.size:
            info = {**info, "final_obs": obs, "final_info": info, "_final_obs": ended}
            self._began[rows] = self.clock
            if self.horizon is not None:
                self._first_end = int(self._began.min()) + self.horizon
            self.episode[rows] += 1
            self.begin(rows)
            obs = self.observe()
            # What belongs to the next decision, a mask say, is the new episode's.
            for name, value in self.begin_info().items():
                if value is not info[name]:
                    info[name] = np.where(_beside(ended, value), value, info[name])
        return obs, reward, terminated, truncated, info

    def _checked(self, action: Array) -> Array:
        action = np.asarray(action)
        if action.shape != self._never.shape or action.dtype.kind not in "iu":
            raise ValueError(
                f"action must hold {self.num_envs} whole number(s), one per row; got "
                f"shape {action.shape}, dtype {action.dtype}."
            )
        # By the places of the extremes: for few rows faster than min() and max().
        low, high = action[action.argmin()], action[action.argmax()]
        if low < 0 or high >= self._n_actions:
            validate.indices("action", action, self._n_actions)
        return action if action.dtype == np.int64 else action.astype(np.int64)

    def picture(self, row: int) -> Any:
        """Draw one row in the manner of ``render_mode``."""
        raise NotImplementedError

    def render(self):
        """One picture or text per row."""
        return tuple(self.picture(row) for row in range(self.num_envs))


def _beside(rows: Array, value: Array) -> Array:
    """A mask of rows with as many axes as `value`."""
    return rows.reshape(-1, *[1] * (value.ndim - 1))


class SingleEnv(gym.Env):
    """A batched simulator with one row, as an ordinary Gymnasium environment.

    Parameters
    ----------
    batch : BatchEnv
        With ``num_envs = 1``.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi"], "render_fps": 4}

    def __init__(self, batch: BatchEnv):
        self.batch = batch
        self.observation_space = batch.single_observation_space
        self.action_space = batch.single_action_space
        self.render_mode = batch.render_mode

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start a new episode; without a seed, the next one of the same stream."""
        super().reset(seed=seed)
        obs, info = self.batch.reset(seed=seed, options=options)
        return self._one(obs), self._row(info)

    def step(self, action):
        """Take one decision."""
        action = self._decision(np.asarray(action))
        obs, reward, terminated, truncated, info = self.batch.move(action[None])
        return (self._one(obs), float(reward[0]), bool(terminated[0]), bool(truncated[0]),
                self._row(info))  # fmt: skip

    def render(self):
        """Text or picture, according to ``render_mode``."""
        return None if self.render_mode is None else self.batch.picture(0)

    def _decision(self, action: Array) -> Array:
        """One action as the batch wants it for its only row, less the axis of rows."""
        if action.ndim:
            raise ValueError(f"action must be one whole number, got shape {action.shape}.")
        return validate.indices("action", action, int(self.action_space.n))

    def _one(self, obs: Array):
        return obs[0]

    def _row(self, info: dict[str, Array]) -> dict[str, Any]:
        return {name: value[0].copy() for name, value in info.items()}
