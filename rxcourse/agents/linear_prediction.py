"""Linear prediction: semi-gradient TD(0), and TDC, which converges where it does not."""

from __future__ import annotations

import numpy as np
from gymnasium.vector import VectorEnv

from rxcourse.agents.linear_learners import FeatureFunction, LinearLearners, check_weights
from rxcourse.agents.schedules import Schedule, by_decisions
from rxcourse.policy import Policy, check_policy, row_probs
from rxcourse.rollout import Step, acting, interact
from rxcourse.run import CurveLog, Log, Run

Array = np.ndarray


def linear_td(
    envs: VectorEnv,
    policy: Policy,
    features: FeatureFunction,
    *,
    n_learners: int,
    n_steps: int,
    gamma: float,
    alpha: Schedule | Array = 0.1,
    behavior: Policy | None = None,
    w0=0.0,
    log: Log | None = None,
    log_every: int | None = None,
    rng: np.random.Generator,
) -> Run:
    r"""Semi-gradient TD(0): move the weights along the features of the state left behind.

    .. math:: w \leftarrow w + \alpha \, \rho \, [r + \gamma(s') w^\top x(s') - w^\top x(s)]
              \, x(s), \qquad \rho = \pi(a | s) / b(a | s)

    Parameters
    ----------
    envs : VectorEnv
        N rows; learner l of L owns rows l*N/L to (l+1)*N/L - 1.
    policy : Policy, or stack of L policies
        Whose values are learned.
    features : callable
        Maps observations (..., *obs) to rows (..., n): see ``rxcourse.agents.features``.
    n_learners, n_steps : int
        Independent learners, and decisions of each.
    gamma : float
    alpha : float, callable, or ndarray of shape (L,)
        Step size; a function of the decisions taken; or one for each learner.
    behavior : Policy, optional
        Who acts, if not `policy`. Then rho, the importance weight of one step, is not 1.
    w0 : float or ndarray of shape (n,)
        Weights to start from.
    log, log_every
        ``log(w)`` gets a copy of the weights (L, n) and returns columns of shape (L,).
    rng : numpy.random.Generator

    Returns
    -------
    Run
        ``data["w"]`` of shape (L, n): a value is ``features(obs) @ w``.

    References
    ----------
    Sutton and Barto (2018), sections 9.3 and 11.1.
    """
    experience = Experience(envs, policy, behavior, features, n_learners, gamma, alpha, rng)
    w = experience.start(w0, (experience.n_features,))
    curve = CurveLog(log, log_every, n_learners)
    curve(0, w.copy)
    for step, ratio in experience(n_steps):
        for d in experience.decisions(step):
            target = d.reward + d.discount * dot(w[d.learner], d.next_x)
            delta = target - dot(w[d.learner], d.x)
            size = experience.step_size(d) * ratio[d.row]
            w[d.learner] += (size * delta)[:, None] * d.x
        curve(experience.taken, w.copy)
    return Run(policy, curve.frame(), data={"w": check_weights(w)})


def linear_tdc(
    envs: VectorEnv,
    policy: Policy,
    features: FeatureFunction,
    *,
    n_learners: int,
    n_steps: int,
    gamma: float,
    alpha: Schedule | Array = 0.1,
    beta: Schedule | Array = 0.1,
    behavior: Policy | None = None,
    w0=0.0,
    log: Log | None = None,
    log_every: int | None = None,
    rng: np.random.Generator,
) -> Run:
    r"""TD with gradient correction: also take back what the next state's value gains.

    .. math:: w \leftarrow w + \alpha \rho \, [\delta \, x(s) - \gamma(s') \, (h^\top x(s)) \,
              x(s')], \qquad h \leftarrow h + \beta \rho \, [\delta - h^\top x(s)] \, x(s)

    A second set of weights h learns how large the error delta is on average in each state.
    On average w then walks down the slope of the projected Bellman error, which has a bottom
    whoever acts.

    Parameters
    ----------
    beta : float, callable, or ndarray of shape (L,)
        Step size of h; mostly above `alpha`.
    others, returns
        As for ``linear_td``; ``data["h"]`` too.

    References
    ----------
    Sutton et al. (2009), doi:10.1145/1553374.1553501; Sutton and Barto (2018), section 11.7.
    """
    experience = Experience(envs, policy, behavior, features, n_learners, gamma, alpha, rng)
    w = experience.start(w0, (experience.n_features,))
    h, beta = np.zeros_like(w), by_decisions("beta", beta, n_learners)
    curve = CurveLog(log, log_every, n_learners)
    curve(0, w.copy)
    for step, ratio in experience(n_steps):
        second = beta(experience.taken)
        for d in experience.decisions(step):
            target = d.reward + d.discount * dot(w[d.learner], d.next_x)
            delta = target - dot(w[d.learner], d.x)
            size = experience.step_size(d) * ratio[d.row]
            guess = dot(h[d.learner], d.x)
            w[d.learner] += (size * delta)[:, None] * d.x
            w[d.learner] -= (size * d.discount * guess)[:, None] * d.next_x
            second_size = (second[d.learner] if second.ndim else second) * ratio[d.row]
            h[d.learner] += (second_size * (delta - guess))[:, None] * d.x
        curve(experience.taken, w.copy)
    return Run(policy, curve.frame(), data={"w": check_weights(w), "h": h})


def dot(w: Array, x: Array) -> Array:
    """Weighted sum of each row of features by its own weights, (k,)."""
    return np.einsum("kn,kn->k", w, x)


class Experience(LinearLearners):
    """What one policy sees while it or another one acts, with its importance weights."""

    def __init__(self, envs, policy, behavior, features, n_learners, gamma, alpha, rng):
        super().__init__(envs, features, n_learners, gamma, alpha)
        self.envs, self.rng = envs, rng
        self.policy = check_policy(policy, n_learners)
        self.behavior = None if behavior is None else check_policy(behavior, n_learners)

    def __call__(self, n_steps: int):
        """Act; yield each step with its importance weights (N,)."""
        act = acting(self.behavior or self.policy, self.envs)
        ones = np.ones(self.envs.num_envs)
        for step in interact(self.envs, act, n_steps=self.n_calls(n_steps), rng=self.rng):
            self.taken += self.n_rows
            yield step, ones if self.behavior is None else self._ratio(step)

    def _ratio(self, step: Step) -> Array:
        probs = row_probs(self.policy, step.obs)
        return probs[np.arange(len(probs)), step.action] / step.propensity
