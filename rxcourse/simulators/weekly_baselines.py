"""What a coach would do in ``WeeklyRoutine``: policies that every learner is compared with."""

from __future__ import annotations

import numpy as np

from rxcourse.policy import Uniform
from rxcourse.simulators.weekly_plan import OPTIONS, RESTS, STEPS, TEMPLATES, action_of
from rxcourse.simulators.weekly_reports import REPORT_COLUMNS

Array = np.ndarray
WEEKS = 52
AT = {name: place for place, name in enumerate(REPORT_COLUMNS)}
NAMES = tuple(TEMPLATES)

BLOCKS = ("3x12 @ 65%",) * 4 + ("4x8 @ 75%",) * 4 + ("5x5 @ 82%",) * 4 + ("4x3 @ 88%",) * 4
CYCLE = (*BLOCKS, "reduced load 2x8 @ 55%")
"""Linear periodization: four blocks of four weeks, heavier and with fewer repetitions each,
then a lighter week; 17 weeks, three times a year."""


BEST_CONSTANT = "2x8 @ 75%"
"""The template that, kept all year, was best on 2,000 training people: see
``book/evidence/11_ladder.py``."""


class Rule:
    """The policy of a function from observations (..., *obs) to actions (...).

    Parameters
    ----------
    choose : callable
    n_actions : int
    """

    def __init__(self, choose, n_actions: int):
        self.choose, self.n_actions = choose, n_actions

    def probs(self, obs: Array) -> Array:
        """Map observations (..., *obs) to probabilities (..., A): 1 for what the rule says."""
        action = np.asarray(self.choose(np.asarray(obs)))
        return (action[..., None] == np.arange(self.n_actions)).astype(float)


def always(action: int, n_actions: int) -> Rule:
    """The same action whatever is observed."""
    return Rule(lambda obs: np.full(obs.shape[:-1], action), n_actions)


def template(name: str) -> Rule:
    """The same template every week, by its name in ``TEMPLATES``."""
    if name not in TEMPLATES:
        raise ValueError(f"name must be one of {list(TEMPLATES)}, got {name!r}.")
    return always(NAMES.index(name), len(NAMES))


def _linear_periodization(obs: Array) -> Array:
    week = np.rint(obs[..., AT["week"]] * WEEKS).astype(int)
    plan = np.array([NAMES.index(name) for name in CYCLE])
    return plan[week % len(CYCLE)]


def _progress(obs: Array) -> tuple[Array, Array]:
    """Whether last week asks for more load, or for less.

    More when everything was completed with two repetitions to spare, less when sets failed.
    """
    trained = obs[..., AT["trained"]] > 0
    done, effort = obs[..., AT["completed"]], obs[..., AT["effort"]]
    more = trained & (done >= 0.99) & (effort <= 0.8)
    less = trained & (done < 0.9)
    return more, less


def _autoregulated(obs: Array) -> Array:
    more, less = _progress(obs)
    same, heavier, lighter = (
        NAMES.index(f"3x10, {change}") for change in ("same load", "5% more", "10% less")
    )
    return np.where(more, heavier, np.where(less, lighter, same))


def template_baselines() -> dict:
    """Policies over the templates, by name."""
    n = len(NAMES)
    return {
        "do nothing": template("rest"),
        "random": Uniform(n, obs_ndim=1),
        "linear periodization": Rule(_linear_periodization, n),
        "undulating": template("undulating 3x12, 3x8, 3x4"),
        "autoregulated": Rule(_autoregulated, n),
        "fixed load": template("3x10, same load"),
        "best constant": template(BEST_CONSTANT),
    }


def factored_baselines() -> dict:
    """Policies over the 720 factored actions, by name."""
    n = int(np.prod([len(options) for options in OPTIONS]))
    sets, zone, rest = 3, 2, RESTS.index(2.0)
    same, heavier, lighter = (
        action_of(sets, zone, STEPS.index(step), rest, 0) for step in (0.0, 0.05, -0.10)
    )

    def autoregulated(obs):
        more, less = _progress(obs)
        return np.where(more, heavier, np.where(less, lighter, same))

    return {
        "do nothing": always(action_of(0, 0, STEPS.index(0.0), 0, 0), n),
        "random": Uniform(n, obs_ndim=1),
        "autoregulated": Rule(autoregulated, n),
        "fixed load": always(same, n),
    }


class FixedLoad:
    """The same load every week, for ``WeeklyRoutineLoad-v0``.

    Parameters
    ----------
    action : float
        In [-1, 1]; -1 is a week of rest.
    """

    def __init__(self, action: float):
        self.action = float(action)

    def sample(self, obs: Array, *, rng: np.random.Generator) -> tuple[Array, Array]:
        """Actions (N, 1) and their probabilities, which are 1."""
        n = len(obs)
        return np.full((n, 1), self.action, np.float32), np.ones(n)


class AnyLoad:
    """A load drawn uniformly anew each week, for ``WeeklyRoutineLoad-v0``."""

    def sample(self, obs: Array, *, rng: np.random.Generator) -> tuple[Array, Array]:
        """Actions (N, 1) and their density, one half."""
        n = len(obs)
        return rng.uniform(-1, 1, (n, 1)).astype(np.float32), np.full(n, 0.5)


def load_baselines() -> dict:
    """Policies over continuous loads, by name."""
    return {
        "do nothing": FixedLoad(-1.0),
        "random": AnyLoad(),
        "65 % every week": FixedLoad(1 / 13),
        "75 % every week": FixedLoad(5 / 13),
    }
