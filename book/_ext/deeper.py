"""Fold every section whose title begins with "Deeper:" on the site.

Code cells cannot stand inside a box of text, so the whole section is folded. The title stays
visible and stays in the table of contents; printing opens all (course.js).
"""

from docutils import nodes

BEGIN = '<details class="deeper"><summary>Deeper: open this section</summary>'
END = "</details>"


def fold(app, doctree, docname):
    """Wrap what follows the title; other builders print the section as it is."""
    if app.builder.format != "html" or app.builder.name == "revealjs":
        return
    for section in list(doctree.findall(nodes.section)):
        title = section.next_node(nodes.title)
        if title is None or not title.astext().startswith("Deeper:"):
            continue
        start = section.index(title) + 1
        section.insert(start, nodes.raw("", BEGIN, format="html"))
        section.append(nodes.raw("", END, format="html"))


def setup(app):
    """Register the hook."""
    app.connect("doctree-resolved", fold)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
