"""What there is to win in ``WeeklyRoutine``: best constants, and a planner that knows the truth.

The planner sees each person's body and traits. Each week it tries every template on copies
of the person, goes on with the person's own best constant template to the end of the year,
under chance that is not the year's own, and takes the template with the best mean outcome:
one step of policy improvement (a rollout policy). What it earns is a lower bound of what
perfect knowledge could earn.

Trials count leaving and injuries by their probability rather than by a draw: each week's
reward is weighted with the chance of still being there. The mean is the same but for the
little that strength fades after leaving, and far fewer trials are needed.
"""

from __future__ import annotations

import numpy as np

from rxcourse.simulators import weekly_person as person
from rxcourse.simulators import weekly_session as session
from rxcourse.simulators.weekly import WeeklyRoutineVectorEnv
from rxcourse.simulators.weekly_plan import DAYS, SESSIONS

Array = np.ndarray


def constant_returns(envs: WeeklyRoutineVectorEnv, *, seed: int, n_draws: int) -> Array:
    """Expected return of each person under each template kept all year, (N, A).

    The people are those of `seed`; `n_draws` courses of chance are averaged, other than the
    one that ``year`` meets with this seed.
    """
    n, n_actions = envs.num_envs, int(envs.single_action_space.n)
    envs.reset(seed=seed)
    rng = np.random.default_rng([seed, 2])
    action = np.tile(np.arange(n_actions), n)
    total = np.zeros(n * n_actions)
    for _ in range(n_draws):
        trial = Trial(envs, n_actions)
        for week in range(envs.weeks):
            luck = [_repeat(session.draw_luck(n, rng), n_actions) for _ in range(SESSIONS)]
            trial.play(action, week, luck)
        total += trial.earned
    return (total / n_draws).reshape(n, n_actions)


class Planner:
    """Chooses with knowledge of body and traits.

    Parameters
    ----------
    envs : WeeklyRoutineVectorEnv
    own : ndarray of int, shape (N,)
        The template that each person goes on with after the week that is tried.
    n_draws : int
        Courses of chance that every template is tried under.
    rng : numpy.random.Generator
    """

    def __init__(
        self, envs: WeeklyRoutineVectorEnv, own: Array, n_draws: int, rng: np.random.Generator
    ):
        self.envs, self.own, self.n_draws, self.rng = envs, own, n_draws, rng

    def __call__(self, week: int) -> Array:
        """The action of each person for this week."""
        envs, n, k = self.envs, self.envs.num_envs, self.n_draws
        n_actions = int(envs.single_action_space.n)
        tried = np.tile(np.repeat(np.arange(n_actions), k), n)
        own = np.repeat(self.own, n_actions * k)
        trial = Trial(envs, n_actions * k)
        for later in range(week, envs.weeks):
            luck = [self._luck(n, n_actions) for _ in range(SESSIONS)]
            trial.play(tried if later == week else own, later, luck)
        return trial.earned.reshape(n, n_actions, k).mean(axis=2).argmax(axis=1)

    def _luck(self, n: int, n_actions: int) -> session.Luck:
        """The same draws for all templates of a person: (N, A, k) in a row."""
        drawn = session.draw_luck(n * self.n_draws, self.rng)

        def spread(column):
            by_person = column.reshape(*column.shape[:-1], n, 1, self.n_draws)
            shape = (*column.shape[:-1], n, n_actions, self.n_draws)
            return np.broadcast_to(by_person, shape).reshape(*column.shape[:-1], -1)

        return session.Luck(*map(spread, drawn))


class Trial:
    """Copies of everybody in `envs` as they are now, to try something on.

    Attributes
    ----------
    earned : ndarray of shape (N * copies,)
        Expected reward so far.
    """

    def __init__(self, envs: WeeklyRoutineVectorEnv, copies: int):
        self.envs = envs
        self.body, self.traits = _repeat(envs.body, copies), _repeat(envs.traits, copies)
        self.here = self.body.enrolled.copy()  # probability of still being there
        self.earned = np.zeros(len(self.here))

    def play(self, action: Array, week: int, luck: list[session.Luck]) -> None:
        """One week of the model of `envs`; nobody leaves or is injured by a draw."""
        envs = self.envs
        weight = envs.weights
        body = session.new_week(session.new_decision(self.body, envs.load_step(action)))
        for day in range(SESSIONS):
            before = person.true_gain(body, self.traits)
            chance = luck[day]._replace(leave=1.0, injury=1.0)
            body, out = session.step_state(
                body, envs.dose(action, day), self.traits, envs.p, days=DAYS[day],
                base_hazard=envs.hazard[week * SESSIONS + day], luck=chance,
            )  # fmt: skip
            gain = person.true_gain(body, self.traits) - before
            excess = np.maximum(out.soreness - 2, 0)
            self.earned += self.here * (
                weight["gain"] * gain + weight["excess"] * excess + weight["injury"] * out.risk
            )
            self.here = self.here * (1 - out.hazard)
        self.body = body


def _repeat(columns, times: int):
    """Copies of everybody, side by side."""
    return type(columns)(*(np.repeat(column, times, axis=-1) for column in columns))
