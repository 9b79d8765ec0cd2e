"""Refuse in a stored notebook what a strict comparison of outputs would pass in silence."""

import ast
import re
import statistics
from pathlib import Path

from rxcourse.notebooks import prose, store

TAGS = {"hide-input", "hide-output", "hide-cell", "remove-input", "remove-cell", "raises-exception"}
TAG_PATTERN = re.compile(r"answer:\d\d\.q\d+|solution-only")
MAX_LINES, MAX_MEDIAN, MAX_SHARE = 25, 8, 0.40
_MIMES = {
    "text/plain",
    "text/html",
    "text/latex",
    "image/png",
    "application/papermill.record/text/plain",  # stored by report(..., key=...)
}
# Statements that need not print anything.
_QUIET = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.Assign, ast.AugAssign, ast.AnnAssign,
          ast.Assert, ast.Delete, ast.Pass)  # fmt: skip
_SOURCE = {
    r"(?m)^\s*[%!]": "a magic or shell command",
    r"NBVAL_": "an nbval comment",
    r"\bpip\s+install\b": "an installation",
    r"\bsys\.path\b": "a change of sys.path",
    r"\b(?:urllib|requests|urlopen|httpx)\b": "network access",
    r"\bwarnings\.(?:filterwarnings|simplefilter|catch_warnings)": "a silenced warning",
    r"\b(?:np|numpy)\.random\.(?!default_rng|Generator|SeedSequence)\w+": "global randomness",
}
_OUTPUT = {
    r"\bOUTSIDE\b": "a result outside its tolerance",
    r"\b0x[0-9a-f]{6,}": "a memory address",
    r"(?<![\w.<])/(?:home|tmp|usr|root|opt|work|var|Users|mnt)/|\b[A-Z]:\\": "a path of a machine",
    r"\d\.\d{7,}": "a number with seven or more decimals; round it or use report()",
    r"\b\w*Warning:": "a warning",
}


def check(path, allowed=()):
    """Everything that is wrong with a stored notebook.

    Parameters
    ----------
    path : path-like
        The notebook.
    allowed : collection of str
        Numbers of the prose that need no support, as they stand in the text.

    Returns
    -------
    list of str
        One sentence per problem, with notebook and cell.
    """
    notebook, name = store.read(path), Path(path).name
    # Exercises are mostly code, and their numbers are those of the task; checks judge them.
    exercises = Path(path).resolve().parent.name == "solutions"
    code = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    problems = [f"{name}: {problem}" for problem in _whole(notebook, code, exercises)]
    for position, cell in enumerate(notebook.cells):
        found = list(_code_cell(cell) if cell.cell_type == "code" else _markdown_cell(cell))
        problems += [f"{name} cell-{position:03d}: {problem}" for problem in found]
    if exercises:
        return problems
    return problems + [f"{name} {problem}" for problem in _numbers(notebook, code, set(allowed))]


def _whole(notebook, code, exercises):
    """Problems of the notebook as one."""
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        yield "cells were not all run once from the top; execute it again"
    if [c.get("id") for c in notebook.cells] != [
        f"cell-{i:03d}" for i in range(len(notebook.cells))
    ]:
        yield "not in its normal form (cell ids); execute it again"
    if code and not any(re.search(r"\d", text) for cell in code for text in texts(cell)):
        yield "no output holds a number"
    lengths = [len(cell.source.splitlines()) for cell in code]
    if lengths and statistics.median(lengths) > MAX_MEDIAN:
        yield f"the median code cell has {statistics.median(lengths):g} lines, above {MAX_MEDIAN}"
    words = sum(_wrapped(c.source) for c in notebook.cells if c.cell_type == "markdown")
    share = sum(lengths) / max(sum(lengths) + words, 1)
    if share > MAX_SHARE and not exercises:
        yield f"{share:.0%} of the lines are code, above {MAX_SHARE:.0%}"


def _code_cell(cell):
    """Problems of one code cell."""
    if not cell.source.strip():
        yield "an empty code cell"
        return
    tags = cell.metadata.get("tags", [])
    yield from (
        f"unknown tag {tag!r}" for tag in tags if tag not in TAGS and not TAG_PATTERN.fullmatch(tag)
    )
    yield from _source(cell.source)
    errors = [o for o in cell.outputs if o.output_type == "error"]
    if bool(errors) != ("raises-exception" in tags):
        yield "the tag raises-exception and the stored error disagree"
    if not cell.outputs and _should_print(cell.source):
        yield "computes something and stores no output"
    if any(o.get("name") == "stderr" for o in cell.outputs):
        yield "stores stderr"
    for mime in {m for o in cell.outputs for m in o.get("data", {})} - _MIMES:
        yield f"stores an output of type {mime}, which is not compared"
    everything = "\n".join(texts(cell))
    yield from (f"stores {what}" for regex, what in _OUTPUT.items() if re.search(regex, everything))
    yield from _pictures(cell)


def _source(source):
    """Problems of the code of one cell."""
    yield from (f"contains {what}" for regex, what in _SOURCE.items() if re.search(regex, source))
    n_lines = len(source.splitlines())
    if n_lines > MAX_LINES:
        yield f"has {n_lines} lines, above {MAX_LINES}"
    if source.rstrip().endswith(";"):
        yield "ends in a semicolon, which the comparison does not honour; write _ = ..."
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        yield f"is not Python: {error.msg}"
        return
    if any(isinstance(node, ast.ClassDef) for node in ast.walk(tree)):
        yield "defines a class; classes live in the package"


def _should_print(source):
    """Whether a cell holds more than definitions, assignments and docstrings."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return True
    return any(
        not isinstance(node, _QUIET)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in body
    )


def _pictures(cell):
    """Problems of the pictures of one cell."""
    pictures = [o for o in cell.outputs if "image/png" in o.get("data", {})]
    printed = "".join(o.text for o in cell.outputs if o.get("name") == "stdout")
    if pictures and not re.search(r"\d", printed):
        yield "shows a picture without printing its numbers"
    for output in pictures:
        alt = output.metadata.get("image/png", {}).get("alt", "")
        if not re.search(r"\d", alt):
            yield "shows a picture without alternative text that holds a number"


def _markdown_cell(cell):
    """Problems of one Markdown cell, numbers aside."""
    if cell.metadata.get("tags"):
        yield f"tags {cell.metadata['tags']} on text have no meaning here"
    for line in prose.badly_nested(cell.source):
        yield f"an inner box needs fewer colons than the outer one: {line}"
    for label, classes, source in prose.equations(cell.source):
        if not label and "derivation" not in classes:
            yield f"an equation with neither a label nor the class derivation: {source[:60]}"


def _numbers(notebook, code, allowed):
    """Numbers of the prose that nothing supports."""
    shown = set().union(*(prose.numbers_in(text) for cell in code for text in texts(cell)))
    literals = set().union(*(prose.numbers_in(cell.source) for cell in code))
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            for number in prose.unsupported(cell.source, shown, literals):
                if number not in allowed:
                    yield (
                        f"cell-{position:03d}: the text says {number!r}, which no output shows; "
                        "print it, cite it, or move it into a worked example"
                    )


def texts(cell):
    """Everything readable that a code cell stores."""
    found = []
    for output in cell.outputs:
        found.append(output.get("text", ""))
        found.append(f"{output.get('ename', '')} {output.get('evalue', '')}")
        for mime, data in output.get("data", {}).items():
            if mime == "text/html":
                found.append(re.sub(r"<style.*?</style>|<[^>]+>", " ", data, flags=re.DOTALL))
            elif "text/" in mime:
                found.append(data)
    return found


def _wrapped(source):
    """Lines of prose, as if wrapped at 100 characters, so that line breaks do not count."""
    return sum(-(-len(line) // 100) for line in source.splitlines())
