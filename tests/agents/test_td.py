"""TD prediction: against plain loops, against each other, and against the textbook."""

from functools import partial

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from rxcourse.agents.monte_carlo import lambda_return, monte_carlo
from rxcourse.agents.schedules import harmonic, polynomial
from rxcourse.agents.td import n_step_td, td_lambda, td_prediction
from rxcourse.mdp import TabularMDP, policy_value
from rxcourse.policy import TabularPolicy, Uniform
from rxcourse.simulators.random_walk import random_walk
from rxcourse.simulators.tabular import TabularEnv, TabularVectorEnv

ONE = Uniform(1)
ROUNDING = 1e-12
GAMMA, ALPHA = 0.9, 0.3
EVERY_VISIT = partial(monte_carlo, first_visit=False)
METHODS = {
    "td0": td_prediction,
    "n-step": partial(n_step_td, n=3),
    "traces": partial(td_lambda, lambda_=0.7),
    "replacing": partial(td_lambda, lambda_=0.7, traces="replacing"),
    "lambda-return": partial(lambda_return, lambda_=0.7),
    "monte carlo": partial(monte_carlo, alpha=ALPHA),
}


def learn(method, envs, **changes):
    rng = np.random.default_rng(0)
    settings = {"n_learners": envs.num_envs, "gamma": GAMMA, "alpha": ALPHA, "rng": rng}
    return method(envs, ONE, **(settings | changes))


def cut_walk(n_rows, horizon=6):
    """A walk in which some episodes terminate and others are truncated, on different steps."""
    return TabularVectorEnv(random_walk(5, left=-1.0), n_rows, horizon=horizon)


def plain_td(episodes, v, method, n=1, lambda_=0.0, replacing=False, alpha=ALPHA):
    """The textbook's loops, one learner, one state at a time."""
    for steps in episodes:
        trace = np.zeros_like(v)
        states = [s for s, *_ in steps]
        rewards = [r for _, r, *_ in steps]
        end, alive = steps[-1][2], not steps[-1][3]
        T = len(steps)
        if method in ("lambda-return", "monte carlo"):
            ahead, targets = alive * v[end], [0.0] * T
            for t in reversed(range(T)):
                after = alive * v[end] if t == T - 1 else v[states[t + 1]]
                ahead = rewards[t] + GAMMA * ((1 - lambda_) * after + lambda_ * ahead)
                targets[t] = ahead
            for t in range(T):
                if method == "lambda-return" or states[t] not in states[:t]:
                    v[states[t]] += alpha * (targets[t] - v[states[t]])
            continue
        if method == "n-step":
            for t in range(T + n - 1):
                tau = t - n + 1
                value_end = alive * v[end] if t == T - 1 else 0 if t < T else value_end  # noqa: F821
                if tau < 0:
                    continue
                stop = min(tau + n, T)
                target = sum(GAMMA ** (i - tau) * rewards[i] for i in range(tau, stop))
                tail = v[states[stop]] if stop < T else value_end
                v[states[tau]] += alpha * (target + GAMMA ** (stop - tau) * tail - v[states[tau]])
            continue
        for t in range(T):
            after = alive * v[end] if t == T - 1 else v[states[t + 1]]
            delta = rewards[t] + GAMMA * after - v[states[t]]
            trace *= GAMMA * lambda_
            trace[states[t]] = 1 if replacing else trace[states[t]] + 1
            v += alpha * delta * trace
    return v


@pytest.mark.equation("eq-monte-carlo", "eq-td0", "eq-n-step", "eq-lambda-return", "eq-td-lambda")
@pytest.mark.parametrize(
    ("name", "settings"),
    [("td0", {}), ("n-step", {"n": 3}), ("traces", {"lambda_": 0.7}),
     ("replacing", {"lambda_": 0.7, "replacing": True}), ("lambda-return", {"lambda_": 0.7}),
     ("monte carlo", {"lambda_": 1.0})],
)  # fmt: skip
def test_many_learners_at_once_equal_plain_loops(record, name, settings):
    played = record(cut_walk(7), 90)
    n = 8  # every row ends at least so many episodes in 90 steps of at most 6 each
    run = learn(METHODS[name], played, n_episodes=n, v0=0.5)
    for row in range(7):
        episodes = played.episodes(row)[:n]
        assert len(episodes) == n
        v = plain_td(episodes, np.full(7, 0.5), name, **settings)
        np.testing.assert_allclose(run.v[row], v, atol=ROUNDING)
    ends = [step[-1] for row in range(7) for step in played.episodes(row)[:n]]
    assert 0.2 < np.mean([e[4] for e in ends]) < 0.8  # both kinds of end were met


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_one_learner_of_many_equals_the_same_learner_alone(record, method):
    played = record(cut_walk(12), 60)
    together = learn(method, played, n_learners=4, n_steps=150, alpha=harmonic(5))
    for learner in range(4):
        alone = learn(method, played.of(slice(3 * learner, 3 * learner + 3)), n_learners=1,
                      n_steps=150, alpha=harmonic(5))  # fmt: skip
        np.testing.assert_array_equal(together.v[learner], alone.v[0])
        np.testing.assert_array_equal(together.data["visits"][learner], alone.data["visits"][0])


IDENTITIES = {
    "n = 1 is TD(0)": (partial(n_step_td, n=1), td_prediction),
    "lambda = 0 is TD(0)": (partial(td_lambda, lambda_=0.0), td_prediction),
    "replacing traces at lambda = 0 too": (
        partial(td_lambda, lambda_=0.0, traces="replacing"), td_prediction),
    "n as long as an episode is every-visit Monte Carlo": (partial(n_step_td, n=6), EVERY_VISIT),
    "n longer than that too": (partial(n_step_td, n=50), EVERY_VISIT),
    "lambda = 1 offline is every-visit Monte Carlo": (
        partial(lambda_return, lambda_=1.0), EVERY_VISIT),
}  # fmt: skip


@pytest.mark.parametrize(("one", "other"), IDENTITIES.values(), ids=IDENTITIES)
@pytest.mark.parametrize("alpha", [ALPHA, harmonic(3)], ids=["constant", "shrinking"])
def test_identity(record, one, other, alpha):
    played = record(cut_walk(20), 100)
    a, b = (learn(m, played, n_episodes=9, n_learners=10, alpha=alpha) for m in (one, other))
    assert np.ptp(a.v[:, 1:-1], axis=0).min() > 0.1  # learners differ: something was learned
    np.testing.assert_allclose(a.v, b.v, atol=ROUNDING)


def test_first_and_every_visit_agree_exactly_where_nothing_repeats(replay):
    # A corridor 0 -> 1 -> 2 -> end.
    obs, after = [[0], [1], [2]] * 4, [[1], [2], [3]] * 4
    end = np.array([[False], [False], [True]] * 4)
    steps = {"obs": obs, "next_obs": after, "reward": np.arange(12.0)[:, None]}
    envs = replay(4, **steps, terminated=end, truncated=end & False)
    a, b = (learn(m, envs, n_episodes=4) for m in (monte_carlo, EVERY_VISIT))
    np.testing.assert_array_equal(a.v, b.v)


ENDLESS = TabularMDP(np.ones((1, 1, 1)), np.ones(1), np.ones(1), np.array([False]), GAMMA)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_truncation_bootstraps_and_termination_does_not(record, method):
    """An endless stream of 1, cut after 10 steps: worth 1 / (1 - gamma) = 10 or less."""
    played = record(TabularVectorEnv(ENDLESS, 2, horizon=10), 2_000)
    looked_away = learn(method, played, n_steps=2_000, alpha=0.2)
    np.testing.assert_allclose(looked_away.v, 10.0, atol=1e-6)
    flags = {"terminated": played.columns["truncated"], "truncated": played.columns["terminated"]}
    ended = learn(method, type(played)(1, **(played.columns | flags)), n_steps=2_000, alpha=0.2)
    # The first of ten steps is worth the most, 1 + .9 + ... + .9**9 = 6.51; values mix all ten.
    assert (ended.v < 6.6).all()


def sync_walk(n_rows, mode):
    makers = [lambda: TabularEnv(random_walk(), horizon=8)] * n_rows
    return SyncVectorEnv(makers, autoreset_mode=mode)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_the_three_ways_to_restart_teach_the_same(method):
    values = []
    for mode in AutoresetMode:
        envs = sync_walk(6, mode)
        # One row a learner: rows drift apart in time when a restart takes a call of its own.
        values.append(learn(method, envs, n_episodes=20, v0=0.5).v)
    np.testing.assert_array_equal(values[0], values[1])
    np.testing.assert_array_equal(values[0], values[2])
    assert abs(values[0][:, 1:-1] - 0.5).max() > 0.1


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_call_that_only_restarts_teaches_nothing(method):
    envs = gym.make_vec("FrozenLake-v1", num_envs=4)  # Gymnasium's own: next-step restarts
    assert envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    run = method(envs, Uniform(4), n_learners=2, n_steps=400, gamma=0.9, alpha=0.5, v0=0.3,
                 rng=np.random.default_rng(1))  # fmt: skip
    holes_and_goal = [5, 7, 11, 12, 15]
    np.testing.assert_array_equal(run.v[:, holes_and_goal], 0.3)
    assert (run.v[:, [0, 1, 4]] != 0.3).all()


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_values_converge_to_the_exact_ones(random_mdp, method):
    """With a shrinking step size four times the episodes leave about half the error."""
    mdp = random_mdp(4, ends=True)
    pi = np.random.default_rng(4).dirichlet(np.ones(3), size=6)
    exact, L = policy_value(mdp, pi), 40
    run = method(TabularVectorEnv(mdp, L), TabularPolicy(pi), n_learners=L, n_episodes=800,
                 gamma=GAMMA, alpha=polynomial(0.8), rng=np.random.default_rng(5), log_every=200,
                 log=lambda v: {"mse": ((v - exact)[:, :4] ** 2).mean(axis=1)})  # fmt: skip
    rms = np.sqrt(run.curve.groupby("step").mse.mean())
    assert rms[800] < 0.65 * rms[200]
    assert rms[800] < 0.07 * abs(exact).max()


def test_each_learner_may_have_its_own_step_size_and_policy(record):
    played = record(cut_walk(3), 60)
    sizes = np.array([0.1, 0.5, 0.9])
    for method in METHODS.values():
        together = learn(method, played, n_steps=60, alpha=sizes)
        for row, size in enumerate(sizes):
            alone = learn(method, played.of([row]), n_steps=60, alpha=float(size))
            np.testing.assert_array_equal(together.v[row], alone.v[0])
    P = np.eye(3)[None, [1, 2]].repeat(3, axis=0)  # action 0 leads to end 1, action 1 to end 2
    ends = np.array([False, True, True])
    two = TabularMDP(P, np.array([0.0, -1.0, 1.0]), np.eye(3)[0], ends, 1.0)
    stack = TabularPolicy(np.eye(2)[[[0] * 3, [1] * 3]])
    run = td_prediction(TabularVectorEnv(two, 4), stack, n_learners=2, n_steps=100, gamma=1.0,
                        alpha=1.0, rng=np.random.default_rng(0))  # fmt: skip
    np.testing.assert_array_equal(run.v[:, 0], [-1, 1])
    assert run.policy is stack


def test_the_log_sees_each_learner_after_its_own_kth_episode(record):
    played = record(cut_walk(5), 80)
    run = learn(td_prediction, played, n_episodes=6, v0=0.5, log_every=2,
                log=lambda v: {"middle": v[:, 3]})  # fmt: skip
    assert run.curve.step.unique().tolist() == [0, 2, 4, 6]
    for row in range(5):
        mine = run.curve[run.curve.learner == row].set_index("step").middle
        for k in (0, 2, 4, 6):
            v = plain_td(played.episodes(row)[:k], np.full(7, 0.5), "td0")
            assert mine[k] == pytest.approx(v[3], abs=ROUNDING)


def test_the_log_gets_copies_and_counts_decisions(record):
    seen = []
    log = lambda v: seen.append(v) or {"first": v[:, 1]}  # noqa: E731
    run = learn(td_prediction, record(cut_walk(4), 30), n_learners=2, n_steps=50, log=log,
                log_every=20)  # fmt: skip
    assert run.curve.step.unique().tolist() == [0, 20, 40]
    assert seen[0].shape == (2, 7) and (seen[0] == 0).all() and (seen[-1] != run.v).any()


def test_the_first_step_of_the_textbook_walk(replay):
    """Exercise 6.3 there: one walk off the left end changes V(A) alone, by .1 (0 - .5)."""
    obs, after = [[3], [2], [1]], [[2], [1], [0]]
    end = np.array([[False], [False], [True]])
    envs = replay(7, obs=obs, next_obs=after, reward=np.zeros((3, 1)), terminated=end,
                  truncated=end & False)  # fmt: skip
    run = learn(td_prediction, envs, n_episodes=1, gamma=1.0, alpha=0.1, v0=0.5)
    np.testing.assert_allclose(run.v[0, 1:-1], [0.45, 0.5, 0.5, 0.5, 0.5], atol=ROUNDING)


BAD = {
    "n_learners": ({"n_learners": 3}, "multiple of n_learners"),
    "both": ({"n_episodes": 3, "n_steps": 4}, "either n_steps or n_episodes"),
    "neither": ({"n_steps": None}, "either n_steps or n_episodes"),
    "steps": ({"n_steps": 0}, "n_steps must be a whole number"),
    "gamma": ({"gamma": 1.1}, r"gamma must be a number in \[0, 1\], got 1.1"),
    "alpha": ({"alpha": -0.1}, r"alpha must be a number in \[0, 1\], got -0.1"),
    "alphas": ({"alpha": np.ones(3)}, r"one number in \[0, 1\] for each of 4 learners"),
    "v0": ({"v0": np.zeros(3)}, r"v0 must be a number or have shape \(7,\), got \(3,\)"),
    "nan": ({"v0": np.nan}, "v0 must be finite"),
    "log": ({"log": lambda v: {}}, "log_every must be given"),
    "column": ({"log": lambda v: {"x": v}, "log_every": 1}, r"shape \(4,\), x has shape \(4, 7\)"),
    "rng": ({"rng": 7}, "rng must be a numpy.random.Generator"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_input_gets_a_sentence(change, message):
    with pytest.raises(ValueError, match=message):
        learn(td_prediction, cut_walk(4), **({"n_steps": 10} | change))


def test_other_bad_input_gets_a_sentence():
    for changes, message in (({"lambda_": 1.5}, "lambda_"), ({"lambda_": 0, "traces": "dutch"},
                             'traces must be "accumulating" or "replacing"')):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            learn(td_lambda, cut_walk(4), n_steps=10, **changes)
    with pytest.raises(ValueError, match="n must be a whole number"):
        learn(n_step_td, cut_walk(4), n_steps=10, n=0)
    rest = {"n_learners": 4, "n_steps": 5, "gamma": 1.0, "rng": np.random.default_rng(0)}
    with pytest.raises(ValueError, match="policy must have a method probs, got ndarray"):
        td_prediction(cut_walk(4), np.ones((7, 1)), **rest)
    stack = TabularPolicy(np.ones((2, 7, 1)))
    with pytest.raises(ValueError, match="stack of 4 policies, got 2"):
        td_prediction(cut_walk(4), stack, **rest)
    envs = cut_walk(4)
    envs.single_observation_space = Box(0, 1)
    with pytest.raises(ValueError, match="Discrete single_observation_space, got Box"):
        td_prediction(envs, ONE, **rest)


def test_an_episode_that_never_ends_gets_a_sentence(monkeypatch):
    monkeypatch.setattr("rxcourse.agents.prediction.MAX_STEPS", 50)
    with pytest.raises(ValueError, match="envs must have episodes that end"):
        learn(td_prediction, TabularVectorEnv(ENDLESS, 2), n_episodes=1)
    never = TabularMDP(np.eye(2)[:, None], np.ones(2), np.array([1.0, 0]),
                       np.array([False, True]), GAMMA)  # fmt: skip
    with pytest.raises(ValueError, match="row 0 had not finished 1 episodes after 50 steps"):
        learn(td_prediction, TabularVectorEnv(never, 2), n_episodes=1)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_wrong_things_and_wrong_policies_get_a_sentence(method):
    rest = {"n_learners": 4, "n_steps": 5, "gamma": 1.0, "rng": np.random.default_rng(0)}
    for envs in (random_walk(5), TabularEnv(random_walk(5)), None):
        with pytest.raises(ValueError, match="envs must be a Gymnasium vector environment, got"):
            method(envs, ONE, **rest)
    for policy in (np.ones((7, 1)), None):
        with pytest.raises(ValueError, match="policy must have a method probs, got"):
            method(cut_walk(4), policy, **rest)
    for actions in (2, 3):
        with pytest.raises(ValueError, match=rf"shape \(4, 1\), got \(4, {actions}\)"):
            method(cut_walk(4), Uniform(actions), **rest)
    with pytest.raises(ValueError, match="gamma must be a number in"):
        method(cut_walk(4), ONE, **(rest | {"gamma": None}))
    for alpha, message in ((lambda n: 2.0 / n, r"alpha must return numbers in \[0, 1\], got 2"),
                           (lambda n: n * np.nan, "what alpha returns must be finite, got nan"),
                           (lambda n: np.ones(7), r"one number for each .* got shape \(7,\)"),
                           ([], r"one number in \[0, 1\] for each of 4 learners")):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            method(cut_walk(4), ONE, alpha=alpha, **rest)
