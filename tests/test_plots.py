"""Every figure prints its numbers once, is shown once, and says its numbers in its alt text."""

import base64

import IPython
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rxcourse import _figure, plots
from rxcourse.run import Run
from rxcourse.simulators.gridworld import MOVES

STATES, ACTIONS = ["Easy", "Hard"], ["Maintain", "Add_Rest_Day"]


@pytest.fixture
def shown(monkeypatch):
    """Outputs that a notebook would store."""
    outputs = []

    def display(data, *, raw, metadata):
        assert raw
        outputs.append((data, metadata))

    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(IPython.display, "display", display)
    return outputs


def curve(samples):
    samples = np.asarray(samples, dtype=float)
    n_steps, n_learners = samples.shape
    return pd.DataFrame(
        {
            "learner": np.tile(np.arange(n_learners), n_steps),
            "step": np.repeat(10 * np.arange(n_steps), n_learners),
            "regret": samples.ravel(),
        }
    )


CALLS = {
    "learning_curve": lambda: plots.learning_curve(
        curve([[1, 2, 3], [0.5, 0.25, 0.75]]), "regret", title="T", reference={"zero": 0.0}
    ),
    "lines": lambda: plots.lines(
        [1, 2], {"a": [0.5, 0.25], "b": ([1, 2], [0, 1], [2, 3])}, title="T", xlabel="x", ylabel="y"
    ),
    "bars": lambda: plots.bars({"a": (0.5, 0.25, 0.75), "b": -1.0}, title="T", xlabel="x"),
    "histogram": lambda: plots.histogram([0.5, 0.5, np.nan, 2], title="T", xlabel="x"),
    "policy_table": lambda: plots.policy_table(
        [[0.5, 0.25], [np.nan, 1.0]], state_names=STATES, action_names=ACTIONS, title="T"
    ),
    "grid": lambda: plots.grid(
        [0.5, np.nan, -1, 9], shape=(2, 2), title="T", actions=np.eye(4), moves=MOVES,
        marks={3: "G"}, paths={"way": [0, 1, 3]},
    ),
    "episode": lambda: plots.episode(
        {"reps": {"target": [0.5, 2], "done": [1, 1]}}, title="T", actions=[0, 1],
        action_names=ACTIONS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_one_picture_with_a_number_of_the_data_in_alt_and_stdout(name, shown, capsys):
    assert CALLS[name]() is None
    printed = capsys.readouterr().out
    ((data, metadata),) = shown
    alt = metadata["image/png"]["alt"]
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert alt == data["text/plain"] and alt.startswith("T. ")
    assert "0.5" in alt and "0.5" in printed


@pytest.mark.parametrize("name", CALLS)
def test_same_data_same_bytes_whatever_the_readers_settings(name, shown, capsys):
    import matplotlib

    CALLS[name]()
    with matplotlib.rc_context({"font.size": 30, "savefig.dpi": 17, "axes.facecolor": "red"}):
        CALLS[name]()
    assert shown[0] == shown[1]


def test_every_public_function_is_tested_here():
    assert set(CALLS) == set(plots.__all__)


def test_outside_a_notebook_only_the_numbers_appear(capsys):
    CALLS["bars"]()
    assert capsys.readouterr().out == "a: 0.50 [0.25, 0.75]\nb: -1.00\n"


def test_interval_equals_the_hand_computation():
    sample = np.array([1.0, 2.0, 4.0])
    mean, low, high = _figure.mean_interval(sample)
    # mean 7/3; squared deviations 16/9 + 1/9 + 25/9 = 42/9; variance 7/3; stderr sqrt(7/9)
    half = stats.t.ppf(0.975, 2) * np.sqrt(7 / 9)
    np.testing.assert_allclose([mean, low, high], [7 / 3, 7 / 3 - half, 7 / 3 + half])
    scipy_low, scipy_high = stats.ttest_1samp(sample, 0).confidence_interval()
    np.testing.assert_allclose([low, high], [scipy_low, scipy_high])


def test_interval_covers_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(1)
    _, low, high = _figure.mean_interval(rng.normal(size=(20, 20_000)))
    # Binomial standard error of a share of 0.95 among 20,000 is 0.0015.
    assert abs(((low <= 0) & (high >= 0)).mean() - 0.95) <= 4 * 0.0015


def test_learners_without_a_value_are_left_out_and_counted(shown, capsys):
    plots.learning_curve(curve([[np.nan, 1, 1], [np.nan, 0.5, 0.5]]), "regret", title="T")
    assert "0.50 [0.50, 0.50] at 10; 3 learners, 33% of them without a value" in (
        capsys.readouterr().out
    )


def test_no_learner_with_a_value_is_no_error(shown, capsys):
    plots.learning_curve(curve([[np.nan, np.nan], [1, 2]]), "regret", title="T")
    assert "no value at step 0" in capsys.readouterr().out


def test_ties_are_named(shown, capsys):
    plots.policy_table(
        [[0.5, 0.5], [0.1, 0.9]], state_names=STATES, action_names=ACTIONS, title="T"
    )
    assert capsys.readouterr().out == (
        "Easy: Maintain or Add_Rest_Day (0.50)\nHard: Add_Rest_Day (0.90)\n"
    )


CURVE = curve([[1, 2], [3, 4]])
WORDS = {"title": "T", "xlabel": "x"}
WRONG = {
    "8 curves": (lambda: plots.learning_curve(dict.fromkeys("abcdefgh", 0), "regret", title="T"),
                 "curves must hold 1 to 7 curves, .* got 8"),
    "8 lines": (lambda: plots.lines([1], dict.fromkeys("abcdefgh", [1]), ylabel="y", **WORDS),
                "series must hold 1 to 7 curves, .* got 8"),
    "no metric": (lambda: plots.learning_curve(CURVE, "reward", title="T"),
                  r"lacks 'reward', it has \['learner', 'step', 'regret'\]"),
    "run": (lambda: plots.learning_curve(Run(None, CURVE), "regret", title="T"),
            "curves must be DataFrames, got Run for 'regret'. Pass run.curve"),
    "no records": (lambda: plots.learning_curve(CURVE[:0], "regret", title="T"), "one record"),
    "pair of lines": (lambda: plots.lines([1], {"a": ([1], [2])}, ylabel="y", **WORDS),
                      r"series\['a'\] must be one value or a tuple .*, got .* of 2"),
    "length": (lambda: plots.lines([1, 2], {"a": [1]}, ylabel="y", **WORDS),
               r"series\['a'\] must have the shape \(n,\) of x, \(2,\), got \(1,\)"),
    "pair of bars": (lambda: plots.bars({"a": (1, 2)}, **WORDS), r"values\['a'\] .* tuple of 2"),
    "empty": (lambda: plots.histogram([], **WORDS), "at least one finite number .* got none"),
    "all nan": (lambda: plots.histogram([np.nan], **WORDS), "at least one finite number to count"),
    "no moves": (lambda: plots.grid(np.ones(4), shape=(2, 2), title="T", actions=np.eye(4)),
                 "moves must be given with actions"),
    "best actions": (lambda: plots.grid(np.ones(4), shape=(2, 2), title="T", moves=MOVES,
                                        actions=[0, 1, 2, 3]),
                     r"actions must have shape \(S, A\) = \(4, 4\), .* got \(4,\). From a list"),
    "mark": (lambda: plots.grid(np.ones(4), shape=(2, 2), title="T", marks={4: "G"}),
             "marks must name cells 0 to 3, got 4"),
    "path": (lambda: plots.grid(np.ones(4), shape=(2, 2), title="T", paths={"p": [0, -1]}),
             r"paths\['p'\] must name cells 0 to 3, got -1"),
    "no names": (lambda: plots.episode({"a": [1]}, title="T", actions=[0]),
                 "action_names must name all actions where actions are given, got none"),
    "few names": (lambda: plots.episode({"a": [1]}, title="T", actions=[2], action_names=ACTIONS),
                  "actions must be whole numbers from 0 to 1, one for each of action_names"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "message"), WRONG.values(), ids=WRONG)
def test_bad_input_gets_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: plots.policy_table([[1, 2]], state_names=STATES, action_names=ACTIONS, title="T"),
        lambda: plots.grid([1, 2, 3], shape=(2, 2), title="T"),
    ],
)
def test_wrong_shapes_say_what_was_expected(call):
    with pytest.raises(ValueError, match="must have shape"):
        call()
