"""Expected SARSA: learn the values of what is done on average."""

from __future__ import annotations

import numpy as np
from gymnasium.vector import VectorEnv

from rxcourse.agents.learners import StepSize
from rxcourse.agents.schedules import Schedule
from rxcourse.agents.tables import Tables
from rxcourse.rollout import interact
from rxcourse.run import CurveLog, Log, Run


def expected_sarsa(
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
    r"""Learn action values from the mean over the next actions of the present policy.

    .. math:: Q(s, a) \leftarrow Q(s, a)
              + \alpha \, [r + \gamma(s') \sum_{a'} \pi(a' | s') Q(s', a') - Q(s, a)]

    Parameters, returns: as for ``rxcourse.agents.q_learning.q_learning``.

    References
    ----------
    van Seijen, van Hasselt, Whiteson and Wiering (2009), doi:10.1109/ADPRL.2009.4927542.
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
            target = d.reward + d.discount * tables.mean(q, d.next_cell, act.epsilon)
            q[pair] += step_size(pair, d.learner) * (target - q[pair])
        curve((k + 1) * tables.n_rows, lambda: tables.greedy(q))
    return tables.run(q, curve, step_size)
