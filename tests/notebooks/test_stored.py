"""Every stored notebook passes the guard, and every labelled equation is tested somewhere."""

import ast
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from rxcourse.notebooks import guard, prose, store

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(
    path
    for folder in ("book/part*", "book/instructor", "solutions")
    for path in ROOT.glob(f"{folder}/*.ipynb")
)
PAGES = sorted(p for p in ROOT.glob("book/**/*.md") if "_build" not in p.parts)
ALLOWED = tomllib.loads((Path(__file__).parent / "allowed_numbers.toml").read_text("utf-8"))


def allowed_for(path):
    name = path.relative_to(ROOT).as_posix()
    return [entry["text"] for entry in ALLOWED.get("allow", []) if entry["notebook"] == name]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_guard(path):
    found = guard.check(path, allowed_for(path))
    assert not found, "\n" + "\n".join(found)


def test_allowed_numbers_give_reasons_and_are_needed():
    for entry in ALLOWED.get("allow", []):
        assert len(entry["reason"].split()) >= 4, f"no reason given: {entry}"
        others = [t for t in allowed_for(ROOT / entry["notebook"]) if t != entry["text"]]
        found = guard.check(ROOT / entry["notebook"], others)
        assert any(repr(entry["text"]) in problem for problem in found), f"not needed: {entry}"


def labels_in_the_book():
    """Labels of all display equations, in notebooks and pages."""
    texts = [p.read_text("utf-8") for p in PAGES]
    for path in NOTEBOOKS:
        texts += [c.source for c in store.read(path).cells if c.cell_type == "markdown"]
    return [label for text in texts for label, _, _ in prose.equations(text) if label]


def labels_in_tests():
    """Labels named by ``@pytest.mark.equation("label")`` anywhere under tests/."""
    found = set()
    for path in ROOT.glob("tests/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.equation":
                found |= {argument.value for argument in node.args}
    return found


def test_no_label_is_given_twice():
    assert [label for label, n in Counter(labels_in_the_book()).items() if n > 1] == []


def test_every_labelled_equation_is_evaluated_by_a_test():
    untested = set(labels_in_the_book()) - labels_in_tests()
    assert not untested, f"no test is marked @pytest.mark.equation(...) for {sorted(untested)}"


def test_every_tested_label_is_in_the_book():
    stale = labels_in_tests() - set(labels_in_the_book())
    assert not stale, f"no equation of the book has the label {sorted(stale)}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_equations_of_pages_have_labels(path):
    bare = [
        source
        for label, classes, source in prose.equations(path.read_text("utf-8"))
        if not label and "derivation" not in classes
    ]
    assert bare == []
