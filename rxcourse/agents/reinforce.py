"""REINFORCE: raise the probability of what was followed by more than expected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from gymnasium.vector import VectorEnv
from torch import Tensor

from rxcourse.agents.network_policy import GaussianPolicy as GaussianPolicy
from rxcourse.agents.network_policy import NetworkPolicy, fresh_policy
from rxcourse.agents.network_policy import SoftmaxPolicy as SoftmaxPolicy
from rxcourse.agents.schedules import Schedule, by_decisions
from rxcourse.agents.trajectories import Batch, Episodes
from rxcourse.nets import Adam, Architecture, Networks, one_thread
from rxcourse.policy import sample_action
from rxcourse.rollout import check_ends, check_envs, interact
from rxcourse.run import CurveLog, Log, Run
from rxcourse.validate import positive_int

Array = np.ndarray


def reinforce(
    envs: VectorEnv,
    *,
    n_learners: int,
    n_steps: int,
    gamma: float,
    hidden: Sequence[int] = (64, 64),
    learning_rate: Schedule | Array = 1e-3,
    baseline: bool = True,
    baseline_rate: Schedule | Array = 1e-2,
    first_spread: float = 0.5,
    allowed=None,
    log: Log | None = None,
    log_every: int | None = None,
    rng: np.random.Generator,
) -> Run:
    r"""Climb the expected return along a gradient estimated from whole episodes.

    .. math:: \nabla J(\theta) = E\,\Big[ \sum_t \gamma^t \, \big( G_t - b(S_t) \big) \,
              \nabla \log \pi(A_t \mid S_t; \theta) \Big]

    with G the return from t on and b the baseline, a learned value of the observation.

    Parameters
    ----------
    envs : VectorEnv
        N rows whose episodes terminate; learner l of L owns rows l*N/L to (l+1)*N/L - 1.
        One update sees one episode of each row.
    n_learners : int
        Independent learners, trained together.
    n_steps : int
        Decisions of each learner; those of an unfinished last update are not learned from.
    gamma : float
        Discount factor.
    hidden : sequence of int
        Units of each hidden layer, of the policy and of the baseline.
    learning_rate : float, callable, or ndarray of shape (L,)
        Of Adam, for the policy; a function of the decisions taken; or one for each learner.
    baseline : bool
        Without it b is 0.
    baseline_rate : float, callable, or ndarray of shape (L,)
        Of Adam, for the baseline.
    first_spread : float
        Where actions are numbers: standard deviation at the beginning, about.
    allowed : callable, or ndarray of bool of shape (S, A), optional
        Other actions have probability 0.
    log, log_every
        See ``rxcourse.run.CurveLog``; handed the stochastic stack.
    rng : numpy.random.Generator

    Returns
    -------
    Run
        ``policy`` is the stochastic stack, since its return is what was climbed;
        ``policy.greedy`` takes the most probable action, or the mean.

    References
    ----------
    Williams (1992), doi:10.1007/BF00992696. Sutton and Barto (2018), sections 13.3, 13.4.
    """
    policy = fresh_policy(check_ends(check_envs(envs)), n_learners, hidden=hidden,
                          first_spread=first_spread, allowed=allowed, rng=rng)  # fmt: skip
    memory = Episodes(policy, envs.num_envs, gamma=gamma)
    form = Architecture(policy.features.n, 1, tuple(hidden))
    value = Networks.fresh(form, n_learners, rng=rng)
    rate = by_decisions("learning_rate", learning_rate, n_learners)
    value_rate = by_decisions("baseline_rate", baseline_rate, n_learners)
    adam = Adam(policy.networks, by_learner=rate(0).ndim > 0)
    value_adam = Adam(value, by_learner=value_rate(0).ndim > 0)
    curve, taken = CurveLog(log, log_every, n_learners), 0
    n_calls = -(-positive_int("n_steps", n_steps) // memory.per_learner)

    def act(obs, rng):
        return sample_action(policy, obs, rng=rng)

    curve(0, policy.copy)
    with one_thread():
        for step in interact(envs, act, n_steps=n_calls, rng=rng):
            memory.store(step)
            taken += memory.per_learner
            if memory.complete:
                batch = memory.take()
                target = memory.by_learner(returns(batch))
                v = value.values(batch.obs).squeeze(-1)
                advantage = target - v.detach() if baseline else target
                # The sum over learners: each follows its own slope.
                loss = -surrogate(policy, batch, advantage).sum()
                adam.step(loss, rate(taken))
                if baseline:
                    value_adam.step(value_error(v, target, batch).sum(), value_rate(taken))
            curve(taken, policy.copy)
    return Run(policy.copy(), curve.frame())


def returns(batch: Batch) -> Array:
    r"""Reward from each decision to the end of its episode, (T, N).

    .. math:: G_t = R_{t+1} + \gamma(S_{t+1}) \, G_{t+1}
    """
    later, found = np.zeros(batch.reward.shape[1]), np.empty_like(batch.reward, dtype=float)
    for t in reversed(range(len(found))):
        found[t] = later = batch.reward[t] + batch.discount[t] * later
    return found


def surrogate(policy: NetworkPolicy, batch: Batch, advantage: Tensor) -> Tensor:
    r"""Sum of share x advantage x log-probability, (L,): its gradient is the estimate.

    .. math:: \sum_t w_t \, \hat A_t \, \log \pi(A_t \mid S_t; \theta)
    """
    outputs = policy.outputs(batch.obs, batch.allowed)
    return (batch.share * advantage * policy.form.log_prob(outputs, batch.action)).sum(dim=1)


def value_error(v: Tensor, target: Tensor, batch: Batch) -> Tensor:
    """Mean squared error of the values of decisions that count, (L,)."""
    counts = (batch.share > 0).float()
    squares = torch.where(batch.share > 0, (target - v) ** 2, 0.0)
    return squares.sum(dim=1) / counts.sum(dim=1).clamp(min=1)
