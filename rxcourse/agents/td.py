"""Temporal-difference prediction: correct a value by the value that comes next.

The three methods differ in how far a reward travels back: one step, n steps, or all the
way along a fading trace.
"""

from __future__ import annotations

import numpy as np
from gymnasium.vector import VectorEnv

from rxcourse import validate
from rxcourse.agents.learners import Decision, StepSize
from rxcourse.agents.prediction import Prediction
from rxcourse.agents.schedules import Schedule
from rxcourse.policy import Policy
from rxcourse.run import Log, Run

Array = np.ndarray


def td_prediction(
    envs: VectorEnv,
    policy: Policy,
    *,
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
    r"""TD(0): learn the values of a policy from each step as it happens.

    .. math:: V(s) \leftarrow V(s) + \alpha \, [r + \gamma(s') V(s') - V(s)]

    Parameters
    ----------
    envs, policy, n_learners, n_steps, n_episodes, gamma, alpha, v0, log, log_every
        See ``rxcourse.agents.prediction.Prediction``. A state where an episode was
        truncated keeps its future; one where it terminated has none.
    rng : numpy.random.Generator

    Returns
    -------
    Run
        ``v`` of shape (L, S); ``policy`` is the one given; with a step size that
        shrinks, ``data["visits"]`` too.

    Raises
    ------
    ValueError
        Names the argument, what was expected and what came.

    References
    ----------
    Sutton (1988), doi:10.1007/BF00115009; Sutton and Barto (2018), section 6.1.
    """
    prediction = Prediction(envs, policy, n_learners=n_learners, n_steps=n_steps,
                            n_episodes=n_episodes, gamma=gamma, alpha=alpha, v0=v0,
                            log=log, log_every=log_every)  # fmt: skip
    v, step_size = prediction.v, prediction.step_size
    for d in prediction.experience(rng):
        target = d.reward + d.discount * v[d.next_cell]
        v[d.cell] += step_size(d.cell, d.learner) * (target - v[d.cell])
    return prediction.run()


def n_step_td(
    envs: VectorEnv,
    policy: Policy,
    *,
    n: int,
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
    r"""n-step TD: wait for n rewards, then add the value of where they led.

    .. math:: V(s_t) \leftarrow V(s_t) + \alpha \, [r_{t+1} + \gamma r_{t+2} + \dots
              + \gamma^{n-1} r_{t+n} + \gamma^n V(s_{t+n}) - V(s_t)]

    When an episode ends sooner, the states still waiting are updated at once, oldest
    first, from the rewards there were, and from the value of the last state if the
    episode was only truncated. States still waiting when `n_steps` are over stay as
    they are.

    Parameters
    ----------
    n : int
        1 is TD(0); as long as an episode, it is every-visit Monte Carlo.
    others, returns
        As for ``td_prediction``.

    References
    ----------
    Sutton and Barto (2018), section 7.1.
    """
    n = validate.positive_int("n", n)
    prediction = Prediction(envs, policy, n_learners=n_learners, n_steps=n_steps,
                            n_episodes=n_episodes, gamma=gamma, alpha=alpha, v0=v0,
                            log=log, log_every=log_every)  # fmt: skip
    v, step_size, waiting = prediction.v, prediction.step_size, Waiting(envs.num_envs, n)
    for d in prediction.experience(rng):
        waiting.add(d)
        value_ahead = v[d.next_cell]
        for who, cell, reward_sum, discount in waiting.due(d):
            target = reward_sum + discount * value_ahead[who]
            v[cell] += step_size(cell, d.learner[who]) * (target - v[cell])
    return prediction.run()


class Waiting:
    """The last n decisions of each row, each with the discounted rewards since then."""

    def __init__(self, n_rows: int, n: int):
        self.n, self.t = n, np.zeros(n_rows, np.int64)
        self.cell = np.zeros((n, n_rows), np.int64)
        self.reward_sum, self.discount = np.zeros((2, n, n_rows))

    def add(self, d) -> None:
        """Start waiting in these states; everyone waiting receives the reward."""
        place = self.t[d.row] % self.n
        self.cell[place, d.row] = d.cell
        self.reward_sum[place, d.row], self.discount[place, d.row] = 0.0, 1.0
        self.reward_sum[:, d.row] += self.discount[:, d.row] * d.reward
        self.discount[:, d.row] *= d.discount
        self.t[d.row] += 1

    def due(self, d):
        """Who has waited for n rewards, or to the end of the episode; oldest first.

        Yields
        ------
        who, cell, reward_sum, discount : ndarrays of one length
            `who` is the place in `d`.
        """
        oldest = np.maximum(self.t[d.row] - self.n, 0)
        count = np.where(d.ended, self.t[d.row] - oldest, self.t[d.row] >= self.n)
        for k in range(count.max()):
            who = np.flatnonzero(k < count)
            row = d.row[who]
            place = (oldest[who] + k) % self.n
            yield who, self.cell[place, row], self.reward_sum[place, row], self.discount[place, row]
        self.t[d.row[d.ended]] = 0


def td_lambda(
    envs: VectorEnv,
    policy: Policy,
    *,
    lambda_: float,
    traces: str = "accumulating",
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
    r"""TD(lambda): every state visited in this episode shares in each surprise.

    .. math:: V(s) \leftarrow V(s) + \alpha \, \delta \, e(s), \qquad
              \delta = r + \gamma(s') V(s') - V(s_t), \qquad
              e(s) \leftarrow \gamma \lambda \, e(s) + [s = s_t]

    Parameters
    ----------
    lambda_ : float in [0, 1]
        How slowly a trace fades. 0 is TD(0).
    traces : {"accumulating", "replacing"}
        A state seen again adds 1 to its trace, or sets it to 1.
    others, returns
        As for ``td_prediction``. A step size that shrinks goes by the visits of the
        state that is moved.

    References
    ----------
    Sutton (1988), doi:10.1007/BF00115009; Singh and Sutton (1996),
    doi:10.1007/BF00114726, for replacing traces; Sutton and Barto (2018), section 12.2.
    """
    validate.fraction("lambda_", lambda_)
    if traces not in ("accumulating", "replacing"):
        raise ValueError(f'traces must be "accumulating" or "replacing", got {traces!r}.')
    prediction = Prediction(envs, policy, n_learners=n_learners, n_steps=n_steps,
                            n_episodes=n_episodes, gamma=gamma, alpha=alpha, v0=v0,
                            log=log, log_every=log_every)  # fmt: skip
    fade = prediction.gamma * lambda_
    v, table = prediction.v, prediction.table
    trace = np.zeros((envs.num_envs, prediction.n_states))  # a row's episode is its own
    for d in prediction.experience(rng):
        state = d.cell - d.learner * prediction.n_states
        seen_again = fade * trace[d.row, state] if traces == "accumulating" else 0.0
        trace[d.row] *= fade
        trace[d.row, state] = seen_again + 1.0
        delta = d.reward + d.discount * v[d.next_cell] - v[d.cell]
        size = _of_tables(prediction.step_size, d, table.shape)
        table[d.learner] += size * delta[:, None] * trace[d.row]
        trace[d.row[d.ended]] = 0.0
    return prediction.run()


def _of_tables(step_size: StepSize, d: Decision, shape: tuple[int, int]):
    """How far to move every state of these learners: shape (k, S), (k, 1) or ()."""
    size = step_size(d.cell, d.learner)
    if step_size.visits is None:
        return size[:, None] if np.ndim(size) else size
    visits = step_size.visits.reshape(shape)[d.learner]
    return step_size.alpha(np.maximum(visits, 1))  # what was never visited has no trace
