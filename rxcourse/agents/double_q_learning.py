"""Double Q-learning: one table chooses the next action, the other says its worth."""

from __future__ import annotations

import numpy as np
from gymnasium.vector import VectorEnv

from rxcourse.agents.schedules import Schedule
from rxcourse.agents.tables import StepSize, Tables
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
    both = np.concatenate([q, q], axis=1)  # the second table's cells follow the first's
    step_size = StepSize(alpha, both, n_learners)
    curve = CurveLog(log, log_every, n_learners)
    act = tables.behavior(q, epsilon)
    curve(0, lambda: tables.greedy(q))
    n_cells = q.shape[1]
    for k, step in enumerate(interact(envs, act, n_steps=tables.n_calls(n_steps), rng=rng)):
        for d in tables.decisions(step):
            coin = rng.integers(2, size=n_learners)
            own, other = n_cells * coin, n_cells * (1 - coin)
            choice = tables.best_action(both, own + d.next_cell, d.next_cell)
            target = d.reward + d.discount * both[choice, other + d.next_cell]
            d = d._replace(cell=own + d.cell)
            both[d.action, d.cell] += step_size(d) * (target - both[d.action, d.cell])
            cell = d.cell % n_cells
            q[d.action, cell] = both[d.action, [cell, cell + n_cells]].mean(axis=0)
        curve((k + 1) * tables.n_rows, lambda: tables.greedy(q))
    if step_size.visits is not None:
        step_size.visits = step_size.visits[:, :n_cells] + step_size.visits[:, n_cells:]
    return tables.run(q, curve, step_size)
