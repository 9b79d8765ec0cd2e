"""The built site: no request to another host, no broken link, every picture described."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from bs4 import BeautifulSoup

from rxcourse.grading.library import chapters, questions
from rxcourse.grading.question import Choice

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site once, as ``make book`` does, in a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    program = Path(sys.executable).with_name("jupyter-book")
    command = [
        program,
        "build",
        "book",
        "--warningiserror",
        "--keep-going",
        "--path-output",
        folder,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=_environment())
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if "WARNING" in line]
    assert done.returncode == 0, "\n".join(complaints or [done.stdout[-3000:], done.stderr[-3000:]])
    return folder / "_build" / "html"


def _environment():
    return {**os.environ, "NO_COLOR": "1", "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def pages(site):
    """Parsed pages by path below the site."""
    found = {}
    for path in sorted(site.rglob("*.html")):
        if "_static" not in path.parts:
            text = path.read_text("utf-8")
            found[path.relative_to(site).as_posix()] = BeautifulSoup(text, "html.parser")
    return found


def test_all_pages_of_the_contents_were_built(pages):
    contents = (ROOT / "book" / "_toc.yml").read_text("utf-8")
    names = re.findall(r"^\s*(?:- file|root): (\S+)", contents, re.MULTILINE)
    assert [name for name in names if f"{name}.html" not in pages] == []


LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src"}


def loaded(page):
    """Addresses that a browser fetches by itself when it opens the page."""
    for tag, attribute in LOADS.items():
        yield from (node[attribute] for node in page.find_all(tag, attrs={attribute: True}))
    for link in page.find_all("link", href=True):
        if set(link.get("rel", [])) & {
            "stylesheet",
            "icon",
            "preload",
            "modulepreload",
            "manifest",
        }:
            yield link["href"]


def test_nothing_is_loaded_from_another_host(pages):
    outside = {
        (name, address)
        for name, page in pages.items()
        for address in loaded(page)
        if re.match(r"(?:\w+:)?//", address)
    }
    assert outside == set()


def test_scripts_and_styles_of_the_course_name_no_host(site):
    for path in [site / "_static/course.css", site / "_static/course.js"]:
        assert "//" not in re.sub(r"(?m)^\s*//.*$|/\*.*?\*/", "", path.read_text("utf-8"))


def test_styles_import_nothing_from_another_host(site):
    for path in site.rglob("*.css"):
        found = re.findall(
            r"(?:url\(|@import)\s*['\"]?(?:https?:)?//[^)\s]+", path.read_text("utf-8")
        )
        assert found == [], path.name


def test_mathematics_is_served_from_the_site(site, pages):
    page = pages["appendix/notation.html"]
    (script,) = [a for a in loaded(page) if "mathjax" in a.lower()]
    file = (site / "appendix" / script.split("?")[0]).resolve()
    assert 1e6 < file.stat().st_size < 3e6


def test_every_picture_is_described(pages):
    plain = [
        (name, image.get("src"))
        for name, page in pages.items()
        for image in page.find_all("img")
        if len((image.get("alt") or "").split()) < 4 or re.search(r"\.\w{3}$", image["alt"])
    ]
    assert plain == []


def test_every_link_inside_the_site_leads_somewhere(site, pages):
    broken = []
    for name, page in pages.items():
        for link in page.find_all("a", href=True):
            address, place = urldefrag(unquote(link["href"]))
            if re.match(r"\w+:", address):
                continue
            target = (site / name).parent / address.split("?")[0] if address else site / name
            key = os.path.relpath(target, site)
            if not target.is_file() or place and key in pages and not pages[key].find(id=place):
                broken.append((name, link["href"]))
    assert broken == []


def test_files_named_on_the_pages_exist():
    text = "".join(
        p.read_text("utf-8") for p in ROOT.glob("book/**/*.md") if "_build" not in p.parts
    )
    named = set(re.findall(r"\brxcourse/[\w/]+\.py\b", text))
    assert named and [name for name in sorted(named) if not (ROOT / name).is_file()] == []


# Machinery that learners share, not algorithms.
NOT_ON_THE_MAP = {
    "__init__", "learners", "tables", "prediction",
    "acting", "linear_learners", "network_policy", "trajectories",
}  # fmt: skip


def test_every_agent_is_on_the_algorithm_map():
    text = (ROOT / "book" / "appendix" / "algorithm_map.md").read_text("utf-8")
    agents = {path.stem for path in ROOT.glob("rxcourse/agents/*.py")} - NOT_ON_THE_MAP
    assert [name for name in sorted(agents) if f"rxcourse/agents/{name}.py" not in text] == []


def test_the_front_page_says_what_it_is_not(pages):
    assert "not medical advice" in pages["intro.html"].get_text().lower()


# Exercises, quizzes and objectives: the words of the package, all of them.


def plain(text):
    """Words without markup."""
    return re.sub(r"\W+", " ", re.sub(r"\$[^$]*\$|`[^`]*`", " ", text)).strip()


def text_of(page):
    return plain(page.get_text(" "))


@pytest.fixture(scope="module")
def page_of(pages):
    """The page of a chapter."""
    def find(chapter):
        (name,) = (n for n in pages if re.search(rf"part\d\w+/{chapter}_", n))
        return pages[name]

    return find


@pytest.mark.parametrize("chapter", chapters())
def test_every_question_stands_on_the_page_of_its_chapter(page_of, chapter):
    page = page_of(chapter)
    words = text_of(page)
    for question in questions(chapter).values():
        assert plain(f"{question.id} {question.title}") in words, question.id
        if isinstance(question, Choice):
            for letter, option in question.options.items():
                assert plain(option.text) in words, (question.id, option.text)
                verdict = "right" if letter == question.right else "no"
                assert plain(f"{letter} {verdict} {option.reason}") in words, question.id


@pytest.mark.parametrize("chapter", chapters())
def test_answers_and_exercises_are_folded_and_the_notebook_can_be_fetched(page_of, chapter):
    page = page_of(chapter)
    quiz = [q for q in questions(chapter).values() if ".z" in q.id]
    folded = page.select("div.admonition.quiz-answer")
    assert len(folded) == len(quiz)
    assert all("dropdown" in box["class"] for box in folded)
    exercises = [b for b in page.select("div.admonition.exercise") if "dropdown" in b["class"]]
    assert len(exercises) == len(questions(chapter)) - len(quiz)
    (link,) = page.select('a.download[href*="_downloads"]')
    assert link["href"].endswith(".ipynb")


def test_the_table_of_objectives_names_every_question(pages):
    words = text_of(pages["appendix/objectives.html"])
    for chapter in chapters():
        for question in questions(chapter):
            assert plain(question) in words
