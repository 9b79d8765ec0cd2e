"""Advantage actor-critic: the return of REINFORCE is cut short and its rest is valued."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from gymnasium.vector import VectorEnv

from rxcourse import validate
from rxcourse.agents.network_policy import fresh_policy
from rxcourse.agents.reinforce import surrogate, value_error
from rxcourse.agents.schedules import Schedule, by_decisions
from rxcourse.agents.trajectories import Batch, Segments
from rxcourse.nets import Adam, Architecture, Networks, one_thread
from rxcourse.policy import sample_action
from rxcourse.rollout import check_envs, interact
from rxcourse.run import CurveLog, Log, Run
from rxcourse.validate import positive_int

Array = np.ndarray


def actor_critic(
    envs: VectorEnv,
    *,
    n_learners: int,
    n_steps: int,
    gamma: float,
    hidden: Sequence[int] = (64, 64),
    learning_rate: Schedule | Array = 1e-3,
    critic_rate: Schedule | Array = 1e-2,
    segment: int = 16,
    lam: float = 0.95,
    entropy: float = 0.01,
    first_spread: float = 0.5,
    allowed=None,
    log: Log | None = None,
    log_every: int | None = None,
    rng: np.random.Generator,
) -> Run:
    r"""Climb the expected return, every few decisions, by what a critic says of them.

    .. math:: \nabla J(\theta) \approx E\,\big[ \hat A_t \, \nabla \log \pi(A_t \mid S_t; \theta)
              + \beta \, \nabla H\big( \pi(\cdot \mid S_t; \theta) \big) \big]

    with A the advantage as estimated by the critic and H the entropy of the policy.

    Parameters
    ----------
    envs : VectorEnv
        N rows with vector observations or states; learner l of L owns rows l*N/L to
        (l+1)*N/L - 1.
    n_learners : int
        Independent learners, trained together.
    n_steps : int
        Decisions of each learner; those of an unfinished last segment are not learned from.
    gamma : float
        Discount factor. The factor gamma^t of the theorem is left out, as is usual: late
        decisions count like early ones.
    hidden : sequence of int
        Units of each hidden layer, of the policy and of the critic.
    learning_rate : float, callable, or ndarray of shape (L,)
        Of Adam, for the policy; a function of the decisions taken; or one for each learner.
    critic_rate : float, callable, or ndarray of shape (L,)
        Of Adam, for the critic.
    segment : int
        Decisions of each row in one update.
    lam : float
        Of the generalised advantage: 1 counts all rewards of the segment before it trusts
        a value (n-step returns), 0 only the next.
    entropy : float
        Weight beta of the entropy bonus.
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
    Mnih et al. (2016), arXiv:1602.01783. Advantages: Schulman et al. (2016),
    arXiv:1506.02438.
    """
    policy = fresh_policy(check_envs(envs), n_learners, hidden=hidden,
                          first_spread=first_spread, allowed=allowed, rng=rng)  # fmt: skip
    memory = Segments(policy, envs.num_envs, gamma=gamma, length=segment)
    form = Architecture(policy.features.n, 1, tuple(hidden))
    value = Networks.fresh(form, n_learners, rng=rng)
    rate = by_decisions("learning_rate", learning_rate, n_learners)
    value_rate = by_decisions("critic_rate", critic_rate, n_learners)
    adam = Adam(policy.networks, by_learner=rate(0).ndim > 0)
    value_adam = Adam(value, by_learner=value_rate(0).ndim > 0)
    curve, taken = CurveLog(log, log_every, n_learners), 0
    n_calls = -(-positive_int("n_steps", n_steps) // memory.per_learner)
    lam, entropy = validate.fraction("lam", lam), float(validate.finite("entropy", entropy, ndim=0))

    def act(obs, rng):
        return sample_action(policy, obs, rng=rng)

    curve(0, policy.copy)
    with one_thread():
        for step in interact(envs, act, n_steps=n_calls, rng=rng):
            memory.store(step)
            taken += memory.per_learner
            if memory.complete:
                batch = memory.take()
                v = value.values(batch.obs).squeeze(-1)
                with torch.no_grad():
                    following = value.values(batch.next_obs).squeeze(-1)
                now, after = memory.by_time(v), memory.by_time(following)
                advantage = memory.by_learner(advantages(batch, now, after, lam))
                target = advantage + v.detach()
                # The sum over learners: each follows its own slope.
                gain = surrogate(policy, batch, advantage) + entropy * spread(policy, batch)
                adam.step(-gain.sum(), rate(taken))
                value_adam.step(value_error(v, target, batch).sum(), value_rate(taken))
            curve(taken, policy.copy)
    return Run(policy.copy(), curve.frame())


def advantages(batch: Batch, now: Array, after: Array, lam: float) -> Array:
    r"""How much better each decision was than the critic expected, (T, N).

    .. math:: \hat A_t = \delta_t + \gamma \lambda \, \hat A_{t+1}, \qquad
              \delta_t = R_{t+1} + \gamma(S_{t+1}) \, v(S_{t+1}) - v(S_t)

    The sum ends with the segment, and where the episode does. There the value of what
    follows is still in the error, unless the episode has terminated: gamma is 0 then.

    Parameters
    ----------
    batch : Batch
    now, after : ndarray of shape (T, N)
        Values of the observations, and of those really reached.
    lam : float
    """
    error = batch.reward + batch.discount * after - now
    later, found = np.zeros(error.shape[1]), np.empty_like(error, dtype=float)
    for t in reversed(range(len(found))):
        found[t] = later = error[t] + lam * batch.discount[t] * batch.goes_on[t] * later
    return found


def spread(policy, batch: Batch) -> torch.Tensor:
    """Mean entropy of the policy where decisions were taken, (L,)."""
    outputs = policy.outputs(batch.obs, batch.allowed)
    return (batch.share * policy.form.entropy(outputs)).sum(dim=1)
