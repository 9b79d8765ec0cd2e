"""PushUp: a person, a target of repetitions, and four things a coach can do.

``PushUp-v0`` shows six states: previous difficulty x fatigue report. ``PushUpFull-v0``
shows the same person as a vector that also holds what the safety rules read. The person
behind both is in ``pushup_person.py``.
"""

from __future__ import annotations

import numpy as np
from gymnasium.spaces import Box, Discrete

from rxcourse import validate
from rxcourse.policy import TabularPolicy, Uniform
from rxcourse.simulators import physiology as phys
from rxcourse.simulators import pushup_person as person
from rxcourse.simulators.batch import BatchEnv, SingleEnv
from rxcourse.simulators.parameters import parameters
from rxcourse.simulators.pushup_person import ACTIONS, DECREASE, INCREASE, MAINTAIN, REST, VERY_SORE

Array = np.ndarray
STATES = ("Easy/Low", "Easy/High", "Medium/Low", "Medium/High", "Hard/Low", "Hard/High")
MEDIUM = 3
GAMMA, HORIZON = 0.9, 100
DAYS_PER_MONTH = 30.44

PRESETS = {
    "rest matters": {},
    "long gaps": {"slot_days": 2.0, "rep_step": 2, "phi1": 0.04, "life_load": 1.0},
}
"""Variants by name: the default, and one with more time between slots and larger steps."""


def plan(*actions: int) -> TabularPolicy:
    """The policy that takes these six actions in the six states."""
    if len(actions) != len(STATES):
        raise ValueError(f"a plan needs {len(STATES)} actions, one per state, got {len(actions)}.")
    return TabularPolicy(np.eye(len(ACTIONS))[validate.indices("actions", actions, len(ACTIONS))])


COACH = plan(INCREASE, MAINTAIN, MAINTAIN, REST, DECREASE, REST)
baselines = {
    "do nothing": plan(*[REST] * 6),
    "fixed plan": plan(*[MAINTAIN] * 6),
    "coach's rule": COACH,
    "random": Uniform(len(ACTIONS)),
}
"""What every learner is compared with, as policies over the six states."""


def state_index(difficulty: Array, fatigue_high: Array) -> Array:
    """The six states: difficulty 1-2 is Easy, 3 Medium, 4-5 Hard; then Low or High."""
    return 2 * ((difficulty >= 3) * 1 + (difficulty >= 4)) + fatigue_high


class PushUpVectorEnv(BatchEnv):
    """N people doing push-ups, one slot a step.

    **Observation** ``Discrete(6)``: previous difficulty {Easy, Medium, Hard} x fatigue
    {Low, High}, both as reported; a rest keeps the previous difficulty.

    **Actions** ``Discrete(4)``: Increase_Reps, Maintain, Decrease_Reps, Add_Rest_Day.
    A rest spends the slot with load 0.

    **Reward** +1 for a session reported completed with difficulty Medium, -1 for one
    not completed or Hard, 0 otherwise.

    **Cost** ``info["cost"]``: 1 for a slot after which soreness is reported as 7 or more of
    10, which the reward does not count.

    **Start** A rested beginner after an entry test, which sets the target to 60 % of
    the measured maximum and gives the first difficulty. A new episode is a new person.

    **End** Truncated after `horizon` slots: training goes on, we stop looking. With
    ``dropout=True`` people may leave; the row goes on untrained, its actions without
    effect, so that results for everyone who started can be computed.

    Parameters
    ----------
    num_envs : int
    horizon : int or None
    preset : str
        A key of ``PRESETS``.
    overrides : dict, optional
        Parameters by name, see ``parameter_table("pushup")``.
    dropout : bool
    report_shift : float
        Added to every person's reported repetitions in reserve: a population that
        understates (above 0) or overstates (below 0) how hard sessions are.
    one_person : bool
        Every episode of a row is the same person beginning anew.

    Notes
    -----
    Nothing here is advice for a real person. Parameters are assumed or calibrated to
    aggregate published figures.
    """

    metadata = {**BatchEnv.metadata, "render_modes": ["ansi", "rgb_array"]}

    def __init__(
        self,
        num_envs: int = 1,
        *,
        horizon: int | None = HORIZON,
        preset: str = "rest matters",
        overrides: dict[str, float] | None = None,
        dropout: bool = False,
        report_shift: float = 0.0,
        one_person: bool = False,
        render_mode: str | None = None,
    ):
        super().__init__(num_envs, self._space(), Discrete(4), horizon, render_mode)
        if preset not in PRESETS:
            raise ValueError(f"preset must be one of {sorted(PRESETS)}, got {preset!r}.")
        if not isinstance(overrides, dict | None):
            raise ValueError(f"overrides must be a dict of values by name, got {overrides!r}.")
        self.p = parameters("pushup", {**PRESETS[preset], **(overrides or {})})
        for name, flag in (("dropout", dropout), ("one_person", one_person)):
            if not isinstance(flag, bool):
                raise ValueError(f"{name} must be True or False, got {flag!r}.")
        self.dropout, self.one_person = dropout, one_person
        self.report_shift = float(validate.finite("report_shift", report_shift, ndim=0))
        slots = np.arange((horizon or 1000) + 1)
        months = slots * self.p["slot_days"] / DAYS_PER_MONTH
        self._hazard = phys.weibull_hazard(
            months, months[1], self.p["dropout_scale"], self.p["dropout_shape"]
        )
        self.allowed = np.ones((len(STATES), len(ACTIONS)), bool)
        self.baselines = baselines

    def _space(self):
        return Discrete(len(STATES))

    def begin(self, rows: Array) -> None:
        """New people on these rows."""
        which = np.zeros_like(rows) if self.one_person else self.episode[rows]
        traits = person.draw_traits(self.seed, rows, which, self.p)
        traits = traits._replace(bias=traits.bias + self.report_shift)
        body, difficulty = person.first_body(traits, self.p)
        fresh = {
            "difficulty": difficulty, "fatigue_high": np.zeros(len(rows), bool),
            "completed": np.ones(len(rows), bool), "soreness": np.zeros(len(rows)),
            "enrolled": np.ones(len(rows), bool), "idle_slots": np.zeros(len(rows)),
            "hard_reports": np.zeros(len(rows)),
        }  # fmt: skip
        if len(rows) == self.num_envs:
            self.traits, self.body, self.seen = traits, body, fresh
            return
        self.traits = person.Traits(*_put(self.traits, rows, traits))
        self.body = person.Body(*_put(self.body, rows, body))
        self.seen = dict(zip(fresh, _put(self.seen.values(), rows, fresh.values()), strict=True))

    def advance(self, action: Array):
        seen = self.seen
        self.body, out = person.step_state(
            self.body, action, self.traits, self.p,
            base_hazard=self._hazard[np.minimum(self.t, len(self._hazard) - 1)],
            active=seen["enrolled"] if self.dropout else True, rng=self.rng,
        )  # fmt: skip
        leave = self.rng.random(self.num_envs) < out.hazard
        hard = out.trained & (out.difficulty >= 4)
        good = out.completed & (out.difficulty == MEDIUM)
        bad = out.trained & (hard | ~out.completed)
        reward = good * 1.0 - bad
        self.seen = {
            "difficulty": np.where(out.trained, out.difficulty, seen["difficulty"]),
            "fatigue_high": out.fatigue_high,
            "completed": np.where(out.trained, out.completed, seen["completed"]),
            "soreness": out.soreness,
            "enrolled": seen["enrolled"] & ~leave if self.dropout else seen["enrolled"],
            "idle_slots": np.where(out.trained, 0.0, seen["idle_slots"] + 1),
            "hard_reports": self.body.hard_run,
        }
        info = {"action_mask": self._all_allowed, "enrolled": self.seen["enrolled"],
                "target": self.body.target, "cost": (out.soreness >= VERY_SORE) * 1.0,
                **out._asdict()}  # fmt: skip
        return reward, self._never, info

    def begin_info(self) -> dict[str, Array]:
        return {"action_mask": self._all_allowed, "enrolled": self.seen["enrolled"],
                "target": self.body.target}  # fmt: skip

    def observe(self) -> Array:
        return state_index(self.seen["difficulty"], self.seen["fatigue_high"])

    def picture(self, row: int):
        """Text, or a small picture of target, difficulty and fatigue."""
        from rxcourse.simulators import pushup_picture

        draw = pushup_picture.text if self.render_mode == "ansi" else pushup_picture.pixels
        return draw(int(self.t[row]), self.body.target[row], self.seen["difficulty"][row],
                    self.seen["fatigue_high"][row])  # fmt: skip


def _put(columns, rows: Array, values) -> list[Array]:
    """Copies of columns with new values on these rows: the old arrays were handed out."""
    copies = [column.copy() for column in columns]
    for column, value in zip(copies, values, strict=True):
        column[rows] = value
    return copies


class PushUpEnv(SingleEnv):
    """One person doing push-ups; arguments as for ``PushUpVectorEnv``."""

    metadata = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}

    def __init__(self, **kwargs):
        super().__init__(PushUpVectorEnv(1, **kwargs))

    def _one(self, obs):
        return np.int64(obs[0])


FULL_OBS = (
    "slot", "target", "difficulty", "fatigue_high", "completed", "soreness",
    "idle_slots", "hard_reports", "slot_days",
)  # fmt: skip
"""Columns of a ``PushUpFull-v0`` observation, in natural units."""
_LOW = np.zeros(len(FULL_OBS), np.float32)
_HIGH = np.array([1e5, person.MAX_TARGET, 5, 1, 1, 10, 1e5, 1e5, 30], np.float32)


class SixStates:
    """A policy over the six states, for the vector observation of ``PushUpFull-v0``.

    Parameters
    ----------
    policy : Policy or stack
        Over ``STATES``.
    """

    def __init__(self, policy):
        self.policy, self.n_learners = policy, getattr(policy, "n_learners", None)

    def probs(self, obs: Array) -> Array:
        """Map observations (..., 9) to probabilities (..., 4)."""
        return self.policy.probs(self.state(obs))

    @staticmethod
    def state(obs: Array) -> Array:
        """The six-state summary of a vector observation."""
        obs = np.asarray(obs)
        return state_index(obs[..., 2], obs[..., 3] > 0.5)

    def __getitem__(self, learner: int) -> SixStates:
        return SixStates(self.policy[learner])


class PushUpFullVectorEnv(PushUpVectorEnv):
    """The same people, seen as a vector with what the safety rules read.

    **Observation** ``Box`` of shape (9,), see ``FULL_OBS``: slots since the start, target
    repetitions, last difficulty 1-5, fatigue report, completion report, soreness 0-10,
    slots since the last session, reports of 5 in a row, days per slot.

    Everything else is as in ``PushUpVectorEnv``. ``info["action_mask"]`` holds the
    safety rules of ``pushup_safety.py``; the environment itself executes any action.
    """

    def __init__(self, num_envs: int = 1, **kwargs):
        super().__init__(num_envs, **kwargs)
        from rxcourse.simulators import pushup_safety

        self.allowed, self.safer = pushup_safety.allowed, pushup_safety.SAFER
        self.baselines = {name: SixStates(policy) for name, policy in baselines.items()}

    def _space(self):
        return Box(_LOW, _HIGH, dtype=np.float32)

    def observe(self) -> Array:
        seen = self.seen
        days = np.full(self.num_envs, self.p["slot_days"])
        columns = [self.t, self.body.target, *(seen[k] for k in FULL_OBS[2:8]), days]
        return np.stack(columns, axis=-1).astype(np.float32)

    def move(self, action: Array):
        obs, reward, terminated, truncated, info = super().move(action)
        info["action_mask"] = self.allowed(obs)  # for the next decision
        return obs, reward, terminated, truncated, info

    def begin_info(self) -> dict[str, Array]:
        return {**super().begin_info(), "action_mask": self.allowed(self.observe())}


class PushUpFullEnv(SingleEnv):
    """One person seen as a vector; arguments as for ``PushUpVectorEnv``."""

    metadata = PushUpEnv.metadata

    def __init__(self, **kwargs):
        super().__init__(PushUpFullVectorEnv(1, **kwargs))
