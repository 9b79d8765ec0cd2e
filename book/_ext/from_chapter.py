"""Take numbers, figures, equations and lists for a deck from the stored, executed chapter.

A deck ``06_topic.md`` reads the notebook of the same name. ``05::name`` reads chapter 5 instead.
Nothing is computed here: what the chapter printed is shown, and a name that the chapter does not
have stops the build, so that a deck cannot fall behind its chapter.

``{number}`first words of a line > later words``` is the first number after these words; see
`find_number` for more.
``{chapter-figure} title of the figure`` is the picture with its alternative text.
``{chapter-equation} label`` is a labelled equation. ``{chapter-list} title of a section`` is the
numbered list of a section; with ``:short:`` the first sentence of each of its lines.
"""

import difflib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective, SphinxRole

NUMBER = re.compile(r"(?<![\w.])-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?%?")
NAME = re.compile(r"(?:(.+?) // )?(.+?)(?: #(\d+))?(?: \| (\d+))?", re.DOTALL)
SENTENCE = re.compile(r"\d+\. .+?[.?](?=\s|$)")  # the first one of a numbered line
EQUATION = re.compile(r"\$\$((?:(?!\$\$).)+)\$\$[ \t]*\(([^)\s]+)\)", re.DOTALL)
CLASS = "from-chapter"  # by which style sheet and tests know what was not typed


class NotInChapter(LookupError):
    """A name that the chapter does not have, or has more than once."""


@dataclass
class Cell:
    """What one code cell of a notebook printed and drew."""

    lines: list  # printed lines, runs of spaces made one
    figures: list  # pairs of alternative text and picture in base64


def cells(notebook):
    """Stored outputs of all code cells, in order."""
    return [
        Cell(list(_lines(cell["outputs"])), list(_figures(cell["outputs"])))
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]


def _lines(outputs):
    for output in outputs:
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        if "image/png" not in output.get("data", {}):
            yield from (" ".join(line.split()) for line in "".join(text).splitlines())


def _figures(outputs):
    for output in outputs:
        png = output.get("data", {}).get("image/png")
        if png:
            alt = output["metadata"].get("image/png", {}).get("alt", "")
            yield alt, "".join(png).replace("\n", "")


def texts(notebook):
    """Markdown of the text cells."""
    return ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"]


def find_figure(notebook, title):
    """Alternative text and picture of the one figure with this title; see `one`."""
    figures = [figure for cell in cells(notebook) for figure in cell.figures]
    found = [figure for figure in figures if _titled(figure[0], title)]
    return one(found, title, "figure", [alt.partition(". ")[0] for alt, _ in figures])


def find_number(notebook, name):
    """The number that the chapter printed after the words of `name`, as it was printed.

    Parameters
    ----------
    notebook : dict
        As read from its file.
    name : str
        ``cell // words > later words #2 | 0``, of which only `words` are needed. They begin
        exactly one printed line that also holds the later words, in their order. `cell` is the
        title of a figure or the beginning of a line, and restricts the search to what was printed
        by the same cell. ``#2`` is the second number after the words, ``| 0`` rounds to no
        decimals.

    Raises
    ------
    NotInChapter
        When there is no such number, or more than one such line.
    """
    where, words, nth, decimals = NAME.fullmatch(name).groups()
    found = [cell for cell in cells(notebook) if not where or _in(cell, where)]
    lines = [line for cell in found for line in cell.lines]
    if not found:
        one([], where, "figure or printed line", _all_lines(notebook))
    parts = words.split(" > ")
    line = one([x for x in lines if _after(x, parts) is not None], words, "printed line", lines)
    numbers, place = NUMBER.findall(_after(line, parts)), int(nth or 1)
    if "OUTSIDE" in line or not 0 < place <= len(numbers):
        raise NotInChapter(f"no number {place} after {words!r} in the line {line!r}")
    number = numbers[place - 1]
    return _rounded(number, decimals) if decimals else number


def _in(cell, where):
    """Whether a cell drew the figure of this title or printed a line that begins so."""
    drawn = any(_titled(alt, where) for alt, _ in cell.figures)
    return drawn or any(_after(line, [where]) is not None for line in cell.lines)


def _all_lines(notebook):
    return [line for cell in cells(notebook) for line in cell.lines]


def _titled(alt, title):
    return alt.startswith(title.rstrip(".") + ". ")


def _after(line, parts):
    """What follows the last of the parts, or None. Whole words: "after 6" is not "after 60"."""
    first, *later = parts
    if not re.match(re.escape(first) + r"(?!\w|\.\d)", line):
        return None
    rest = line[len(first) :]
    for words in later:
        _, there, rest = rest.partition(words)
        if not there:
            return None
    return rest


def _rounded(number, decimals):
    sign = "%" if number.endswith("%") else ""
    return f"{float(number.rstrip('%').replace(',', '')):,.{int(decimals)}f}{sign}"


def find_equation(notebook, label):
    """Source of the equation with this label."""
    found = [EQUATION.findall(text) for text in texts(notebook)]
    known = {name: source.strip() for pairs in found for source, name in pairs}
    return one([known[label]] if label in known else [], label, "equation", list(known))


def find_list(notebook, title):
    """Lines of the numbered list in the section with this title, without links to the glossary."""
    sections = dict(
        re.match(r"(.*)\n?((?s:.*))", part).groups()
        for text in texts(notebook)
        for part in re.split(r"^#+ ", text, flags=re.MULTILINE)[1:]
    )
    body = one([sections[title]] if title in sections else [], title, "section", list(sections))
    lines = re.findall(r"^\d+\. .*$", body, re.MULTILINE)
    if not lines:
        raise NotInChapter(f"no numbered list in the section {title!r}")
    return [re.sub(r"\{term\}`([^`<]+?)(?: <[^`]*>)?`", r"\1", line) for line in lines]


def one(found, name, kind, known):
    """The only element of `found`; otherwise a NotInChapter that says what there is."""
    if len(found) == 1:
        return found[0]
    if found:
        some = "; ".join(str(x) for x in found[:3]) if isinstance(found[0], str) else "alike"
        raise NotInChapter(f"{len(found)} times the {kind} {name!r}, say more words: {some}")
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.3)
    hint = f"; nearest: {', '.join(map(repr, near))}" if near else ""
    raise NotInChapter(f"no {kind} {name!r}{hint}")


def chapter(deck, name, folder):
    """Path of the notebook and the rest of a name; ``05::name`` chooses another chapter."""
    number, colons, rest = name.rpartition("::")
    stem = f"{number}_*" if colons else deck
    known = sorted(Path(folder).glob("part*/*.ipynb"))
    found = [path for path in known if path.match(f"{stem}.ipynb")]
    return one(found, number or deck, "chapter", [path.stem for path in known]), rest


class FromChapter:
    """What the role and the directives share: look up a name or stop the build."""

    def look_up(self, find, name):
        """Call ``find(notebook, name)``; the deck is built anew when its chapter changes."""
        try:
            path, rest = chapter(self.env.docname, name, Path(self.env.srcdir).parent)
            self.env.note_dependency(str(path))
            return find(json.loads(path.read_text("utf-8")), rest)
        except NotInChapter as error:
            message = f"{self.get_location()}: {error.args[0]}."
            raise ExtensionError(message) from None


class Number(FromChapter, SphinxRole):
    """A number that the chapter printed."""

    def run(self):
        """Write it as text that tests can tell from typed numbers."""
        return [nodes.inline("", self.look_up(find_number, self.text), classes=[CLASS])], []


class Figure(FromChapter, SphinxDirective):
    """A stored picture; ``:height: 430`` makes it lower than the style sheet does, in pixels."""

    required_arguments, final_argument_whitespace = 1, True
    option_spec = {"height": directives.positive_int}

    def run(self):
        """Embed the picture, so that a deck needs no folder of pictures."""
        alt, png = self.look_up(find_figure, self.arguments[0])
        image = nodes.image(uri=f"data:image/png;base64,{png}", alt=alt, classes=[CLASS])
        image["candidates"] = {"?": image["uri"]}
        if "height" in self.options:
            image["height"] = f"{self.options['height']}px"
        return [image]


class Equation(FromChapter, SphinxDirective):
    """A labelled equation of the chapter, without its number."""

    required_arguments = 1

    def run(self):
        """Write display mathematics."""
        source = self.look_up(find_equation, self.arguments[0])
        block = nodes.math_block(source, source, nowrap=False, number=None, label=None)
        return [nodes.container("", block, classes=[CLASS])]


def shortened(lines):
    """The first sentence of each line of a numbered list."""
    return [match[0] if (match := SENTENCE.match(line)) else line for line in lines]


class List(FromChapter, SphinxDirective):
    """The numbered list of a section of the chapter; ``:short:`` keeps first sentences only."""

    required_arguments, final_argument_whitespace = 1, True
    option_spec = {"short": directives.flag}

    def run(self):
        """Parse the lines as the chapter does."""
        box = nodes.container(classes=[CLASS])
        lines = self.look_up(find_list, self.arguments[0])
        lines = shortened(lines) if "short" in self.options else lines
        self.state.nested_parse(lines, self.content_offset, box)
        return [box]


def setup(app):
    """Register the role and the directives."""
    app.add_role("number", Number())
    app.add_directive("chapter-figure", Figure)
    app.add_directive("chapter-equation", Equation)
    app.add_directive("chapter-list", List)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
