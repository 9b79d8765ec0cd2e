"""WeeklyRoutine: a person, a year, and a full-body routine chosen anew each week.

Three sessions a week, six lifts. The action is the week's routine: one of 18 templates
(``WeeklyRoutine-v0``), five choices at once (``WeeklyRoutineFactored-v0``), or the load as a
number (``WeeklyRoutineLoad-v0``). The person behind it is in ``weekly_person.py``, what a
session does to them in ``weekly_session.py``, what is seen of it in ``weekly_reports.py``.
"""

from __future__ import annotations

import numpy as np
from gymnasium.spaces import Box, Discrete

from rxcourse import validate
from rxcourse.policy import Uniform
from rxcourse.simulators import physiology as phys
from rxcourse.simulators import weekly_baselines, weekly_plan
from rxcourse.simulators import weekly_person as person
from rxcourse.simulators import weekly_reports as reports
from rxcourse.simulators import weekly_session as session
from rxcourse.simulators.batch import BatchEnv, SingleEnv
from rxcourse.simulators.parameters import parameters
from rxcourse.simulators.weekly_plan import DAYS, LIFTS, SESSIONS, TEMPLATES

Array = np.ndarray
WEEKS, VERY_SORE = 52, 7
DAYS_PER_MONTH = 30.44
WEIGHTS = {"gain": 200.0, "excess": -0.1, "injury": -1.0}
"""The composite: 200 x relative gain, less 0.1 for each point of soreness above 2 at each
session, less 1 for an injury."""
TERMS = (
    "gain", "excess", "injury", "risk", "estimated", "trained", "completed", "ache",
    "effort_7_8", "minutes", "very_sore",
)  # fmt: skip
"""What a reward can be made of, each summed over the sessions of a decision: true gain,
soreness above 2 of 10, injuries, their probability, rise of the estimated gain, sessions
trained, sessions completed, soreness, sessions at a reported effort of 7 to 8, minutes,
sessions that left one very sore."""


class WeeklyRoutineVectorEnv(BatchEnv):
    """N people on a full-body routine of three sessions a week.

    **Observation** ``Box``: the reports of the last two weeks, the last prescription and
    the week, see ``weekly_reports.BLOCKS``. All lie near [-1, 1].

    **Actions** ``Discrete(18)``: the week's template, see ``weekly_plan.TEMPLATES``.

    **Reward** a weighted sum of ``TERMS``, which are all in ``info``. The default is the
    composite of ``WEIGHTS``: true relative strength gain (mean of six lifts), soreness above
    2 of 10 in the worst region, injuries.

    **Cost** ``info["cost"]``: sessions that left a soreness of 7 or more, plus injuries.

    **Start** An adult with little training, after an entry test. A new episode is a new
    person.

    **End** Terminates after `weeks`. People may leave before: the row goes on untrained, its
    actions without effect, so that results for everyone who started can be computed.

    Parameters
    ----------
    num_envs : int
    weeks : int
    decide : {"week", "session"}
        One decision a week, or one a session: 156 a year.
    weights : dict, optional
        Of the reward's terms, by name.
    templates : dict, optional
        Weeks to choose from, by name, instead of ``TEMPLATES``: rows made by
        ``weekly_plan.week``.
    blocks : tuple of str
        What the observation holds besides the reports: "pain", "record", "wearable".
    overrides : dict, optional
        Parameters by name, see ``parameter_table("weekly")``.
    dropout : bool
    one_person : bool
        Every episode of a row is the same person beginning anew.

    Notes
    -----
    Nothing here is advice for a real person. Parameters are assumed or calibrated to
    aggregate published figures.
    """

    def __init__(
        self,
        num_envs: int = 1,
        *,
        weeks: int = WEEKS,
        decide: str = "week",
        weights: dict[str, float] | None = None,
        templates: dict[str, tuple] | None = None,
        blocks: tuple[str, ...] = ("pain", "record"),
        overrides: dict[str, float] | None = None,
        dropout: bool = True,
        one_person: bool = False,
        render_mode: str | None = None,
    ):
        self.templates = dict(TEMPLATES if templates is None else templates)
        self.blocks, self.columns = tuple(blocks), reports.columns(blocks)
        bound = np.full(len(self.columns), 10, np.float32)
        super().__init__(num_envs, Box(-bound, bound), self._actions(), None, render_mode)
        if decide not in ("week", "session"):
            raise ValueError(f'decide must be "week" or "session", got {decide!r}.')
        flags = {"dropout": dropout, "one_person": one_person}
        for name, flag in flags.items():
            if not isinstance(flag, bool):
                raise ValueError(f"{name} must be True or False, got {flag!r}.")
        self.weeks = validate.positive_int("weeks", weeks)
        self.weights = check_weights(weights)
        self.p = {k: np.float32(v) for k, v in parameters("weekly", overrides).items()}
        self.dropout, self.one_person = dropout, one_person
        self.per_decision = SESSIONS if decide == "week" else 1
        months = np.arange(self.weeks * SESSIONS) * (7 / SESSIONS / DAYS_PER_MONTH)
        scale, shape = float(self.p["dropout_scale"]), float(self.p["dropout_shape"])
        hazard = phys.weibull_hazard(months, 7 / SESSIONS / DAYS_PER_MONTH, scale, shape)
        self.hazard = hazard.astype(np.float32) * dropout
        self.allowed = self._everything
        self.baselines = self._rules()

    def _actions(self):
        self.prescription = weekly_plan.table(self.templates.values())
        self.action_names = tuple(self.templates)
        return Discrete(len(self.templates))

    def _rules(self) -> dict:
        if self.templates.keys() == TEMPLATES.keys():
            return weekly_baselines.template_baselines()
        n = len(self.templates)
        return {"random": Uniform(n, obs_ndim=1)} | {
            name: weekly_baselines.always(a, n) for a, name in enumerate(self.templates)
        }

    def _everything(self, obs: Array) -> Array:
        return np.ones((*np.shape(obs)[:-1], self._n_actions), bool)

    def begin(self, rows: Array) -> None:
        """New people on these rows."""
        which = np.zeros_like(rows) if self.one_person else self.episode[rows]
        traits = person.draw_traits(self.seed, rows, which, self.p)
        body = person.first_body(traits, self.p)
        known = reports.first_reports(body)
        if len(rows) < self.num_envs:
            traits = _put(self.traits, rows, traits)
            body = _put(self.body, rows, body)
            known = _put(self.known, rows, known)
        self.traits, self.body, self.known = traits, body, known

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start every row anew; a seed also starts all random streams anew."""
        answer = super().reset(seed=seed, options=options)
        if seed is not None or not hasattr(self, "_nights"):
            # The wristband has a stream of its own: with or without it the same luck.
            self._nights = np.random.default_rng([self.seed, 1])
        return answer

    def advance(self, action: Array):
        gain, guess = person.true_gain(self.body, self.traits), self.known.gains[0]
        terms = dict.fromkeys(TERMS, np.float32(0))
        self.body = session.new_decision(self.body, self.load_step(action))
        # Everybody began at the same time, since nobody's episode ends early.
        first = int(self.t[0]) * self.per_decision
        for number in range(first, first + self.per_decision):
            out = self._train(action, number)
            for name, value in _terms(out, self.body).items():
                terms[name] = terms[name] + value
        terms["gain"] = person.true_gain(self.body, self.traits) - gain
        terms["estimated"] = self.known.gains[0] - guess
        reward = sum(weight * terms[name] for name, weight in self.weights.items())
        info = {**terms, "cost": (terms["very_sore"] + terms["injury"]).astype(float),
                **self.begin_info()}  # fmt: skip
        terminated = self.t + 1 >= self.weeks * SESSIONS // self.per_decision
        return reward.astype(float), terminated, info

    def _train(self, action: Array, number: int) -> session.Outcome:
        """Session `number` of the year, for everybody."""
        day = number % SESSIONS
        body = session.new_week(self.body) if day == 0 else self.body
        dose = self.dose(action, day)
        self.body, out = session.step_state(
            body, dose, self.traits, self.p, days=DAYS[day],
            base_hazard=self.hazard[number], luck=session.draw_luck(self.num_envs, self.rng),
        )  # fmt: skip
        self.known = reports.note(self.known, self.body, dose, out)
        if "wearable" in self.blocks:
            self.known = reports.night(self.known, self.body, self.traits, self.p, self._nights)
        return out

    def load_step(self, action: Array) -> Array:
        """Change of the training maximum that an action asks for, (N,); NaN takes the estimate."""
        return self.prescription.step[action]

    def dose(self, action: Array, day: int) -> session.Dose:
        """What an action prescribes for session `day` of the week."""
        plan = self.prescription
        return session.Dose(
            plan.sets[day][:, action], plan.reps[day][action], plan.load[day][action],
            plan.rest[action],
        )  # fmt: skip

    def begin_info(self) -> dict[str, Array]:
        return {"action_mask": self._all_allowed, "enrolled": self.body.enrolled > 0}

    def observe(self) -> Array:
        over = (self.t * (self.per_decision / SESSIONS / self.weeks)).astype(np.float32)
        return reports.observation(self.known, self.body, over, self.blocks)

    def picture(self, row: int) -> str:
        """The week in words."""
        seen = dict(zip(self.columns, self.observe()[row], strict=True))
        return (
            f"week {int(self.t[row] * self.per_decision / SESSIONS)}: estimated gain "
            f"{100 * seen['gain']:.0f} %, last week {3 * seen['trained']:.0f} of 3 sessions, "
            f"effort {10 * seen['effort']:.0f} of 10, soreness legs {10 * seen['sore legs']:.0f}, "
            f"push {10 * seen['sore push']:.0f}, pull {10 * seen['sore pull']:.0f}"
            + ("" if seen["enrolled"] else "; has left")
        )


def check_weights(weights: dict[str, float] | None) -> dict[str, float]:
    """Weights of the reward's terms, refusing names that no term has."""
    if weights is None:
        return dict(WEIGHTS)
    if not isinstance(weights, dict) or not weights:
        raise ValueError(f"weights must be a dict of numbers by term, got {weights!r}.")
    if unknown := sorted(set(weights) - set(TERMS)):
        raise ValueError(f"weights names unknown term(s) {unknown}; there are {list(TERMS)}.")
    return {k: float(validate.finite(f"weights[{k!r}]", v, ndim=0)) for k, v in weights.items()}


def _terms(out: session.Outcome, body: person.Body) -> dict[str, Array]:
    """What a session adds to the terms of the reward."""
    here = body.enrolled
    return {
        "excess": np.maximum(out.soreness - 2, 0) * here,
        "injury": out.injury.astype(np.float32),
        "risk": out.risk,
        "trained": out.trained.astype(np.float32),
        "completed": (out.trained & (out.completed >= 0.99)).astype(np.float32),
        "ache": out.soreness * here,
        "effort_7_8": (out.trained & (out.rpe >= 7) & (out.rpe <= 8)).astype(np.float32),
        "minutes": out.minutes,
        "very_sore": ((out.soreness >= VERY_SORE) * here).astype(np.float32),
    }


def _put(old, rows: Array, new):
    """A copy of a tuple of columns with new values on these rows: the old was handed out."""
    copies = [column.copy() for column in old]
    for column, value in zip(copies, new, strict=True):
        column[..., rows] = value
    return type(old)(*copies)


class WeeklyRoutineEnv(SingleEnv):
    """One person's year; arguments as for ``WeeklyRoutineVectorEnv``."""

    def __init__(self, **kwargs):
        super().__init__(WeeklyRoutineVectorEnv(1, **kwargs))


class WeeklyRoutineFactoredVectorEnv(WeeklyRoutineVectorEnv):
    """The same people; the action is five choices at once.

    **Actions** ``Discrete(720)``: sets (0 to 5), repetitions (a zone with its share of the
    training maximum), change of the training maximum, minutes of rest between sets, and
    whether this week is a light one. ``factors`` (720, 5) says which option of each branch
    an action takes, ``branches`` names them. The training maximum follows the action alone.

    Everything else is as in ``WeeklyRoutineVectorEnv``.
    """

    branches = weekly_plan.BRANCHES

    def _actions(self):
        self.prescription, self.factors = weekly_plan.factored()
        return Discrete(len(self.factors))

    def _rules(self) -> dict:
        return weekly_baselines.factored_baselines()


class WeeklyRoutineFactoredEnv(SingleEnv):
    """One person's year in five choices a week; arguments as for the vector environment."""

    def __init__(self, **kwargs):
        super().__init__(WeeklyRoutineFactoredVectorEnv(1, **kwargs))


LEAST_LOAD, LIGHTEST, HEAVIEST = 0.30, 0.40, 0.95
"""Shares of the training maximum: of action -1, the least that is trained with, of action 1."""


class WeeklyRoutineLoadVectorEnv(WeeklyRoutineVectorEnv):
    """The same people; the action is the load, as a number.

    **Actions** ``Box`` of shape (1,) in [-1, 1]: a share of the training maximum from 30 % to
    95 %. Below 40 % is a week of rest. Three sets of as many repetitions as leave a fifth
    in reserve in the first, two minutes of rest between sets, three above 80 %. Numbers
    beyond the bounds count as the bound.

    Everything else is as in ``WeeklyRoutineVectorEnv``.
    """

    def _actions(self):
        return Box(-1.0, 1.0, (1,), np.float32)

    def _rules(self) -> dict:
        return weekly_baselines.load_baselines()

    def _everything(self, obs: Array) -> Array:
        raise ValueError("actions of WeeklyRoutineLoad are no whole numbers: there is no mask.")

    def _checked(self, action: Array) -> Array:
        action = validate.finite("action", action)
        if action.shape != (self.num_envs, 1):
            raise ValueError(
                f"action must have shape ({self.num_envs}, 1), one number per row; got "
                f"shape {action.shape}."
            )
        return np.clip(action[:, 0], -1, 1).astype(np.float32)

    def load_step(self, action: Array) -> Array:
        return np.full(self.num_envs, np.nan, np.float32)

    def dose(self, action: Array, day: int) -> session.Dose:
        load = LEAST_LOAD + (action + 1) / 2 * (HEAVIEST - LEAST_LOAD)
        reps = np.minimum(np.maximum(np.rint(0.8 * 30 * (1 / load - 1)), 1), 20)
        sets = np.tile(3 * (load >= LIGHTEST), (len(LIFTS), 1)).astype(np.float32)
        return session.Dose(sets, reps, load, np.where(load > 0.8, np.float32(3), np.float32(2)))

    def begin_info(self) -> dict[str, Array]:
        return {"enrolled": self.body.enrolled > 0}


class WeeklyRoutineLoadEnv(SingleEnv):
    """One person's year, a load a week; arguments as for the vector environment."""

    def __init__(self, **kwargs):
        super().__init__(WeeklyRoutineLoadVectorEnv(1, **kwargs))

    def _decision(self, action: Array) -> Array:
        if action.shape != (1,):
            raise ValueError(f"action must have shape (1,), got {action.shape}.")
        return action
