"""L learners side by side: who owns which rows and cells, and how far an update goes.

The tables of all learners stand one behind the other: the *cell* of learner l and state
s is l*S + s, so that ``v[cell]`` reads as in the textbook and means all learners at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from gymnasium.spaces import Discrete
from gymnasium.vector import VectorEnv

from rxcourse import validate
from rxcourse.agents.schedules import as_function, by_learner
from rxcourse.policy import rows_per_learner
from rxcourse.rollout import Step, check_envs

Array = np.ndarray


class Decision(NamedTuple):
    """One decision of each learner that took one: arrays of shape (k,), k <= L.

    Rows that only restarted, or are not wanted, are not among them. ``discount`` is that
    of the next state: gamma, or 0 where the episode has terminated.
    """

    learner: Array
    row: Array
    cell: Array
    action: Array
    reward: Array
    discount: Array
    next_cell: Array
    step: Step

    @property
    def ended(self) -> Array:
        """Which episodes ended here, terminated or only truncated."""
        return (self.step.terminated | self.step.truncated)[self.row]


class Learners:
    """L learners that own the rows of `envs` in blocks.

    Parameters
    ----------
    envs : VectorEnv
        With discrete observations, counted from 0.
    n_learners : int
        Learner l owns rows l*n to (l+1)*n - 1.
    gamma : float
    """

    def __init__(self, envs: VectorEnv, n_learners: int, gamma: float):
        self.n_states = count(check_envs(envs), "single_observation_space")
        self.n_learners = n_learners
        self.n_rows = rows_per_learner(envs.num_envs, n_learners)
        self.gamma = validate.fraction("gamma", gamma)
        self._discount = np.array([self.gamma, 0.0])  # of a state that is no end, an end
        self._row = np.arange(envs.num_envs)
        self._learner = self._row // self.n_rows
        self.first = self._learner * self.n_states
        self._turns = self._row.reshape(n_learners, self.n_rows).T

    def n_calls(self, n_steps: int) -> int:
        """Calls of ``envs.step`` that give each learner `n_steps` decisions."""
        return -(-validate.positive_int("n_steps", n_steps) // self.n_rows)

    def decisions(self, step: Step, wanted: Array | None = None) -> Iterable[Decision]:
        """The rows of a step, one per learner at a time, so that no update is lost."""
        cell, next_cell = self.first + step.obs, self.first + step.next_obs
        # Termination means a future worth nothing; truncation only that we stopped looking.
        discount = self._discount.take(step.terminated)
        columns = (self._learner, self._row, cell, step.action, step.reward, discount, next_cell)
        wanted = step.live if wanted is None else wanted
        everyone = wanted.nonzero()[0].size == len(wanted)  # faster than wanted.all()
        if everyone and self.n_rows == 1:
            return (Decision(*columns, step),)
        rows = self._turns if everyone else [turn[wanted[turn]] for turn in self._turns]
        return (Decision(*(c[row] for c in columns), step) for row in rows if len(row))


def count(envs: VectorEnv, name: str) -> int:
    """How many states or actions there are, for a table; refuses what no table can hold."""
    space = getattr(envs, name)
    if not isinstance(space, Discrete):
        raise ValueError(
            f"a tabular learner needs a Discrete {name}, got {space}. "
            "Use function approximation instead."
        )
    if space.start != 0:  # else the last state would be the next learner's first
        raise ValueError(f"{name} must count from 0, got {space}.")
    return int(space.n)


class StepSize:
    """The step size of an update: constant, by learner, or by the visits of what it moves.

    Parameters
    ----------
    alpha : float, callable, or ndarray of shape (L,)
        A function is handed one count for each learner, and may treat them differently.
    n_learners : int
    size : int
        Of the flat table that is learned.
    """

    def __init__(self, alpha, n_learners: int, size: int):
        self.visits = None
        if callable(alpha):
            self.alpha = as_function("alpha", alpha, first=np.ones(n_learners, int))
            self.visits = np.zeros(size, np.int64)
        elif np.ndim(alpha):
            self.alpha = by_learner("alpha", alpha, n_learners)
        else:
            # As an array: NumPy multiplies by one faster than by a number of Python.
            self.alpha = np.array(validate.fraction("alpha", alpha))

    def __call__(self, place: Array, learner: Array):
        """Count a visit of these places, each at most once, and say how far to move them."""
        if self.visits is not None:
            n = self.visits[place] + 1
            self.visits[place] = n
            return self.alpha(n)
        return self.alpha[learner] if self.alpha.ndim else self.alpha
