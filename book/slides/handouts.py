"""Print every built deck to a PDF beside it, one slide on a page, with a headless Chromium.

``python handouts.py FOLDER`` prints the decks in FOLDER. Chromium is optional: without it a
deck can be printed from any browser, opened with ``?print-pdf`` at the end of its address.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
MISSING = (
    "No Chromium was found, so no handouts were made: install it, or name it with CHROMIUM=path."
)
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def find():
    """Path of a Chromium, or None."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


def open_page(address, *options, wait=8):
    """Open a page without a window and return what Chromium prints; `wait` seconds of its time."""
    with tempfile.TemporaryDirectory() as profile:
        command = [find(), *QUIET, f"--user-data-dir={profile}", f"--virtual-time-budget={wait}000"]
        done = subprocess.run(
            [*command, *options, address], capture_output=True, text=True, timeout=120
        )
    if done.returncode:
        raise RuntimeError(f"Chromium failed on {address}:\n{done.stderr[-2000:]}")
    return done.stdout


def main(folder):
    """Print all decks; 0 if that went well, 1 with a sentence if not."""
    if not find():
        print(MISSING)
        return 1
    decks = sorted(Path(folder).resolve().glob("[0-9]*.html"))
    if not decks:
        print(f"No decks in {folder}: build the site first.")
        return 1
    for deck in decks:
        target = deck.with_suffix(".pdf")
        options = ["--no-pdf-header-footer", f"--print-to-pdf={target}"]
        open_page(f"{deck.as_uri()}?print-pdf", *options)
        print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
