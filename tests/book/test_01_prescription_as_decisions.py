"""The equations and the worked boxes of chapter 1, each by another route than the chapter takes."""

import gymnasium as gym
import numpy as np
import pytest

from rxcourse.agents.planning import value_iteration
from rxcourse.agents.q_learning import q_learning
from rxcourse.mdp import policy_value
from rxcourse.rollout import rollout
from rxcourse.simulators import pushup
from rxcourse.simulators.pushup_person import Body, Traits
from rxcourse.simulators.pushup_table import PushUpTableVectorEnv, pushup_table, reward_table

RULE = [pushup.INCREASE, pushup.MAINTAIN, pushup.MAINTAIN,
        pushup.REST, pushup.DECREASE, pushup.REST]  # fmt: skip
ROUNDING = 1e-12


def test_worked_boxes():
    assert sum(0.9**k * r for k, r in enumerate([0, 1, -1, 1, -1, 0])) == pytest.approx(0.1629)
    corrected = 0.4 + 0.5 * (1 + 0.9 * 0.5 - 0.4)
    assert corrected == pytest.approx(0.925)


def test_the_typed_rule_is_the_baseline_and_the_case_is_its_course():
    assert (pushup.baselines["coach's rule"].table.argmax(axis=1) == RULE).all()
    env = gym.make("rxcourse/PushUp-v0")
    state, info = env.reset(seed=1)
    targets, rewards = [float(info["target"])], []
    for _ in range(6):
        state, reward, _, _, info = env.step(RULE[state])
        targets.append(float(info["target"]))
        rewards.append(reward)
    assert targets == [12, 13, 14, 14, 13, 13, 13]
    assert rewards == [0, 1, -1, 1, -1, 0]


@pytest.mark.equation("eq-course-return")
def test_return_by_folding_from_the_end():
    # The recursion "next reward plus gamma times the rest", from the last slot backwards.
    data = rollout(
        pushup.PushUpVectorEnv(50), pushup.baselines["random"], rng=np.random.default_rng(0)
    )
    folded = np.zeros(50)
    for reward in data.padded(data.reward).T[::-1]:
        folded = reward + 0.9 * folded
    np.testing.assert_allclose(data.returns(0.9), folded, atol=ROUNDING)


class Recorded(PushUpTableVectorEnv):
    """A walk through the table that keeps what happened."""

    def __init__(self):
        super().__init__(1, horizon=None)
        self.seen, self.last = [], None

    def reset(self, **kwargs):
        obs, info = super().reset(**kwargs)
        self.last = int(obs[0])
        return obs, info

    def step(self, actions):
        out = super().step(actions)
        self.seen.append((self.last, int(actions[0]), float(out[1][0]), int(out[0][0])))
        self.last = int(out[0][0])
        return out


@pytest.mark.equation("eq-first-q-learning")
def test_q_learning_is_a_fading_average_of_its_targets():
    """Unrolled: Q sums alpha (1 - alpha)^(visits since) times what each visit seemed worth."""
    alpha, gamma, envs = 0.3, 0.9, Recorded()
    run = q_learning(envs, n_learners=1, n_steps=400, gamma=gamma, alpha=alpha, epsilon=1.0,
                     rng=np.random.default_rng(0))  # fmt: skip
    targets = {(s, a): [] for s in range(6) for a in range(4)}

    def worth(s, a):
        seemed = np.array(targets[s, a])
        return (alpha * (1 - alpha) ** np.arange(len(seemed))[::-1] * seemed).sum()

    for s, a, r, after in envs.seen:
        targets[s, a].append(r + gamma * max(worth(after, b) for b in range(4)))
    mine = [[worth(s, a) for a in range(4)] for s in range(6)]
    np.testing.assert_allclose(run.q[0], mine, atol=1e-10)


def test_lazy_rewards_have_lazy_optima():
    """The solver answers with one lazy action, and no change of it in one state helps."""
    cases = {
        pushup.DECREASE: lambda completed, difficulty, soreness, left: 1.0 * completed,
        pushup.REST: lambda completed, difficulty, soreness, left: 1.0 * (difficulty <= 2),
    }
    for lazy, pay in cases.items():
        mdp = pushup_table(reward_table(pay))
        best = value_iteration(mdp)
        assert (best.pi.argmax(axis=1) == lazy).all()
        always = np.eye(4)[[lazy] * 6]
        v = policy_value(mdp, always)
        for s in range(6):
            for a in range(4):
                other = always.copy()
                other[s] = np.eye(4)[a]
                assert (policy_value(mdp, other) <= v + 1e-9).all()


def test_a_person_is_26_numbers():
    assert (len(Body._fields), len(Traits._fields)) == (14, 12)


def test_the_coachs_rule_is_below_nothing_discounted_and_above_it_per_slot():
    data = rollout(
        pushup.PushUpVectorEnv(10_000), pushup.COACH, rng=np.random.default_rng(5)
    )  # other people than the chapter's
    G = data.returns(0.9)
    assert G.mean() < -3 * G.std() / 100
    assert data.reward.mean() > 0.1
