"""Imports form a star, torch stays out of the tabular half, and nothing names a machine."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "rxcourse"
FILES = sorted(PACKAGE.rglob("*.py"))

# A module of a ray may import the contracts and itself, and what is listed here.
CONTRACTS = {"policy", "mdp", "data", "rollout", "run", "estimate", "nets", "network_q", "validate",
             "evidence"}  # fmt: skip
RAYS = {
    "simulators": set(),
    "agents": set(),
    "safety": set(),
    "evaluators": set(),
    "plots": {"_figure", "_grid", "_pictures"},
    "_grid": {"_figure"},
    "_pictures": {"_figure"},
    "_figure": set(),
    "report": set(),
    "datasets": {"simulators"},
}
# These combine, as notebooks do.
FREE = {"grading", "notebooks", "registration", "__init__", "__main__", "bench"}


def part_of(path):
    """Top-level name below rxcourse: the ray, contract or folder a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path):
    """Dotted names that a file imports, anywhere in it."""
    package = ".".join(("rxcourse", *path.relative_to(PACKAGE).parts[:-1]))
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) + 1 - node.level])
            module = f"{base}.{node.module or ''}".strip(".") if node.level else node.module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def parts_imported(path):
    names = [name.split(".") for name in imports_of(path)]
    return {n[1] for n in names if n[0] == "rxcourse" and len(n) > 1} - {"__version__"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_form_a_star(path):
    part = part_of(path)
    if part in FREE:
        return
    if part in CONTRACTS:
        may = CONTRACTS
    else:
        assert part in RAYS, f"{part} is new: say in {Path(__file__).name} what it may import"
        may = CONTRACTS | RAYS[part] | {part}
    excess = parts_imported(path) - may
    assert not excess, f"rxcourse.{part} may not import rxcourse.{sorted(excess)}"


def test_the_star_test_sees_relative_and_plain_imports(tmp_path, monkeypatch):
    (tmp_path / "agents").mkdir()
    bad = tmp_path / "agents" / "x.py"
    bad.write_text("import rxcourse.plots\nfrom ..simulators import grid\nfrom . import y\n")
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    assert parts_imported(bad) == {"plots", "simulators", "agents"}


@pytest.mark.parametrize("name", ["utils", "common", "core", "helpers"])
def test_no_module_has_a_name_that_says_nothing(name):
    assert not [path for path in FILES if path.stem == name or name in path.parts]


def test_import_loads_neither_torch_nor_pictures():
    code = "import sys, rxcourse; print([m for m in ('torch', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Chapters 1 to 8 learn in tables; only these learn with networks.
MAY_IMPORT_TORCH = {"nets.py", "network_q.py", "agents/acting.py", "agents/dqn.py",
                    "agents/replay.py", "agents/network_policy.py", "agents/trajectories.py",
                    "agents/reinforce.py", "agents/actor_critic.py"}  # fmt: skip
BRING_TORCH = {"rxcourse.nets", "rxcourse.network_q", "rxcourse.agents.acting",
               "rxcourse.agents.dqn", "rxcourse.agents.replay", "rxcourse.agents.network_policy",
               "rxcourse.agents.trajectories", "rxcourse.agents.reinforce",
               "rxcourse.agents.actor_critic", "torch"}  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_torch_stays_in_the_files_that_learn_with_networks(path):
    name = path.relative_to(PACKAGE).as_posix()
    found = {n for n in imports_of(path) for b in BRING_TORCH if f"{n}.".startswith(f"{b}.")}
    assert name in MAY_IMPORT_TORCH | {"bench.py"} or not found


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_no_global_randomness(path):
    text = path.read_text("utf-8")
    allowed = "default_rng|Generator|SeedSequence|PCG64|BitGenerator"
    found = re.findall(rf"\b(?:np|numpy)\.random\.(?!{allowed})\w+", text)
    if part_of(path) != "notebooks":  # the guard names what it refuses
        assert found == []
    assert "import random" not in text


# Tests that show what the guard refuses must spell it.
MAY_NAME_PATHS = {
    "tests/test_architecture.py",
    "tests/notebooks/test_guard.py",
    "rxcourse/notebooks/guard.py",
}
MACHINE = re.compile(
    r"/work/|/root/|/home/\w|/tmp/|C:\\\\Users|pypi\.org|pythonhosted|download\.pytorch|"
    r"registry\.npmjs|--index-url|--extra-index-url|--find-links"
)


def test_tracked_files_name_no_machine_and_no_registry():
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    found = []
    for name in set(done.stdout.split("\n")) - MAY_NAME_PATHS - {""}:
        path = ROOT / name
        if not path.is_file() or path.suffix in {".png", ".npz", ".ico"}:
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            # Pictures are stored as text, in which anything may appear by chance.
            if '"image/png"' not in line and MACHINE.search(line):
                found.append(f"{name}:{number}: {MACHINE.search(line)[0]}")
    assert found == []
