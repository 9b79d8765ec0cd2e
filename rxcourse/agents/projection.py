"""The exact answers of linear prediction: where it ends, and what features could do at best.

All of it from a ``TabularMDP``, by linear systems. `X` holds the features of each state,
(S, n), and `weight` how much each state counts, (S,).
"""

from __future__ import annotations

import numpy as np

from rxcourse import validate
from rxcourse.mdp import TabularMDP, policy_model, policy_value

Array = np.ndarray


def visit_share(mdp: TabularMDP, pi: Array) -> Array:
    """Share of decisions that a policy takes in each state, (S,): the on-policy distribution.

    After an end the next episode begins, in a state drawn from ``mdp.d0``. There must be
    one set of states that is visited for ever.
    """
    mdp = mdp.dense()
    moves = np.einsum("sa,sat->st", pi, mdp.P)
    moves[mdp.terminal] = 0.0
    # An arrival at an end is a start: no decision is taken at an end.
    start = mdp.d0 * ~mdp.terminal / mdp.d0[~mdp.terminal].sum()
    moves = np.where(mdp.terminal, 0.0, moves) + moves[:, mdp.terminal].sum(1)[:, None] * start
    S, going_on = mdp.n_states, ~mdp.terminal
    balance = np.vstack([(np.eye(S) - moves.T)[going_on], np.eye(S)[mdp.terminal], np.ones(S)])
    share, *_ = np.linalg.lstsq(balance, np.append(np.zeros(S), 1.0), rcond=None)
    return np.maximum(share, 0.0)


def td_system(mdp: TabularMDP, pi: Array, X: Array, weight: Array) -> tuple[Array, Array]:
    r"""A (n, n) and b (n,): on average TD(0) moves the weights by alpha (b - A w).

    .. math:: A = X^\top D (I - \gamma P_\pi) X, \qquad b = X^\top D r_\pi
    """
    moves, reward = policy_model(mdp.dense(), pi)
    X = validate.finite("X", X, ndim=2)
    D = (weight * ~mdp.terminal)[:, None]
    after = moves @ X
    return X.T @ (D * (X - after)), X.T @ (D[:, 0] * reward)


def td_fixed_point(mdp: TabularMDP, pi: Array, X: Array, weight: Array) -> Array:
    """The weights (n,) at which TD(0) stands still on average: A w = b, the shortest such w."""
    A, b = td_system(mdp, pi, X, weight)
    return np.linalg.lstsq(A, b, rcond=None)[0]


def best_approximation(v: Array, X: Array, weight: Array) -> Array:
    """The weights (n,) with the smallest weighted squared error from values v (S,)."""
    root = np.sqrt(weight)
    return np.linalg.lstsq(root[:, None] * X, root * v, rcond=None)[0]


def value_error(mdp: TabularMDP, pi: Array, X: Array, w: Array, weight: Array) -> Array:
    """Root of the weighted mean squared error of X w, for weights (..., n)."""
    weight = weight * ~mdp.terminal
    error = w @ X.T - policy_value(mdp, pi)
    return np.sqrt((error**2 @ weight) / weight.sum())
