"""A shield: the policy as it is really executed when some actions are forbidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rxcourse.policy import Policy, Table, as_mask, check_learner, check_policy

Array = np.ndarray


class Shield:
    """Move the probability of forbidden actions to the nearest safer one.

    What it returns is what is executed, so a shielded policy is simulated, logged and
    evaluated like any other.

    Parameters
    ----------
    policy : Policy or stack
    allowed : callable or ndarray of shape (S, A)
        Which actions are allowed; see ``rxcourse.policy.ActionMask``.
    safer : mapping of int to sequence of int
        Fallbacks of each action, nearest first. The last fallback of all of them is the
        safe default, which must be allowed everywhere.

    Raises
    ------
    ValueError
        If the fallbacks do not end in one common safe default, or if that default is
        forbidden in some observation.

    References
    ----------
    Alshiekh et al. (2018), "Safe reinforcement learning via shielding",
    doi:10.1609/aaai.v32i1.11797.
    """

    def __init__(self, policy: Policy, allowed, safer: Mapping[int, Sequence[int]]):
        self.policy, self.allowed = check_policy(policy), as_mask(allowed)
        if allowed is None:
            raise ValueError(
                "allowed must be a mask (S, A) or a function, got None: a shield needs to know "
                "what is forbidden."
            )
        self.safer = {int(a): tuple(map(int, safer[a])) for a in sorted(safer)}
        if list(self.safer) != list(range(len(self.safer))):
            raise ValueError(
                f"safer must name the fallbacks of actions 0 to A-1, got {list(self.safer)}."
            )
        known = range(len(self.safer))
        for action, fallbacks in self.safer.items():
            if wrong := [f for f in fallbacks if f not in known]:
                raise ValueError(
                    f"fallbacks in safer must be actions 0 to {len(known) - 1}, got {wrong[0]} "
                    f"for action {action}."
                )
        for name, part in (("policy", policy), ("allowed", self.allowed)):
            if isinstance(part, Table):
                self._check_actions(name, part.table)
        ends = {(fallbacks or (a,))[-1] for a, fallbacks in self.safer.items()}
        if len(ends) != 1:
            raise ValueError(
                f"all fallbacks in safer must end in one safe default, got ends {sorted(ends)}."
            )
        self.default = ends.pop()
        self.n_learners = getattr(policy, "n_learners", None)

    def _check_actions(self, name: str, rows: Array) -> None:
        """Refuse another number of actions than the fallbacks have."""
        if rows.shape[-1] != len(self.safer):
            raise ValueError(
                f"{name} must have the {len(self.safer)} actions that safer names, got "
                f"{rows.shape[-1]}."
            )

    def probs(self, obs: Array) -> Array:
        """Probabilities as executed, (..., *obs) -> (..., A)."""
        wanted, allowed = self.policy.probs(obs), self.allowed(obs)
        self._check_actions("policy", wanted)
        self._check_actions("allowed", allowed)
        if not allowed[..., self.default].all():
            raise ValueError(
                f"the safe default, action {self.default}, must be allowed everywhere; the "
                "mask forbids it in some observation."
            )
        executed = np.where(allowed, wanted, 0.0)
        for action, fallbacks in self.safer.items():
            moving = np.where(allowed[..., action], 0.0, wanted[..., action])
            for fallback in fallbacks:
                here = np.where(allowed[..., fallback], moving, 0.0)
                executed[..., fallback] += here
                moving = moving - here
        return executed

    def overridden(self, obs: Array) -> Array:
        """Probability that the shield steps in, (..., *obs) -> (...)."""
        return np.where(self.allowed(obs), 0.0, self.policy.probs(obs)).sum(axis=-1)

    def __getitem__(self, learner: int) -> Shield:
        check_learner(self, learner)
        if getattr(self.allowed, "n_learners", None):
            return Shield(self.policy[learner], self.allowed[learner], self.safer)
        return Shield(self.policy[learner], self.allowed, self.safer)
