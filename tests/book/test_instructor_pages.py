"""The instructor's pages agree with the chapters, the exercises and the exam questions."""

import re
from pathlib import Path

import numpy as np
import pytest

from rxcourse.agents.batch_prediction import batch_monte_carlo, batch_td
from rxcourse.data import Dataset
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
    page = re.sub(r"^Together \d+ minutes", "", PAGES[name], flags=re.MULTILINE)
    assert prose.unsupported(page, *numbers_of(CHAPTERS[name[:2]])) == []


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


def test_the_second_question_of_chapter_5_by_the_package():
    """Two batch methods read the log of the question."""
    hl, hh, end = 4, 5, 2
    rows = [(0, 0, hh, 0, hl, 0, 0), (0, 1, hl, 0, end, 1, 0)]
    rows += [(k, 0, hl, k < 7, end, 1, 0) for k in range(1, 8)]

    def log(*more):
        episode, t, obs, reward, after, ended, cut = map(np.array, zip(*rows, *more, strict=True))
        return Dataset(
            obs=obs, action=0 * obs, reward=reward * 1.0, next_obs=after,
            terminated=ended.astype(bool), truncated=cut.astype(bool),
            propensity=np.full(len(obs), np.nan), episode=episode, t=t, person=episode,
            n_actions=4,
        )  # fmt: skip

    settled = {"n_states": 6, "gamma": 0.8}
    ended, closed = log((8, 0, hh, 0, hl, 1, 0)), log((8, 0, hh, 0, hl, 0, 1))
    assert batch_monte_carlo(log(), **settled).v[0, [hl, hh]] == pytest.approx([0.75, 0.0])
    for data, worth in ((log(), 0.6), (closed, 0.6), (ended, 0.3)):
        assert batch_td(data, **settled).v[0, [hl, hh]] == pytest.approx([0.75, worth])


SLIDES = r"deck, slides? (\d+)(?: (to|and) (\d+))?(?:; boards? \d(?: and \d)?)?"


def wrong_plan(page, minutes):
    """What is wrong with the rows of the plan that show slides of these minutes.

    A row such as ``| 9 | words | deck, slides 5 to 7; board 1 |`` takes the minutes of its slides,
    and the rows together show every slide once, in the order of the deck.
    """
    found, following = [], 1
    for said, place in re.findall(r"^\| (\d+) \|[^|]*\| (deck\b.*) \|$", page, re.MULTILINE):
        named = re.fullmatch(SLIDES, place)
        if not named:
            found.append(f"no slides are named: {place}")
            continue
        first, last = int(named[1]), int(named[3] or named[1])
        if first != following or last < first or (named[2] == "and") != (last == first + 1):
            found.append(f"after slide {following - 1}: {place}")
        if sum(minutes[first - 1 : last]) != int(said):
            found.append(f"{sum(minutes[first - 1 : last])} minutes, not {said}: {place}")
        following = last + 1
    if following != len(minutes) + 1:
        found.append(f"ends with slide {following - 1} of {len(minutes)}")
    return found


def speaker_minutes(name):
    """Minutes of each slide of a deck; the title slide is the first."""
    (deck,) = BOOK.glob(f"slides/{name[:2]}_*.md")
    parts = re.split(r"^##? ", deck.read_text("utf-8"), flags=re.MULTILINE)[1:]
    noted = [re.findall(r"^:::\{speaker\} (\d+)$", part, re.MULTILINE) for part in parts]
    assert all(len(minutes) == 1 for minutes in noted)
    return [int(minutes[0]) for minutes in noted]


@pytest.mark.parametrize("name", NOTES)
def test_the_plan_goes_through_the_deck_with_its_minutes(name):
    assert wrong_plan(PAGES[name], speaker_minutes(name)) == []


@pytest.mark.parametrize("name", NOTES)
def test_boards_named_in_the_plan_are_drawn_below(name):
    plan, _, rest = PAGES[name].partition("## On the board")
    named = {n for pair in re.findall(r"boards? (\d)(?: and (\d))?", plan) for n in pair if n}
    drawn = re.findall(r"^:::\{admonition\} Board (\d): ", rest, re.MULTILINE)
    assert named == set(drawn)


def test_the_samples_pass_the_guard():
    assert guard.check(SAMPLES) == []


@pytest.mark.parametrize("name", ["schedules", "project1_rubric", "index"])
def test_the_other_pages_bring_no_results_of_their_own(name):
    """Numbers with a decimal point there are settings of the code or come from the samples."""
    text = re.sub(r"`[^`]*`", "", PAGES[name])
    shown, literals = numbers_of(SAMPLES, *CHAPTERS.values())
    decimals = {float(n) for n in re.findall(r"(?<![\w.])\d+\.\d+", text)}
    assert decimals - shown - literals <= {3.11}  # Python 3.11


def test_sums_of_the_samples_are_those_of_the_rubric():
    texts = [c.source for c in store.read(SAMPLES).cells if c.cell_type == "markdown"]
    marks = [t for t in texts if "### Marks" in t]
    sums = [sum(map(int, re.findall(r"\| (\d+) of \d+ \|", text))) for text in marks]
    said = [int(n) for text in marks for n in re.findall(r"^(\d+) of 100\.", text, re.MULTILINE)]
    assert sums == said == [13, 63, 97]
    assert "The sums there are 13, 63 and 97." in PAGES["project1_rubric"]
    rows = re.findall(r"^\| \*\*(.+?)\*\*(.*)$", PAGES["project1_rubric"], re.MULTILINE)
    levels = {name: [int(n) for n in re.findall(r"\| (\d+): ", row)] for name, row in rows}
    assert sum(points[-1] for points in levels.values()) == 100
    for text in marks:
        given = re.findall(r"^\| ([^|]+) \| (\d+) of (\d+) \|", text, re.MULTILINE)
        assert len(given) == len(levels) == 8
        for (name, points, most), (full, values) in zip(given, levels.items(), strict=True):
            assert full.startswith(name)
            assert int(most) == values[-1]
            assert int(points) in values


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


@pytest.mark.parametrize("name", NOTES)
def test_a_plan_that_does_not_follow_the_deck_is_noticed(name):
    """Each row loses its slides, a slide or a minute; each slide takes a minute more; one goes."""
    page, minutes = PAGES[name], speaker_minutes(name)
    rows = re.findall(r"^\| \d+ \|[^|]*\| deck.*\|$", page, re.MULTILINE)
    assert len(rows) >= 5
    for row in rows:
        said, last = re.match(r"\| (\d+)", row)[1], re.search(SLIDES, row)
        end = last[3] or last[1]
        shorter = re.sub(rf"(slides?.*?)\b{end}\b", rf"\g<1>{int(end) + 1}", row, count=1)
        for other in (
            re.sub(r"deck, slides? [^;|]*\d", "deck", row),
            row.replace(f"| {said} |", f"| {int(said) + 1} |", 1),
            shorter,
            "",
        ):
            assert other != row
            assert wrong_plan(page.replace(row, other), minutes), other
    assert wrong_plan(page.replace(rows[0] + "\n", "") + "\n" + rows[0], minutes)
    for k in range(len(minutes)):
        assert wrong_plan(page, [m + (i == k) for i, m in enumerate(minutes)])
        assert wrong_plan(page, minutes[:k] + minutes[k + 1 :])
