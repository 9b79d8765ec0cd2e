"""Stored results belong to the code that is here now."""

from pathlib import Path

import pandas as pd
import pytest

from rxcourse import evidence

FOLDER = Path(__file__).parents[1] / "book" / "evidence"
SCRIPTS = sorted(FOLDER.glob("[0-9]*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.stem)
def test_every_script_has_its_result_and_it_is_not_stale(script):
    stored = script.with_suffix(".csv")
    assert stored.exists(), "run: make evidence"
    if not evidence.made_by_this_python(stored):
        pytest.skip("made by another Python version: its code reads differently when unparsed")
    assert evidence.stale(stored) == ""
    story = evidence.load(stored).attrs
    assert {"seed", "cpu_seconds", "python", "numpy", "pandas", "modules", "data"} <= set(story)
    assert stored.stat().st_size < 500_000


def test_no_result_without_a_script():
    assert {p.stem for p in FOLDER.glob("*.csv")} == {p.stem for p in SCRIPTS}


def test_a_table_comes_back_as_it_was_stored(tmp_path):
    frame = pd.DataFrame({"plan": ["IMDR", "NA"], "value": [1.25, float("nan")]})
    evidence.save(frame, tmp_path / "x.csv", seed=3, modules=["rxcourse.mdp"])
    back = evidence.load(tmp_path / "x.csv")
    pd.testing.assert_frame_equal(back, frame, check_like=True)
    assert back.attrs["seed"] == 3 and back.attrs["modules"] == ["rxcourse.mdp"]


def test_changed_code_makes_a_result_stale_but_comments_do_not(tmp_path, monkeypatch):
    module = tmp_path / "little_model.py"
    module.write_text('"""What it is."""\n\n\ndef f(x):\n    return x + 1\n')
    monkeypatch.syspath_prepend(tmp_path)
    stored = tmp_path / "x.csv"
    evidence.save(pd.DataFrame({"a": [1]}), stored, seed=0, modules=["little_model"])
    module.write_text(
        '"""Other words."""\n\n\ndef f(x):\n    # why\n    return x + 1\n\n\n"""End."""\n'
    )
    assert evidence.stale(stored) == ""
    module.write_text('"""What it is."""\n\n\ndef f(x):\n    return x + 2\n')
    assert "make evidence" in evidence.stale(stored)


def test_what_a_module_imports_counts_too(tmp_path, monkeypatch):
    seen = evidence._with_imports(["rxcourse.simulators.pushup_table"])
    for name in ("simulators.pushup_person", "simulators.physiology", "policy", "mdp"):
        assert f"rxcourse.{name}" in seen
    assert not any("agents" in name for name in seen)


def test_data_files_count_too():
    bare = evidence.fingerprint(["rxcourse.mdp"])
    table = evidence.fingerprint(["rxcourse.mdp"], ["simulators/tables/pushup.csv"])
    other = evidence.fingerprint(["rxcourse.mdp"], ["simulators/tables/pushup_table.npz"])
    assert len({bare, table, other}) == 3
