"""The two-state example: its exact answer, its noise, and its mask."""

import numpy as np
import pytest

from rxcourse.agents.planning import value_iteration
from rxcourse.mdp import policy_value
from rxcourse.policy import TabularPolicy
from rxcourse.rollout import rollout
from rxcourse.simulators.noisy_menu import (
    DECIDE,
    KEEP,
    MENU,
    OPEN_MENU,
    NoisyMenuVectorEnv,
    noisy_menu,
)


def always_open(n_options):
    table = np.full((3, n_options), 1 / n_options)
    table[DECIDE] = np.eye(n_options)[OPEN_MENU]
    return table


def test_keeping_is_best_and_the_menu_is_worth_its_mean():
    mdp = noisy_menu(7, mean=-0.3)
    best = value_iteration(mdp)
    assert best.v.tolist() == [0.0, -0.3, 0.0] and best.pi[DECIDE].argmax() == KEEP
    assert policy_value(mdp, always_open(7))[DECIDE] == pytest.approx(-0.3)
    assert mdp.allowed.sum(axis=1).tolist() == [2, 7, 7]


def test_results_of_the_menu_are_normal_around_the_mean_and_nothing_else_is_noisy():
    envs = NoisyMenuVectorEnv(20_000, sd=2.0)
    data = rollout(envs, TabularPolicy(always_open(10)), rng=np.random.default_rng(0))
    assert (data.t == np.tile([0, 1], 20_000)).all() and data.terminated[1::2].all()
    assert (data.reward[data.obs == DECIDE] == 0).all()
    results = data.reward[data.obs == MENU]
    assert abs(results.mean() + 0.1) <= 4 * 2 / np.sqrt(20_000)
    # The standard error of a standard deviation is sd / sqrt(2 n).
    assert abs(results.std() - 2) <= 4 * 2 / np.sqrt(40_000)
    inside = np.mean(abs(results + 0.1) < 2)
    assert abs(inside - 0.6827) <= 4 * np.sqrt(0.68 * 0.32 / 20_000)


def test_the_same_luck_whatever_is_done():
    ends = []
    for first in (OPEN_MENU, KEEP):
        envs = NoisyMenuVectorEnv(2)
        envs.reset(seed=3)
        envs.step(np.array([OPEN_MENU, first]))
        ends.append(envs.step(np.array([4, OPEN_MENU]))[1][0])
    assert ends[0] == ends[1] != -0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [(lambda: noisy_menu(1), "n_options must be at least 2"),
     (lambda: noisy_menu(0), "n_options must be a whole number"),
     (lambda: NoisyMenuVectorEnv(3, sd=-1), "sd must not be negative, got -1")],
)  # fmt: skip
def test_bad_input_gets_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
