import gymnasium as gym
import numpy as np
import pytest

from rxcourse.policy import Uniform
from rxcourse.rollout import interact, rollout
from rxcourse.simulators import physiology as phys
from rxcourse.simulators import pushup, pushup_person
from rxcourse.simulators.parameters import parameter_table, parameters
from rxcourse.simulators.pushup import COACH, DECREASE, INCREASE, MAINTAIN, REST, plan

SEEN = ("trained", "completed", "difficulty", "target", "strength", "reserve", "soreness")


def course(policy, n=200, seed=1, keep=SEEN, **kwargs):
    envs = pushup.PushUpVectorEnv(n, **kwargs)
    return rollout(envs, policy, rng=np.random.default_rng(seed), keep=keep)


def test_reward_is_what_the_reports_say():
    data = course(Uniform(4))
    e = data.extra
    good = e["completed"] & (e["difficulty"] == 3)
    bad = e["trained"] & (~e["completed"] | (e["difficulty"] >= 4))
    assert np.array_equal(data.reward, good * 1.0 - bad)
    assert {-1.0, 0.0, 1.0} == set(data.reward)


def test_a_rest_costs_nothing_and_keeps_the_previous_difficulty():
    data = course(Uniform(4))
    rest = data.action == REST
    assert (data.reward[rest] == 0).all()
    assert (data.extra["difficulty"][rest] == 0).all()
    assert np.array_equal(data.next_obs[rest] // 2, data.obs[rest] // 2)
    assert (data.next_obs[rest] % 2 != data.obs[rest] % 2).any(), "fatigue is reported again"


def test_difficulty_makes_the_next_state():
    data = course(Uniform(4))
    trained = data.extra["trained"]
    category = np.array([0, 0, 0, 1, 2, 2])[data.extra["difficulty"]]
    assert np.array_equal(data.next_obs[trained] // 2, category[trained])


def test_actions_move_the_target_by_one_repetition():
    data = course(Uniform(4))
    target = data.padded(data.extra["target"])
    action = data.padded(data.action)[:, 1:]
    change = np.diff(target, axis=1)
    free = (target[:, :-1] > 1) & (target[:, :-1] < 100)
    for a, wanted in ((INCREASE, 1), (MAINTAIN, 0), (DECREASE, -1), (REST, 0)):
        assert (change[(action == a) & free] == wanted).all()
    assert target.min() == 1, "somebody reached the floor and stayed there"


def test_an_episode_is_100_slots_and_is_truncated_not_ended():
    data = course(COACH, n=20)
    assert (data.length == 100).all()
    assert data.truncated.sum() == 20 and not data.terminated.any()


def test_the_entry_test_sets_sixty_percent_of_a_measured_maximum():
    p = parameters("pushup")
    rows = np.arange(50_000)
    traits = pushup_person.draw_traits(3, rows, np.zeros_like(rows), p)
    body, difficulty = pushup_person.first_body(traits, p)
    most = phys.repetitions(p["load_share"] / traits.strength0, traits.endurance)
    share = body.target / most
    assert abs(share[most > 10].mean() - 0.6) < 0.01
    assert set(difficulty) <= {1, 2, 3, 4, 5}
    assert np.quantile(most, [0.05, 0.95]) == pytest.approx([6.2, 23.2], abs=0.5)


def test_two_policies_meet_the_same_people_with_the_same_luck():
    """Rows that happen to act alike see exactly the same; other rows do not disturb them."""
    envs = pushup.PushUpVectorEnv(6)
    seen = []
    for others in (REST, INCREASE):
        obs, _ = envs.reset(seed=5)
        rows = [obs[:3]]
        for _ in range(250):
            action = np.array([MAINTAIN, DECREASE, REST, others, others, others])
            obs, reward, *_ = envs.step(action)
            rows += [obs[:3], reward[:3]]
        seen.append(np.concatenate(rows))
    assert np.array_equal(*seen)


def test_common_random_numbers_shrink_the_error_of_a_difference():
    a, b = (
        course(p, n=3000).returns(0.9) for p in (plan(0, 3, 2, 3, 2, 3), plan(0, 2, 2, 3, 2, 3))
    )
    assert (a - b).std() < 0.75 * np.sqrt(a.var() + b.var())


def test_a_new_episode_is_a_new_person_unless_asked_otherwise():
    for one, differ in ((False, True), (True, False)):
        envs = pushup.PushUpVectorEnv(5, horizon=3, one_person=one)
        envs.reset(seed=2)
        first = envs.traits.strength0
        for _ in range(3):
            envs.step(np.full(5, REST))
        assert (envs.episode == 1).all()
        assert (envs.traits.strength0 != first).all() == differ


def test_rows_may_restart_at_different_times():
    """Some rows begin anew while others go on; only theirs change."""
    envs = pushup.PushUpVectorEnv(4, horizon=10)
    envs.reset(seed=2)
    envs.clock, envs._began[2:], envs._first_end = 5, 5, 10  # two have been here for 5 slots
    before = envs.traits.eta.copy()
    for _ in range(5):
        *_, truncated, info = envs.step(np.full(4, MAINTAIN))
    assert truncated.tolist() == [True, True, False, False]
    assert (envs.traits.eta != before).tolist() == [True, True, False, False]
    assert (envs.body.h1[:2] == 0).all() and (envs.body.h1[2:] > 0).all()


def test_dropout_does_not_end_the_episode_and_stops_all_training():
    data = course(COACH, n=800, dropout=True, keep=(*SEEN, "enrolled", "hazard"))
    enrolled = data.padded(data.extra["enrolled"])
    assert (data.length == 100).all()
    assert (np.diff(enrolled.astype(int), axis=1) <= 0).all(), "nobody comes back"
    gone = ~enrolled[:, :-1]
    assert not data.padded(data.extra["trained"])[:, 1:][gone].any()
    left = 1 - enrolled[:, -1].mean()
    hazard = data.padded(data.extra["hazard"])
    alone = np.where(np.c_[np.ones(800, bool), enrolled[:, :-1]], hazard, 0)
    stderr = np.sqrt(left * (1 - left) / 800)
    assert abs(left - alone.sum() / 800) < 4 * stderr
    assert course(COACH, n=50, keep=("enrolled",)).extra["enrolled"].all()


def test_flips_happen_as_often_as_stated():
    p = {"fatigue_flip": 0.1, "completion_flip": 0.02}
    envs = pushup.PushUpVectorEnv(2000, overrides=p)
    wrong, n = np.zeros(2), 0
    act = lambda obs, rng: (rng.integers(3, size=len(obs)), np.full(len(obs), 1 / 3))  # noqa: E731
    for step in interact(envs, act, n_steps=60, rng=np.random.default_rng(0)):
        if "final_obs" in step.info:
            continue
        truth = pushup_person.fatigue_felt(envs.body, envs.p) > envs.p["fatigue_cut"]
        wrong += (
            (step.info["fatigue_high"] != truth).sum(),
            (step.info["completed"] != (step.info["reserve"] >= 0)).sum(),
        )
        n += 2000
    for share, flip in zip(wrong / n, p.values(), strict=True):
        assert abs(share - flip) < 4 * np.sqrt(flip * (1 - flip) / n)


def test_more_than_enough_training_weakens_today():
    """Expressed strength after 60 slots has its best share of the maximum inside the grid."""
    p = parameters("pushup")
    shares, n = np.linspace(0.0, 1.3, 14), 500
    rows = np.tile(np.arange(n), len(shares))
    traits = pushup_person.draw_traits(1, rows, np.zeros_like(rows), p)
    body, _ = pushup_person.first_body(traits, p)
    most = phys.repetitions(p["load_share"] / traits.strength0, traits.endurance)
    target = np.maximum(np.repeat(shares, n) * most, 1)
    action = np.where(np.repeat(shares, n) == 0, REST, MAINTAIN)
    rng = np.random.default_rng(0)
    for _ in range(60):
        body, _ = pushup_person.step_state(
            body._replace(target=target), action, traits, p,
            base_hazard=np.zeros(len(rows)), rng=rng,
        )  # fmt: skip
    today = (1 + body.fast + body.slow) * (1 - pushup_person.fatigue_felt(body, p))
    best = today.reshape(len(shares), n).mean(axis=1).argmax()
    assert 0 < best < len(shares) - 1


def test_detraining_takes_strength_back():
    data = course(plan(*[MAINTAIN] * 6), n=300, horizon=60)
    envs = pushup.PushUpVectorEnv(300, horizon=200)
    envs.reset(seed=1)
    trained = [envs.step(np.full(300, MAINTAIN))[-1]["strength"] for _ in range(60)]
    rested = [envs.step(np.full(300, REST))[-1]["strength"] for _ in range(60)]
    assert data.extra["strength"].max() > 1
    assert (rested[-1] < trained[-1]).all() and (rested[-1] > 1).all()
    assert rested[-1].mean() - 1 > 0.5 * (trained[-1].mean() - 1), "most of it is kept"


def test_a_shift_of_reports_makes_sessions_look_easier():
    light = {"entry_share": 0.3}
    fixed = plan(*[MAINTAIN] * 6)
    honest, brave = (course(fixed, report_shift=s, overrides=light) for s in (0.0, 3.0))
    assert brave.extra["difficulty"].mean() < honest.extra["difficulty"].mean() - 0.3


def test_a_failed_session_is_a_five_however_brave_the_person():
    data = course(Uniform(4), report_shift=9.0)
    failed = data.extra["reserve"] < 0
    assert failed.any() and (data.extra["difficulty"][failed] == 5).all()


def test_presets_and_overrides_are_checked():
    with pytest.raises(ValueError, match="preset must be one of"):
        pushup.PushUpVectorEnv(1, preset="other")
    with pytest.raises(ValueError, match=r"unknown parameter\(s\) phi9"):
        pushup.PushUpVectorEnv(1, overrides={"phi9": 1.0})
    assert pushup.PushUpVectorEnv(1, preset="long gaps").p["slot_days"] == 2.0


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"slot_days": float("nan")}, "parameter slot_days must be finite"),
        ({"slot_days": -1}, "parameter slot_days must be above 0, got -1"),
        ({"sets": 0}, "parameter sets must be above 0"),
        ({"phi1": -0.1}, "parameter phi1 must be at least 0"),
        ({"slot_days": "two"}, "parameter slot_days must hold numbers"),
        (["slot_days"], "overrides must be a dict"),
    ],
)
def test_a_parameter_without_sense_is_refused(overrides, message):
    with pytest.raises(ValueError, match=message):
        pushup.PushUpVectorEnv(1, overrides=overrides)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"report_shift": float("nan")}, "report_shift must be finite"),
        ({"report_shift": "a"}, "report_shift must hold numbers"),
        ({"dropout": "no"}, "dropout must be True or False, got 'no'"),
    ],
)
def test_an_option_without_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        pushup.PushUpVectorEnv(1, **options)


def test_a_plan_has_one_known_action_for_each_state():
    with pytest.raises(ValueError, match="a plan needs 6 actions"):
        plan(0, 1)
    with pytest.raises(ValueError, match=r"actions must lie in 0 \.\.\. 3, got -1"):
        plan(0, 1, 2, 3, 0, -1)


def test_an_unknown_table_names_the_known_ones():
    known = r"name must be one of \['pushup', 'weekly'\], got 'pushups'"
    with pytest.raises(ValueError, match=known):
        parameter_table("pushups")


def test_every_parameter_has_unit_label_and_a_source_or_an_assumption():
    table = parameter_table("pushup")
    assert table["name"].is_unique and (table["unit"] != "").all()
    sourced = table["label"].isin(["C", "S"])
    assert (table.loc[sourced, "source"] != "").all()
    assert (table["note"] != "").all()


def test_render_is_a_sentence_or_a_picture():
    env = gym.make("rxcourse/PushUp-v0", render_mode="ansi")
    env.reset(seed=0)
    assert "target 3 x" in env.render()
    env = gym.make("rxcourse/PushUp-v0", render_mode="rgb_array")
    env.reset(seed=0)
    assert env.render().shape == (120, 240, 3)
