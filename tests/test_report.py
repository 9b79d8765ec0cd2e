"""`report` shows the author's number inside the tolerance, and refuses an empty claim."""

import sys
import types

import numpy as np
import pytest
from myst_nb.ext.glue import extract_glue_data_cell
from nbformat.v4 import new_code_cell, new_output

from rxcourse.report import report

CLAIM = {"expect": 4.2, "tol": 0.8, "null": 0.0}


@pytest.mark.parametrize("value", [4.2, 3.4, 5.0, 4.6123456, np.float32(4.3), np.array([4.3])[0]])
def test_inside_prints_the_authors_number(value, capsys):
    report("gain [%]", value, **CLAIM)
    assert capsys.readouterr().out == "gain [%]: 4.2 (within 0.8)\n"


@pytest.mark.parametrize(
    "value, shown", [(5.1, "5.1"), (0.0, "0"), (np.nan, "nan"), (np.inf, "inf")]
)
def test_outside_says_so_with_the_value(value, shown, capsys):
    report("gain [%]", value, **CLAIM)
    assert capsys.readouterr().out == f"gain [%]: OUTSIDE: {shown}, expected 4.2 (within 0.8)\n"


def test_tiny_numbers_are_printed_in_full(capsys):
    report("rounding", 2.1e-13, expect=2e-13, tol=5e-14, null=1.0)
    assert capsys.readouterr().out == "rounding: 0.00000000000020 (within 0.00000000000005)\n"


def test_bounds_are_inside_although_floats_round(capsys):
    report("x", 0.4, expect=0.3, tol=0.1, null=0.0)  # 0.4 - 0.3 is 0.10000000000000003
    assert "OUTSIDE" not in capsys.readouterr().out


def test_decimals_follow_the_finer_of_the_two_and_unit_is_printed(capsys):
    report("load", 70.01, expect=70, tol=0.25, null=60, unit="kg")
    assert capsys.readouterr().out == "load: 70.00 kg (within 0.25)\n"


@pytest.mark.parametrize(
    "claim",
    [
        {"expect": 4.2, "tol": 1.5, "null": 0.0},
        {"expect": 4.2, "tol": 0.1, "null": 4.2},
        {"expect": 4.2, "tol": 0.1, "null": np.nan},
        {"expect": 0.0, "tol": 0.4, "null": None, "smallest": 1.0},
    ],
)
def test_a_tolerance_that_a_broken_solution_passes_is_refused(claim):
    with pytest.raises(ValueError, match="third"):
        report("gain", 4.2, **claim)


@pytest.mark.parametrize(
    "claim, named",
    [
        ({"expect": np.nan, "tol": 0.1, "null": 0.0}, "expect"),
        ({"expect": 1.0, "tol": 0.0, "null": 0.0}, "tol"),
        ({"expect": 1.0, "tol": -1.0, "null": 0.0}, "tol"),
        ({"expect": 0.0, "tol": 0.1, "null": None}, "smallest"),
        ({"expect": 0.0, "tol": 0.1, "null": None, "smallest": np.nan}, "smallest"),
    ],
)
def test_bad_claims_name_the_argument(claim, named):
    with pytest.raises(ValueError, match=named):
        report("gain", 1.0, **claim)


def test_an_array_is_not_one_number():
    with pytest.raises(ValueError, match="value must be one number"):
        report("gain", np.array([1.0, 2.0]), **CLAIM)


def test_no_difference_needs_the_smallest_that_matters(capsys):
    report("bias", 0.02, expect=0.0, tol=0.1, null=None, smallest=0.3)
    assert capsys.readouterr().out == "bias: 0.0 (within 0.1)\n"


def test_null_has_no_default():
    with pytest.raises(TypeError, match="null"):
        report("gain", 4.2, expect=4.2, tol=0.8)


def test_key_stores_the_finished_string_as_mystnb_reads_it(monkeypatch, capsys):
    stored = []
    display = types.SimpleNamespace(display=lambda *args, **kwargs: stored.append((args, kwargs)))
    fake = types.SimpleNamespace(get_ipython=lambda: object(), display=display)
    monkeypatch.setitem(sys.modules, "IPython", fake)
    report("gain", 4.3, unit="%", key="gain", **CLAIM)
    (data,), options = stored[0]

    output = new_output("display_data", data=data, metadata=options["metadata"])
    ((key, glued),) = extract_glue_data_cell(new_code_cell(outputs=[output]))
    assert (key, glued["data"]) == ("gain", {"text/plain": "4.2 % (within 0.8)"})
    assert capsys.readouterr().out == "gain: 4.2 % (within 0.8)\n"


def test_key_outside_a_notebook_only_prints(capsys):
    report("gain", 4.3, key="gain", **CLAIM)
    assert capsys.readouterr().out == "gain: 4.2 (within 0.8)\n"
