"""The pipeline itself: one changed digit fails the comparison, cleared outputs fail the guard."""

import subprocess
import sys

import pytest

from rxcourse.notebooks import guard, store

CHAPTER = """# A chapter

The gain is 4.2 kg. These lines are here so that
the share of code stays
below what
the guard
allows.

```{code-cell}
from rxcourse.report import report

report("gain [kg]", 4.25, expect=4.2, tol=0.1, null=0.0)
print(6 * 7)
```
"""


@pytest.fixture(scope="module")
def chapter(tmp_path_factory):
    """A small notebook, executed and stored as chapters are."""
    path = tmp_path_factory.mktemp("book") / "chapter.ipynb"
    store.write(store.from_text(CHAPTER), path)
    store.execute(path)
    return path


def compare(path):
    """Exit code of the strict comparison, in a process of its own."""
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env"]
    options = ["-p", "no:cacheprovider", "-c", str(path.parent / "pytest.ini"), path.name]
    (path.parent / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    done = subprocess.run(command + options, cwd=path.parent, capture_output=True, text=True)
    return done.returncode, done.stdout


def changed(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    copy = path.with_name("changed.ipynb")
    copy.write_text(text.replace(old, new), encoding="utf-8")
    return copy


def test_as_stored_it_passes_both(chapter):
    assert guard.check(chapter) == []
    code, out = compare(chapter)
    assert code == 0 and "1 passed" in out


def test_one_changed_digit_fails_the_comparison(chapter):
    code, out = compare(changed(chapter, '"42\\n"', '"43\\n"'))
    assert code == 1 and "1 failed" in out


def test_a_changed_result_inside_a_report_fails_the_comparison(chapter):
    code, _ = compare(changed(chapter, "4.2 (within 0.1)", "4.3 (within 0.1)"))
    assert code == 1


def test_cleared_outputs_fail_the_guard(chapter):
    notebook = store.read(chapter)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    copy = chapter.with_name("cleared.ipynb")
    store.write(notebook, copy)
    assert any("not all run" in problem for problem in guard.check(copy))


def test_running_again_gives_the_same_bytes(chapter):
    before = chapter.read_bytes()
    store.execute(chapter)
    assert chapter.read_bytes() == before


@pytest.mark.parametrize(
    "source, why",
    [("1 / 0", "ZeroDivisionError"), ("import sys; print('x', file=sys.stderr)", "stderr")],
)
def test_a_failing_notebook_is_left_as_it_was(tmp_path, source, why):
    path = tmp_path / "bad.ipynb"
    store.write(store.from_text(f"# Bad\n\n```{{code-cell}}\n{source}\n```\n"), path)
    before = path.read_bytes()
    with pytest.raises(store.NotStored, match=why):
        store.execute(path)
    assert path.read_bytes() == before
