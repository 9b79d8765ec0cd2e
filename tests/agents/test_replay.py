"""What a replay memory keeps: nothing that did not happen, and no return across an end."""

import gymnasium as gym
import numpy as np
import pytest

from rxcourse.agents.replay import Replay
from rxcourse.rollout import interact

GAMMA = 0.5  # so that every sum below is exact in 32 bits


def memory(n_learners=1, n_rows=1, **changes):
    settings = {"n_inputs": 1, "capacity": 8, "gamma": GAMMA}
    return Replay(n_learners, n_rows, **(settings | changes))


def fill(replay, columns):
    """Store columns (T, N), one row of observations and flags a step; all live by default."""
    for k in range(len(columns["reward"])):
        now = {name: np.asarray(column)[k] for name, column in columns.items()}
        replay.store(now["obs"][:, None], now["action"], now["reward"], now["next_obs"][:, None],
                     now["terminated"], now["truncated"], now["live"])  # fmt: skip


def episode(rewards, *, first=0, terminated=False, truncated=False):
    """One row in which observations count up; the last step may end it."""
    T = len(rewards)
    last = np.arange(T)[:, None] == T - 1
    obs = first + np.arange(T)[:, None]
    return {"obs": obs, "action": obs % 2, "reward": np.array(rewards)[:, None],
            "next_obs": obs + 1, "terminated": last & terminated, "truncated": last & truncated,
            "live": np.ones((T, 1), bool)}  # fmt: skip


def joined(*parts, axis=0):
    return {name: np.concatenate([p[name] for p in parts], axis) for name in parts[0]}


def kept(replay, learner=0):
    """The stored decisions (obs, action, reward, discount, next_obs), oldest first."""
    batch = replay.latest(min(int(replay.stored[learner, 0]), replay.capacity))
    columns = (batch.obs[..., 0], *batch[1:4], batch.next_obs[..., 0])
    return list(zip(*(c[learner].tolist()[::-1] for c in columns), strict=True))


def test_one_step_keeps_what_happened_with_its_discount():
    """A terminated future is worth 0, a truncated one gamma times what follows."""
    replay = memory()
    fill(replay, joined(episode([1, 2], terminated=True), episode([4], first=5, truncated=True)))
    assert kept(replay) == [(0, 0, 1, 0.5, 1), (1, 1, 2, 0, 2), (5, 1, 4, 0.5, 6)]


def test_three_steps_by_hand_until_a_termination():
    """Rewards 8, 4, 2, 1 and gamma 1/2: 8 + 4/2 + 2/4 = 10.5, then 4 + 2/2 + 1/4 = 5.25, ..."""
    replay = memory(n_step=3)
    fill(replay, episode([8, 4, 2, 1], terminated=True))
    assert kept(replay) == [
        (0, 0, 10.5, 0.125, 3),
        (1, 1, 5.25, 0, 4),
        (2, 0, 2.5, 0, 4),
        (3, 1, 1, 0, 4),
    ]


def test_three_steps_by_hand_until_a_truncation():
    """The same rewards: the returns are cut alike, but the state reached still counts."""
    replay = memory(n_step=3)
    fill(replay, episode([8, 4, 2, 1], truncated=True))
    assert kept(replay) == [
        (0, 0, 10.5, 0.125, 3),
        (1, 1, 5.25, 0.125, 4),
        (2, 0, 2.5, 0.25, 4),
        (3, 1, 1, 0.5, 4),
    ]


def test_a_return_that_is_still_growing_is_right_already():
    replay = memory(n_step=3)
    fill(replay, episode([8, 4]))
    assert kept(replay) == [(0, 0, 10, 0.25, 2), (1, 1, 4, 0.5, 2)]


@pytest.mark.parametrize("how", ["terminated", "truncated"])
def test_no_return_reaches_the_next_episode_or_another_row(how):
    """Two rows of one learner, ends at different times; each alone gives the same."""
    a = joined(episode([8, 4], **{how: True}), episode([16, 32, 64], first=10))
    b = joined(episode([1, 2, 4], first=20, **{how: True}), episode([8, 16], first=30))
    alone = []
    for row in (a, b):
        replay = memory(n_step=3)
        fill(replay, row)
        alone += kept(replay)
    both = memory(n_rows=2, n_step=3, capacity=10)
    fill(both, joined(a, b, axis=1))
    assert sorted(kept(both)) == sorted(alone)
    assert (0, 0, 10, {"terminated": 0, "truncated": 0.25}[how], 2) in alone


def test_a_row_that_only_restarts_is_not_stored():
    """CartPole's way: after an end one step decides nothing, and nothing grows across it."""
    restart = episode([100], first=77) | {"live": np.array([[False]])}
    rows = joined(episode([8, 4], truncated=True), restart, episode([2, 1], first=10))
    replay, without = memory(n_step=2), memory(n_step=2)
    fill(replay, rows)
    fill(without, joined(episode([8, 4], truncated=True), episode([2, 1], first=10)))
    assert kept(replay) == kept(without) and len(kept(replay)) == 4
    assert kept(replay)[1:3] == [(1, 1, 4, 0.5, 2), (10, 0, 2.5, 0.25, 12)]


@pytest.mark.parametrize(("n_step", "limit"), [(1, None), (1, 15), (3, None), (3, 15)])
def test_native_cartpole_keeps_each_decision_once(n_step, limit):
    """Against a plain loop over each row's episodes; long ones end by truncation at 15."""
    kwargs = {} if limit is None else {"max_episode_steps": limit}
    envs = gym.make_vec("CartPole-v1", 6, vectorization_mode="vector_entry_point", **kwargs)
    replay = Replay(3, 6, 4, capacity=500, gamma=0.9, n_step=n_step)
    rows = [[] for _ in range(6)]

    def act(obs, rng):
        return rng.integers(2, size=6), np.ones(6)

    for step in interact(envs, act, n_steps=120, rng=np.random.default_rng(0)):
        replay.store(step.obs, step.action, step.reward, step.next_obs, step.terminated,
                     step.truncated, step.live)  # fmt: skip
        for i in np.flatnonzero(step.live):
            rows[i].append([c[i] for c in (step.obs, step.action, step.next_obs,
                                           step.terminated, step.truncated)])  # fmt: skip
    for learner in range(3):
        expected = [e for i in (2 * learner, 2 * learner + 1) for e in by_hand(rows[i], n_step)]
        batch = replay.latest(len(expected))
        found = np.column_stack([batch.obs[learner], batch.action[learner], batch.reward[learner],
                                 batch.discount[learner], batch.next_obs[learner]])  # fmt: skip
        assert replay.stored[learner] == len(expected) < 240
        order = lambda table: table[np.lexsort(table.T)]  # noqa: E731
        np.testing.assert_allclose(order(found), order(np.array(expected)), rtol=1e-6)
    truncated = [s[4] for row in rows for s in row]
    assert any(truncated) == (limit is not None)


def by_hand(steps, n_step):
    """Rewards are all 1: each decision's return, discount and what follows, looking ahead."""
    for i, (obs, action, *_) in enumerate(steps):
        total, discount = 0.0, 1.0
        for step in steps[i : i + n_step]:
            next_obs, terminated, truncated = step[2:]
            total, discount = total + discount, discount * 0.9
            if terminated or truncated:
                break
        yield [*obs, action, total, discount * (not terminated), *next_obs]


def test_the_oldest_are_forgotten_first_and_each_is_drawn_alike():
    replay = memory(capacity=4)
    fill(replay, episode(np.arange(6)))
    assert [row[0] for row in kept(replay)] == [2, 3, 4, 5]
    n = 40_000
    drawn = replay.sample(n, rng=np.random.default_rng(0)).obs.numpy().ravel().astype(int)
    share = np.bincount(drawn, minlength=6) / n
    assert (abs(share - [0, 0, 0.25, 0.25, 0.25, 0.25]) <= 4.5 * np.sqrt(0.25 * 0.75 / n)).all()


def test_learners_draw_only_what_they_did_themselves():
    """Learner 1's row ends at once and restarts, so that the two remember unequal numbers."""
    a = episode([1, 2, 3])
    b = joined(episode([7], first=50, terminated=True),
               episode([0], first=60) | {"live": np.array([[False]])},
               episode([8], first=70))  # fmt: skip
    replay = memory(2, 2)
    fill(replay, joined(a, b, axis=1))
    batch = replay.sample(200, rng=np.random.default_rng(0))
    assert set(batch.obs[0].ravel().tolist()) == {0, 1, 2}
    assert set(batch.obs[1].ravel().tolist()) == {50, 70}
    assert set(batch.reward[1].tolist()) == {7, 8}
    assert replay.latest(3).reward.tolist() == [[3, 2, 1], [8, 7, 8]]


def test_the_mask_of_what_follows_is_kept_with_it():
    """With two steps the mask moves on with the observation it belongs to."""
    replay = memory(n_step=2, n_allowed=2)
    masks = np.array([[[True, False]], [[False, True]], [[True, True]]])
    flags = np.zeros(1, bool)
    for k, mask in enumerate(masks):
        obs = np.array([[k]])
        replay.store(obs, obs[0], obs[0], obs + 1, flags, flags, ~flags, mask)
    batch = replay.latest(3)
    assert batch.next_obs[0, :, 0].tolist() == [3, 3, 2]
    assert batch.next_allowed[0].tolist() == [[True, True], [True, True], [False, True]]


def test_a_memory_too_small_for_its_returns_gets_a_sentence():
    with pytest.raises(ValueError, match="must remember at least 4 x n_step = 12 decisions, got 8"):
        memory(n_rows=4, n_step=3)
    with pytest.raises(ValueError, match="n_step must be a whole number of at least 1, got 0"):
        memory(n_step=0)
    with pytest.raises(ValueError, match=r"gamma must be a number in \[0, 1\], got 2"):
        memory(gamma=2)
