"""The hours of openers and front page follow from the minutes on the chapters' cards."""

import math
import re
from pathlib import Path

import pytest

from rxcourse.notebooks import store

BOOK = Path(__file__).parents[2] / "book"
OPENERS = sorted(BOOK.glob("part*/opener.md"))
HOURS = r"\| (\d+(?:\.5)?) hours \| (\d+(?:\.5)?) hours \|"
MINUTES = r"(\d+) minutes to read, (\d+) to work through\.(?: Folded sections: (\d+) minutes\.)?"


def half_hours(minutes):
    """Hours, rounded up to the next half."""
    return math.ceil(minutes / 30) / 2


def hours_of(chapter):
    """Hours of the core and of everything, from the card of a chapter."""
    text = "\n".join(cell.source for cell in store.read(chapter).cells)
    ((read, work, folded),) = re.findall(MINUTES, text)
    core = int(read) + int(work)
    return half_hours(core), half_hours(core + int(folded or 0))


def rows(opener):
    """Hours by notebook, as the table of an opener says."""
    found = re.findall(r"\]\(([\w.]+\.ipynb)\).*" + HOURS, opener.read_text("utf-8"))
    return {name: (float(core), float(everything)) for name, core, everything in found}


@pytest.mark.parametrize("opener", OPENERS, ids=lambda path: path.parent.name)
def test_openers_agree_with_the_cards(opener):
    cards = {path.name: hours_of(path) for path in sorted(opener.parent.glob("*.ipynb"))}
    assert rows(opener) == cards


@pytest.mark.parametrize("opener", OPENERS, ids=lambda path: path.parent.name)
def test_the_front_page_adds_up_the_openers(opener):
    text = (BOOK / "intro.md").read_text("utf-8")
    ((core, everything),) = re.findall(rf"<{opener.parent.name}/opener>` " + HOURS, text)
    totals = tuple(sum(column) for column in zip(*rows(opener).values(), strict=True))
    assert (float(core), float(everything)) == totals
