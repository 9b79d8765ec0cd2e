"""The textbook's grids have the textbook's numbers, as tables and as environments."""

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_env_sb3

import rxcourse  # noqa: F401  (registers the environments)
from rxcourse.agents.planning import policy_evaluation, policy_iteration, value_iteration
from rxcourse.mdp import policy_value
from rxcourse.policy import TabularPolicy
from rxcourse.rollout import rollout
from rxcourse.simulators.gridworld import (
    CliffWalkingVectorEnv,
    Gridworld4x4VectorEnv,
    WindyGridworldVectorEnv,
    cliff_walking,
    gridworld_4x4,
    windy_gridworld,
)

NAMES = ("Gridworld4x4", "WindyGridworld", "CliffWalking")


def start_value(mdp, v):
    return float(mdp.d0 @ v)


def uniform(mdp):
    return np.full((mdp.n_states, mdp.n_actions), 1 / mdp.n_actions)


def test_random_policy_on_the_square_has_the_values_of_figure_4_1():
    # Sutton & Barto (2018), figure 4.1, k = infinity.
    v = policy_value(gridworld_4x4(), uniform(gridworld_4x4())).reshape(4, 4)
    expected = [[0, -14, -20, -22], [-14, -18, -20, -20], [-20, -20, -18, -14], [-22, -20, -14, 0]]
    np.testing.assert_allclose(v, expected, atol=1e-10)


@pytest.mark.parametrize(
    ("sweeps", "first_row"),
    [(1, [0, -1, -1, -1]), (2, [0, -1.75, -2, -2]), (3, [0, -2.4375, -2.9375, -3])],
)
def test_first_sweeps_on_the_square_are_those_of_figure_4_1(sweeps, first_row):
    # The figure prints them with one decimal: -1.7, -2.4, -2.9.
    mdp = gridworld_4x4()
    found = policy_evaluation(mdp, uniform(mdp), max_iterations=sweeps)
    np.testing.assert_allclose(found.v.reshape(4, 4)[0], first_row)


def test_best_values_on_the_square_are_the_distances_to_a_corner():
    row, column = np.indices((4, 4))
    distance = np.minimum(row + column, 6 - row - column)
    np.testing.assert_array_equal(value_iteration(gridworld_4x4()).v, -distance.ravel())


@pytest.mark.parametrize(
    ("variant", "moves"),
    [({}, 15), ({"king": True}, 7), ({"king": True, "stay": True}, 7), ({"stay": True}, 15)],
)
def test_best_way_through_the_wind(variant, moves):
    # 15: example 6.5. 7 with the king's moves: also the least number of columns to cross.
    mdp = windy_gridworld(**variant)
    for solve in (value_iteration, policy_iteration):
        assert start_value(mdp, solve(mdp).v) == pytest.approx(-moves)


def test_best_way_of_example_6_5_step_by_step():
    # Right along the middle to the edge, down the far side, back to the end.
    mdp = windy_gridworld()
    state, actions = int(mdp.d0.argmax()), [3] * 9 + [1] * 4 + [2] * 2
    for action in actions:
        assert not mdp.terminal[state]
        state = int(mdp.P[state, action].argmax())
    assert mdp.terminal[state]


def test_wind_is_that_of_the_column_a_move_starts_from():
    mdp, at = windy_gridworld(), lambda row, column: row * 10 + column
    assert mdp.P[at(3, 2), 3, at(3, 3)] == 1  # column 2 is calm, so entering 3 is too
    assert mdp.P[at(3, 3), 3, at(2, 4)] == 1
    assert mdp.P[at(3, 6), 3, at(1, 7)] == 1
    assert mdp.P[at(0, 7), 0, at(0, 7)] == 1  # against the wall


def test_gusts_change_only_the_windy_columns_and_make_the_way_longer():
    calm, gusty = windy_gridworld(king=True), windy_gridworld(king=True, stochastic=True)
    columns = np.arange(70) % 10
    windless = np.isin(columns, [0, 1, 2, 9])
    np.testing.assert_array_equal(calm.P[windless], gusty.P[windless])
    at = lambda row, column: row * 10 + column  # noqa: E731
    np.testing.assert_allclose(gusty.P[at(3, 4), 3, [at(1, 5), at(2, 5), at(3, 5)]], 1 / 3)
    assert start_value(gusty, value_iteration(gusty).v) < start_value(calm, value_iteration(calm).v)


def test_cliff_has_the_values_of_example_6_6():
    mdp = cliff_walking()
    best = value_iteration(mdp)
    assert start_value(mdp, best.v) == -13
    # The safe way, along the top, takes four moves more.
    safe = np.zeros((4, 12), int)  # up
    safe[0], safe[:, 11] = 3, 1  # right along the top, down the last column
    pi = np.eye(4)[safe.ravel()]
    assert start_value(mdp, policy_value(mdp, pi, improper="nan")) == -17


def test_a_fall_costs_100_and_leads_back_to_the_start():
    mdp = cliff_walking()
    start, edge = 36, 24  # the start, and the cell above it
    assert mdp.R[start, 3] == -100
    assert mdp.P[start, 3, start] == 1
    assert mdp.R[edge + 5, 1] == -100
    assert mdp.P[edge + 5, 1, start] == 1
    assert mdp.R[edge + 11, 1] == -1
    assert mdp.P[edge + 11, 1, 47] == 1
    assert mdp.terminal.nonzero()[0].tolist() == [47]


def test_best_policy_in_the_environment_returns_what_the_table_says():
    rng = np.random.default_rng(0)
    for envs, returned in ((CliffWalkingVectorEnv(3), -13), (WindyGridworldVectorEnv(3), -15)):
        data = rollout(envs, policy_iteration(envs.mdp).policy, rng=rng)
        assert data.reward.reshape(3, -1).sum(axis=1).tolist() == [returned] * 3
        assert data.terminated.sum() == 3


def test_random_walkers_on_the_square_return_the_exact_value_on_average():
    envs = Gridworld4x4VectorEnv(2_000)
    data = rollout(envs, envs.baselines["random"], rng=np.random.default_rng(0))
    returns = np.bincount(data.episode, weights=data.reward)
    true = start_value(envs.mdp, policy_value(envs.mdp, uniform(envs.mdp)))
    stderr = returns.std() / np.sqrt(len(returns))
    assert abs(returns.mean() - true) <= 4 * stderr
    assert stderr < 0.5


@pytest.mark.parametrize("name", NAMES)
def test_single_environments_pass_the_checkers(name):
    env = gym.make(f"rxcourse/{name}-v0", render_mode="rgb_array").unwrapped
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_env(env, skip_render_check=False)
        check_env_sb3(gym.make(f"rxcourse/{name}-v0", horizon=50))


@pytest.mark.parametrize("name", NAMES)
def test_vector_environment_of_one_is_the_single_environment(name):
    one = gym.make(f"rxcourse/{name}-v0", horizon=30)
    many = gym.make_vec(f"rxcourse/{name}-v0", num_envs=1, horizon=30)
    (obs, _), (rows, _) = one.reset(seed=3), many.reset(seed=3)
    rng = np.random.default_rng(0)
    for _ in range(25):
        assert rows[0] == obs
        action = int(rng.integers(4))
        obs, reward, terminated, _, _ = one.step(action)
        rows, rewards, ended, _, _ = many.step(np.array([action]))
        assert (rewards[0], ended[0]) == (reward, terminated)
        if terminated:
            break


def test_text_picture_shows_the_walker():
    env = gym.make("rxcourse/CliffWalking-v0", render_mode="ansi")
    env.reset(seed=0)
    assert env.render() == "............\n............\n............\n@CCCCCCCCCCG"
    env.step(0)
    assert env.render() == "............\n............\n@...........\nSCCCCCCCCCCG"


def test_image_has_24_pixels_a_cell_and_one_walker():
    env = gym.make("rxcourse/WindyGridworld-v0", render_mode="rgb_array", king=True)
    env.reset(seed=0)
    image = env.render()
    assert image.shape == (7 * 24, 10 * 24, 3)
    assert image.dtype == np.uint8
    walker = (image == (0, 90, 160)).all(axis=2)
    rows, columns = np.nonzero(walker)
    assert (rows // 24 == 3).all()
    assert (columns // 24 == 0).all()
    assert len(rows) == 144
    assert image[3 * 24 + 12, 7 * 24 + 12].tolist() == [176, 216, 180]  # the end
    assert image[3 * 24 + 12, 2 * 24 + 12].tolist() == [255, 255, 255]


def test_unknown_action_is_refused():
    env = gym.make("rxcourse/WindyGridworld-v0").unwrapped
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"action must lie in 0 \.\.\. 3, got 4"):
        env.step(4)


def test_variants_name_their_actions():
    assert windy_gridworld().action_names == ("up", "down", "left", "right")
    king = windy_gridworld(king=True, stay=True)
    reached = king.P[51].argmax(axis=1) - 51  # row 5, column 1: no wind there
    assert dict(zip(king.action_names, reached.tolist(), strict=True)) == {
        "up": -10, "down": 10, "left": -1, "right": 1, "up left": -11, "up right": -9,
        "down left": 9, "down right": 11, "stay": 0,
    }  # fmt: skip
    assert TabularPolicy(uniform(windy_gridworld(king=True))).probs(np.array([0])).shape == (1, 8)
    assert cliff_walking().state_names[36] == "row 3 column 0"
