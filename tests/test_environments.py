"""One contract for every environment, single and batched."""

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from rxcourse.mdp import TabularMDP
from rxcourse.registration import ENVIRONMENTS
from rxcourse.rollout import rollout
from rxcourse.simulators.pushup_table import table_file
from rxcourse.simulators.tabular import TabularEnv, TabularVectorEnv

IDS = sorted(ENVIRONMENTS)
DISCRETE = [name for name in IDS if "Load" not in name]


def random_actions(envs, n_steps, seed=0):
    rng = np.random.default_rng(seed)
    if not hasattr(envs.single_action_space, "n"):
        return rng.uniform(-1, 1, size=(n_steps, envs.num_envs, 1))
    return rng.integers(envs.single_action_space.n, size=(n_steps, envs.num_envs))


def play(envs, actions, seed):
    """All that is seen: observations, rewards, ends."""
    obs, _ = envs.reset(seed=seed)
    seen = [obs]
    for action in actions:
        obs, reward, terminated, truncated, _ = envs.step(action)
        seen += [obs, reward, terminated, truncated]
    return seen


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("name", IDS)
def test_gymnasium_accepts_the_single_environment(name):
    env = gym.make(name, render_mode="ansi").unwrapped
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*alternative render modes.*")
        warnings.filterwarnings("ignore", ".*Box (low|high|observation).*")
        check_env(env)
    assert isinstance(env.render(), str)


@pytest.mark.parametrize("name", IDS)
def test_stable_baselines3_accepts_the_single_environment(name):
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    env = gym.make(name).unwrapped
    with warnings.catch_warnings():
        # It advises on normalised boxes and image shapes; neither is a fault here.
        warnings.simplefilter("ignore", UserWarning)
        checker.check_env(env, skip_render_check=True)


@pytest.mark.parametrize("name", IDS)
def test_one_row_equals_the_single_environment(name):
    envs, env = gym.make_vec(name, num_envs=1), gym.make(name)
    obs, _ = envs.reset(seed=7)
    single, _ = env.reset(seed=7)
    assert np.array_equal(obs[0], single)
    for action in random_actions(envs, 230):
        obs, reward, terminated, truncated, info = envs.step(action)
        single, r, term, trunc, _ = env.step(action[0])
        ended = term or trunc
        reached = info["final_obs"][0] if ended else obs[0]
        assert np.array_equal(reached, single)
        assert (reward[0], terminated[0], truncated[0]) == (r, term, trunc)
        if ended:
            single, _ = env.reset()
            assert np.array_equal(obs[0], single)


@pytest.mark.parametrize("name", IDS)
def test_a_seed_fixes_everything_and_another_seed_does_not(name):
    envs = gym.make_vec(name, num_envs=5)
    actions = random_actions(envs, 150)
    first = play(envs, actions, seed=3)
    assert same(first, play(gym.make_vec(name, num_envs=5), actions, seed=3))
    assert same(first, play(envs, actions, seed=3)), "reset(seed) must start all streams anew"
    if "PushUp" in name or "Weekly" in name:  # the grids are deterministic
        assert not same(first, play(envs, actions, seed=4))


@pytest.mark.parametrize("name", IDS)
def test_batched_observations_lie_in_their_space(name):
    envs = gym.make_vec(name, num_envs=50)
    obs, info = envs.reset(seed=0)
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    for action in random_actions(envs, 120):
        assert envs.observation_space.contains(obs)
        obs, reward, *_ = envs.step(action)
        assert reward.shape == (50,)


@pytest.mark.parametrize("name", IDS)
def test_an_observation_handed_out_never_changes_later(name):
    envs = gym.make_vec(name, num_envs=4)
    obs, _ = envs.reset(seed=0)
    kept, copies = [], []
    for action in random_actions(envs, 210):
        kept.append(obs)
        copies.append(obs.copy())
        obs, _, _, _, info = envs.step(action)
        if "final_obs" in info:
            kept.append(info["final_obs"])
            copies.append(info["final_obs"].copy())
    assert same(kept, copies)


@pytest.mark.parametrize("name", DISCRETE)
@pytest.mark.parametrize("wrong", [["A", 0], [-1, 0], [0.5, 1.0], [0], [[0], [1]]])
def test_an_unknown_action_is_refused(name, wrong):
    envs = gym.make_vec(name, num_envs=2)
    n_actions = int(envs.single_action_space.n)
    wrong = [n_actions if part == "A" else part for part in wrong]
    envs.reset(seed=0)
    with pytest.raises(ValueError, match="action must"):
        envs.step(np.array(wrong))


@pytest.mark.parametrize("name", DISCRETE)
def test_the_single_environment_refuses_an_unknown_action(name):
    env = gym.make(name).unwrapped
    env.reset(seed=0)
    n = int(env.action_space.n)
    with pytest.raises(ValueError, match=rf"action must lie in 0 \.\.\. {n - 1}, got {n}"):
        env.step(n)


def test_an_unknown_render_mode_is_refused():
    with pytest.raises(ValueError, match="render_mode must be one of"):
        gym.make_vec("rxcourse/PushUp-v0", num_envs=1, render_mode="human")


def chain(**kwargs):
    """Three states in a row, the last one an end; a cost for the first action."""
    P = np.zeros((3, 2, 3))
    P[0, :, 1], P[1, :, 2], P[2, :, 2] = 1, 1, 1
    fields = dict(R=np.array([0.0, 1.0, 5.0]), d0=np.array([1.0, 0, 0]), gamma=0.9)
    return TabularMDP(P, terminal=np.array([False, False, True]), **{**fields, **kwargs})


def test_reward_on_arrival_and_the_end_are_the_models():
    env = TabularEnv(chain())
    env.reset(seed=0)
    assert env.step(0)[:4] == (1, 1.0, False, False)
    assert env.step(0)[:4] == (2, 5.0, True, False)


def test_a_horizon_truncates_and_does_not_terminate():
    envs = TabularVectorEnv(chain(), 2, horizon=1)
    envs.reset(seed=0)
    obs, _, terminated, truncated, info = envs.step(np.array([0, 1]))
    assert truncated.all() and not terminated.any()
    assert (info["final_obs"] == 1).all() and (obs == 0).all()


def test_rows_that_end_at_different_times_keep_their_last_observation():
    envs = TabularVectorEnv(chain(d0=np.array([0.5, 0.5, 0])), 20)
    first, _ = envs.reset(seed=0)
    obs, _, terminated, _, info = envs.step(np.zeros(20, int))
    assert 0 < terminated.sum() < 20 and np.array_equal(terminated, first == 1)
    assert (info["final_obs"] == first + 1).all(), "the state really reached"
    assert (obs[terminated] < 2).all() and (obs[~terminated] == 1).all()


def test_cost_and_mask_are_told():
    cost, allowed = np.array([[3.0, 0], [0, 0], [0, 0]]), np.ones((3, 2), bool)
    allowed[1, 1] = False
    envs = TabularVectorEnv(chain(cost=cost, allowed=allowed), 2)
    envs.reset(seed=0)
    info = envs.step(np.array([0, 1]))[-1]
    assert info["cost"].tolist() == [3.0, 0.0]
    assert info["action_mask"].tolist() == [[True, False]] * 2


@pytest.mark.parametrize("name", DISCRETE)
def test_masks_and_baselines_are_published(name):
    envs = gym.make_vec(name, num_envs=40)
    mask = envs.allowed if callable(envs.allowed) else envs.allowed.__getitem__
    obs, info = envs.reset(seed=0)
    assert np.array_equal(info["action_mask"], mask(obs))
    for action in random_actions(envs, 3):
        obs, *_, info = envs.step(action)
        assert info["action_mask"].dtype == bool
        assert np.array_equal(info["action_mask"], mask(obs))
    assert "random" in envs.baselines
    for policy in envs.baselines.values():
        probs = policy.probs(obs)
        assert probs.shape == (40, envs.single_action_space.n)
        np.testing.assert_allclose(probs.sum(axis=1), 1)


def test_the_cost_of_push_ups_is_a_slot_that_leaves_one_very_sore():
    envs = gym.make_vec("rxcourse/PushUp-v0", num_envs=500)
    fixed = envs.baselines["fixed plan"]
    data = rollout(envs, fixed, keep=("soreness",), rng=np.random.default_rng(0))
    assert np.array_equal(data.cost, data.extra["soreness"] >= 7)
    assert 0.05 < data.cost.mean() < 0.5
    table = gym.make_vec("rxcourse/PushUpTable-v0", num_envs=500)
    states, actions = np.divmod(np.arange(500) % 24, 4)
    table.reset(seed=0)
    table.state = states
    cost = table.step(actions)[-1]["cost"]
    np.testing.assert_array_equal(cost, table.mdp.cost[states, actions])
    soreness = table_file()["joint"].astype(float).sum(axis=(2, 3, 5, 6))
    np.testing.assert_allclose(table.mdp.cost, soreness[..., 2], atol=1e-12)


def test_options_that_nobody_reads_are_refused():
    envs = gym.make_vec("rxcourse/PushUp-v0", num_envs=2)
    envs.reset(seed=0, options={})
    with pytest.raises(ValueError, match="options must be empty.*'target'"):
        envs.reset(seed=0, options={"target": 20})


@pytest.mark.parametrize("wrong", [-1, 4, 2**40])
def test_an_action_that_does_not_exist_is_refused(wrong):
    envs = gym.make_vec("rxcourse/PushUp-v0", num_envs=3)
    envs.reset(seed=0)
    with pytest.raises(ValueError, match=rf"action must lie in 0 ... 3, got {wrong}"):
        envs.step(np.array([0, wrong, 3]))


def test_time_counts_from_each_row_s_own_beginning():
    """Also while rows that began at different times are due at different times."""
    envs = TabularVectorEnv(chain(d0=np.array([0.5, 0.5, 0])), 50, horizon=2)
    envs.reset(seed=0)
    t = np.zeros(50, int)
    ends = set()
    for action in np.zeros((40, 50), int):
        assert np.array_equal(envs.t, t)
        _, _, terminated, truncated, _ = envs.step(action)
        t += 1
        assert np.array_equal(truncated, t >= 2)
        ends |= set(t[terminated & ~truncated])
        t[terminated | truncated] = 0
    assert ends == {1}


def test_walks_follow_the_model(random_mdp):
    """Frequencies of next states and mean rewards within 4 standard errors."""
    mdp = random_mdp(3, reward=3)
    envs = TabularVectorEnv(mdp, 40_000)
    first, _ = envs.reset(seed=1)
    assert_frequencies(first, mdp.d0)
    envs.state = np.full(40_000, 2)
    obs, reward, *_ = envs.step(np.full(40_000, 1))
    assert_frequencies(obs, mdp.P[2, 1])
    assert np.allclose(reward, mdp.R[2, 1, obs])


def assert_frequencies(states, probability):
    n = len(states)
    share = np.bincount(states, minlength=len(probability)) / n
    stderr = np.sqrt(probability * (1 - probability) / n)
    assert (abs(share - probability) <= 4 * stderr + 1e-12).all()


def test_a_sparse_model_walks_as_its_dense_twin(random_mdp):
    sparse_mdp = random_mdp(5, as_sparse=True)
    walks = [TabularVectorEnv(m, 30, horizon=9) for m in (sparse_mdp, sparse_mdp.dense())]
    actions = random_actions(walks[0], 40)
    assert same(play(walks[0], actions, 2), play(walks[1], actions, 2))


def test_sync_vector_env_gives_the_same_person():
    """Gymnasium's own loop over single environments sees the same first observations."""
    name = "rxcourse/PushUpFull-v0"
    loop = SyncVectorEnv([lambda: gym.make(name)] * 2, autoreset_mode=AutoresetMode.SAME_STEP)
    obs, _ = loop.reset(seed=[11, 12])
    for i, seed in enumerate((11, 12)):
        assert np.array_equal(obs[i], gym.make_vec(name, num_envs=1).reset(seed=seed)[0][0])


def test_after_a_restart_info_speaks_of_the_new_episode():
    """A coach that reads the mask must not get another person's."""
    envs = gym.make_vec("rxcourse/PushUpFull-v0", num_envs=300, horizon=3)
    obs, _ = envs.reset(seed=0)
    for action in random_actions(envs, 9):
        obs, *_, info = envs.step(action)
        assert np.array_equal(info["action_mask"], envs.allowed(obs))
        assert np.array_equal(info["target"], obs[:, 1])
    last = info["final_info"]
    assert np.array_equal(last["action_mask"], envs.allowed(info["final_obs"]))


def test_a_step_before_reset_is_refused():
    envs = gym.make_vec("rxcourse/PushUp-v0", num_envs=2)
    with pytest.raises(ValueError, match="call reset before step"):
        envs.step(np.array([0, 1]))


@pytest.mark.parametrize("horizon", [0, -3, 2.5])
def test_a_horizon_must_be_a_count(horizon):
    with pytest.raises(ValueError, match="horizon must be a whole number of at least 1"):
        gym.make_vec("rxcourse/PushUp-v0", num_envs=2, horizon=horizon)


@pytest.mark.parametrize("action", [1.7, True, "rest", None, np.array([1])])
def test_the_single_environment_takes_one_whole_number(action):
    env = gym.make("rxcourse/PushUp-v0").unwrapped
    env.reset(seed=0)
    with pytest.raises(ValueError, match="action must"):
        env.step(action)
