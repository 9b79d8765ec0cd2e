"""What all tests share: fixed hypothesis examples, and random processes to try things on."""

import numpy as np
import pytest
from hypothesis import settings
from scipy import sparse

from rxcourse.mdp import TabularMDP

# The same examples on every machine, and no failure because a machine is slow.
settings.register_profile("course", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("course")


def _random_mdp(
    seed, *, n_states=6, n_actions=3, gamma=0.9, ends=False, masked=False, reward=2, as_sparse=False
):
    """A process drawn at random; with `ends`, its last two states are terminal."""
    rng = np.random.default_rng(seed)
    S, A = n_states, n_actions
    # Small concentration: some moves are likely, most are rare, as in real tables.
    P = rng.dirichlet(np.full(S, 0.3), size=(S, A))
    P = 0.95 * P + 0.05 / S
    R = rng.normal(size=(S, A, S)[:reward] if reward != 1 else S)
    terminal = np.arange(S) >= (S - 2 if ends else S)
    allowed = None
    if masked:
        allowed = rng.random((S, A)) < 0.6
        allowed[np.arange(S), rng.integers(A, size=S)] = True
    if as_sparse:
        P = sparse.csr_array(P.reshape(-1, S))
    return TabularMDP(P, R, np.full(S, 1 / S), terminal, gamma, allowed=allowed)


@pytest.fixture
def random_mdp():
    return _random_mdp
