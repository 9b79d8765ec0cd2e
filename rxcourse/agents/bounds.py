"""How far an iteration is from the truth, and the record that says so.

A small step from v to Tv says little: at gamma = 0.999 the values may still be a
thousand steps away. ``error_bounds`` turns the same step into limits that hold for
v*, and the loops in ``planning`` stop on the distance between those limits. With
gamma = 1 there are no such limits, unless every move has some chance to end; then the
loops stop on the step, the bounds are infinite and ``certified`` is False.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rxcourse import validate
from rxcourse.mdp import TabularMDP, check_mdp
from rxcourse.policy import Policy

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Solution:
    """What planning returns.

    Attributes
    ----------
    policy : Policy
        Greedy in `q`, ties shared; it loses at most ``upper - lower`` against the best.
        (``policy_evaluation`` returns the policy it was given.)
    v : ndarray of shape (S,)
        Halfway between the bounds.
    q : ndarray of shape (S, A)
        No further from the truth than v is. Forbidden actions have values too.
    lower, upper : ndarray of shape (S,)
        The true values lie between these, up to rounding. Infinite: nothing is certain.
    n_iterations : int
        Backups of the whole process.
    converged : bool
        False if `max_iterations` came first.
    history : pandas.DataFrame
        For each iteration: `step`, the largest abs(Tv - v), and `gap`, the width of the
        bounds.
    """

    policy: Policy
    v: Array
    q: Array
    lower: Array
    upper: Array
    n_iterations: int
    converged: bool
    history: pd.DataFrame

    @property
    def certified(self) -> bool:
        """Whether the bounds are finite."""
        return bool(np.isfinite(self.lower).all() and np.isfinite(self.upper).all())

    @property
    def pi(self) -> Array:
        """The policy as a table of probabilities, shape (S, A)."""
        return self.policy.probs(np.arange(len(self.v)))


def error_bounds(step: Array, sums: tuple[float, float]) -> tuple[float, float]:
    r"""How far v* may lie below and above Tv, told from one step of an iteration.

    .. math:: \frac{c}{1 - c} \min_s d(s) \le v^*(s) - (Tv)(s)
              \le \frac{c}{1 - c} \max_s d(s), \qquad d = Tv - v

    Parameters
    ----------
    step : ndarray
        d, over the states that are not terminal.
    sums : (float, float)
        Least and largest sum of a row of discounted moves. Both are gamma when no
        state is terminal; a move into a terminal state does not count. On the left c
        is the largest sum if min d < 0 and the least otherwise; on the right it is the
        largest if max d > 0: whichever makes the interval wider.

    Returns
    -------
    low, high : float
        Infinite when some sum is 1: then nothing is certain.

    References
    ----------
    MacQueen (1966), J Math Anal Appl 14:38-43. Puterman (1994), section 6.6, has one
    discount for all moves; terminal states make it a range.
    """
    least_sum, largest_sum = sums
    if largest_sum >= 1:
        return -np.inf, np.inf
    least, largest = float(step.min()), float(step.max())
    c_low = largest_sum if least < 0 else least_sum
    c_high = largest_sum if largest > 0 else least_sum
    return least * c_low / (1 - c_low), largest * c_high / (1 - c_high)


def decisions(mdp: TabularMDP) -> Array:
    """Mark the state-action pairs (S, A) that can be chosen: allowed, not terminal."""
    live = np.repeat(~mdp.terminal[:, None], mdp.n_actions, axis=1)
    return live if mdp.allowed is None else live & mdp.allowed


class Watch:
    """Watches an iteration: measures its steps, says when to stop, writes the record.

    Parameters
    ----------
    mdp : TabularMDP
    tol, max_iterations
        As in ``value_iteration``.
    sums : ndarray of shape (S,), optional
        Sums of the rows of discounted moves, for the evaluation of one policy. Default:
        those of all allowed actions.
    """

    def __init__(
        self, mdp: TabularMDP, *, tol: float = 0.0, max_iterations: int, sums: Array | None = None
    ):
        if not tol >= 0:
            raise ValueError(f"tol must be a number of at least 0, got {tol!r}.")
        self.tol = tol
        self.max_iterations = validate.positive_int("max_iterations", max_iterations)
        self.live = ~check_mdp(mdp).terminal
        if not self.live.any():
            raise ValueError("terminal must leave at least one state to decide in.")
        if sums is None:
            sums = (mdp.rows @ mdp.discount).reshape(mdp.n_states, mdp.n_actions)[decisions(mdp)]
        else:
            sums = sums[self.live]
        self.sums = float(sums.min()), float(sums.max())
        self.converged = False
        self.history: list[tuple[float, float]] = []

    def done(self, step: Array) -> bool:
        """Note one step, of shape (S,), and say whether to stop."""
        step = step[self.live]
        self.low, self.high = error_bounds(step, self.sums)
        gap, size = self.high - self.low, float(abs(step).max())
        self.history.append((size, gap))
        self.converged = (gap if np.isfinite(gap) else size) <= self.tol
        return self.converged or self.exhausted

    @property
    def exhausted(self) -> bool:
        """Whether the last iteration has been."""
        return len(self.history) >= self.max_iterations

    def solution(self, policy: Policy, v: Array, q: Array) -> Solution:
        """Shift values and bounds to where the last step says they belong."""
        middle = (self.low + self.high) / 2 if np.isfinite(self.high) else 0.0
        history = pd.DataFrame(self.history, columns=["step", "gap"])
        history.index = pd.RangeIndex(1, len(history) + 1, name="iteration")
        low, high, middle = (np.where(self.live, x, 0.0) for x in (self.low, self.high, middle))
        return Solution(policy, v + middle, q + middle[:, None], v + low, v + high,
                        len(history), self.converged, history)  # fmt: skip
