"""What the tabular learners share: L tables, who acts on which row, what to explore.

The tables of all learners stand side by side: the *cell* of learner l and state s is
column l*S + s, and actions are rows. A line such as ``q[:, next_cell].max(axis=0)`` then
reads as in the textbook and means all learners at once. (Actions come first because
NumPy reduces over a long first axis several times faster than over a short last one.)
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from gymnasium.spaces import Discrete
from gymnasium.vector import AutoresetMode, VectorEnv

from rxcourse import validate
from rxcourse.agents.schedules import as_function, by_learner, check_values
from rxcourse.policy import Greedy, Table, rows_per_learner
from rxcourse.rollout import Step, check_envs
from rxcourse.run import CurveLog, Run

Array = np.ndarray


class Decision(NamedTuple):
    """One decision of every learner: arrays of shape (L,).

    ``live`` is None where every row decided; a row that only restarted teaches nothing.
    """

    cell: Array
    action: Array
    reward: Array
    discount: Array
    next_cell: Array
    row: Array
    live: Array | None


class Tables:
    """Where each learner's numbers are, for learners that own rows in blocks.

    Parameters
    ----------
    envs : VectorEnv
        With discrete observations and actions.
    n_learners : int
        Learner l owns rows l*n to (l+1)*n - 1.
    gamma : float
    allowed : ndarray of bool, shape (S, A), optional
    """

    def __init__(self, envs: VectorEnv, n_learners: int, gamma: float, allowed=None):
        check_envs(envs)
        for name in ("single_observation_space", "single_action_space"):
            space = getattr(envs, name)
            if not isinstance(space, Discrete):
                raise ValueError(
                    f"a tabular learner needs a Discrete {name}, got {space}. "
                    "Use function approximation instead."
                )
            if space.start != 0:  # else the last state would be the next learner's first
                raise ValueError(f"{name} must count from 0, got {space}.")
        self.n_states = int(envs.single_observation_space.n)
        self.n_actions = int(envs.single_action_space.n)
        self.n_learners = n_learners
        self.n_rows = rows_per_learner(envs.num_envs, n_learners)
        self.gamma = validate.fraction("gamma", gamma)
        self._discount = np.array([self.gamma, 0.0])  # of a state that is no end, an end
        shape = (self.n_states, self.n_actions)
        self.allowed = allowed
        if allowed is not None:
            self.allowed = validate.allowed_rows("allowed", allowed, shape)
            self._mask = np.tile(self.allowed.T, n_learners)
        first = np.arange(n_learners) * self.n_states
        mode = envs.metadata.get("autoreset_mode")
        self.may_only_restart = mode not in (AutoresetMode.SAME_STEP, AutoresetMode.DISABLED)
        self.first = np.repeat(first, self.n_rows)
        self._turns = np.arange(envs.num_envs).reshape(n_learners, self.n_rows).T

    def values(self, q0) -> Array:
        """Fresh action values (A, L*S), all `q0`: a number, or a table (S, A)."""
        start = validate.finite("q0", q0, ndim=(0, 2))
        shape = (self.n_states, self.n_actions)
        if start.ndim == 2 and start.shape != shape:
            raise ValueError(f"q0 must be a number or have shape {shape}, got {start.shape}.")
        return np.tile(np.broadcast_to(start, shape).T, self.n_learners)

    def by_learner(self, q: Array) -> Array:
        """Lay out (A, L*S) as one table per learner, (L, S, A)."""
        return q.T.reshape(self.n_learners, self.n_states, self.n_actions).copy()

    def n_calls(self, n_steps: int) -> int:
        """Calls of ``envs.step`` that give each learner `n_steps` decisions."""
        return -(-validate.positive_int("n_steps", n_steps) // self.n_rows)

    def decisions(self, step: Step) -> Iterator[Decision]:
        """The rows of a step, one per learner at a time, so that no update is lost."""
        cell, next_cell = self.first + step.obs, self.first + step.next_obs
        live = step.live if self.may_only_restart else None
        # Termination means a future worth nothing; truncation only that we stopped looking.
        discount = self._discount.take(step.terminated)
        if self.n_rows == 1:
            yield Decision(cell, step.action, step.reward, discount, next_cell,
                           self._turns[0], live)  # fmt: skip
            return
        for row in self._turns:
            yield Decision(cell[row], step.action[row], step.reward[row], discount[row],
                           next_cell[row], row, live if live is None else live[row])  # fmt: skip

    def best(self, q: Array, cell: Array) -> Array:
        """Largest allowed action value of each cell."""
        values = q.take(cell, axis=1)
        if self.allowed is not None:
            values[~self._mask[:, cell]] = -np.inf
        return np.maximum.reduce(values)

    def probs(self, q: Array, cell: Array, epsilon: float) -> Array:
        """Epsilon-greedy probabilities of each cell, (A, N); ties are shared."""
        values = q.take(cell, axis=1)
        explore = epsilon / self.n_actions
        if self.allowed is not None:
            mask = self._mask[:, cell]
            values[~mask] = -np.inf
            explore = epsilon * mask / mask.sum(axis=0)
        best = values == np.maximum.reduce(values)
        return best * ((1 - epsilon) / np.add.reduce(best)) + explore

    def mean(self, q: Array, cell: Array, epsilon: float) -> Array:
        """Mean action value of each cell under the epsilon-greedy policy."""
        probs, values = self.probs(q, cell, epsilon), q[:, cell]
        return np.add.reduce(np.where(probs > 0, probs * values, 0.0))

    def best_action(self, q: Array, column: Array, cell: Array) -> Array:
        """First of the best allowed actions in these columns of `q`."""
        values = q[:, column]
        if self.allowed is not None:
            values[~self._mask[:, cell]] = -np.inf
        return values.argmax(axis=0)

    def behavior(self, q: Array, epsilon) -> Behavior:
        """Epsilon-greedy action in `q`, which the learner improves meanwhile."""
        return Behavior(self, q, epsilon)

    def greedy(self, q: Array) -> Greedy:
        """The stack of greedy policies in a copy of `q`."""
        return Greedy(Table(self.by_learner(q)), allowed=self.allowed)

    def run(self, q: Array, curve: CurveLog, step_size: StepSize) -> Run:
        """What the learner returns."""
        data = {}
        if step_size.visits is not None:
            data["visits"] = self.by_learner(step_size.visits)
        return Run(self.greedy(q), curve.frame(), self.by_learner(q), data)


class Behavior:
    """The epsilon-greedy ``act`` of all learners: call it with (obs, rng)."""

    def __init__(self, tables: Tables, q: Array, epsilon):
        self.tables, self.q = tables, q
        self.schedule = as_function("epsilon", epsilon, first=0)
        self.taken = 0

    @property
    def epsilon(self) -> float:
        """Exploration rate now, by the decisions a learner has taken."""
        now = self.schedule(self.taken)
        if not 0 <= now <= 1:
            check_values("epsilon", now, ())
        return now

    def __call__(self, obs: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        drawn = self._draw(obs, rng)
        self.taken += self.tables.n_rows
        return drawn

    def _draw(self, obs: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        probs = self.tables.probs(self.q, self.tables.first + obs, self.epsilon)
        return draw(probs, rng.random(len(obs)))


class BehaviorAhead(Behavior):
    """Draws the next action before the update, then executes it: SARSA needs that."""

    def look_ahead(self, step: Step, rng: np.random.Generator) -> Array:
        """Action for ``step.next_obs``; executed next on rows that go on."""
        self._planned = self._draw(step.next_obs, rng)
        self._goes_on = ~(step.terminated | step.truncated)
        return self._planned[0]

    def __call__(self, obs: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        fresh = super().__call__(obs, rng)
        if self.taken == self.tables.n_rows:
            return fresh
        return tuple(
            np.where(self._goes_on, planned, new)
            for planned, new in zip(self._planned, fresh, strict=True)
        )


def draw(probs: Array, u: Array) -> tuple[Array, Array]:
    """Turn uniform numbers (N,) into actions and their probabilities; probs (A, N)."""
    # The running sum over actions, as a product with a triangle of ones: at this shape
    # several times faster than np.cumsum.
    edge = _triangle(len(probs)) @ probs
    action = np.add.reduce(u * edge[-1] >= edge, axis=0)
    return action, probs[action, np.arange(len(u))]


@cache
def _triangle(n: int) -> Array:
    return np.tri(n)


class StepSize:
    """The step size of each update, by how often that cell and action were updated."""

    def __init__(self, alpha, q: Array, n_learners: int):
        if np.ndim(alpha) and not callable(alpha):
            numbers = by_learner("alpha", alpha, n_learners)
            self.alpha = lambda n: numbers
        else:
            # It is handed one count for each learner, and may treat them differently.
            self.alpha = as_function("alpha", alpha, first=np.ones(n_learners, int))
        self.visits = np.zeros(q.shape, np.int64) if callable(alpha) else None

    def __call__(self, d: Decision) -> Array:
        n = None
        if self.visits is not None:
            n = self.visits[d.action, d.cell] + 1
            self.visits[d.action, d.cell] = n if d.live is None else n - ~d.live
        size = self.alpha(n)
        return size if d.live is None else size * d.live
