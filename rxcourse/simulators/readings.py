"""A person behind twelve readings: a small exact model of which only noisy numbers are seen.

What drives the person is a table of 30 conditions, so every plan has an exact value. What
a learner gets are twelve numbers with errors, no two rows of which are ever the same.
"""

from __future__ import annotations

import numpy as np
from gymnasium.spaces import Box

from rxcourse import validate
from rxcourse.mdp import TabularMDP, policy_value
from rxcourse.policy import Uniform
from rxcourse.simulators.tabular import TabularVectorEnv

Array = np.ndarray

STRENGTHS, FATIGUES = 6, 5
CONDITIONS = STRENGTHS * FATIGUES
"""Condition c is strength c // 5 with fatigue c % 5; c + 30 is the same, having stopped."""
ACTIONS = ("rest", "light", "moderate", "hard")
GAIN = np.array([0.0, 0.15, 0.3, 0.4])
"""Chance that a session raises strength by a level in somebody without fatigue, by action."""
LOSS = np.array([0.2, 0.05, 0.0, 0.0])
"""Chance to lose a level, by action."""
STOP = np.array([0.005, 0.005, 0.01, 0.05, 0.15])
"""Chance that a person does not come back, by the fatigue that the session led to."""
GAMMA = 0.95
N_READINGS = 12


def readings_model() -> TabularMDP:
    """The table behind the readings. Every number in it is invented.

    A session of dose d = 0 ... 3 changes fatigue by d - 1 or d - 2, each with probability
    1/2, within 0 ... 4. It raises strength with the chance ``GAIN``, the less the more
    fatigued the person is, and lowers it with the chance ``LOSS``. Then the person stops
    with the chance ``STOP``, which ends the episode. The reward is a fifth of the strength
    arrived at, or 0 if the person has stopped.
    """
    P = np.zeros((2 * CONDITIONS, 4, 2 * CONDITIONS))
    for condition in range(CONDITIONS):
        strength, fatigue = divmod(condition, FATIGUES)
        for dose in range(4):
            up = GAIN[dose] * (1 - fatigue / FATIGUES) * (strength < STRENGTHS - 1)
            down = LOSS[dose] * (strength > 0)
            for change, chance in ((1, up), (-1, down), (0, 1 - up - down)):
                for rest in (1, 2):
                    tired = int(np.clip(fatigue + dose - rest, 0, FATIGUES - 1))
                    reached = (strength + change) * FATIGUES + tired if chance else condition
                    P[condition, dose, reached] += chance / 2 * (1 - STOP[tired])
                    P[condition, dose, reached + CONDITIONS] += chance / 2 * STOP[tired]
    P[CONDITIONS:, :, CONDITIONS:] = np.eye(CONDITIONS)[:, None]
    reward = np.repeat(np.arange(STRENGTHS) / (STRENGTHS - 1), FATIGUES)
    names = [f"strength {c // FATIGUES}, fatigue {c % FATIGUES}" for c in range(CONDITIONS)]
    return TabularMDP(
        P, np.append(reward, 0 * reward), np.repeat([1 / CONDITIONS, 0], CONDITIONS),
        np.arange(2 * CONDITIONS) >= CONDITIONS, GAMMA,
        state_names=(*names, *(f"{name}, stopped" for name in names)), action_names=ACTIONS,
    )  # fmt: skip


def mean_readings() -> Array:
    """The twelve readings without errors, shape (60, 12): mixtures of strength and fatigue.

    Those of a person who stops are those of any other in the same condition.
    """
    strength, fatigue = np.divmod(np.arange(CONDITIONS), FATIGUES)
    s, f = strength / (STRENGTHS - 1) - 0.5, fatigue / (FATIGUES - 1) - 0.5
    mix = np.random.default_rng(12).normal(size=(3, N_READINGS))
    return np.tile(np.stack([s, f, 2 * s * f], axis=1) @ mix, (2, 1))


class ReadingsVectorEnv(TabularVectorEnv):
    """N people, each seen through twelve numbers.

    Parameters
    ----------
    num_envs : int
    horizon : int or None, default 40
        Sessions until we stop looking; the person goes on.
    noise : float, default 0.1
        Standard deviation of the error of each reading, new at every session.
    reward_sd : float, default 0.5
        Standard deviation of the error with which the reward is reported.
    """

    def __init__(
        self, num_envs: int = 1, *, horizon=40, noise=0.1, reward_sd=0.5, render_mode=None
    ):
        super().__init__(readings_model(), num_envs, horizon=horizon, render_mode=render_mode)
        for name, value in (("noise", noise), ("reward_sd", reward_sd)):
            if not value >= 0:
                raise ValueError(f"{name} must not be negative, got {value!r}.")
        self.noise, self.reward_sd = float(noise), float(reward_sd)
        self.single_observation_space = Box(-np.inf, np.inf, (N_READINGS,), np.float32)
        self.observation_space = Box(-np.inf, np.inf, (num_envs, N_READINGS), np.float32)
        self.allowed = lambda obs: np.ones((*np.shape(obs)[:-1], len(ACTIONS)), bool)
        self.baselines = {"random": Uniform(len(ACTIONS), obs_ndim=1)}
        self.means = mean_readings()

    def advance(self, action: Array):
        """Move on; errors are drawn for everyone, whatever is done."""
        reward, terminated, info = super().advance(action)
        error = self.rng.standard_normal(self.num_envs)
        return reward + self.reward_sd * error, terminated, info

    def begin_info(self) -> dict[str, Array]:
        return {"action_mask": self._all_allowed}

    def observe(self) -> Array:
        error = self.rng.standard_normal((self.num_envs, N_READINGS))
        return (self.means[self.state] + self.noise * error).astype(np.float32)


def copies(n: int, *, noise: float = 0.1, rng: np.random.Generator) -> Array:
    """Readings of each of the 30 conditions, n times: shape (30, n, 12).

    The error of a reading depends on nothing else. So the mean over n readings of what a
    policy does is, up to the luck of n, its policy on the table, whose value is exact.
    """
    validate.positive_int("n", n)
    error = rng.standard_normal((CONDITIONS, n, N_READINGS))
    return (mean_readings()[:CONDITIONS, None] + noise * error).astype(np.float32)


def judge(q, shown: Array) -> dict[str, Array]:
    """What learners claim, and what their greedy plans are worth.

    Parameters
    ----------
    q : stack of L q-functions
    shown : ndarray of shape (30, n, 12)
        From ``copies``: a plan acts by what it sees, so its policy on the table is what it
        does for n readings of each condition, averaged.

    Returns
    -------
    dict of str to ndarray of shape (L,)
        worth, the exact value of that policy, and claimed, the largest action value; both
        are means over people who may be met in any of the 30 conditions alike.
    """
    mdp, L, flat = readings_model(), q.n_learners, shown.reshape(-1, N_READINGS)
    values = q(np.broadcast_to(flat, (L, *flat.shape))).reshape(L, CONDITIONS, -1, len(ACTIONS))
    pi = np.full((L, mdp.n_states, len(ACTIONS)), 1 / len(ACTIONS))
    pi[:, :CONDITIONS] = np.eye(len(ACTIONS))[values.argmax(axis=-1)].mean(axis=2)
    return {"worth": policy_value(mdp, pi) @ mdp.d0, "claimed": values.max(axis=-1).mean((1, 2))}
