"""Speaker notes of a slide, with its minutes and the clock of the whole lecture.

``:::{speaker} 3`` opens notes for a slide of three minutes. The speaker view of reveal.js shows
them; the audience does not see them.
"""

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective


class speaker(nodes.General, nodes.Element):  # noqa: N801 (docutils names nodes so)
    """Notes of one slide; `minutes` long, from minute `begin` of the lecture."""


class Speaker(SphinxDirective):
    """Notes in any MyST."""

    required_arguments, has_content = 1, True

    def run(self):
        """Parse the notes where they stand."""
        node = speaker(minutes=directives.positive_int(self.arguments[0]), begin=0)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def run_the_clock(app, doctree):
    """Tell every slide when it begins."""
    clock = 0
    for node in doctree.findall(speaker):
        node["begin"] = clock
        clock += node["minutes"]


def visit(translator, node):
    """Open what reveal.js knows as notes."""
    minutes, begin = node["minutes"], node["begin"]
    unit = "minute" if minutes == 1 else "minutes"
    translator.body.append(
        f'<aside class="notes" data-minutes="{minutes}">'
        f"<p><strong>{minutes} {unit}</strong>, from 0:{begin:02d} to 0:{begin + minutes:02d}</p>"
    )


def depart(translator, node):
    """Close the notes."""
    translator.body.append("</aside>\n")


def setup(app):
    """Register the directive for decks."""
    app.add_node(speaker, html=(visit, depart), revealjs=(visit, depart))
    app.add_directive("speaker", Speaker)
    app.connect("doctree-read", run_the_clock)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
