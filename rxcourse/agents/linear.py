"""Linear control: SARSA and Q-learning with features in place of a table.

The value of an action is a weighted sum of features, one row of weights for each action.
With one feature for each state, both are the rules of ``sarsa.py`` and ``q_learning.py``.
"""

from __future__ import annotations

import numpy as np
from gymnasium.vector import VectorEnv

from rxcourse.agents.linear_learners import FeatureFunction, LinearBehavior, LinearControl
from rxcourse.agents.schedules import Schedule
from rxcourse.rollout import interact
from rxcourse.run import CurveLog, Log, Run

Array = np.ndarray


def linear_q_learning(
    envs: VectorEnv,
    features: FeatureFunction,
    *,
    n_learners: int,
    n_steps: int,
    gamma: float,
    alpha: Schedule | Array = 0.1,
    epsilon: Schedule = 0.1,
    w0=0.0,
    allowed=None,
    log: Log | None = None,
    log_every: int | None = None,
    rng: np.random.Generator,
) -> Run:
    r"""Learn action values from the best next action, by features.

    .. math:: w_a \leftarrow w_a + \alpha \, [r + \gamma(s') \max_{a'} w_{a'}^\top x(s')
              - w_a^\top x(s)] \, x(s)

    Parameters
    ----------
    envs : VectorEnv
        N rows; learner l of L owns rows l*N/L to (l+1)*N/L - 1.
    features : callable
        Maps observations (..., *obs) to rows (..., n): see ``rxcourse.agents.features``.
    n_learners : int
        Independent learners, trained together.
    n_steps : int
        Decisions of each learner.
    gamma : float
        Discount factor.
    alpha : float, callable, or ndarray of shape (L,)
        Step size; a function of the decisions taken; or one for each learner. Divide by the
        size of a row, the sum of its squares: by the number of tilings, for tiles.
    epsilon : float, callable, or ndarray of shape (L,)
        Share of random actions, or a function of the decisions taken.
    w0 : float or ndarray of shape (A, n)
        Weights to start from.
    allowed : callable, or ndarray of bool of shape (S, A), optional
        Honoured in exploration and in every max.
    log, log_every
        See ``rxcourse.run.CurveLog``.
    rng : numpy.random.Generator

    Returns
    -------
    Run
        ``q`` is a ``LinearQ``; ``data["w"]`` its weights, (L, A, n).

    References
    ----------
    Sutton and Barto (2018), sections 10.1 and 11.1.
    """
    linear = LinearControl(envs, features, n_learners, gamma, alpha, w0, allowed)
    w = linear.w
    curve = CurveLog(log, log_every, n_learners)
    act = LinearBehavior(linear, epsilon)
    curve(0, linear.greedy)
    for step in interact(envs, act, n_steps=linear.n_calls(n_steps), rng=rng):
        for d in linear.decisions(step):
            target = d.reward + d.discount * linear.best(d)
            delta = target - linear.value(d.learner, d.action, d.x)
            w[d.learner, d.action] += (linear.step_size(d) * delta)[:, None] * d.x
        curve(linear.taken, linear.greedy)
    return linear.run(curve)


def linear_sarsa(
    envs: VectorEnv,
    features: FeatureFunction,
    *,
    n_learners: int,
    n_steps: int,
    gamma: float,
    alpha: Schedule | Array = 0.1,
    epsilon: Schedule = 0.1,
    w0=0.0,
    allowed=None,
    log: Log | None = None,
    log_every: int | None = None,
    rng: np.random.Generator,
) -> Run:
    r"""Learn action values from the next action that is taken, by features.

    .. math:: w_a \leftarrow w_a + \alpha \, [r + \gamma(s') w_{a'}^\top x(s')
              - w_a^\top x(s)] \, x(s)

    Parameters, returns: as for ``linear_q_learning``.

    References
    ----------
    Sutton and Barto (2018), section 10.1.
    """
    linear = LinearControl(envs, features, n_learners, gamma, alpha, w0, allowed)
    w = linear.w
    curve = CurveLog(log, log_every, n_learners)
    act = LinearBehavior(linear, epsilon)
    curve(0, linear.greedy)
    for step in interact(envs, act, n_steps=linear.n_calls(n_steps), rng=rng):
        next_action = act.look_ahead(step, rng)
        for d in linear.decisions(step):
            future = linear.value(d.learner, next_action[d.row], d.next_x)
            target = d.reward + d.discount * future
            delta = target - linear.value(d.learner, d.action, d.x)
            w[d.learner, d.action] += (linear.step_size(d) * delta)[:, None] * d.x
        curve(linear.taken, linear.greedy)
    return linear.run(curve)
