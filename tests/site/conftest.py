"""What tests of the site share: the decks, built once."""

import subprocess
import sys
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "book"


def build(source, target):
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "revealjs"]
    command += ["-d", target.with_name("doctrees"), source, target]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="session")
def run_decks():
    """Build the decks of a folder as the extension of the site does: ``run_decks(from, to)``."""
    return build


@pytest.fixture(scope="session")
def decks(tmp_path_factory):
    """Folder of the built decks, without the rest of the site."""
    folder = tmp_path_factory.mktemp("decks") / "slides"
    done = build(BOOK / "slides", folder)
    assert done.returncode == 0, done.stderr
    return folder
