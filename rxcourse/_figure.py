"""Style, numbers and alternative text shared by the functions of `rxcourse.plots`.

Figures are drawn on white. Dark mode on the site turns them over in the style sheet, which keeps
the contrast of the print; a half-transparent figure would be hard to read in both modes.
"""

import base64
import io
import sys
from contextlib import contextmanager

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure
from scipy import stats

# Okabe and Ito's colours for all kinds of colour vision, without yellow, which is faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#AA4499", "#E69F00", "#56B4E9", "#444444")
# Colour never stands alone: dashes and markers say the same in black and white.
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
INK = "#333333"
WIDTH = 7.0  # inches; the column of the site

_STYLE = {
    "figure.facecolor": "white",
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}


@contextmanager
def figure(height=3.6, rows=1, **subplots):
    """Give a figure and its axes in the course's style, whatever the reader's own settings are."""
    with matplotlib.style.context(["default", _STYLE]):
        drawn = Figure(figsize=(WIDTH, height), layout="constrained")
        yield drawn, drawn.subplots(rows, **subplots)


def show(drawn, alt):
    """Display a figure once, with its alternative text, in a notebook; elsewhere do nothing.

    Parameters
    ----------
    drawn : matplotlib.figure.Figure
        The figure.
    alt : str
        What the figure shows, with its main numbers. It is stored as the text form of the output
        and in the metadata of the picture, where the site finds it.
    """
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        return
    width, height = (int(inches * 100) for inches in drawn.get_size_inches())
    png = png_bytes(drawn)
    ipython.display.display(
        {"image/png": base64.b64encode(png).decode(), "text/plain": alt},
        raw=True,
        metadata={"image/png": {"alt": alt, "width": width, "height": height}},
    )


def png_bytes(drawn):
    """Bytes of the picture; without the version of Matplotlib, so that they depend on the data."""
    buffer = io.BytesIO()
    drawn.savefig(buffer, format="png", dpi=160, metadata={"Software": None})
    return buffer.getvalue()


def check_count(name, items):
    """Refuse more curves than there are colours and dashes to tell them apart."""
    if not 0 < len(items) <= len(COLOURS):
        raise ValueError(
            f"{name} must hold 1 to {len(COLOURS)} curves, or they cannot be told apart; "
            f"got {len(items)}."
        )


def triple(name, label, value):
    """Return (mean, low, high) from a number or curve, or from such a tuple."""
    if not isinstance(value, tuple):
        return value, None, None
    if len(value) != 3:
        raise ValueError(
            f"{name}[{label!r}] must be one value or a tuple (mean, low, high), got a tuple of "
            f"{len(value)}."
        )
    return value


def mean_interval(samples, level=0.95):
    """Mean over learners and its t interval; values that are NaN are left out.

    Parameters
    ----------
    samples : ndarray of shape (L, ...)
        One value per learner.
    level : float
        Coverage of the interval.

    Returns
    -------
    mean, low, high : ndarray of shape (...)
        NaN where no learner has a value; low and high also where only one has.
    """
    samples = np.asarray(samples, dtype=float)
    known = np.isfinite(samples)
    n = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, samples, 0.0).sum(axis=0) / n
        square = np.where(known, samples - mean, 0.0) ** 2
        stderr = np.sqrt(square.sum(axis=0) / (n - 1) / n)
        half = stats.t.ppf(0.5 + level / 2, np.maximum(n - 1, 1)) * stderr
    return mean, mean - half, mean + half


def number(value, decimals):
    """Format a number for text; minus zero becomes zero, NaN is said in words."""
    if not np.isfinite(value):
        return "no value" if np.isnan(value) else f"{value}"
    return f"{round(float(value), decimals) + 0.0:.{decimals}f}"


def with_interval(mean, low, high, decimals):
    """Format a mean with its interval in square brackets, if there is one."""
    text = number(mean, decimals)
    if np.isfinite(low) and np.isfinite(high):
        text += f" [{number(low, decimals)}, {number(high, decimals)}]"
    return text


def ink_on(image, value):
    """Black or white, whichever stands out on the colour of this value."""
    if not np.isfinite(value):
        return INK
    red, green, blue, _ = image.cmap(image.norm(value))
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"


def say(title, sentences, alt=None):
    """Print the numbers of a figure, one line each, and return its alternative text.

    `alt` replaces the sentences in the alternative text where they are too many to listen to.
    """
    for sentence in sentences:
        print(sentence)
    return ". ".join([title.rstrip("."), *(sentences if alt is None else alt)]) + "."
