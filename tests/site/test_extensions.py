"""The small Sphinx extensions of the book, tried on texts made here."""

import hashlib
import importlib
import importlib.util
import types
from base64 import b64encode
from pathlib import Path

import pytest
from docutils import nodes
from docutils.utils import new_document
from nbformat.v4 import new_code_cell, new_notebook, new_output

from rxcourse.notebooks import store

EXTENSIONS = Path(__file__).parents[2] / "book" / "_ext"


def load(name):
    """Import an extension by its file, as it is not part of the package."""
    spec = importlib.util.spec_from_file_location(name, EXTENSIONS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def book(tmp_path):
    """A folder with one notebook that shows one picture and stores another for glue."""
    outputs = [
        new_output("display_data", data={"image/png": b64encode(b"one").decode()},
                   metadata={"image/png": {"alt": "a curve that ends at 1.5"}}),
        new_output("display_data",
                   data={"application/papermill.record/image/png": b64encode(b"two").decode()},
                   metadata={"image/png": {"alt": "a glued curve"}}),
    ]  # fmt: skip
    cell = new_code_cell("x", execution_count=1, outputs=outputs)
    store.write(new_notebook(cells=[cell]), tmp_path / "chapter.ipynb")
    return tmp_path


def picture(data):
    document = new_document("page")
    document += nodes.image(uri=f"build/{hashlib.sha256(data).hexdigest()}.png")
    return document


@pytest.mark.parametrize(
    "data, alt", [(b"one", "a curve that ends at 1.5"), (b"two", "a glued curve")]
)
def test_alternative_text_is_found_by_the_bytes_of_the_picture(book, data, alt):
    extension, app, page = load("alt_text"), types.SimpleNamespace(srcdir=book), picture(data)
    extension.collect(app)
    extension.apply(app, page, "page")
    assert page.children[0]["alt"] == alt


def test_a_picture_without_text_is_a_warning(book, monkeypatch):
    extension, said = load("alt_text"), []
    monkeypatch.setattr(extension.logger, "warning", lambda *args, **kwargs: said.append(args))
    app = types.SimpleNamespace(srcdir=book)
    extension.collect(app)
    extension.apply(app, picture(b"three"), "page")
    assert len(said) == 1


def sections():
    document = new_document("page")
    for title in ("Deeper: a proof", "Core"):
        section = nodes.section(ids=[title])
        section += nodes.title("", title)
        section += nodes.paragraph("", "text")
        document += section
    return document


@pytest.mark.parametrize("name, folded", [("html", 2), ("revealjs", 0)])
def test_only_deeper_sections_are_folded_and_only_on_the_site(name, folded):
    document = sections()
    app = types.SimpleNamespace(builder=types.SimpleNamespace(format="html", name=name))
    load("deeper").fold(app, document, "page")
    deeper, core = document.children
    assert len(list(deeper.findall(nodes.raw))) == folded
    assert not list(core.findall(nodes.raw))
    assert isinstance(deeper.children[0], nodes.title)


def test_mathjax_is_one_file_of_the_pinned_package():
    assert load("local_mathjax").source().read_bytes()[:12] == b"(function(){"


def test_shapes_with_a_star_are_no_emphasis():
    lines = ["obs of shape (N, *obs), *really*", "(*obs) and ``(L, *obs)``"]
    load("api_modules").escape_stars(None, "function", "f", None, None, lines)
    assert lines[0] == r"obs of shape (N, \*obs), *really*"
    assert lines[1] == r"(\*obs) and ``(L, *obs)``"


def test_parameters_that_stand_elsewhere_are_linked():
    lines = ["Parameters, returns: as for ``rxcourse.agents.q_learning.q_learning``; ``q`` is"]
    load("api_modules").link_as_for(None, "function", "f", None, None, lines)
    assert lines[0].endswith("as for :py:obj:`rxcourse.agents.q_learning.q_learning`; ``q`` is")


def test_internal_names_exist_so_that_the_list_does_not_go_stale():
    for module, names in load("api_modules").INTERNAL.items():
        for name in names.split(", "):
            assert hasattr(importlib.import_module(module), name), name
