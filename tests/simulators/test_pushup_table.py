import numpy as np
import pytest

from rxcourse.mdp import policy_value
from rxcourse.policy import EpsilonGreedy
from rxcourse.rollout import rollout
from rxcourse.simulators import pushup, pushup_estimate
from rxcourse.simulators.physiology import steady_performance
from rxcourse.simulators.pushup import COACH, REST, baselines, plan
from rxcourse.simulators.pushup_table import pushup_table, reward_table, table_file
from rxcourse.simulators.pushup_validation import BUSSO, validation_table


@pytest.fixture(scope="module")
def best():
    return pushup_estimate.best_plan(pushup_table())


def value(policy):
    mdp = pushup_table()
    return float(policy_value(mdp, policy.probs(np.arange(6))) @ mdp.d0)


def latent(policy, n=4000, seed=9):
    envs = pushup.PushUpVectorEnv(n)
    return rollout(envs, policy, rng=np.random.default_rng(seed)).returns(0.9)


def test_the_problem_is_worth_a_learner(best):
    """Accepted before any agent was trained: see the conditions one by one."""
    actions, values = best
    assert len(set(actions)) > 1, "the optimum is not constant"
    assert REST in actions, "it uses rest somewhere"
    assert (values >= values.max() - 0.05 * abs(values.max())).sum() <= 20
    optimum = latent(plan(*actions))
    for name, margin in (("coach's rule", 0.0), ("fixed plan", 1.0), ("random", 1.0)):
        gap = optimum - latent(baselines[name])
        assert gap.mean() - 4 * gap.std() / np.sqrt(len(gap)) > margin, name


def test_planning_ahead_pays(best):
    """The problem is no bandit: the best plan for today alone is clearly worse."""
    actions, values = best
    mdp = pushup_table()
    myopic = plan(*mdp.R.argmax(axis=1))
    gap = latent(plan(*actions)) - latent(myopic)
    assert (values.max() - value(myopic)) / (values.max() - value(baselines["random"])) > 0.1
    assert gap.mean() - 4 * gap.std() / np.sqrt(len(gap)) > 0


def test_every_state_and_action_was_tried_often():
    n = table_file()["n"]
    assert n.min() >= 1e5
    assert table_file()["P_stderr"].max() < 0.005 and table_file()["R_stderr"].max() < 0.005


def test_a_rebuild_agrees_with_the_file():
    """A smaller rebuild around the same behavior, within 4 of its own standard errors."""
    stored = table_file()
    behavior = EpsilonGreedy(plan(*stored["plans"][-1]), pushup_estimate.RANDOM_SHARE)
    assert np.allclose(behavior.probs(np.arange(6)), stored["behavior"])
    parts = [
        pushup_estimate.gather(behavior, n_people=2000, rng=np.random.default_rng(seed))
        for seed in range(8)
    ]
    models = [pushup_estimate.model(*part) for part in parts]
    for name in ("P", "R"):
        found = np.stack([getattr(m, name) for m in models])
        stderr = found.std(axis=0, ddof=1) / np.sqrt(8)
        far = abs(found.mean(axis=0) - stored[name]) > 6 * stderr + 1e-3
        assert not far.any(), name


def test_the_joint_outcomes_contain_the_table():
    stored = table_file()
    joint = stored["joint"].astype(float)
    assert joint.shape == (6, 4, 2, 6, 3, 2, 6)
    assert np.allclose(joint.sum(axis=(2, 3, 4, 5, 6)), 1, atol=1e-6)
    assert np.allclose(joint.sum(axis=(2, 3, 4, 5)), stored["P"], atol=1e-6)
    project = reward_table(lambda done, difficulty, sore, left:
                           pushup_estimate.reward_of(done, difficulty))  # fmt: skip
    assert np.allclose(project, stored["R"], atol=1e-6)


def test_another_reward_is_another_product():
    completion = reward_table(lambda done, difficulty, sore, left: done * 1.0)
    assert (completion[:, REST] == 0).all() and (completion[:, :3] > 0).all()
    leaving = reward_table(lambda done, difficulty, sore, left: left)
    assert leaving.min() > 0 and leaving.max() < 0.1
    assert pushup_table(completion, gamma=0.5).gamma == 0.5


def test_the_table_holds_near_the_policies_that_gathered_it(best):
    """Close for the optimum, far too good for the fixed plan and random."""
    for policy, low, high in ((plan(*best[0]), 0, 0.6), (baselines["random"], 3, 4.5),
                              (baselines["fixed plan"], 5, 7.5), (COACH, 1, 1.7)):  # fmt: skip
        assert low < value(policy) - latent(policy).mean() < high


def test_counting_keeps_every_decision_and_knows_soreness_and_leaving():
    behavior = EpsilonGreedy(COACH, 0.5)
    counts, first = pushup_estimate.gather(behavior, n_people=200, rng=np.random.default_rng(0))
    assert counts.sum() == pytest.approx(200 * pushup.HORIZON) and first.sum() == 200
    envs = pushup.PushUpVectorEnv(200)
    data = rollout(envs, behavior, rng=np.random.default_rng(0), keep=("hazard", "soreness"))
    assert counts[:, :, :, :, :, 1].sum() == pytest.approx(data.extra["hazard"].sum())
    sore = data.extra["soreness"]
    bands = [(sore < 4).sum(), ((sore >= 4) & (sore < 7)).sum(), (sore >= 7).sum()]
    assert counts.sum(axis=(0, 1, 2, 3, 5, 6)) == pytest.approx(bands)
    assert min(bands) > 0


def test_slots_weighted_as_the_value_weights_them_give_the_value_on_people():
    """What chapter 7 shows: the rule's own table is wrong about the rule, until slot t counts
    gamma^t times."""
    own = EpsilonGreedy(COACH, 0.05)
    found = {}
    for discount in (1.0, 0.9):
        counts, first = pushup_estimate.gather(
            own, n_people=2000, rng=np.random.default_rng(1), discount=discount
        )
        weight = (discount ** np.arange(pushup.HORIZON)).sum()
        assert counts.sum() == pytest.approx(2000 * weight)
        mdp = pushup_estimate.model(counts, first)
        found[discount] = policy_value(mdp, COACH.table) @ mdp.d0
    on_people = latent(COACH).mean()
    assert abs(found[0.9] - on_people) < 0.2
    assert found[1.0] - on_people > 1


def test_an_action_never_tried_is_refused_by_name():
    counts, first = pushup_estimate.gather(COACH, n_people=50, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="was never tried in"):
        pushup_estimate.model(counts, first)


@pytest.mark.validation
def test_validation_rows_pass_but_for_the_known_miss():
    table = validation_table(rng=np.random.default_rng(0))
    missed = table.loc[table["verdict"] == "miss", "target"].tolist()
    assert missed == ["19 second bout after 9 wk, share"]


@pytest.mark.validation
def test_the_linear_variant_has_no_inverted_u():
    loads = np.linspace(0, 600, 121)
    product = steady_performance(loads, **BUSSO)
    linear = steady_performance(loads, **{**BUSSO, "k3": 1e-3}, product=False)
    assert 0 < product.argmax() < 120
    assert linear.argmax() in (0, 120)
    assert abs(loads[product.argmax()] - 300) < 20 and product[loads >= 590].max() < 0
