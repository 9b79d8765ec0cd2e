"""Tables and single courses as pictures; used through `rxcourse.plots`."""

import numpy as np
from matplotlib.patches import Rectangle

from rxcourse import _figure as fig


def policy_table(table, *, state_names, action_names, title, label="probability", decimals=2):
    """A policy or a Q-table as a picture with numbers; the best actions of a state are framed.

    Parameters
    ----------
    table : array_like of shape (S, A)
        Probabilities or values. NaN marks an action that is not allowed; its cell stays empty.
    state_names, action_names : sequence of str
        Names of rows and columns.
    title : str
        Words of the figure.
    label : str
        What the numbers are.
    decimals : int
        Decimals of the numbers. Actions whose printed numbers are equal count as tied.
    """
    table = np.asarray(table, dtype=float)
    if table.shape != (len(state_names), len(action_names)):
        raise ValueError(
            f"table must have shape (S, A) = ({len(state_names)}, {len(action_names)}) as the "
            f"names say, got {table.shape}."
        )
    best = np.round(table, decimals) == np.round(np.nanmax(table, axis=1), decimals)[:, None]
    sentences = []
    for s, name in enumerate(state_names):
        tied = " or ".join(action_names[a] for a in np.flatnonzero(best[s]))
        sentences.append(f"{name}: {tied} ({fig.number(np.nanmax(table[s]), decimals)})")
    with fig.figure(height=1.5 + 0.42 * len(table)) as (drawn, ax):
        image = ax.imshow(table, cmap="cividis", aspect="auto")
        for s, a in np.argwhere(np.isfinite(table)):
            ax.text(a, s, fig.number(table[s, a], decimals), ha="center", va="center",
                    color=fig.ink_on(image, table[s, a]),
                    fontweight="bold" if best[s, a] else "normal")  # fmt: skip
            if best[s, a]:
                ax.add_patch(_frame(a, s))
        ax.set_xticks(range(len(action_names)), [n.replace("_", " ") for n in action_names])
        ax.set_yticks(range(len(state_names)), state_names)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.set_title(title)
        drawn.colorbar(image, ax=ax, label=label)
        fig.show(drawn, fig.say(title, sentences))


def episode(panels, *, title, actions=None, action_names=(), xlabel="training slot", decimals=1):
    """One person's course: actions on top, then one panel per quantity.

    Parameters
    ----------
    panels : dict of str to array_like of shape (T,), or to a dict of str to array_like
        One panel per entry; the key, with its unit, names the axis. A dict draws several lines.
    title : str
        Words of the figure.
    actions : array_like of shape (T,), optional
        Integer actions, one row of dots per action.
    action_names : sequence of str
        Names of all actions; needed with `actions`.
    xlabel : str
        What one step is.
    decimals : int
        Decimals of the printed numbers.
    """
    sentences, extra = [], actions is not None
    if extra:
        actions, names = np.asarray(actions), len(action_names)
        if not names:
            raise ValueError(
                "action_names must name all actions where actions are given, got none."
            )
        whole = actions.ndim == 1 and len(actions) and actions.dtype.kind in "iu"
        if not (whole and actions.min() >= 0 and actions.max() < names):
            raise ValueError(
                f"actions must be whole numbers from 0 to {names - 1}, one for each of "
                f"action_names, got {actions!r}."
            )
        counts = np.bincount(actions, minlength=len(action_names))
        parts = [f"{name} {n}" for name, n in zip(action_names, counts, strict=True)]
        sentences.append("actions: " + ", ".join(parts))
    n_rows = len(panels) + extra
    with fig.figure(height=0.8 + 1.45 * n_rows, rows=n_rows, sharex=True, squeeze=False) as (
        drawn,
        axes,
    ):
        axes = axes[:, 0]
        if extra:
            axes[0].scatter(np.arange(len(actions)), actions, s=14, marker="s", color=fig.INK)
            names = [n.replace("_", " ") for n in action_names]
            axes[0].set_yticks(range(len(names)), names)
            axes[0].set_ylim(len(names) - 0.5, -0.5)
        for ax, (quantity, series) in zip(axes[extra:], panels.items(), strict=True):
            series = series if isinstance(series, dict) else {quantity: series}
            for i, (name, values) in enumerate(series.items()):
                values = np.asarray(values, dtype=float)
                ax.plot(np.arange(len(values)), values, color=fig.COLOURS[i], label=name,
                        linestyle=fig.DASHES[i])  # fmt: skip
                ends = [fig.number(values[i], decimals) for i in (0, -1)]
                span = [fig.number(f(values), decimals) for f in (np.nanmin, np.nanmax)]
                sentences.append(
                    f"{name}: first {ends[0]}, last {ends[1]}, between {span[0]} and {span[1]}"
                )
            ax.set_ylabel(quantity)
            if len(series) > 1:
                ax.legend(fontsize=9)
        for ax in axes:
            ax.grid(True)
        drawn.align_ylabels()
        axes[0].set_title(title)
        axes[-1].set_xlabel(xlabel)
        fig.show(drawn, fig.say(title, sentences))


def _frame(column, row):
    return Rectangle((column - 0.47, row - 0.46), 0.94, 0.92, fill=False, linewidth=2.4,
                     edgecolor=fig.COLOURS[1])  # fmt: skip
