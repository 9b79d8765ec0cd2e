"""Estimate the table behind ``PushUpTable-v0`` from the latent people.

``python -m rxcourse.simulators.pushup_estimate`` rebuilds the shipped file.

Six states are a lossy summary of a person, so "the" table does not exist: what is
estimated depends on who gathered the data. It is estimated near the policies of
interest: from 70 % of the best policy found so far and 30 % random actions, beginning
with the coach's rule, for a fixed number of rounds.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
from tqdm import tqdm

from rxcourse.mdp import TabularMDP, policy_value
from rxcourse.policy import EpsilonGreedy, sample_action
from rxcourse.rollout import interact
from rxcourse.simulators import pushup

Array = np.ndarray
SEED, ROUNDS, RANDOM_SHARE = 20261124, 4, 0.3
N_PEOPLE, N_BATCHES = 20_000, 40
S, A = len(pushup.STATES), len(pushup.ACTIONS)
OUTCOMES = (2, 6, 3, 2)
"""Joint outcomes: completed; difficulty 0 (rest) to 5; soreness band 0-3, 4-6, 7-10;
left the programme."""
ALL_PLANS = np.array(list(itertools.product(range(A), repeat=S)))
"""The 4,096 deterministic policies, one action per state."""


def gather(
    behavior, *, n_people: int, rng: np.random.Generator, discount: float = 1.0, **env
) -> tuple[Array, Array]:
    """Count what follows each state and action when `behavior` coaches.

    Parameters
    ----------
    behavior : Policy
    n_people : int
    rng : numpy.random.Generator
    discount : float
        Weight of a slot against the one before it. The shipped table counts all slots
        alike, 1.0. With the discount of the value itself, each slot counts as much as it
        counts in a return that starts at the first one.

    Returns
    -------
    counts : ndarray of shape (S, A, 2, 6, 3, 2, S)
        Expected counts of (completed, difficulty, soreness band, left) and next state.
        Leaving is counted by its probability; nobody actually leaves.
    first : ndarray of shape (S,)
        Counts of first states.
    """
    envs = pushup.PushUpVectorEnv(n_people, **env)
    shape = (S, A, *OUTCOMES[:3], S)
    size = int(np.prod(shape))
    stayed, left, first = np.zeros(size), np.zeros(size), None

    def act(obs, rng):
        return sample_action(behavior, obs, rng=rng)

    for t, step in enumerate(interact(envs, act, n_steps=pushup.HORIZON, rng=rng)):
        first = np.bincount(step.obs, minlength=S) if first is None else first
        info = step.info
        band = (info["soreness"] >= 4) * 1 + (info["soreness"] >= pushup.VERY_SORE)
        parts = (step.obs, step.action, info["completed"] * 1, info["difficulty"], band)
        index = np.ravel_multi_index((*parts, step.next_obs), shape)
        leaving, weight = info["hazard"], discount**t
        stayed += np.bincount(index, weights=weight * (1 - leaving), minlength=size)
        left += np.bincount(index, weights=weight * leaving, minlength=size)
    counts = np.stack([stayed.reshape(shape), left.reshape(shape)], axis=5)
    return counts, first


def reward_of(completed: Array, difficulty: Array) -> Array:
    """The reward of the project: +1 completed at Medium, -1 failed or Hard, else 0."""
    trained = difficulty > 0
    good = trained & (completed == 1) & (difficulty == pushup.MEDIUM)
    bad = trained & ((completed == 0) | (difficulty >= 4))
    return good * 1.0 - bad


def model(counts: Array, first: Array) -> TabularMDP:
    """The tabular model with the project's reward, from counts."""
    n = counts.sum(axis=(2, 3, 4, 5, 6))
    if (n == 0).any():
        s, a = np.argwhere(n == 0)[0]
        raise ValueError(
            f"{pushup.ACTIONS[a]} was never tried in {pushup.STATES[s]}: gather more "
            "data, or a behavior that explores."
        )
    completed, difficulty = np.meshgrid(np.arange(2), np.arange(6), indexing="ij")
    reward = reward_of(completed, difficulty)
    R = np.einsum("sacd,cd->sa", counts.sum(axis=(4, 5, 6)), reward) / n
    P = counts.sum(axis=(2, 3, 4, 5)) / n[..., None]
    P /= P.sum(axis=-1, keepdims=True)
    return TabularMDP(P, R, first / first.sum(), np.zeros(S, bool), pushup.GAMMA,
                      state_names=pushup.STATES, action_names=pushup.ACTIONS)  # fmt: skip


def best_plan(mdp: TabularMDP) -> tuple[Array, Array]:
    """Actions of the best of all deterministic policies, and the values of all."""
    values = policy_value(mdp, np.eye(A)[ALL_PLANS]) @ mdp.d0
    return ALL_PLANS[values.argmax()], values


def estimate(*, n_people: int, n_batches: int, rounds: int, seed: int, progress=False, **env):
    """Iterate estimate -> solve -> gather near the solution, from the coach's rule.

    Returns
    -------
    dict of ndarrays
        counts (n_batches, ...) of the last round, first, behavior (S, A), plans
        (rounds, S): the plan around which each round gathered.
    """
    streams = np.random.SeedSequence(seed).spawn(rounds)
    around, plans = pushup.COACH.table.argmax(axis=-1), []
    for stream in streams:
        plans.append(around)
        behavior = EpsilonGreedy(pushup.plan(*around), RANDOM_SHARE)
        batches = [
            gather(behavior, n_people=n_people, rng=np.random.default_rng(child), **env)
            for child in tqdm(stream.spawn(n_batches), disable=not progress)
        ]
        counts, first = (np.stack(part) for part in zip(*batches, strict=True))
        around, _ = best_plan(model(counts.sum(axis=0), first.sum(axis=0)))
    table = behavior.probs(np.arange(S))
    return {"counts": counts, "first": first, "behavior": table, "plans": np.array(plans)}


def batch_errors(found: dict) -> dict[str, Array]:
    """Standard errors of P (S, A, S) and R (S, A) from the spread between batches."""
    parts = [model(c, f) for c, f in zip(found["counts"], found["first"], strict=True)]
    n = len(parts)
    stack = {"P": np.stack([m.P for m in parts]), "R": np.stack([m.R for m in parts])}
    return {k: v.std(axis=0, ddof=1) / np.sqrt(n) for k, v in stack.items()}


def build(path: Path) -> None:
    """Write the shipped table."""
    found = estimate(n_people=N_PEOPLE, n_batches=N_BATCHES, rounds=ROUNDS, seed=SEED,
                     progress=True)  # fmt: skip
    errors = batch_errors(found)
    counts = found["counts"].sum(axis=0)
    mdp = model(counts, found["first"].sum(axis=0))
    joint = counts / counts.sum(axis=(2, 3, 4, 5, 6), keepdims=True)
    np.savez_compressed(
        path, P=mdp.P, R=mdp.R, d0=mdp.d0, P_stderr=errors["P"], R_stderr=errors["R"],
        joint=joint.astype(np.float32), n=counts.sum(axis=(2, 3, 4, 5, 6)),
        behavior=found["behavior"], plans=found["plans"], seed=SEED,
    )  # fmt: skip


if __name__ == "__main__":
    place = Path(__file__).parent / "tables" / "pushup_table.npz"
    build(place)
    print(f"wrote {place.name}")
