"""The equations and the worked boxes of chapter 12, each by another route than the package's."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from rxcourse import evidence
from rxcourse.agents.actor_critic import advantages
from rxcourse.agents.network_policy import Choices, Numbers, SoftmaxPolicy
from rxcourse.agents.reinforce import returns, surrogate
from rxcourse.agents.trajectories import Batch, Episodes
from rxcourse.grading import ch12
from rxcourse.mdp import TabularMDP, policy_value
from rxcourse.nets import Architecture, Networks
from rxcourse.network_q import Features
from rxcourse.policy import Softmax, TabularPolicy
from rxcourse.rollout import interact, rollout
from rxcourse.simulators.tabular import TabularVectorEnv
from rxcourse.simulators.weekly import WeeklyRoutineLoadVectorEnv
from rxcourse.simulators.weekly_baselines import FixedLoad

MONDAY, FRESH, TIRED, END = range(4)
STORED = Path(__file__).parents[2] / "book" / "evidence" / "12_ppo.csv"
EXACT = 1e-9


def week(points=0.0, gamma=1.0):
    """The chapter's table."""
    P = np.zeros((4, 2, 4))
    P[MONDAY, 0, [FRESH, TIRED]] = 0.9, 0.1
    P[MONDAY, 1, [FRESH, TIRED]] = 0.1, 0.9
    P[1:, :, END] = 1
    R = np.array([[1.0, 2.0], [1.0, 2.0], [0.0, -4.0], [0.0, 0.0]])
    R = R + points * np.array([[1], [1], [1], [0]])
    return TabularMDP(P, R, np.eye(4)[MONDAY], np.arange(4) == END, gamma)


def paths(mdp, pi):
    """All eight courses of a week: probability, and (state, action, reward) of both sessions."""
    for a, s, b in product((0, 1), (FRESH, TIRED), (0, 1)):
        chance = pi[MONDAY, a] * mdp.P[MONDAY, a, s] * pi[s, b]
        yield chance, [(MONDAY, a, mdp.R[MONDAY, a]), (s, b, mdp.R[s, b])]


def softmax(h):
    return np.exp(h) / np.exp(h).sum(axis=-1, keepdims=True)


def by_differences(f, x, step=1e-5):
    """Slope of f at x, number by number."""
    slope = np.zeros(np.shape(x))
    for cell in np.ndindex(*np.shape(x)):
        nudge = np.zeros(np.shape(x))
        nudge[cell] = step
        slope[cell] = (f(x + nudge) - f(x - nudge)) / (2 * step)
    return slope


H = np.random.default_rng(3).normal(size=(4, 2))


def test_the_plans_of_the_small_week():
    worth = {plan: policy_value(week(), np.eye(2)[[*plan, 0]])[MONDAY]
             for plan in product((0, 1), repeat=3)}  # fmt: skip
    assert max(worth, key=worth.get) == (0, 1, 0)
    assert worth[0, 1, 0] == pytest.approx(1 + 0.9 * 2)
    assert worth[0, 0, 0] == pytest.approx(1 + 0.9 * 1)
    assert worth[1, 1, 0] == pytest.approx(2 + 0.1 * 2)
    assert worth[1, 0, 0] == pytest.approx(2 + 0.1 * 1)
    assert worth[1, 1, 1] == pytest.approx(2 + 0.1 * 2 - 0.9 * 4)


@pytest.mark.equation("eq-softmax-policy")
def test_the_softmax_policy_is_a_share_of_exponentials():
    networks = Networks(Architecture(4, 2, ()), torch.tensor([[*H.T.ravel(), 0, 0]]).float())
    policy = SoftmaxPolicy(networks, Features((), 4), Choices(2), one=True)
    for s, a in np.ndindex(4, 2):
        expected = 1 / (1 + np.exp(H[s, 1 - a] - H[s, a]))  # a share of two, as a logistic
        assert policy.probs(np.array(s))[a] == pytest.approx(expected, abs=1e-6)


@pytest.mark.equation("eq-policy-gradient")
@pytest.mark.equation("eq-pg-table")
@pytest.mark.parametrize("gamma", [1.0, 0.6])
def test_the_theorem_gives_the_slope_of_the_exact_return(gamma):
    mdp, pi = week(gamma=gamma), softmax(H)
    slope = by_differences(lambda h: policy_value(mdp, softmax(h))[MONDAY], H)
    v, found, table = policy_value(mdp, pi), np.zeros((4, 2)), np.zeros((4, 2))
    # Visits by going through all courses, values of actions by one look ahead.
    visits = np.zeros(4)
    for chance, steps in paths(mdp, pi):
        for t, (s, _, _) in enumerate(steps):
            visits[s] += chance * gamma**t
    for s in (MONDAY, FRESH, TIRED):
        q = [mdp.R[s, a] + gamma * (mdp.P[s, a, :END] @ v[:END]) for a in (0, 1)]
        for a in (0, 1):
            score = np.eye(2)[a] - pi[s]
            found[s] += visits[s] * pi[s, a] * q[a] * score
            table[s, a] = visits[s] * pi[s, a] * (q[a] - v[s])
    np.testing.assert_allclose(found, slope, atol=1e-8)
    np.testing.assert_allclose(table, slope, atol=1e-8)


@pytest.mark.equation("eq-pg-score")
def test_the_score_is_one_less_the_probabilities():
    for h in ([0.0, 0.0], [0.3, -1.0, 2.0]):
        for a in range(len(h)):
            slope = by_differences(lambda x, a=a: np.log(softmax(x)[a]), np.array(h))
            np.testing.assert_allclose(slope, np.eye(len(h))[a] - softmax(np.array(h)), atol=1e-8)


@pytest.mark.equation("eq-reinforce")
@pytest.mark.parametrize("gamma", [1.0, 0.6])
def test_the_mean_over_all_courses_is_the_slope(gamma):
    """And it is what the package takes for a batch that holds every course once."""
    mdp, pi = week(gamma=gamma), softmax(H)
    mean = np.zeros((4, 2))
    for chance, ((s0, a0, r0), (s1, a1, r1)) in paths(mdp, pi):
        mean[s0] += chance * (r0 + gamma * r1) * (np.eye(2)[a0] - pi[s0])
        mean[s1] += chance * gamma * r1 * (np.eye(2)[a1] - pi[s1])
    slope = by_differences(lambda h: policy_value(mdp, softmax(h))[MONDAY], H)
    np.testing.assert_allclose(mean, slope, atol=1e-8)


def estimates(data, h):
    """The chapter's lines."""
    score = np.eye(2)[data.action] - softmax(h)[data.obs]
    rewards = data.padded(data.reward)
    to_go = rewards[:, ::-1].cumsum(axis=1)[:, ::-1][data.lived]
    found = np.zeros((data.n_episodes, 4, 2))
    np.add.at(found, (data.episode, data.obs), to_go[:, None] * score)
    return found


def test_the_chapter_s_lines_and_the_package_find_the_same_slope():
    """The same weeks, played once by ``rollout`` and once as a learner does."""
    policy, people = TabularPolicy(softmax(H)), 50
    data = rollout(TabularVectorEnv(week(), people), policy, rng=np.random.default_rng(7))
    weights = torch.tensor([[*H.T.ravel(), 0, 0]]).float()
    stack = SoftmaxPolicy(Networks(Architecture(4, 2, ()), weights), Features((), 4), Choices(2))
    memory = Episodes(stack, people, gamma=1.0)
    column = lambda x: data.padded(x).T  # noqa: E731
    for t in range(2):
        flags = [column(x)[t] for x in (data.terminated, data.truncated)]
        memory.store(_step(column(data.obs)[t], column(data.action)[t], column(data.reward)[t],
                           column(data.next_obs)[t], *flags))  # fmt: skip
    assert memory.complete
    batch = memory.take()
    gain = surrogate(stack, batch, memory.by_learner(returns(batch))).sum()
    W, _ = torch.autograd.grad(gain, stack.networks.parameters)
    np.testing.assert_allclose(W[0].T, estimates(data, H).mean(axis=0), atol=1e-5)


def _step(obs, action, reward, next_obs, terminated, truncated):
    envs = TabularVectorEnv(week(), len(obs))
    act = lambda obs, rng: (action, np.ones(len(obs)))  # noqa: E731
    (step,) = interact(envs, act, n_steps=1, rng=np.random.default_rng(0))
    return step._replace(obs=obs, reward=reward, next_obs=next_obs, terminated=terminated,
                         truncated=truncated)  # fmt: skip


@pytest.mark.equation("eq-pg-baseline")
def test_a_baseline_changes_nothing_on_average_and_takes_scatter_away():
    mdp, pi = week(10.0), np.full((4, 2), 0.5)
    v = policy_value(mdp, pi)
    moments = {}
    for name, b in (("none", np.zeros(4)), ("v", v)):
        mean = second = 0.0
        for chance, ((s0, a0, r0), (_, _, r1)) in paths(mdp, pi):
            x = (r0 + r1 - b[s0]) * (0.5 if a0 == 0 else -0.5)
            mean, second = mean + chance * x, second + chance * x**2
        moments[name] = mean, np.sqrt((second - mean**2) / 20)
    assert moments["none"][0] == pytest.approx(0.45) == moments["v"][0]
    assert moments["none"][1] == pytest.approx(2.4, abs=0.05)
    assert moments["v"][1] == pytest.approx(0.2, abs=0.005)
    assert ch12.scatter(10.0) == pytest.approx(moments["none"][1])
    assert ch12.scatter(0.0) == pytest.approx(0.24, abs=0.005)
    for s in range(3):  # b times the sum of the slopes of probabilities
        assert sum(pi[s, a] * (np.eye(2)[a] - pi[s]) for a in (0, 1)) == pytest.approx(np.zeros(2))


@pytest.mark.equation("eq-gae")
@pytest.mark.parametrize("lam", [0.0, 0.7, 1.0])
def test_advantages_are_a_mean_of_n_step_ones(lam):
    """The other form of the estimate: weights (1 - lam) lam^(n-1) of returns of n steps."""
    rng, gamma, T = np.random.default_rng(4), 0.9, 5
    reward, v = rng.normal(size=T), rng.normal(size=T + 1)
    v[T] = 0.0  # terminated
    n_step = [sum(gamma**k * reward[k] for k in range(n)) + gamma**n * v[n] - v[0]
              for n in range(1, T + 1)]  # fmt: skip
    weights = [(1 - lam) * lam ** (n - 1) for n in range(1, T)] + [lam ** (T - 1)]
    last = np.arange(T)[:, None] == T - 1
    nothing = torch.zeros(1, T)
    batch = Batch(nothing, nothing, nothing, nothing, None, reward[:, None], gamma * ~last, ~last)
    found = advantages(batch, v[:T, None], v[1:, None], lam)
    assert found[0, 0] == pytest.approx(np.dot(weights, n_step))


@pytest.mark.equation("eq-pg-entropy")
def test_entropy_and_its_slope():
    for h in ([0.0, 0.0], [0.3, -1.0, 2.0]):
        h = np.array(h)
        H_of = lambda x: stats.entropy(softmax(x))  # noqa: E731
        p = softmax(h)
        np.testing.assert_allclose(by_differences(H_of, h), -p * (np.log(p) + H_of(h)), atol=1e-8)
        package = Choices(len(h)).entropy(torch.tensor(h)[None, None]).item()
        assert package == pytest.approx(H_of(h))
    assert stats.entropy([1.0, 0.0]) == 0


@pytest.mark.equation("eq-pg-gaussian")
@pytest.mark.equation("eq-pg-gaussian-score")
def test_the_gaussian_policy_and_its_scores():
    mean, sd, a = 70.0, 5.0, 78.0
    log_density = lambda x: stats.norm(x[0], np.exp(x[1])).logpdf(a)  # noqa: E731
    at = np.array([mean, np.log(sd)])
    outputs = torch.tensor(at)[None, None]
    assert Numbers(2, 1.0).log_prob(outputs, torch.tensor([[[a]]])).item() == pytest.approx(
        log_density(at))  # fmt: skip
    slope = by_differences(log_density, at)
    np.testing.assert_allclose(slope, [(a - mean) / sd**2, ((a - mean) / sd) ** 2 - 1], atol=1e-6)


def test_worked_box_of_one_load():
    score = lambda a: ((a - 70) / 5**2, ((a - 70) / 5) ** 2 - 1)  # noqa: E731
    assert [2 * x for x in score(75)] == pytest.approx([0.4, 0])
    assert [2 * x for x in score(80)] == pytest.approx([0.8, 6])


def test_worked_box_of_two_loads():
    p, pays = np.array([0.5, 0.5]), np.array([1.0, 3.0])
    slope = by_differences(lambda h: softmax(h) @ pays, np.zeros(2))
    assert slope[1] == pytest.approx(0.5) and p @ pays == 2
    for b, expected in ((0, (-0.5, 1.5)), (2, (0.5, 0.5))):
        found = (pays - b) * (np.eye(2)[:, 1] - 0.5)
        assert tuple(found) == expected and p @ found == pytest.approx(0.5)


@pytest.mark.equation("eq-ppo")
def test_the_limit_of_ppo_is_flat_where_nothing_more_is_to_be_gained():
    rho = lambda ratio: lambda x: min(x[0] * ratio, np.clip(x[0], 0.8, 1.2) * ratio)  # noqa: E731
    for advantage, at, value, flat in ((2, 1.5, 2.4, True), (-2, 1.5, -3, False),
                                       (-2, 0.5, -1.6, True), (2, 0.5, 1.0, False)):  # fmt: skip
        objective = rho(advantage)
        assert objective(np.array([at])) == pytest.approx(value)
        slope = by_differences(objective, np.array([at]))[0]
        assert slope == pytest.approx(0 if flat else advantage)


def test_what_the_chapter_says_of_the_stored_runs():
    stored = evidence.load(STORED)
    ppo = stored[stored.method == "PPO"]
    first, _, last = (runs for _, runs in ppo.groupby("decisions").ahead)
    assert (last > 0).all() and (first < 0).all() and last.mean() == pytest.approx(0.5, abs=0.05)
    rule = stored[stored.method == "rule by search"].iloc[0]
    assert rule.ahead - 4 * rule.stderr > 0 and rule.decisions == 20 * ppo.decisions.max()
    assert rule["worst pain"] < rule["pain"] < 0 < rule["week"]
    constants = stored[stored.method.str.startswith("constant")]
    assert constants.loc[constants.ahead.idxmax(), "method"] == "constant 0.700"
    assert ppo.stderr.round(1).unique().tolist() == [0.2]


class Unrounded(WeeklyRoutineLoadVectorEnv):
    """Repetitions as the formula gives them, with fractions."""

    def dose(self, action, day):
        plan = super().dose(action, day)
        return plan._replace(reps=np.clip(24 * (1 / plan.load - 1), 1, 20))


def fixed(load):
    return FixedLoad((load - 0.3) / 0.65 * 2 - 1)


def test_whole_repetitions_make_the_dip_among_the_constant_loads():
    """In the stored runs 67.5 % is worse than both its neighbours; with fractions it is not."""
    stored = evidence.load(STORED).set_index("method").ahead
    low, middle, high = (stored[f"constant {load}"] for load in ("0.650", "0.675", "0.700"))
    assert middle < min(low, high) - 0.4
    low, middle, high = (
        rollout(Unrounded(1_000), fixed(load), rng=np.random.default_rng(12)).returns(1.0).mean()
        for load in (0.65, 0.675, 0.7)
    )
    assert middle > min(low, high) and low > high


def test_repetitions_that_follow_from_the_load():
    loads = np.array([0.6, 0.65, 0.675, 0.7, 0.8])
    action = ((loads - 0.3) / 0.65 * 2 - 1).astype(np.float32)
    reps = WeeklyRoutineLoadVectorEnv(len(loads)).dose(action, 0).reps
    assert reps.tolist() == [16, 13, 12, 10, 6]


def test_what_the_rule_of_the_stored_runs_means_as_loads():
    rule = evidence.load(STORED).set_index("method").loc["rule by search"]

    def load(week, sore=0.0, pain=0.0, worst=0.0, rise=0.0, gain=0.0):
        """From an observation, by the columns' names, as the script computes it."""
        a = rule["1"] + rule["week"] * (week / 52 - 0.5) + 3 * rule["soreness"] * sore
        a += 3 * rule["pain"] * pain + 3 * rule["worst pain"] * worst
        a += rule["rise"] * 10 * rise + 3 * rule["gain"] * gain
        return round(30 + (a + 1) / 2 * 65)

    now = {"sore": 0.1, "rise": 0.01, "gain": 0.16}
    assert (load(0), load(51, sore=0.1, gain=0.31)) == (76, 80)
    assert (load(12, **now), load(12, pain=0.4, worst=0.4, **now),
            load(13, worst=0.4, **now)) == (76, 59, 64)  # fmt: skip


def test_softmax_of_the_package_is_the_same_policy():
    np.testing.assert_allclose(Softmax(H, 1.0).probs(np.arange(4)), softmax(H), atol=EXACT)
