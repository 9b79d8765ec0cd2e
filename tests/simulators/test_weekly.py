"""WeeklyRoutine: the physiology by parts, the actions, what is seen, and fairness of luck."""

from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from rxcourse import evidence
from rxcourse.rollout import rollout
from rxcourse.simulators import physiology as phys
from rxcourse.simulators import weekly_person as person
from rxcourse.simulators import weekly_plan as plan
from rxcourse.simulators import weekly_session as session
from rxcourse.simulators.parameters import parameter_table, parameters
from rxcourse.simulators.weekly import (
    TERMS,
    WEIGHTS,
    WeeklyRoutineFactoredVectorEnv,
    WeeklyRoutineVectorEnv,
)
from rxcourse.simulators.weekly_baselines import BEST_CONSTANT, CYCLE, NAMES, always, template
from rxcourse.simulators.weekly_planner import Planner, constant_returns
from rxcourse.simulators.weekly_year import year as year_of

EVIDENCE = Path(__file__).parents[2] / "book" / "evidence"
P = {name: np.float32(value) for name, value in parameters("weekly").items()}
STEADY = {"attendance": 1.0, "attendance_sd": 0.0, "away_start": 0.0, "stress_start": 0.0}


def people(n=50, seed=0):
    traits = person.draw_traits(seed, np.arange(n), np.zeros(n, int), P)
    return traits, person.first_body(traits, P)


def year(policy, n=400, seed=0, keep=TERMS, **kwargs):
    envs = WeeklyRoutineVectorEnv(n, **kwargs)
    data = rollout(envs, policy, keep=(*keep, "enrolled"), rng=np.random.default_rng(seed))
    return envs, data


def test_the_table_names_every_number_once():
    table = parameter_table("weekly")
    assert table["name"].is_unique and (table["label"] != "").all()
    assert (table["unit"] != "").all() and (table["note"] != "").all()


def test_growth_of_a_rested_novice_by_hand():
    """One session from rest, every factor written out."""
    traits, body = people()
    n = 50
    traits = traits._replace(before=np.zeros_like(traits.before))
    body = body._replace(train_max=np.ones_like(body.train_max))
    dose = session.Dose(np.full((6, n), 3, np.float32), *(np.full(n, x, np.float32)
                        for x in (10, 0.70, 2.0)))  # fmt: skip
    luck = session.Luck(np.zeros(n), np.zeros((6, n)), np.zeros((3, n)), np.zeros((3, n)),
                        *[np.zeros(n)] * 7)  # fmt: skip
    luck = luck._replace(leave=np.ones(n), injury=np.ones(n), stress=np.ones(n), away=np.ones(n))
    after, out = session.step_state(
        body, dose, traits, P, days=2.0, base_hazard=0.0, luck=luck
    )
    assert out.trained.all()
    most = traits.endurance * 30 * (1 / 0.70 - 1)
    last = most * (1 - 0.20 * np.exp(-2.0 / 2.2)) ** 2
    mean = (most + last) / 2
    week = (1 - np.exp(-3 / 2.7)) / (1 - np.exp(-9 / 2.7))
    load = 1 - ((0.70 - 0.60) / 0.45) ** 2
    effort = np.clip(1.25 - (mean - 10) / 12, 0.4, 1.0)
    expected = traits.eta * week * load * effort * np.minimum(mean, 10) / 10
    np.testing.assert_allclose(after.fast + after.slow, expected, rtol=2e-4)


def test_fatigue_is_a_product_and_the_linear_variant_has_no_inverted_u(monkeypatch):
    """By sets a session the gain rises, then falls by more than a tenth.

    Without the product it falls by less than a twentieth, which is what tired muscles late in
    long sessions cost. That the linear *equation* has no maximum at all is tested for
    ``steady_performance``, which is the same ``fatigue_dose`` in closed form.
    """
    templates = {str(s): plan.week(s, 8, 0.70, rest=5.0) for s in range(1, 9)}
    steady = {**STEADY, "minutes_loss": 0.0, "attendance_sore": 1.0, "pain_share": 1e-6}

    def gains():
        kwargs = dict(templates=templates, overrides=steady, dropout=False, weeks=16)
        return [
            year(always(s, 8), n=200, **kwargs)[1].extra["gain"].sum() / 200 for s in range(8)
        ]

    product = gains()
    assert 0 < int(np.argmax(product)) < 7 and product[-1] < 0.9 * max(product)
    usual = 1.0 / (1 - np.exp(-7 / 3 / P["tau_trace"]))  # trace of three sets a session
    monkeypatch.setattr(phys, "fatigue_dose", lambda load, trace, k: k * usual * load)
    linear = gains()
    assert linear[-1] > 0.95 * max(linear)


def test_accumulated_fatigue_grows_with_the_square_of_the_load():
    """The variable dose-response product: twice the load, four times the steady fatigue."""

    def steady(load):
        trace = h2 = 0.0
        for _ in range(200):
            trace += load
            h2 = (h2 + phys.fatigue_dose(load, trace, 0.25)) * np.exp(-7 / 3 / 10)
            trace *= np.exp(-7 / 3 / 2.3)
        return h2

    assert steady(2.0) / steady(1.0) == pytest.approx(4.0)


def test_the_reward_is_the_composite_and_its_terms_are_told():
    envs, data = year(template("3x12 @ 65%"))
    by_hand = sum(weight * data.extra[name] for name, weight in WEIGHTS.items())
    np.testing.assert_allclose(data.reward, by_hand, rtol=1e-6)
    total = data.extra["gain"].reshape(400, 52).sum(axis=1)
    assert 0.25 < total.mean() < 0.55
    with pytest.raises(ValueError, match=r"unknown term\(s\) \['gains'\]"):
        WeeklyRoutineVectorEnv(1, weights={"gains": 1.0})


def test_the_gain_told_is_the_gain_of_the_body():
    envs = WeeklyRoutineVectorEnv(100)
    envs.reset(seed=1)
    told = 0.0
    for _ in range(20):
        *_, info = envs.move(np.full(100, 6))
        told = told + info["gain"]
    strength = person.strength(envs.body, envs.traits)
    expected = (strength / (1 + envs.traits.before)).mean(axis=0) - 1
    np.testing.assert_allclose(told, expected, atol=1e-5)


def test_week_52_terminates_and_leaving_does_not_end_the_episode():
    envs, data = year(template("5x5 @ 82%"))
    assert data.terminated.sum() == 400 and not data.truncated.any()
    assert (np.bincount(data.episode) == 52).all()
    enrolled = data.extra["enrolled"].reshape(400, 52)
    left = ~enrolled[:, -1]
    assert 0.15 < left.mean() < 0.6
    assert (np.diff(enrolled.astype(int), axis=1) <= 0).all(), "nobody comes back"
    gone = ~enrolled[:, :-1]
    for name in ("trained", "injury", "minutes"):
        later = data.extra[name].reshape(400, 52)[:, 1:]
        assert (later[gone] == 0).all(), name
    assert (data.extra["gain"].reshape(400, 52)[:, 1:][gone] <= 0).all(), "strength only fades"


def test_two_policies_meet_the_same_people_with_the_same_luck():
    """Attendance differs only by what was done; traits and stress do not differ at all."""
    first, one = year(template("2x12 @ 65%"), keep=("trained",))
    second, two = year(template("5x5 @ 82%"), keep=("trained",))
    for a, b in zip(first.traits, second.traits, strict=True):
        assert np.array_equal(a, b)
    assert np.array_equal(first.body.stress, second.body.stress)
    assert np.array_equal(first.body.away, second.body.away)
    pair = [d.extra["trained"].reshape(400, 52)[:, 0] for d in (one, two)]
    assert (pair[0] >= pair[1]).all(), "longer sessions are missed more, by the same luck"


def test_a_wristband_changes_nothing_but_what_is_seen():
    plain, one = year(template("3x8 @ 75%"))
    worn, two = year(template("3x8 @ 75%"), blocks=("pain", "record", "wearable"))
    assert np.array_equal(one.reward, two.reward)
    assert two.obs.shape[1] == one.obs.shape[1] + 4
    assert np.array_equal(one.obs, two.obs[:, :-4])
    share = two.obs[:, worn.columns.index("worn")]
    enrolled = two.obs[:, worn.columns.index("enrolled")] > 0
    later = two.t > 10
    assert 0.5 < share[enrolled & later].mean() < 0.9
    assert share[~enrolled & later].mean() < 0.1


def test_decisions_by_session_give_the_same_year_as_decisions_by_week():
    weekly = year(template("3x12 @ 65%"), n=100)[1]
    by_session = year(template("3x12 @ 65%"), n=100, decide="session")[1]
    assert (np.bincount(by_session.episode) == 156).all()
    a = weekly.extra["trained"].reshape(100, 52).sum(axis=1)
    b = by_session.extra["trained"].reshape(100, 156).sum(axis=1)
    assert abs(a.mean() - b.mean()) < 2  # the training maximum is set more often, no more


def test_life_stress_slows_recovery():
    """Same people, same luck, all in a stressful time or none: the same routine gains less."""
    calm = year(template("4x8 @ 75%"), overrides=STEADY, dropout=False)[1]
    tense = {**STEADY, "stress_start": 3.0, "stress_weeks": 1e6}
    hard = year(template("4x8 @ 75%"), overrides={**tense, "stress_attendance": 1.0},
                dropout=False)[1]  # fmt: skip
    assert hard.extra["gain"].sum() < 0.9 * calm.extra["gain"].sum()


def test_sparing_a_region_keeps_its_pain_away():
    envs = WeeklyRoutineVectorEnv(500, overrides={**STEADY, "pain_share": 1.0}, dropout=False)
    pain = {}
    for name in ("4x8 @ 75%", "spare the legs, else 3x10 @ 70%"):
        envs.reset(seed=2)
        for _ in range(8):
            envs.move(np.full(500, NAMES.index(name)))
        weak = envs.traits.bears[0] < 1
        assert 0.2 < weak.mean() < 0.5
        pain[name] = envs.body.irritation[0, weak].mean()
    assert pain["spare the legs, else 3x10 @ 70%"] == 0 < pain["4x8 @ 75%"]


def test_the_record_keeps_the_worst_week_of_pain():
    envs = WeeklyRoutineVectorEnv(500, overrides={**STEADY, "pain_share": 1.0}, dropout=False)
    obs, _ = envs.reset(seed=2)
    place = [envs.columns.index(f"pain {region}") for region in plan.REGIONS]
    worst = [envs.columns.index(f"worst pain {region}") for region in plan.REGIONS]
    seen = []
    for name in ["4x8 @ 75%"] * 5 + ["rest"] * 5:
        obs = envs.move(np.full(500, NAMES.index(name)))[0]
        seen.append(obs[:, place])
    assert (obs[:, worst] >= np.max(seen, axis=0) - 1e-6).all()
    weak = (envs.traits.bears < 1).T
    assert obs[:, place][weak].mean() < 0.1, "settled"
    assert obs[:, worst][weak].mean() > 3 * obs[:, worst][~weak].mean()
    bare = WeeklyRoutineVectorEnv(2, blocks=())
    assert bare.reset(seed=0)[0].shape == (2, 22)


def test_protection_is_lost_in_a_gap():
    """After months off the same session makes sorer than before the gap."""
    envs = WeeklyRoutineVectorEnv(300, overrides=STEADY, dropout=False, weeks=40)
    envs.reset(seed=3)
    train, rest = NAMES.index("3x8 @ 75%"), NAMES.index("rest")
    ache = [envs.move(np.full(300, a))[-1]["ache"].mean()
            for a in [train] * 12 + [rest] * 12 + [train]]  # fmt: skip
    assert ache[-1] > 1.3 * ache[11]
    assert ache[0] > 1.3 * ache[11]


def test_injury_is_blind_to_the_load_ratio():
    """No variable of the model holds a ratio of recent to older load."""
    text = (person.Body._fields, session.Luck._fields)
    assert not any("ratio" in name or "acute" in name for part in text for name in part)


def test_factored_actions_are_all_combinations_and_prescribe_what_they_say():
    envs = WeeklyRoutineFactoredVectorEnv(1)
    sizes = [len(options) for options in plan.OPTIONS]
    assert envs.factors.shape == (720, 5) and int(np.prod(sizes)) == 720
    assert len(np.unique(envs.factors, axis=0)) == 720
    assert (envs.factors.max(axis=0) + 1).tolist() == sizes
    action = plan.action_of(sets=4, zone=1, step=4, rest=2, deload=0)
    assert envs.factors[action].tolist() == [4, 1, 4, 2, 0]
    dose = envs.dose(np.array([action]), 0)
    assert (dose.sets[0, 0], dose.reps[0], dose.rest[0]) == (4, 7, 3)
    assert dose.load[0] == pytest.approx(0.77)
    assert envs.load_step(np.array([action]))[0] == pytest.approx(0.05)
    light = envs.dose(np.array([plan.action_of(3, 1, 4, 2, 1)]), 0)
    assert light.sets[0, 0] == 2 and light.load[0] == pytest.approx(0.77 * 0.85)


def test_the_same_routine_in_both_action_forms_is_the_same_year():
    name = "autoregulated"
    sums = []
    for kind in ("rxcourse/WeeklyRoutine-v0", "rxcourse/WeeklyRoutineFactored-v0"):
        envs = gym.make_vec(kind, num_envs=200)
        data = rollout(envs, envs.baselines[name], rng=np.random.default_rng(5))
        sums.append(data.reward)
    assert np.array_equal(*sums)


def test_linear_periodization_follows_its_cycle():
    envs, data = year(WeeklyRoutineVectorEnv(1).baselines["linear periodization"], n=3)
    played = [NAMES[a] for a in data.action[:52]]
    assert played == [CYCLE[w % 17] for w in range(52)]


def test_a_rest_or_an_unknown_template_is_told():
    with pytest.raises(ValueError, match="name must be one of"):
        template("10x10")
    with pytest.raises(ValueError, match='decide must be "week" or "session"'):
        WeeklyRoutineVectorEnv(1, decide="day")
    with pytest.raises(ValueError, match="parameter tolerance must be above 0"):
        WeeklyRoutineVectorEnv(1, overrides={"tolerance": 0.0})
    with pytest.raises(ValueError, match="blocks must be a tuple of some of .*'watch'"):
        WeeklyRoutineVectorEnv(1, blocks=("watch",))
    with pytest.raises(ValueError, match="dropout must be True or False"):
        WeeklyRoutineVectorEnv(1, dropout=1)


def test_reported_reserve_errs_more_far_from_failure():
    n = 100_000
    traits, _ = people(n)
    traits = traits._replace(bias=np.zeros(n))
    z = np.random.default_rng(0).standard_normal((6, n))
    for reserve, wanted in ((1.0, 0.9), (5.0, 1.7)):
        told = session._told_reserve(np.full((6, n), reserve), z, traits, P)
        if reserve == 5.0:  # nobody reports less than nothing
            assert (told - reserve).std() == pytest.approx(wanted, abs=0.02)
    assert (session._told_reserve(np.full((6, n), -2.0), z, traits, P) == 0).all()


def test_a_year_sums_up_what_a_rollout_logs():
    envs = WeeklyRoutineVectorEnv(60)
    seed = int(np.random.default_rng(4).integers(2**31))  # what rollout hands to reset
    data = rollout(envs, template("3x8 @ 75%"), keep=("gain",), rng=np.random.default_rng(4))
    life = year_of(envs, template("3x8 @ 75%"), seed=seed)
    np.testing.assert_allclose(life["reward"], data.reward.reshape(60, 52).sum(axis=1))
    np.testing.assert_allclose(
        life["gain"], data.extra["gain"].reshape(60, 52).sum(axis=1), rtol=1e-5
    )
    assert (life["actions"] == NAMES.index("3x8 @ 75%")).all()
    by_week = year_of(envs, lambda week: np.full(60, NAMES.index("3x8 @ 75%")), seed=seed)
    assert np.array_equal(by_week["reward"], life["reward"])


def test_the_planner_sees_what_the_best_constant_cannot():
    """With everybody's weak region known, the planner beats every constant; trials are copies."""
    envs = WeeklyRoutineVectorEnv(60, weeks=12, overrides={"pain_share": 1.0})
    returns = constant_returns(envs, seed=3, n_draws=2)
    assert returns.shape == (60, 18) and np.argmin(returns.mean(axis=0)) == NAMES.index("rest")
    own = returns.argmax(axis=1)
    before = envs.body
    planned = year_of(envs, Planner(envs, own, 2, np.random.default_rng(0)), seed=3)
    assert envs.body is not before
    best = year_of(envs, lambda week: np.full(60, returns.mean(axis=0).argmax()), seed=3)
    assert planned["reward"].mean() > best["reward"].mean()


def test_a_load_is_a_number_between_rest_and_heavy():
    envs = gym.make_vec("rxcourse/WeeklyRoutineLoad-v0", num_envs=4)
    envs.reset(seed=0)
    dose = envs.dose(np.array([-1.0, 1 / 13, 5 / 13, 1.0], np.float32), 0)
    np.testing.assert_allclose(dose.load, [0.30, 0.65, 0.75, 0.95], atol=1e-6)
    assert dose.sets[0].tolist() == [0, 3, 3, 3]
    assert dose.reps.tolist() == [20, 13, 8, 1]
    beyond = envs.step(np.full((4, 1), 7.0))[1]
    envs.reset(seed=0)
    assert np.array_equal(beyond, envs.step(np.full((4, 1), 1.0))[1])
    for wrong in (np.zeros(4), np.zeros((3, 1)), np.full((4, 1), np.nan)):
        with pytest.raises(ValueError, match="action must"):
            envs.step(wrong)
    data = rollout(envs, envs.baselines["65 % every week"], rng=np.random.default_rng(0))
    rest = rollout(envs, envs.baselines["do nothing"], rng=np.random.default_rng(0))
    assert data.reward.sum() > 4 * 20 and rest.reward.sum() == 0


def test_the_ladder_was_measured_and_spans_five_per_cent():
    """From the stored evidence: what the best constant is, and what a planner adds."""
    ladder = evidence.load(EVIDENCE / "11_ladder.csv").set_index("policy")
    best = ladder.loc["best constant"]
    assert best["template"] == BEST_CONSTANT
    assert ladder["reward"].drop(["own best constant", "planner with the truth"]).idxmax() in (
        "best constant", "best constant of four groups",
    )  # fmt: skip
    planner = ladder.loc["planner with the truth"]
    assert planner["ahead"] / best["reward"] >= 0.05
    assert planner["ahead"] > 4 * planner["ahead_stderr"]


def test_the_stored_ladder_is_what_these_people_give():
    """Two rungs played again: the same people, the same luck."""
    ladder = evidence.load(EVIDENCE / "11_ladder.csv").set_index("policy")
    envs = WeeklyRoutineVectorEnv(1_000)
    for name in ("linear periodization", "best constant"):
        found = year_of(envs, envs.baselines[name], seed=111)
        assert found["reward"].mean() == pytest.approx(ladder.loc[name, "reward"], abs=0.05)
