"""Prediction from a fixed set of episodes, presented again and again until values settle.

The two methods agree on endless data and differ on little: Monte Carlo fits the returns
that were seen, TD the process that most probably made them.
"""

from __future__ import annotations

import numpy as np

from rxcourse import validate
from rxcourse.agents.prediction import start_values
from rxcourse.data import Dataset
from rxcourse.policy import rows_per_learner
from rxcourse.run import CurveLog, Run

Array = np.ndarray


def batch_td(
    data: Dataset,
    *,
    n_states: int,
    n_learners: int = 1,
    gamma: float,
    alpha: float = 1.0,
    v0=0.0,
    tol: float = 1e-10,
    max_sweeps: int = 100_000,
) -> Run:
    r"""Batch TD(0): move each value by the mean TD error of its state, until none moves.

    .. math:: V(s) \leftarrow V(s) + \alpha \, \frac{1}{n(s)} \sum_{t : s_t = s}
              [r_{t+1} + \gamma(s_{t+1}) V(s_{t+1}) - V(s)]

    Parameters
    ----------
    data : Dataset
        Whole episodes; obs are states. One that was truncated keeps its future.
    n_states : int
    n_learners : int
        The people in `data`, in order, belong to the learners in equal blocks.
    gamma : float
    alpha : float in (0, 1]
        Share of the mean TD error. It changes the number of sweeps, not where they end.
    v0 : float, or ndarray of shape (S,)
        States without data keep it.
    tol : float
        Stop when no value moves by more.
    max_sweeps : int

    Returns
    -------
    Run
        ``v`` of shape (L, S), ``data["visits"]`` too, and ``data["sweeps"]``. ``policy``
        is None: the values are those of whoever acted.

    Raises
    ------
    ValueError
        If values still move after `max_sweeps`: with gamma = 1 and truncated episodes
        the data may describe a process that never ends.

    References
    ----------
    Sutton and Barto (2018), section 6.3; Bradtke and Barto (1996),
    doi:10.1007/BF00114723, for the same answer as one linear solve.
    """
    gamma, alpha = validate.fraction("gamma", gamma), validate.fraction("alpha", alpha)
    if not isinstance(tol, int | float | np.number) or not tol >= 0:
        raise ValueError(f"tol must be a number of at least 0, got {tol!r}.")
    learner, cell, next_cell, v = _cells(data, n_states, n_learners, v0)
    discount = np.where(data.terminated, 0.0, gamma)
    visits = np.bincount(cell, minlength=v.size)
    # All a sweep needs to know of the data: mean reward, and where each state led how often.
    reward = _mean(cell, data.reward, visits)
    pair = cell * n_states + next_cell % n_states
    moves = np.bincount(pair, discount, minlength=v.size * n_states).reshape(-1, n_states)
    moves = (moves / np.maximum(visits, 1)[:, None]).reshape(n_learners, n_states, n_states)
    table, known = v.reshape(n_learners, n_states), visits.reshape(n_learners, n_states) > 0
    reward = reward.reshape(table.shape)
    for sweep in range(1, validate.positive_int("max_sweeps", max_sweeps) + 1):
        error = np.where(known, reward + (moves @ table[..., None])[..., 0] - table, 0.0)
        table += alpha * error
        if abs(alpha * error).max() <= tol:
            return _run(table, visits, sweeps=sweep)
    raise ValueError(
        f"values still moved by {abs(alpha * error).max():.2g} after max_sweeps = {max_sweeps}. "
        "With gamma = 1 and truncated episodes there may be no answer."
    )


def batch_monte_carlo(
    data: Dataset,
    *,
    first_visit: bool = False,
    n_states: int,
    n_learners: int = 1,
    gamma: float,
    v0=0.0,
) -> Run:
    """Batch Monte Carlo: the mean of the returns that followed each state.

    Parameters
    ----------
    data : Dataset
        Whole episodes that terminated. Of a truncated one the return was not seen, and
        it is refused: leave it out and say so, cut it where little is missing, or use
        ``batch_td``.
    first_visit : bool
        Count a state once an episode.
    others, returns
        As for ``batch_td``.

    References
    ----------
    Sutton and Barto (2018), section 6.3.
    """
    gamma = validate.fraction("gamma", gamma)
    if data.truncated.any():
        raise ValueError(
            f"data must hold whole returns, but {int(data.truncated.sum())} of "
            f"{data.n_episodes} episodes were truncated: what came after was not seen."
        )
    _, cell, _, v = _cells(data, n_states, n_learners, v0)
    returns = returns_to_go(data, gamma)
    if first_visit:
        episode = np.repeat(np.arange(data.n_episodes), data.length)
        rows = np.unique(episode * v.size + cell, return_index=True)[1]
        cell, returns = cell[rows], returns[rows]
    visits = np.bincount(cell, minlength=v.size)
    v = np.where(visits > 0, _mean(cell, returns, visits), v)
    return _run(v.reshape(n_learners, n_states), visits)


def returns_to_go(data: Dataset, gamma: float) -> Array:
    """Discounted sum of the rewards from each row to the end of its episode, shape (n,)."""
    reward = data.padded(data.reward)
    for t in reversed(range(reward.shape[1] - 1)):
        reward[:, t] += gamma * reward[:, t + 1]
    return reward[data.lived]


def _cells(data: Dataset, n_states: int, n_learners: int, v0):
    """Learner (n,), cell and next cell (n,), and fresh values (L*S,)."""
    people, index = np.unique(data.person, return_inverse=True)
    learner = index // rows_per_learner(len(people), n_learners)
    v = start_values(v0, n_learners, validate.positive_int("n_states", n_states)).reshape(-1)
    obs, next_obs = (validate.indices(name, getattr(data, name), n_states)
                     for name in ("obs", "next_obs"))  # fmt: skip
    return learner, learner * n_states + obs, learner * n_states + next_obs, v


def _mean(cell: Array, value: Array, visits: Array) -> Array:
    return np.bincount(cell, value, minlength=len(visits)) / np.maximum(visits, 1)


def _run(table: Array, visits: Array, **data) -> Run:
    curve = CurveLog(None, None, len(table)).frame()
    return Run(None, curve, data={"visits": visits.reshape(table.shape), **data}, v=table)
