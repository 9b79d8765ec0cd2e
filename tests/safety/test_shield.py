import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxcourse.policy import Greedy, TabularPolicy, Uniform, sample_action
from rxcourse.rollout import interact, rollout
from rxcourse.safety.shield import Shield
from rxcourse.simulators import pushup, pushup_safety
from rxcourse.simulators.pushup import SixStates, baselines, plan

SAFER = {0: (1, 2, 3), 1: (2, 3), 2: (3,), 3: ()}


@given(seed=st.integers(0, 10_000))
def test_mass_is_moved_never_lost_and_never_onto_a_forbidden_action(seed):
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.full(4, 0.5), size=8)
    allowed = rng.random((8, 4)) < 0.5
    allowed[:, 3] = True
    probs = Shield(TabularPolicy(table), allowed, SAFER).probs(np.arange(8))
    assert np.allclose(probs.sum(axis=1), 1)
    assert (probs[~allowed] == 0).all()
    assert (probs[allowed] >= table[allowed] - 1e-12).all()


def test_mass_goes_to_the_nearest_safer_action():
    allowed = np.array([[False, False, True, True]])
    shield = Shield(TabularPolicy(np.array([[0.7, 0.2, 0.0, 0.1]])), allowed, SAFER)
    assert np.allclose(shield.probs(np.array([0])), [[0, 0, 0.9, 0.1]])
    assert shield.overridden(np.array([0])) == pytest.approx(0.9)


def test_a_mask_that_allows_all_changes_nothing():
    policy = TabularPolicy(np.random.default_rng(0).dirichlet(np.ones(4), 5))
    shield = Shield(policy, np.ones((5, 4), bool), SAFER)
    assert np.array_equal(shield.probs(np.arange(5)), policy.probs(np.arange(5)))


def test_a_stack_is_shielded_learner_by_learner():
    q = np.random.default_rng(0).normal(size=(3, 5, 4))
    allowed = np.ones((5, 4), bool)
    allowed[2, :3] = False
    stack = Shield(Greedy(q), allowed, SAFER)
    one = stack[1].probs(np.arange(5))
    assert np.array_equal(stack.probs(np.tile(np.arange(5), (3, 1)))[1], one)


def test_fallbacks_must_end_in_one_default_that_is_allowed():
    policy = Uniform(4)
    with pytest.raises(ValueError, match="must end in one safe default"):
        Shield(policy, np.ones((1, 4), bool), {0: (1,), 1: (), 2: (3,), 3: ()})
    with pytest.raises(ValueError, match="fallbacks of actions 0 to A-1"):
        Shield(policy, np.ones((1, 4), bool), {0: (3,), 3: ()})
    closed = np.array([[True, True, True, False]])
    with pytest.raises(ValueError, match="safe default, action 3, must be allowed"):
        Shield(policy, closed, SAFER).probs(np.array([0]))


ALL = np.ones((5, 4), bool)
WRONG = {
    "no mask": (lambda: Shield(Uniform(4), None, SAFER), "allowed must be a mask .* got None"),
    "no policy": (lambda: Shield(None, ALL, SAFER), "policy must have a method probs"),
    "fallback": (
        lambda: Shield(Uniform(4), ALL, SAFER | {0: (9, 3)}),
        "actions 0 to 3, got 9 for a",
    ),
    "narrow mask": (
        lambda: Shield(Uniform(4), ALL[:, :3], SAFER),
        "allowed must have the 4 actions",
    ),
    "wide table": (
        lambda: Shield(TabularPolicy(np.eye(5)), ALL, SAFER),
        "policy must have the 4 act",
    ),
    "wide": (
        lambda: Shield(Uniform(5), ALL, SAFER).probs(np.array([0])),
        "policy .* the 4 .* got 5",
    ),
    "not a stack": (
        lambda: Shield(Uniform(4), ALL, SAFER)[0],
        "this Shield is one policy, not a st",
    ),
}


@pytest.mark.parametrize(("call", "message"), WRONG.values(), ids=WRONG)
def test_bad_shields_get_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_no_policy_behind_the_shield_emits_a_forbidden_action():
    policy = Shield(SixStates(Uniform(4)), pushup_safety.allowed, pushup_safety.SAFER)
    envs = pushup.PushUpFullVectorEnv(500)
    act = lambda obs, rng: sample_action(policy, obs, rng=rng)  # noqa: E731
    mask = envs.reset(seed=1)[1]["action_mask"]
    tried = 0
    for step in interact(envs, act, n_steps=99, rng=np.random.default_rng(0)):
        mask = pushup_safety.allowed(step.obs)
        assert mask[np.arange(500), step.action].all()
        assert np.array_equal(step.info["action_mask"], pushup_safety.allowed(step.next_obs))
        tried += (~mask).sum()
    assert tried > 1000, "the rules were put to the test"


def obs(**seen):
    """One observation of a person well into the programme with nothing wrong."""
    calm = dict(slot=50, target=8, difficulty=2, fatigue_high=0, completed=1, soreness=0,
                idle_slots=0, hard_reports=0, slot_days=1.5)  # fmt: skip
    return np.array([{**calm, **seen}[name] for name in pushup.FULL_OBS])


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        ({}, "IMDR"),
        ({"difficulty": 3}, "IMDR"),
        ({"completed": 0}, "MDR"),  # rule 3
        ({"slot": 3, "difficulty": 3}, "MDR"),  # rule 4: a novice progresses from Easy only
        ({"slot": 3, "difficulty": 4, "idle_slots": 1}, "DR"),
        ({"idle_slots": 15, "difficulty": 3}, "MDR"),  # rule 4 after three weeks off
        ({"difficulty": 4}, "R"),  # rule 5: less than 48 h since a hard session
        ({"difficulty": 5, "idle_slots": 1}, "MDR"),
        ({"difficulty": 4, "slot_days": 2.0}, "MDR"),
        ({"soreness": 7}, "MDR"),  # rule 6
        ({"fatigue_high": 1, "hard_reports": 2, "difficulty": 5, "idle_slots": 1}, "MDR"),
    ],
)
def test_each_rule_forbids_what_it_says(seen, wanted):
    allowed = pushup_safety.allowed(obs(**seen))
    assert "".join(a for a, ok in zip("IMDR", allowed, strict=True) if ok) == wanted


def test_rule_six_alone_stops_progress():
    tired = dict(fatigue_high=1, hard_reports=2, difficulty=3)
    assert not pushup_safety.allowed(obs(**tired))[0]
    assert pushup_safety.allowed(obs(**{**tired, "hard_reports": 1}))[0]


def test_six_states_read_the_vector_as_the_small_environment_shows_it():
    seen = []
    for cls, wrap in ((pushup.PushUpVectorEnv, lambda p: p),
                      (pushup.PushUpFullVectorEnv, SixStates)):  # fmt: skip
        policy = wrap(plan(0, 2, 2, 3, 2, 3))
        data = rollout(cls(50), policy, rng=np.random.default_rng(4))
        seen.append(data.obs if data.obs.ndim == 1 else SixStates.state(data.obs))
    assert np.array_equal(*seen)
    assert set(pushup.PushUpFullVectorEnv(1).baselines) == set(baselines)
