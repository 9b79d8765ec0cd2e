"""What L learners did, in order: whole episodes for REINFORCE, segments for actor-critic.

Columns are kept as (T, N): T calls of ``envs.step``, N rows. A learner's gradient sees
its T x n decisions side by side, (L, B); ``by_learner`` and ``by_time`` go to and fro.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rxcourse import validate
from rxcourse.agents.network_policy import NetworkPolicy
from rxcourse.policy import rows_per_learner
from rxcourse.rollout import Step

Array = np.ndarray


class Batch(NamedTuple):
    """Decisions of each learner: tensors (L, B, ...), and arrays (T, N) in order of time.

    ``share`` is the weight of a decision in the gradient, 0 where there was none to learn
    from. ``discount`` is gamma, or 0 where the episode terminated; ``goes_on`` is False at
    the last decision of an episode, terminated or truncated.
    """

    obs: Tensor
    action: Tensor
    share: Tensor
    next_obs: Tensor
    allowed: Tensor | None
    reward: Array
    discount: Array
    goes_on: Array


class Trajectories:
    """Collects steps; subclasses say when there are enough, and which of them count.

    Parameters
    ----------
    policy : NetworkPolicy
        Stack of L policies that acts, for its features and its mask.
    n_rows : int
        Rows of the environment; learner l owns a block of n_rows / L.
    gamma : float
    """

    def __init__(self, policy: NetworkPolicy, n_rows: int, *, gamma: float):
        self.policy, self.n_rows = policy, n_rows
        self.n_learners = policy.n_learners
        self.per_learner = rows_per_learner(n_rows, self.n_learners)
        self.gamma = validate.fraction("gamma", gamma)
        self.steps: list[Step] = []
        self.counts: list[Array] = []

    def by_learner(self, column: Array) -> Tensor:
        """Lay a column (T, N, ...) out as a tensor (L, T * n, ...)."""
        T, _, *rest = column.shape
        blocks = column.reshape(T, self.n_learners, self.per_learner, *rest).swapaxes(0, 1)
        rows = np.ascontiguousarray(blocks).reshape(self.n_learners, -1, *rest)
        return torch.from_numpy(rows.astype(np.float32) if rows.dtype.kind == "f" else rows)

    def by_time(self, rows: Tensor) -> Array:
        """Undo ``by_learner`` for numbers: (L, T * n) becomes (T, N)."""
        blocks = rows.detach().numpy().reshape(self.n_learners, -1, self.per_learner)
        return blocks.swapaxes(0, 1).reshape(-1, self.n_rows)

    def _batch(self, share: Array) -> Batch:
        """All steps collected, with the weight of each; begin anew."""
        column = {name: np.stack([getattr(step, name) for step in self.steps])
                  for name in Step._fields[:9]}  # fmt: skip
        self.steps, self.counts = [], []
        ended = column["terminated"] | column["truncated"]
        features, obs = self.policy.features, column["obs"]
        allowed = None
        if self.policy.mask is not None:
            blocks = obs.reshape(len(obs), self.n_learners, self.per_learner, *obs.shape[2:])
            wide = self.policy.allowed(blocks.swapaxes(0, 1).reshape(self.n_learners, -1,
                                                                     *obs.shape[2:]))  # fmt: skip
            allowed = torch.from_numpy(wide)
        return Batch(
            obs=self.by_learner(features(obs)),
            action=self.by_learner(column["action"]),
            share=self.by_learner(share),
            next_obs=self.by_learner(features(column["next_obs"])),
            allowed=allowed,
            reward=column["reward"],
            discount=self.gamma * ~column["terminated"],
            goes_on=~ended,
        )


class Episodes(Trajectories):
    """One whole episode of every row.

    A row whose episode ends early waits for the others: what it does meanwhile is not
    learned from. To take the first that end would favour short episodes.
    """

    def __init__(self, policy: NetworkPolicy, n_rows: int, *, gamma: float):
        super().__init__(policy, n_rows, gamma=gamma)
        self.fresh = np.ones(n_rows, bool)  # the next decision begins an episode
        self._begin()

    def _begin(self) -> None:
        """Wait for an episode of each row that begins from now on."""
        self.missing, self.inside = np.ones(self.n_rows, bool), self.fresh.copy()

    def store(self, step: Step) -> None:
        """Remember one step of all rows."""
        counts = step.live & self.inside
        if (counts & step.truncated & ~step.terminated).any():
            raise ValueError(
                "REINFORCE needs whole episodes, and one was truncated: its return is unknown. "
                "Give the task an end that is seen in the observation, or use actor_critic, "
                "which values what follows."
            )
        ended = step.live & (step.terminated | step.truncated)
        self.steps.append(step)
        self.counts.append(counts)
        self.missing &= ~(counts & ended)
        self.inside = (self.inside & ~ended) | (self.missing & ended)
        self.fresh = np.where(step.live, ended, self.fresh)

    @property
    def complete(self) -> bool:
        return not self.missing.any()

    def take(self) -> Batch:
        """The episodes; ``share`` is gamma^t over the learner's number of episodes."""
        counts = np.stack(self.counts)
        t = counts.cumsum(axis=0) - 1
        batch = self._batch(counts * self.gamma ** np.maximum(t, 0) / self.per_learner)
        self._begin()
        return batch


class Segments(Trajectories):
    """A fixed number of decisions of every row, wherever episodes begin and end.

    Parameters
    ----------
    length : int
        Calls of ``envs.step`` in a segment.
    """

    def __init__(self, policy: NetworkPolicy, n_rows: int, *, gamma: float, length: int):
        super().__init__(policy, n_rows, gamma=gamma)
        self.length = validate.positive_int("segment", length)

    def store(self, step: Step) -> None:
        """Remember one step of all rows."""
        self.steps.append(step)
        self.counts.append(step.live)

    @property
    def complete(self) -> bool:
        return len(self.steps) == self.length

    def take(self) -> Batch:
        """The segment; ``share`` is one over the learner's number of decisions."""
        counts = np.stack(self.counts)
        each = counts.reshape(self.length, self.n_learners, -1).sum(axis=(0, 2))
        return self._batch(counts / np.maximum(each, 1).repeat(self.per_learner))
