"""Talking to environments: the same experience whatever way they restart."""

from itertools import pairwise

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from rxcourse.mdp import policy_value
from rxcourse.policy import TabularPolicy, Uniform
from rxcourse.rollout import interact, rollout
from rxcourse.simulators.tabular import TabularVectorEnv

MODES = list(AutoresetMode)
COLUMNS = ("obs", "action", "propensity", "reward", "cost", "next_obs", "terminated", "truncated")
TRANSITION = tuple(c for c in COLUMNS if c != "propensity")


class Course(gym.Env):
    """Counts its steps and ends after `lengths[episode]`; pays a cost on the last one only."""

    observation_space, action_space = Box(-1, 1000, (2,), np.float32), Discrete(3)

    def __init__(self, lengths, *, ends="terminated", cost=None):
        self.lengths, self.ends, self.cost, self.episode = lengths, ends, cost, -1

    def _obs(self):
        return np.array([self.episode, self.t], np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.episode, self.t = self.episode + 1, 0
        return self._obs(), {}

    def step(self, action):
        self.t += 1
        last = self.t == self.lengths[self.episode % len(self.lengths)]
        info = {"cost": self.cost} if last and self.cost is not None else {}
        return (self._obs(), float(action), last and self.ends == "terminated",
                last and self.ends == "truncated", info)  # fmt: skip


def courses(rows, mode=AutoresetMode.NEXT_STEP, **settings):
    """One Course a row, each with its own episode lengths."""
    makers = [lambda lengths=lengths: Course(lengths, **settings) for lengths in rows]
    return SyncVectorEnv(makers, autoreset_mode=mode)


def poles(n_rows, mode, horizon=None):
    makers = [lambda: gym.make("CartPole-v1", max_episode_steps=horizon or 500)] * n_rows
    return SyncVectorEnv(makers, autoreset_mode=mode)


def lean(obs, rng):
    """An `act` that depends on obs alone: push to the side the pole leans to."""
    return (obs[:, 2] > 0).astype(np.int64), np.ones(len(obs))


def lived(envs, act, n_steps, row, seed=3):
    """The live steps of one row, as a list of tuples."""
    steps = interact(envs, act, n_steps=n_steps, rng=np.random.default_rng(seed))
    return [tuple(np.array(getattr(s, c)[row]) for c in TRANSITION) for s in steps if s.live[row]]


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("horizon", [None, 20])
def test_the_same_transitions_in_all_three_modes(row, horizon):
    found = [lived(poles(3, mode, horizon), lean, 300, row) for mode in MODES]
    n = min(map(len, found))
    assert n > 250
    flag = TRANSITION.index("truncated" if horizon else "terminated")
    assert sum(bool(step[flag]) for step in found[0][:n]) > 3  # several restarts were met
    for other in found[1:]:
        for a, b in zip(found[0][:n], other[:n], strict=True):
            for name, x, y in zip(TRANSITION, a, b, strict=True):
                np.testing.assert_array_equal(x, y, err_msg=name)
                assert x.dtype == y.dtype or name == "cost"


def test_a_call_that_only_restarts_is_not_live():
    act = lambda obs, rng: (np.ones(2, int), np.ones(2))  # noqa: E731
    live = {}
    for mode in MODES:
        steps = interact(courses([[2], [3]], mode), act, n_steps=12, rng=np.random.default_rng(0))
        live[mode] = np.array([s.live for s in steps]).T
    assert live[AutoresetMode.SAME_STEP].all() and live[AutoresetMode.DISABLED].all()
    expected = [[True, True, False] * 4, [True, True, True, False] * 3]
    np.testing.assert_array_equal(live[AutoresetMode.NEXT_STEP], expected)


@pytest.mark.parametrize("ends", ["terminated", "truncated"])
@pytest.mark.parametrize("mode", MODES)
def test_a_cost_paid_only_on_the_last_step_is_seen(mode, ends):
    data = rollout(courses([[2, 4], [3, 1]], mode, ends=ends, cost=7.0), Uniform(3, obs_ndim=1),
                   n_episodes=3, rng=np.random.default_rng(0))  # fmt: skip
    assert data.length.tolist() == [2, 4, 2, 3, 1, 3]
    np.testing.assert_array_equal(data.cost, 7.0 * (data.terminated | data.truncated))
    np.testing.assert_array_equal(getattr(data, ends), data.cost > 0)
    # The state really reached, not the first of the next episode.
    np.testing.assert_array_equal(data.next_obs, data.obs + [0, 1])
    np.testing.assert_array_equal(data.reward, data.action)


@pytest.mark.parametrize("mode", MODES)
def test_the_end_of_one_row_leaves_the_cost_of_others_alone(mode):
    class Toll(Course):
        def step(self, action):
            *rest, _ = super().step(action)
            return *rest, {"cost": float(self.t)}

    envs = SyncVectorEnv([lambda: Toll([1, 2]), lambda: Toll([3])], autoreset_mode=mode)
    data = rollout(envs, Uniform(3, obs_ndim=1), n_episodes=2, rng=np.random.default_rng(0))
    assert data.cost.tolist() == [1, 1, 2, 1, 2, 3, 1, 2, 3]


def test_without_a_cost_the_column_is_zero():
    data = rollout(courses([[2]]), Uniform(3, obs_ndim=1), rng=np.random.default_rng(0))
    assert data.cost.tolist() == [0, 0]


def check_no_row_joins_two_episodes(data):
    for one in data.episodes():
        assert one.t.tolist() == list(range(len(one)))
        for k, after in pairwise(range(len(one))):
            np.testing.assert_array_equal(one.next_obs[k], one.obs[after])
        assert (abs(one.obs[0]) <= 0.05).all()  # where CartPole starts
        moved = abs(one.next_obs[:, 0] - one.obs[:, 0])
        assert moved.max() < 0.1  # a cart does not jump
    assert (data.reward == 1).all()  # the reward of a restart would be 0


@pytest.mark.parametrize("kind", ["native", *MODES], ids=str)
def test_no_stored_row_joins_two_episodes(kind):
    if kind == "native":
        envs = gym.make_vec("CartPole-v1", num_envs=5, vectorization_mode="vector_entry_point")
        assert envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    else:
        envs = poles(5, kind)
    data = rollout(envs, Uniform(2, obs_ndim=1), n_episodes=6, rng=np.random.default_rng(1))
    assert data.n_episodes == 30 and len(set(data.length.tolist())) > 5
    check_no_row_joins_two_episodes(data)


@pytest.mark.parametrize("mode", MODES)
def test_rollout_does_not_favour_short_episodes(mode):
    """Half the episodes take 10 steps and half 100: the mean is 55 exactly.

    Stopping at a total of 8 episodes would find almost only short ones.
    """
    envs = courses([[10, 100], [100, 10]] * 2, mode)
    for n_episodes in (1, 2, 4):
        data = rollout(envs, Uniform(3, obs_ndim=1), n_episodes=n_episodes,
                       rng=np.random.default_rng(0))  # fmt: skip
        assert data.n_episodes == 4 * n_episodes and data.length.mean() == 55
        assert data.person[data.first].tolist() == np.repeat(range(4), n_episodes).tolist()


def test_mean_return_is_the_exact_value(random_mdp):
    mdp = random_mdp(4, ends=True)
    pi = np.random.default_rng(4).dirichlet(np.ones(3), size=6)
    data = rollout(TabularVectorEnv(mdp, 500), TabularPolicy(pi), n_episodes=8,
                   rng=np.random.default_rng(7))  # fmt: skip
    start = data.obs[data.first]
    parts = data.returns(mdp.gamma)[~mdp.terminal[start]]
    exact = policy_value(mdp, pi)[start][~mdp.terminal[start]].mean()
    stderr = parts.std() / np.sqrt(len(parts))
    assert abs(parts.mean() - exact) <= 4 * stderr
    assert stderr < 0.1 * abs(exact)
    np.testing.assert_allclose(data.propensity, pi[data.obs, data.action])


def test_learners_own_rows_in_blocks():
    always = np.eye(3)[[[0], [1], [2]]].repeat(6, axis=1)  # learner l always takes action l
    envs = gym.make_vec("rxcourse/PushUpTable-v0", num_envs=6, horizon=4)
    stack = TabularPolicy(np.concatenate([always, np.zeros((3, 6, 1))], axis=-1))
    data = rollout(envs, stack, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(data.action, data.person // 2)
    envs = gym.make_vec("rxcourse/PushUpTable-v0", num_envs=7, horizon=4)
    with pytest.raises(ValueError, match="got 7 rows for 3 learners"):
        rollout(envs, stack, rng=np.random.default_rng(0))


def test_same_generator_same_result_and_nothing_global():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    envs = gym.make_vec("rxcourse/PushUpTable-v0", num_envs=5, horizon=9)
    policy = envs.baselines["random"] if hasattr(envs, "baselines") else Uniform(4)
    a, b, c = (rollout(envs, policy, n_episodes=2, rng=np.random.default_rng(s)) for s in (1, 1, 2))
    for name in (*COLUMNS, "episode", "t", "person"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert (a.obs != c.obs).any()
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_environments_are_seeded_once():
    seeds = []

    class Watched(Course):
        def reset(self, *, seed=None, options=None):
            seeds.append(seed)
            return super().reset(seed=seed)

    for mode in MODES:
        seeds.clear()
        envs = SyncVectorEnv([lambda: Watched([2])], autoreset_mode=mode)
        rollout(envs, Uniform(3, obs_ndim=1), n_episodes=4, rng=np.random.default_rng(0))
        assert isinstance(seeds[0], int) and set(seeds[1:]) == {None}


def test_what_is_kept_from_info_stands_beside_its_step():
    envs = gym.make_vec("rxcourse/PushUp-v0", num_envs=3, horizon=5)
    data = rollout(envs, Uniform(4), n_episodes=2, keep=("target",), rng=np.random.default_rng(0))
    steps = list(interact(envs, lambda obs, rng: (np.ones(3, int), np.ones(3)), n_steps=10,
                          rng=np.random.default_rng(0)))  # fmt: skip
    assert data.extra["target"].shape == (len(data),) == (30,)
    # Maintain all along: the target stays what the entry test said, in either episode.
    kept = rollout(envs, TabularPolicy(np.eye(4)[[1] * 6]), n_episodes=2, keep=("target",),
                   rng=np.random.default_rng(0)).extra["target"].reshape(3, 2, 5)  # fmt: skip
    assert (kept == kept[..., :1]).all()
    np.testing.assert_array_equal(kept[:, 0, 0], steps[0].info["target"])


def test_bad_input_gets_a_sentence():
    envs, policy = courses([[3]]), Uniform(3, obs_ndim=1)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="rng must be a numpy.random.Generator, got int"):
        rollout(envs, policy, rng=1)
    with pytest.raises(ValueError, match="n_episodes must be a whole number of at least 1, got 0"):
        rollout(envs, policy, n_episodes=0, rng=rng)
    with pytest.raises(ValueError, match="row 0 had finished 1 of 2 episodes after 5 steps"):
        rollout(envs, policy, n_episodes=2, rng=rng, max_steps=5)
    with pytest.raises(ValueError, match="n_steps must be a whole number"):
        list(interact(envs, lean, n_steps=2.5, rng=rng))
    with pytest.raises(ValueError, match='keep names "soreness", which info does not hold'):
        rollout(envs, policy, keep=("soreness",), rng=rng)
    with pytest.raises(ValueError, match='keep must be a tuple of names, got a string; .*"soren'):
        rollout(envs, policy, keep="soreness", rng=rng)


class Says:
    """A policy that answers every question alike."""

    def __init__(self, probs):
        self.answer = np.asarray(probs)

    def probs(self, obs):
        return self.answer


WRONG = {
    "too few actions": (Uniform(2, obs_ndim=1), r"shape \(2, 3\), got \(2, 2\)"),
    "too many actions": (Uniform(5, obs_ndim=1), r"shape \(2, 3\), got \(2, 5\)"),
    "a vector taken for states": (Uniform(3), r"shape \(2, 3\), got \(2, 2, 3\)"),
    "one row": (Says([0.5, 0.5, 0]), r"shape \(2, 3\), got \(3,\)"),
    "sums": (Says([[0.5, 0.5, 0.5]] * 2), r"row of policy.probs must sum to 1, row \(0,\)"),
    "nan": (Says([[1, 0, 0], [np.nan, 1, 0]]), r"policy.probs must be finite, got nan"),
    "negative": (Says([[2, -1, 0], [1, 0, 0]]), "policy.probs must not be negative, got -1"),
    "array": (np.ones((2, 3)) / 3, "must have a method probs, got ndarray. A table of"),
    "none": (None, "policy must have a method probs, got NoneType"),
    "class": (Uniform, "policy must be made first: got the class Uniform"),
    "table for vectors": (TabularPolicy(np.eye(3)), "obs must hold whole numbers, got dtype float"),
}


@pytest.mark.parametrize(("policy", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_policy_is_refused_on_the_first_step(policy, message):
    with pytest.raises(ValueError, match=message):
        rollout(courses([[3], [3]]), policy, rng=np.random.default_rng(0))


def test_rounding_to_32_bits_is_no_mistake():
    third = Says(np.full((2, 3), 1 / 3, np.float32))
    assert len(rollout(courses([[3], [3]]), third, rng=np.random.default_rng(0))) == 6


@pytest.mark.parametrize("envs", [Course([3]), None, "PushUp"])
def test_what_is_no_vector_environment_is_refused(random_mdp, envs):
    message = f"envs must be a Gymnasium vector environment, got {type(envs).__name__}"
    with pytest.raises(ValueError, match=message):
        rollout(envs, Uniform(3), rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="got TabularMDP. Make one .*TabularVectorEnv"):
        rollout(random_mdp(0), Uniform(3), rng=np.random.default_rng(0))


def test_an_endless_process_is_refused_at_once(random_mdp):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="without a terminal state and without a horizon"):
        rollout(TabularVectorEnv(random_mdp(0), 4), Uniform(3), rng=rng)
    assert len(rollout(TabularVectorEnv(random_mdp(0), 4, horizon=5), Uniform(3), rng=rng)) == 20


def test_unless_told_a_rollout_ends_before_the_memory_is_full(monkeypatch):
    monkeypatch.setattr("rxcourse.rollout.MAX_DECISIONS", 100)
    with pytest.raises(ValueError, match="row 0 had finished 0 of 1 episodes after 1000 steps"):
        rollout(courses([[2000], [3]]), Uniform(3, obs_ndim=1), rng=np.random.default_rng(0))
