"""Double Q-learning: one table chooses the next action, the other says its worth."""

from __future__ import annotations

import numpy as np
from gymnasium.vector import VectorEnv

from rxcourse.agents.learners import StepSize
from rxcourse.agents.schedules import Schedule
from rxcourse.agents.tables import Tables
from rxcourse.rollout import interact
from rxcourse.run import CurveLog, Log, Run


def double_q_learning(
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
    r"""Learn two tables; a fair coin decides which of them an experience changes.

    .. math:: Q_1(s, a) \leftarrow Q_1(s, a)
              + \alpha \, [r + \gamma(s') Q_2(s', \arg\max_{a'} Q_1(s', a')) - Q_1(s, a)]

    The maximum over noisy values overestimates; an independent table does not know which
    of them were lucky. Behaviour is epsilon-greedy in the mean of both.

    Parameters, returns: as for ``rxcourse.agents.q_learning.q_learning``; ``q`` is the
    mean of both tables.

    References
    ----------
    van Hasselt (2010), "Double Q-learning", NeurIPS 23.
    """
    tables = Tables(envs, n_learners, gamma, allowed)
    q = tables.values(q0)  # always the mean of the two
    both = np.concatenate([q, q])
    q1, q2 = both[: q.size], both[q.size :]  # the same memory
    step_size = StepSize(alpha, n_learners, both.size)
    curve = CurveLog(log, log_every, n_learners)
    act = tables.behavior(q, epsilon)
    curve(0, lambda: tables.greedy(q))
    for k, step in enumerate(interact(envs, act, n_steps=tables.n_calls(n_steps), rng=rng)):
        for d in tables.decisions(step):
            pair = tables.pair(d.cell, d.action)
            coin = rng.integers(2, size=n_learners)[d.learner]
            own, other = pair + q.size * coin, q.size * (1 - coin)
            choice = np.where(coin == 0, tables.best_action(q1, d.next_cell),
                              tables.best_action(q2, d.next_cell))  # fmt: skip
            target = d.reward + d.discount * both[other + tables.pair(d.next_cell, choice)]
            both[own] += step_size(own, d.learner) * (target - both[own])
            q[pair] = (q1[pair] + q2[pair]) / 2
        curve((k + 1) * tables.n_rows, lambda: tables.greedy(q))
    if step_size.visits is not None:
        step_size.visits = step_size.visits.reshape(2, -1).sum(axis=0)
    return tables.run(q, curve, step_size)
