"""Configuration of the lecture decks. Everything a deck loads is served from its own folder."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "_ext"))

project = "Reinforcement learning for adaptive exercise prescription"
author = "The rxcourse authors"
language = "en"

extensions = ["myst_parser", "sphinx_revealjs", "local_mathjax", "from_chapter", "speaker"]
myst_enable_extensions = ["attrs_inline", "colon_fence", "dollarmath"]
smartquotes = False

# Sphinx wants one page to begin with. Decks stand side by side, so it may be any.
root_doc = min(path.stem for path in HERE.glob("[0-9]*.md"))
# Of reveal.js only what page.html loads; these patterns also hold for files that are copied.
exclude_patterns = [
    "README.md",
    "**.map",
    "**.esm.js",
    "revealjs/css",
    "revealjs/dist/theme",
    "revealjs/plugin/[!n]*",
]

templates_path = ["_templates"]
html_copy_source = False
html_scaled_image_link = False
html_use_index = False
html_domain_indices = False
revealjs_html_theme = "revealjs-simple"
revealjs_static_path = ["_static"]
revealjs_style_theme = "deck.css"


def stand_alone(app, doctree):
    """Let a deck be in no table of contents."""
    app.env.metadata[app.env.docname]["orphan"] = True


def chapter_address(app, pagename, templatename, context, doctree):
    """Tell the template where the chapter of a deck is on the site."""
    for path in HERE.parent.glob(f"part*/{pagename}.ipynb"):
        context["chapter"] = f"../{path.parent.name}/{path.stem}.html"


def setup(app):
    """Register the two hooks."""
    app.connect("doctree-read", stand_alone)
    app.connect("html-page-context", chapter_address)
