"""Deep Q-networks: Q-learning with a network in place of the table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from gymnasium.vector import VectorEnv
from torch import Tensor
from torch.nn.functional import mse_loss, smooth_l1_loss

from rxcourse import validate
from rxcourse.agents.acting import Actor
from rxcourse.agents.replay import Batch, Replay
from rxcourse.agents.schedules import Schedule, by_decisions
from rxcourse.nets import Adam, Architecture, Networks, one_thread
from rxcourse.network_q import NetworkQ
from rxcourse.policy import Greedy
from rxcourse.rollout import check_envs, interact
from rxcourse.run import CurveLog, Log, Run

Array = np.ndarray


def dqn(
    envs: VectorEnv,
    *,
    n_learners: int,
    n_steps: int,
    gamma: float,
    hidden: Sequence[int] = (64, 64),
    learning_rate: Schedule | Array = 1e-3,
    batch_size: int = 64,
    buffer_size: int = 10_000,
    learning_starts: int = 1_000,
    train_every: int = 4,
    target_every: int = 500,
    tau: float | None = None,
    epsilon: Schedule = 0.1,
    double: bool = False,
    dueling: bool = False,
    n_step: int = 1,
    replay: bool = True,
    target_network: bool = True,
    huber: bool = True,
    factors: Array | None = None,
    allowed=None,
    log: Log | None = None,
    log_every: int | None = None,
    rng: np.random.Generator,
) -> Run:
    r"""Learn action values from remembered decisions, towards a target that stands still.

    .. math:: L(\theta) = E\,\big[ h \big( r + \gamma(s') \max_{a'} Q(s', a'; \theta^-)
              - Q(s, a; \theta) \big) \big]

    with h Huber's loss, theta the weights and theta^- an earlier copy of them.

    Parameters
    ----------
    envs : VectorEnv
        N rows with vector observations or states; learner l of L owns rows l*N/L to
        (l+1)*N/L - 1.
    n_learners : int
        Independent learners, trained together.
    n_steps : int
        Decisions of each learner.
    gamma : float
        Discount factor.
    hidden : sequence of int
        Units of each hidden layer.
    learning_rate : float, callable, or ndarray of shape (L,)
        Of Adam; a function of the decisions taken; or one for each learner, which compares
        learning rates in one run.
    batch_size : int
        Remembered decisions in one update.
    buffer_size : int
        Decisions that a learner remembers.
    learning_starts : int
        Decisions before the first update.
    train_every : int
        Decisions from one update to the next.
    target_every : int
        Decisions from one copy of the weights to the next; the targets are computed with
        the copy.
    tau : float, optional
        Instead of copies: after every update the target network moves this share of the way.
    epsilon : float or callable
        Share of random actions, or a function of the decisions taken.
    double : bool
        Choose the best next action by the weights that learn, value it by the copy.
    dueling : bool
        Learn the value of the observation and the advantages of the actions apart.
    n_step : int
        Rewards that a target counts before it trusts a value.
    replay : bool
        Without it an update sees the latest `train_every` decisions, and only them; where
        several updates fall due at one step, they see the same ones.
    target_network : bool
        Without it the targets move with every update.
    huber : bool
        Without it the loss is half the squared error, whatever the error.
    factors : ndarray of int, shape (A, B), optional
        Branch indices of each action, for a network with an output for each branch's
        levels: see ``rxcourse.nets.Architecture``.
    allowed : callable, or ndarray of bool of shape (S, A), optional
        Honoured in exploration and in every max.
    log, log_every
        See ``rxcourse.run.CurveLog``.
    rng : numpy.random.Generator

    Returns
    -------
    Run
        ``q`` is a ``NetworkQ``, which ``rxcourse.network_q.save`` can keep in a file.

    References
    ----------
    Mnih et al. (2015), doi:10.1038/nature14236. Double: van Hasselt, Guez and Silver
    (2016), arXiv:1509.06461. The parts together: Hessel et al. (2018), arXiv:1710.02298.
    """
    _check_counts(batch_size=batch_size, train_every=train_every, target_every=target_every,
                 learning_starts=learning_starts)  # fmt: skip
    if n_step > 1 and not replay:
        raise ValueError(f"n_step must be 1 without replay, got {n_step}: returns grow in memory.")
    actor = Actor(check_envs(envs), n_learners, epsilon, allowed)
    features = actor.features
    form = Architecture(features.n, actor.n_actions, tuple(hidden), dueling, factors)
    online = Networks.fresh(form, n_learners, rng=rng)
    target = online.copy() if target_network else online
    memory = Replay(n_learners, envs.num_envs, features.n, capacity=buffer_size, gamma=gamma,
                    n_step=n_step, n_allowed=0 if allowed is None else form.n_actions)  # fmt: skip
    rate = by_decisions("learning_rate", learning_rate, n_learners)
    adam = Adam(online, by_learner=rate(0).ndim > 0)
    distance = smooth_l1_loss if huber else half_square
    tau = tau if tau is None else validate.fraction("tau", tau)
    curve = CurveLog(log, log_every, n_learners)

    def act(obs, rng):
        return actor.act(online, obs, rng)

    def draw():
        return memory.sample(batch_size, rng=rng) if replay else memory.latest(train_every)

    def learned():
        return Greedy(NetworkQ(online, features), allowed=allowed)

    curve(0, learned)
    with one_thread():
        for step in interact(envs, act, n_steps=actor.n_calls(n_steps), rng=rng):
            memory.store(features(step.obs), step.action, step.reward, features(step.next_obs),
                         step.terminated, step.truncated, step.live,
                         actor.allowed(step.next_obs))  # fmt: skip
            for _ in range(actor.due(train_every) if actor.taken > learning_starts else 0):
                batch = draw()
                y = targets(online, target, batch, double=double)
                q = online.value(batch.obs, batch.action)
                # The mean over a batch, the sum over learners: each follows its own slope.
                loss = distance(q, y, reduction="none").mean(dim=1).sum()
                adam.step(loss, rate(actor.taken))
                if tau is not None:
                    target.follow(online, tau)
            if tau is None and actor.due(target_every):
                target.follow(online)
            curve(actor.taken, learned)
    return Run(learned(), curve.frame(), NetworkQ(online, features))


@torch.no_grad()
def targets(online: Networks, target: Networks, batch: Batch, *, double: bool) -> Tensor:
    r"""What the values of a batch are moved towards, (L, B).

    .. math:: y = r + \gamma(s') \max_{a'} Q(s', a'; \theta^-)

    and with `double`

    .. math:: y = r + \gamma(s') \, Q\big(s', \arg\max_{a'} Q(s', a'; \theta); \theta^-\big)
    """
    if double:
        choice = online.best_action(batch.next_obs, batch.next_allowed)
        future = target.value(batch.next_obs, choice)
    else:
        future = target.best(batch.next_obs, batch.next_allowed)
    return batch.reward + batch.discount * future


def half_square(q: Tensor, y: Tensor, *, reduction: str) -> Tensor:
    """Half the squared error, which Huber's loss equals for errors below 1."""
    return 0.5 * mse_loss(q, y, reduction=reduction)


def _check_counts(**counts: int) -> None:
    """Refuse what is not a whole number of at least 1."""
    for name, count in counts.items():
        validate.positive_int(name, count)
