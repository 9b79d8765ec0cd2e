"""Exercise notebooks, made from their solutions: ``python -m rxcourse.grading.exercises``.

``solutions/NN_topic.ipynb`` is the only file written by hand. In it

- a text cell that begins with ``## 06.q2 Title`` opens an exercise;
- ``name = ...  # SOLUTION`` becomes ``name = ...``, and the lines from ``# BEGIN SOLUTION``
  to ``# END SOLUTION`` become one line that raises NotImplementedError;
- text from ``**Solution.**`` to the next heading, and code cells with the tag
  ``solution-only``, are left out.

The quiz of the chapter is added at the end, from the questions of the package.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import nbformat

from rxcourse.grading.library import questions
from rxcourse.grading.question import Choice, Question
from rxcourse.notebooks import store

EXPLAINED = re.compile(r"^\*\*Solution\.\*\*.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"## (\d\d\.q\d+) (.+)")
LINE = re.compile(r"^(\s*\w+) = .*# SOLUTION$", re.MULTILINE)
BLOCK = re.compile(r"^([ \t]*)# BEGIN SOLUTION\n.*?# END SOLUTION$", re.MULTILINE | re.DOTALL)


def blanked(source: str) -> str:
    """Code of a solution with its answers taken out."""
    source = BLOCK.sub(r'\1raise NotImplementedError("your lines go here")', source)
    return LINE.sub(r"\1 = ...", source)


def facts(question: Question) -> str:
    """One line below the heading of an exercise."""
    folded = " · needs a folded section" if question.deeper else ""
    return (f"*{question.rung.capitalize()} · {question.minutes} minutes · "
            f"prepared by the section “{question.section}”{folded}*")  # fmt: skip


def exercise(solution):
    """The exercise notebook that belongs to a solution notebook."""
    known, now, cells = {}, "", []
    for cell in solution.cells:
        if "solution-only" in cell.metadata.get("tags", []):
            continue
        if cell.cell_type == "code":
            cells.append(nbformat.v4.new_code_cell(blanked(cell.source)))
            continue
        source = EXPLAINED.sub("", cell.source).strip()
        if found := HEADING.match(source):
            now = found[1]
            known = known or questions(now[:2])
            head, _, rest = source.partition("\n")
            source = f"{head}\n\n{facts(known[now])}\n{rest}"
        if source:
            cells.append(nbformat.v4.new_markdown_cell(source))
    if known:
        cells += quiz(known)
    return store.normalise(nbformat.v4.new_notebook(cells=cells))


def quiz(known: dict[str, Question]) -> list:
    """Cells of the quiz: the question, the options, and a place for the answer."""
    cells = [nbformat.v4.new_markdown_cell(
        "## Quiz\n\nAnswer with a letter in quotes, or with a number. The chapter's page on the "
        "site holds the reasons, folded.")]  # fmt: skip
    for question in (q for id, q in known.items() if ".z" in id):
        lines = [f"**{question.id} {question.title}**", "", question.text]
        if isinstance(question, Choice):
            lines += [""] + [f"- **{x}** {option.text}" for x, option in question.options.items()]
        cells.append(nbformat.v4.new_markdown_cell("\n".join(lines)))
        code = f'{question.name} = ...\ncheck("{question.id}", {question.name})'
        cells.append(nbformat.v4.new_code_cell(code))
    return cells


def text(notebook) -> str:
    """A notebook as it is stored."""
    written = nbformat.v4.writes(notebook, indent=1, sort_keys=True, ensure_ascii=False)
    return written.rstrip("\n") + "\n"


def main(arguments=None) -> int:
    """Write all exercise notebooks, or compare them."""
    parser = argparse.ArgumentParser(prog="python -m rxcourse.grading.exercises")
    parser.add_argument("--check", action="store_true", help="only say which are out of date")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="folder of the repository")
    chosen = parser.parse_args(arguments)
    solutions = sorted((chosen.root / "solutions").glob("[0-9]*.ipynb"))
    if not solutions:
        print(f"no solutions in {chosen.root / 'solutions'}", file=sys.stderr)
        return 1
    stale = 0
    for path in solutions:
        made = text(exercise(store.read(path)))
        target = chosen.root / "exercises" / path.name
        if target.is_file() and target.read_text("utf-8") == made:
            continue
        stale += 1
        if chosen.check:
            print(f"{target} does not belong to {path}; run make exercises")
        else:
            target.parent.mkdir(exist_ok=True)
            target.write_text(made, encoding="utf-8", newline="\n")
            print(target)
    return 1 if chosen.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
