"""Talking to environments, whatever way they restart.

``interact`` is the only loop over ``envs.step`` in the package. It hides the three
ways in which a Gymnasium vector environment may restart an ended episode, so that a
learner always sees the state really reached and never a transition that did not
happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv

from rxcourse import validate
from rxcourse.data import Dataset
from rxcourse.mdp import TabularMDP
from rxcourse.policy import Policy, check_policy, check_probs, row_probs, sample_action

Array = np.ndarray
Act = Callable[[Array, np.random.Generator], tuple[Array, Array]]
"""Maps (obs, rng) to (action, propensity), each with one entry per row."""
MAX_STEPS = 1_000_000
MAX_DECISIONS = 10_000_000
"""A rollout keeps about 100 bytes a decision."""


class Step(NamedTuple):
    """One call of ``envs.step``, N rows wide.

    On rows where ``live`` is False the environment only restarted: nothing was
    decided there, and the other columns of that row mean nothing.
    """

    obs: Array
    action: Array
    propensity: Array
    reward: Array
    cost: Array
    next_obs: Array
    terminated: Array
    truncated: Array
    live: Array
    info: dict


def check_envs(envs: VectorEnv) -> VectorEnv:
    """Return `envs`, refusing what is not a vector environment."""
    if not isinstance(envs, VectorEnv):
        raise ValueError(
            f"envs must be a Gymnasium vector environment, got {type(envs).__name__}. Make one "
            "with gymnasium.make_vec, or from a TabularMDP with "
            "rxcourse.simulators.tabular.TabularVectorEnv."
        )
    return envs


def check_ends(envs: VectorEnv) -> VectorEnv:
    """Return `envs`, refusing one known to have no end, where episodes are asked for."""
    mdp = getattr(envs, "mdp", None)
    endless = isinstance(mdp, TabularMDP) and not mdp.terminal.any()
    if endless and getattr(envs, "horizon", "unknown") is None:
        raise ValueError(
            "envs must have episodes that end, got a process without a terminal state and "
            "without a horizon. Give the environment a horizon, for example "
            "TabularVectorEnv(mdp, num_envs, horizon=100)."
        )
    return envs


def acting(policy: Policy, envs: VectorEnv) -> Act:
    """A policy as an ``act`` for ``interact``; its first probabilities are checked."""
    n_actions = getattr(envs.single_action_space, "n", None)
    first = not hasattr(policy, "sample")

    def act(obs, rng):
        nonlocal first
        if first:
            check_probs(row_probs(policy, obs), (len(obs), n_actions))
            first = False
        return sample_action(policy, obs, rng=rng)

    return act


def interact(
    envs: VectorEnv, act: Act, *, n_steps: int, rng: np.random.Generator
) -> Iterator[Step]:
    """Act in N environments for `n_steps` vector calls.

    Parameters
    ----------
    envs : gymnasium.vector.VectorEnv
        Any of the three autoreset modes. Seeded once, here, from `rng`.
    act : callable
        ``act(obs, rng) -> (action, propensity)``.
    n_steps : int
        Calls of ``envs.step``; each advances all N rows.
    rng : numpy.random.Generator

    Yields
    ------
    Step
        ``next_obs`` is the state really reached, even on rows that have ended.
        ``cost`` is ``info["cost"]``, or 0 where there is none.
    """
    validate.generator(rng)
    check_envs(envs)
    mode = envs.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
    obs, _ = envs.reset(seed=int(rng.integers(2**31)))
    live, free = np.ones(envs.num_envs, bool), np.zeros(envs.num_envs)
    for _ in range(validate.positive_int("n_steps", n_steps)):
        action, propensity = act(obs, rng)
        after, reward, terminated, truncated, info = envs.step(action)
        next_obs, cost = after, info.get("cost")
        if "final_obs" in info:  # same-step mode, and some row has just restarted
            ended = terminated | truncated
            next_obs = _with_final(after, info["final_obs"], ended)
            info = _with_final_info(info, ended)
            cost = info.get("cost")
        if cost is None:
            cost = free
        yield Step(obs, action, propensity, reward, cost, next_obs, terminated, truncated,
                   live, info)  # fmt: skip
        if mode == AutoresetMode.DISABLED and (ended := terminated | truncated).any():
            after, _ = envs.reset(options={"reset_mask": ended})
        elif mode == AutoresetMode.NEXT_STEP:
            live = ~(terminated | truncated)
        obs = after


def _with_final(after: Array, final_obs: Array, ended: Array) -> Array:
    """Put the last observation of each ended episode where its successor's first is."""
    rows = np.flatnonzero(ended)
    reached = after.copy()
    if final_obs.dtype == object:  # Gymnasium's own wrappers store one object a row
        reached[rows] = np.stack([final_obs[i] for i in rows]).astype(after.dtype)
    else:
        reached[rows] = final_obs[rows].astype(after.dtype)
    return reached


def _with_final_info(info: dict, ended: Array) -> dict:
    """Take cost and reward terms of ended rows from ``final_info``."""
    merged = dict(info)
    for name, last in info.get("final_info", {}).items():
        if name.startswith("_") or not isinstance(last, np.ndarray):
            continue
        now = info.get(name)
        now = np.zeros_like(last) if now is None else np.array(now, copy=True)
        now[ended] = last[ended]
        merged[name] = now
    return merged


def rollout(
    envs: VectorEnv,
    policy: Policy,
    *,
    n_episodes: int = 1,
    rng: np.random.Generator,
    keep: tuple[str, ...] = (),
    max_steps: int | None = None,
) -> Dataset:
    """Run whole episodes and keep them.

    Each row plays exactly `n_episodes`, and what it does while slower rows finish is
    dropped: stopping at a total count would favour short episodes.

    Parameters
    ----------
    envs : gymnasium.vector.VectorEnv
        Its episodes must end; give it a horizon if the task goes on for ever.
    policy : Policy or stack
        The learners of a stack own the rows in blocks.
    n_episodes : int
        Episodes PER ROW.
    rng : numpy.random.Generator
    keep : tuple of str
        Names in ``info`` to keep, one value per row and step, in ``Dataset.extra``.
    max_steps : int, optional
        Give up, with a sentence, when some row has not finished by then. Unless given, a
        million, or fewer with many rows: what would fill the memory, but at least 1,000
        for each episode.

    Returns
    -------
    Dataset
        ``person`` is the row. Episodes of a row follow one another.
    """
    check_ends(check_envs(envs))
    check_policy(policy)
    validate.positive_int("n_episodes", n_episodes)
    if isinstance(keep, str):
        raise ValueError(f'keep must be a tuple of names, got a string; write ("{keep}",).')
    if max_steps is None:
        fill = max(MAX_DECISIONS // envs.num_envs, 1_000 * n_episodes)
        max_steps = min(fill, MAX_STEPS)
    act = acting(policy, envs)
    validate.positive_int("max_steps", max_steps)
    played = np.zeros(envs.num_envs, int)
    t = np.zeros(envs.num_envs, int)
    rows, columns = [], []

    for step in interact(envs, act, n_steps=max_steps, rng=rng):
        wanted = step.live & (played < n_episodes)
        rows.append(np.flatnonzero(wanted))
        if missing := [name for name in keep if name not in step.info]:
            raise ValueError(
                f'keep names "{missing[0]}", which info does not hold: {sorted(step.info)}.'
            )
        extra = [step.info[name][wanted] for name in keep]
        main = [c[wanted] for c in step[:8]]
        columns.append([*main, played[wanted], t[wanted], *extra])
        ended = step.terminated | step.truncated
        t = np.where(step.live, np.where(ended, 0, t + 1), t)
        played += ended & step.live
        if (played >= n_episodes).all():
            break
    else:
        raise ValueError(
            f"row {int(played.argmin())} had finished {played.min()} of {n_episodes} "
            f"episodes after {max_steps} steps. Give the environment a horizon, or raise "
            "max_steps."
        )
    return _collect(rows, columns, n_episodes, envs, keep)


def _collect(rows, columns, n_episodes: int, envs: VectorEnv, keep) -> Dataset:
    row = np.concatenate(rows)
    names = [*Step._fields[:8], "nth", "t", *keep]
    joined = (np.concatenate(c) for c in zip(*columns, strict=True))
    column = dict(zip(names, joined, strict=True))
    episode = row * n_episodes + column.pop("nth")
    order = np.lexsort((column["t"], episode))
    column = {name: values[order] for name, values in column.items()}
    extra = {name: column.pop(name) for name in keep}
    n_actions = getattr(envs.single_action_space, "n", 0)
    return Dataset(**column, episode=episode[order], person=row[order],
                   n_actions=int(n_actions), extra=extra)  # fmt: skip
