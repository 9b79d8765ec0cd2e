"""Figures of the course, one function each.

Every function draws one figure on white in colours for all kinds of colour vision, prints the
numbers behind it, and stores an alternative text built from the plotted arrays. It returns
nothing: the figure is displayed once, in a notebook. Outside a notebook only the numbers appear.
"""

import numpy as np
import pandas as pd

from rxcourse import _figure as fig
from rxcourse._grid import grid
from rxcourse._pictures import episode, policy_table

__all__ = ["bars", "episode", "grid", "histogram", "learning_curve", "lines", "policy_table"]


def learning_curve(
    curves, metric, *, title, ylabel=None, xlabel="step", reference=None, decimals=2, logx=False
):
    """Mean over learners and its 95 % interval; no smoothing, no best-so-far.

    Parameters
    ----------
    curves : DataFrame or dict of str to DataFrame
        Columns learner, step and `metric`. A dict draws one curve per label.
    metric : str
        The column to draw. Learners without a value (NaN) are left out of the mean, and the
        share of them at the last step is printed.
    title, ylabel, xlabel : str
        Words of the figure; `ylabel` is `metric` unless given.
    reference : dict of str to float, optional
        Horizontal lines, for example the exact optimum.
    decimals : int
        Decimals of the printed numbers.
    logx : bool
        Draw steps on a logarithmic scale; steps at 0 are left out.
    """
    curves = curves if isinstance(curves, dict) else {metric: curves}
    fig.check_count("curves", curves)
    series, sentences = {}, []
    for label, frame in curves.items():
        _check_curve(label, frame, metric)
        table = frame.pivot(index="step", columns="learner", values=metric)
        steps, samples = table.index.to_numpy(), table.to_numpy(dtype=float)
        mean, low, high = fig.mean_interval(samples.T)
        series[label] = (steps, mean, low, high)
        last = fig.with_interval(mean[-1], low[-1], high[-1], decimals)
        missing = np.isnan(samples[-1]).mean()
        sentences.append(
            f"{label}: {fig.number(mean[0], decimals)} at {xlabel} {steps[0]:,}, "
            f"{last} at {steps[-1]:,}; {samples.shape[1]:,} learners"
            + (f", {missing:.0%} of them without a value" if missing else "")
        )
    _draw_lines(series, title, xlabel, ylabel or metric, reference, decimals, sentences, logx=logx)


def lines(x, series, *, title, xlabel, ylabel, reference=None, decimals=2, logx=False, logy=False):
    """One or several lines over a common x, with intervals where they are given.

    Parameters
    ----------
    x : array_like of shape (n,)
        Common x.
    series : dict of str to array_like of shape (n,), or to a tuple (mean, low, high) of them
        What to draw.
    title, xlabel, ylabel : str
        Words of the figure.
    reference : dict of str to float, optional
        Horizontal lines.
    decimals : int
        Decimals of the printed numbers.
    logx, logy : bool
        Logarithmic scales.
    """
    fig.check_count("series", series)
    x, drawn, sentences = np.asarray(x), {}, []
    for label, values in series.items():
        mean, *interval = fig.triple("series", label, values)
        mean = np.asarray(mean, dtype=float)
        for part in (mean, *interval):
            if part is not None and (np.shape(part) != x.shape or x.ndim != 1 or not len(x)):
                raise ValueError(
                    f"series[{label!r}] must have the shape (n,) of x, {x.shape}, got "
                    f"{np.shape(part)}."
                )
        drawn[label] = (x, mean, *interval)
        ends = [f"{fig.number(mean[i], decimals)} at {xlabel} {x[i]:g}" for i in (0, -1)]
        low, high = (fig.number(f(mean), decimals) for f in (np.nanmin, np.nanmax))
        sentences.append(f"{label}: from {ends[0]} to {ends[1]}; between {low} and {high}")
    _draw_lines(drawn, title, xlabel, ylabel, reference, decimals, sentences, logx=logx, logy=logy)


def bars(values, *, title, xlabel, reference=None, decimals=2):
    """Horizontal bars from zero, with intervals where they are given.

    Parameters
    ----------
    values : dict of str to float, or to a tuple (mean, low, high)
        One bar per label, drawn from top to bottom.
    title, xlabel : str
        Words of the figure.
    reference : dict of str to float, optional
        Vertical lines.
    decimals : int
        Decimals of the printed numbers.
    """
    rows = {k: fig.triple("values", k, v) for k, v in values.items()}
    rows = {k: (m, np.nan, np.nan) if low is None else (m, low, high)
            for k, (m, low, high) in rows.items()}  # fmt: skip
    sentences = [f"{label}: {fig.with_interval(*row, decimals)}" for label, row in rows.items()]
    with fig.figure(height=1.3 + 0.38 * len(rows)) as (drawn, ax):
        for i, (mean, low, high) in enumerate(rows.values()):
            ax.barh(i, mean, color=fig.COLOURS[0], height=0.62)
            if np.isfinite(low):
                ax.plot([low, high], [i, i], color=fig.INK, linewidth=2, solid_capstyle="butt")
        ax.set_yticks(range(len(rows)), list(rows))
        ax.invert_yaxis()
        ax.axvline(0, color=fig.INK, linewidth=0.8)
        ax.grid(axis="x")
        ax.set(title=title, xlabel=xlabel)
        sentences += _reference(ax.axvline, reference, decimals)
        if reference:  # above the axes, where no bar is
            ax.legend(fontsize=10, loc="lower right", bbox_to_anchor=(1, 1))
        fig.show(drawn, fig.say(title, sentences))


def histogram(values, *, title, xlabel, bins=30, reference=None, decimals=2):
    """Shares of people or learners over the range of a number.

    Parameters
    ----------
    values : array_like of shape (n,), or dict of str to array_like
        What to count. NaN is left out and its share is printed.
    title, xlabel : str
        Words of the figure.
    bins : int or array_like
        Bins, common to all.
    reference : dict of str to float, optional
        Vertical lines.
    decimals : int
        Decimals of the printed numbers.
    """
    values = values if isinstance(values, dict) else {xlabel: values}
    values = {label: np.asarray(v, dtype=float).ravel() for label, v in values.items()}
    fig.check_count("values", values)
    known = {label: v[np.isfinite(v)] for label, v in values.items()}
    for label, v in known.items():
        if not len(v):
            raise ValueError(
                f"values must hold at least one finite number to count, got none among "
                f"{len(values[label])} of {label!r}."
            )
    edges = np.histogram_bin_edges(np.concatenate(list(known.values())), bins)
    sentences = []
    with fig.figure() as (drawn, ax):
        for i, (label, v) in enumerate(known.items()):
            counts = np.histogram(v, edges)[0] / max(len(values[label]), 1)
            ax.stairs(counts, edges, fill=len(known) == 1, color=fig.COLOURS[i], label=label,
                      linestyle=fig.DASHES[i], linewidth=1.8)  # fmt: skip
            low, middle, high = (fig.number(p, decimals) for p in np.percentile(v, [2.5, 50, 97.5]))
            missing = 1 - len(v) / len(values[label])
            sentences.append(
                f"{label}: median {middle}, middle 95 % from {low} to {high}, "
                f"mean {fig.number(v.mean(), decimals)}; n = {len(values[label]):,}"
                + (f", {missing:.0%} without a value" if missing else "")
            )
        ax.grid(axis="y")
        ax.set(title=title, xlabel=xlabel, ylabel="share", ylim=(0, None))
        sentences += _reference(ax.axvline, reference, decimals)
        _legend(ax, len(known) > 1 or bool(reference))
        fig.show(drawn, fig.say(title, sentences))


def _check_curve(label, frame, metric):
    """Refuse what is no learning curve with this metric."""
    if not isinstance(frame, pd.DataFrame):
        run = " Pass run.curve." if hasattr(frame, "curve") else ""
        raise ValueError(
            f"curves must be DataFrames, got {type(frame).__name__} for {label!r}.{run}"
        )
    if lacking := {"learner", "step", metric} - set(frame.columns):
        raise ValueError(
            f"metric must be a column of the curve, beside learner and step; {label!r} lacks "
            f"{', '.join(map(repr, sorted(lacking)))}, it has {list(frame.columns)}."
        )
    if not len(frame):
        raise ValueError(f"the curve {label!r} must have at least one record, got none.")


def _draw_lines(series, title, xlabel, ylabel, reference, decimals, sentences, **scales):
    """Draw (x, mean, low, high) per label; the common body of `learning_curve` and `lines`."""
    with fig.figure() as (drawn, ax):
        for i, (label, band) in enumerate(series.items()):
            # A point at 0 has no place on a logarithmic axis and would only stretch the other.
            shown = np.asarray(band[0]) > 0 if scales.get("logx") else slice(None)
            x, mean, low, high = (b if b is None else np.asarray(b)[shown] for b in band)
            few = len(x) <= 25
            ax.plot(x, mean, label=label, color=fig.COLOURS[i], linestyle=fig.DASHES[i],
                    marker=fig.MARKERS[i] if few else None, markersize=4)  # fmt: skip
            if low is not None:
                ax.fill_between(x, low, high, color=fig.COLOURS[i], alpha=0.22, linewidth=0)
        ax.grid(True)
        ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
        if scales.get("logx"):
            ax.set_xscale("log")
        if scales.get("logy"):
            ax.set_yscale("log")
        sentences = sentences + _reference(ax.axhline, reference, decimals)
        _legend(ax, len(series) > 1 or bool(reference))
        fig.show(drawn, fig.say(title, sentences))


def _reference(draw, reference, decimals):
    """Draw reference lines with `draw`, and return their sentences."""
    for i, (label, level) in enumerate((reference or {}).items()):
        draw(level, color=fig.INK, linewidth=1.2, linestyle=fig.DASHES[(i + 1) % 4], label=label)
    return [f"{k}: {fig.number(v, decimals)} (line)" for k, v in (reference or {}).items()]


def _legend(ax, needed):
    if needed:
        ax.legend(fontsize=10)
