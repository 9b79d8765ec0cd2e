"""The published decision process gives its published numbers, by linear algebra."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from rxcourse.agents.linear_program import linear_program
from rxcourse.agents.planning import modified_policy_iteration, policy_iteration, value_iteration
from rxcourse.datasets import icu_sepsis
from rxcourse.mdp import policy_value
from rxcourse.policy import Uniform

# README of icu-sepsis 2.0.1 and Choudhary et al. (2024), arXiv:2406.05646: return and length.
PUBLISHED = {"random": (0.78, 9.45), "expert": (0.78, 9.22), "optimal": (0.88, 10.99)}
EPISODES = 50_000  # what their script for the baselines simulates for each policy
STATES = np.arange(716)


@pytest.fixture(scope="module")
def mdp():
    return icu_sepsis.load()


@pytest.fixture(scope="module")
def policies(mdp):
    return {
        "random": Uniform(25).probs(STATES),
        "expert": icu_sepsis.expert().probs(STATES),
        "optimal": policy_iteration(mdp).pi,
    }


def length(mdp, pi):
    """Mean and standard deviation of the length of an episode, by its first two moments."""
    counting = replace(mdp, R=np.ones((716, 25)), allowed=None)
    first = policy_value(counting, pi)
    moves_on = counting.rows @ (counting.discount * first)  # E L^2 = 1 + 2 E L' + E L'^2
    second = policy_value(replace(counting, R=1 + 2 * moves_on.reshape(716, 25)), pi)
    return mdp.d0 @ first, np.sqrt(mdp.d0 @ second - (mdp.d0 @ first) ** 2)


@pytest.mark.parametrize("name", PUBLISHED)
def test_returns_are_the_published_ones(mdp, policies, name):
    value = mdp.d0 @ policy_value(mdp, policies[name])
    assert round(value, 2) == PUBLISHED[name][0]


@pytest.mark.parametrize("name", PUBLISHED)
def test_lengths_are_the_published_ones_up_to_their_simulation_error(mdp, policies, name):
    mean, deviation = length(mdp, policies[name])
    stderr = deviation / np.sqrt(EPISODES)
    assert abs(mean - PUBLISHED[name][1]) <= 2 * stderr + 0.005  # two decimals were printed
    # Power: with the figures of two policies exchanged this would fail.
    others = [PUBLISHED[other][1] for other in PUBLISHED if other != name]
    assert all(abs(mean - other) > 4 * stderr for other in others)


def test_moments_of_the_length_by_simulation(mdp, policies):
    # The two moments come from linear algebra only; a thousand walks check the idea.
    rng, P = np.random.default_rng(0), mdp.rows
    alive = rng.choice(716, size=2_000, p=mdp.d0)
    count, action = np.zeros(2_000), policies["optimal"].argmax(axis=1)
    walkers = np.arange(2_000)
    while walkers.size:
        count[walkers] += 1
        rows = P[alive * 25 + action[alive]].toarray().cumsum(axis=1)
        alive = np.minimum((rng.random((len(alive), 1)) >= rows).sum(axis=1), 715)
        going = ~mdp.terminal[alive]
        walkers, alive = walkers[going], alive[going]
    mean, deviation = length(mdp, policies["optimal"])
    assert abs(count.mean() - mean) <= 4 * deviation / np.sqrt(2_000)
    assert abs(count.std() / deviation - 1) < 0.15


def test_four_planners_agree(mdp):
    best = policy_iteration(mdp)
    assert best.converged
    assert not best.certified  # gamma is 1 and some moves cannot end the episode
    for solve in (value_iteration, modified_policy_iteration, linear_program):
        np.testing.assert_allclose(solve(mdp).v, best.v, atol=1e-6)


def test_forbidding_rare_actions_changes_no_value(mdp):
    free = icu_sepsis.load(admissible=False)
    assert free.allowed is None
    np.testing.assert_allclose(policy_iteration(free).v, policy_iteration(mdp).v, atol=1e-12)
    masked = Uniform(25, allowed=mdp.allowed).probs(STATES)
    np.testing.assert_allclose(
        policy_value(mdp, masked), policy_value(mdp, Uniform(25).probs(STATES)), atol=1e-12
    )


def test_rows_of_forbidden_actions_are_the_mean_of_the_admissible(mdp):
    P = mdp.dense().P
    for state in (0, 68, 500):
        mean = P[state, mdp.allowed[state]].mean(axis=0)
        np.testing.assert_allclose(P[state, ~mdp.allowed[state]] - mean, 0, atol=1e-12)
    assert mdp.allowed[:713].sum() == 2238
    assert mdp.allowed[713:].all()


def test_reward_on_arrival_says_what_the_reward_table_says(mdp):
    with np.load(icu_sepsis._folder() / "dynamics.npz") as tables:
        R, P = tables["r_mat"], tables["tx_mat"]
    np.testing.assert_allclose((P * R).sum(axis=2)[:713], mdp.reward[:713], atol=1e-12)


def test_expert_is_a_policy_that_also_does_rare_things(mdp):
    pi = icu_sepsis.expert().probs(STATES)
    np.testing.assert_allclose(pi.sum(axis=1), 1)
    assert (pi[~mdp.allowed] > 0).any()


def test_tables_are_read_without_importing_their_package():
    code = ("import sys; from rxcourse.datasets import icu_sepsis; icu_sepsis.load();"
            "sys.exit(any(name in sys.modules for name in ('icu_sepsis', 'gym')))")  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_missing_package_is_named_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setattr(icu_sepsis, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install icu-sepsis .* extras lab and test"):
        icu_sepsis.load()
