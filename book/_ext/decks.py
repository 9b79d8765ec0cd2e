"""Build the lecture decks with the site, and link each chapter to the deck of the same name.

The decks are a small Sphinx project of their own in ``slides/``: another builder, another theme
and no notebooks to read. Building them here means that every way of building the site builds
them, and that a fault in a deck fails the build.
"""

import subprocess
import sys
from pathlib import Path, PurePosixPath

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging

logger = logging.getLogger(__name__)


def deck_of(app, docname):
    """Name of the deck of a page, or None."""
    name = PurePosixPath(docname).name
    return name if (Path(app.srcdir) / "slides" / f"{name}.md").is_file() else None


def link(app, doctree, docname):
    """Add a line to the card of a chapter that has a deck."""
    if app.builder.name != "html" or not (name := deck_of(app, docname)):
        return
    for box in doctree.findall(nodes.admonition):
        if "chapter-card" in box["classes"]:
            box += sentence("../" * docname.count("/") + f"slides/{name}.html")
            return
    logger.warning("a deck, but no card to link it from", location=docname)


def sentence(address):
    """Where the deck is and how to see its notes."""
    paragraph = nodes.paragraph("", "", nodes.strong("", "Slides."), nodes.Text(" "))
    paragraph += nodes.reference("", "Lecture deck", refuri=address, internal=False)
    paragraph += nodes.Text(" for 45 minutes. The key S opens the speaker notes.")
    return paragraph


def build(app, exception):
    """Build the decks after the pages, in a process of their own."""
    source, target = Path(app.srcdir) / "slides", Path(app.outdir) / "slides"
    if exception or app.builder.name != "html" or not (source / "conf.py").is_file():
        return
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "revealjs"]
    command += ["-d", Path(app.doctreedir) / "slides", source, target]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ExtensionError(f"the decks were not built:\n{done.stderr}")


def setup(app):
    """Register the two hooks."""
    app.connect("doctree-resolved", link)
    app.connect("build-finished", build)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
