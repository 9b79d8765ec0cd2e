"""Read the Markdown of a chapter: its boxes, its numbers, its equations."""

import re
from dataclasses import dataclass, field

_OPEN = re.compile(r"^\s*(:{3,}|`{3,}|~{3,})\s*(\{[^}]+\})?(.*)$")
_OPTION = re.compile(r"^\s*:([\w-]+):\s*(.*)$")

_UNITS = (
    "%|per cent|percent|kg|g|N|W|km|cm|mm|m|ms|min|h|MB|kcal|bpm|°|seconds?|minutes?|hours?|"
    "days?|weeks?|months?|years?|reps?|repetitions?|sets?"
)
_DIGITS = r"\d+(?:,\d{3})*(?:\.\d+)?"
_IN_OUTPUT = re.compile(rf"(?<![\w.]){_DIGITS}(?:[eE][-+]?\d+)?")
# A lone s is seconds only after a space: the 1990s are not.
_IN_TEXT = re.compile(rf"(?<![\w.])({_DIGITS})(?!\.\d)(?:\s*({_UNITS})(?!\w)|\s+(s)(?!\w))?")
# Names that carry a number: not results.
_NAMED = re.compile(
    r"(?:[Ss]ections?|[Cc]hapters?|[Pp]arts?|[Ff]igures?|[Tt]ables?|[Ee]xamples?|[Ee]xercises?|"
    r"[Vv]ersions?|Python|pages?|pp?\.|CC BY)\s+$"
)
_CITE = re.compile(r"\{cite[\w:]*\}")
_NOT_PROSE = re.compile(
    r"<!--.*?-->|\{[\w:.-]+\}`[^`]*`|`[^`]*`|\]\([^)]*\)|https?://\S+|<[^>\s][^>]*>", re.DOTALL
)
_INLINE_MATH = re.compile(r"(?<![\\$])\$([^$\n][^$]*?)\$")
_DISPLAY = re.compile(r"\$\$(.+?)\$\$[ \t]*(?:\(([^)\s]+)\))?", re.DOTALL)


# Boxes whose numbers need no support: calculations in full, minutes, answers that are wrong.
UNCHECKED = {"worked", "chapter-card", "misconception"}


@dataclass
class Block:
    """Consecutive lines of one kind, with the classes of all boxes around them."""

    kind: str  # "text", "code", or the name of a directive whose body is no prose
    classes: frozenset
    lines: list = field(default_factory=list)
    options: dict = field(default_factory=dict)

    @property
    def text(self):
        """The lines as one string."""
        return "\n".join(self.lines)


def blocks(markdown):
    """Split Markdown into blocks, following fences of colons and backticks.

    Parameters
    ----------
    markdown : str
        One cell or one page.

    Returns
    -------
    list of Block
        Boxes are followed inside; code and math are blocks of their own.
    """
    found, stack = [Block("text", frozenset())], []
    for line in markdown.splitlines():
        fence = _OPEN.match(line)
        innermost = stack[-1] if stack else None
        if fence and innermost and _closes(fence, innermost["fence"]):
            stack.pop()
            found.append(Block("text", _classes(stack)))
        elif fence and not (innermost and innermost["raw"]):
            name = (fence[2] or "").strip("{}")
            raw = fence[1][0] != ":" and (not name or name in ("code-block", "code-cell", "math"))
            raw = raw or name in ("math", "code-block", "mermaid", "raw")
            stack.append({"fence": fence[1], "raw": raw, "classes": set(), "head": True})
            if raw:
                found.append(Block(name or "code", _classes(stack)))
            else:
                found.append(Block("text", _classes(stack), [fence[3].strip()]))
        elif innermost and innermost["head"] and (option := _OPTION.match(line)):
            found[-1].options[option[1]] = option[2]
            if option[1] == "class":
                innermost["classes"] |= set(option[2].split())
                found[-1].classes = _classes(stack)
        else:
            if innermost:
                innermost["head"] = False
            found[-1].lines.append(line)
    return [block for block in found if block.text.strip() or block.options]


def badly_nested(markdown):
    """Boxes that stand in a box with as few or fewer colons, which ends the outer one early."""
    found, open_fences = [], []
    for line in markdown.splitlines():
        fence = _OPEN.match(line)
        if fence and open_fences and _closes(fence, open_fences[-1]):
            open_fences.pop()
        elif fence:
            if any(o[0] == fence[1][0] and len(o) <= len(fence[1]) for o in open_fences):
                found.append(line.strip())
            open_fences.append(fence[1])
    return found + [f"{fence} is never closed" for fence in open_fences]


def equations(markdown):
    """Display equations of a page.

    Returns
    -------
    list of (label or None, classes, source)
        In the order of the page.
    """
    found = []
    for block in blocks(markdown):
        if block.kind == "math":
            found.append((block.options.get("label"), block.classes, block.text.strip()))
        elif block.kind == "text":
            text = re.sub(r"`[^`\n]*`", "", block.text)
            found += [(m[2], block.classes, m[1].strip()) for m in _DISPLAY.finditer(text)]
            if re.search(r"^\s*\\begin\{", _DISPLAY.sub("", text), re.MULTILINE):
                found.append((None, block.classes, "a bare LaTeX environment; use {math}"))
    return found


def numbers_in(output):
    """All numbers of a stored output, without their signs."""
    return {float(n.replace(",", "")) for n in _IN_OUTPUT.findall(output)}


def unsupported(markdown, shown, literals=frozenset()):
    """Numbers of the prose that neither the notebook's outputs nor a source support.

    Parameters
    ----------
    markdown : str
        One cell.
    shown : set of float
        Absolute values of the numbers in the outputs of the notebook.
    literals : set of float
        Numbers in its code; they support numbers in inline mathematics, where a symbol is given
        its value.

    Returns
    -------
    list of str
        As they stand in the text, with their unit.
    """
    found = []
    for block in blocks(markdown):
        if block.kind != "text" or block.classes & UNCHECKED:
            continue
        for paragraph in re.split(r"\n\s*\n", _DISPLAY.sub("", block.text)):
            if _CITE.search(paragraph):
                continue
            prose = _NOT_PROSE.sub(" ", paragraph)
            for formula in _INLINE_MATH.findall(prose):
                found += _missing(formula, shown | literals)
            found += _missing(_INLINE_MATH.sub(" ", prose), shown)
    return found


def _missing(text, known):
    """Numbers with a decimal point or a unit in `text` that no known number rounds to."""
    missing = []
    text = text.replace("\\%", "%")
    for match in _IN_TEXT.finditer(text):
        digits, unit = match[1].replace(",", ""), match[2] or match[3]
        if ("." not in digits and not unit) or _NAMED.search(text[: match.start()]):
            continue
        decimals, value = len(digits.partition(".")[2]), float(digits)
        scales = (1, 100) if unit in ("%", "per cent", "percent") else (1,)
        half = 0.5 * 10.0**-decimals + 1e-9
        if not any(abs(scale * k - value) <= half for k in known for scale in scales):
            missing.append(match[0].strip())
    return missing


def _closes(fence, opening):
    return (
        fence[1][0] == opening[0]
        and len(fence[1]) >= len(opening)
        and not fence[2]
        and not fence[3].strip()
    )


def _classes(stack):
    return frozenset().union(*(entry["classes"] for entry in stack))
