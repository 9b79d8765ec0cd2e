"""Prediction from whole episodes: wait for the end, then look back.

``monte_carlo`` learns from what really followed each state; ``lambda_return`` mixes that
with what the values ahead already say. Both update when an episode ends, oldest state
first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from gymnasium.vector import VectorEnv

from rxcourse import validate
from rxcourse.agents.learners import Decision
from rxcourse.agents.prediction import Prediction
from rxcourse.agents.schedules import Schedule, polynomial
from rxcourse.policy import Policy
from rxcourse.run import Log, Run

Array = np.ndarray
SAMPLE_MEAN = polynomial(1.0)
"""Step size 1/n: the value is the plain mean of the returns seen so far."""


def monte_carlo(
    envs: VectorEnv,
    policy: Policy,
    *,
    first_visit: bool = True,
    n_learners: int,
    n_steps: int | None = None,
    n_episodes: int | None = None,
    gamma: float,
    alpha: Schedule | Array = SAMPLE_MEAN,
    v0=0.0,
    log: Log | None = None,
    log_every: int | None = None,
    rng: np.random.Generator,
) -> Run:
    r"""Monte Carlo: learn the values of a policy from what really followed.

    .. math:: V(s) \leftarrow V(s) + \alpha \, [G - V(s)]

    G is the discounted sum of the rewards from that visit to the end of the episode. If
    the episode was only truncated, the present value of the last state stands for what
    was not seen; an episode under way when `n_steps` are over teaches nothing.

    Parameters
    ----------
    envs, policy, n_learners, n_steps, n_episodes, gamma, alpha, v0, log, log_every
        See ``rxcourse.agents.prediction.Prediction``. The default step size gives the
        mean return of all visits that count.
    first_visit : bool
        Count only the first visit of a state in an episode: returns of different
        episodes are independent, so their mean is unbiased. Otherwise every visit.
    rng : numpy.random.Generator

    Returns
    -------
    Run
        ``v`` of shape (L, S); with a step size that shrinks, ``data["visits"]`` too.

    References
    ----------
    Singh and Sutton (1996), doi:10.1007/BF00114726; Sutton and Barto (2018), section 5.1.
    """
    prediction = Prediction(envs, policy, n_learners=n_learners, n_steps=n_steps,
                            n_episodes=n_episodes, gamma=gamma, alpha=alpha, v0=v0,
                            log=log, log_every=log_every)  # fmt: skip
    return _look_back(prediction, 1.0, first_visit, rng)


def lambda_return(
    envs: VectorEnv,
    policy: Policy,
    *,
    lambda_: float,
    n_learners: int,
    n_steps: int | None = None,
    n_episodes: int | None = None,
    gamma: float,
    alpha: Schedule | Array = 0.1,
    v0=0.0,
    log: Log | None = None,
    log_every: int | None = None,
    rng: np.random.Generator,
) -> Run:
    r"""Offline lambda-return: TD(lambda) seen from the end of the episode.

    .. math:: V(s_t) \leftarrow V(s_t) + \alpha \, [G_t - V(s_t)], \qquad
              G_t = r_{t+1} + \gamma(s_{t+1})
              \, [(1 - \lambda) V(s_{t+1}) + \lambda G_{t+1}]

    The returns are computed from the values before this episode's first update.

    Parameters
    ----------
    lambda_ : float in [0, 1]
        1 is every-visit Monte Carlo.
    others, returns
        As for ``monte_carlo``.

    References
    ----------
    Sutton and Barto (2018), section 12.1.
    """
    prediction = Prediction(envs, policy, n_learners=n_learners, n_steps=n_steps,
                            n_episodes=n_episodes, gamma=gamma, alpha=alpha, v0=v0,
                            log=log, log_every=log_every)  # fmt: skip
    return _look_back(prediction, validate.fraction("lambda_", lambda_), False, rng)


def _look_back(prediction: Prediction, lambda_: float, first_visit: bool, rng) -> Run:
    """Both methods: the returns backwards from the end, the updates forwards."""
    v, episodes = prediction.v, Episodes(prediction.envs.num_envs, prediction.n_states)
    for d in prediction.experience(rng):
        episodes.add(d, d.cell - d.learner * prediction.n_states)
        if not d.ended.any():
            continue
        order, past, running = episodes.take(d.row[d.ended])
        learner = d.learner[d.ended][order]
        value_ahead = v[d.next_cell[d.ended][order]]
        return_ahead, target = value_ahead.copy(), np.empty(past.reward.shape)
        for t in reversed(range(len(running))):
            k = slice(running[t])
            ahead = (1 - lambda_) * value_ahead[k] + lambda_ * return_ahead[k]
            return_ahead[k] = past.reward[t, k] + past.discount[t, k] * ahead
            value_ahead[k] = v[past.cell[t, k]]
            target[t] = return_ahead
        for t, n_running in enumerate(running):
            k = np.flatnonzero(past.first[t, :n_running]) if first_visit else slice(n_running)
            cell = past.cell[t, k]
            v[cell] += prediction.step_size(cell, learner[k]) * (target[t, k] - v[cell])
    return prediction.run()


class Past(NamedTuple):
    """Columns of episodes: arrays of shape (T, k), one column for each row."""

    cell: Array
    reward: Array
    discount: Array
    first: Array


class Episodes:
    """What each row has met since its own episode began."""

    def __init__(self, n_rows: int, n_states: int):
        self.t = np.zeros(n_rows, np.int64)
        self.seen = np.zeros((n_rows, n_states), bool)
        kinds = (np.int64, float, float, bool)
        self.past = Past(*(np.zeros((64, n_rows), kind) for kind in kinds))

    def add(self, d: Decision, state: Array) -> None:
        """Add one decision to each row in `d`."""
        t = self.t[d.row]
        if t.max() == len(self.past.cell):  # as much room again
            self.past = Past(*(np.concatenate([c, np.zeros_like(c)]) for c in self.past))
        first = ~self.seen[d.row, state]
        for column, value in zip(self.past, (d.cell, d.reward, d.discount, first), strict=True):
            column[t, d.row] = value
        self.seen[d.row, state] = True
        self.t[d.row] += 1

    def take(self, row: Array) -> tuple[Array, Past, Array]:
        """Hand out the episodes of these rows, the longest first, and forget them.

        Returns
        -------
        order : ndarray of shape (k,)
            Places in `row`.
        past : Past
            Columns are episodes in this order, from their first step.
        running : ndarray of shape (T,)
            Episodes that have a step t: they are the first ones.
        """
        order = np.argsort(-self.t[row], kind="stable")
        row = row[order]
        length = self.t[row]
        running = (length > np.arange(length[0])[:, None]).sum(axis=1)
        past = Past(*(column[: length[0], row] for column in self.past))
        self.t[row], self.seen[row] = 0, False
        return order, past, running
