"""What learners of state values share: L tables, the experience of one policy, a record."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from gymnasium.vector import VectorEnv

from rxcourse import validate
from rxcourse.agents.learners import Decision, Learners, StepSize
from rxcourse.policy import Policy, check_policy
from rxcourse.rollout import acting, check_ends, interact
from rxcourse.run import CurveLog, Log, Run

Array = np.ndarray
MAX_STEPS = 1_000_000


class Prediction(Learners):
    """The experience of one policy, and what L learners make of it.

    Parameters
    ----------
    envs : VectorEnv
        N rows with discrete observations; learner l of L owns rows l*n to (l+1)*n - 1.
    policy : Policy, or stack of L policies
        The policy that acts is the one whose values are learned.
    n_learners : int
    gamma : float
    n_steps, n_episodes : int
        Length of the experience of each learner, in decisions or in whole episodes:
        exactly one of the two. Each of a learner's rows plays an equal share of the
        episodes (rounded up), so that short ones are not favoured.
    v0 : float, or ndarray of shape (S,)
        Values to start from.
    alpha : float, callable, or ndarray of shape (L,)
        Step size; a function of the visits of a state; or one number for each learner,
        which compares step sizes in one run.
    log : callable, optional
        ``log(v)`` gets a copy of the value tables, shape (L, S), and returns columns of
        shape (L,), for example each learner's distance from the exact answer.
    log_every : int
        In decisions, or in episodes when `n_episodes` is given: each learner is then
        looked at when it has finished that many itself. ``curve.step`` counts the same.
    """

    def __init__(
        self, envs: VectorEnv, policy: Policy, *, n_learners: int, gamma: float,
        n_steps: int | None, n_episodes: int | None, v0, alpha,
        log: Log | None, log_every: int | None,
    ):  # fmt: skip
        super().__init__(envs, n_learners, gamma)
        self.envs, self.policy = envs, check_policy(policy, n_learners)
        if (n_steps is None) == (n_episodes is None):
            raise ValueError(f"give either n_steps or n_episodes, got {n_steps} and {n_episodes}.")
        self.by_episode = n_steps is None
        if self.by_episode:
            check_ends(envs)
        length = validate.positive_int(*(("n_episodes", n_episodes) if self.by_episode
                                         else ("n_steps", n_steps)))  # fmt: skip
        self.share = -(-length // self.n_rows)  # of each row
        self.table = start_values(v0, n_learners, self.n_states)
        self.v = self.table.reshape(-1)  # the same memory, as cells
        self.step_size = StepSize(alpha, n_learners, self.v.size)
        self.curve = CurveLog(log, log_every, n_learners)
        self.played = np.zeros(envs.num_envs, np.int64)
        self.finished = np.zeros(n_learners, np.int64)
        self.pictures: dict[int, list] = {}

    def experience(self, rng: np.random.Generator) -> Iterator[Decision]:
        """Act, and hand out one decision of each learner at a time."""
        self._record(0)
        n_calls = MAX_STEPS if self.by_episode else self.share
        act = acting(self.policy, self.envs)
        for k, step in enumerate(interact(self.envs, act, n_steps=n_calls, rng=rng)):
            wanted = step.live & (self.played < self.share) if self.by_episode else step.live
            for d in self.decisions(step, wanted):
                yield d
                self._note(d)
            if not self.by_episode:
                self._record((k + 1) * self.n_rows)
            elif (self.played >= self.share).all():
                return
        if self.by_episode:
            raise ValueError(
                f"row {int(self.played.argmin())} had not finished {self.share} episodes after "
                f"{MAX_STEPS} steps. Give the environment a horizon, or use n_steps."
            )

    def _note(self, d: Decision) -> None:
        """Count episodes, and keep the values a learner has when its k-th one ends."""
        if not (self.by_episode and d.ended.any()):
            return
        self.played[d.row[d.ended]] += 1
        learner = d.learner[d.ended]
        self.finished[learner] += 1
        if self.curve.log is None:
            return
        due = learner[self.finished[learner] % self.curve.every == 0]
        for k in np.unique(self.finished[due]):
            picture = self.pictures.setdefault(int(k), [np.empty_like(self.table), 0])
            who = due[self.finished[due] == k]
            picture[0][who] = self.table[who]
            picture[1] += len(who)
            if picture[1] == self.n_learners:  # the slowest learner has got there
                self._record(int(k), self.pictures.pop(int(k))[0])

    def _record(self, step: int, table: Array | None = None) -> None:
        self.curve(step, lambda: (self.table if table is None else table).copy())

    def run(self) -> Run:
        """What the learner returns."""
        data = {}
        if self.step_size.visits is not None:
            data["visits"] = self.step_size.visits.reshape(self.table.shape).copy()
        return Run(self.policy, self.curve.frame(), data=data, v=self.table.copy())


def start_values(v0, n_learners: int, n_states: int) -> Array:
    """Fresh value tables (L, S), all `v0`: a number, or values (S,)."""
    start = validate.finite("v0", v0, ndim=(0, 1))
    if start.ndim and start.shape != (n_states,):
        raise ValueError(f"v0 must be a number or have shape ({n_states},), got {start.shape}.")
    return np.tile(np.broadcast_to(start, n_states), (n_learners, 1))
