"""Planning: the best policy of a process whose numbers are known.

The iterations differ in how long they evaluate a policy before improving it: value
iteration not at all, modified policy iteration for some sweeps, policy iteration to
the end. All honour `allowed`, take dense and sparse processes, and return a
``Solution`` that says between which bounds the truth lies. ``linear_program`` has a
file of its own.
"""

from __future__ import annotations

import numpy as np

from rxcourse import validate
from rxcourse.agents.bounds import Solution, Watch
from rxcourse.mdp import TabularMDP, bellman_backup, check_mdp, policy_model, policy_value
from rxcourse.policy import Greedy, TabularPolicy

Array = np.ndarray

ROUNDING = 1e-12
"""Policy iteration takes no smaller relative gain for a gain: a linear solve is not exact."""


def policy_evaluation(
    mdp: TabularMDP, pi: Array, *, tol: float = 1e-8, max_iterations: int = 100_000
) -> Solution:
    """Value of one policy, by sweeps. ``rxcourse.mdp.policy_value`` solves for it at once.

    Parameters
    ----------
    mdp : TabularMDP
    pi : ndarray of shape (S, A)
        Action probabilities.
    tol, max_iterations
        As in ``value_iteration``. Every sweep uses the values of the sweep before.

    Returns
    -------
    Solution
        Its bounds hold for the value of `pi`.

    References
    ----------
    Sutton & Barto (2018), section 4.1.
    """
    check_mdp(mdp)
    policy = TabularPolicy(pi)
    if policy.table.shape != (mdp.n_states, mdp.n_actions):
        raise ValueError(
            f"pi must have shape ({mdp.n_states}, {mdp.n_actions}), got {np.shape(pi)}."
        )
    moves, reward = policy_model(mdp, pi)
    sums = np.asarray(moves.sum(axis=1)).ravel()
    watch = Watch(mdp, tol=tol, max_iterations=max_iterations, sums=sums)
    v = np.zeros(mdp.n_states)
    while not watch.done((v_new := reward + moves @ v) - v):
        v = v_new
    return watch.solution(policy, v_new, bellman_backup(mdp, v))


def value_iteration(
    mdp: TabularMDP, *, tol: float = 1e-8, max_iterations: int = 100_000
) -> Solution:
    """Back up the values until they are known to `tol`.

    Parameters
    ----------
    mdp : TabularMDP
    tol : float
        Stop when the bounds on every true value are no wider than this. With gamma = 1,
        where there are no bounds, stop when no value changes by more: weaker, and
        ``Solution.certified`` is then False.
    max_iterations : int
        Stop here in any case, with ``converged`` False.

    Returns
    -------
    Solution

    References
    ----------
    Sutton & Barto (2018), section 4.4; Puterman (1994), section 6.3.
    """
    watch = Watch(mdp, tol=tol, max_iterations=max_iterations)
    v = np.zeros(mdp.n_states)
    while True:
        q = bellman_backup(mdp, v)
        _, v_new = best(mdp, q)
        if watch.done(v_new - v):
            return watch.solution(Greedy(q, allowed=mdp.allowed), v_new, q)
        v = v_new


def modified_policy_iteration(
    mdp: TabularMDP, *, sweeps: int = 10, tol: float = 1e-8, max_iterations: int = 100_000
) -> Solution:
    """Value iteration that evaluates each greedy policy for some sweeps before the next.

    A backup looks at all actions, a sweep only at the chosen ones: A times cheaper.

    Parameters
    ----------
    mdp : TabularMDP
    sweeps : int
        Sweeps of evaluation between two backups.
    tol, max_iterations
        As in ``value_iteration``.

    Returns
    -------
    Solution

    References
    ----------
    Puterman (1994), section 6.5.
    """
    validate.positive_int("sweeps", sweeps)
    watch = Watch(mdp, tol=tol, max_iterations=max_iterations)
    v = np.zeros(mdp.n_states)
    while True:
        q = bellman_backup(mdp, v)
        action, v_new = best(mdp, q)
        if watch.done(v_new - v):
            return watch.solution(Greedy(q, allowed=mdp.allowed), v_new, q)
        moves, reward = _chosen(mdp, action)
        v = v_new
        for _ in range(sweeps):
            v = reward + moves @ (mdp.discount * v)


def policy_iteration(mdp: TabularMDP, *, max_iterations: int = 1_000) -> Solution:
    """Evaluate a policy exactly, improve it, until no action can be improved.

    Starts from the policy that takes every allowed action equally often: if an end can
    be reached at all, that policy reaches it, so gamma = 1 is no trouble at the start.

    Parameters
    ----------
    mdp : TabularMDP
        Not for a large sparse one: the linear solve loses the sparsity.
    max_iterations : int

    Returns
    -------
    Solution
        ``policy`` is the last one evaluated. It still takes all actions equally often in
        states where none of them is better than the rest.

    Raises
    ------
    ValueError
        With gamma = 1, if a policy on the way may go on for ever.

    References
    ----------
    Howard (1960), Dynamic programming and Markov processes; Puterman (1994), section 6.4.
    """
    watch = Watch(mdp, max_iterations=max_iterations)
    allowed = np.ones((mdp.n_states, mdp.n_actions), bool) if mdp.allowed is None else mdp.allowed
    pi = allowed / allowed.sum(axis=1, keepdims=True)
    while True:
        try:
            v = policy_value(mdp, pi)
        except ValueError as error:
            # There is no option here by which to leave such states out.
            told = str(error).replace(', or improper="nan" to leave such states out', "")
            raise ValueError(told) from None
        q = bellman_backup(mdp, v)
        action, v_new = best(mdp, q)
        better = v_new > v + ROUNDING * abs(v).max()
        watch.done(v_new - v)
        watch.converged = not better.any()
        if watch.converged or watch.exhausted:
            return watch.solution(TabularPolicy(pi, allowed=mdp.allowed), v_new, q)
        # An action that is only as good as the old one is not taken: no going in circles.
        pi = np.where(better[:, None], np.eye(mdp.n_actions)[action], pi)


def backward_induction(mdp: TabularMDP, *, horizon: int) -> tuple[Array, Array]:
    """Best values when only so many decisions are left: value iteration, each step kept.

    Parameters
    ----------
    mdp : TabularMDP
    horizon : int
        Decisions from the first to the last. Nothing is earned after them.

    Returns
    -------
    v : ndarray of shape (horizon + 1, S)
        ``v[k]`` with k decisions left; ``v[0]`` is 0.
    q : ndarray of shape (horizon + 1, S, A)
        ``q[k]`` with k decisions left, the one in question among them; ``q[0]`` is 0.

    References
    ----------
    Puterman (1994), section 4.5.
    """
    check_mdp(mdp)
    v = np.zeros((validate.positive_int("horizon", horizon) + 1, mdp.n_states))
    q = np.zeros((*v.shape, mdp.n_actions))
    for left in range(1, horizon + 1):
        q[left] = bellman_backup(mdp, v[left - 1])
        _, v[left] = best(mdp, q[left])
    return v, q


def best(mdp: TabularMDP, q: Array) -> tuple[Array, Array]:
    """Best allowed action of each state and its value, each of shape (S,)."""
    if mdp.allowed is not None:
        q = np.where(mdp.allowed, q, -np.inf)
    action = q.argmax(axis=1)
    return action, q[np.arange(len(q)), action]


def _chosen(mdp: TabularMDP, action: Array):
    """Moves (S, S) and reward (S,) when one action is taken in each state.

    Rows of terminal states hold whatever P holds there: their values are discounted
    by 0 and so never read.
    """
    states = np.arange(mdp.n_states)
    return mdp.rows[states * mdp.n_actions + action], mdp.reward[states, action]
