"""Parameter tables: every number a simulator uses, with unit, source and evidence label.

Labels: C, the source was read; S, seen in a secondary source; M, from memory, not
verified; A, assumed by us; K, calibrated here to figures named in the note.
"""

from __future__ import annotations

from importlib import resources

import pandas as pd

from rxcourse import validate

LABELS = ("C", "S", "M", "A", "K")


def parameter_table(name: str) -> pd.DataFrame:
    """The table of one simulator: name, value, unit, label, source, note.

    Parameters
    ----------
    name : str
        For instance "pushup".
    """
    tables = resources.files("rxcourse.simulators") / "tables"
    known = sorted(p.name.removesuffix(".csv") for p in tables.iterdir() if p.suffix == ".csv")
    if name not in known:
        raise ValueError(f"name must be one of {known}, got {name!r}.")
    place = tables / f"{name}.csv"
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
        If an override names a parameter the table does not have, or gives it a value that
        is no finite number, negative, or 0 where that makes no sense.
    """
    table = parameter_table(name)
    values = dict(zip(table["name"], table["value"], strict=True))
    for parameter, value in (overrides or {}).items():
        least = "above 0" if values.get(parameter, 0) > 0 and _divides(parameter) else "at least 0"
        number = float(validate.finite(f"parameter {parameter}", value, ndim=0))
        if number < 0 or (least == "above 0" and number == 0):
            raise ValueError(f"parameter {parameter} must be {least}, got {value!r}.")
    if unknown := sorted(set(overrides or {}) - set(values)):
        raise ValueError(
            f"unknown parameter(s) {', '.join(unknown)}; {name} has {', '.join(sorted(values))}."
        )
    return values | dict(overrides or {})


def _divides(parameter: str) -> bool:
    """Whether a parameter stands below a fraction bar: times, scales, counts, shares."""
    names = (
        "slot_days", "sets", "load_share", "load_unit", "load_sets", "ceiling", "eta",
        "soreness_stage", "trained_after", "set_recovery", "tolerance", "pain_share",
    )  # fmt: skip
    return (
        parameter in names
        or parameter.startswith(("tau_", "sets_", "dropout_"))
        or parameter.endswith(("_tau", "_weeks"))
    )
