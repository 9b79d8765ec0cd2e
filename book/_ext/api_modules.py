"""A directive that documents all modules of the package that it names, from their docstrings.

``.. api-modules:: rxcourse.agents`` writes one section per module; a new file appears on the next
build without an edit. ``.. api-modules:: rxcourse`` takes the modules at the top only.
"""

import importlib
import pkgutil
import re

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles

HIDDEN = {"rxcourse.registration", "rxcourse.__main__", "rxcourse.bench"}
# Names without an underscore that modules of one ray share and readers do not call.
INTERNAL = {
    "rxcourse.agents.bounds": "Watch",
    "rxcourse.agents.monte_carlo": "Past, SAMPLE_MEAN",
    "rxcourse.agents.td": "Waiting",
}


def modules(name):
    """Names of the public modules directly below a package, or the module itself."""
    package = importlib.import_module(name)
    if not hasattr(package, "__path__"):
        return [name]
    names = (m.name for m in pkgutil.iter_modules(package.__path__) if not m.ispkg)
    return [
        f"{name}.{short}"
        for short in sorted(names)
        if not short.startswith("_") and f"{name}.{short}" not in HIDDEN
    ]


class ApiModules(SphinxDirective):
    """Write an automodule directive under a title for each module."""

    required_arguments = 1

    def run(self):
        """Parse the generated lines in place."""
        lines = []
        for name in modules(self.arguments[0]):
            title = name.removeprefix("rxcourse.")
            lines += [title, "-" * len(title), "", f".. automodule:: {name}"]
            lines += ["   :members:", f"   :exclude-members: {INTERNAL.get(name, '')}", ""]
        node = nodes.section()
        node.document = self.state.document
        nested_parse_with_titles(self.state, StringList(lines, source="api-modules"), node)
        return node.children


def escape_stars(app, what, name, obj, options, lines):
    """Keep the star of a shape such as (N, *obs) from opening an emphasis."""
    for number, line in enumerate(lines):
        parts = line.split("``")  # every second part stands between backticks, as it is
        parts[::2] = [re.sub(r"(?<=[(,\s])\*(?=[a-z]\w*\))", r"\\*", part) for part in parts[::2]]
        lines[number] = "``".join(parts)


def link_as_for(app, what, name, obj, options, lines):
    """Turn the name after "as for" into a link to where the parameters stand."""
    for number, line in enumerate(lines):
        lines[number] = re.sub(r"\bas for ``([\w.]+)``", r"as for :py:obj:`\1`", line)


def skip_member(app, what, name, obj, skip, options):
    """Leave out the fields of named tuples, which the class documents itself."""
    return True if (getattr(obj, "__doc__", "") or "").startswith("Alias for field") else None


def setup(app):
    """Register the directive and what tidies docstrings."""
    app.add_directive("api-modules", ApiModules)
    # Before numpydoc, which formats at the default priority of 500.
    app.connect("autodoc-process-docstring", escape_stars, priority=400)
    app.connect("autodoc-process-docstring", link_as_for, priority=400)
    app.connect("autodoc-skip-member", skip_member)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
