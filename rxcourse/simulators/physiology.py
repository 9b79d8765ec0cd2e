"""Equations of training that every simulator of people shares.

Small pure functions of arrays. Rates are per day, so that a time step of any length can
be taken exactly (exponential steps, not Euler). Structure is from published exercise
physiology; most magnitudes are assumed, see ``simulators/tables``.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def one_rep_max(load: Array, reps: Array) -> Array:
    """Load that could be lifted once, from a set to failure (Epley): W (1 + r/30)."""
    return load * (1 + reps / 30)


def repetitions(relative_load: Array, endurance: Array) -> Array:
    """Repetitions possible at a share of maximal strength: Epley turned round.

    Parameters
    ----------
    relative_load : ndarray
        Load divided by strength today, above 0.
    endurance : ndarray
        Personal factor with mean 1.
    """
    return np.maximum(endurance * 30.0 * (1.0 / relative_load - 1.0), 0.0)


def set_effect(sets_per_week: Array, n0: float, n_ref: float) -> Array:
    """Effect of weekly hard sets, saturating, 1 at `n_ref` sets."""
    return (1 - np.exp(-sets_per_week / n0)) / (1 - np.exp(-n_ref / n0))


def intensity_effect(relative_load: Array, optimum: Array, width: float = 0.45) -> Array:
    """Effect of load: an inverted parabola around the optimum, never below 0.3."""
    away = (relative_load - optimum) / width
    return np.clip(1 - away * away, 0.3, 1.0)


def effort_effect(reps_in_reserve: Array) -> Array:
    """Effect of effort: full up to 3 repetitions in reserve, falling to 0.4 (assumed)."""
    return np.clip(1.25 - reps_in_reserve / 12.0, 0.4, 1.0)


def fatigue_dose(load: Array, trace: Array, k: float) -> Array:
    """Accumulated fatigue a session adds (variable dose-response).

    The product of today's load and the recent load: without the factor `load` the
    model is linear and doing more is never too much.

    References
    ----------
    Busso (2003), doi:10.1249/01.MSS.0000074465.13621.37.
    """
    return k * trace * load


def impulse_response(days: Array, k1, k2, tau1, tau2) -> Array:
    """Performance change some days after one unit of load (Banister)."""
    return k1 * np.exp(-days / tau1) - k2 * np.exp(-days / tau2)


def harm_ends(k1, k2, tau1, tau2) -> float:
    """Days before an event within which load does more harm than good (closed form)."""
    return tau1 * tau2 / (tau1 - tau2) * np.log(k2 / k1)


def benefit_peaks(k1, k2, tau1, tau2) -> float:
    """Days before an event at which a unit of load helps most (closed form).

    References
    ----------
    Morton, Fitz-Clarke and Banister (1990), doi:10.1152/jappl.1990.69.3.1171.
    """
    return tau1 * tau2 / (tau1 - tau2) * np.log(k2 * tau1 / (k1 * tau2))


def steady_performance(load: Array, k1, k3, tau1, tau2, tau3, *, product=True) -> Array:
    """Gain over the start after the same daily load for ever (variable dose-response).

    Without `product` the gain of fatigue no longer grows with recent load: the linear
    model, kept to show what it cannot say.
    """
    total = lambda tau: np.exp(-1 / tau) / (1 - np.exp(-1 / tau))  # noqa: E731
    trace = load / (1 - np.exp(-1 / tau3))
    dose = fatigue_dose(load, trace, k3) if product else k3 * trace
    return k1 * load * total(tau1) - dose * total(tau2)


SORENESS_PEAK = 2 * np.exp(-2.0)
"""Largest amount in the last of three equal stages after one unit enters the first."""


def soreness_stages(
    first: Array, second: Array, third: Array, days: float, stage_days: float
) -> tuple[Array, Array, Array]:
    """Let damage run through three equal stages; soreness is what is in the last.

    Exact for any time step: each stage empties into the next at rate 1/stage_days.
    One unit put into the first peaks in the last after two stage times.
    """
    x = days / stage_days
    left = np.exp(-x)
    third = (third + x * second + 0.5 * x * x * first) * left
    second = (second + x * first) * left
    return first * left, second, third


def protected_damage(protection: Array, rho: float) -> Array:
    """Share of damage that remains when the repeated-bout effect protects."""
    return 1.0 - rho * protection


def growth(gain: Array, ceiling: Array, dose: Array) -> Array:
    """Increase of relative strength from a dose: d A = dose exp(-A / ceiling).

    Integrated, strength grows with the logarithm of time.

    References
    ----------
    Log-linear course: Steele et al. (2022), doi:10.1080/02701367.2022.2070592.
    """
    return dose * np.exp(-gain / ceiling)


def weibull_hazard(months: Array, dt: float, scale: float, shape: float) -> Array:
    """Probability of leaving within `dt` months for someone still in after `months`."""
    before = (months / scale) ** shape
    after = ((months + dt) / scale) ** shape
    return 1 - np.exp(before - after)
