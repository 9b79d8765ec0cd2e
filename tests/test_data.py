"""The flat table of logged experience: what it refuses, and what survives each operation."""

import io
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxcourse.data import Dataset

COLUMNS = ("obs", "action", "reward", "next_obs", "terminated", "truncated", "propensity",
           "episode", "t", "person", "cost")  # fmt: skip


def columns(lengths=(3, 1, 4), people=None, obs_shape=(), seed=0):
    """Columns of episodes of these lengths; each reward is its row's number."""
    rng, n = np.random.default_rng(seed), sum(lengths)
    episode = np.repeat(np.arange(len(lengths)), lengths)
    last = np.append(np.diff(episode) != 0, True)
    who = np.arange(len(lengths)) if people is None else np.asarray(people)
    return {
        "obs": rng.normal(size=(n, *obs_shape)), "next_obs": rng.normal(size=(n, *obs_shape)),
        "action": rng.integers(3, size=n), "reward": np.arange(float(n)),
        "terminated": last & (episode % 2 == 0), "truncated": last & (episode % 2 == 1),
        "propensity": rng.uniform(0.1, 1, n), "episode": episode,
        "t": np.concatenate([np.arange(k) for k in lengths]), "person": who[episode],
        "cost": rng.random(n), "n_actions": 3,
        "extra": {"clinician": episode % 2, "terms": rng.normal(size=(n, 2))},
    }  # fmt: skip


def make(**settings):
    return Dataset(**columns(**settings))


def same(a, b):
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
        assert getattr(a, name).dtype == getattr(b, name).dtype, name
    assert a.extra.keys() == b.extra.keys() and a.n_actions == b.n_actions
    for name, value in a.extra.items():
        np.testing.assert_array_equal(value, b.extra[name])


def changed(name, row, value):
    column = columns()[name].astype(type(value))
    column[row] = value
    return {name: column}


REFUSED = {
    "no rows": ({k: v[:0] for k, v in columns().items() if k in COLUMNS}, "at least one row"),
    "nan in obs": (changed("obs", 2, np.nan), r"obs must be finite, got nan at index \(2,\)"),
    "inf": (changed("next_obs", 1, np.inf), "next_obs must be finite, got inf"),
    "nan reward": (changed("reward", 0, np.nan), "reward must be finite"),
    "text": ({"reward": np.array(["a"] * 8)}, "reward must hold numbers"),
    "matrix reward": ({"reward": np.zeros((8, 2))}, r"reward must have 1 dimension\(s\)"),
    "scalar reward": ({"reward": 1.0}, r"reward must have 1 dimension\(s\)"),
    "unknown action": (changed("action", 4, 3), r"action must lie in 0 \.\.\. 2, got 3"),
    "float action": ({"action": np.zeros(8)}, "action must hold whole numbers, got dtype float64"),
    "propensity 0": (changed("propensity", 5, 0.0), r"propensity must lie in \(0, 1\].*got 0"),
    "propensity above 1": (changed("propensity", 5, 1.5), r"propensity must lie in \(0, 1\]"),
    "no propensity": ({"propensity": None}, "propensity must have 8 rows"),
    "flags as numbers": ({"terminated": np.zeros(8)}, "terminated must be an array of True and"),
    "short flags": ({"truncated": np.zeros(3, bool)}, "truncated must have 8 rows"),
    "short column": (
        {"person": np.zeros(3, int)},
        "person must have 8 rows like most columns, got 3",
    ),
    "short extra": ({"extra": {"x": np.zeros(2)}}, "x must have 8 rows like most columns, got 2"),
    "short cost": ({"cost": np.zeros(2)}, "cost must have 8 rows"),
    "scalar extra": ({"extra": {"x": 1}}, "x must have 8 rows"),
    "person as text": ({"person": np.array(list("aaabcccc"))}, "person must hold whole numbers"),
    "episode with nan": (changed("episode", 7, np.nan), "episode must hold whole numbers"),
    "shapes of obs": ({"next_obs": np.zeros((8, 2))}, r"shape of obs, \(8,\), got \(8, 2\)"),
    "not sorted": (changed("episode", 7, 0), "rows must be sorted by episode, then by t"),
    "t twice": (changed("t", 1, 0), "rows must be sorted by episode, then by t"),
    "no end": (changed("terminated", 2, False), "row 2, episode 0, is the last one of its episode"),
    "no end at all": (changed("terminated", 7, False), "row 7, episode 2, is the last one of"),
    "early end": (changed("truncated", 1, True), "row 1, episode 0, ends but the episode goes on"),
    "two people": (changed("person", 1, 9), "an episode must belong to one person"),
    "n_actions": ({"n_actions": 0}, "n_actions must be a whole number of at least 1, or 0"),
}


REFUSED |= {
    "action of two axes": (
        {"action": np.zeros((8, 1), int)},
        r"action must have shape \(8,\), got",
    ),
    "propensity of two axes": (
        {"propensity": np.ones((8, 1))},
        r"propensity must have shape \(8,\)",
    ),
    "person of two axes": (
        {"person": np.zeros((8, 1), int)},
        r"person must have shape \(8,\), got",
    ),
    "short reward": ({"reward": np.zeros(7)}, "reward must have 8 rows.* got 7.*: obs 8, action 8"),
    "propensity as text": ({"propensity": np.array(["x"] * 8)}, "propensity must hold numbers"),
    "one propensity": ({"propensity": "x"}, "propensity must have 8 rows .* got a single value"),
    "no extra": ({"extra": None}, "extra must be a dict of columns, got NoneType"),
    "row named": (changed("t", 1, 0), r"row 1 \(episode 0, t 0\) comes after row 0 \(episode 0, t"),
}


@pytest.mark.parametrize("call, message", [
    (lambda d, rng: d.padded(np.zeros(3)), r"column must have 8 rows, got shape \(3,\)"),
    (lambda d, rng: d.padded(1.0), r"column must have 8 rows, got shape \(\)"),
    (lambda d, rng: d.resample(n=0, rng=rng), "n must be a whole number of at least 1, got 0"),
    (lambda d, rng: d.resample(n=-3, rng=rng), "n must be a whole number of at least 1, got -3"),
    (lambda d, rng: d.with_censoring(-np.ones(8)), "weight must not be negative, got -1"),
    (lambda d, rng: d.with_censoring(-1), r"weight must have 1 dimension\(s\)"),
    (lambda d, rng: Dataset.from_frame(d.to_frame().assign(mood=1)), "unknown column.* mood"),
    (lambda d, rng: Dataset.from_frame(d.to_frame(), n_actions=0), "n_actions must be a whole"),
])  # fmt: skip
def test_bad_arguments_of_methods_get_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call(make(), np.random.default_rng(0))


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_bad_columns_get_a_sentence(change, message):
    with pytest.raises(ValueError, match=message):
        Dataset(**(columns() | change))


def test_lists_are_taken_and_unknown_propensity_too():
    data = Dataset(obs=[0, 1], action=[0, 1], reward=[1, 2], next_obs=[1, 0],
                   terminated=[False, True], truncated=[False, False],
                   propensity=[np.nan, np.nan], episode=[4, 4], t=[2, 7], person=[1, 1],
                   n_actions=2)  # fmt: skip
    assert data.reward.dtype == float and data.step.tolist() == [0, 1] and len(data) == 2
    assert data.returns(0.5).tolist() == [2.0]  # steps are counted, whatever t says


def test_returns_count_steps_from_the_start_of_each_episode():
    data = make()
    assert (data.n_episodes, data.length.tolist(), data.first.tolist()) == (3, [3, 1, 4], [0, 3, 4])
    # By hand: 0 + 1/2 + 2/4; 3; 4 + 5/2 + 6/4 + 7/8.
    np.testing.assert_array_equal(data.returns(0.5), [1.0, 3.0, 8.875])
    np.testing.assert_array_equal(data.returns(1.0), [3.0, 3.0, 22.0])
    np.testing.assert_array_equal(data.returns(0.0), [0.0, 3.0, 4.0])
    with pytest.raises(ValueError, match="gamma"):
        data.returns(1.01)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.sampled_from([(), (2,)]))
def test_padding_and_unpadding_round_trip(lengths, shape):
    data = make(lengths=tuple(lengths), obs_shape=shape)
    wide = data.padded(data.obs, fill=np.nan)
    assert wide.shape == (len(lengths), max(lengths), *shape)
    np.testing.assert_array_equal(wide[data.lived], data.obs)
    assert np.isnan(wide[~data.lived]).all()
    np.testing.assert_array_equal(data.lived.sum(axis=1), lengths)
    gamma = 0.9 ** np.arange(max(lengths))
    np.testing.assert_allclose(data.padded(data.reward) @ gamma, data.returns(0.9))


PEOPLE = (5, 6, 5, 7, 8, 6, 8)  # seven episodes of four people, not one after the other
SEVEN = {"lengths": (2, 1, 3, 1, 2, 2, 1), "people": PEOPLE}


@pytest.mark.parametrize("by", ["person", "episode", "clinician"])
def test_a_split_divides_units_and_loses_nothing(by):
    data = make(**SEVEN)
    one, two = data.split(0.5, by=by, rng=np.random.default_rng(0))
    unit = [d.extra[by] if by == "clinician" else getattr(d, by) for d in (one, two, data)]
    assert not set(unit[0]) & set(unit[1]) and set(unit[0]) | set(unit[1]) == set(unit[2])
    assert sorted([*one.reward, *two.reward]) == data.reward.tolist()
    halves = [data.split(0.5, by=by, rng=np.random.default_rng(s))[0] for s in range(9)]
    assert len({half.reward.sum() for half in halves}) > 1


def test_folds_never_divide_a_unit_and_are_even():
    data = make(**SEVEN)
    fold = data.folds(2, rng=np.random.default_rng(1))
    for person in set(PEOPLE):
        assert len(set(fold[data.person == person])) == 1
    sizes = [len(set(data.person[fold == k])) for k in range(2)]
    assert sizes == [2, 2]


def test_a_bootstrap_sample_keeps_people_whole_and_apart():
    data = make(**SEVEN)
    sample = data.resample(rng=np.random.default_rng(2))
    drawn = []
    for person in np.unique(sample.person):
        mine = sample.reward[sample.person == person]
        # A row's reward is its number, so it says which rows these were.
        (original,) = {int(data.person[int(r)]) for r in mine}
        np.testing.assert_array_equal(mine, data.reward[data.person == original])
        drawn.append(original)
    assert len(drawn) == 4 and len(set(drawn)) < 4  # with replacement
    assert sample.n_episodes == sum(PEOPLE.count(p) for p in drawn)


def test_a_person_stays_one_person_when_larger_units_are_drawn():
    data = make(**SEVEN)
    clinic = {"clinic": np.zeros(len(data), int)}  # one clinic: a sample of it is all of it
    data = Dataset(**(columns(**SEVEN) | {"extra": clinic}))
    sample = data.resample(by="clinic", n=2, rng=np.random.default_rng(0))
    assert len(np.unique(sample.person)) == 8 and sample.n_episodes == 14


def test_the_mean_of_a_bootstrap_varies_as_theory_says():
    data = make(lengths=(1,) * 40)
    rng = np.random.default_rng(3)
    means = [data.resample(rng=rng).reward.mean() for _ in range(1_000)]
    expected = data.reward.std() / np.sqrt(40)
    # The standard deviation of 1,000 draws is known to 2.2 % of itself.
    assert np.std(means) == pytest.approx(expected, rel=4 * 0.022)
    assert data.resample(n=7, rng=rng).n_episodes == 7


def test_units_that_do_not_exist_get_a_sentence():
    data, rng = make(), np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"""name in extra \['clinician', 'terms'\], got 'week'"""):
        data.split(0.5, by="week", rng=rng)
    with pytest.raises(ValueError, match="share 0.1 of 3 persons leaves one part empty"):
        data.split(0.1, rng=rng)
    with pytest.raises(ValueError, match="4 folds need at least 4 persons, got 3"):
        data.folds(4, rng=rng)
    for draw in (data.resample, partial(data.folds, 2), partial(data.split, 0.5)):
        with pytest.raises(ValueError, match="rng must be a numpy.random.Generator"):
            draw(rng=0)


def test_other_probabilities_and_weights_change_nothing_else():
    data = make()
    new = data.with_propensity(np.full(8, 0.5))
    assert (new.propensity == 0.5).all() and (data.propensity != 0.5).any()
    same(new.with_propensity(data.propensity), data)
    weighted = data.with_censoring(np.arange(8.0))
    np.testing.assert_array_equal(weighted.extra["censoring_weight"], np.arange(8.0))
    assert "censoring_weight" not in data.extra
    with pytest.raises(ValueError, match="propensity must lie in"):
        data.with_propensity(np.zeros(8))
    with pytest.raises(ValueError, match="censoring_weight must have 8 rows"):
        data.with_censoring(np.ones(3))


def test_episodes_are_datasets_that_make_the_whole():
    data = make(obs_shape=(2,))
    parts = list(data.episodes())
    assert [len(p) for p in parts] == [3, 1, 4]
    np.testing.assert_array_equal(np.concatenate([p.obs for p in parts]), data.obs)


@pytest.mark.parametrize("obs_shape", [(), (1,), (12,)])
def test_frames_round_trip(obs_shape):
    data = make(obs_shape=obs_shape)
    same(Dataset.from_frame(data.to_frame()), data)
    text = data.to_frame().to_csv(index=False)
    frame = pd.read_csv(io.StringIO(text))  # a file does not carry n_actions
    same(Dataset.from_frame(frame, n_actions=3), data)


def test_frames_keep_names_that_look_like_parts_of_vectors():
    extra = {"dose": np.ones((8, 2)), "dose_total": np.arange(8), "week_2": np.arange(8)}
    data = Dataset(**(columns() | {"extra": extra}))
    same(Dataset.from_frame(data.to_frame()), data)


def test_frames_without_a_column_get_a_sentence_and_propensity_may_be_missing():
    frame = make().to_frame()
    assert np.isnan(Dataset.from_frame(frame.drop(columns="propensity")).propensity).all()
    assert Dataset.from_frame(frame.drop(columns="cost")).cost is None
    with pytest.raises(ValueError, match=r"lacks the column\(s\) person, reward"):
        Dataset.from_frame(frame.drop(columns=["reward", "person"]))
    frame.attrs.clear()
    with pytest.raises(ValueError, match="n_actions must be given"):
        Dataset.from_frame(frame)


def test_actions_may_be_numbers_with_densities():
    """A load as a share: no count of actions, a density above 1 is no mistake."""
    n = 4
    columns = dict(
        obs=np.zeros((n, 2)), next_obs=np.zeros((n, 2)), action=np.linspace(0, 1, n)[:, None],
        reward=np.zeros(n), terminated=np.arange(n) == n - 1, truncated=np.zeros(n, bool),
        propensity=np.full(n, 2.5), episode=np.zeros(n, int), t=np.arange(n),
        person=np.zeros(n, int),
    )  # fmt: skip
    data = Dataset(**columns, n_actions=0)
    back = Dataset.from_frame(data.to_frame())
    assert np.array_equal(back.action, data.action) and back.n_actions == 0
    with pytest.raises(ValueError, match="0 where each action is a row of numbers"):
        Dataset(**{**columns, "action": np.zeros(n)}, n_actions=0)
    with pytest.raises(ValueError, match="action must hold whole numbers"):
        Dataset(**columns, n_actions=3)
