"""Replay memory: the decisions of L learners, drawn from again and again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rxcourse import validate
from rxcourse.policy import rows_per_learner

Array = np.ndarray


class Batch(NamedTuple):
    """B remembered decisions of each learner: tensors (L, B) or (L, B, n).

    ``reward`` is the sum of the next n discounted rewards and ``next_obs`` what was
    observed after them. ``discount`` is what a value there is worth now: gamma^n, or 0
    if the episode had terminated.
    """

    obs: Tensor
    action: Tensor
    reward: Tensor
    discount: Tensor
    next_obs: Tensor
    next_allowed: Tensor | None


class Replay:
    """The last `capacity` decisions of each learner.

    Parameters
    ----------
    n_learners, n_rows : int
        Rows of the environment; learner l owns a block of n_rows / L.
    n_inputs : int
        Numbers in one observation.
    capacity : int
        Decisions remembered for each learner; the oldest is forgotten first.
    gamma : float
    n_step : int, default 1
        Rewards in a return before the value of what follows.
    n_allowed : int, default 0
        Columns of the mask of actions, if there is one.

    Notes
    -----
    A decision is stored at once, with a return of one reward. While its episode goes on,
    each of the next n - 1 steps of its row is added: the return grows, and what follows
    is observed later. So no return reaches across the end of an episode, and those that
    an end cuts short are right too.

    References
    ----------
    Lin (1992), doi:10.1007/BF00992699. n-step returns: Sutton and Barto (2018),
    section 7.1.
    """

    def __init__(
        self,
        n_learners: int,
        n_rows: int,
        n_inputs: int,
        *,
        capacity: int,
        gamma: float,
        n_step: int = 1,
        n_allowed: int = 0,
    ):
        self.per_learner = rows_per_learner(n_rows, n_learners)
        self.capacity = validate.positive_int("capacity", capacity)
        self.gamma = validate.fraction("gamma", gamma)
        if capacity < self.per_learner * validate.positive_int("n_step", n_step):
            raise ValueError(
                f"a learner with {self.per_learner} environment(s) must remember at least "
                f"{self.per_learner} x n_step = {self.per_learner * n_step} decisions, got "
                f"{capacity}."
            )
        self.obs = slice(0, n_inputs)
        self.action, self.reward, self.discount = range(n_inputs, n_inputs + 3)
        self.after = slice(n_inputs + 3, 2 * n_inputs + 3 + n_allowed)  # what follows
        self.n_inputs = n_inputs
        self.table = np.zeros((n_learners, capacity, self.after.stop), np.float32)
        self._flat = self.table.reshape(n_learners * capacity, -1)  # the same memory
        self._tensor = torch.from_numpy(self._flat)
        self.first = np.arange(n_learners)[:, None] * capacity
        self.stored = np.zeros((n_learners, 1), np.int64)
        # Where each row's last n - 1 decisions are, while their episode goes on; else -1.
        self.growing = np.full((n_step - 1, n_rows), -1)

    def store(self, obs, action, reward, next_obs, terminated, truncated, live, allowed=None):
        """Remember one step of all rows: arrays (N,) or (N, n).

        Parameters
        ----------
        obs, next_obs : ndarray of shape (N, n_inputs)
        action, reward, terminated, truncated : ndarray of shape (N,)
        live : ndarray of bool, shape (N,)
            False where an environment only restarted: there was no decision to remember.
        allowed : ndarray of bool, shape (N, A), optional
            The actions allowed in `next_obs`.
        """
        after = next_obs if allowed is None else np.hstack([next_obs, allowed])
        # A terminated future is worth nothing; a truncated one goes on unobserved.
        discount = self.gamma * ~terminated
        self._grow(reward, discount, after, live)
        place = self._places(live)
        new = np.column_stack([obs, action, reward, discount, after])
        self._flat[place[live]] = new[live]
        if len(self.growing):
            self.growing = np.vstack([place[None], self.growing[:-1]])
            self.growing[:, terminated | truncated | ~live] = -1

    def _grow(self, reward: Array, discount: Array, after: Array, live: Array) -> None:
        """Add this step to the returns of the decisions before it."""
        for places in self.growing:
            rows = np.flatnonzero(live & (places >= 0))
            place = places[rows]
            self._flat[place, self.reward] += self._flat[place, self.discount] * reward[rows]
            self._flat[place, self.discount] *= discount[rows]
            self._flat[place, self.after] = after[rows]

    def _places(self, live: Array) -> Array:
        """Where the decisions of the rows go, and count them: after each learner's last."""
        nth = live.reshape(-1, self.per_learner).cumsum(axis=1)
        place = self.first + (self.stored + nth - 1) % self.capacity
        self.stored += nth[:, -1:]
        return place.ravel()

    def sample(self, batch_size: int, *, rng: np.random.Generator) -> Batch:
        """Draw decisions of each learner, each remembered one with the same probability."""
        u = rng.random((len(self.first), batch_size))
        return self._batch((u * np.minimum(self.stored, self.capacity)).astype(np.int64))

    def latest(self, batch_size: int) -> Batch:
        """The last decisions of each learner, as they come without a memory."""
        back = np.arange(batch_size) % np.minimum(self.stored, self.capacity)
        return self._batch((self.stored - 1 - back) % self.capacity)

    def _batch(self, index: Array) -> Batch:
        rows = self._tensor.index_select(0, torch.from_numpy((self.first + index).ravel()))
        rows = rows.view(*index.shape, -1)
        following = rows[..., self.after]
        mask = following[..., self.n_inputs :]
        return Batch(
            obs=rows[..., self.obs],
            action=rows[..., self.action].long(),
            reward=rows[..., self.reward],
            discount=rows[..., self.discount],
            next_obs=following[..., : self.n_inputs],
            next_allowed=mask.bool() if mask.shape[-1] else None,
        )
