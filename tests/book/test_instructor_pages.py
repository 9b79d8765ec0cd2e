"""The instructor's pages agree with the chapters, the exercises and the exam questions."""

import re
from pathlib import Path

import pytest

from rxcourse.grading.library import find
from rxcourse.grading.variants import POINTS, QUESTIONS
from rxcourse.notebooks import guard, prose, store

BOOK = Path(__file__).parents[2] / "book"
PAGES = {path.stem: path.read_text("utf-8") for path in sorted(BOOK.glob("instructor/*.md"))}
NOTES = [name for name in PAGES if re.fullmatch(r"\d\d_notes", name)]
CHAPTERS = {path.stem[:2]: path for path in BOOK.glob("part*/[0-9]*.ipynb")}
SAMPLES = BOOK / "instructor" / "07_sample_submissions.ipynb"
CARD = r"(\d+) minutes to read, (\d+) to work through\.(?: Folded sections: (\d+) minutes\.)?"


def numbers_of(*paths):
    """Numbers that notebooks print, and numbers in their code."""
    code = [c for path in paths for c in store.read(path).cells if c.cell_type == "code"]
    shown = set().union(*(prose.numbers_in(t) for cell in code for t in guard.texts(cell)))
    return shown, set().union(*(prose.numbers_in(cell.source) for cell in code))


def boxes(page):
    """Title and body of every box with three colons."""
    return re.findall(r"^:::\{admonition\} (.+)\n((?:.*\n)*?):::$", page, re.MULTILINE)


def unknown_exercises(page):
    """Exercises and items that do not exist, or whose kind and minutes are others."""
    found = []
    for name in re.findall(r"`(\d\d\.[qz]\d+)`", page):
        try:
            find(name)
        except ValueError as trouble:
            found.append(str(trouble))
    for name, rung, minutes in re.findall(r"`(\d\d\.q\d+)` \(([a-z ]+), (\d+)\)", page):
        question = find_or_none(name)
        if question and (question.rung, question.minutes) != (rung, int(minutes)):
            found.append(f"{name} is {question.rung}, {question.minutes}")
    return found


def wrong_sums(page):
    """Tables of minutes whose sum is not the one that is said below."""
    found = []
    for table, below in re.findall(r"^(\| minutes \|(?:.*\n)+?)\n(.*)$", page, re.MULTILINE):
        total = sum(int(n) for n in re.findall(r"^\| (\d+) \|", table, re.MULTILINE))
        said = re.match(r"Together (\d+) minutes", below)
        if not said or int(said[1]) != total:
            found.append(f"{total} minutes, but below: {below[:40]}")
    return found


def wrong_points(page):
    """Model answers whose points do not sum up."""
    answers = [(title, body) for title, body in boxes(page) if title.startswith("Model answer")]
    totals = [
        (title, sum(int(n) for n in re.findall(r"^- (\d+) points?: ", body, re.MULTILINE)))
        for title, body in answers
    ]
    return [f"{title}: {total} points" for title, total in totals if total != POINTS]


def stale_exams(name, page):
    """Sheets with a seed that are not what the module makes."""
    found = []
    heads = r"^:::\{admonition\} (.+) \(10 points; seed (\d+)\)$"
    for title, seed in re.findall(heads, page, re.MULTILINE):
        variant = QUESTIONS[name[:2]](int(seed))
        texts = dict(boxes(page))
        question = texts[f"{title} (10 points; seed {seed})"]
        answer = texts[f"Model answer for seed {seed}"]
        steps = [f"- {s.points} point{'s' * (s.points != 1)}: {s.text}" for s in variant.steps]
        if title != variant.title or question != f":class: worked\n{variant.text}\n":
            found.append(f"the text of seed {seed}")
        if answer != ":class: worked dropdown\n" + "\n".join(steps) + "\n":
            found.append(f"the model answer of seed {seed}")
    return found


@pytest.mark.parametrize("name", PAGES)
def test_exercises_exist_with_this_kind_and_these_minutes(name):
    assert unknown_exercises(PAGES[name]) == []


@pytest.mark.parametrize("name", PAGES)
def test_minutes_add_up(name):
    assert wrong_sums(PAGES[name]) == []


@pytest.mark.parametrize("name", PAGES)
def test_boxes_are_well_nested(name):
    assert prose.badly_nested(PAGES[name]) == []


@pytest.mark.parametrize("name", NOTES)
def test_numbers_are_those_of_the_chapter(name):
    assert prose.unsupported(PAGES[name], *numbers_of(CHAPTERS[name[:2]])) == []


@pytest.mark.parametrize("name", NOTES)
def test_a_session_has_ninety_minutes_and_two_marked_questions(name):
    page = PAGES[name]
    assert "Together 90 minutes, 45 of them with the deck." in page
    deck = re.findall(r"^\| (\d+) \|[^|]*\| deck", page, re.MULTILINE)
    assert sum(map(int, deck)) == 45
    assert len([title for title, _ in boxes(page) if title.startswith("Model answer")]) == 2
    assert len(re.findall(r"\(10 points", page)) == 2
    assert wrong_points(page) == []


@pytest.mark.parametrize("name", NOTES)
def test_sheets_with_a_seed_are_those_of_the_module(name):
    assert len(re.findall(r"seed \d+\)", PAGES[name])) == 1
    assert stale_exams(name, PAGES[name]) == []


@pytest.mark.parametrize("name", NOTES)
def test_places_named_in_quotes_are_in_the_chapter(name):
    """The last column of the table of misconceptions names sections of the chapter."""
    table = PAGES[name].partition("## Misconceptions")[2].partition("\n## ")[0]
    last = [line.strip("|").split("|")[-1] for line in table.splitlines() if line.startswith("| ")]
    chapter = "\n".join(cell.source for cell in store.read(CHAPTERS[name[:2]]).cells)
    named = [words for cell in last for words in re.findall(r'"([^"]+)"', cell)]
    assert len(named) >= 5
    assert [words for words in named if words not in chapter] == []


def test_schedules_have_the_minutes_of_the_cards():
    for number, path in CHAPTERS.items():
        text = "\n".join(cell.source for cell in store.read(path).cells)
        ((read, work, folded),) = re.findall(CARD, text)
        exercises = [q for q in map(find_or_none, (f"{number}.q{k}" for k in range(1, 9))) if q]
        row = rf"^\| \[{int(number)}\]\(.*{path.name}\) \| (.*) \|$"
        ((cells),) = re.findall(row, PAGES["schedules"], re.MULTILINE)
        total = str(sum(q.minutes for q in exercises))
        assert cells.split(" | ") == [read, work, folded or "none", total]


def find_or_none(name):
    try:
        return find(name)
    except ValueError:
        return None


# ---------------------------------------------------------------- the tests bite


def test_a_changed_page_is_noticed():
    page = PAGES["06_notes"]
    assert unknown_exercises(page.replace("`06.q4`", "`06.q40`"))
    assert unknown_exercises(page.replace("(by hand, 8)", "(by hand, 9)"))
    assert wrong_sums(page.replace("| 12 | Find the bug", "| 13 | Find the bug"))
    assert wrong_points(page.replace("- 2 points: Each plan", "- 3 points: Each plan"))
    assert stale_exams("06_notes", page.replace("gamma 0.5.", "gamma 0.9."))
    shown = numbers_of(CHAPTERS["06"])
    assert prose.unsupported(page.replace("0.013", "0.014"), *shown) == ["0.014"]
