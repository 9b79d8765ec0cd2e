"""SARSA: learn the values of what is really done next."""

from __future__ import annotations

import numpy as np
from gymnasium.vector import VectorEnv

from rxcourse.agents.learners import StepSize
from rxcourse.agents.schedules import Schedule
from rxcourse.agents.tables import BehaviorAhead, Tables
from rxcourse.rollout import interact
from rxcourse.run import CurveLog, Log, Run


def sarsa(
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
    r"""Learn action values from the next action that is taken.

    .. math:: Q(s, a) \leftarrow Q(s, a) + \alpha \, [r + \gamma(s') Q(s', a') - Q(s, a)]

    The next action a' is drawn before the update and then executed. Where an episode was
    truncated, a' is what would have been done.

    Parameters, returns: as for ``rxcourse.agents.q_learning.q_learning``.

    References
    ----------
    Rummery and Niranjan (1994); Sutton and Barto (2018), section 6.4.
    """
    tables = Tables(envs, n_learners, gamma, allowed)
    q = tables.values(q0)
    step_size = StepSize(alpha, n_learners, q.size)
    curve = CurveLog(log, log_every, n_learners)
    act = BehaviorAhead(tables, q, epsilon)
    curve(0, lambda: tables.greedy(q))
    for k, step in enumerate(interact(envs, act, n_steps=tables.n_calls(n_steps), rng=rng)):
        next_action = act.look_ahead(step, rng)
        for d in tables.decisions(step):
            pair = tables.pair(d.cell, d.action)
            target = d.reward + d.discount * q[tables.pair(d.next_cell, next_action[d.row])]
            q[pair] += step_size(pair, d.learner) * (target - q[pair])
        curve((k + 1) * tables.n_rows, lambda: tables.greedy(q))
    return tables.run(q, curve, step_size)
