"""Run notebooks and store them so that the same outputs always give the same bytes."""

import re
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# What editors and kernels write about a run, not what an author decided.
_RUN_METADATA = {"execution", "collapsed", "scrolled", "ExecuteTime", "trusted", "vscode"}
_COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")


class NotStored(Exception):
    """The notebook on disk was left as it was; the message says why."""


def read(path):
    """Read a notebook of format 4."""
    return nbformat.read(path, as_version=4)


def write(notebook, path):
    """Write a notebook in its normal form: fixed ids, keys sorted, one newline at the end."""
    notebook = normalise(notebook)
    nbformat.validate(notebook)
    text = nbformat.v4.writes(notebook, indent=1, sort_keys=True, ensure_ascii=False)
    Path(path).write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")


def execute(path, timeout=600):
    """Run a notebook in its own folder and store its outputs in place.

    Parameters
    ----------
    path : path-like
        The notebook.
    timeout : int
        Seconds allowed for one cell.

    Returns
    -------
    float
        Seconds taken.

    Raises
    ------
    NotStored
        When a cell fails or writes to stderr (warnings, progress bars).
    """
    path, notebook = Path(path), read(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent.resolve())}},
    )
    start = time.perf_counter()
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise NotStored(_COLOUR_CODES.sub("", str(error))) from None
    seconds = time.perf_counter() - start
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise NotStored(
                    f"cell {number} writes to stderr; remove the cause, not the message:\n"
                    f"{cell.source}\n--\n{output.text}"
                )
    write(notebook, path)
    return seconds


def normalise(notebook):
    """Remove what says something about a machine or a run; number cells and runs from the top."""
    notebook.metadata = nbformat.from_dict(_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:03d}"
        cell.metadata = nbformat.from_dict(
            {key: value for key, value in cell.metadata.items() if key not in _RUN_METADATA}
        )
        if cell.cell_type != "code":
            cell.pop("attachments", None)
            continue
        if cell.execution_count is not None:
            count += 1
            cell.execution_count = count
        cell.outputs = _outputs(cell.outputs, cell.execution_count)
    return notebook


def _outputs(outputs, count):
    """Join pieces of one stream, which arrive in chunks of chance; cut tracebacks to one line."""
    joined = []
    for output in outputs:
        if output.output_type == "error":
            output.traceback = [f"{output.ename}: {output.evalue}"]
        if output.output_type == "execute_result":
            output.execution_count = count
        last = joined[-1] if joined else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def from_text(text):
    """Make a notebook without outputs from MyST text; cells' tags and metadata are kept."""
    return normalise(jupytext.reads(text, fmt="md:myst"))


def to_text(notebook):
    """Write a notebook as MyST text; outputs are left out."""
    notebook = normalise(notebook)
    for cell in notebook.cells:
        del cell["id"]
    return jupytext.writes(notebook, fmt="md:myst")
