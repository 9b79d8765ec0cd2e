"""What is taken from a notebook file: cells of any format, and the Python in them."""

import json

import pytest

from rxcourse.grading.batch import code_cells
from rxcourse.grading.batch.code_cells import Cell, Unreadable, as_python, read


def stored(tmp_path, content):
    path = tmp_path / "a.ipynb"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def test_cells_are_counted_as_people_count_them(tmp_path):
    cells = [{"cell_type": "markdown", "source": "text"}, {"cell_type": "code", "source": "a = 1"},
             {"cell_type": "code", "source": []}, "no cell",
             {"cell_type": "code", "source": ["b = 1\n", "c = 2"]}]  # fmt: skip
    found = read(stored(tmp_path, {"cells": cells, "nbformat": 4}))
    assert found == [Cell(2, "a = 1"), Cell(5, "b = 1\nc = 2")]


def test_format_3_has_worksheets(tmp_path):
    sheets = [{"cells": [{"cell_type": "code", "input": x}]} for x in ("a = 1", ["b = 2"])]
    assert read(stored(tmp_path, {"worksheets": sheets})) == [Cell(1, "a = 1"), Cell(2, "b = 2")]


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "empty"), ("{", "JSON"), ("3", "no cells"), ({"cells": 3}, "no cells"),
     ({"worksheets": [3]}, "no cells"), ({}, "no cells")],
)  # fmt: skip
def test_what_is_no_notebook(tmp_path, content, words):
    with pytest.raises(Unreadable, match=words):
        read(stored(tmp_path, content))


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(code_cells, "LARGEST", 2**20)
    with pytest.raises(Unreadable, match="larger than 1 MB"):
        read(stored(tmp_path, " " * (2**20 + 1)))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(Unreadable, match="cannot be opened"):
        read(tmp_path / "none.ipynb")


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("if True:\n    !ls\nx = 1", "if True:\n    pass\nx = 1"),
        ("files = !ls\nx = 1", "pass\nx = 1"),
        ("np.mean?\nx = 1", "pass\nx = 1"),
        ("?np.mean\nx = 1", "pass\nx = 1"),
        ("%%time\nx = 1", "\nx = 1"),
        ("%%time\n%timeit 1\nx = 1", "\npass\nx = 1"),
        ("x = 7 % 3\ny = x != 2", "x = 7 % 3\ny = x != 2"),
        ("s = '''\n%s ! ?\n'''", "s = '''\n%s ! ?\n'''"),
        ("%%bash\nls", ""),
        ("def f(:", ""),
        ("return 3\nx = \x00", ""),
    ],
)
def test_python_is_kept_and_the_rest_is_told(source, kept):
    found, note = as_python(Cell(4, source))
    assert found == kept
    assert note.startswith("The cell that begins `") == bool(note)
    assert bool(note) == (kept.strip() != source.replace("%%time\n", "").strip())
    if kept:
        assert kept.count("\n") == source.count("\n"), "line numbers of messages stay right"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("q = np.zeros(3)\nq += 1", "`q = np.zeros(3)`"),
        ("\n# a remark\n\n  x = 1", "`x = 1`"),
        ("# only\n# remarks", "`# only`"),
        ("x = " + "1 + " * 30 + "1", "`x = " + ("1 + " * 30)[:53] + "...`"),
        ('def f(x):\n    return x\ncheck("06.q2", f)', "`def f(x):` and checks 06.q2"),
        ("def f(x): 0\ncheck( '06.q2', f)\ncheck('06.q2', f)", "`def f(x): 0` and checks 06.q2"),
        ('a = 1\ncheck("06.z1", a)\ncheck("06.z2", a)', "`a = 1`"),
    ],
)
def test_a_cell_is_named_by_what_is_seen_of_it(source, words):
    assert Cell(25, source).words == f"The cell that begins {words}"
