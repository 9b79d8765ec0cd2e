"""Each update of the four control learners: against plain loops, alone, cut short, forbidden."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Discrete
from gymnasium.vector import AutoresetMode, VectorEnv

from rxcourse.agents.double_q_learning import double_q_learning
from rxcourse.agents.expected_sarsa import expected_sarsa
from rxcourse.agents.q_learning import q_learning
from rxcourse.agents.sarsa import sarsa
from rxcourse.agents.schedules import harmonic
from rxcourse.mdp import TabularMDP
from rxcourse.simulators.tabular import TabularVectorEnv

LEARNERS = {f.__name__: f for f in (q_learning, sarsa, expected_sarsa, double_q_learning)}
GAMMA, EPSILON = 0.9, 0.3
ROUNDING = 1e-10


class Part(VectorEnv):
    """Some rows of a wider environment; the others take action 0, which nobody here sees."""

    def __init__(self, envs, rows):
        self.envs, self.rows = envs, np.arange(envs.num_envs)[rows]
        self.num_envs, self.metadata = len(self.rows), envs.metadata
        self.single_observation_space = envs.single_observation_space
        self.single_action_space = envs.single_action_space
        self.seen = []

    def reset(self, *, seed=None, options=None):
        obs, _ = self.envs.reset(seed=seed)
        self.obs = obs[self.rows]
        return self.obs, {}

    def step(self, action):
        everyone = np.zeros(self.envs.num_envs, np.int64)
        everyone[self.rows] = action
        after, *ends, info = self.envs.step(everyone)
        after, reward, terminated, truncated = (x[self.rows] for x in (after, *ends))
        own = {k: info[k][self.rows] for k in ("final_obs", "_final_obs") if k in info}
        reached = after
        if own and (ended := own["_final_obs"]).any():
            reached = np.where(ended, own["final_obs"], after)
        self.seen.append((self.obs, action.copy(), reward, reached, terminated, truncated))
        self.obs = after
        return after, reward, terminated, truncated, own


class Luck(np.random.Generator):
    """Draws for all rows and hands out those of one learner; keeps its coins."""

    def __init__(self, seed, n_learners, learner=None):
        super().__init__(np.random.PCG64(seed))
        self.n_learners, self.learner, self.coins = n_learners, learner, []

    def _own(self, draw, size):
        if self.learner is None:
            return draw(size)
        *before, last = np.atleast_1d(size)
        drawn = draw((*before, last * self.n_learners))
        return np.split(drawn, self.n_learners, axis=-1)[self.learner]

    def random(self, size):
        return self._own(super().random, size)

    def integers(self, high, size=None):
        if size is None:
            return super().integers(high)
        coin = self._own(lambda n: super(Luck, self).integers(high, size=n), size)
        self.coins.append(coin)
        return coin


def learn(method, envs, seed=0, **changes):
    settings = {"n_learners": 1, "n_steps": 100, "gamma": GAMMA, "alpha": 0.4,
                "epsilon": EPSILON, "rng": np.random.default_rng(seed)}  # fmt: skip
    return method(envs, **(settings | changes))


def tables_after_each_step(method, envs, n_calls, **changes):
    """The tables (T + 1, L, S, A) before, between and after all vector steps."""
    L = changes["n_learners"]
    n, seen = envs.num_envs // L, []
    keep = lambda policy: seen.append(policy.q.table) or {"x": np.zeros(L)}  # noqa: E731
    learn(method, envs, n_steps=n_calls * n, log=keep, log_every=n, **changes)
    return np.array(seen)


def greedy_mean(values):
    """Mean of a row of action values under its epsilon-greedy policy."""
    best = values == values.max()
    return (1 - EPSILON) * values[best].mean() + EPSILON * values.mean()


def plain_loop(name, seen, coins, q0, n, alpha):
    """The four updates as loops over steps, learners and rows, with scalars."""
    L, S, A = q0.shape
    both = np.array([q0, q0])  # SARSA and the others use the first only
    visits = np.zeros(both.shape, int)
    coins, history = iter(coins), [q0]
    for k, (obs, action, reward, after, terminated, truncated) in enumerate(seen[:-1]):
        planned = seen[k + 1][1]
        for turn in range(n):
            flip = next(coins) if name == "double_q_learning" else np.zeros(L, int)
            for learner in range(L):
                row, q = learner * n + turn, both[flip[learner], learner]
                s, a, s2 = obs[row], action[row], after[row]
                if name == "sarsa":
                    assert not truncated[row]  # then the planned action is not the next one
                    future = q[s2, planned[row]]
                elif name == "double_q_learning":
                    future = both[1 - flip[learner], learner, s2, q[s2].argmax()]
                else:
                    future = q[s2].max() if name == "q_learning" else greedy_mean(q[s2])
                target = reward[row] + (0 if terminated[row] else GAMMA * future)
                visits[flip[learner], learner, s, a] += 1
                q[s, a] += alpha(visits[flip[learner], learner, s, a]) * (target - q[s, a])
        history.append(both.mean(axis=0) if name == "double_q_learning" else both[0].copy())
    return np.array(history)


@pytest.mark.equation("eq-td-control")
@pytest.mark.equation("eq-sarsa")
@pytest.mark.equation("eq-expected-sarsa")
@pytest.mark.equation("eq-q-learning")
@pytest.mark.equation("eq-double-q")
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("name", LEARNERS)
def test_many_learners_at_once_equal_plain_loops(random_mdp, name, n):
    mdp, L = random_mdp(3, n_states=4, n_actions=2, ends=True), 5
    horizon = None if name == "sarsa" else 3
    envs = Part(TabularVectorEnv(mdp, L * n, horizon=horizon), slice(None))
    rng, alpha = Luck(7, L), harmonic(5)
    tables = tables_after_each_step(LEARNERS[name], envs, 60, n_learners=L, alpha=alpha, rng=rng)
    plain = plain_loop(name, envs.seen, rng.coins, tables[0], n, alpha)
    np.testing.assert_allclose(tables[:-1], plain, atol=ROUNDING)
    cells = [obs.reshape(L, n) * 2 + action.reshape(L, n) for obs, action, *_ in envs.seen]
    clashes = sum(len(set(row)) < n for step in cells for row in step)
    assert (clashes > 20) == (n > 1)  # rows of one learner did meet in one cell
    assert abs(tables[-1] - tables[0]).max() > 0.1


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("method", LEARNERS.values(), ids=LEARNERS)
def test_one_learner_of_many_equals_the_same_learner_alone(random_mdp, method, n):
    mdp, L = random_mdp(5, ends=True), 4
    wide = lambda: TabularVectorEnv(mdp, L * n, horizon=4)  # noqa: E731
    settings = {"n_steps": 90, "alpha": harmonic(5)}
    together = learn(method, wide(), n_learners=L, rng=Luck(1, L), **settings)
    for learner in range(L):
        envs = Part(wide(), slice(n * learner, n * (learner + 1)))
        alone = learn(method, envs, rng=Luck(1, L, learner), **settings)
        np.testing.assert_array_equal(together.q[learner], alone.q[0])
        np.testing.assert_array_equal(together.data["visits"][learner], alone.data["visits"][0])
    assert len(np.unique(together.q[:, 0, 0])) == L


ENDLESS = TabularMDP(np.ones((1, 1, 1)), np.ones((1, 1)), [1.0], np.array([False]), GAMMA)


class Renamed(Part):
    """Calls a truncation a termination, as careless code does."""

    def step(self, action):
        obs, reward, terminated, truncated, info = super().step(action)
        return obs, reward, terminated | truncated, truncated & False, info


@pytest.mark.parametrize("method", LEARNERS.values(), ids=LEARNERS)
def test_a_cut_endless_problem_keeps_its_worth_and_an_ended_one_does_not(method):
    cut = lambda: TabularVectorEnv(ENDLESS, 2, horizon=5)  # noqa: E731
    run = learn(method, cut(), n_learners=2, n_steps=1_500)
    np.testing.assert_allclose(run.q, 1 / (1 - GAMMA), rtol=1e-6)
    careless = learn(method, Renamed(cut(), slice(None)), n_learners=2, n_steps=1_500)
    assert (careless.q < 0.8 / (1 - GAMMA)).all()
    # Five states in a row and an end: worth a geometric sum of five terms.
    chain = TabularMDP(np.eye(6)[np.minimum(np.arange(6) + 1, 5)][:, None], np.ones((6, 1)),
                       np.eye(6)[0], np.arange(6) == 5, GAMMA)  # fmt: skip
    run = learn(method, TabularVectorEnv(chain, 2), n_learners=2, n_steps=1_500)
    np.testing.assert_allclose(run.q[:, 0, 0], (1 - GAMMA**5) / (1 - GAMMA), rtol=1e-6)


@pytest.mark.parametrize("method", LEARNERS.values(), ids=LEARNERS)
def test_a_forbidden_action_is_never_taken_and_never_believed(random_mdp, method):
    mdp = random_mdp(2, n_states=5, n_actions=4, masked=True, ends=True)
    assert (~mdp.allowed[:3]).any() and mdp.allowed[:3].sum(axis=1).max() > 1
    mdp.R[~mdp.allowed] = 1_000.0
    runs = []
    for belief in (0.0, 1_000.0):
        envs = Part(TabularVectorEnv(mdp, 6, horizon=20), slice(None))
        run = learn(method, envs, n_learners=3, n_steps=900, allowed=mdp.allowed, epsilon=0.5,
                    q0=np.where(mdp.allowed, 0.0, belief))  # fmt: skip
        taken = np.zeros((5, 4), int)
        for obs, action, *_ in envs.seen:
            np.add.at(taken, (obs, action), 1)
        assert (taken[~mdp.allowed] == 0).all() and (taken[:3][mdp.allowed[:3]] > 0).all()
        assert (run.q[:, ~mdp.allowed] == belief).all()
        probs = run.policy.probs(np.tile(np.arange(5), (3, 1)))
        assert (probs[:, ~mdp.allowed] == 0).all()
        runs.append(run.q[:, mdp.allowed])
    # Whatever is believed of forbidden actions, it never enters a target.
    np.testing.assert_array_equal(*runs)


class Script(VectorEnv):
    """State 0, then 1, then a cut; rewards 0. Keeps what was done."""

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}
    single_observation_space, single_action_space, num_envs = Discrete(3), Discrete(2), 1

    def reset(self, *, seed=None, options=None):
        self.state, self.done = 0, []
        return np.array([0]), {}

    def step(self, action):
        self.done.append((self.state, int(action[0])))
        self.state = (self.state + 1) % 2
        cut = np.array([self.state == 0])
        info = {"final_obs": np.array([2]), "_final_obs": cut} if cut[0] else {}
        return np.array([self.state]), np.zeros(1), cut & False, cut, info


def test_sarsa_at_a_cut_bootstraps_from_state_2_and_starts_anew_in_state_0():
    # Greedy: action 0 in state 0, action 1 in states 1 and 2; no action of one state is
    # carried over to another, and the state that was reached gives the value.
    q0 = np.array([[5.0, 0.0], [0.0, 5.0], [0.0, 8.0]])
    envs = Script()
    run = learn(sarsa, envs, n_steps=4, alpha=1.0, epsilon=0.0, q0=q0)
    assert envs.done == [(0, 0), (1, 1)] * 2
    np.testing.assert_allclose(run.q[0, 1], [0.0, GAMMA * 8.0])
    np.testing.assert_allclose(run.q[0, 0], [GAMMA * GAMMA * 8.0, 0.0])


@pytest.mark.parametrize("method", LEARNERS.values(), ids=LEARNERS)
def test_rows_that_only_restart_teach_nothing_and_are_not_counted(method):
    envs = Part(gym.make_vec("FrozenLake-v1", num_envs=6, is_slippery=False), slice(None))
    assert envs.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
    ends = [5, 7, 11, 12, 15]
    run = learn(method, envs, n_learners=3, n_steps=2000, alpha=lambda n: 0.5, epsilon=1.0, q0=0.25)
    assert (run.data["visits"][:, ends] == 0).all()
    np.testing.assert_array_equal(run.q[:, ends], 0.25)
    # A step into a hole is worth 0; a reset row would say 0.9 times the value of the start.
    assert (run.q[:, 4, 2] < 1e-3).all() and (run.q[:, 0].max() > 0.01)
    ended = np.array([terminated | truncated for *_, terminated, truncated in envs.seen])
    restarts = ended[:-1].sum(axis=0).reshape(3, 2).sum(axis=1)
    assert (restarts > 50).all()  # random walks end after some ten steps
    np.testing.assert_array_equal(run.data["visits"].sum(axis=(1, 2)), 2000 - restarts)


def test_expected_sarsa_without_exploration_is_q_learning(random_mdp):
    mdp = random_mdp(1, ends=True, masked=True)
    runs = [learn(m, TabularVectorEnv(mdp, 8, horizon=6), n_learners=4, n_steps=400, epsilon=0.0,
                  allowed=mdp.allowed) for m in (expected_sarsa, q_learning)]  # fmt: skip
    np.testing.assert_allclose(runs[0].q, runs[1].q, atol=ROUNDING)
