"""Monte Carlo and batch prediction: closed forms, the textbook's examples, exact solutions."""

import numpy as np
import pytest

from rxcourse.agents.batch_prediction import batch_monte_carlo, batch_td, returns_to_go
from rxcourse.agents.monte_carlo import monte_carlo
from rxcourse.agents.td import n_step_td, td_prediction
from rxcourse.data import Dataset
from rxcourse.mdp import TabularMDP, policy_value
from rxcourse.policy import TabularPolicy, Uniform
from rxcourse.rollout import rollout
from rxcourse.simulators.random_walk import random_walk
from rxcourse.simulators.tabular import TabularVectorEnv

ONE = Uniform(1)
WALK = random_walk()
TRUTH = np.arange(1, 6) / 6
ROUNDING = 1e-12
READ_OFF = 0.02
"""How well a number can be read off the textbook's printed figures."""


def logged(*episodes, person=None, truncated=()):
    """A Dataset from lists of (state, reward), each followed by the state it ends in."""
    rows = []
    for i, (*steps, end) in enumerate(episodes):
        states = [s for s, _ in steps] + [end]
        for t, (s, r) in enumerate(steps):
            last = t == len(steps) - 1
            who = i if person is None else person[i]
            cut = i in truncated
            rows.append((s, 0, r, states[t + 1], last and not cut, last and cut, 1.0, i, t, who))
    names = ("obs", "action", "reward", "next_obs", "terminated", "truncated", "propensity",
             "episode", "t", "person")  # fmt: skip
    return Dataset(**dict(zip(names, map(np.array, zip(*rows, strict=True)), strict=True)),
                   n_actions=1)  # fmt: skip


# "You are the predictor", example 6.4: A = 0, B = 1, the end = 2.
PREDICTOR = logged([(0, 0.0), (1, 0.0), 2], *[[(1, 1.0), 2]] * 6, [(1, 0.0), 2])


def test_you_are_the_predictor():
    """Sutton and Barto (2018), example 6.4: both say V(B) = 3/4; V(A) is 3/4 or 0."""
    td = batch_td(PREDICTOR, n_states=3, gamma=1.0)
    mc = batch_monte_carlo(PREDICTOR, n_states=3, gamma=1.0)
    np.testing.assert_allclose(td.v, [[0.75, 0.75, 0]], atol=ROUNDING)
    np.testing.assert_allclose(mc.v, [[0.0, 0.75, 0]], atol=ROUNDING)
    np.testing.assert_array_equal(td.data["visits"], [[1, 8, 0]])


def walks(mdp, n_rows, n_episodes, seed=0, **env):
    rng = np.random.default_rng(seed)
    pi = TabularPolicy(np.full((mdp.n_states, mdp.n_actions), 1 / mdp.n_actions))
    envs = TabularVectorEnv(mdp, n_rows, **env)
    return rollout(envs, pi, n_episodes=n_episodes, rng=rng)


def estimated_model(data, mdp, gamma):
    """The most likely process behind the data, with an end of its own for terminations."""
    S = mdp.n_states
    P, R = np.zeros((S + 1, 1, S + 1)), np.zeros((S + 1, 1))
    P[S, 0, S] = 1
    for s in range(S):
        here = data.obs == s
        if here.any():
            to = np.where(data.terminated, S, data.next_obs)[here]
            P[s, 0] = np.bincount(to, minlength=S + 1) / here.sum()
            R[s] = data.reward[here].mean()
        else:
            P[s, 0, S] = 1
    return TabularMDP(P, R, np.eye(S + 1)[0], np.arange(S + 1) == S, gamma)


@pytest.mark.parametrize("horizon", [None, 7])
@pytest.mark.parametrize("alpha", [1.0, 0.3])
def test_batch_td_is_the_value_of_the_estimated_model(random_mdp, horizon, alpha):
    mdp = random_mdp(2, ends=True)
    data = walks(mdp, 6, 5, horizon=horizon)
    run = batch_td(data, n_states=6, n_learners=3, gamma=0.9, alpha=alpha)
    for learner in range(3):
        mine = data.take(np.flatnonzero(data.person // 2 == learner))
        model = estimated_model(mine, mdp, 0.9)
        exact = policy_value(model, np.ones((7, 1)))[:6]
        np.testing.assert_allclose(run.v[learner], exact, atol=1e-8)


def test_batch_td_is_where_small_td_steps_on_the_same_data_settle():
    data = walks(WALK, 3, 4)
    v = np.full(7, 0.5)
    for _ in range(20_000):
        step = np.zeros(7)
        future = np.where(data.terminated, 0.0, v[data.next_obs])
        np.add.at(step, data.obs, data.reward + future - v[data.obs])
        v += 0.01 * step
    run = batch_td(data, n_states=7, gamma=1.0, v0=0.5)
    np.testing.assert_allclose(run.v[0], v, atol=1e-8)


@pytest.mark.parametrize("first_visit", [False, True])
def test_batch_monte_carlo_is_the_mean_return(random_mdp, first_visit):
    data = walks(random_mdp(2, ends=True), 6, 5)
    run = batch_monte_carlo(data, n_states=6, n_learners=2, gamma=0.9, first_visit=first_visit)
    for learner in range(2):
        found = [[] for _ in range(6)]
        for one in data.episodes():
            if one.person[0] // 3 != learner:
                continue
            for t in range(len(one)):
                if not first_visit or one.obs[t] not in one.obs[:t]:
                    g = sum(0.9**k * r for k, r in enumerate(one.reward[t:]))
                    found[one.obs[t]].append(g)
        mean = [np.mean(g) if g else 0.0 for g in found]
        np.testing.assert_allclose(run.v[learner], mean, atol=ROUNDING)
        np.testing.assert_array_equal(run.data["visits"][learner], list(map(len, found)))


def test_returns_to_go_begin_with_the_return():
    data = walks(WALK, 5, 3)
    np.testing.assert_allclose(returns_to_go(data, 0.9)[data.first], data.returns(0.9))


@pytest.mark.parametrize("first_visit", [False, True])
def test_online_monte_carlo_with_step_one_over_n_is_the_batch_mean(first_visit):
    settings = {"n_episodes": 7, "rng": np.random.default_rng(3)}
    data = rollout(TabularVectorEnv(WALK, 8), ONE, **settings)
    settings["rng"] = np.random.default_rng(3)
    run = monte_carlo(TabularVectorEnv(WALK, 8), ONE, n_learners=8, gamma=1.0, v0=0.5,
                      first_visit=first_visit, **settings)  # fmt: skip
    batch = batch_monte_carlo(data, n_states=7, n_learners=8, gamma=1.0, v0=0.5,
                              first_visit=first_visit)  # fmt: skip
    np.testing.assert_allclose(run.v, batch.v, atol=ROUNDING)
    np.testing.assert_array_equal(run.data["visits"], batch.data["visits"])


def test_first_visit_is_unbiased_and_every_visit_is_not():
    """A coin that repeats a step of reward 1 with chance p: Singh and Sutton (1996), theorem 6.

    One episode: the first visit's return has mean 1 / (1 - p); the mean over all visits of
    one episode of length T is (T + 1) / 2, whose mean is less.
    """
    p, L = 0.75, 4_000
    P = np.array([[[p, 1 - p]], [[0, 1]]])
    coin = TabularMDP(P, np.array([[1.0], [0]]), np.eye(2)[0], np.array([False, True]), 1.0)
    settings = {"n_learners": L, "n_episodes": 1, "gamma": 1.0}
    first, every = (
        monte_carlo(TabularVectorEnv(coin, L), ONE, first_visit=f, **settings,
                    rng=np.random.default_rng(2)).v[:, 0]
        for f in (True, False)
    )  # fmt: skip
    truth, wrong = 1 / (1 - p), (1 / (1 - p) + 1) / 2
    stderr = first.std() / np.sqrt(L)
    assert abs(first.mean() - truth) <= 4 * stderr
    assert abs(every.mean() - wrong) <= 4 * every.std() / np.sqrt(L)
    assert stderr < 0.1 * (truth - wrong)
    assert ((every - truth) ** 2).mean() < ((first - truth) ** 2).mean()  # and yet it errs less


def rms_curve(method, alphas, size, mdp=WALK, truth=TRUTH, v0=0.5, n_episodes=100, **settings):
    """Mean and standard error over `size` learners of the RMS error, by step size and episode."""
    alphas = np.asarray(alphas)
    L = size * len(alphas)
    log = lambda v: {"rms": np.sqrt(((v[:, 1:-1] - truth) ** 2).mean(axis=1))}  # noqa: E731
    run = method(TabularVectorEnv(mdp, L), ONE, n_learners=L, n_episodes=n_episodes, gamma=1.0,
                 alpha=np.repeat(alphas, size), v0=v0, log=log, log_every=max(1, n_episodes // 10),
                 rng=np.random.default_rng(6), **settings)  # fmt: skip
    frame = run.curve.assign(alpha=alphas[run.curve.learner // size])
    return frame.groupby(["alpha", "step"]).rms.agg(["mean", "sem"])


def test_the_textbook_walk_has_its_values():
    np.testing.assert_allclose(policy_value(WALK, np.ones((7, 1)))[1:-1], TRUTH, atol=ROUNDING)
    long = random_walk(19, left=-1.0)
    exact = np.arange(-18, 19, 2) / 20
    np.testing.assert_allclose(policy_value(long, np.ones((21, 1)))[1:-1], exact, atol=ROUNDING)
    assert WALK.state_names[1:-1] == tuple("ABCDE") and WALK.d0[3] == 1
    for bad, message in ((4, "must be odd"), (0, "whole number")):
        with pytest.raises(ValueError, match=message):
            random_walk(bad)


def test_example_6_2_td_errs_less_than_monte_carlo_on_the_walk():
    """Sutton and Barto (2018), example 6.2, right-hand figure: 100 runs there, 300 here."""
    td = rms_curve(td_prediction, [0.05, 0.1, 0.15], 300)
    mc = rms_curve(monte_carlo, [0.01, 0.02, 0.03, 0.04], 300, first_visit=False)
    start = np.sqrt(((TRUTH - 0.5) ** 2).mean())  # 0.236, exact
    for table in (td, mc):
        np.testing.assert_allclose(table.xs(0, level="step")["mean"], start, atol=ROUNDING)
    assert td["sem"].max() < 0.005 and mc["sem"].max() < 0.005  # power to tell .02 apart
    # TD: the smallest step is best in the end; the largest is fastest, then stops improving.
    assert abs(td.loc[(0.05, 100), "mean"] - 0.035) < READ_OFF
    assert abs(td.loc[(0.15, 100), "mean"] - 0.07) < READ_OFF
    assert td.loc[(0.15, 10), "mean"] < td.loc[(0.05, 10), "mean"]
    # Monte Carlo: everywhere above the best TD curve; a step of .01 is still on its way.
    assert abs(mc.loc[(0.01, 100), "mean"] - 0.10) < READ_OFF
    assert abs(mc.loc[(0.02, 100), "mean"] - 0.08) < READ_OFF
    best_td, best_mc = (t["mean"].groupby("step").min() for t in (td, mc))
    assert (best_td[1:] < best_mc[1:] - 0.02).all()


def test_figure_6_2_batch_td_errs_less_than_batch_monte_carlo():
    """Sutton and Barto (2018), figure 6.2; Monte Carlo fits the data best, and still loses."""
    n, rms = 300, {}
    data = walks(WALK, n, 100)
    for k in (10, 100):
        part = data.take(np.flatnonzero(data.episode % 100 < k))
        for name, method in (("td", batch_td), ("mc", batch_monte_carlo)):
            v = method(part, n_states=7, n_learners=n, gamma=1.0, v0=0.5).v[:, 1:-1]
            error = np.sqrt(((v - TRUTH) ** 2).mean(axis=1))
            rms[name, k] = error.mean(), error.std() / np.sqrt(n)
    for k in (10, 100):
        gap = rms["mc", k][0] - rms["td", k][0]
        assert gap > 4 * np.hypot(rms["mc", k][1], rms["td", k][1])
        assert gap > 0.005  # well above what could be read off the printed curves as equal


def test_example_7_1_an_intermediate_n_is_best():
    """Sutton and Barto (2018), figure 7.2: 19 states, first 10 episodes, best n = 4."""
    long, exact = random_walk(19, left=-1.0), np.arange(-18, 19, 2) / 20
    best = {}
    for n, alphas in ((1, [0.7, 0.8, 0.9]), (4, [0.3, 0.4, 0.5]), (32, [0.05, 0.1, 0.2])):
        table = rms_curve(n_step_td, alphas, 80, long, exact, 0.0, 10, n=n).drop(0, level="step")
        best[n] = table["mean"].groupby("alpha").mean()
        assert table["sem"].max() < 0.02
    assert best[4].idxmin() == 0.4
    assert best[4].min() < best[1].min() - 0.05 and best[4].min() < best[32].min() - 0.05
    assert abs(best[4].min() - 0.26) < READ_OFF
    assert abs(best[1].min() - 0.345) < READ_OFF


def test_bad_input_gets_a_sentence():
    settings = {"n_states": 3, "gamma": 1.0}
    cut = logged([(0, 1.0), 0], [(1, 1.0), 2], truncated={0})
    with pytest.raises(ValueError, match="1 of 2 episodes were truncated"):
        batch_monte_carlo(cut, **settings)
    with pytest.raises(ValueError, match="values still moved by 1 after max_sweeps = 50"):
        batch_td(cut, max_sweeps=50, **settings)
    for method in (batch_td, batch_monte_carlo):
        with pytest.raises(ValueError, match="multiple of n_learners"):
            method(PREDICTOR, n_learners=3, **settings)
        with pytest.raises(ValueError, match=r"obs must lie in 0 ... 0, got 1"):
            method(PREDICTOR, n_states=1, gamma=1.0)
        with pytest.raises(ValueError, match="gamma"):
            method(PREDICTOR, n_states=3, gamma=-1)
        with pytest.raises(ValueError, match="v0 must be a number or have shape"):
            method(PREDICTOR, v0=np.zeros(9), **settings)
    with pytest.raises(ValueError, match="alpha"):
        batch_td(PREDICTOR, alpha=2.0, **settings)
    for tol in (-1, np.nan, None):
        with pytest.raises(ValueError, match=f"tol must be a number of at least 0, got {tol}"):
            batch_td(PREDICTOR, tol=tol, **settings)
