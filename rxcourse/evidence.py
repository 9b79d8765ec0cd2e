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
from pathlib import Path

import numpy as np
import pandas as pd

MARK = "# "


def fingerprint(modules: Sequence[str], data: Sequence[Path] = ()) -> str:
    """Hash of what modules do: their code without comments and docstrings, and data files.

    Parameters
    ----------
    modules : sequence of str
        For instance "rxcourse.simulators.pushup_person".
    data : sequence of Path
        Hashed byte by byte.
    """
    digest = hashlib.sha256()
    for name in sorted(modules):
        source = Path(importlib.util.find_spec(name).origin).read_text(encoding="utf-8")
        digest.update(_code_only(source).encode())
    for path in sorted(data):
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()[:16]


def _code_only(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_text(body[0]):
            node.body = body[1:] or [ast.Pass()]
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
    data: Sequence[Path] = (),
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


def stale(path: str | Path, data: Sequence[Path] = ()) -> str:
    """Return "" while the code that made a table is unchanged, otherwise why it is not.

    Unparsed code may differ between Python versions, so the comparison is only made
    under the one that wrote the file.
    """
    story = load(path).attrs
    made = story["python"].rsplit(".", 1)[0]
    if made != f"{sys.version_info.major}.{sys.version_info.minor}":
        return ""
    if fingerprint(story["modules"], data) == story["fingerprint"]:
        return ""
    return f"{Path(path).name} was made by other code; run: make evidence"
