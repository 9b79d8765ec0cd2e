"""The lecture decks: length, notes, where their numbers come from, and that slides fit."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sphinx.errors import ExtensionError

from rxcourse.notebooks import store

BOOK = Path(__file__).parents[2] / "book"
SOURCES = sorted((BOOK / "slides").glob("[0-9]*.md"))
WIDTH, HEIGHT, SMALLEST, FIGURE = 1280, 720, 28, 1024  # pixels


def load(path):
    """Import a file that is not part of the package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


extension = load(BOOK / "_ext" / "decks.py")
from_chapter = load(BOOK / "_ext" / "from_chapter.py")
handouts = load(BOOK / "slides" / "handouts.py")


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def deck(request, decks):
    """Path of each built deck."""
    return decks / f"{request.param.stem}.html"


def parsed(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def slides(path):
    """Slides of a deck; reveal.js has them in sections of sections."""
    return [section for section in parsed(path).find_all("section") if not section.find("section")]


# Each deck stands for its chapter


def test_every_deck_has_a_chapter_of_its_name():
    assert SOURCES
    for path in SOURCES:
        assert len(list(BOOK.glob(f"part*/{path.stem}.ipynb"))) == 1, path.name


def test_a_lecture_has_12_to_18_slides(deck):
    assert 12 <= len(slides(deck)) <= 18


def test_every_slide_has_one_title_and_notes_with_minutes_that_sum_to_45(deck):
    minutes = []
    for slide in slides(deck):
        assert len(slide.find_all(["h1", "h2"])) == 1, slide.get_text()[:80]
        (notes,) = slide.find_all("aside", class_="notes")
        minutes.append(int(notes["data-minutes"]))
    assert sum(minutes) == 45


def test_notes_say_what_to_say_and_which_misconception_to_expect(deck):
    for slide in slides(deck):
        said = slide.aside.get_text(" ", strip=True)
        assert "Expect." in said, slide.get_text()[:80]
        assert len(said.partition("Expect.")[0].split()) >= 15, slide.get_text()[:80]


def test_the_room_works_early_and_is_asked_often(deck):
    found = slides(deck)
    assert any(slide.find(class_="predict") for slide in found[:5])
    assert sum(bool(slide.find(class_="predict")) for slide in found) >= 3
    assert sum("Ask." in slide.aside.get_text() for slide in found) >= 5


def test_every_deck_refuses_and_ends_with_the_lines_of_its_chapter(deck):
    found = slides(deck)
    assert any(slide.find(class_="safety") for slide in found)
    assert len(found[-1].find(class_=from_chapter.CLASS).find_all("li")) == 5
    assert "not medical advice" in found[0].get_text()


# Numbers and figures come from the chapter


def typed(slide):
    """Text of a slide and its notes without what was taken from the chapter or worked by hand."""
    for part in slide.find_all(class_=[from_chapter.CLASS, "worked"]):
        part.decompose()
    return slide.get_text(" ")


def test_no_result_is_typed(deck):
    found = [m for slide in slides(deck) for m in re.findall(r"\S*\d\.\d\S*|\S*%", typed(slide))]
    assert found == []


def test_numbers_worked_by_hand_are_those_of_the_chapter(deck):
    (chapter,) = BOOK.glob(f"part*/{deck.stem}.ipynb")
    text = "\n".join(cell.source for cell in store.read(chapter).cells)
    boxes = [box for slide in slides(deck) for box in slide.find_all(class_="worked")]
    numbers = {n for box in boxes for n in re.findall(r"\d+\.\d+", box.get_text())}
    known = set(re.findall(r"\d+\.\d+", text))
    assert sorted(numbers - known) == []


def test_every_figure_is_from_the_chapter_and_described(deck):
    images = parsed(deck).find_all("img")
    assert images
    for image in images:
        assert image["src"].startswith("data:image/png;base64,")
        assert len(image["alt"].split()) >= 4
        assert from_chapter.CLASS in image["class"]


NOTEBOOK = new_notebook(
    cells=[
        new_markdown_cell("# 3. Title\n\n$$\na = b\n$$ (eq-a)\n"),
        new_markdown_cell("## Take away\n\n1. One {term}`x`."),
        new_code_cell(
            outputs=[
                new_output("stream", text="gain  after 6 weeks: 1,234.56 (within 3)\n"),
                new_output("stream", text="gain after 60 weeks: 7 (within 3)\nshare: 37% of all\n"),
                new_output("stream", text="worse: OUTSIDE: 9, expected 4 (within 1)\n"),
            ]
        ),
        *(
            new_code_cell(
                outputs=[
                    new_output("stream", text=f"learner: {low} at the start, {high} at the end\n"),
                    new_output(
                        "display_data",
                        data={"image/png": "AAAA"},
                        metadata={"image/png": {"alt": f"{title}. learner: {low}."}},
                    ),
                ]
            )
            for title, low, high in (("First", -1, 0.5), ("Second", 2, 3))
        ),
    ]
)


@pytest.mark.parametrize(
    "name, number",
    [
        ("gain after 6 weeks", "1,234.56"),
        ("gain after 6 weeks | 0", "1,235"),
        ("gain after 60", "7"),
        ("share", "37%"),
        ("First // learner", "-1"),
        ("First // learner > start,", "0.5"),
        ("Second // learner #2", "3"),
        ("share // gain after 60 weeks #2 | 1", "3.0"),
        ("learner > -1 at the start,", "0.5"),
    ],
)
def test_a_number_is_found_by_the_words_before_it(name, number):
    assert from_chapter.find_number(NOTEBOOK, name) == number


@pytest.mark.parametrize(
    "find, name, sentence",
    [
        ("find_number", "gain after 7 weeks", "no printed line .* nearest: 'gain after 60 weeks"),
        ("find_number", "gain after 6 week", "no printed line"),
        (
            "find_number",
            "learner",
            "2 times the printed line .*: learner: -1 at the start, .*; learner: 2",
        ),
        ("find_number", "gain after 6 weeks > end", "no printed line"),
        ("find_number", "First // share", "no printed line 'share'"),
        ("find_number", "Third // learner", "no figure or printed line 'Third'"),
        ("find_number", "share > of all", "no number 1 after"),
        ("find_number", "share #2", "no number 2 after"),
        ("find_number", "worse", "no number 1 after"),
        ("find_figure", "Third", "no figure 'Third'"),
        ("find_equation", "eq-b", "no equation 'eq-b'; nearest: 'eq-a'"),
        ("find_list", "Take", "no section 'Take'; nearest: 'Take away'"),
    ],
)
def test_a_missing_name_is_an_error_that_names_what_there_is(find, name, sentence):
    with pytest.raises(from_chapter.NotInChapter, match=sentence):
        getattr(from_chapter, find)(NOTEBOOK, name)


def test_figures_equations_and_lists_are_found():
    assert from_chapter.find_figure(NOTEBOOK, "Second") == ("Second. learner: 2.", "AAAA")
    assert from_chapter.find_equation(NOTEBOOK, "eq-a") == "a = b"
    assert from_chapter.find_list(NOTEBOOK, "Take away") == ["1. One x."]


def test_a_shortened_list_keeps_the_first_sentence_of_each_line():
    lines = ["1. One, with $1/n$ or 0.5. Two.", "2. Why? Because.", "3. No end", "4. Only one."]
    short = ["1. One, with $1/n$ or 0.5.", "2. Why?", "3. No end", "4. Only one."]
    assert from_chapter.shortened(lines) == short


def small_book(folder, text):
    """A book with one chapter and one deck of this text."""
    shutil.copytree(BOOK / "_ext", folder / "_ext")
    (folder / "part1").mkdir()
    store.write(NOTEBOOK, folder / "part1" / "03_topic.ipynb")
    (folder / "slides").mkdir()
    for name in ("conf.py", "_templates", "_static"):
        source, target = BOOK / "slides" / name, folder / "slides" / name
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    (folder / "slides" / "03_topic.md").write_text(text, "utf-8")
    return folder / "slides"


def test_a_name_that_the_chapter_lacks_fails_the_build(run_decks, tmp_path):
    source = small_book(tmp_path, "# 3. Title\n\nIt was {number}`gain after 7 weeks`.\n")
    done = run_decks(source, tmp_path / "built")
    assert done.returncode != 0
    assert "03_topic.md:3: no printed line 'gain after 7 weeks'" in done.stderr


def test_the_clock_of_the_notes_runs_and_the_deck_links_its_chapter(run_decks, tmp_path):
    notes = ":::{speaker} 2\nSay *this*, {number}`03::share`.\n:::\n"
    source = small_book(tmp_path, f"# 3. Title\n\n{notes}\n## More\n\n{notes}")
    done = run_decks(source, tmp_path / "built")
    assert done.returncode == 0, done.stderr
    page = parsed(tmp_path / "built" / "03_topic.html")
    assert "from 0:02 to 0:04" in page.find_all("aside")[1].get_text()
    assert page.find("aside").em.get_text() == "this"
    assert page.find("a", class_="to-chapter")["href"] == "../part1/03_topic.html"


# The site builds decks and links them


def site(folder, builder="html"):
    """What the extension needs to know of the build of a site."""
    return types.SimpleNamespace(
        srcdir=folder,
        outdir=folder / "html",
        doctreedir=folder / "trees",
        builder=types.SimpleNamespace(name=builder),
    )


def test_building_the_site_builds_the_decks(tmp_path):
    small_book(tmp_path, "# 3. Title\n\nIt was {number}`share`.\n")
    extension.build(site(tmp_path), None)
    page = parsed(tmp_path / "html" / "slides" / "03_topic.html")
    assert page.find(class_=from_chapter.CLASS).get_text() == "37%"


@pytest.mark.parametrize("fault", ["{number}`no such line`", "{no-such-role}`x`"])
def test_a_fault_in_a_deck_fails_the_build_of_the_site(tmp_path, fault):
    small_book(tmp_path, f"# 3. Title\n\n{fault}\n")
    with pytest.raises(ExtensionError, match=r"03_topic\.md"):
        extension.build(site(tmp_path), None)


@pytest.mark.parametrize(
    "docname, builder, links",
    [
        ("part1/03_topic", "html", ["../slides/03_topic.html"]),
        ("part1/04_topic", "html", []),
        ("part1/03_topic", "latex", []),
    ],
)
def test_the_card_of_a_chapter_links_the_deck_of_its_name(tmp_path, docname, builder, links):
    small_book(tmp_path, "# 3. Title\n")
    page = new_document("page")
    page += nodes.admonition(classes=["chapter-card"])
    extension.link(site(tmp_path, builder), page, docname)
    assert [node["refuri"] for node in page.findall(nodes.reference)] == links


def test_a_deck_that_no_card_can_link_is_a_warning(tmp_path, monkeypatch):
    said = []
    small_book(tmp_path, "# 3. Title\n")
    monkeypatch.setattr(extension.logger, "warning", lambda *args, **kwargs: said.append(args))
    extension.link(site(tmp_path), new_document("page"), "part1/03_topic")
    assert len(said) == 1


# Decks work without a network, and every slide fits


def test_a_deck_loads_nothing_from_elsewhere(deck):
    page = parsed(deck)
    tags = [("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src")]
    loaded = [tag[a] for name, a in tags for tag in page.find_all(name, attrs={a: True})]
    local = [address for address in loaded if not address.startswith("data:")]
    assert [address for address in local if re.match(r"(\w+:)?//", address)] == []
    assert [a for a in local if not (deck.parent / a.split("?")[0]).is_file()] == []


def test_styles_of_decks_load_nothing_from_elsewhere(decks):
    for path in decks.rglob("*.css"):
        found = re.findall(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", path.read_text("utf-8"))
        assert found == [], path.name


def test_mathematics_is_there_where_it_is_needed(deck):
    page = parsed(deck)
    scripts = [s["src"].split("?")[0] for s in page.find_all("script", src=True)]
    assert bool(page.find(class_="math")) == any(s.endswith("tex-svg-full.js") for s in scripts)


needs_chromium = pytest.mark.skipif(
    handouts.find() is None, reason="no Chromium here to measure slides and print handouts with"
)


def measured(deck):
    """What measure.js finds out about each slide."""
    script = Path(__file__).with_name("measure.js").read_text("utf-8")
    copy = deck.with_name(f"measured_{deck.name}")
    page = deck.read_text("utf-8").replace("</body>", f"<script>{script}</script></body>")
    copy.write_text(page, "utf-8")
    shown = handouts.open_page(copy.as_uri(), "--window-size=1280,720", "--dump-dom")
    copy.unlink()
    return json.loads(re.search(r'id="measured">(.*?)</script>', shown)[1])


@needs_chromium
def test_no_slide_runs_over_and_all_text_can_be_read_from_the_back(deck):
    found = measured(deck)
    assert len(found) == len(slides(deck))
    for slide in found:
        assert slide["width"] <= WIDTH and slide["height"] <= HEIGHT, slide
        assert slide["right"] <= WIDTH and slide["bottom"] <= HEIGHT, slide
        assert slide["smallest"] >= SMALLEST, slide
        assert slide["unreadable"] == 0, slide
        assert all(width >= FIGURE for width in slide["figures"]), slide
        assert slide["controls"] >= 3 and slide["under"] == [], slide


@needs_chromium
def test_the_measure_sees_a_slide_that_runs_over(run_decks, tmp_path):
    long = "".join(f"- line {n}\n" for n in range(20))
    notes = ":::{speaker} 1\nSay.\n:::\n"
    source = small_book(tmp_path, f"# 3. Title\n\n{notes}\n## Long\n\n{long}\n{notes}")
    assert run_decks(source, tmp_path / "built").returncode == 0
    fits, over = measured(tmp_path / "built" / "03_topic.html")
    assert fits["height"] == HEIGHT < over["height"]
    assert over["bottom"] > HEIGHT


@needs_chromium
def test_the_measure_sees_text_under_the_controls(run_decks, tmp_path):
    lines = "\\\n".join(f"line {n}" for n in range(12)) + "\n\n"  # the next one is low enough
    notes = ":::{speaker} 1\nSay.\n:::\n"
    right = f"{lines}:::{{container}} text-right\nend\n:::\n"
    deck = f"# 3. Title\n\n{notes}\n## Left\n\n{lines}end\n\n{notes}\n## Right\n\n{right}\n{notes}"
    source = small_book(tmp_path, deck)
    assert run_decks(source, tmp_path / "built").returncode == 0
    title, left, right = measured(tmp_path / "built" / "03_topic.html")
    assert title["under"] == []
    assert left["bottom"] <= HEIGHT and right["bottom"] <= HEIGHT
    assert left["under"] == right["under"] == ["end"]


@needs_chromium
def test_a_handout_is_a_pdf_with_one_page_for_a_slide(deck):
    assert handouts.main(deck.parent) == 0
    printed = deck.with_suffix(".pdf").read_bytes()
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == len(slides(deck))


def test_without_chromium_there_is_one_clear_sentence(tmp_path):
    program = [sys.executable, BOOK / "slides" / "handouts.py", tmp_path]
    done = subprocess.run(
        program, capture_output=True, text=True, env={"CHROMIUM": "no-such-program"}
    )
    assert (done.returncode, done.stdout) == (1, handouts.MISSING + "\n")
