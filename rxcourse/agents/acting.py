"""Epsilon-greedy action by the networks of L learners."""

from __future__ import annotations

import numpy as np
import torch
from gymnasium.spaces import Discrete
from gymnasium.vector import VectorEnv

from rxcourse import validate
from rxcourse.agents.schedules import Schedule, by_decisions
from rxcourse.nets import Networks
from rxcourse.network_q import Features
from rxcourse.policy import as_mask, rows_per_learner

Array = np.ndarray


class Actor:
    """Acts in N environments for L learners, each by its own network.

    Parameters
    ----------
    envs : VectorEnv
        Learner l owns rows l*n to (l+1)*n - 1.
    n_learners : int
    epsilon : float, callable, or ndarray of shape (L,)
        Share of random actions, or a function of the decisions a learner has taken.
    allowed : callable, or ndarray of bool of shape (S, A), optional
        Only these actions are drawn.

    Attributes
    ----------
    taken : int
        Decisions of each learner so far.
    """

    def __init__(self, envs: VectorEnv, n_learners: int, epsilon: Schedule, allowed=None):
        self.features = Features.of(envs.single_observation_space)
        self.n_actions = count_actions(envs)
        self.n_learners = n_learners
        self.n_rows = rows_per_learner(envs.num_envs, n_learners)
        self.epsilon = by_decisions("epsilon", epsilon, n_learners)
        self.mask, self.taken = as_mask(allowed), 0
        self._unknown = np.full(envs.num_envs, np.nan)  # DQN does not ask for propensities

    def n_calls(self, n_steps: int) -> int:
        """Calls of ``envs.step`` that give each learner `n_steps` decisions."""
        return -(-validate.positive_int("n_steps", n_steps) // self.n_rows)

    def due(self, every: int) -> int:
        """How many multiples of `every` decisions the last call of ``envs.step`` reached."""
        return self.taken // every - (self.taken - self.n_rows) // every

    def allowed(self, obs: Array) -> Array | None:
        """The mask of actions in observations (N, *obs), shape (N, A), if there is one."""
        if self.mask is None:
            return None
        blocks = obs.reshape(self.n_learners, self.n_rows, *obs.shape[1:])
        shape = (self.n_learners, self.n_rows, self.n_actions)
        mask = validate.allowed_rows("allowed", self.mask(blocks), shape)
        return mask.reshape(-1, self.n_actions)

    def act(self, networks: Networks, obs: Array, rng: np.random.Generator):
        """Actions for observations (N, *obs), and that their propensities are unknown."""
        shape = (self.n_learners, self.n_rows, -1)
        allowed = self.allowed(obs)
        mask = None if allowed is None else torch.from_numpy(allowed).view(shape)
        with torch.no_grad():
            x = torch.from_numpy(self.features(obs)).view(shape)
            best = networks.best_action(x, mask).numpy()
        epsilon = self.epsilon(self.taken)
        explores = rng.random(best.shape) < epsilon[..., None]
        action = np.where(explores, self._any(allowed, rng).reshape(best.shape), best)
        self.taken += self.n_rows
        return action.ravel(), self._unknown

    def _any(self, allowed: Array | None, rng: np.random.Generator) -> Array:
        """A random allowed action for each row."""
        if allowed is None:
            return rng.integers(self.n_actions, size=len(self._unknown))
        # Each with the same probability: that with the largest random number.
        return (allowed * rng.random(allowed.shape)).argmax(axis=1)


def count_actions(envs: VectorEnv) -> int:
    """How many actions there are; refuses what a network with an output for each cannot do."""
    space = envs.single_action_space
    if not isinstance(space, Discrete) or space.start != 0:
        raise ValueError(
            f"a network of action values needs Discrete actions counted from 0, got {space}."
        )
    return int(space.n)
