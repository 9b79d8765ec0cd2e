"""Each rule of the guard refuses what it should, and nothing else."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from rxcourse.notebooks import guard, prose, store

TEXT = "# A title\n\nThe gain is 4.2 kg.\n\n" + "Words of prose.\n" * 6
PICTURE = {"image/png": "iVBORw0KGgo=", "text/plain": "gain 4.2"}


def stdout(text="gain: 4.2\n"):
    return new_output("stream", name="stdout", text=text)


def picture(alt="gain 4.2"):
    return new_output("display_data", data=PICTURE, metadata={"image/png": {"alt": alt}})


def good():
    code = new_code_cell("x = 4.2\nprint(x)", execution_count=1, outputs=[stdout(), picture()])
    return new_notebook(cells=[new_markdown_cell(TEXT), code])


def problems(notebook, tmp_path, **options):
    store.write(copy.deepcopy(notebook), tmp_path / "chapter.ipynb")
    return guard.check(tmp_path / "chapter.ipynb", **options)


def test_a_good_notebook_passes(tmp_path):
    assert problems(good(), tmp_path) == []


def code_is(source):
    return lambda nb: nb.cells[1].update(source=source)


def outputs_are(*outputs):
    return lambda nb: nb.cells[1].update(outputs=list(outputs))


def tags_are(*tags):
    return lambda nb: nb.cells[1].metadata.update(tags=list(tags))


def text_is(text):
    return lambda nb: nb.cells[0].update(source=text + "\n\nWords.\n\nWords.\n\nWords.\n\nWords.")


BREAK = {
    "not all run": lambda nb: nb.cells[1].update(execution_count=None, outputs=[]),
    "unknown tag 'nbval-skip'": tags_are("nbval-skip"),
    "unknown tag 'hide_input'": tags_are("hide_input"),
    "stored error disagree": tags_are("raises-exception"),
    "stores no output": outputs_are(),
    "stores stderr": outputs_are(stdout(), new_output("stream", name="stderr", text="bar")),
    "a warning": outputs_are(stdout("x.py:3: UserWarning: no 4.2")),
    "no output holds a number": outputs_are(stdout("done")),
    "semicolon": code_is("x = 4.2\nprint(x);"),
    "memory address": outputs_are(stdout("4.2 <object at 0x7f3a1b2c3d>")),
    "path of a machine": outputs_are(stdout("4.2 /home/me/file.csv")),
    "without printing": outputs_are(picture()),
    "without alternative text": outputs_are(stdout(), picture("a curve")),
    "seven or more decimals": outputs_are(stdout("4.2 0.12345678")),
    "has 26 lines": code_is("x = 4.2\n" * 25 + "print(x)"),
    "median code cell": code_is("x = 4.2\n" * 9 + "print(x)"),
    "lines are code": lambda nb: nb.cells[0].update(source="The gain is 4.2 kg."),
    "defines a class": code_is("class A: pass\nprint(4.2)"),
    "magic": code_is("%matplotlib inline\nprint(4.2)"),
    "installation": code_is("# pip install x\nprint(4.2)"),
    "global randomness": code_is("print(np.random.normal())"),
    "silenced warning": code_is("warnings.simplefilter('ignore')\nprint(4.2)"),
    "outside its tolerance": outputs_are(stdout("gain: OUTSIDE: 4.2")),
    "not compared": outputs_are(
        stdout(), new_output("display_data", data={"image/svg+xml": "<svg/>"})
    ),
    "'4.3 kg', which no output shows": text_is("The gain is 4.3 kg."),
    "neither a label nor": text_is("The gain is 4.2 kg.\n\n$$v = r$$"),
    "fewer colons": text_is("4.2\n\n:::{note}\n:::{tip}\nx\n:::\n:::"),
    "never closed": text_is("4.2\n\n:::{note}\nx"),
    "have no meaning here": lambda nb: nb.cells[0].metadata.update(tags=["hide-input"]),
    "empty code cell": lambda nb: nb.cells.append(new_code_cell("")),
}


@pytest.mark.parametrize("complaint", BREAK)
def test_each_fault_is_refused_by_name(complaint, tmp_path):
    notebook = good()
    BREAK[complaint](notebook)
    assert any(complaint in problem for problem in problems(notebook, tmp_path))


def test_ids_out_of_order_are_refused(tmp_path):
    path = tmp_path / "chapter.ipynb"
    store.write(good(), path)
    path.write_text(path.read_text(encoding="utf-8").replace("cell-001", "x7"), encoding="utf-8")
    assert any("normal form" in problem for problem in guard.check(path))


def test_allowed_numbers_are_left_alone(tmp_path):
    notebook = good()
    text_is("The gain is 4.3 kg.")(notebook)
    assert problems(notebook, tmp_path, allowed=["4.3 kg"]) == []


SHOWN = {4.2, 0.4213, 36.0, 1000.0}


@pytest.mark.parametrize(
    "text, missing",
    [
        ("It is 4.2 and 4.20.", []),
        ("It is 4.3.", ["4.3"]),
        ("It is 4 kg of 36 h.", []),
        ("It is 5 kg.", ["5 kg"]),
        ("It is 42 % or 42.1 per cent.", []),
        ("It is 43%.", ["43%"]),
        ("It took 1,000 days, 37 weeks and 3 s.", ["37 weeks", "3 s"]),
        ("Seen 7 times since the 1990s, as chapter 4.3 and Python 3.11 say.", []),
        ("It is 4.3 {cite:p}`Busso2003`.\n\nIt is 4.4.", ["4.4"]),
        ("`x = 4.3` and {math}`9.9` and [a](b4.3c) <!-- 4.3 -->", []),
        ("With $\\alpha = 0.05$ and $x = 0.07$.", ["0.07"]),
        (":::{admonition} By hand\n:class: worked\n0.9 + 0.1\n:::\nIt is 0.9.", ["0.9"]),
        ("::::{card}\n:class: chapter-card\n:::{note}\n25 h\n:::\n::::\n9 h", ["9 h"]),
        ("```python\nx = 4.3\n```\n\n4.3", ["4.3"]),
        ("$$v = 4.3$$ (eq-v)", []),
        (":::{admonition} Wrong\n:class: dropdown misconception\n0.7\n:::", []),
        ("2-3 weeks", ["3 weeks"]),
    ],
)  # fmt: skip
def test_numbers_of_the_prose(text, missing):
    assert prose.unsupported(text, SHOWN, literals={0.05}) == missing


def test_numbers_in_outputs():
    text = "a: 4.2 (within 0.8)\n[-1, 1,000.5] 1e-08 x7 0.5."
    assert prose.numbers_in(text) == {4.2, 0.8, 1.0, 1000.5, 1e-8, 0.5}


@pytest.mark.parametrize(
    "text, found",
    [
        ("$$\nv = r\n$$ (eq-v)", ("eq-v", "v = r")),
        ("```{math}\n:label: eq-v\nv = r\n```", ("eq-v", "v = r")),
        ("$$v = r$$", (None, "v = r")),
        ("`$$v = r$$`", None),
        ("```\n$$v = r$$\n```", None),
        ("\\begin{align}\nv = r\n\\end{align}", (None, "a bare LaTeX environment; use {math}")),
    ],
)
def test_equations(text, found):
    stripped = [(label, source) for label, _, source in prose.equations(text)]
    assert stripped == ([found] if found else [])


def test_equations_in_a_box_know_its_class():
    text = "::::{dropdown} Proof\n:class-container: deeper\n:class: derivation\n$$v = r$$\n::::"
    ((label, classes, _),) = prose.equations(text)
    assert label is None and "derivation" in classes


def test_text_round_trip_keeps_tags_and_metadata():
    text = (
        "# Title\n\n:::{admonition} Box\n:class: worked\n0.9\n:::\n\n"
        '```{code-cell}\n:tags: [hide-input]\n:slideshow: {"slide_type": "slide"}\nprint(1)\n```\n'
        "\nmore\n\n+++\n\nand a new cell\n"
    )
    notebook = store.from_text(text)
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds == ["markdown", "code", "markdown", "markdown"]
    assert notebook.cells[1].metadata.tags == ["hide-input"]
    assert notebook.cells[1].metadata.slideshow.slide_type == "slide"
    again = store.from_text(store.to_text(copy.deepcopy(notebook)))
    assert again.cells == notebook.cells


def test_stored_form_holds_nothing_about_the_run(tmp_path):
    notebook = good()
    notebook.metadata["language_info"] = {"name": "python", "version": "3.11.7"}
    notebook.cells[1].metadata["execution"] = {"iopub.status.busy": "2026-01-01"}
    notebook.cells[1].execution_count = 17
    path = tmp_path / "n.ipynb"
    store.write(notebook, path)
    first = path.read_bytes()
    store.write(nbformat.read(path, as_version=4), path)
    assert path.read_bytes() == first
    assert b"3.11.7" not in first and b"iopub" not in first and b'"execution_count": 1,' in first
