"""Linear learners: against their tabular twins, plain loops, and exact fixed points."""

import time
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from rxcourse.agents.features import Lookup, Tiles
from rxcourse.agents.linear import linear_q_learning, linear_sarsa
from rxcourse.agents.linear_learners import LinearQ
from rxcourse.agents.linear_prediction import linear_td, linear_tdc
from rxcourse.agents.projection import (
    best_approximation,
    td_fixed_point,
    td_system,
    value_error,
    visit_share,
)
from rxcourse.agents.q_learning import q_learning
from rxcourse.agents.sarsa import sarsa
from rxcourse.agents.td import td_prediction
from rxcourse.mdp import TabularMDP, policy_value
from rxcourse.policy import EpsilonGreedy, TabularPolicy, Uniform
from rxcourse.rollout import acting, interact, rollout
from rxcourse.simulators.baird import (
    BAIRD_BEHAVIOR,
    BAIRD_START,
    BAIRD_TARGET,
    baird,
    baird_features,
)
from rxcourse.simulators.random_walk import random_walk
from rxcourse.simulators.tabular import TabularEnv, TabularVectorEnv

GAMMA = 0.9
CONTROL = {"q": (linear_q_learning, q_learning), "sarsa": (linear_sarsa, sarsa)}
PREDICTION = {"td": linear_td, "tdc": linear_tdc}


def rng(seed=0):
    return np.random.default_rng(seed)


def some_features(n_states, n=3, seed=7):
    return Lookup(np.random.default_rng(seed).normal(size=(n_states, n)))


# ------------------------------------------------------------- one feature for each state


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("name", CONTROL)
def test_with_a_feature_for_each_state_control_is_its_tabular_twin(random_mdp, name, rows):
    mdp, (linear, table) = random_mdp(1, ends=True), CONTROL[name]
    allowed = np.array([[True, True, True], [True, False, True]] * 3)
    same = {"n_learners": 5, "n_steps": 600, "gamma": GAMMA, "allowed": allowed,
            "alpha": np.linspace(0.1, 0.5, 5),
            "epsilon": lambda k: 0.5 / (1 + k / 200)}  # fmt: skip
    envs = lambda: TabularVectorEnv(mdp, 5 * rows, horizon=7)  # noqa: E731
    a = linear(envs(), Lookup(np.eye(6)), w0=3.0, **same, rng=rng())
    b = table(envs(), q0=3.0, **same, rng=rng())
    np.testing.assert_array_equal(a.data["w"].swapaxes(1, 2), b.q)
    states = np.tile(np.arange(6), (5, 1))
    np.testing.assert_array_equal(a.policy.probs(states), b.policy.probs(states))
    np.testing.assert_array_equal(a.q(states), b.q)
    assert np.ptp(b.q, axis=0).max() > 0.1  # learners differ: something was learned


@pytest.mark.parametrize("rows", [1, 3])
def test_with_a_feature_for_each_state_prediction_is_its_tabular_twin(random_mdp, rows):
    mdp = random_mdp(2, ends=True)
    same = {"n_learners": 4, "n_steps": 300, "gamma": GAMMA, "alpha": 0.2}
    envs = lambda: TabularVectorEnv(mdp, 4 * rows, horizon=7)  # noqa: E731
    a = linear_td(envs(), Uniform(3), Lookup(np.eye(6)), w0=0.3, **same, rng=rng())
    b = td_prediction(envs(), Uniform(3), v0=0.3, **same, rng=rng())
    np.testing.assert_array_equal(a.data["w"], b.v)


# ------------------------------------------------------------- plain loops


@pytest.mark.equation("eq-semi-gradient", "eq-tdc")
@pytest.mark.parametrize("name", PREDICTION)
def test_off_policy_prediction_equals_a_plain_loop(random_mdp, name):
    mdp, features = random_mdp(3, ends=True), some_features(6)
    pi, b = rng(5).dirichlet(np.ones(3), size=(2, 6))
    alpha, beta, L, n_calls = 0.02, 0.05, 3, 120
    envs = TabularVectorEnv(mdp, 2 * L, horizon=5)
    more = {"beta": beta} if name == "tdc" else {}
    run = PREDICTION[name](
        envs, TabularPolicy(pi), features, n_learners=L, n_steps=2 * n_calls, gamma=GAMMA,
        alpha=alpha, behavior=TabularPolicy(b), w0=np.ones(3), rng=rng(), **more)  # fmt: skip
    w, h = np.ones((L, 3)), np.zeros((L, 3))
    for step in interact(envs, acting(TabularPolicy(b), envs), n_steps=n_calls, rng=rng()):
        for row in range(2 * L):
            s, a, s2 = step.obs[row], step.action[row], step.next_obs[row]
            x, x2 = features.table[s], features.table[s2] * ~step.terminated[row]
            l, rho = row // 2, pi[s, a] / b[s, a]  # noqa: E741
            delta = step.reward[row] + GAMMA * w[l] @ x2 - w[l] @ x
            guess = h[l] @ x
            w[l] = w[l] + alpha * rho * delta * x
            if name == "tdc":
                w[l] = w[l] - alpha * rho * GAMMA * guess * x2
                h[l] = h[l] + beta * rho * (delta - guess) * x
    np.testing.assert_allclose(run.data["w"], w, atol=1e-12)
    assert abs(w - 1).max() > 0.1


@pytest.mark.equation("eq-linear-q")
@pytest.mark.parametrize("name", CONTROL)
def test_control_equals_a_plain_loop(random_mdp, name):
    mdp, features = random_mdp(4, ends=True), some_features(6)
    settings = {"n_learners": 1, "n_steps": 200, "gamma": GAMMA, "alpha": 0.03, "epsilon": 0.4}
    run = CONTROL[name][0](TabularVectorEnv(mdp, 1, horizon=9), features, **settings, rng=rng())
    w, luck = np.zeros((3, 3)), rng()
    envs = TabularVectorEnv(mdp, 1, horizon=9)
    obs, planned = envs.reset(seed=int(luck.integers(2**31)))[0], None

    def choose(s):
        q, u = w @ features.table[s], luck.random((4, 1))[:, 0]
        return int((((q == q.max()) | (u[-1] < 0.4)) * u[:-1]).argmax())

    for _ in range(200):
        a = choose(obs[0])
        if planned is not None and name == "sarsa":
            a = planned
        after, r, te, tr, info = envs.step(np.array([a]))
        ended = te[0] or tr[0]
        s2 = info["final_obs"][0] if ended else after[0]
        x, x2 = features.table[obs[0]], features.table[s2]
        q2 = w @ x2
        future = q2.max()
        if name == "sarsa":
            following = choose(s2)
            future, planned = q2[following], None if ended else following
        w[a] += 0.03 * (r[0] + GAMMA * (0 if te[0] else future) - w[a] @ x) * x
        obs = after
    np.testing.assert_allclose(run.data["w"][0], w, atol=1e-12)


def test_one_learner_is_one_q_function():
    w = rng().normal(size=(4, 3, 5))
    q = LinearQ(w, some_features(6, 5))
    states = rng().integers(6, size=(4, 7, 2))
    values = q(states)
    assert values.shape == (4, 7, 2, 3)
    for l in range(4):  # noqa: E741
        np.testing.assert_allclose(q[l](states[l]), values[l])
        np.testing.assert_allclose(values[l, 0, 1], w[l] @ q.features.table[states[l, 0, 1]])
    with pytest.raises(ValueError, match="one block for each learner"):
        q(states[:3])


# ------------------------------------------------------------- ends


ENDLESS = TabularMDP(np.ones((1, 1, 1)), np.ones(1), np.ones(1), np.array([False]), GAMMA)


@pytest.mark.parametrize("name", [*CONTROL, *PREDICTION])
def test_truncation_bootstraps_and_termination_does_not(record, replay, name):
    """An endless stream of 1, cut after 10 steps: worth 1 / (1 - gamma) = 10, or at most 6.51."""
    played = record(TabularVectorEnv(ENDLESS, 2, horizon=10), 2_000)

    def learn(envs):
        settings = {"n_learners": 2, "n_steps": 2_000, "gamma": GAMMA, "alpha": 0.2}
        if name == "tdc":  # it is slower
            settings |= {"alpha": 0.9, "beta": 0.9}
        x = Lookup(np.ones((1, 1)))
        if name in CONTROL:
            return CONTROL[name][0](envs, x, **settings, rng=rng()).data["w"][:, 0]
        return PREDICTION[name](envs, Uniform(1), x, **settings, rng=rng()).data["w"]

    np.testing.assert_allclose(learn(played), 10.0, atol=1e-4)
    flags = {"terminated": played.columns["truncated"], "truncated": played.columns["terminated"]}
    assert (learn(replay(1, **(played.columns | flags))) < 6.6).all()


def test_the_three_ways_to_restart_teach_the_same():
    """Every episode of an `act` that never draws has the same course in all three modes."""
    corridor = random_walk(5)
    corridor = TabularMDP(np.eye(7)[None, np.minimum(np.arange(7) + 1, 6)].swapaxes(0, 1),
                          corridor.R, np.eye(7)[1], corridor.terminal, 1.0)  # fmt: skip
    found = []
    for mode in AutoresetMode:
        envs = SyncVectorEnv([lambda: TabularEnv(corridor)] * 2, autoreset_mode=mode)
        restarts = mode == AutoresetMode.NEXT_STEP  # a call of its own
        run = linear_td(envs, Uniform(1), some_features(7), n_learners=2, gamma=1.0, alpha=0.02,
                        n_steps=5 * 20 + 19 * restarts, rng=rng())  # fmt: skip
        found.append(run.data["w"])
    np.testing.assert_allclose(found[0], found[1], atol=1e-12)
    np.testing.assert_allclose(found[0], found[2], atol=1e-12)
    assert abs(found[0]).max() > 0.1


def test_a_call_that_only_restarts_teaches_nothing():
    envs = gym.make_vec("FrozenLake-v1", num_envs=4)
    run = linear_td(envs, Uniform(4), Lookup(np.eye(16)), n_learners=2, n_steps=400, gamma=0.9,
                    alpha=0.5, w0=0.3, rng=rng(1))  # fmt: skip
    np.testing.assert_array_equal(run.data["w"][:, [5, 7, 11, 12, 15]], 0.3)
    assert (run.data["w"][:, [0, 1, 4]] != 0.3).all()


# ------------------------------------------------------------- exact answers


def restarted(mdp, pi):
    """Moves between states where an end is at once a start, by loops."""
    S = mdp.n_states
    moves = np.zeros((S, S))
    for s in np.flatnonzero(~mdp.terminal):
        for t in range(S):
            p = pi[s] @ mdp.P[s, :, t]
            if mdp.terminal[t]:
                moves[s] += p * mdp.d0 * ~mdp.terminal / mdp.d0[~mdp.terminal].sum()
            else:
                moves[s, t] += p
    return moves


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_visit_share_is_where_the_time_is_spent(random_mdp, seed, ends):
    mdp = random_mdp(seed, ends=ends)
    pi = rng(seed).dirichlet(np.ones(3), size=6)
    share = visit_share(mdp, pi)
    walked = np.full(6, 1.0) * ~mdp.terminal
    walked /= walked.sum()
    for _ in range(2_000):  # averaging two neighbours removes a possible period
        walked = 0.5 * walked + 0.5 * walked @ restarted(mdp, pi)
    np.testing.assert_allclose(share, walked, atol=1e-9)


@pytest.mark.equation("eq-fixed-point")
@pytest.mark.parametrize("seed", range(4))
def test_the_fixed_point_solves_the_projected_bellman_equation(random_mdp, seed):
    """By iterating projection after Bellman, and not by solving A w = b."""
    mdp = random_mdp(seed)
    pi, X = rng(seed).dirichlet(np.ones(3), size=6), rng(seed + 9).normal(size=(6, 3))
    share = visit_share(mdp, pi)
    P, r = np.einsum("sa,sat->st", pi, mdp.P), (pi * mdp.reward).sum(axis=1)
    D = np.diag(share)
    projection = X @ np.linalg.inv(X.T @ D @ X) @ X.T @ D
    v = np.zeros(6)
    for _ in range(2_000):
        v = projection @ (r + mdp.gamma * P @ v)
    w = td_fixed_point(mdp, pi, X, share)
    np.testing.assert_allclose(X @ w, v, atol=1e-8)
    # And no weights come nearer to the true values than the best ones, by chance or otherwise.
    exact = policy_value(mdp, pi)
    best = best_approximation(exact, X, share)
    assert share @ (X @ best - exact) ** 2 <= share @ (X @ w - exact) ** 2 + 1e-12
    for _ in range(50):
        other = best + 0.1 * rng(_).normal(size=3)
        assert share @ (X @ best - exact) ** 2 < share @ (X @ other - exact) ** 2
    # Tsitsiklis and Van Roy (1997): at most 1 / (1 - gamma) times the smallest error.
    errors = [value_error(mdp, pi, X, y, share) for y in (w, best)]
    assert errors[0] <= errors[1] / (1 - mdp.gamma) + 1e-12
    assert errors[1] == pytest.approx(np.sqrt(share @ (X @ best - exact) ** 2))


def test_with_a_feature_for_each_state_all_three_answers_are_one(random_mdp):
    for ends in (True, False):
        mdp, pi = random_mdp(5, ends=ends), rng().dirichlet(np.ones(3), size=6)
        share, exact = visit_share(mdp, pi), policy_value(mdp, pi)
        w = td_fixed_point(mdp, pi, np.eye(6), share)
        np.testing.assert_allclose(w, exact, atol=1e-9)
        np.testing.assert_allclose(best_approximation(exact, np.eye(6), share),
                                   exact * ~mdp.terminal, atol=1e-9)  # fmt: skip


def drawn_anew(mdp, share, L):
    """Every step begins in a state drawn from `share` and is truncated: no memory at all."""
    return TabularVectorEnv(replace(mdp, d0=share), L, horizon=1)


def after(k, w, A, b, alpha):
    """The mean weights after k steps without memory: exactly, since the update is linear."""
    for _ in range(k):
        w = w + alpha * (b - A @ w)
    return w


def test_a_random_walk_in_groups_ends_at_its_fixed_point():
    """99 states in 9 groups of 11: the shape of the textbook's example 9.2."""
    walk, pi = random_walk(99, left=-1.0), np.ones((101, 1))
    groups = np.zeros((101, 9))
    groups[np.arange(1, 100), np.arange(99) // 11] = 1.0
    share = visit_share(walk, pi)
    A, b = td_system(walk, pi, groups, share)
    target, truth = td_fixed_point(walk, pi, groups, share), policy_value(walk, pi)[1:100]
    L, start, k = 200, np.full(9, 0.5), 1_500
    run = linear_td(drawn_anew(walk, share, L), Uniform(1), Lookup(groups), n_learners=L,
                    n_steps=k, gamma=1.0, alpha=0.5, w0=start, rng=rng(2))  # fmt: skip
    w = run.data["w"]
    stderr = w.std(axis=0, ddof=1) / np.sqrt(L)
    assert (abs(w.mean(axis=0) - after(k, start, A, b, 0.5)) <= 4 * stderr).all()
    assert (abs(after(60_000, start, A, b, 5.0) - target) < 1e-6).all()
    assert (abs(w.mean(axis=0) - start) > 6 * stderr)[[0, -1]].all()
    # The group means of the true values are another answer, and not the one TD finds.
    assert abs(truth.reshape(9, 11).mean(axis=1) - target).max() > 0.5


# ------------------------------------------------------------- Baird


@pytest.fixture
def counterexample():
    mdp, X = baird(), baird_features()
    A, b = td_system(mdp, BAIRD_TARGET.table, X, np.full(7, 1 / 7))
    return mdp, X, A, b


@pytest.mark.equation("eq-divergence")
def test_bairds_weights_grow_by_the_spectral_radius(counterexample):
    """Expected updates by loops over states, against the largest eigenvalue of I - alpha A."""
    mdp, X, A, b = counterexample
    np.testing.assert_array_equal(b, 0)
    assert policy_value(mdp, BAIRD_TARGET.table).tolist() == [0] * 7
    alpha, w, sizes = 0.01, BAIRD_START.copy(), []
    radius = abs(np.linalg.eigvals(np.eye(8) - alpha * A)).max()
    for _ in range(4_000):
        step = np.zeros(8)
        for s in range(7):
            step += (0.99 * X[6] @ w - X[s] @ w) * X[s] / 7
        w = w + alpha * step
        sizes.append(np.linalg.norm(w))
    assert radius > 1.001
    # A complex pair turns while it grows: the rate shows over many turns.
    rate = np.polyfit(np.arange(3_000), np.log(sizes[1_000:]), 1)[0]
    assert rate == pytest.approx(np.log(radius), rel=0.02)


def test_bairds_sampled_weights_grow_as_fast_on_average(counterexample):
    """Mean weights after k steps, exactly, by carrying E[w; state] along for every state."""
    mdp, X, A, b = counterexample
    alpha, L, k = 0.01, 4_000, 60
    run = linear_td(TabularVectorEnv(mdp, L), BAIRD_TARGET, Lookup(X), behavior=BAIRD_BEHAVIOR,
                    n_learners=L, n_steps=k, gamma=0.99, alpha=alpha, w0=BAIRD_START,
                    rng=rng(3))  # fmt: skip
    carried = np.tile(BAIRD_START / 7, (7, 1))
    for _ in range(k):
        after = np.zeros((7, 8))
        for s in range(7):
            after[:6] += 6 / 7 * carried[s] / 6  # dashed: importance weight 0, nothing moves
            change = np.outer(X[s], 0.99 * X[6] - X[s])
            after[6] += (np.eye(8) + alpha * 7 * change) @ carried[s] / 7
        carried = after
    mean, w = carried.sum(axis=0), run.data["w"]
    stderr = w.std(axis=0, ddof=1) / np.sqrt(L)
    assert (abs(w.mean(axis=0) - mean) <= 4 * stderr).all()
    assert (abs(w.mean(axis=0) - BAIRD_START) > 8 * stderr).all()


def far(run):
    return abs(run.data["w"]).max(axis=1)


@pytest.mark.parametrize("cure", ["none", "on-policy", "no sharing", "no future", "tdc"])
def test_baird_diverges_with_all_three_and_with_no_two(counterexample, cure):
    mdp, X, A, b = counterexample
    L, settings = 20, {"gamma": 0.99, "alpha": 0.01, "behavior": BAIRD_BEHAVIOR}
    method, w0 = linear_td, BAIRD_START
    if cure == "on-policy":
        settings["behavior"] = None
    elif cure == "no sharing":
        X, w0 = np.eye(7), BAIRD_START[:7]
    elif cure == "no future":
        settings["gamma"] = 0.0
    elif cure == "tdc":
        method = linear_tdc
        settings |= {"alpha": 0.005, "beta": 0.05}
    run = method(TabularVectorEnv(mdp, L), BAIRD_TARGET, Lookup(X), n_learners=L, n_steps=4_000,
                 w0=w0, rng=rng(4), **settings)  # fmt: skip
    start = abs(w0).max()
    if cure == "none":
        assert (far(run) > 100 * start).all()
    else:
        assert (far(run) < 1.5 * start).all()


def test_off_policy_weights_are_those_of_the_mean_update(random_mdp):
    """TD(0) and TDC, after k steps without memory; both end where A w = b."""
    mdp = random_mdp(6)
    pi, b_ = rng(8).dirichlet(np.ones(3), size=(2, 6))
    b_ = 0.5 * b_ + 0.5 / 3  # no wild importance weights
    share, X, L, k = visit_share(mdp, b_), rng(1).normal(size=(6, 2)), 600, 300
    A, b = td_system(mdp, pi, X, share)
    C = X.T @ (share[:, None] * X)
    joint = np.block([[A, (C - A).T], [A, C]])
    alpha, wh = 0.05, np.zeros(4)
    both = np.concatenate([b, b])
    settings = {"n_learners": L, "n_steps": k, "gamma": mdp.gamma, "alpha": alpha,
                "behavior": TabularPolicy(b_)}  # fmt: skip
    run = lambda method, **more: method(  # noqa: E731
        drawn_anew(mdp, share, L), TabularPolicy(pi), Lookup(X), **settings, rng=rng(9), **more
    ).data  # fmt: skip
    for found, mean in (
        (run(linear_td)["w"], after(k, np.zeros(2), A, b, alpha)),
        (np.hstack(list(run(linear_tdc, beta=alpha).values())), after(k, wh, joint, both, alpha)),
    ):
        stderr = found.std(axis=0, ddof=1) / np.sqrt(L)
        assert (abs(found.mean(axis=0) - mean) <= 4 * stderr).all()
        assert (abs(mean[:2]) > 8 * stderr[:2]).any()
    target = td_fixed_point(mdp, pi, X, share)
    np.testing.assert_allclose(after(20_000, np.zeros(2), A, b, alpha), target, atol=1e-8)
    end = after(60_000, wh, joint, both, alpha)
    np.testing.assert_allclose(end, [*target, 0, 0], atol=1e-8)
    assert abs(target - td_fixed_point(mdp, pi, X, visit_share(mdp, pi))).max() > 0.05


def test_weights_that_are_no_longer_finite_are_refused():
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="learner 1 .* it diverged"):
        linear_q_learning(TabularVectorEnv(ENDLESS, 2), Lookup(np.full((1, 1), 40.0)),
                          n_learners=2, n_steps=500, gamma=GAMMA, alpha=np.array([1e-5, 1.0]),
                          rng=rng())  # fmt: skip


# ------------------------------------------------------------- a task


def test_cart_pole_is_learned_by_tiles():
    """Twenty learners; a random policy keeps the pole up for about 22 steps."""
    L = 20
    tiles = Tiles([-2.4, -3, -0.21, -3], [2.4, 3, 0.21, 3], tiles=(1, 1, 6, 4), tilings=8)
    began = time.process_time()
    run = linear_sarsa(gym.make_vec("CartPole-v1", num_envs=L), tiles, n_learners=L, n_steps=4_000,
                       gamma=0.99, alpha=0.4 / 8, epsilon=0.05, rng=rng(5))  # fmt: skip
    spent = time.process_time() - began
    envs = gym.make_vec("CartPole-v1", num_envs=L)
    score = lambda policy: rollout(envs, policy, rng=rng(6)).reward.sum() / L  # noqa: E731
    assert score(run.policy) > 120 and score(Uniform(2, obs_ndim=1)) < 35
    assert score(EpsilonGreedy(run.policy, 1.0)) < 35
    assert spent < 20, spent


@pytest.mark.parametrize(("changes", "words"), [
    ({"w0": np.zeros(3)}, r"w0 must be a number or have shape \(3, 6\)"),
    ({"alpha": 1.5}, "alpha"), ({"gamma": 2}, "gamma"), ({"n_steps": 0}, "n_steps"),
    ({"n_learners": 4}, "multiple of n_learners"),
    ({"log_every": 3}, "log must be given"),
])  # fmt: skip
def test_what_is_refused(random_mdp, changes, words):
    settings = {"n_learners": 5, "n_steps": 10, "gamma": GAMMA, "rng": rng()} | changes
    for method, _ in CONTROL.values():
        with pytest.raises(ValueError, match=words):
            method(TabularVectorEnv(random_mdp(0), 5), Lookup(np.eye(6)), **settings)


def test_features_that_are_none_are_refused(random_mdp):
    for features, words in ((lambda obs: np.eye(6)[obs][0], "must map observations"),
                            (lambda obs: np.full((1, 2), np.nan), "must be finite")):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            linear_td(TabularVectorEnv(random_mdp(0), 1), Uniform(3), features, n_learners=1,
                      n_steps=1, gamma=GAMMA, rng=rng())  # fmt: skip
