"""Tables of action values: L of them, who acts by them, what to explore.

The values of all learners lie in one flat array: action by action, and within an action
cell by cell (see ``rxcourse.agents.learners``). The value of a cell and an action is then
one number away, ``q[pair]``. Actions come first because NumPy reduces over a long first
axis several times faster than over a short last one.
"""

from __future__ import annotations

import numpy as np
from gymnasium.vector import VectorEnv

from rxcourse import validate
from rxcourse.agents.learners import Learners, StepSize, count
from rxcourse.agents.schedules import as_function, check_values
from rxcourse.policy import Greedy, Table
from rxcourse.rollout import Step
from rxcourse.run import CurveLog, Run

Array = np.ndarray


class Tables(Learners):
    """Where each learner's action values are, and what they say.

    Parameters
    ----------
    envs : VectorEnv
        With discrete observations and actions.
    n_learners : int
    gamma : float
    allowed : ndarray of bool, shape (S, A), optional
    """

    def __init__(self, envs: VectorEnv, n_learners: int, gamma: float, allowed=None):
        super().__init__(envs, n_learners, gamma)
        self.n_actions = count(envs, "single_action_space")
        self.n_cells = self.n_learners * self.n_states
        self._first_pair = np.arange(self.n_actions) * self.n_cells
        self._share = np.full((self.n_actions, 1), 1 / self.n_actions)
        self.allowed = allowed
        if allowed is not None:
            shape = (self.n_states, self.n_actions)
            self.allowed = validate.allowed_rows("allowed", allowed, shape)
            self._mask = np.tile(self.allowed.T, n_learners)
            self._share = self._mask / self._mask.sum(axis=0)  # of each when exploring

    def values(self, q0) -> Array:
        """Fresh action values, all `q0`: a number, or a table (S, A)."""
        start = validate.finite("q0", q0, ndim=(0, 2))
        shape = (self.n_states, self.n_actions)
        if start.ndim == 2 and start.shape != shape:
            raise ValueError(f"q0 must be a number or have shape {shape}, got {start.shape}.")
        return np.tile(np.broadcast_to(start, shape).T, self.n_learners).reshape(-1)

    def by_learner(self, q: Array) -> Array:
        """Lay out the flat values as one table per learner, (L, S, A)."""
        return np.moveaxis(q.reshape(-1, self.n_learners, self.n_states), 0, -1).copy()

    def pair(self, cell: Array, action: Array) -> Array:
        """Where the value of these cells and actions is."""
        return self._first_pair[action] + cell

    def row(self, q: Array, cell: Array) -> Array:
        """All action values of these cells, (A, k); -inf where forbidden."""
        values = q.reshape(self.n_actions, -1).take(cell, axis=1)
        if self.allowed is not None:
            values[~self._mask[:, cell]] = -np.inf
        return values

    def best(self, q: Array, cell: Array) -> Array:
        """Largest allowed action value of each cell."""
        return np.maximum.reduce(self.row(q, cell))

    def best_action(self, q: Array, cell: Array) -> Array:
        """First of the best allowed actions of each cell."""
        return self.row(q, cell).argmax(axis=0)

    def mean(self, q: Array, cell: Array, epsilon: float) -> Array:
        """Mean action value of each cell under the epsilon-greedy policy."""
        share = self._share if self.allowed is None else self._share[:, cell]
        explored = np.add.reduce(share * q.reshape(self.n_actions, -1).take(cell, axis=1))
        return (1 - epsilon) * self.best(q, cell) + epsilon * explored

    def draw(self, q: Array, cell: Array, epsilon: Array, rng: np.random.Generator) -> Array:
        """Epsilon-greedy actions: any allowed one with probability epsilon, else a best one."""
        values = self.row(q, cell)
        luck = rng.random((self.n_actions + 1, len(cell)))
        candidates = (values == np.maximum.reduce(values)) | (luck[-1] < epsilon)
        if self.allowed is not None:
            candidates &= self._mask[:, cell]
        # Each candidate with the same probability: that with the largest random number.
        return (candidates * luck[:-1]).argmax(axis=0)

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
    """The epsilon-greedy ``act`` of all learners: call it with (obs, rng).

    It leaves the propensities unknown: no learner of this family divides by them.
    """

    def __init__(self, tables: Tables, q: Array, epsilon):
        self.tables, self.q = tables, q
        self.schedule = as_function("epsilon", epsilon, first=0)
        self.taken, self._known = 0, None
        self._unknown = np.full(len(tables.first), np.nan)

    @property
    def epsilon(self) -> Array:
        """Exploration rate now, by the decisions a learner has taken."""
        now = self.schedule(self.taken)
        if now != self._known:
            check_values("epsilon", now, ())
            # As an array: NumPy compares with one faster than with a number of Python.
            self._known, self._epsilon = now, np.array(now)
        return self._epsilon

    def draw(self, obs: Array, rng: np.random.Generator) -> Array:
        """Actions for these observations, by the present values."""
        return self.tables.draw(self.q, self.tables.first + obs, self.epsilon, rng)

    def __call__(self, obs: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        action = self.draw(obs, rng)
        self.taken += self.tables.n_rows
        return action, self._unknown


class BehaviorAhead(Behavior):
    """Draws the next action before the update, then executes it: SARSA needs that."""

    def look_ahead(self, step: Step, rng: np.random.Generator) -> Array:
        """Action for ``step.next_obs``; executed next on rows that go on."""
        self._planned = self.draw(step.next_obs, rng)
        self._goes_on = ~(step.terminated | step.truncated)
        return self._planned

    def __call__(self, obs: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        fresh, unknown = super().__call__(obs, rng)
        if self.taken == self.tables.n_rows:
            return fresh, unknown
        return np.where(self._goes_on, self._planned, fresh), unknown
