"""A year of everybody under one way of choosing, summed up person by person."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rxcourse.policy import Policy, sample_action
from rxcourse.simulators.weekly import TERMS, WeeklyRoutineVectorEnv

Array = np.ndarray


def year(
    envs: WeeklyRoutineVectorEnv, choose: Policy | Callable[[int], Array], *, seed: int
) -> dict[str, Array]:
    """Sums over one year, from the same people with the same luck whenever the seed is the same.

    Parameters
    ----------
    envs : WeeklyRoutineVectorEnv
        N people.
    choose : Policy, or callable
        A policy over observations; or a function from the number of the decision to the
        actions (N,), which may look into `envs`, as a planner does.
    seed : int

    Returns
    -------
    dict of ndarrays (N,)
        ``reward``, ``cost``, every term of the reward by name, ``enrolled`` at the end; and
        ``actions`` of shape (decisions, N).
    """
    rng = np.random.default_rng([seed, 1])
    obs, _ = envs.reset(seed=seed)
    names = ("reward", "cost", *TERMS)
    total, actions, ended = dict.fromkeys(names, 0.0), [], False
    while not ended:
        if hasattr(choose, "probs") or hasattr(choose, "sample"):
            action, _ = sample_action(choose, obs, rng=rng)
        else:
            action = choose(len(actions))
        obs, reward, terminated, _, info = envs.move(action)
        told = {"reward": reward, **info}
        total = {name: total[name] + told[name] for name in names}
        actions.append(action)
        ended = bool(terminated.all())
    return {**total, "enrolled": info["enrolled"], "actions": np.array(actions)}


def years(envs: WeeklyRoutineVectorEnv, stack, *, seed: int) -> dict[str, Array]:
    """The same people with the same luck under each of L learners: arrays (L, N).

    Parameters
    ----------
    envs : WeeklyRoutineVectorEnv
    stack : stack of L policies
    seed : int
    """
    lives = [year(envs, stack[learner], seed=seed) for learner in range(stack.n_learners)]
    return {name: np.stack([life[name] for life in lives]) for name in lives[0]}
