"""Q-learning, and double Q-learning: learn the best values while doing something else."""

from __future__ import annotations

import numpy as np
from gymnasium.vector import VectorEnv

from rxcourse.agents.learners import StepSize
from rxcourse.agents.schedules import Schedule
from rxcourse.agents.tables import Tables
from rxcourse.rollout import interact
from rxcourse.run import CurveLog, Log, Run


def q_learning(
    envs: VectorEnv,
    *,
    n_learners: int,
    n_steps: int,
    gamma: float,
    alpha: Schedule | np.ndarray = 0.1,
    epsilon: Schedule = 0.1,
    q0=0.0,
    allowed=None,
    log: Log | None = None,
    log_every: int | None = None,
    rng: np.random.Generator,
) -> Run:
    r"""Learn action values from the best next action, whatever is done next.

    .. math:: Q(s, a) \leftarrow Q(s, a)
              + \alpha \, [r + \gamma(s') \max_{a'} Q(s', a') - Q(s, a)]

    Parameters
    ----------
    envs : VectorEnv
        N rows; learner l of L owns rows l*N/L to (l+1)*N/L - 1.
    n_learners : int
        Independent learners, trained together.
    n_steps : int
        Decisions of each learner.
    gamma : float
        Discount factor.
    alpha : float, callable, or ndarray of shape (L,)
        Step size; a function of the visits of a state and action; or one number for each
        learner, which compares step sizes in one run.
    epsilon : float or callable
        Share of random actions, or a function of the decisions taken.
    q0 : float or ndarray of shape (S, A)
        Values to start from: above what is possible makes a learner curious, a table
        from other people gives it a head start.
    allowed : ndarray of bool, shape (S, A), optional
        Honoured in exploration and in every max.
    log, log_every
        See ``rxcourse.run.CurveLog``.
    rng : numpy.random.Generator

    Returns
    -------
    Run
        ``q`` of shape (L, S, A); with a step size that shrinks, ``data["visits"]`` too.

    References
    ----------
    Watkins and Dayan (1992), doi:10.1007/BF00992698.
    """
    tables = Tables(envs, n_learners, gamma, allowed)
    q = tables.values(q0)
    step_size = StepSize(alpha, n_learners, q.size)
    curve = CurveLog(log, log_every, n_learners)
    act = tables.behavior(q, epsilon)
    curve(0, lambda: tables.greedy(q))
    for k, step in enumerate(interact(envs, act, n_steps=tables.n_calls(n_steps), rng=rng)):
        for d in tables.decisions(step):
            pair = tables.pair(d.cell, d.action)
            target = d.reward + d.discount * tables.best(q, d.next_cell)
            q[pair] += step_size(pair, d.learner) * (target - q[pair])
        curve((k + 1) * tables.n_rows, lambda: tables.greedy(q))
    return tables.run(q, curve, step_size)
