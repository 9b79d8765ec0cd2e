"""Grid worlds as pictures; used through `rxcourse.plots`."""

import numpy as np
from matplotlib import patheffects

from rxcourse import _figure as fig

_ARROWS = {
    (-1, 0): "↑", (0, 1): "→", (1, 0): "↓", (0, -1): "←",
    (-1, 1): "↗", (1, 1): "↘", (1, -1): "↙", (-1, -1): "↖", (0, 0): "·",
}  # fmt: skip


def grid(
    values, *, shape, title, actions=None, moves=None, marks=None, paths=None, decimals=1,
    label="value",
):  # fmt: skip
    """A grid world: values as colours and numbers, actions as arrows, courses as lines.

    Parameters
    ----------
    values : array_like of shape (S,)
        One number per cell, counted along rows. NaN leaves a cell empty.
    shape : (int, int)
        Rows and columns, S = rows * columns.
    title : str
        Words of the figure.
    actions : array_like of shape (S, A), optional
        Arrows are drawn for entries above 0: probabilities, or True for greedy actions.
    moves : dict of str to (int, int), or sequence of (int, int)
        Step (row, column) of each action, in the order of the actions; asked for with
        `actions` only.
    marks : dict of int to str, optional
        Letters on cells, such as ``{36: "S", 47: "G"}``; marked cells get no arrow.
    paths : dict of str to sequence of int, optional
        Courses through the cells, drawn as lines.
    decimals : int
        Decimals of the numbers.
    label : str
        What the numbers are.
    """
    values = np.asarray(values, dtype=float)
    n_rows, n_columns = shape
    if values.shape != (n_rows * n_columns,):
        raise ValueError(
            f"values must have shape (S,) = ({n_rows * n_columns},) for a grid of {n_rows} x "
            f"{n_columns}, got {values.shape}."
        )
    marks, paths = marks or {}, paths or {}
    for name, cells in (("marks", marks), *((f"paths[{k!r}]", c) for k, c in paths.items())):
        if wrong := [c for c in cells if not 0 <= c < len(values)]:
            raise ValueError(f"{name} must name cells 0 to {len(values) - 1}, got {wrong[0]}.")
    if len(paths) > len(fig.DASHES):
        raise ValueError(f"paths must hold at most {len(fig.DASHES)} courses, got {len(paths)}.")
    moves_in_order = moves.values() if isinstance(moves, dict) else moves or ()
    steps = [tuple(step) for step in moves_in_order]
    table = values.reshape(shape)
    sentences = _rows_as_text(values, shape, marks, decimals)
    if actions is not None:
        if moves is None:
            raise ValueError(
                "moves must be given with actions: the step (row, column) of each of them, for "
                "example rxcourse.simulators.gridworld.MOVES."
            )
        actions = np.asarray(actions)
        if actions.shape != (len(values), len(steps)):
            raise ValueError(
                f"actions must have shape (S, A) = ({len(values)}, {len(steps)}), probabilities or "
                f"True for each action of `moves`, got {actions.shape}. From a list of best "
                "actions make np.eye(A)[actions]."
            )
        sentences += _arrows_as_text(actions, shape, marks, steps)
    lengths = [f"{name}: {len(cells) - 1} steps" for name, cells in paths.items()]
    alt = [_extremes(values, n_columns, marks, decimals), *lengths]
    height = 0.55 + 5.7 * n_rows / max(n_columns, 5) + 0.35 * bool(paths)
    with fig.figure(height=min(height, 6.5)) as (drawn, ax):
        image = ax.imshow(table, cmap="cividis", alpha=0.85)
        size = 11 if n_columns <= 6 else 8
        beside = 0.12 * bool(paths)  # courses keep to the upper left of a cell, numbers do not
        for cell, value in enumerate(values):
            row, column = divmod(cell, n_columns)
            ink = fig.ink_on(image, value)
            if cell in marks:
                ax.text(column + beside, row + 0.22 * bool(paths), marks[cell], ha="center",
                        va="center", color=ink, fontsize=size + 2, fontweight="bold")  # fmt: skip
                continue
            low = 0.0 if actions is None and not paths else 0.26
            if np.isfinite(value):
                ax.text(column + beside, row + low, fig.number(value, decimals), ha="center",
                        va="center", color=ink, fontsize=size)  # fmt: skip
            for step in _chosen(actions, cell, steps):
                _arrow(ax, row - 0.16, column, step, ink)
        _draw_paths(ax, paths, n_columns)
        ax.set_xticks(np.arange(n_columns + 1) - 0.5, [])
        ax.set_yticks(np.arange(n_rows + 1) - 0.5, [])
        ax.grid(True, color="white", linewidth=1.5)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.set_title(title)
        drawn.colorbar(image, ax=ax, label=label, shrink=0.9)
        if paths:
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=3, fontsize=10)
        fig.show(drawn, fig.say(title, sentences + lengths, alt))


def _draw_paths(ax, paths, n_columns):
    """Draw courses above and left of the numbers, with a white rim that shows on dark cells."""
    rim = [patheffects.withStroke(linewidth=4, foreground="white")]
    for i, (name, cells) in enumerate(paths.items()):
        rows, columns = np.divmod(np.asarray(cells), n_columns)
        shift = 0.12 * (i - (len(paths) - 1) / 2)
        ax.plot(columns - 0.3 + shift, rows - 0.12 + shift, color=fig.COLOURS[(i + 1) % 7],
                label=name, linestyle=fig.DASHES[i], marker=fig.MARKERS[i], markersize=4,
                path_effects=rim, zorder=1.5)  # fmt: skip


def _chosen(actions, cell, steps):
    return [] if actions is None else [steps[a] for a in np.flatnonzero(actions[cell] > 0)]


def _arrow(ax, row, column, step, ink):
    d_row, d_column = (0.2 * d for d in step)
    ax.annotate("", (column + d_column, row + d_row), (column - d_column / 2, row - d_row / 2),
                arrowprops={"arrowstyle": "-|>", "color": ink, "linewidth": 1.3})  # fmt: skip


def _extremes(values, n_columns, marks, decimals):
    """Say where the lowest and the highest value stand, marked cells left out."""
    shown = np.array([np.nan if c in marks else v for c, v in enumerate(values)])
    words = []
    for name, cell in (("lowest", np.nanargmin(shown)), ("highest", np.nanargmax(shown))):
        row, column = divmod(int(cell), n_columns)
        value = fig.number(shown[cell], decimals)
        words.append(f"{name} {value} in row {row + 1}, column {column + 1}")
    return "; ".join(words)


def _rows_as_text(values, shape, marks, decimals):
    """One sentence per row of the grid."""
    cells = [
        marks[cell] if cell in marks else fig.number(v, decimals) for cell, v in enumerate(values)
    ]
    return [f"row {r + 1}: " + ", ".join(row) for r, row in enumerate(np.reshape(cells, shape))]


def _arrows_as_text(actions, shape, marks, steps):
    """One sentence per row of the grid, in arrows; ties stand together."""
    cells = [
        marks.get(cell)
        or "".join(_ARROWS.get(tuple(np.sign(step)), "?") for step in _chosen(actions, cell, steps))
        for cell in range(len(actions))
    ]
    rows = np.reshape(np.array(cells, dtype=object), shape)
    return [f"arrows {r + 1}: " + " ".join(row) for r, row in enumerate(rows)]
