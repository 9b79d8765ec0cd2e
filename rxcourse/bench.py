"""How fast is it: ``python -m rxcourse.bench``, or ``make bench``.

Rates per CPU second on one thread, the median of three, beside a plain Python loop over
the same Gymnasium environment in the same run. Machines differ and are noisy: compare the
ratios, not the rates.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import gymnasium as gym
import numpy as np
from scipy import sparse
from tqdm import tqdm

import rxcourse  # noqa: F401  registers the environments
from rxcourse.agents.planning import modified_policy_iteration, value_iteration
from rxcourse.agents.q_learning import q_learning
from rxcourse.mdp import TabularMDP

REPEATS = 3


def cpu_seconds(job: Callable[[], object]) -> float:
    """Median CPU time of a job over three runs."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        job()
        times.append(time.process_time() - start)
    return median(times)


def steps_per_second(envs, n_steps: int) -> float:
    """Person-steps per CPU second under random actions drawn beforehand."""
    rng = np.random.default_rng(0)
    actions = rng.integers(envs.single_action_space.n, size=(n_steps, envs.num_envs))
    envs.reset(seed=0)

    def job():
        for action in actions:
            envs.step(action)

    return n_steps * envs.num_envs / cpu_seconds(job)


def plain_q_learning(env, n_steps: int, *, gamma=0.9, alpha=0.1, epsilon=0.1) -> np.ndarray:
    """Q-learning as one would type it, one step at a time: what ours is compared with."""
    rng = np.random.default_rng(0)
    q = np.zeros((env.observation_space.n, env.action_space.n))
    obs, _ = env.reset(seed=0)
    for _ in range(n_steps):
        explore = rng.random() < epsilon
        action = int(rng.integers(env.action_space.n)) if explore else int(q[obs].argmax())
        next_obs, reward, terminated, truncated, _ = env.step(action)
        target = reward + gamma * (not terminated) * q[next_obs].max()
        q[obs, action] += alpha * (target - q[obs, action])
        obs = env.reset()[0] if terminated or truncated else next_obs
    return q


def updates_per_second(n_learners: int, n_steps: int, rows: int = 1) -> float:
    """Updates per CPU second of `n_learners` learners with so many environments each."""
    envs = gym.make_vec("rxcourse/PushUpTable-v0", num_envs=n_learners * rows)
    settings = dict(n_learners=n_learners, n_steps=n_steps, gamma=0.9)
    job = lambda: q_learning(envs, **settings, rng=np.random.default_rng(0))  # noqa: E731
    return n_learners * n_steps / cpu_seconds(job)


def dense_mdp(S: int = 1000, A: int = 10) -> TabularMDP:
    """A dense random process, gamma 0.99."""
    rng = np.random.default_rng(0)
    P = rng.exponential(size=(S, A, S))
    P /= P.sum(axis=-1, keepdims=True)
    ends = np.zeros(S, bool)
    return TabularMDP(P, rng.random((S, A)), np.full(S, 1 / S), ends, 0.99)


def sparse_mdp(S: int = 100_000, A: int = 10, successors: int = 5) -> TabularMDP:
    """A random process with few successors, gamma 0.99."""
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(S * A), successors)
    weights = rng.exponential(size=(S * A, successors))
    weights /= weights.sum(axis=1, keepdims=True)
    places = (weights.ravel(), (rows, rng.integers(S, size=rows.size)))
    P = sparse.csr_array(places, shape=(S * A, S))
    return TabularMDP(P, rng.random((S, A)), np.full(S, 1 / S), np.zeros(S, bool), 0.99)


def simulation() -> list[str]:
    """Batched simulation against Gymnasium's loop over single environments."""
    name = "rxcourse/PushUp-v0"
    ours = steps_per_second(gym.make_vec(name, num_envs=10_000), 50)
    loop = gym.make_vec(name, num_envs=100, vectorization_mode="sync")
    plain = steps_per_second(loop, 50)
    weeks = steps_per_second(gym.make_vec("rxcourse/WeeklyRoutine-v0", num_envs=10_000), 8)
    return [
        f"PushUp-v0, 10,000 people: {ours / 1e6:.2f} M person-steps per CPU second, "
        f"{ours / plain:.0f} times SyncVectorEnv ({plain:,.0f})",
        f"WeeklyRoutine-v0, 10,000 people: {3 * weeks / 1e6:.2f} M person-sessions per CPU second",
    ]


def learning() -> list[str]:
    """Tabular learning against a plain loop."""
    env = gym.make("rxcourse/PushUpTable-v0")
    plain = 20_000 / cpu_seconds(lambda: plain_q_learning(env, 20_000))
    lines = [f"Q-learning, plain loop: {plain:,.0f} updates per CPU second"]
    for n_learners, rows, n_steps in ((1, 1, 20_000), (1, 8, 80_000), (1000, 1, 3000)):
        rate = updates_per_second(n_learners, n_steps, rows)
        lines.append(
            f"Q-learning, {n_learners:,} learner(s) with {rows} environment(s) each: "
            f"{rate:,.0f} updates per CPU second, {rate / plain:.2g} times the plain loop"
        )
    lines.append(
        "One learner alone is slower than the plain loop because each call of NumPy has a fixed "
        "cost; the gain comes from many learners in one call."
    )
    return lines


def planning() -> list[str]:
    """Exact planning to 1e-8, and what the first use of a model costs besides."""
    lines = []
    for name, make in (("dense, S 1,000, A 10", dense_mdp),
                       ("sparse, S 100,000, A 10, 5 successors", sparse_mdp)):  # fmt: skip
        mdp = make()
        start = time.process_time()
        _ = mdp.rows, mdp.reward
        first = time.process_time() - start
        by_method = {
            solve.__name__: cpu_seconds(lambda s=solve, m=mdp: s(m, tol=1e-8))
            for solve in (modified_policy_iteration, value_iteration)
        }
        times = ", ".join(f"{method} {t:.3f} s" for method, t in by_method.items())
        lines.append(f"planning {name}: {times}; first use of the model {first:.3f} s")
    return lines


DEEP = {"learning_rate": 1e-3, "buffer_size": 10_000, "batch_size": 64, "gamma": 0.99,
        "learning_starts": 100}  # fmt: skip
"""What both codes call alike; both have 2 layers of 64 units and update every 4 decisions."""


def our_dqn(n_learners: int, rows: int, n_steps: int) -> Callable[[], object]:
    """Learners together on CartPole, each with so many environments."""
    from rxcourse.agents.dqn import dqn

    envs = gym.make_vec(
        "CartPole-v1", num_envs=n_learners * rows, vectorization_mode="vector_entry_point"
    )
    settings = dict(n_learners=n_learners, n_steps=n_steps, hidden=(64, 64), train_every=4,
                    target_every=500, epsilon=0.1, **DEEP)  # fmt: skip
    return lambda: dqn(envs, **settings, rng=np.random.default_rng(0))


def their_dqn(rows: int, n_steps: int) -> Callable[[], object]:
    """One learner of Stable-Baselines3 with the same settings."""
    from stable_baselines3 import DQN
    from stable_baselines3.common.env_util import make_vec_env

    settings = dict(policy_kwargs={"net_arch": [64, 64]}, train_freq=4 // rows, gradient_steps=1,
                    target_update_interval=500, exploration_initial_eps=0.1,
                    exploration_final_eps=0.1, device="cpu", seed=0, **DEEP)  # fmt: skip
    return lambda: DQN("MlpPolicy", make_vec_env("CartPole-v1", rows), **settings).learn(n_steps)


def deep(n_learners: int = 20, n_steps: int = 5_000) -> list[str]:
    """DQN of many learners against one learner of Stable-Baselines3."""
    lines = []
    for rows in (4, 1):
        ours = cpu_seconds(our_dqn(n_learners, rows, n_steps))
        line = (
            f"DQN on CartPole, {n_learners} learners together, {n_steps:,} decisions with {rows} "
            f"environment(s) each: {ours:.1f} CPU seconds"
        )
        try:
            theirs = cpu_seconds(their_dqn(rows, n_steps))
            line += f", {ours / theirs:.2f} times Stable-Baselines3 with one ({theirs:.1f})"
        except ImportError:
            line += "; Stable-Baselines3 is not installed, so there is nothing to compare with"
        lines.append(line)
    return lines


def main() -> None:
    """Print all rates; the bar shows only in a terminal."""
    # Each part in a fresh process: what ran before leaves its traces in memory and slows the next.
    fresh = ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1)
    parts = ("simulation", "learning", "planning", "deep")
    with fresh, tqdm(total=len(parts), desc="bench", disable=None) as bar:
        for lines in fresh.map(call, parts):
            bar.update()
            for line in lines:
                tqdm.write(line)


def call(part: str) -> list[str]:
    """The lines of one part, by its name."""
    return globals()[part]()


if __name__ == "__main__":
    main()
