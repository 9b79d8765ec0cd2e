"""Questions of chapter 5: Monte Carlo and temporal differences."""

from __future__ import annotations

from functools import cache

import numpy as np

from rxcourse.agents.batch_prediction import batch_td
from rxcourse.agents.monte_carlo import monte_carlo
from rxcourse.agents.td import n_step_td, td_prediction
from rxcourse.data import Dataset
from rxcourse.grading.question import (
    Case,
    Choice,
    Function,
    Numeric,
    Option,
    Value,
    Wrong,
    sampling_tol,
)
from rxcourse.mdp import TabularMDP, policy_value
from rxcourse.policy import Uniform
from rxcourse.simulators.pushup import baselines
from rxcourse.simulators.pushup_table import PushUpTableVectorEnv, pushup_table
from rxcourse.simulators.tabular import TabularVectorEnv

Array = np.ndarray


def course(rewards, gamma: float) -> TabularMDP:
    """States in a row, each passed once, with these rewards; the last state is the end."""
    n = len(rewards) + 1
    P = np.eye(n, k=1)
    P[-1, -1] = 1.0
    R = np.append(rewards, 0.0)[:, None]
    return TabularMDP(P[:, None], R, np.eye(n)[0], np.arange(n) == n - 1, gamma)


def passed(method, mdp: TabularMDP, *, n_episodes=1, horizon=None, **settings):
    """One learner of the package, who goes through a course so many times."""
    return method(TabularVectorEnv(mdp, 1, horizon=horizon), Uniform(1), n_learners=1,
                  n_episodes=n_episodes, gamma=mdp.gamma, rng=np.random.default_rng(0),
                  **settings)  # fmt: skip


# ---------------------------------------------------------------- 05.q1: both updates by hand

BEFORE, REWARDS = np.array([0.4, 1.0, 0.2]), np.array([0.0, -1.0, 1.0])
ALPHA, GAMMA = 0.2, 0.5


@cache
def both_updates(gamma: float = GAMMA, alpha: float = ALPHA) -> tuple[float, ...]:
    """Monte Carlo's three values, then TD's, from the package."""
    settings = {"v0": np.append(BEFORE, 0.0), "alpha": alpha}
    runs = [passed(m, course(REWARDS, gamma), **settings) for m in (monte_carlo, td_prediction)]
    return tuple(float(x) for run in runs for x in run.v[0, :3])


def from_targets(mc, td) -> tuple[float, ...]:
    """Six values from six targets."""
    moved = [BEFORE + ALPHA * (np.array(target) - BEFORE) for target in (mc, td)]
    return tuple(np.concatenate(moved))


def its_targets() -> Array:
    """The six targets of 05.q1, recovered from the values."""
    before = np.tile(BEFORE, 2)
    return before + (np.array(both_updates()) - before) / ALPHA


def told_backwards() -> tuple[float, ...]:
    """TD that reads the slots from the last to the first."""
    v = np.append(BEFORE, 0.0)
    for t in (2, 1, 0):
        v[t] += ALPHA * (REWARDS[t] + GAMMA * v[t + 1] - v[t])
    return (*both_updates()[:3], *v[:3])


TRACE = Value(
    id="05.q1", title="Three slots, twice three values", name="values_after", rung="by hand",
    minutes=10, objective=2, section="Both updates by hand", value=both_updates, tol=1e-4,
    near="Write the six targets down first. Each value moves a fifth of the way to its own.",
    wrong=[
        Wrong("no discount", lambda: both_updates(1.0),
              "Nothing is discounted here: gamma is 0.5, in the returns and in front of the next "
              "value."),
        Wrong("whole targets", lambda: tuple(its_targets()),
              "These are the six targets. The values move only a fifth of the way towards them."),
        Wrong("old values forgotten", lambda: tuple(ALPHA * its_targets()),
              "A fifth of the target alone is no update: four fifths of the old value stay."),
        Wrong("methods exchanged", lambda: both_updates()[3:] + both_updates()[:3],
              "The six numbers are right, but TD's stand first. Monte Carlo's three come first."),
        Wrong("one return for all", lambda: from_targets([-0.25] * 3, its_targets()[3:]),
              "Every state got the return of the whole episode. A state's return begins with the "
              "reward of its own slot."),
        Wrong("read backwards", told_backwards,
              "Your TD used the next state's new value. When the slot is over, the next state has "
              "not been updated yet: TD moves slot by slot, forwards."),
        Wrong("reward of the slot only",
              lambda: from_targets(REWARDS, its_targets()[3:]),
              "Monte Carlo's target is not the reward of the slot alone. What followed it counts "
              "as well."),
        Wrong("no discount in TD", lambda: both_updates()[:3] + both_updates(1.0)[3:],
              "Monte Carlo is right. In TD's targets gamma is missing in front of the next value."),
        Wrong("no discount in Monte Carlo", lambda: both_updates(1.0)[:3] + both_updates()[3:],
              "TD is right. In Monte Carlo's returns gamma is missing: later rewards count less."),
        Wrong("discounted once", lambda: from_targets([0.0, -0.5, 1.0], its_targets()[3:]),
              "TD is right. In your first return the last reward is discounted once only. It comes "
              "two slots later."),
        Wrong("reward alone in TD", lambda: from_targets(its_targets()[:3], REWARDS),
              "Monte Carlo is right. TD's targets hold only the reward: the value of the next "
              "state is left out."),
        Wrong("reward alone in both", lambda: from_targets(REWARDS, REWARDS),
              "All your targets are the reward of the slot alone. Both methods add what follows, "
              "each in its own way."),
        Wrong("old value not subtracted",
              lambda: tuple(np.tile(BEFORE, 2) + ALPHA * its_targets()),
              "You add a fifth of each target. Subtract the old value from the target first."),
        Wrong("away from the target",
              lambda: tuple(2 * np.tile(BEFORE, 2) - np.array(both_updates())),
              "The values move away from their targets. The move is a fifth of the target minus "
              "the old value."),
        Wrong("alpha and gamma exchanged", lambda: both_updates(ALPHA, GAMMA),
              "The step size and gamma are exchanged: gamma is in the targets, the step size is "
              "the share of the way."),
        Wrong("the chapter's gamma", lambda: both_updates(0.9),
              "That is right for the chapter's gamma, 0.9. Here it is another."),
        Wrong("the chapter's step size", lambda: both_updates(GAMMA, 0.1),
              "That is right for a step size of 0.1. Here it is another."),
        Wrong("both of the chapter", lambda: both_updates(0.9, 0.1),
              "That is right for gamma 0.9 and a step size of 0.1. Lene's numbers are others."),
        Wrong("in pairs",
              lambda: tuple(np.reshape(both_updates(), (2, 3)).T.ravel()),
              "The numbers are right, in pairs by slot. Give Monte Carlo's three first, then TD's "
              "three."),
        Wrong("last slot first",
              lambda: both_updates()[2::-1] + both_updates()[:2:-1],
              "The numbers are right, but the last slot stands first. Give the slots in their "
              "order."),
        Wrong("only Monte Carlo", lambda: both_updates()[:3],
              "These are Monte Carlo's three. TD's three come after them."),
        Wrong("only TD", lambda: both_updates()[3:],
              "These are TD's three. Monte Carlo's three come before them."),
    ],
    hints=[
        "Monte Carlo: begin at the last slot and go back, each time the reward plus half of what "
        "you have.",
        "TD: for each slot the reward plus half the value that the next state has in the table "
        "above. After the end there is nothing.",
        "The last slot has the same target in both methods, because nothing follows it.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 05.q2: how news travels

STATIONS, LOOKS = 12, (1, 5, 12)


@cache
def courses_needed(n_sessions: int = STATIONS) -> tuple[int, ...]:
    """Passes after which the first value has moved, for each n: run, not reasoned."""
    mdp = course([0.0] * (n_sessions - 1) + [1.0], 0.9)
    needed = []
    for n in LOOKS:
        curve = passed(n_step_td, mdp, n=n, n_episodes=n_sessions, alpha=0.5, log_every=1,
                       log=lambda v: {"first": v[:, 0]}).curve  # fmt: skip
        needed.append(int(curve.loc[curve["first"] > 0, "step"].min()))
    return tuple(needed)


TRAVEL = Value(
    id="05.q2", title="When does the first session hear of the last?", name="courses",
    rung="predict", minutes=8, objective=4, section="Between one step and the end",
    value=courses_needed,
    near="Mark on paper, course by course, which values are above 0.",
    wrong=[
        Wrong("all at once", (1, 1, 1),
              "A value hears of a reward only through the rewards it waits for, or through a next "
              "value that is above 0 already. In the first course, whose values are?"),
        Wrong("one step only after the first", (12, 8, 1),
              "In each course the news travels n states further, not one: look n sessions ahead "
              "from there."),
        Wrong("counts the moves", (11, 2, 0),
              "Count the courses, not the moves between sessions. The first course already "
              "reaches the last session, not the one before it."),
        Wrong("not a whole number", (12, 2.4, 1),
              "Courses are counted in whole numbers, and the question is when the first value has "
              "moved, not when on average."),
        Wrong("rounded down", (12, 2, 1),
              "After two courses with n = 5 ten of the twelve states have heard. Is the first "
              "among them?"),
        Wrong("larger n is slower", (1, 3, 12),
              "It is the other way round: the longer the wait, the further back a reward "
              "reaches in one course."),
        Wrong("never more than n", (1, 5, 12),
              "These are the three n. The question is how many courses it takes."),
    ],
    hints=[
        "In the first course every value is 0, so only those states move whose n rewards contain "
        "the last one.",
        "For n = 1, after the first course only the last of the twelve values is above 0. Which "
        "are after the second?",
        "While a course runs, values move as the states are left: a state moved in this course is "
        "too late for those before it.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 05.q3: every visit counts


def logs(rng: np.random.Generator) -> list[Case]:
    """Logs of some episodes: states, rewards, where an episode ends."""

    def case(label, states, lengths, n_states, gamma=0.9):
        last = np.zeros(len(states), bool)
        last[np.cumsum(lengths) - 1] = True
        rewards = rng.normal(size=len(states)) + 0.5
        return Case(label, (np.array(states), rewards, last, n_states, gamma))

    many = rng.integers(1, 9, size=30)
    return [
        case("An episode of one slot", [1], [1], 2),
        Case("state = [0, 0], reward = [0, 4], last = [False, True], gamma 0.5",
             (np.array([0, 0]), np.array([0.0, 4.0]), np.array([False, True]), 2, 0.5)),
        case("One episode, no state seen twice", [2, 0, 1], [3], 4),
        case("One episode that comes back to a state", [0, 1, 0, 0], [4], 3),
        case("Two episodes", [0, 1, 2, 1, 1], [2, 3], 3),
        case("Thirty episodes", rng.integers(0, 5, size=many.sum()), many, 6, 0.8),
    ]  # fmt: skip


def followed(state, reward, last, gamma, *, start=0, through=False, absolute=False):
    """For each row the discounted sum from it to its end, by looking forwards."""
    found, begin = [], 0
    for t in range(len(state)):
        g, u = 0.0, t
        while u < len(state):
            if u - t >= start:
                g += gamma ** (u - (begin if absolute else t)) * reward[u]
            if last[u] and not through:
                break
            u += 1
        found.append(g)
        begin = t + 1 if last[t] else begin
    return found


def averaged(state, found, n_states, counts=None):
    """The mean of what belongs to each state; 0 where there is nothing."""
    rows = range(len(state)) if counts is None else counts
    lists = [[found[t] for t in rows if state[t] == s] for s in range(n_states)]
    return np.array([sum(x) / len(x) if x else 0.0 for x in lists])


def by_visits(**how):
    """Every-visit Monte Carlo with a flaw, or without one."""

    def estimate(state, reward, last, n_states, gamma):
        return averaged(state, followed(state, reward, last, gamma, **how), n_states)

    return estimate


def visits_kept(which: str):
    """Monte Carlo that counts the first or the last visit of each episode."""

    def estimate(state, reward, last, n_states, gamma):
        episode = np.cumsum(last) - last
        pairs = list(zip(episode, state, strict=True))
        rows = {p: t for t, p in enumerate(pairs)}
        if which == "first":
            rows = {p: t for t, p in reversed(list(enumerate(pairs)))}
        found = followed(state, reward, last, gamma)
        return averaged(state, found, n_states, sorted(rows.values()))

    return estimate


def summed(state, reward, last, n_states, gamma):
    """Sums in place of means."""
    found = np.array(followed(state, reward, last, gamma))
    return np.array([found[state == s].sum() for s in range(n_states)])


def newest(state, reward, last, n_states, gamma):
    """The return of the last visit of all."""
    v = np.zeros(n_states)
    v[state] = followed(state, reward, last, gamma)
    return v


def backwards(*, before=False, late=False, drops=False, forwards=False):
    """One running return, with a slip of the kind that loops invite."""

    def estimate(state, reward, last, n_states, gamma):
        found, g = {}, 0.0
        for t in range(len(state))[:: 1 if forwards else -1]:
            if last[t] and not (late or forwards):
                g = 0.0
            if before:
                found[t] = g
            if not (drops and last[t]):
                g = reward[t] + gamma * g
            if not (before or (drops and last[t])):
                found[t] = g
            if last[t] and (late or forwards):
                g = 0.0
        return averaged(state, found, n_states, sorted(found))

    return estimate


def started(state, reward, last, n_states, gamma):
    """Only the first slot of each episode counts."""
    rows = [t for t in range(len(state)) if t == 0 or last[t - 1]]
    return averaged(state, followed(state, reward, last, gamma), n_states, rows)


EVERY = Function(
    id="05.q3", title="Every visit counts", name="every_visit", rung="complete", minutes=12,
    objective=1, section="The core, written out", cases=logs, expected=by_visits(),
    wrong=[
        Wrong("first visits only", visits_kept("first"),
              "You count a state once an episode. Here every visit counts, also when the state "
              "comes back."),
        Wrong("last visits only", visits_kept("last"),
              "Of several visits in one episode you keep the last one only. Look at what happens "
              "when a state is found a second time."),
        Wrong("goes on into the next episode", by_visits(through=True),
              "Rewards of the next episode are counted too: another person's sessions. Where does "
              "a new return begin?"),
        Wrong("no discount",
              lambda s, r, e, n, g: by_visits()(s, r, e, n, 1.0),
              "Nothing is discounted: a reward k slots later counts gamma to the power k."),
        Wrong("own reward left out", by_visits(start=1),
              "The reward of the slot itself is missing. A state's return begins with the reward "
              "that follows it at once."),
        Wrong("own reward discounted",
              lambda s, r, e, n, g: g * by_visits()(s, r, e, n, g),
              "You discount once too often: the first reward after a visit counts in full."),
        Wrong("discounted from the first slot", by_visits(absolute=True),
              "You discount from the start of the episode. The return of a visit is discounted "
              "from that visit on."),
        Wrong("reward alone",
              lambda s, r, e, n, g: by_visits()(s, r, e, n, 0.0),
              "This is the mean reward of the next slot. A return adds up all that followed, to "
              "the end of the episode."),
        Wrong("running return from the front", backwards(forwards=True),
              "Your running return adds up what came before a visit. A return adds up what "
              "follows: in which direction must the loop go?"),
        Wrong("set to 0 after the last row", backwards(late=True),
              "The running return is set to 0 at the right row, but too late: first start anew, "
              "then add the reward of the last slot."),
        Wrong("last slots dropped", backwards(drops=True),
              "The last slot of each episode is skipped. Its reward counts, for itself and for "
              "all before it."),
        Wrong("noted too early", backwards(before=True),
              "You note the running return before the slot's own reward is in it."),
        Wrong("starts of episodes only", started,
              "You count the first slot of each episode only. Every slot is a visit with a "
              "return of its own."),
        Wrong("sum instead of mean", summed,
              "These are sums of returns. Divide by how often each state was visited."),
        Wrong("newest return only", newest,
              "Only the newest return of each state is left; earlier ones were overwritten. A "
              "value is the mean over all visits."),
        Wrong("mean over episodes",
              lambda s, r, e, n, g: summed(s, r, e, n, g) / e.sum(),
              "You divide by the number of episodes. Divide by the number of visits to the state."),
    ],
    hints=[
        "Go through the rows from the last to the first, and keep one running return.",
        "At the last row of an episode the running return starts anew, from the reward of that "
        "row alone.",
        "Keep two arrays with one entry for each state: the sum of its returns and its visits. "
        "A state without visits must not divide by 0.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 05.q4: TD reads a log once


def steps(rng: np.random.Generator) -> list[Case]:
    """A table and some logged steps."""

    def case(label, states, nexts, terminated, truncated, alpha=0.2, gamma=0.9):
        n = len(states)
        ends = np.array(terminated, bool), np.array(truncated, bool)
        table, rewards = rng.normal(size=4) + 1, rng.normal(size=n)
        return Case(label, (table, np.array(states), rewards, np.array(nexts), *ends, alpha, gamma))

    n = 60
    ends = rng.random((2, n)) < 0.2
    return [
        Case("One step from state 0 to 1 with v = [1, 2], reward 1, alpha 0.5, gamma 0.5",
             (np.array([1.0, 2.0]), np.array([0]), np.array([1.0]), np.array([1]),
              np.array([False]), np.array([False]), 0.5, 0.5)),
        case("One step", [0], [1], [0], [0]),
        case("One step that terminated", [2], [3], [1], [0]),
        case("One step that was truncated", [2], [3], [0], [1]),
        case("Two steps, there and back", [0, 1], [1, 0], [0, 0], [0, 1]),
        case("A state twice in a row", [1, 1, 1], [1, 1, 2], [0, 0, 0], [0, 0, 1], alpha=0.3),
        case("Sixty steps", *rng.integers(0, 4, size=(2, n)), ends[0], ends[1] & ~ends[0],
             alpha=0.1, gamma=0.8),
    ]  # fmt: skip


def usual(old, target, alpha):
    """A share of the way to the target."""
    return (1 - alpha) * old + alpha * target


def td_reader(
    *, over="terminated", skip="never", stale=False, stops=False, order=1, moves="state",
    rule=usual, target=lambda reward, ahead, gamma, over: reward + gamma * ahead,
):  # fmt: skip
    """TD(0) over a log, right or with a flaw, in plain Python numbers."""

    def read(v, state, reward, next_state, terminated, truncated, alpha, gamma):
        now = [float(x) for x in v]
        seen = list(now) if stale else now
        both = terminated | truncated
        ends = {"terminated": terminated, "truncated": truncated, "both": both, "never": 0 * both}
        for t in range(len(state))[::order]:
            s, s_next = int(state[t]), int(next_state[t])
            if not ends[skip][t]:
                ahead = 0.0 if ends[over][t] else seen[s_next]
                place = s if moves == "state" else s_next
                aim = target(float(reward[t]), ahead, gamma, bool(ends[over][t]))
                now[place] = rule(now[place], aim, alpha)
            if stops and both[t]:
                break
        return np.array(now)

    return read


def at_once(v, state, reward, next_state, terminated, truncated, alpha, gamma):
    """All rows in one array operation."""
    v = v.copy()
    v[state] += alpha * (reward + gamma * ~terminated * v[next_state] - v[state])
    return v


def next_row(v, state, reward, next_state, terminated, truncated, alpha, gamma):
    """The state of the next row for the next state; the last row has none."""
    rows = slice(None, -1)
    return td_reader()(v, state[rows], reward[rows], state[1:], terminated[rows],
                       truncated[rows], alpha, gamma)  # fmt: skip


ONCE = Function(
    id="05.q4", title="TD reads a log, once", name="td_pass", rung="complete", minutes=12,
    objective=1, section="The core, written out", cases=steps, expected=td_reader(),
    wrong=[
        Wrong("bootstraps through the end", td_reader(over="never"),
              "A terminated episode has no future: there the value ahead counts 0, whatever the "
              "table says."),
        Wrong("takes a cut for an end", td_reader(over="both"),
              "Truncated means that we stopped looking. The person trains on, and the value ahead "
              "counts as after any other step."),
        Wrong("swaps the two ends", td_reader(over="truncated"),
              "You stop at truncated steps and go on through terminated ones. It is the other way "
              "round."),
        Wrong("no discount", td_reader(target=lambda r, ahead, gamma, over: r + ahead),
              "The value ahead is not discounted: gamma does not appear in your result."),
        Wrong("old table for all targets", td_reader(stale=True),
              "Every target looks at the table as it was handed in. TD looks at the values of "
              "now, which earlier steps have moved."),
        Wrong("step size on the wrong side",
              td_reader(rule=lambda old, target, alpha: alpha * old + (1 - alpha) * target),
              "The step size sits on the wrong side: a small alpha must keep most of the old "
              "value."),
        Wrong("old value not taken off",
              td_reader(rule=lambda old, target, alpha: old + alpha * target),
              "You add a share of the target. The surprise is the target minus what was expected "
              "before."),
        Wrong("jumps to the target", td_reader(rule=lambda old, target, alpha: target),
              "The value jumps to the target. One session may be luck: only a share alpha of the "
              "way is taken."),
        Wrong("surprise with the wrong sign",
              td_reader(rule=lambda old, target, alpha: old - alpha * (target - old)),
              "The value moves away from its target. In which order are the two subtracted?"),
        Wrong("moves the next state", td_reader(moves="next"),
              "The next state's value is moved. It is the state that was left whose value is "
              "corrected."),
        Wrong("all rows at once", at_once,
              "All rows move at once, and a state that occurs twice moves only once. TD goes row "
              "by row: a later step meets values that an earlier one has moved."),
        Wrong("next row for next state", next_row,
              "The state in the next row may belong to another episode, and the last row has "
              "none. Where each step led is in `next_state`."),
        Wrong("leaves terminated steps out", td_reader(skip="terminated"),
              "Steps that terminated are left out. Nothing lies ahead of them, but their reward "
              "was earned."),
        Wrong("leaves truncated steps out", td_reader(skip="truncated"),
              "Truncated steps are left out. They hold a reward and a state that was really "
              "reached."),
        Wrong("last reward lost",
              td_reader(target=lambda r, ahead, gamma, over: 0.0 if over else r + gamma * ahead),
              "At a termination the whole target became 0. Only the value ahead is 0; the reward "
              "was earned."),
        Wrong("stops at the first end", td_reader(stops=True),
              "You stop at the first end of an episode. The log goes on with the next one."),
        Wrong("reward lost", td_reader(target=lambda r, ahead, gamma, over: gamma * ahead),
              "The reward of the step is missing in the target."),
        Wrong("reward discounted",
              td_reader(target=lambda r, ahead, gamma, over: gamma * (r + ahead)),
              "The reward of the step itself is discounted. It comes at once, and counts in full."),
        Wrong("from the last step to the first", td_reader(order=-1),
              "You read the log backwards, as Monte Carlo may. TD moves as the steps happen."),
    ],
    hints=[
        "Work on a copy of `v`, and go through the rows from the first to the last.",
        "For each row: what is ahead, then the target, then the move. Only `terminated` decides "
        "whether something is ahead.",
        "The surprise is the target minus `v[state[t]]`; a share alpha of it is added there.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 05.q5: n rewards, then a value


def episodes(rng: np.random.Generator) -> list[Case]:
    """Rewards of an episode, values along it, n, and how it stopped."""

    def case(label, length, n, terminated, gamma=0.9):
        return Case(label, (rng.normal(size=length), rng.normal(size=length + 1) + 1, n, gamma,
                            terminated))  # fmt: skip

    return [
        case("n = 1, truncated", 4, 1, False),
        Case("n = 2, truncated, reward = [1, 1], value = [4, 4, 8], gamma 0.5",
             (np.array([1.0, 1.0]), np.array([4.0, 4.0, 8.0]), 2, 0.5, False)),
        case("n = 2, truncated", 5, 2, False),
        case("n = 3, terminated", 6, 3, True),
        case("n longer than a truncated episode", 3, 5, False),
        case("n longer than a terminated episode", 3, 5, True),
        case("n = 4, twelve slots", 12, 4, False, 0.8),
    ]  # fmt: skip


def waits(
    power=lambda t, k, n: k, *, place=lambda t, k: t + k, first=lambda t: 0, more=0,
    without=lambda over, terminated: over and terminated,
):  # fmt: skip
    """n-step targets by a recursion: the target of n steps holds that of n - 1."""

    def after(reward, t, k, gamma):
        return 0.0 if k == 0 else reward[t] + gamma * after(reward, t + 1, k - 1, gamma)

    def targets(reward, value, n, gamma, terminated):
        found = []
        for t in range(len(reward)):
            k = min(n + more, len(reward) - t)
            g = gamma ** first(t) * after(reward, t, k, gamma)
            if not without(t + k == len(reward), terminated):
                g += gamma ** power(t, k, n) * value[place(t, k)]
            found.append(g)
        return np.array(found)

    return targets


def no_tail(reward, value, n, gamma, terminated):
    """Never adds a value."""
    return waits()(reward, 0 * value, n, gamma, terminated)


N_STEP = Function(
    id="05.q5", title="The longer it waits, the better it looks", name="n_step_targets",
    rung="find the bug", minutes=12, objective=4, section="Between one step and the end",
    cases=episodes, expected=waits(),
    wrong=[
        Wrong("discounted once", waits(lambda t, k, n: 1),
              "The bug is still there. After n rewards, how many slots away is the value that "
              "follows them?"),
        Wrong("not discounted", waits(lambda t, k, n: 0),
              "Now the value at the end of the wait is not discounted at all."),
        Wrong("n although the log stops sooner", waits(lambda t, k, n: n),
              "That is right in the middle of an episode. Near its end fewer than n rewards are "
              "left, and the value is nearer."),
        Wrong("discounted from the first slot", waits(lambda t, k, n: t + k),
              "You discount from the start of the episode. Each target is discounted from its own "
              "slot on."),
        Wrong("one time too many", waits(lambda t, k, n: k + 1),
              "The value is discounted once too often. With n = 1 the power must be 1."),
        Wrong("one time too few", waits(lambda t, k, n: k - 1),
              "The value has the same power as the last reward. It comes one slot later."),
        Wrong("future after the end", waits(without=lambda over, terminated: False),
              "After a terminated episode there is no value to add. That part of the code was "
              "right."),
        Wrong("everything discounted from the first slot",
              waits(lambda t, k, n: t + k, first=lambda t: t),
              "Rewards and values are discounted from the start of the episode. Each target "
              "begins anew at its own slot; the rewards were right before."),
        Wrong("no value where the log stops", waits(without=lambda over, terminated: over),
              "Where the log stops you never add a value. After a truncation the person goes on; "
              "that part of the code was right."),
        Wrong("no value in an episode that terminates",
              waits(without=lambda over, terminated: terminated),
              "In an episode that terminated you add no value anywhere. Only targets that reach "
              "the end have nothing ahead."),
        Wrong("value one slot too early", waits(place=lambda t, k: t + k - 1),
              "The value is read one slot too early. The place `end` was right before."),
        Wrong("no value at all", no_tail,
              "Now only rewards are left. The sum of n rewards leans on a value, unless the "
              "episode has terminated."),
        Wrong("one reward too many", waits(more=1),
              "This waits for n + 1 rewards. The number of rewards was right before."),
        Wrong("value of where it began", waits(place=lambda t, k: t),
              "The value added is that of the state where the wait began. It must be the state "
              "where it ends."),
        Wrong("all rewards discounted once more", waits(first=lambda t: 1),
              "The first reward of each sum counts in full. The rewards were right before."),
    ],
    hints=[
        "With n = 1 the code is right. Work out by hand what n = 2 should give, and compare.",
        "A reward k slots ahead counts gamma to the power k. How many slots ahead is the state in "
        "which the wait ends?",
        "Near the end of the log fewer than n rewards are left; `end - t` knows how many.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 05.q6: bias and spread, measured

LOOKED_AT, START, N_EPISODES, STEP, SLOTS = 2, 2.0, 5, 0.2, 30
SPREAD = 0.12  # largest standard deviation over logs, as measured
ASKED, OURS = 800, 4_000


def exact_there(place: int = LOOKED_AT) -> float:
    """Value of Medium/Low under the coach's rule."""
    return policy_value(pushup_table(), baselines["coach's rule"].table)[place]


@cache
def errors(
    start: float = START, first_visit: bool = True, alpha: float = STEP,
    n_episodes: int = N_EPISODES, place: int = LOOKED_AT,
) -> tuple[Array, Array]:  # fmt: skip
    """Errors of Monte Carlo and TD at Medium/Low, one for each learner."""
    coach, exact = baselines["coach's rule"], exact_there(place)
    envs = PushUpTableVectorEnv(OURS, horizon=SLOTS)
    settings = {"n_learners": OURS, "n_episodes": n_episodes, "gamma": 0.9, "alpha": alpha,
                "v0": start}  # fmt: skip
    mc = monte_carlo(envs, coach, first_visit=first_visit, rng=np.random.default_rng(11),
                     **settings)  # fmt: skip
    td = td_prediction(envs, coach, rng=np.random.default_rng(11), **settings)
    return mc.v[:, place] - exact, td.v[:, place] - exact


def measured(spread=np.std, middle=np.mean, **changed) -> tuple[float, ...]:
    """Mean error and spread of Monte Carlo, then of TD."""
    return tuple(float(f(e)) for e in errors(**changed) for f in (middle, spread))


def root_mean_square(e) -> float:
    """Bias and spread in one number."""
    return (e**2).mean() ** 0.5


BIAS = Value(
    id="05.q6", title="Eight hundred logs from too high", name="bias_and_spread",
    rung="experiment", minutes=15, objective=3, section="A thousand logs of the same rule",
    value=measured,
    tol=sampling_tol(SPREAD, ASKED, OURS),  # a spread errs less than a mean
    near="Check the start of 2, step size 0.2, 30 slots, 5 episodes, and the order of the four.",
    wrong=[
        Wrong("methods exchanged", lambda: measured()[2:] + measured()[:2],
              "The four numbers are right, but TD's stand first. Monte Carlo's two come first."),
        Wrong("order within a method", lambda: tuple(measured()[i] for i in (1, 0, 3, 2)),
              "For each method the mean error comes first, then the spread."),
        Wrong("all means first", lambda: tuple(measured()[i] for i in (0, 2, 1, 3)),
              "Give both numbers of Monte Carlo, then both of TD, not the two means first."),
        Wrong("exact minus estimate",
              lambda: measured(middle=lambda e: -e.mean()),
              "The sign is turned round. An error is the estimate minus the exact value, so an "
              "estimate that is too high has a positive one."),
        Wrong("root mean square as spread", lambda: measured(root_mean_square),
              "Your spread holds the bias as well: it is the root mean square error. Spread is "
              "measured around the mean of the logs, not around the exact value."),
        Wrong("error of the mean", lambda: measured(lambda e: e.std() / ASKED**0.5),
              "Your spread is far too small for single logs. Is it a variance, or the standard "
              "error of a mean over all of them?"),
        Wrong("values, not errors",
              lambda: measured(middle=lambda e: e.mean() + exact_there()),
              "These are mean values. Take the exact value off to see how far they miss it."),
        Wrong("squared", lambda: measured(np.var, lambda e: e.mean() ** 2),
              "These are squares: bias squared and variance. Give the mean error itself and a "
              "standard deviation, both in units of value."),
        Wrong("every visit", lambda: measured(first_visit=False),
              "Your Monte Carlo counts every visit. First visits are asked for."),
        Wrong("start of 0", lambda: measured(start=0.0),
              "That is what a start of 0 gives. Here all values start at 2."),
        Wrong("a smaller step", lambda: measured(alpha=0.1),
              "That is what a step size of 0.1 gives. Here it is 0.2."),
        Wrong("ten episodes", lambda: measured(n_episodes=10),
              "That is what ten episodes give. Here each learner logs five."),
        Wrong("Hard/High", lambda: measured(place=5),
              "That is Hard/High, where the chapter looked. Here you look at Medium/Low."),
        Wrong("one decimal", lambda: tuple(round(x, 1) for x in measured()),
              "That is near. Give two decimals or more."),
    ],
    hints=[
        "The method returns a run; `run.v` has one row for each learner and one column for each "
        "state.",
        "Take the column of Medium/Low, and subtract `exact` at the same state.",
        "The bias is the mean of these 800 errors, the spread their standard deviation.",
    ],
)  # fmt: skip


# ---------------------------------------------------------------- 05.q7: which to refuse

REPORTS = {  # visits, standard error, then 20 slots from 0 and from 2, 100 slots from 0 and from 2
    "A": (4_100, 0.01, 0.98, 0.98, 1.21, 1.22),
    "B": (900, 0.02, 0.72, 0.73, 0.74, 0.73),
    "C": (11, 0.02, 0.95, 0.96, 0.97, 0.97),
    "D": (2_500, 0.01, 0.61, 1.47, 0.60, 1.48),
    "E": (700, 0.10, 0.88, 0.90, 1.02, 1.04),
}


def verdict(visits, error, *values) -> str:
    """The first thing that speaks against a report."""
    short_0, short_2, long_0, long_2 = values
    if visits < 30:
        return "visits"
    if max(abs(short_0 - short_2), abs(long_0 - long_2)) > 5 * error:
        return "start"
    if max(abs(short_0 - long_0), abs(short_2 - long_2)) > 5 * error:
        return "length"
    return "keep"


def verdicts(**changed) -> tuple[str, ...]:
    """The five words, some of them changed."""
    return tuple(changed.get(name, verdict(*row)) for name, row in REPORTS.items())


REFUSE = Value(
    id="05.q7", title="Five reports on Hana's desk", name="words", rung="judge", minutes=10,
    objective=5, section="What goes wrong: the end of looking taken for the end",
    value=verdicts,
    near="Go through the three tests for that report, with its own standard error.",
    wrong=[
        Wrong("trusts small errors", lambda: verdicts(A="keep", C="keep", D="keep"),
              "A small standard error says that repeated logs agree. They can agree on something "
              "wrong: look at what the estimates move with."),
        Wrong("start and length exchanged", lambda: verdicts(A="start", D="length"),
              "Two of your words are exchanged. Compare columns that differ in one thing only."),
        Wrong("refuses what is uncertain", lambda: verdicts(E="length"),
              "Report E moves, but by less than its own error explains. A wide error is honest; "
              "it is no reason by itself."),
        Wrong("refuses what is uncertain for few visits", lambda: verdicts(E="visits"),
              "A wide error in report E does not mean few visits. Their number is in the table."),
        Wrong("trusts many visits", lambda: verdicts(A="keep", D="keep"),
              "Many visits make a number precise. It can still move when only the method's start "
              "or the length of the log is changed."),
        Wrong("trusts a handful", lambda: verdicts(C="keep"),
              "Report C looks calm. On how many visits does it rest?"),
        Wrong("misses the length", lambda: verdicts(A="keep"),
              "In report A the start makes no difference. Something else does."),
        Wrong("misses the start", lambda: verdicts(D="keep"),
              "In report D the length of the log makes no difference. Something else does."),
        Wrong("refuses what is rarer than the rest", lambda: verdicts(B="visits", E="visits"),
              "Fewer visits than others is not few. Hana's bound is 30."),
    ],
    hints=[
        "First the visits. Then compare the columns that differ in the start, then those that "
        "differ in the length.",
        "Five standard errors are another bound for each report: multiply before you compare.",
        "Two of the five can be kept, and all three reasons occur.",
    ],
)  # fmt: skip

EXERCISES = (TRACE, TRAVEL, EVERY, ONCE, N_STEP, BIAS, REFUSE)

# ---------------------------------------------------------------- quiz


def log_of_eight() -> Dataset:
    """Two people from Medium/High by way of Medium/Low, six from Medium/Low, all to an end."""
    rows = [(0, 0, 3, 0, 2, False), (0, 1, 2, 0, 0, True), (1, 0, 3, 0, 2, False),
            (1, 1, 2, 1, 2, True)]  # fmt: skip
    rows += [(2 + i, 0, 2, good, 2, True) for i, good in enumerate((1, 1, 1, 0, 1, 1))]
    episode, t, obs, reward, next_obs, ended = map(np.array, zip(*rows, strict=True))
    return Dataset(obs, 0 * obs, reward, next_obs, ended, np.zeros(len(t), bool),
                   np.full(len(t), np.nan), episode, t, episode, 4)  # fmt: skip


def one_step(old: float, reward: float, ahead: float, *, alpha: float, gamma: float) -> float:
    """A value after one step that was cut, from the package."""
    run = passed(td_prediction, course([reward, 0.0], gamma), horizon=1, alpha=alpha,
                 v0=np.array([old, ahead, 0.0]))  # fmt: skip
    return float(run.v[0, 0])


QUIZ = (
    Choice(
        id="05.z1", title="Which of the two scatters", objective=3,
        section="Bias and variance in one number",
        text="The start is forgotten, and both methods use the same small step. Why do Monte "
             "Carlo's estimates scatter more from log to log?",
        options={
            "a": Option("It sees fewer people.", "Both read the same logs. Look at what goes into "
                        "one target."),
            "b": Option("Its targets are wrong on average.", "A whole return is right on average. "
                        "Scatter is another question than bias."),
            "c": Option("It leans on its own guesses.", "That is TD. Leaning on guesses brings a "
                        "bias, not more scatter."),
            "d": Option("One return holds the luck of many slots, one TD target that of a single "
                        "slot.", "Every reward and every move in a return adds its own luck.",
                        True),
        },
    ),
    Numeric(
        id="05.z2", title="The last logged step", objective=2,
        section="What goes wrong: the end of looking taken for the end",
        text="The value of a state is 0.8. A step from it brings the reward -1 and leads to a "
             "state worth 0.6. There the study ends; the person trains on. With step size 0.25 and "
             "gamma 0.5, what does TD make of the 0.8? Give three decimals.",
        value=lambda: one_step(0.8, -1.0, 0.6, alpha=0.25, gamma=0.5), tol=1e-4, decimals=3,
        near='The section "Both updates by hand" does such a step, and "What goes wrong: the end '
             'of looking taken for the end" says what a cut changes.',
        reason="The step was truncated, so the value ahead counts: the target is -1 + 0.5 times "
               "0.6, and the value moves a quarter of the way.",
        wrong=[
            Wrong("cut taken for an end", lambda: one_step(0.8, -1, 0.0, alpha=0.25, gamma=0.5),
                  "The study ended, not the person's training. What is ahead still counts."),
            Wrong("no discount", lambda: one_step(0.8, -1, 0.6, alpha=0.25, gamma=1.0),
                  "The value ahead is not discounted: gamma is 0.5."),
            Wrong("target", lambda: one_step(0.8, -1, 0.6, alpha=1.0, gamma=0.5),
                  "That is the target. The value moves a quarter of the way towards it."),
            Wrong("change", lambda: one_step(0.8, -1, 0.6, alpha=0.25, gamma=0.5) - 0.8,
                  "That is the change. What is the value after it?"),
            Wrong("old value not subtracted", 0.8 + 0.25 * (-1 + 0.5 * 0.6),
                  "You add a quarter of the target. Subtract the old value from the target first."),
            Wrong("cut after two decimals", 0.42, "That is near. Give three decimals."),
            Wrong("rounded to two decimals", 0.43, "That is near. Give three decimals."),
        ],
    ),
    Numeric(
        id="05.z3", title="How slowly TD forgets", objective=3,
        section="A thousand logs of the same rule",
        text="All values are too high by 0.5. Gamma is 0.8 and the step size 0.1. By how much does "
             "one TD update lower a value on average?",
        value=lambda: 0.5 - one_step(0.5, 0.0, 0.5, alpha=0.1, gamma=0.8), tol=1e-4, decimals=3,
        near='The section "A thousand logs of the same rule" says how much of an error TD sees.',
        reason="The value ahead is too high as well: 0.8 of the error is in the target, and only "
               "a fifth of it is a surprise. A tenth of that is taken.",
        wrong=[
            Wrong("Monte Carlo", 0.05, "That is how much Monte Carlo would correct. TD's target "
                  "shares the error, because the next value is too high as well."),
            Wrong("hidden part", 0.04, "That is a tenth of the part that stays hidden. The "
                  "surprise is what is left of the error."),
            Wrong("surprise", 0.1, "That is the surprise on average. The value takes a tenth of "
                  "it."),
            Wrong("wrong sign", -0.01, "The size is right. How much lower is a positive number "
                  "here."),
        ],
    ),
    Choice(
        id="05.z4", title="How long to wait", objective=4,
        section="Between one step and the end",
        text="A new gym has logged very few episodes so far, all values still stand at their "
             "start, and the start is a guess. Which n promises the smaller error now, and what "
             "changes when thousands of episodes have come in?",
        options={
            "a": Option("A larger n now; a smaller one later.", "At first the guess weighs most, "
                        "and real rewards replace it. Later the quiet targets win.", True),
            "b": Option("A smaller n now; a larger one later.", "It is the other way round. Ask "
                        "which error dominates while the start is not forgotten."),
            "c": Option("n = 1 always.", "Its targets are the quietest, but they lean fully on "
                        "values that are still a guess."),
            "d": Option("As long as the episode, always.", "Its bias from the start fades first. "
                        "But its targets scatter most, and with much data that is what is left."),
        },
    ),
    Choice(
        id="05.z5", title="A thousand logs agree", objective=5,
        section="A thousand logs of the same rule",
        text="A report on Ruben, 49, says: a thousand resampled logs agree on his value within "
             "0.02. What is missing before the number may be used?",
        options={
            "a": Option("Whether it moves with the start and with the length of the log.",
                        "Agreement shows a small variance. A bias shows only when something that "
                        "should not matter is changed.", True),
            "b": Option("More logs.", "More of the same makes the interval narrower, and leaves "
                        "what all of them share."),
            "c": Option("Nothing, a thousand agree.", "They share one method, one start and one "
                        "way of ending. What they share cannot show in their spread."),
            "d": Option("A smaller step size.", "It would make them agree even more, and forget "
                        "the start more slowly."),
        },
    ),
    Numeric(
        id="05.z6", title="Eight people", objective=1,
        section="The same log, read twice",
        text="Gamma is 0.8. Two people were first seen in Medium/High, rested (reward 0) and were "
             "Medium/Low next; there one earned 1 and one 0, and the episode ended. Six others "
             "were first seen in Medium/Low; five earned 1, one 0, and the episode ended. What "
             "does batch TD say Medium/High is worth?",
        value=lambda: batch_td(log_of_eight(), n_states=6, gamma=0.8).v[0, 3], tol=1e-4,
        near='The section "The same log, read twice" has such a log: first what Medium/Low is '
             "worth, then Medium/High.",
        reason="Medium/Low is worth 6 successes in 8 visits. Medium/High led there every time, "
               "with nothing on the way, so it is worth gamma times that.",
        wrong=[
            Wrong("Monte Carlo", 0.4, "That is Monte Carlo: what followed for these two. TD uses "
                  "what Medium/Low is worth for all eight."),
            Wrong("no discount", 0.75, "That is the value of Medium/Low. Medium/High lies one "
                  "slot before it."),
            *(Wrong(f"six others only, {told}", worth, "The two who came from Medium/High "
                    "visited Medium/Low as well. All eight visits count there.")
              for told, worth in (("exactly", 0.8 * 5 / 6), ("three decimals", 0.667),
                                  ("two decimals", 0.67), ("cut off", 0.66))),
            Wrong("Monte Carlo without discount", 0.5, "That is the share of success among the "
                  "two. TD uses all who were in Medium/Low, and one discount."),
        ],
    ),
    Choice(
        id="05.z7", title="What the equation averages", objective=1, back="04",
        section="The two formulas",
        text="How does one TD update differ from the Bellman equation of the same rule?",
        options={
            "a": Option("It takes the best action.", "Neither does: both speak of the rule that "
                        "is followed. The best action belongs to the equation of the optimum."),
            "b": Option("It has no discount.", "Both discount the value of the next state."),
            "c": Option("One logged step stands in for the average over all next states.",
                        "The equation averages with known chances; TD lets many small steps do "
                        "the averaging.", True),
            "d": Option("It needs the table of chances.", "The equation needs it. TD needs only "
                        "what was logged."),
        },
    ),
    Choice(
        id="05.z8", title="Better than what", objective=5, back="01",
        section="One person, one question",
        text="From logged sessions the coach's rule is found to be worth 0.7 for people like "
             "Jonas. Is that good?",
        options={
            "a": Option("Yes, it is above 0.", "Zero is only what a rest earns in this reward. "
                        "What would the other simple plans be worth?"),
            "b": Option("It cannot be said without baselines on the same people.",
                        "Doing nothing, a fixed plan and chance are what a value is compared "
                        "with.", True),
            "c": Option("Yes, if the standard error is small.", "Then the number is precise. "
                        "Whether it is much is another question."),
            "d": Option("No, it is below 1.", "There is no natural limit of 1: a value adds up "
                        "many discounted rewards."),
        },
    ),
)  # fmt: skip
