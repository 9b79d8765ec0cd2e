"""Policies by networks: probabilities of choices, or the density of a number.

What a network says of an observation is turned into a distribution, from which an action
is drawn. ``Choices`` and ``Numbers`` hold its formulas, on tensors (L, B, outputs) with
which learners compute gradients; the policies map observations as all others do.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import VectorEnv
from torch import Tensor

from rxcourse import validate
from rxcourse.agents.acting import count_actions
from rxcourse.nets import Architecture, Networks, one_thread
from rxcourse.network_q import Features, NetworkQ
from rxcourse.policy import Greedy, as_mask, check_learner, rows_per_learner

Array = np.ndarray
FORBIDDEN = -1e9
"""Preference of a forbidden action: its probability is exactly 0, and no term is NaN."""


@dataclass(frozen=True)
class Choices:
    r"""Softmax: probabilities of A actions from their preferences h.

    .. math:: \pi(a \mid s) = e^{h(s, a)} / \sum_b e^{h(s, b)}

    References
    ----------
    Sutton and Barto (2018), section 13.1.
    """

    n_outputs: int

    def log_prob(self, outputs: Tensor, action: Tensor) -> Tensor:
        """Logarithm of the probability of these actions (L, B): (L, B)."""
        return outputs.log_softmax(-1).gather(-1, action.long()[..., None]).squeeze(-1)

    def entropy(self, outputs: Tensor) -> Tensor:
        """Minus the mean logarithm of the probability: 0 if one action is certain. (L, B)."""
        log_p = outputs.log_softmax(-1)
        return -(log_p.exp() * log_p).sum(-1)


@dataclass(frozen=True)
class Numbers:
    r"""Normal distributions of k numbers from k means and k logarithms of spreads.

    .. math:: \log \pi(a \mid s) = -\tfrac12 \Big( \frac{a - \mu(s)}{\sigma(s)} \Big)^2
              - \log \sigma(s) - \tfrac12 \log 2 \pi

    Attributes
    ----------
    n_outputs : int
        2 k.
    first_spread : float
        Standard deviation where the network says 0.

    References
    ----------
    Williams (1992), doi:10.1007/BF00992696, section 6.
    """

    n_outputs: int
    first_spread: float

    def mean_and_log_spread(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Two tensors (L, B, k)."""
        mean, log_spread = outputs.chunk(2, dim=-1)
        return mean, log_spread + log(self.first_spread)

    def log_prob(self, outputs: Tensor, action: Tensor) -> Tensor:
        """Logarithm of the density at these actions (L, B, k): (L, B)."""
        mean, log_spread = self.mean_and_log_spread(outputs)
        z = (action - mean) / log_spread.exp()
        return (-0.5 * z**2 - log_spread - 0.5 * log(2 * pi)).sum(-1)

    def entropy(self, outputs: Tensor) -> Tensor:
        """Minus the mean logarithm of the density, (L, B): without a lower bound."""
        _, log_spread = self.mean_and_log_spread(outputs)
        return (log_spread + 0.5 * log(2 * pi) + 0.5).sum(-1)


class NetworkPolicy:
    """A stack of L policies by networks, or one; not a copy of the networks it is given.

    Parameters
    ----------
    networks : Networks
    features : Features
    form : Choices or Numbers
    allowed : callable, or ndarray of bool of shape (S, A), optional
    one : bool
        One network as a plain policy, not as a stack of one.
    """

    def __init__(self, networks: Networks, features: Features, form, *, allowed=None, one=False):
        self.networks, self.features, self.form = networks, features, form
        self.mask = as_mask(allowed)
        self.n_learners = None if one else networks.n_learners

    def outputs(self, x: Tensor, allowed: Tensor | None = None) -> Tensor:
        """What the networks say, (L, B, outputs), with forbidden actions out of reach."""
        outputs = self.networks.values(x)
        return outputs if allowed is None else outputs.masked_fill(~allowed, FORBIDDEN)

    def allowed(self, obs: Array) -> Array | None:
        """The mask of actions in observations (L, n, *obs), if there is one."""
        if self.mask is None:
            return None
        lead = obs.shape[: obs.ndim - len(self.features.shape)]
        return validate.allowed_rows("allowed", self.mask(obs), (*lead, self.form.n_outputs))

    def _said(self, obs: Array) -> Array | Tensor:
        """What the networks say of observations (L, n, *obs) or (..., *obs): (..., outputs)."""
        rows = self.features(obs)
        lead = rows.shape[:-1]
        if self.n_learners and lead[:1] != (self.n_learners,):
            raise ValueError(
                f"obs must have shape ({self.n_learners}, n, *obs), one block for each learner of "
                f"the stack, got {np.shape(obs)}. One learner alone is policy[l]."
            )
        shape = (self.networks.n_learners, -1)
        allowed = self.allowed(np.asarray(obs))
        mask = allowed if allowed is None else torch.from_numpy(allowed).reshape(
            *shape, allowed.shape[-1])  # fmt: skip
        with torch.no_grad(), one_thread():
            outputs = self.outputs(torch.from_numpy(rows).view(*shape, self.features.n), mask)
        return outputs.reshape(*lead, -1)

    def copy(self) -> NetworkPolicy:
        """The same policies with weights of their own; refuses weights that are not finite."""
        return self._with(NetworkQ(self.networks, self.features).networks, self.n_learners is None)

    def __getitem__(self, learner: int) -> NetworkPolicy:
        return self._with(self.networks[check_learner(self, learner)], True)

    def _with(self, networks: Networks, one: bool) -> NetworkPolicy:
        return type(self)(networks, self.features, self.form, allowed=self.mask, one=one)


class SoftmaxPolicy(NetworkPolicy):
    """Probabilities of actions from preferences that networks learned."""

    def probs(self, obs: Array) -> Array:
        """Map observations (L, n, *obs), or (..., *obs) for one policy, to (..., A)."""
        return self._said(obs).double().softmax(-1).numpy()

    @property
    def greedy(self) -> Greedy:
        """The stack that always takes the most probable action."""
        one = self.n_learners is None
        return Greedy(NetworkQ(self.networks, self.features, one=one), allowed=self.mask)


class GaussianPolicy(NetworkPolicy):
    """Numbers from normal distributions whose means and spreads networks learned.

    It has no ``probs``: ``rollout`` draws by ``sample``, and data sets that it makes hold
    densities, which evaluators refuse.

    Notes
    -----
    Numbers beyond the bounds of an environment are handed over as they are drawn. The
    environment counts them as the bound, and the density stays that of what was drawn.
    """

    def mean_and_spread(self, obs: Array) -> tuple[Array, Array]:
        """Map observations (L, n, *obs), or (..., *obs), to two arrays (..., k)."""
        mean, log_spread = self.form.mean_and_log_spread(self._said(obs))
        return mean.numpy(), log_spread.exp().numpy()

    def sample(self, obs: Array, *, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draw actions for N rows, which the learners of a stack own in blocks.

        Returns
        -------
        action : ndarray of float32, shape (N, k)
        density : ndarray of shape (N,)
        """
        n_learners = self.n_learners or 1
        n = rows_per_learner(len(obs), n_learners)
        blocks = obs.reshape(n_learners, n, *obs.shape[1:]) if self.n_learners else obs
        outputs = self._said(blocks)
        mean, log_spread = self.form.mean_and_log_spread(outputs)
        z = rng.standard_normal(mean.shape, dtype=np.float32)
        action = mean + log_spread.exp() * torch.from_numpy(z)
        density = self.form.log_prob(outputs, action).double().exp()
        return action.reshape(len(obs), -1).numpy(), density.reshape(-1).numpy()

    @property
    def greedy(self) -> GaussianPolicy:
        """The stack that always takes the mean, up to a spread of one in a million."""
        still = _Still(self.form.n_outputs, self.form.first_spread)
        return GaussianPolicy(self.networks.copy(), self.features, still,
                              one=self.n_learners is None)  # fmt: skip


class _Still(Numbers):
    """Numbers that hardly leave their mean."""

    def mean_and_log_spread(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_spread = outputs.chunk(2, dim=-1)
        return mean, torch.full_like(log_spread, log(1e-6))


def fresh_policy(
    envs: VectorEnv,
    n_learners: int,
    *,
    hidden: tuple[int, ...],
    first_spread: float = 0.5,
    allowed=None,
    rng: np.random.Generator,
) -> NetworkPolicy:
    """Untrained policies for an environment: a softmax for choices, a Gaussian for numbers.

    Parameters
    ----------
    envs : VectorEnv
        With actions counted from 0, or a Box of one axis.
    n_learners : int
    hidden : tuple of int
        Units of each hidden layer.
    first_spread : float
        Standard deviation of numbers at the beginning, about.
    allowed : callable, or ndarray of bool of shape (S, A), optional
        Only for choices.
    """
    features, space = Features.of(envs.single_observation_space), envs.single_action_space
    first_spread = _above_0(first_spread)
    if isinstance(space, Box) and len(space.shape) == 1:
        if allowed is not None:
            raise ValueError("allowed must be left out where actions are numbers: none has a mask.")
        kind, form = GaussianPolicy, Numbers(2 * space.shape[0], first_spread)
    elif isinstance(space, Discrete):
        kind, form = SoftmaxPolicy, Choices(count_actions(envs))
    else:
        raise ValueError(
            f"a policy by networks needs Discrete actions or a Box of one axis, got {space}."
        )
    architecture = Architecture(features.n, form.n_outputs, tuple(hidden))
    networks = Networks.fresh(architecture, n_learners, rng=rng)
    return kind(networks, features, form, allowed=allowed)


def _above_0(spread: float) -> float:
    if not (isinstance(spread, int | float) and 0 < spread < np.inf):
        raise ValueError(f"first_spread must be a number above 0, got {spread!r}.")
    return float(spread)
