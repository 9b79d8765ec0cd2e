"""Whatever a learner's function does, the notebook goes on and the learner gets a sentence."""

import threading
import time
from itertools import count

import numpy as np
import pytest

import rxcourse
from rxcourse.grading.checking import check, hint
from rxcourse.grading.compare import difference
from rxcourse.grading.library import find
from rxcourse.grading.progress import FILE, read
from rxcourse.grading.question import Judged
from rxcourse.grading.running import call
from rxcourse.grading.verdict import Trouble


def patient():
    """Swallows the first interruptions, then gives in."""
    for _ in range(3):
        try:
            while True:
                pass
        except BaseException:
            continue
    return "late"


@pytest.mark.parametrize("endless", [lambda: next(i for i in iter(int, 1) if i), patient])
def test_a_loop_without_end_is_stopped(endless):
    start = time.monotonic()
    with pytest.raises(Trouble, match="did not finish within 0.2 s"):
        call(endless, seconds=0.2)
        pytest.fail("it came back")
    assert time.monotonic() - start < 30
    time.sleep(0.1)  # nothing arrives later
    assert threading.active_count() < 20


def test_a_result_on_the_edge_of_time_never_leaks_an_interruption():
    for seconds in np.linspace(0.0005, 0.003, 60):
        try:
            assert call(lambda: sum(range(40_000)), seconds=float(seconds)) == 799980000
        except Trouble as trouble:
            assert "did not finish" in trouble.message
    assert sum(range(100_000)) == 4999950000


def test_the_sentence_names_the_error_and_its_line():
    def mine(x):
        table = {}
        return table[x]

    with pytest.raises(Trouble, match=r"mine stopped with KeyError: 3, in the line `return table"):
        call(mine, 3)


def test_arguments_are_copies_and_changes_are_told():
    q = np.zeros(3)

    def change(q):
        q += 1
        return q

    with pytest.raises(Trouble, match="change changes its argument number 1"):
        call(change, q)
    assert (q == 0).all()
    assert call(change, q, changes=True).tolist() == [1, 1, 1]


def test_a_flood_of_prints_is_cut(capsys):
    call(lambda: [print("x" * 100) for _ in range(10_000)] and 1)
    told = capsys.readouterr().out
    assert 2_000 <= len(told) < 2_200 and "further output is not shown" in told
    call(lambda: print("short") or 1)
    assert capsys.readouterr().out == "short\n"


def test_signatures_are_told():
    with pytest.raises(Trouble, match=r"mine\(a, b\) must take 3 arguments"):
        call(_named(lambda a, b: 1), 1, 2, 3)
    assert call(max, 1, 2) == 2  # built-in functions have no signature to look at


def _named(function):
    function.__name__ = "mine"
    return function


SAME = [
    (1, 1.0), (np.float32(2), 2), (np.array([[3.0]]), 3), ([1, 2], np.array([1, 2])),
    ((1.0, True), (1, True)), ("Rest ", "rest"), (np.bool_(True), True), ({"a": [1]}, {"a": (1,)}),
    (1 + 1e-9, 1), (float("nan"), float("nan")), (np.array(["a"])[0], "a"),
    (np.array([True, False]), [1, 0]), ([[1, 2], [3, 4]], (1, 2, 3, 4)),
    (range(3), (0, 1, 2)),
]  # fmt: skip
OTHER = [
    ("0,5", 1, "Take the quotes away, and write a decimal point"),
    ((1, 88), 1.88, "one number was expected, got the shape .* a point, not a comma"),
    ("a, b", ("a", "b"), "one text. Put each into its own quotes"),
    ("1, 2", (1, 2), "one text. Write them without quotes"),
    ({1, 2}, (1, 2), "a set has none"), ((1, None), (1, 2), "number 2, there is nothing yet"),
    ("False", False, "without quotes"), (count(), (1, 2), "2 values were expected"),
    (None, 1, "nothing came back"),
    ([1, 2, 3], [1, 2], r"the shape \(2,\) was expected, got the shape \(3,\)"),
    (float("nan"), 1, "NaN"), ("1", 1, "numbers were expected"), (2, 1, "expected 1, got 2"),
    ([1, 5], [1, 2], "at place 1 expected 2, got 5"), ([[1], [2, 3]], [1, 2], "equal length"),
    (1, (1, 2), "2 values were expected, got one number"), ((1,), (1, 2), "got 1"),
    ({"b": 1}, {"a": 1}, r"keys \['a'\]"), (3, {"a": 1}, "a dict was expected"),
    (1, True, "True or False was expected"), (False, True, "expected True, got False"),
    (3, "rest", "a word in quotes"), ((1, 3), (1, 2), "in value number 2, expected 2"),
    ({"a": 2}, {"a": 1}, 'for "a", expected 1'), (1j, 1, "numbers were expected"),
    (np.eye(2), np.ones((2, 2)), r"at place \(0, 1\) expected 1, got 0"), (1 + 1e-4, 1, "expected"),
]  # fmt: skip


@pytest.mark.parametrize(("got", "want"), SAME)
def test_equal_answers_in_other_clothes(got, want):
    want = tuple(want) if isinstance(want, tuple) else want
    assert difference(got, want) == ""


@pytest.mark.parametrize(("got", "want", "words"), OTHER)
def test_differences_are_told(got, want, words):
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(difference(got, want))


@pytest.mark.parametrize(("got", "want", "words"), OTHER)
def test_a_hidden_key_is_not_told(got, want, words):
    told = difference(got, want, show=False)
    assert told and "expected 2" not in told and "expected 1" not in told


def test_hints_climb_and_stay_on_the_last():
    hints = find("06.q2").hints
    told = [str(hint("06.q2")) for _ in range(len(hints) + 1)]
    assert told[0] == f"Hint 1 of {len(hints)}: {hints[0]}" and told[-1] == told[-2]
    assert repr(hint("06.q2")) == told[-1]
    assert "no hints" in hint("06.z1")


def test_the_first_refusal_offers_a_hint_until_one_was_taken():
    assert 'Stuck? hint("06.q6").' in check("06.q6", 3).message
    hint("06.q6")
    assert "Stuck" not in check("06.q6", 3).message


def test_a_fault_of_the_check_is_not_the_learner_s(monkeypatch):
    broken = Judged(id="06.q1", title="t", name="n", rung="judge", minutes=1, objective=1,
                    section="s", look=lambda answer: 1 / 0)  # fmt: skip
    monkeypatch.setattr("rxcourse.grading.checking.find", lambda question: broken)
    verdict = check("06.q1", 3)
    assert verdict.state == "cannot be checked" and "ZeroDivisionError" in verdict.message
    assert "please report this" in verdict.message


def test_what_was_passed_stays_passed_and_nothing_is_written_unasked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert rxcourse.check("06.z1", "b").passed
    assert list(tmp_path.iterdir()) == []
    (tmp_path / FILE).write_text("{}", "utf-8")
    rxcourse.check("06.z1", "b")
    rxcourse.check("06.z1", "a")
    rxcourse.check("06.z2", "a")
    assert read(tmp_path) == {"06.z1": "passed", "06.z2": "not yet"}
    assert [p.name for p in tmp_path.iterdir()] == [FILE]


def test_a_broken_progress_file_is_told_and_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / FILE).write_text("{broken", "utf-8")
    verdict = rxcourse.check("06.z1", "b")
    assert verdict.passed and "Not recorded" in verdict.message
    assert "damaged and cannot be read; move it away" in verdict.message
    assert (tmp_path / FILE).read_text("utf-8") == "{broken"
