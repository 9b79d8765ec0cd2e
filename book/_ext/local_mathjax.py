"""Serve MathJax from the site: one file of 2 MB out of a pinned package.

The package holds every variant of MathJax. The one with all TeX extensions and SVG output needs
neither fonts nor further files, so it works without a network and from a folder on disk.
"""

import importlib.metadata
import shutil
from pathlib import Path

PACKAGE, NAME = "sphinx-mathjax-offline", "tex-svg-full.js"


def source():
    """Path of the file in the installed package."""
    for file in importlib.metadata.files(PACKAGE) or ():
        if file.name == NAME:
            return Path(file.locate())
    raise FileNotFoundError(f"{NAME} is not in {PACKAGE}; install the extra 'book'.")


def configure(app, config):
    """Point Sphinx to the file, relative to the static folder of the site."""
    config.mathjax_path = f"mathjax/{NAME}"
    config.mathjax_options = {"defer": "defer"}


def copy(app):
    """Copy the file before pages are written, for builders that write HTML."""
    if app.builder.format == "html":
        target = Path(app.outdir) / "_static" / "mathjax" / NAME
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source(), target)


def setup(app):
    """Register the two hooks."""
    app.connect("config-inited", configure)
    app.connect("builder-inited", copy)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
