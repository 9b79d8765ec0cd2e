"""What a submission replaced in NumPy, Python or this package, put back before judging.

``np.max = my_max`` in one cell must not change how the answers are judged. This is
against accidents: code that means to deceive finds other ways.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np

WATCHED = ("builtins", "numpy", "rxcourse")


class Originals:
    """The names of all watched modules as they are now."""

    def __init__(self):
        self.modules = {
            name: (module, dict(vars(module)))
            for name, module in list(sys.modules.items())
            if module is not None and name.split(".")[0] in WATCHED
        }
        self.errors = np.geterr()
        self.recursion = sys.getrecursionlimit()

    def put_back(self) -> list[str]:
        """Undo replacements; the public names that had been replaced."""
        changed = []
        for name, (module, saved) in self.modules.items():
            now = vars(module)
            for key, value in saved.items():
                if now.get(key, self) is not value:
                    now[key] = value
                    if not key.startswith("_"):
                        changed.append(f"{name}.{key}")
            if sys.modules.get(name) is not module:
                sys.modules[name] = module
                changed.append(name)
        np.seterr(**self.errors)
        sys.setrecursionlimit(self.recursion)
        sys.settrace(None)
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
        return changed
