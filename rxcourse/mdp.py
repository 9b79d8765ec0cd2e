"""Finite Markov decision processes as arrays, and the two operators on them.

Everything exact in the course stands on ``bellman_backup`` and ``policy_value``.
The discount of the NEXT state is gamma, or 0 where that state is terminal, so no
equation needs an "if done".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from rxcourse import validate

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class TabularMDP:
    """A Markov decision process with S states and A actions.

    Parameters
    ----------
    P : ndarray of shape (S, A, S), or SciPy sparse array of shape (S*A, S)
        Probability of each next state. Row s*A + a of a sparse P belongs to (s, a).
    R : ndarray of shape (S,), (S, A) or (S, A, S)
        Reward on arrival in a state, for an action, or for a whole transition: told
        apart by the number of axes, never by broadcasting. (S, A, S) needs a dense P.
    d0 : ndarray of shape (S,)
        Probability of starting in each state.
    terminal : ndarray of bool, shape (S,)
        States that end the episode. What P and R hold in their rows is ignored.
    gamma : float in [0, 1]
    allowed : ndarray of bool, shape (S, A), optional
    cost : ndarray of shape (S, A), optional
        A second signal, to be kept low.
    state_names, action_names : sequence of str, optional

    Raises
    ------
    ValueError
        Names the argument, what was expected and what came.
    """

    P: Array | sparse.sparray
    R: Array
    d0: Array
    terminal: Array
    gamma: float
    allowed: Array | None = None
    cost: Array | None = None
    state_names: tuple[str, ...] = ()
    action_names: tuple[str, ...] = ()

    def __post_init__(self):
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        put("d0", validate.probability_rows("d0", self.d0, ndim=1))
        n_states = len(self.d0)
        put("P", self._checked_transitions(n_states))
        put("R", self._checked_reward())
        shape = (n_states, self.n_actions)
        put("terminal", validate.boolean("terminal", self.terminal, (n_states,)))
        put("gamma", validate.fraction("gamma", self.gamma))
        if self.allowed is not None:
            put("allowed", validate.allowed_rows("allowed", self.allowed, shape))
        if self.cost is not None:
            put("cost", validate.finite("cost", self.cost, ndim=2))
            if self.cost.shape != shape:
                raise ValueError(f"cost must have shape {shape}, got {self.cost.shape}.")
        for name, count in (("state_names", shape[0]), ("action_names", shape[1])):
            names = tuple(map(str, getattr(self, name)))
            if names and len(names) != count:
                raise ValueError(f"{name} must have {count} entries, got {len(names)}.")
            put(name, names)

    def _checked_transitions(self, n_states: int):
        if not sparse.issparse(self.P):
            P = validate.probability_rows("P", self.P, ndim=3)
            if P.shape[0] != n_states or P.shape[2] != n_states:
                raise ValueError(
                    f"P must have shape (S, A, S) with S = {n_states} as in d0, got {P.shape}."
                )
            return P
        P = sparse.csr_array(self.P, dtype=float)
        if P.shape[1] != n_states or P.shape[0] % n_states or not P.shape[0]:
            raise ValueError(
                f"sparse P must have shape (S*A, S) with S = {n_states} as in d0, got {P.shape}."
            )
        validate.finite("P", P.data)
        if (P.data < 0).any():
            raise ValueError(f"P must not be negative, got {P.data.min():.6g}.")
        total = np.asarray(P.sum(axis=1)).ravel()
        if (abs(total - 1) > validate.ROW_SUM_TOLERANCE).any():
            row = int(np.argmax(abs(total - 1)))
            raise ValueError(f"each row of P must sum to 1, row {row} sums to {total[row]}.")
        # Short indices where they suffice: less to read from memory in every backup.
        short = sparse.get_index_dtype(maxval=max(P.nnz, *P.shape))
        parts = (P.data, P.indices.astype(short), P.indptr.astype(short))
        return sparse.csr_array(parts, shape=P.shape)

    def _checked_reward(self) -> Array:
        R = validate.finite("R", self.R, ndim=(1, 2, 3))
        shape = (self.n_states, self.n_actions, self.n_states)
        wanted = {1: shape[:1], 2: shape[:2], 3: shape}[R.ndim]
        if R.shape != wanted:
            raise ValueError(f"R with {R.ndim} axes must have shape {wanted}, got {R.shape}.")
        if R.ndim == 3 and self.is_sparse:
            raise ValueError("with a sparse P, R must have shape (S,) or (S, A).")
        return R

    @property
    def is_sparse(self) -> bool:
        """Whether P is sparse."""
        return sparse.issparse(self.P)

    @property
    def n_states(self) -> int:
        """How many states."""
        return len(self.d0)

    @property
    def n_actions(self) -> int:
        """How many actions."""
        return self.P.shape[0] // self.n_states if self.is_sparse else self.P.shape[1]

    @cached_property
    def discount(self) -> Array:
        """Discount of each NEXT state, shape (S,): gamma, or 0 where it is terminal."""
        return np.where(self.terminal, 0.0, self.gamma)

    @cached_property
    def reward(self) -> Array:
        """Expected reward of each state and action, shape (S, A); 0 at terminal states."""
        if self.R.ndim == 1:
            r = (self.P @ self.R).reshape(self.n_states, self.n_actions)
        elif self.R.ndim == 2:
            r = self.R
        else:
            r = np.einsum("sat,sat->sa", self.P, self.R)
        return np.where(self.terminal[:, None], 0.0, r)

    @cached_property
    def rows(self) -> Array | sparse.csr_array:
        """P with shape (S*A, S), one row for each state and action; no copy of it."""
        if self.is_sparse:
            return self.P
        return np.ascontiguousarray(self.P).reshape(-1, self.n_states)

    def dense(self) -> TabularMDP:
        """The same process with P as an array of shape (S, A, S)."""
        if not self.is_sparse:
            return self
        shape = (self.n_states, self.n_actions, self.n_states)
        return replace(self, P=self.P.toarray().reshape(shape))


def check_mdp(mdp: TabularMDP) -> TabularMDP:
    """Return `mdp`, refusing anything else than a ``TabularMDP``."""
    if not isinstance(mdp, TabularMDP):
        raise ValueError(
            f"mdp must be a TabularMDP, got {type(mdp).__name__}. An environment made from one "
            "holds it as envs.mdp."
        )
    return mdp


def bellman_backup(mdp: TabularMDP, v: Array) -> Array:
    r"""Action values when the next state is worth v.

    .. math:: q(s, a) = \sum_{s'} P(s' | s, a) \, (R + \gamma(s') v(s'))

    Parameters
    ----------
    mdp : TabularMDP
    v : ndarray of shape (..., S)
        Several value functions at once are several leading axes.

    Returns
    -------
    ndarray of shape (..., S, A)
        0 at terminal states.
    """
    v = np.asarray(v, float)
    check_mdp(mdp)
    if v.shape[-1:] != (mdp.n_states,):
        raise ValueError(f"v must have shape (..., {mdp.n_states}), got {v.shape}.")
    if not np.isfinite(v).all():
        validate.finite("v", v)  # refuses, and says where
    # Discounting v, not P, needs no second copy of P.
    future = (mdp.discount * v).reshape(-1, mdp.n_states)
    expected = mdp.rows @ (future[0] if v.ndim == 1 else future.T)
    q = mdp.reward + expected.T.reshape(*v.shape[:-1], mdp.n_states, mdp.n_actions)
    q[..., mdp.terminal, :] = 0.0
    return q


def policy_model(mdp: TabularMDP, pi: Array):
    """What is left of the process under one policy: (S, S) discounted moves, (S,) reward.

    Parameters
    ----------
    pi : ndarray of shape (S, A)
    """
    pi = np.asarray(pi, float) * ~mdp.terminal[:, None]
    reward = (pi * mdp.reward).sum(axis=-1)
    if not mdp.is_sparse:
        return _moves(mdp, pi[None])[0], reward
    rows = np.repeat(np.arange(mdp.n_states), mdp.n_actions)
    weights = sparse.csr_array((pi.ravel(), (rows, np.arange(rows.size))))
    return weights @ mdp.P @ sparse.diags_array(mdp.discount), reward


def _moves(mdp: TabularMDP, pi: Array) -> Array:
    """Discounted moves (L, S, S) under each of L policies (L, S, A), with a dense P."""
    one_state_at_a_time = pi.transpose(1, 0, 2) @ mdp.P  # (S, L, A) @ (S, A, S)
    return one_state_at_a_time.transpose(1, 0, 2) * mdp.discount


def policy_value(mdp: TabularMDP, pi: Array, *, improper: str = "raise") -> Array:
    """Exact value of a policy, or of many, as the solution of a linear system.

    Parameters
    ----------
    mdp : TabularMDP
    pi : ndarray of shape (..., S, A)
        Action probabilities; leading axes are different policies.
    improper : {"raise", "nan"}
        What to do, when gamma is 1, with states from which a policy may never end:
        raise a ValueError that names one, or give those states NaN and solve the rest.

    Returns
    -------
    ndarray of shape (..., S)
    """
    check_mdp(mdp)
    if hasattr(pi, "probs"):
        raise ValueError(
            f"pi must be a table of probabilities, got a policy ({type(pi).__name__}); pass "
            "policy.table, or policy.probs(np.arange(mdp.n_states))."
        )
    pi = validate.probability_rows("pi", pi)
    shape = (mdp.n_states, mdp.n_actions)
    if pi.shape[-2:] != shape:
        raise ValueError(f"pi must have shape (..., {shape[0]}, {shape[1]}), got {pi.shape}.")
    if improper not in ("raise", "nan"):
        raise ValueError(f'improper must be "raise" or "nan", got {improper!r}.')
    flat = pi.reshape(-1, *shape)
    solve = _solve_sparse if mdp.is_sparse else _solve_dense
    values = solve(mdp, flat, improper)
    return values.reshape(pi.shape[:-1])


def _solve_dense(mdp: TabularMDP, pi: Array, improper: str) -> Array:
    moves = _moves(mdp, pi * ~mdp.terminal[:, None])
    endless = _endless(mdp, moves, pi, improper)
    # Endless states get the harmless equation v = 0; NaN is put in their place below.
    moves = np.where(endless[..., None], 0.0, moves)
    reward = np.where(endless, 0.0, (pi * mdp.reward).sum(axis=-1))
    v = np.linalg.solve(np.eye(mdp.n_states) - moves, reward[..., None])[..., 0]
    return np.where(endless, np.nan, v)


def _solve_sparse(mdp: TabularMDP, pi: Array, improper: str) -> Array:
    values = np.empty(pi.shape[:2])
    for i, one in enumerate(pi):
        moves, reward = policy_model(mdp, one)
        endless = _endless(mdp, moves, one, improper, policy=i)
        keep = sparse.diags_array((~endless).astype(float))
        system = sparse.csc_array(sparse.eye_array(mdp.n_states) - keep @ moves)
        v = spsolve(system, np.where(endless, 0.0, reward))
        values[i] = np.where(endless, np.nan, v)
    return values


def _endless(mdp: TabularMDP, moves, pi: Array, improper: str, policy: int = 0) -> Array:
    """Mark the states (..., S) from which a policy (..., S, A) may go on for ever."""
    if mdp.gamma < 1:
        return np.zeros(pi.shape[:-1], bool)
    into_end = (mdp.P @ mdp.terminal.astype(float)).reshape(mdp.n_states, mdp.n_actions)
    ends = mdp.terminal | ((pi * into_end).sum(axis=-1) > 0)
    stuck = ~_reaches(moves, ends)
    endless = _reaches(moves, stuck)
    if endless.any() and improper == "raise":
        *which, state = map(int, np.argwhere(endless)[0])
        name = mdp.state_names[state] if mdp.state_names else state
        raise ValueError(
            "with gamma = 1 a policy must reach an end from every state; policy "
            f"{which[0] if which else policy} may go on for ever from state {name}. "
            'Use gamma < 1, or improper="nan" to leave such states out.'
        )
    return endless


def _reaches(moves, goal: Array) -> Array:
    """Mark the states (..., S) that are in `goal` or can get there by some moves."""
    while True:
        wider = goal | ((moves @ goal[..., None].astype(float))[..., 0] > 0)
        if (wider == goal).all():
            return goal
        goal = wider
