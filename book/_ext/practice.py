"""Exercises, quizzes and the table of objectives, from the questions of the package.

``{exercises} 06`` shows the exercises of a chapter, folded, with a link to the notebook;
``{quiz} 06`` its quiz, with a reason for every option; ``{objectives}`` what serves what, for all
chapters. The words are those of the exercise notebooks and of ``rxcourse.grading``; nothing is
written twice.
"""

import re
from pathlib import Path

import nbformat
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from rxcourse.grading.exercises import HEADING
from rxcourse.grading.library import chapters, questions
from rxcourse.grading.question import Choice

SINGULAR = {1: "minute"}


def exercise_file(book, chapter):
    """The exercise notebook of a chapter."""
    (path,) = (Path(book).parent / "exercises").glob(f"{chapter}_*.ipynb")
    return path


def tasks(path):
    """Text and code below the heading of each exercise, by its id."""
    found, now = {}, None
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            heading = HEADING.match(cell.source)
            now = heading[1] if heading else (None if cell.source.startswith("## ") else now)
            text = cell.source.partition("\n")[2] if heading else cell.source
        else:
            text = f"```python\n{cell.source}\n```"
        if now:
            found.setdefault(now, []).append(text)
    return {question: "\n\n".join(parts) for question, parts in found.items()}


def card_objectives(book, chapter):
    """The objectives of a chapter's card, in order."""
    (path,) = Path(book).glob(f"part*/{chapter}_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    card = next(c.source for c in cells if "**Afterwards you can**" in c.source)
    part = card[card.index("**Afterwards you can**") : card.index("**You need.**")]
    return path, [text.rstrip(".;") for text in re.findall(r"^- (.+)$", part, re.MULTILINE)]


def minutes(n):
    """A number of minutes, in words."""
    return f"{n} {SINGULAR.get(n, 'minutes')}"


def box(title, body, kind):
    """A folded box."""
    return f"::::{{admonition}} {title}\n:class: {kind} dropdown\n\n{body}\n::::\n"


class Generated(SphinxDirective):
    """A directive whose MyST text is made by its class."""

    optional_arguments = 1

    def run(self):
        """Parse the text in place."""
        text = self.text(*self.arguments)
        parent = nodes.Element()
        source = StringList(text.splitlines(), source=self.env.doc2path(self.env.docname))
        self.state.nested_parse(source, self.content_offset, parent)
        return parent.children


class Exercises(Generated):
    """The exercises of a chapter."""

    def text(self, chapter):
        """One folded box for each exercise."""
        path = exercise_file(self.env.srcdir, chapter)
        self.env.note_dependency(str(path))
        known = [q for q in questions(chapter).values() if ".q" in q.id]
        up = "../" * (self.env.docname.count("/") + 1)
        total = sum(q.minutes for q in known)
        boxes = [f"{len(known)} exercises, {minutes(total)} together: "
                 f"{{download}}`the notebook <{up}exercises/{path.name}>`.\n"]  # fmt: skip
        told = tasks(path)
        for q in known:
            boxes.append(box(f"{q.id} {q.title} · {minutes(q.minutes)}", told[q.id], "exercise"))
        return "\n".join(boxes)


class Quiz(Generated):
    """The quiz of a chapter."""

    def text(self, chapter):
        """Each question, with its answers folded below it."""
        known = [q for q in questions(chapter).values() if ".z" in q.id]
        return "\n".join(self.item(question) for question in known)

    def item(self, q):
        """One question."""
        back = f" *(from chapter {int(q.back)})*" if q.back else ""
        head = f"**{q.id} {q.title}**{back}\n\n{q.text}\n"
        if not isinstance(q, Choice):
            answer = f"**{float(q.key):.{q.decimals}f}.** {q.reason}"
            return f"{head}\n{box('Answer', answer, 'quiz-answer')}"
        options = "\n".join(f"- **{x}**  {option.text}" for x, option in q.options.items())
        reasons = "\n".join(
            f"- **{x}**, {'right' if option.right else 'no'}. {option.reason}"
            for x, option in q.options.items()
        )
        answer = box("Answer, and a reason for each option", reasons, "quiz-answer")
        return f"{head}\n{options}\n\n{answer}"


class Objectives(Generated):
    """What a reader can do after each chapter, and what prepares, practises and tests it."""

    def text(self):
        """One table for each chapter."""
        return "\n".join(self.table(chapter) for chapter in chapters())

    def table(self, chapter):
        """Objective, sections, exercises, quiz items."""
        path, objectives = card_objectives(self.env.srcdir, chapter)
        self.env.note_dependency(str(path))
        up = "../" * self.env.docname.count("/")
        page = path.relative_to(self.env.srcdir).as_posix()
        lines = [f"**[Chapter {int(chapter)}]({up}{page})**", "",
                 "| objective | prepared in | exercises | quiz |",
                 "| --- | --- | --- | --- |"]  # fmt: skip
        for number, words in enumerate(objectives, start=1):
            serving = [q for q in questions(chapter).values() if q.objective == number]
            own = [q for q in serving if not getattr(q, "back", "")]
            sections = "; ".join(dict.fromkeys(q.section for q in own))
            by_kind = (", ".join(q.id for q in serving if f".{k}" in q.id) for k in "qz")
            lines.append(f"| {words} | {sections} | {' | '.join(by_kind)} |")
        return "\n".join(lines) + "\n"


def setup(app):
    """Register the directives."""
    app.add_directive("exercises", Exercises)
    app.add_directive("quiz", Quiz)
    app.add_directive("objectives", Objectives)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
