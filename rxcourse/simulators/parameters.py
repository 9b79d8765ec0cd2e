"""Parameter tables: every number a simulator uses, with unit, source and evidence label.

Labels: C, the source was read; S, seen in a secondary source; M, from memory, not
verified; A, assumed by us; K, calibrated here to figures named in the note.
"""

from __future__ import annotations

from importlib import resources

import pandas as pd

LABELS = ("C", "S", "M", "A", "K")


def parameter_table(name: str) -> pd.DataFrame:
    """The table of one simulator: name, value, unit, label, source, note.

    Parameters
    ----------
    name : str
        For instance "pushup".
    """
    place = resources.files("rxcourse.simulators") / "tables" / f"{name}.csv"
    with place.open(encoding="utf-8") as file:
        table = pd.read_csv(file, keep_default_na=False, dtype={"value": float})
    if wrong := sorted(set(table["label"]) - set(LABELS)):
        raise ValueError(f"label must be one of {LABELS}, table {name} has {wrong}.")
    return table


def parameters(name: str, overrides: dict[str, float] | None = None) -> dict[str, float]:
    """The values of a table by name, some of them replaced.

    Raises
    ------
    ValueError
        If an override names a parameter the table does not have.
    """
    table = parameter_table(name)
    values = dict(zip(table["name"], table["value"], strict=True))
    if unknown := sorted(set(overrides or {}) - set(values)):
        raise ValueError(
            f"unknown parameter(s) {', '.join(unknown)}; {name} has {', '.join(sorted(values))}."
        )
    return values | dict(overrides or {})
