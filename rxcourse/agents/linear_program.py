"""The best policy as the answer to a linear program."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from rxcourse.agents.bounds import Solution, Watch, decisions
from rxcourse.agents.planning import best
from rxcourse.mdp import TabularMDP, bellman_backup
from rxcourse.policy import Greedy


def linear_program(mdp: TabularMDP) -> Solution:
    r"""Find the smallest values that no action can beat.

    .. math:: \min_v \sum_s v(s) \quad \text{such that} \quad
              v(s) \ge \sum_{s'} P(s' | s, a) \, (R + \gamma(s') v(s'))
              \quad \text{for every } s \text{ and allowed } a

    Parameters
    ----------
    mdp : TabularMDP
        Slow beyond some thousand states.

    Returns
    -------
    Solution
        Its bounds come from one backup of the answer, so they also check the solver.

    Raises
    ------
    ValueError
        If there is no answer: with gamma = 1, when reward can be gathered for ever.

    References
    ----------
    d'Epenoux (1963), Manag Sci 10:98-108; Puterman (1994), section 6.9.
    """
    watch = Watch(mdp, max_iterations=1)
    live = np.flatnonzero(watch.live)
    state, action = np.nonzero(decisions(mdp))
    one = sparse.csr_array((np.ones(len(state)), (np.arange(len(state)), state)),
                           shape=(len(state), mdp.n_states))  # fmt: skip
    moves = sparse.csr_array(mdp.rows[state * mdp.n_actions + action] * mdp.discount)
    found = linprog(
        c=np.ones(len(live)),
        A_ub=(moves - one)[:, live],
        b_ub=-mdp.reward[state, action],
        bounds=(None, None),
        method="highs",
    )
    if not found.success:
        raise ValueError(
            "mdp has no finite best values: with gamma = 1 some policy goes on for ever. "
            f"The solver says: {found.message}"
        )
    v = np.zeros(mdp.n_states)
    v[live] = found.x
    q = bellman_backup(mdp, v)
    _, v_new = best(mdp, q)
    watch.done(v_new - v)
    watch.converged = True
    return watch.solution(Greedy(q, allowed=mdp.allowed), v_new, q)
