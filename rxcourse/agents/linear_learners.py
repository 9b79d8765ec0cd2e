"""What linear learners share: features, weights of L learners, who acts, what was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import VectorEnv

from rxcourse import validate
from rxcourse.agents.learners import count
from rxcourse.agents.schedules import by_decisions
from rxcourse.policy import Greedy, as_mask, check_learner, rows_per_learner
from rxcourse.rollout import Step, check_envs
from rxcourse.run import CurveLog, Run

Array = np.ndarray
FeatureFunction = Callable[[Array], Array]
"""Maps observations (..., *obs) to rows of numbers (..., n)."""


class LinearQ:
    """Action values that are weighted sums of features: a stack of L q-functions, or one.

    Parameters
    ----------
    w : ndarray of shape (L, A, n) or (A, n)
    features : callable

    Notes
    -----
    Calling it maps observations (L, m, *obs) to values (L, m, A); ``q[l]`` is learner l's
    q-function, mapping (..., *obs) to (..., A).
    """

    def __init__(self, w: Array, features: FeatureFunction):
        self.w, self.features = check_weights(w).copy(), features
        self.n_learners = len(w) if w.ndim == 3 else None

    def __call__(self, obs: Array) -> Array:
        x = np.asarray(self.features(obs))
        if self.n_learners is None:
            return x @ self.w.T
        if x.shape[:1] != (self.n_learners,):
            raise ValueError(
                f"obs must have shape ({self.n_learners}, n, *obs), one block for each learner of "
                f"the stack, got {np.shape(obs)}. One learner alone is q[l]."
            )
        rows = x.reshape(self.n_learners, -1, x.shape[-1])
        return (rows @ self.w.swapaxes(1, 2)).reshape(*x.shape[:-1], -1)

    def __getitem__(self, learner: int) -> LinearQ:
        return LinearQ(self.w[check_learner(self, learner)], self.features)


def check_weights(w: Array) -> Array:
    """Return weights (L, ..., n), refusing those of a learner that has diverged."""
    finite = np.isfinite(w).reshape(len(w), -1).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"the weights of learner {int(finite.argmin())} are no longer finite: it diverged. "
            "Is the step size larger than 1 / (sum of squares of a row of features)? If a smaller "
            "one diverges too, only more slowly, look for the deadly triad."
        )
    return w


class Seen(NamedTuple):
    """One decision of each learner that took one: arrays of k rows, k <= L.

    ``discount`` is that of the next state: gamma, or 0 where the episode has terminated.
    """

    learner: Array
    row: Array
    x: Array
    action: Array
    reward: Array
    discount: Array
    next_x: Array


class LinearLearners:
    """L learners that own the rows of `envs` in blocks and see them by features.

    Parameters
    ----------
    envs : VectorEnv
    features : callable
    n_learners : int
        Learner l owns rows l*n to (l+1)*n - 1.
    gamma : float
    alpha : float, callable of the decisions taken, or ndarray of shape (L,)
    """

    def __init__(self, envs: VectorEnv, features: FeatureFunction, n_learners, gamma, alpha):
        self.n_features = count_features(check_envs(envs), features)
        self.features, self.n_learners = features, n_learners
        self.n_rows = rows_per_learner(envs.num_envs, n_learners)
        self.gamma = validate.fraction("gamma", gamma)
        self.alpha = by_decisions("alpha", alpha, n_learners)
        self.taken, self._seen = 0, (None, None)
        self.learner = np.arange(envs.num_envs) // self.n_rows
        self._turns = np.arange(envs.num_envs).reshape(n_learners, self.n_rows).T

    def n_calls(self, n_steps: int) -> int:
        """Calls of ``envs.step`` that give each learner `n_steps` decisions."""
        return -(-validate.positive_int("n_steps", n_steps) // self.n_rows)

    def see(self, obs: Array) -> Array:
        """Features (N, n) of observations; asked twice about the same array, computed once."""
        if self._seen[0] is not obs:
            self._seen = obs, self.features(obs)
        return self._seen[1]

    def decisions(self, step: Step) -> Iterable[Seen]:
        """The rows of a step, one per learner at a time, so that no update is lost."""
        x, next_x = self.see(step.obs), self.features(step.next_obs)
        # Termination means a future worth nothing; truncation only that we stopped looking.
        discount = np.where(step.terminated, 0.0, self.gamma)
        for turn in self._turns:
            row = turn[step.live[turn]]
            if len(row):
                yield Seen(self.learner[row], row, x[row], step.action[row], step.reward[row],
                           discount[row], next_x[row])  # fmt: skip

    def step_size(self, d: Seen) -> Array:
        """How far to move, one number or one for each learner of `d`."""
        size = self.alpha(self.taken)
        return size[d.learner] if size.ndim else size

    def start(self, w0, shape: tuple[int, ...]) -> Array:
        """Fresh weights (L, *shape), all `w0`: a number, or weights of one learner."""
        w0 = validate.finite("w0", w0)
        if w0.shape not in ((), shape):
            raise ValueError(f"w0 must be a number or have shape {shape}, got {w0.shape}.")
        return np.broadcast_to(w0, (self.n_learners, *shape)).copy()


def count_features(envs: VectorEnv, features: FeatureFunction) -> int:
    """How many features an observation has; tried on one, which also shows what is wrong."""
    space = envs.single_observation_space
    if isinstance(space, Discrete):
        example = np.array([space.start])
    elif isinstance(space, Box):
        example = np.clip(np.zeros(space.shape, space.dtype), space.low, space.high)[None]
    else:
        raise ValueError(f"linear learners need a Box or Discrete observations, got {space}.")
    rows = validate.finite("what features returns", features(example))
    if rows.ndim != 2 or len(rows) != 1:
        raise ValueError(
            f"features must map observations (..., *obs) to rows (..., n): one observation of "
            f"shape {example.shape} gave shape {rows.shape}."
        )
    return rows.shape[1]


class LinearControl(LinearLearners):
    """Weights (L, A, n) of action values, and what they say."""

    def __init__(self, envs, features, n_learners, gamma, alpha, w0, allowed):
        super().__init__(envs, features, n_learners, gamma, alpha)
        self.n_actions = count(envs, "single_action_space")
        self.w = self.start(w0, (self.n_actions, self.n_features))
        self.mask, self._next_mask = as_mask(allowed), None

    def value(self, learner: Array, action: Array, x: Array) -> Array:
        """Value of one action in each row, (k,)."""
        return np.einsum("kn,kn->k", self.w[learner, action], x)

    def values(self, learner: Array, x: Array) -> Array:
        """Values of all actions, (k, A)."""
        w = self.w if len(learner) == self.n_learners == len(self.learner) else self.w[learner]
        return np.einsum("kan,kn->ka", w, x)

    def allowed(self, obs: Array) -> Array | None:
        """The mask of actions in observations (N, *obs), shape (N, A), if there is one."""
        if self.mask is None:
            return None
        blocks = obs.reshape(self.n_learners, self.n_rows, *obs.shape[1:])
        shape = (self.n_learners, self.n_rows, self.n_actions)
        return validate.allowed_rows("allowed", self.mask(blocks), shape).reshape(len(obs), -1)

    def decisions(self, step: Step) -> Iterable[Seen]:
        """As for all linear learners; keeps what is allowed next for ``best``."""
        self._next_mask = self.allowed(step.next_obs)
        return super().decisions(step)

    def best(self, d: Seen) -> Array:
        """Largest allowed next value, (k,)."""
        values = self.values(d.learner, d.next_x)
        if self._next_mask is not None:
            values = np.where(self._next_mask[d.row], values, -np.inf)
        return values.max(axis=1)

    def draw(self, obs: Array, epsilon, rng: np.random.Generator) -> Array:
        """Epsilon-greedy actions: any allowed one with probability epsilon, else a best one."""
        allowed = self.allowed(obs)
        values = self.values(self.learner, self.see(obs)).T
        if allowed is not None:
            values = np.where(allowed.T, values, -np.inf)
        luck = rng.random((self.n_actions + 1, len(obs)))
        if np.ndim(epsilon):
            epsilon = epsilon[self.learner]
        candidates = (values == values.max(axis=0)) | (luck[-1] < epsilon)
        if allowed is not None:
            candidates &= allowed.T
        # Each candidate with the same probability: that with the largest random number.
        return (candidates * luck[:-1]).argmax(axis=0)

    def greedy(self) -> Greedy:
        """The stack of greedy policies in a copy of the weights."""
        return Greedy(LinearQ(self.w, self.features), allowed=self.mask)

    def run(self, curve: CurveLog) -> Run:
        """What the learner returns."""
        policy = self.greedy()
        return Run(policy, curve.frame(), policy.q, {"w": self.w.copy()})


class LinearBehavior:
    """The epsilon-greedy ``act`` of all learners; ``look_ahead`` plans the next action."""

    def __init__(self, linear: LinearControl, epsilon):
        self.linear = linear
        self.epsilon = by_decisions("epsilon", epsilon, linear.n_learners)
        self._planned, self._unknown = None, np.full(len(linear.learner), np.nan)

    def draw(self, obs: Array, rng: np.random.Generator) -> Array:
        """Actions for these observations, by the present weights."""
        return self.linear.draw(obs, self.epsilon(self.linear.taken), rng)

    def look_ahead(self, step: Step, rng: np.random.Generator) -> Array:
        """Action for ``step.next_obs``; executed next on rows that go on."""
        self._planned = self.draw(step.next_obs, rng)
        self._goes_on = ~(step.terminated | step.truncated)
        return self._planned

    def __call__(self, obs: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        action = self.draw(obs, rng)
        self.linear.taken += self.linear.n_rows
        if self._planned is not None:
            action = np.where(self._goes_on, self._planned, action)
        return action, self._unknown
