"""Any ``TabularMDP`` as an environment, single or batched."""

from __future__ import annotations

import numpy as np
from gymnasium.spaces import Discrete
from scipy import sparse

from rxcourse.mdp import TabularMDP
from rxcourse.policy import Uniform
from rxcourse.simulators.batch import BatchEnv, SingleEnv
from rxcourse.simulators.streams import keyed_uniform

Array = np.ndarray
DRAWN = 4096
"""Random numbers drawn at once, about."""


class TabularVectorEnv(BatchEnv):
    """N walks through a finite Markov decision process.

    Observation: the state, an integer. Action: an integer. Reward and end: as the
    model says, ``info["cost"]`` too where the model has a cost.

    Parameters
    ----------
    mdp : TabularMDP
    num_envs : int
    horizon : int or None
        Truncate after so many steps.
    """

    def __init__(self, mdp: TabularMDP, num_envs: int = 1, *, horizon=None, render_mode=None):
        super().__init__(
            num_envs, Discrete(mdp.n_states), Discrete(mdp.n_actions), horizon, render_mode
        )
        self.mdp = mdp
        shape = (mdp.n_states, mdp.n_actions)
        self.allowed = np.ones(shape, bool) if mdp.allowed is None else mdp.allowed
        self.baselines = {"random": Uniform(mdp.n_actions, allowed=mdp.allowed)}
        self._ends = bool(mdp.terminal.any())
        self._source = None
        self._first_edges = mdp.d0.cumsum()
        self._first_edges[-1] = np.inf
        # Where all begin alike there is nothing to draw, and restarts are frequent.
        self._only_start = int(mdp.d0.argmax()) if mdp.d0.max() == 1 else None
        self._lay_out_successors()

    def _lay_out_successors(self) -> None:
        """List the possible successors of all (s, a) one after another.

        Row r of the list lives between 2 r and 2 r + 1 on a line, divided in the
        proportions of its probabilities; a point 2 r + u then finds its successor by
        one binary search, whatever r is.
        """
        P = self.mdp.P
        P = P.copy() if sparse.issparse(P) else sparse.csr_array(P.reshape(-1, P.shape[-1]))
        P.eliminate_zeros()
        row = np.repeat(np.arange(P.shape[0]), np.diff(P.indptr))
        cumulative = P.data.cumsum()
        before = np.append(0.0, cumulative)[P.indptr[:-1]]
        self._edges = 2.0 * row + (cumulative - before[row])
        # Half a unit of slack past each row, so that rounding cannot reach the next.
        self._edges[P.indptr[1:] - 1] = 2.0 * np.arange(P.shape[0]) + 1.5
        self._successor = P.indices.astype(np.int64)
        self._cost = None if self.mdp.cost is None else self.mdp.cost.ravel()
        R = self.mdp.R
        self._first_row = np.arange(self.mdp.n_states) * self.mdp.n_actions
        self._base = 2.0 * np.arange(P.shape[0])
        by_form = {1: lambda: R[self._successor], 2: lambda: R.ravel()[row],
                   3: lambda: R.reshape(P.shape)[row, self._successor]}  # fmt: skip
        self._reward = by_form[R.ndim]()

    def begin(self, rows: Array) -> None:
        """Draw first states."""
        if self._only_start is None:
            u = keyed_uniform(self.seed, rows, self.episode[rows], 1)[0]
            first = np.searchsorted(self._first_edges, u, side="right")
        else:
            first = np.full(len(rows), self._only_start)
        if len(rows) == self.num_envs:
            self.state = first
        else:
            self.state = self.state.copy()  # the old array was handed out
            self.state[rows] = first

    def _uniform(self) -> Array:
        """Random numbers for one step, drawn for many at once: for few rows a call costs most."""
        if self._source is not self.rng:  # a reset with a seed begins a new stream
            self._source, self._drawn = self.rng, iter(())
        for numbers in self._drawn:
            return numbers
        self._drawn = iter(self.rng.random((1 + DRAWN // self.num_envs, self.num_envs)))
        return next(self._drawn)

    def advance(self, action: Array):
        row = self._first_row[self.state] + action
        place = self._edges.searchsorted(self._base[row] + self._uniform(), "right")
        self.state = self._successor[place]
        info = self.begin_info()
        if self._cost is not None:
            info["cost"] = self._cost[row]
        terminated = self.mdp.terminal[self.state] if self._ends else self._never
        return self._reward[place], terminated, info

    def begin_info(self) -> dict[str, Array]:
        free = self.mdp.allowed is None
        return {"action_mask": self._all_allowed if free else self.allowed[self.state]}

    def observe(self) -> Array:
        return self.state

    def picture(self, row: int) -> str:
        """The name of the state, with what can be done there."""
        state = self.state[row]
        names = self.mdp.state_names
        return f"step {self.t[row]}: {names[state] if names else f'state {state}'}"


class TabularEnv(SingleEnv):
    """One walk through a finite Markov decision process."""

    def __init__(self, mdp: TabularMDP, *, horizon=None, render_mode=None):
        super().__init__(TabularVectorEnv(mdp, 1, horizon=horizon, render_mode=render_mode))

    def _one(self, obs: Array):
        return np.int64(obs[0])
