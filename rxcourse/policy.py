"""Policies: what to do, as probabilities.

A policy is one method, ``probs(obs)``. Simulation samples it, training produces
it, safety wraps it, off-policy evaluation divides by it. Nothing else is asked of
a policy, and it holds no state: what a plan needs to know is in the observation.

A *stack* is L policies in one object, one per learner. It has ``n_learners = L``,
maps observations (L, n, ...) to probabilities (L, n, A), and ``stack[l]`` is a
plain policy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from rxcourse import validate

Array = np.ndarray
EXECUTED_SUM_TOLERANCE = 1e-5
"""What a policy returns may miss 1 by more than a table does: networks round to 32 bits."""
QFunction = Callable[[Array], Array]
"""Maps observations (..., *obs) to action values (..., A)."""
ActionMask = Callable[[Array], Array]
"""Maps observations (..., *obs) to allowed actions (..., A), at least one True."""


class Policy(Protocol):
    """Anything that gives the probability of each action."""

    def probs(self, obs: Array) -> Array:
        """Map observations (..., *obs) to probabilities (..., A), rows sum to 1."""
        ...


class Table:
    """Numbers looked up by state: the function behind every tabular thing.

    Parameters
    ----------
    table : ndarray of shape (S, A), or (L, S, A) for a stack of L tables
        Action values, action probabilities, or a mask of allowed actions.

    Notes
    -----
    Calling it maps states (...) to rows (..., A). A stack maps (L, ...) to
    (L, ..., A): learner l reads its own table.
    """

    def __init__(self, table: Array):
        self.table = np.asarray(table)
        if self.table.ndim not in (2, 3):
            raise ValueError(f"table must have shape (S, A) or (L, S, A), got {self.table.shape}.")
        self.n_learners = self.table.shape[0] if self.table.ndim == 3 else None
        # The rows of all learners one under another: one flat lookup is enough.
        self._rows = self.table.reshape(-1, self.table.shape[-1])

    def __call__(self, obs: Array) -> Array:
        obs = np.asarray(obs)
        n_states = self.table.shape[-2]
        if obs.dtype.kind not in "iu" or (obs.size and not 0 <= obs.min() <= obs.max() < n_states):
            obs = validate.indices("obs", obs, n_states)
        if self.n_learners is None:
            return self._rows[obs]
        if obs.shape[:1] != (self.n_learners,):
            raise ValueError(
                f"obs must have shape ({self.n_learners}, ...), one block for each learner of "
                f"the stack, got {obs.shape}. One learner alone is stack[l]."
            )
        first = np.arange(self.n_learners) * self.table.shape[1]
        return self._rows[obs + first.reshape(-1, *[1] * (obs.ndim - 1))]

    def __getitem__(self, learner: int) -> Table:
        return Table(self.table[check_learner(self, learner)])


def as_mask(allowed, like=None) -> ActionMask | None:
    """Return a callable mask from a callable, a boolean table (S, A), or None.

    Where `like` is a table too, the mask must have its shape, or that of one of a stack.
    """
    if allowed is None:
        return None
    if not callable(allowed):
        table = np.asarray(allowed)
        if table.ndim not in (2, 3):
            raise ValueError(f"allowed must have shape (S, A), got {table.shape}.")
        allowed = Table(validate.allowed_rows("allowed", table, table.shape))
    if isinstance(allowed, Table) and isinstance(like, Table):
        mask, table = allowed.table.shape, like.table.shape
        if mask not in (table, table[-2:]):
            raise ValueError(f"allowed must have shape (S, A) = {table[-2:]}, got {mask}.")
    return allowed


def as_q(q) -> QFunction:
    """Return a callable q-function from a callable or a table (S, A) or (L, S, A)."""
    return q if callable(q) else Table(validate.finite("q", q, ndim=(2, 3)))


def _allowed(mask: ActionMask | None, obs: Array) -> Array | None:
    return None if mask is None else validate.some_allowed("allowed", mask(obs))


def _one(part, learner: int):
    """Take one learner out of a part that may or may not be a stack."""
    return part[learner] if getattr(part, "n_learners", None) else part


def check_learner(stack, learner):
    """Return `learner`, refusing to take one out of what is no stack, or one too far."""
    size = getattr(stack, "n_learners", None)
    if size is None:
        raise ValueError(
            f"this {type(stack).__name__} is one policy, not a stack of several; use it "
            f"without [{learner}]."
        )
    if isinstance(learner, int | np.integer) and not -size <= learner < size:
        # An IndexError, by which a loop over a stack knows where to stop.
        raise IndexError(f"learner must lie in 0 ... {size - 1}, got {learner}.")
    return learner


def check_policy(policy: Policy, n_learners: int | None = None) -> Policy:
    """Return `policy`, refusing what has no ``probs`` and a stack of another size."""
    if isinstance(policy, type):
        raise ValueError(f"policy must be made first: got the class {policy.__name__} itself.")
    if not (hasattr(policy, "probs") or hasattr(policy, "sample")):
        raise ValueError(
            f"policy must have a method probs, got {type(policy).__name__}. A table of "
            "probabilities (S, A) becomes a policy by TabularPolicy(table)."
        )
    size = getattr(policy, "n_learners", None)
    if n_learners is not None and size not in (None, n_learners):
        raise ValueError(f"policy must be a stack of {n_learners} policies, got {size}.")
    return policy


def check_probs(probs: Array, shape: tuple[int, int | None]) -> None:
    """Refuse probabilities of another shape than (N, A), NaN, and rows that miss 1.

    For the first step of a simulation: later ones are not checked. Without a number of
    actions, None, any number will do.
    """
    n_rows, n_actions = shape
    found = np.shape(probs)
    if len(found) != 2 or found[0] != n_rows or n_actions not in (None, found[-1]):
        actions = "A" if n_actions is None else n_actions
        raise ValueError(
            f"policy.probs must give one row of probabilities for each observation and one "
            f"column for each action, shape ({n_rows}, {actions}), got {found}."
        )
    validate.probability_rows("policy.probs", probs, tol=EXECUTED_SUM_TOLERANCE)


class TabularPolicy(Table):
    """Action probabilities looked up by state.

    Parameters
    ----------
    table : ndarray of shape (S, A) or (L, S, A)
        Rows sum to 1.
    allowed : ndarray of shape (S, A), optional
        Mass on a forbidden action is refused, not moved: moving it is a shield's work.
    """

    def __init__(self, table: Array, *, allowed=None):
        super().__init__(validate.probability_rows("table", table, ndim=(2, 3)))
        if isinstance(allowed, Table):
            allowed = allowed.table
        if callable(allowed):
            raise ValueError(
                "allowed must be an array of shape (S, A) here, got a function; pass "
                "allowed(np.arange(S)), or put a Shield around the policy."
            )
        self.allowed = as_mask(allowed, self)
        if allowed is not None and (self.table[..., ~np.asarray(allowed)] > 0).any():
            raise ValueError("table must put no probability on a forbidden action.")

    def probs(self, obs: Array) -> Array:
        return self(obs)

    def __getitem__(self, learner: int) -> TabularPolicy:
        mask = _one(self.allowed, learner)
        return TabularPolicy(self.table[check_learner(self, learner)], allowed=mask)


class Uniform:
    """Every allowed action with the same probability.

    Parameters
    ----------
    n_actions : int
    allowed : callable or ndarray of shape (S, A), optional
    obs_ndim : int, default 0
        Axes of one observation: 0 for a state index, 1 for a vector.
    """

    def __init__(self, n_actions: int, *, allowed=None, obs_ndim: int = 0):
        self.n_actions = validate.positive_int("n_actions", n_actions)
        self.allowed, self.obs_ndim = as_mask(allowed), obs_ndim
        if isinstance(self.allowed, Table) and self.allowed.table.shape[-1] != n_actions:
            raise ValueError(
                f"allowed must have shape (S, {n_actions}), got {self.allowed.table.shape}."
            )

    def probs(self, obs: Array) -> Array:
        obs = np.asarray(obs)
        mask = _allowed(self.allowed, obs)
        if mask is None:
            mask = np.ones((*obs.shape[: obs.ndim - self.obs_ndim], self.n_actions), bool)
        return mask / mask.sum(axis=-1, keepdims=True)

    def __getitem__(self, learner: int) -> Uniform:
        check_learner(self, learner)
        return self


class Greedy:
    """The best action by q; ties share the probability equally.

    Parameters
    ----------
    q : callable, or ndarray of shape (S, A) or (L, S, A)
        Action values.
    allowed : callable or ndarray of shape (S, A), optional
        Only these actions are compared.
    """

    def __init__(self, q, *, allowed=None):
        self.q = as_q(q)
        self.allowed = as_mask(allowed, self.q)
        self.n_learners = getattr(self.q, "n_learners", None)

    def probs(self, obs: Array) -> Array:
        q = self.q(obs)
        mask = _allowed(self.allowed, obs)
        if mask is not None:
            q = np.where(mask, q, -np.inf)
        best = q == q.max(axis=-1, keepdims=True)
        return best / best.sum(axis=-1, keepdims=True)

    def __getitem__(self, learner: int) -> Greedy:
        check_learner(self, learner)
        return Greedy(_one(self.q, learner), allowed=_one(self.allowed, learner))


class EpsilonGreedy:
    """With probability epsilon a random allowed action, otherwise `policy`.

    Parameters
    ----------
    policy : Policy, or a q-function or q-table (then its greedy policy)
    epsilon : float in [0, 1]
        Every allowed action gets at least epsilon / (number allowed).
    """

    def __init__(self, policy, epsilon: float, *, allowed=None):
        has_probs = hasattr(policy, "probs")
        self.policy = policy if has_probs else Greedy(policy, allowed=allowed)
        self.epsilon = validate.fraction("epsilon", epsilon)
        self.allowed = as_mask(allowed, self.policy)
        self.n_learners = getattr(self.policy, "n_learners", None)

    def probs(self, obs: Array) -> Array:
        greedy = self.policy.probs(obs)
        mask = _allowed(self.allowed, obs)
        mask = np.ones(greedy.shape, bool) if mask is None else mask
        if (greedy[~mask] > 0).any():
            raise ValueError(
                "the policy inside EpsilonGreedy chooses a forbidden action; give it the same "
                "allowed, or put a Shield around it."
            )
        random = mask / mask.sum(axis=-1, keepdims=True)
        return (1 - self.epsilon) * greedy + self.epsilon * random

    def __getitem__(self, learner: int) -> EpsilonGreedy:
        check_learner(self, learner)
        mask = _one(self.allowed, learner)
        return EpsilonGreedy(_one(self.policy, learner), self.epsilon, allowed=mask)


class Softmax:
    """Probabilities proportional to exp(q / temperature), over allowed actions."""

    def __init__(self, q, temperature: float, *, allowed=None):
        if not temperature > 0:
            raise ValueError(f"temperature must be above 0, got {temperature!r}.")
        self.q, self.temperature = as_q(q), float(temperature)
        self.allowed = as_mask(allowed, self.q)
        self.n_learners = getattr(self.q, "n_learners", None)

    def probs(self, obs: Array) -> Array:
        q = self.q(obs)
        mask = _allowed(self.allowed, obs)
        if mask is not None:
            q = np.where(mask, q, -np.inf)
        # Subtracting the row's maximum changes nothing but avoids overflow.
        e = np.exp((q - q.max(axis=-1, keepdims=True)) / self.temperature)
        return e / e.sum(axis=-1, keepdims=True)

    def __getitem__(self, learner: int) -> Softmax:
        check_learner(self, learner)
        mask = _one(self.allowed, learner)
        return Softmax(_one(self.q, learner), self.temperature, allowed=mask)


class Mixture:
    """Mix policies anew at every step: probabilities are the weighted mean.

    To draw one policy per *episode* is another thing with another distribution of
    courses; an ``EpisodeMixture`` (``rxcourse.safety``) does that.
    """

    def __init__(self, policies: Sequence[Policy], weights):
        self.policies = tuple(policies)
        self.weights = validate.probability_rows("weights", weights, ndim=1)
        if len(self.policies) != len(self.weights):
            raise ValueError(
                f"weights must have one entry per policy: {len(self.policies)} policies,"
                f" {len(self.weights)} weights."
            )
        stacks = {getattr(p, "n_learners", None) for p in self.policies} - {None}
        if len(stacks) > 1:
            raise ValueError(f"stacks in a mixture must have one size, got {stacks}.")
        self.n_learners = stacks.pop() if stacks else None

    def probs(self, obs: Array) -> Array:
        parts = zip(self.weights, self.policies, strict=True)
        return sum(w * p.probs(obs) for w, p in parts)

    def __getitem__(self, learner: int) -> Mixture:
        check_learner(self, learner)
        return Mixture([_one(p, learner) for p in self.policies], self.weights)


def row_probs(policy: Policy, obs: Array) -> Array:
    """Probabilities for N rows; the learners of a stack own the rows in blocks.

    Parameters
    ----------
    policy : Policy or stack of L policies
    obs : ndarray of shape (N, *obs)
        With a stack, learner l owns rows l*n to (l+1)*n - 1, where N = L * n.

    Returns
    -------
    ndarray of shape (N, A)
    """
    n_learners = getattr(policy, "n_learners", None)
    if n_learners is None:
        return policy.probs(obs)
    blocks = obs.reshape(n_learners, rows_per_learner(len(obs), n_learners), *obs.shape[1:])
    probs = policy.probs(blocks)
    if probs.shape[:-1] != blocks.shape[:2]:
        raise ValueError(
            f"policy.probs of a stack must keep the axes (L, n) = {blocks.shape[:2]}, got shape "
            f"{probs.shape}."
        )
    return probs.reshape(len(obs), probs.shape[-1])


def rows_per_learner(n_rows: int, n_learners: int) -> int:
    """How many rows each learner owns; refuses a remainder."""
    n, rest = divmod(n_rows, validate.positive_int("n_learners", n_learners))
    if rest or not n:
        raise ValueError(
            f"the number of rows must be a multiple of n_learners, so that each owns a "
            f"block: got {n_rows} rows for {n_learners} learners."
        )
    return n


def choose(probs: Array, u: Array) -> tuple[Array, Array]:
    """Turn uniform numbers into actions by the inverse of the cumulative sum.

    Parameters
    ----------
    probs : ndarray of shape (N, A)
    u : ndarray of shape (N,), in [0, 1)

    Returns
    -------
    action, propensity : ndarrays of shape (N,)
        The action and the probability it was drawn with.
    """
    cumulative = probs.cumsum(axis=-1)
    # The last sum may be 1 - 1e-16; scaling u keeps a forbidden last action forbidden.
    action = (u[:, None] * cumulative[:, -1:] >= cumulative).sum(axis=-1)
    return action, probs[np.arange(len(action)), action]


def sample_action(policy: Policy, obs: Array, *, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw an action for each of N rows.

    Parameters
    ----------
    policy : Policy or stack
        If it has a method ``sample`` (continuous actions), that is used.
    obs : ndarray of shape (N, *obs)
    rng : numpy.random.Generator

    Returns
    -------
    action, propensity : ndarrays of shape (N,)
    """
    if hasattr(policy, "sample"):
        return policy.sample(obs, rng=rng)
    return choose(row_probs(policy, obs), rng.random(len(obs)))
