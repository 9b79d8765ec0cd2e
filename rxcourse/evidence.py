"""Results too costly for a notebook: how they are stored, and when they are stale.

A script in ``book/evidence`` writes one small CSV. Its first lines say with which seed,
versions and CPU seconds it was made, and hold a fingerprint of the package files it
used. A test compares the fingerprint: evidence made by other code fails.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import platform
import sys
import time
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

MARK = "# "


def fingerprint(modules: Sequence[str], data: Sequence[str] = ()) -> str:
    """Hash of what modules do: their code, that of all they import here, and data files.

    Parameters
    ----------
    modules : sequence of str
        For instance "rxcourse.simulators.pushup". What they import from the package counts
        too, directly or not.
    data : sequence of str
        Files of the package, such as "simulators/tables/pushup.csv"; hashed byte by byte.
    """
    digest = hashlib.sha256()
    for name in sorted(_with_imports(modules)):
        digest.update(_code_only(_source(name)).encode())
    for name in sorted(data):
        digest.update((resources.files("rxcourse") / name).read_bytes())
    return digest.hexdigest()[:16]


def _source(module: str) -> str:
    return Path(importlib.util.find_spec(module).origin).read_text(encoding="utf-8")


def _with_imports(modules: Sequence[str]) -> set[str]:
    """These modules and everything of the package that they import, directly or not."""
    found, waiting = set(), list(modules)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for node in ast.walk(ast.parse(_source(name))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rxcourse"):
                inside = (f"{node.module}.{alias.name}" for alias in node.names)
                waiting += [m for m in inside if _is_module(m)] or [node.module]
    return found


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _code_only(source: str) -> str:
    """Source without comments, docstrings and other text that does nothing."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [line for line in body if not _is_text(line)] or [ast.Pass()]
    return ast.unparse(tree)


def _is_text(node: ast.AST) -> bool:
    value = getattr(node, "value", None)
    return isinstance(node, ast.Expr) and isinstance(getattr(value, "value", None), str)


def save(
    frame: pd.DataFrame,
    path: str | Path,
    *,
    seed: int,
    modules: Sequence[str],
    data: Sequence[str] = (),
    decimals: int = 4,
) -> None:
    """Write a table with the story of its making in the first lines."""
    story = {
        "seed": seed,
        "cpu_seconds": round(time.process_time()),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "modules": sorted(modules),
        "data": sorted(data),
        "fingerprint": fingerprint(modules, data),
    }
    head = "".join(f"{MARK}{name}: {json.dumps(value)}\n" for name, value in story.items())
    body = frame.to_csv(index=False, float_format=f"%.{decimals}f", lineterminator="\n")
    Path(path).write_text(head + body, encoding="utf-8", newline="\n")


def load(path: str | Path) -> pd.DataFrame:
    """Read a stored table; ``frame.attrs`` tells its story."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    story = [line[len(MARK) :].split(": ", 1) for line in lines if line.startswith(MARK)]
    frame = pd.read_csv(path, skiprows=len(story), keep_default_na=False, na_values=[""])
    frame.attrs = {name: json.loads(value) for name, value in story}
    return frame


def made_by_this_python(path: str | Path) -> bool:
    """Whether the Python that made a table is this one; others unparse code differently."""
    made = load(path).attrs["python"].rsplit(".", 1)[0]
    return made == f"{sys.version_info.major}.{sys.version_info.minor}"


def stale(path: str | Path) -> str:
    """Return "" while the code and data that made a table are unchanged, otherwise why not.

    Only meaningful where ``made_by_this_python``.
    """
    story = load(path).attrs
    if fingerprint(story["modules"], story["data"]) == story["fingerprint"]:
        return ""
    return f"{Path(path).name} was made by other code or data; run: make evidence"
