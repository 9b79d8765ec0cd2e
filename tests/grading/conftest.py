"""Automatic mutants of a reference solution: small errors of the kind people make."""

import ast
import copy

import pytest

SWAPS = {"max": "mean", "mean": "max", "min": "max", "argmax": "argmin", "argmin": "argmax",
         "sum": "mean", "any": "all", "all": "any", "terminated": "truncated",
         "truncated": "terminated", "maximum": "minimum", "cumsum": "cumprod"}  # fmt: skip
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult,
             ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd}  # fmt: skip
COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
               ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}  # fmt: skip
DROPPED = {"gamma", "alpha", "discount"}


@pytest.fixture(scope="session")
def mutants():
    """The function that makes them."""
    return made_from


def made_from(source):
    """Pairs (what was changed, source) for every place where a rule applies."""
    tree = ast.parse(source)
    for number in range(sum(1 for _ in ast.walk(tree))):
        for rule in (_name, _number, _operator, _comparison, _copy, _axis, _condition, _bound):
            changed = copy.deepcopy(tree)
            twin = list(ast.walk(changed))[number]
            if told := rule(twin):
                yield f"line {getattr(twin, 'lineno', 0)}: {told}", ast.unparse(changed)


def _name(node):
    """Max for mean, terminated for truncated; a gamma that is left out."""
    if isinstance(node, ast.Attribute) and node.attr in SWAPS:
        old, node.attr = node.attr, SWAPS[node.attr]
        return f"{old} becomes {node.attr}"
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in SWAPS:
        old, node.id = node.id, SWAPS[node.id]
        return f"{old} becomes {node.id}"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for side in ("left", "right"):
            factor = getattr(node, side)
            if isinstance(factor, ast.Name) and factor.id in DROPPED:
                setattr(node, side, ast.Constant(1))
                return f"{factor.id} is dropped"
    return ""


def _number(node):
    """Off by one."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        node.value += 1
        return f"{node.value - 1} becomes {node.value}"
    return ""


def _operator(node):
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in OPERATORS:
        old, node.op = type(node.op).__name__, OPERATORS[type(node.op)]()
        return f"{old} becomes {type(node.op).__name__}"
    return ""


def _comparison(node):
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        old, node.ops[0] = type(node.ops[0]).__name__, COMPARISONS[type(node.ops[0])]()
        return f"{old} becomes {type(node.ops[0]).__name__}"
    return ""


def _copy(node):
    """A table that is changed in place, or a ~ that is forgotten."""
    for name, value in ast.iter_fields(node):
        parts = value if isinstance(value, list) else [value]
        for place, part in enumerate(parts):
            inside, told = _unwrapped(part)
            if not told:
                continue
            if isinstance(value, list):
                value[place] = inside
            else:
                setattr(node, name, inside)
            return told
    return ""


def _unwrapped(part):
    """``x`` of ``x.copy()`` or ``~x``, and what was dropped."""
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
        if part.func.attr == "copy":
            return part.func.value, "a copy is dropped"
    elif isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Invert):
        return part.operand, "~ is dropped"
    return part, ""


def _axis(node):
    if isinstance(node, ast.keyword) and node.arg == "axis":
        was = ast.unparse(node.value)
        node.value = ast.Constant(0) if was in ("1", "-1") else ast.Constant(-1)
        return f"axis {was} becomes {ast.unparse(node.value)}"
    return ""


def _condition(node):
    """A condition that is always or never met."""
    if isinstance(node, ast.IfExp | ast.If) and not isinstance(node.test, ast.Constant):
        node.test = ast.UnaryOp(ast.Not(), node.test)
        return "a condition is turned round"
    return ""


def _bound(node):
    """A loop that ends one too early."""
    if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            and node.func.id == "range" and node.args):  # fmt: skip
        place = 0 if len(node.args) == 1 else 1
        node.args[place] = ast.BinOp(node.args[place], ast.Sub(), ast.Constant(1))
        return "a loop ends one too early"
    return ""
