"""Give every picture of a notebook the alternative text that its notebook stores.

The notebook renderer ignores the text in an output's metadata, but it names each picture by the
SHA-256 of its bytes. The text is found again by that name, for pages and slides alike.
"""

import hashlib
import json
import re
from binascii import a2b_base64
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

PREFIX = "application/papermill.record/"  # of outputs stored for glue
HASHED = re.compile(r"[0-9a-f]{64}\.png$")
logger = logging.getLogger(__name__)


def alternatives(folder):
    """Alternative text by SHA-256 of the picture, from all notebooks below a folder."""
    found = {}
    for path in sorted(Path(folder).rglob("*.ipynb")):
        if "_build" in path.parts:
            continue
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                data, metadata = output.get("data", {}), output.get("metadata", {})
                png = data.get("image/png") or data.get(PREFIX + "image/png")
                alt = metadata.get("image/png", {}).get("alt")
                if png and alt:
                    found[hashlib.sha256(a2b_base64(png)).hexdigest()] = alt
    return found


def collect(app):
    """Read the notebooks once per build."""
    app.alternative_texts = alternatives(app.srcdir)


def apply(app, doctree, docname):
    """Set the text; a picture without one is a warning, and so fails the build."""
    for image in doctree.findall(nodes.image):
        name = Path(image["uri"]).name
        if not HASHED.search(name):
            continue
        alt = app.alternative_texts.get(name.removesuffix(".png"))
        if alt:
            image["alt"] = alt
        else:
            logger.warning("a picture without alternative text: %s", name, location=docname)


def setup(app):
    """Register the two hooks."""
    app.connect("builder-inited", collect)
    app.connect("doctree-resolved", apply)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
