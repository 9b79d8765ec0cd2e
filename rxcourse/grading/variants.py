"""Exam questions with a seed: ``python -m rxcourse.grading.variants 06 --seed 7 --n 3``.

Each function of ``QUESTIONS`` makes one question from a seed, a ``Variant``: its text, its
answers and the steps that earn points. The steps follow the formulas of the chapter; the
answers come from the package by another route, mostly by running its learners on a process
made for the question. With ``--answers`` the model answers are printed as well.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rxcourse.agents.expected_sarsa import expected_sarsa
from rxcourse.agents.features import Lookup
from rxcourse.agents.linear_prediction import linear_td
from rxcourse.agents.monte_carlo import monte_carlo
from rxcourse.agents.q_learning import q_learning
from rxcourse.agents.sarsa import sarsa
from rxcourse.agents.td import td_prediction
from rxcourse.data import Dataset
from rxcourse.mdp import TabularMDP, bellman_backup, policy_value
from rxcourse.policy import Uniform
from rxcourse.simulators.pushup import ACTIONS, STATES
from rxcourse.simulators.tabular import TabularVectorEnv

Array = np.ndarray
POINTS = 10
DECIMALS = 4  # numbers of a question have no more, so that hand and package agree exactly


class Step(NamedTuple):
    """A part of a model answer, and the points it earns."""

    points: int
    text: str


@dataclass(frozen=True)
class Variant:
    """One exam question, made from a seed.

    Parameters
    ----------
    chapter : str
        Two digits.
    title : str
    seed : int
    text : str
        The question in MyST.
    answer : dict of str to float or str
        What is asked for, by name, computed by the package.
    steps : tuple of Step
        The model answer. The points add up to ``POINTS``.
    """

    chapter: str
    title: str
    seed: int
    text: str
    answer: dict[str, float | str]
    steps: tuple[Step, ...]

    def sheet(self, answers: bool = False) -> str:
        """The question in MyST.

        Parameters
        ----------
        answers : bool
            Whether the model answer follows, with its points.

        Returns
        -------
        str
        """
        head = f"**{self.title}** ({POINTS} points; chapter {self.chapter}, seed {self.seed})"
        if not answers:
            return f"{head}\n\n{self.text}"
        marked = "\n".join(f"- {_points(s.points)}: {s.text}" for s in self.steps)
        return f"{head}\n\n{self.text}\n\n**Model answer**\n\n{marked}"


def number(x: float) -> str:
    """Write a number as by hand: at most four decimals, no zeros at the end.

    Parameters
    ----------
    x : float

    Returns
    -------
    str
        "0.5" and not "0.5000"; never "-0".
    """
    return f"{round(float(x), DECIMALS) + 0:.{DECIMALS}f}".rstrip("0").rstrip(".")


def _points(n: int) -> str:
    return f"{n} point{'s' * (n != 1)}"


def _pleasant(*numbers: float, decimals: int = DECIMALS) -> bool:
    """Whether all have few decimals."""
    return all(abs(x - round(x, decimals)) < 1e-9 for x in numbers)


def _rng(chapter: str, seed: int) -> np.random.Generator:
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed must be a whole number of at least 0, got {seed!r}.")
    return np.random.default_rng([int(chapter), seed])


def _pick(rng, *values: float) -> float:
    """One of these numbers, each as likely."""
    return float(rng.choice(values))


def _table(*rows) -> list[str]:
    """Lines of a table: a name and cells in each row, the head first, and a free line after it."""
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return [lines[0], "|" + " --- |" * len(rows[0]), *lines[1:], ""]


def _plus(x: float) -> str:
    """Write a number that is added: one below 0 in brackets."""
    return f"({number(x)})" if x < 0 else number(x)


def _products(weights, values) -> str:
    """Write a weighted sum, term by term."""
    return " + ".join(f"{number(w)} · {_plus(x)}" for w, x in zip(weights, values, strict=True))


def _named(names, values) -> str:
    """Write numbers with their names, commas between."""
    return ", ".join(f"{name} {number(x)}" for name, x in zip(names, values, strict=True))


def _moved(old: float, alpha: float, target: float, new: float) -> str:
    """Write how an estimate moves towards a target."""
    return f"{number(old)} + {number(alpha)} ({number(target)} - {_plus(old)}) = {number(new)}"


def _answers(what: str, names, values) -> dict[str, float]:
    """Answers of one kind, such as "MC fresh" and "MC tired"."""
    return {f"{what} {name}": float(x) for name, x in zip(names, values, strict=True)}


# ---------------------------------------------------------------- chapter 1


def two_returns(seed: int) -> Variant:
    """Two plans that a discount ranks one way and a plain sum the other.

    Answers: both returns, both sums, and the better plan under each.
    """
    rng = _rng("01", seed)
    while True:
        gamma = _pick(rng, 0.5, 0.8, 0.9)
        plans = rng.integers(-10, 11, size=(2, 4)) / 10
        weights = gamma ** np.arange(4)
        by_hand, sums = plans @ weights, plans.sum(axis=1)
        (gap,), (plain_gap,) = np.diff(by_hand), np.diff(sums)
        apart = gap * plain_gap < 0 and min(abs(gap), abs(plain_gap)) > 0.05
        none_is_nil = abs(np.append(by_hand, sums)).min() > 0.05
        if apart and none_is_nil and min(by_hand.max(), sums.max()) > 0:
            break
    log = Dataset(
        obs=np.zeros(8, int), action=np.zeros(8, int), reward=plans.ravel(),
        next_obs=np.zeros(8, int), terminated=np.tile(np.arange(4) == 3, 2),
        truncated=np.zeros(8, bool), propensity=np.full(8, np.nan),
        episode=np.repeat([0, 1], 4), t=np.tile(np.arange(4), 2),
        person=np.repeat([0, 1], 4), n_actions=4,
    )  # fmt: skip
    found, plain = log.returns(gamma), log.returns(1.0)
    first, second = (f"plan {'AB'[x.argmax()]}" for x in (found, plain))
    g = number(gamma)
    text = "\n".join([
        "Two plans were run on the same 1,000 simulated people. The table shows the mean reward "
        "in each of the first four slots; after that both plans rest, with reward 0. A third "
        "plan rests from the first slot on.", "",
        *_table(["slot", *range(1, 5)], *([f"plan {name}", *map(number, plan)]
                                          for name, plan in zip("AB", plans, strict=True))),
        f"1. Compute the return of plan A and of plan B with gamma {g}, and with gamma 1.",
        f"2. Which of the three plans is best with gamma {g}, and which with gamma 1?",
        "3. Nothing about the people differs between the two answers. What does?",
    ])  # fmt: skip
    steps = (
        Step(1, f"The weights are {', '.join(map(number, weights))}."),
        Step(2, f"Plan A: {_products(weights, plans[0])} = {number(by_hand[0])}."),
        Step(2, f"Plan B: {_products(weights, plans[1])} = {number(by_hand[1])}."),
        Step(1, f"With gamma 1 the plain sums: A {number(sums[0])}, B {number(sums[1])}."),
        Step(2, f"Resting is worth 0 with either gamma. So the best is {first} with gamma {g} "
                f"and {second} with gamma 1."),
        Step(2, "What differs is our choice of how much later rewards count. A reward says what "
                "counts, a discount says when, and a result has to name both."),
    )  # fmt: skip
    answer = {
        "A discounted": float(found[0]), "B discounted": float(found[1]),
        "A sum": float(plain[0]), "B sum": float(plain[1]),
        "best discounted": first, "best sum": second,
    }  # fmt: skip
    return Variant("01", "When does a reward count?", seed, text, answer, steps)


# ---------------------------------------------------------------- chapter 4


def careful_plan(seed: int) -> Variant:
    """The values of a careful plan by hand, and one look ahead for another action.

    Answers: three values, the value of one action, and whether it is better.
    """
    rng = _rng("04", seed)
    to_train = bool(rng.random() < 0.5)  # so that no answer can be guessed
    while True:
        gamma = _pick(rng, 0.5, 0.6, 0.8, 0.9)
        p, k = rng.integers(2, 19, size=2) / 20
        r, tired_r = rng.integers(1, 81) / 10, rng.integers(1, 161) / 20
        factor = 1 - gamma * (1 - p) - gamma**2 * p
        fresh = r / factor
        tired, strained = gamma * fresh, gamma**2 * fresh
        look = tired_r + gamma * (k * tired + (1 - k) * strained)
        if (_pleasant(fresh, tired, strained, factor, look, decimals=3) and tired_r < r
                and abs(look - tired) > 0.1 and (look > tired) == to_train):  # fmt: skip
            break
    P = np.array([[[1 - p, p, 0], [1, 0, 0]], [[0, k, 1 - k], [1, 0, 0]], [[0, 0, 1], [0, 1, 0]]])
    R = np.array([[r, 0], [tired_r, 0], [-1, 0]])
    mdp = TabularMDP(P, R, np.eye(3)[0], np.zeros(3, bool), gamma)
    v = policy_value(mdp, np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]))
    q = float(bellman_backup(mdp, v)[1, 0])
    better = "train" if q > v[1] else "rest"
    g, stay = number(gamma), number(1 - p)
    text = "\n".join([
        "An invented person is fresh, tired or strained on each planned day. What training and "
        "rest do is in the table; gamma is " + g + ".", "",
        *_table(
            ["state", "action", "reward", "next time"],
            ["fresh", "train", number(r), f"fresh {stay}, tired {number(p)}"],
            ["fresh", "rest", 0, "fresh 1"],
            ["tired", "train", number(tired_r), f"tired {number(k)}, strained {number(1 - k)}"],
            ["tired", "rest", 0, "fresh 1"],
            ["strained", "train", -1, "strained 1"],
            ["strained", "rest", 0, "tired 1"]),
        "The plan is: train when fresh, otherwise rest.", "",
        "1. Write down the Bellman equation of each of the three values, and solve them.",
        "2. What is it worth to train once when tired, and to follow the plan afterwards?",
        "3. Is the plan the best one for a tired person? Say what you compare.",
    ])  # fmt: skip
    f, t, x = number(fresh), number(tired), number(strained)
    steps = (
        Step(2, f"F = {number(r)} + {g} ({stay} F + {number(p)} T), T = {g} F, X = {g} T."),
        Step(2, f"T put into the first, with all F on one side: 1 - {number(gamma * (1 - p))} - "
                f"{number(gamma**2 * p)} = {number(factor)}, and {number(factor)} F is "
                f"{number(r)}. So F = {number(r)} / {number(factor)} = {f}."),
        Step(2, f"T = {g} · {f} = {t} and X = {g} · {t} = {x}."),
        Step(2, f"Training once when tired: {number(tired_r)} + {g} ({number(k)} · {t} + "
                f"{number(1 - k)} · {x}) = {number(look)}."),
        Step(2, f"Compared with {t}, the value of resting: the better action when tired is to "
                f"{better}. " + (
                    "The plan can be improved there, and training every time is worth at least "
                    "as much as training once." if better == "train" else
                    "One look ahead finds nothing better in this state.")),
    )  # fmt: skip
    answer = {"fresh": float(v[0]), "tired": float(v[1]), "strained": float(v[2]),
              "train when tired": q, "better when tired": better}  # fmt: skip
    return Variant("04", "What a careful plan is worth", seed, text, answer, steps)


# ---------------------------------------------------------------- chapter 5


def mc_and_td(seed: int) -> Variant:
    """One short episode read by Monte Carlo and by TD, and its last step read as a cut.

    Answers: three values after Monte Carlo, three after TD, and the third if the log was cut.
    """
    rng = _rng("05", seed)
    while True:
        gamma, alpha = _pick(rng, 0.5, 0.8, 0.9), _pick(rng, 0.1, 0.2, 0.5)
        states = rng.permutation(6)[:4]
        rewards = rng.integers(-1, 2, size=3).astype(float)
        v0 = rng.integers(-4, 9, size=4) / 4 if alpha == 0.5 else rng.integers(-4, 9, size=4) / 2
        G = np.zeros(3)
        for t in (2, 1, 0):
            G[t] = rewards[t] + gamma * (G[t + 1] if t < 2 else 0.0)
        ahead = rewards + gamma * np.array([v0[1], v0[2], 0.0])
        cut = rewards[2] + gamma * v0[3]
        surprises = np.array([*(G - v0[:3]), *(ahead - v0[:3]), cut - v0[2]])
        apart = min(abs(G - ahead)[:2]) > 0.05 and abs(v0[3]) > 0.1 and np.ptp(rewards) > 0
        if apart and abs(surprises).min() > 0.05 and _pleasant(*(alpha * surprises)):
            break
    by_mc, by_td = v0[:3] + alpha * (G - v0[:3]), v0[:3] + alpha * (ahead - v0[:3])
    by_cut = v0[2] + alpha * (cut - v0[2])
    settings = {"n_learners": 1, "n_episodes": 1, "gamma": gamma, "alpha": alpha, "v0": v0}

    def found(method, ends=True):
        envs = _chain(rewards, gamma, ends)
        return method(envs, Uniform(1), **settings, rng=_rng("05", seed)).v[0, :3]

    mc, td = found(monte_carlo), found(td_prediction)
    truncated = found(td_prediction, ends=False)[2]
    names = [STATES[s] for s in states]
    g, a = number(gamma), number(alpha)
    text = "\n".join([
        "Three slots of a simulated person were logged, and then the programme was over: the "
        f"episode ended. Gamma is {g}, the step size {a}.", "",
        *_table(["slot", "state", "reward"],
                *([t + 1, names[t], number(rewards[t])] for t in range(3))),
        f"Present values: {_named(names, v0)}.", "",
        "1. Give the three values after the Monte Carlo update.",
        "2. Give the three values after the TD(0) updates, done slot by slot.",
        f"3. It turns out that the programme was not over: the app was closed after slot 3, and "
        f"the person, now in {names[3]}, went on training. What is the TD value of {names[2]} "
        "then, and what would go wrong with the old reading, however long the log?",
    ])  # fmt: skip
    steps = (
        Step(2, f"Returns, backwards: {_named(names[2::-1], G[::-1])}."),
        Step(2, "Monte Carlo moves each value towards its return: " + "; ".join(
            f"{names[t]} {_moved(v0[t], alpha, G[t], by_mc[t])}" for t in range(3)) + "."),
        Step(3, "TD moves each value towards the reward plus gamma times the value ahead: " +
             "; ".join(f"{names[t]} {_moved(v0[t], alpha, ahead[t], by_td[t])}"
                       for t in range(3)) +
             ". After the end nothing comes, so the last target is the reward alone."),
        Step(2, f"Cut off, not ended: the target is {number(rewards[2])} + {g} · {_plus(v0[3])} = "
                f"{number(cut)}, and {names[2]} becomes {number(by_cut)}."),
        Step(1, "Read as an end, the future is counted 0 at every cut. That is a bias, and more "
                "data does not remove it."),
    )  # fmt: skip
    answer = _answers("MC", names[:3], mc) | _answers("TD", names[:3], td)
    answer["cut"] = float(truncated)
    return Variant("05", "One log, two readings, and a cut", seed, text, answer, steps)


def _chain(rewards: Array, gamma: float, ends: bool = True) -> TabularVectorEnv:
    """One row that passes from state to state, with these rewards."""
    n = len(rewards)
    P = np.eye(n + 1)[np.minimum(np.arange(n + 1) + 1, n)][:, None]
    R = np.append(rewards, 0.0)[:, None]
    mdp = TabularMDP(P, R, np.eye(n + 1)[0], (np.arange(n + 1) == n) & ends, gamma)
    return TabularVectorEnv(mdp, 1, horizon=None if ends else n)


# ---------------------------------------------------------------- chapter 6


def td_update(seed: int) -> Variant:
    """One step, updated by Q-learning, SARSA and expected SARSA, and the same step as an end.

    Answers: three new estimates, and the one that all rules share if the episode ended.
    """
    rng = _rng("06", seed)
    while True:
        gamma, alpha = _pick(rng, 0.5, 0.9, 1.0), _pick(rng, 0.1, 0.2, 0.5)
        epsilon = _pick(rng, 0.2, 0.4)
        row = rng.permutation(np.arange(-8, 9))[:4].astype(float)
        old, reward = float(rng.integers(-6, 7)), float(rng.integers(-1, 2))
        taken = int(rng.integers(4))
        pi = np.full(4, epsilon / 4) + (1 - epsilon) * (row == row.max())
        future = np.array([row.max(), row[taken], pi @ row, 0.0])
        targets = reward + gamma * future
        new = old + alpha * (targets - old)
        gaps = abs(new[:, None] - np.append(new, old))[~np.eye(4, 5, dtype=bool)]
        if taken != row.argmax() and gaps.min() > 0.04 and _pleasant(*new):
            break
    given = row, old, reward, gamma, alpha, epsilon
    answer = {
        "Q-learning": _updated(q_learning, *given),
        "SARSA": _updated(sarsa, *given, taken=taken),
        "expected SARSA": _updated(expected_sarsa, *given),
        "ended": _updated(q_learning, *given, ends=True),
    }
    g, a, r, e = number(gamma), number(alpha), number(reward), number(epsilon)
    text = "\n".join([
        f"A coach's table says Q(s, a) = {number(old)}. It does a in s, gets the reward {r}, and "
        "arrives in a state with these action values:", "",
        *_table(["next action", *ACTIONS], ["Q(s', ·)", *map(number, row)]),
        f"Step size {a}, gamma {g}. The coach is epsilon-greedy with epsilon {e}. The next action "
        f"that it really takes is {ACTIONS[taken]}.", "",
        "1. Give the new Q(s, a) by Q-learning, by SARSA and by expected SARSA.",
        "2. Suppose the episode had ended with this step. Give the three new values again.",
        "3. Averaged over many such steps, which two of the three rules agree, and why?",
    ])  # fmt: skip
    t, n = [number(x) for x in targets], [number(x) for x in new]
    rest = " + ".join(_plus(x) for x in row if x != row.max())
    most, each = pi.max(), pi.min()
    steps = (
        Step(2, f"Q-learning takes the best next value, {number(row.max())}: the target is "
                f"{r} + {g} · {_plus(row.max())} = {t[0]}, and "
                f"{_moved(old, alpha, targets[0], new[0])}."),
        Step(2, f"SARSA takes the value of {ACTIONS[taken]}, {number(row[taken])}: the target is "
                f"{t[1]}, the new value {n[1]}."),
        Step(3, f"Expected SARSA: the best action has probability {number(most)}, each other "
                f"{number(each)}, so the mean is {number(most)} · {_plus(row.max())} + "
                f"{number(each)} ({rest}) = {number(future[2])}. The target is {t[2]}, the new "
                f"value {n[2]}."),
        Step(2, f"After an end nothing comes, so all three targets are the reward {r}, and all "
                f"three new values are {n[3]}."),
        Step(1, "SARSA and expected SARSA: both value the behaviour that is shown, trials "
                "included. SARSA does it by one drawn action, expected SARSA by the average."),
    )  # fmt: skip
    return Variant("06", "One step, three updates", seed, text, answer, steps)


def _updated(rule, row, old, reward, gamma, alpha, epsilon, *, taken=None, ends=False) -> float:
    """Let a learner of the package take one step, and read the entry it has moved."""
    n = len(row)
    P = np.zeros((2, n, 2))
    P[:, :, 1] = 1.0
    allowed = np.ones((2, n), bool)
    allowed[0, 1:] = False  # the step in question is the only one possible
    if taken is not None:
        allowed[1] = np.arange(n) == taken
    mdp = TabularMDP(P, np.full((2, n), reward), np.array([1.0, 0.0]),
                     np.array([False, ends]), gamma, allowed=allowed)  # fmt: skip
    q0 = np.zeros((2, n))
    q0[0, 0], q0[1] = old, row
    run = rule(TabularVectorEnv(mdp, 1), n_learners=1, n_steps=1, gamma=gamma, alpha=alpha,
               epsilon=epsilon, q0=q0, allowed=allowed, rng=np.random.default_rng(0))  # fmt: skip
    return float(run.q[0, 0, 0])


# ---------------------------------------------------------------- chapter 7


def regret_of_learners(seed: int) -> Variant:
    """The scaled regret of many learners in a table with one box, and their time in weeks.

    Answers: three scaled regrets, their mean over learners, the share near the optimum, weeks.
    """
    rng = _rng("07", seed)
    while True:
        gamma = _pick(rng, 0.5, 0.8, 0.9)
        means = np.append(rng.integers(-10, 11, size=2) / 20, 0.0)
        learners = int(rng.choice([50, 100, 200, 500]))
        counts = rng.multinomial(learners, [0.4, 0.35, 0.25])
        hours, weeks = int(rng.choice([24, 36, 42, 48, 56])), int(rng.integers(4, 61))
        slots = weeks * 168 / hours
        v, chance = means / (1 - gamma), means.mean() / (1 - gamma)
        if np.ptp(means) < 0.05 or not _pleasant(slots, decimals=0):
            continue
        regrets = (v.max() - v) / (v.max() - chance)
        _, second, third = np.sort(regrets)
        if (second > 0.06 and third - second > 0.1 and counts.min() > 2
                and _pleasant(chance, *regrets, *v, decimals=3)
                and _pleasant(regrets @ counts / learners)):  # fmt: skip
            break
    mdp = TabularMDP(np.ones((1, 3, 1)), means[None], np.ones(1), np.zeros(1, bool), gamma)
    plans = np.eye(3)[:, None]
    best = policy_value(mdp, plans)[:, 0].max()
    by_chance = policy_value(mdp, np.full((1, 3), 1 / 3))[0]

    def missed(stack):
        return (best - policy_value(mdp, stack)[:, 0]) / (best - by_chance)

    each, theirs = missed(plans), missed(np.repeat(plans, counts, axis=0))
    names = ("lighter", "the same", "rest")
    g, top = number(gamma), int(means.argmax())
    text = "\n".join([
        "For once the coach keeps a single box, and a plan always does the same thing. Mean "
        f"rewards a slot, counted from simulated people; gamma is {g}:", "",
        *_table(["action", *names], ["mean reward", *map(number, means)]),
        f"{learners} learners practised for {int(slots)} slots of {hours} hours. In the end "
        + ", ".join(f"{n} chose “{name}”" for n, name in zip(counts, names, strict=True)) + ".",
        "",
        "1. What is each of the three plans worth, and what is chance worth?",
        "2. Give the scaled regret of each plan, and its mean over the learners.",
        "3. Which share of the learners has a regret of at most 0.05? How many weeks did each "
        "of them practise?",
        "4. A report shows one learner, with regret 0. What may be concluded about the method?",
    ])  # fmt: skip
    mean = regrets @ counts / learners
    share = counts[top] / learners
    steps = (
        Step(2, f"A plan earns its mean reward for ever, so it is worth that divided by 1 - {g}: "
                f"{_named(names, v)}. Chance is their mean, {number(chance)}."),
        Step(2, f"The best is “{names[top]}”. Its distance to chance is {number(v.max())} - "
                f"{_plus(chance)} = {number(v.max() - chance)}, and the regrets are "
                f"{_named(names, regrets)}."),
        Step(2, f"Mean: ({_products(counts, regrets)}) / {learners} = {number(mean)}."),
        Step(2, f"Only “{names[top]}” is within 0.05: {counts[top]} of {learners}, a share of "
                f"{number(share)}. Time: {int(slots)} · {hours} / 168 = {weeks} weeks."),
        Step(2, f"Nothing much: a share of {number(share)} of the learners looks like that, and "
                "the report does not say how many were tried. Ask for all of them, and for the "
                "value on people, since the table is an average."),
    )  # fmt: skip
    answer = {
        "chance": float(by_chance), **_answers("regret", names, each),
        "mean regret": float(theirs.mean()), "share": float((theirs <= 0.05).mean()),
        "weeks": slots * hours / (24 * 7),
    }  # fmt: skip
    return Variant("07", "One box, many learners", seed, text, answer, steps)


# ---------------------------------------------------------------- chapter 9


def linear_step(seed: int) -> Variant:
    """One step of semi-gradient TD(0) with two features, and the same step as an end.

    Answers: two new weights, the new values of both states, the weights if the episode ended.
    """
    rng = _rng("09", seed)
    while True:
        gamma, alpha = _pick(rng, 0.5, 0.8, 0.9), _pick(rng, 0.1, 0.2, 0.5)
        w = rng.permutation(np.array([-4.0, -3, -2, -1, 1, 2, 3, 4]))[:2]
        x, x_next = (np.array([1.0, _pick(rng, 0.2, 0.4, 0.5, 0.6, 0.8)]) for _ in range(2))
        reward = float(_pick(rng, -2.0, -1.0, 1.0, 2.0))
        here, after = w @ x, w @ x_next
        delta, delta_end = reward + gamma * after - here, reward - here
        new, new_end = w + alpha * delta * x, w + alpha * delta_end * x
        numbers = (here, after, delta, *new, new @ x, new @ x_next, delta_end, *new_end)
        gaps = min(abs(delta), abs(delta_end), abs(delta - delta_end))
        if x[1] != x_next[1] and gaps > 0.2 and _pleasant(*numbers):
            break
    told = _linear_update(w, x, x_next, reward, gamma, alpha)
    ended = _linear_update(w, x, x_next, reward, gamma, alpha, ends=True)
    answer = {
        "first weight": told[0], "second weight": told[1], "value": float(told @ x),
        "next value": float(told @ x_next), "first weight, ended": ended[0],
        "second weight, ended": ended[1],
    }  # fmt: skip
    n = number
    text = "\n".join([
        f"A value is a sum of two features times weights. The weights are ({n(w[0])}, {n(w[1])}). "
        f"A person's state has the features (1, {n(x[1])}). The reward is {n(reward)}, and the "
        f"next state has the features (1, {n(x_next[1])}). Step size {n(alpha)}, gamma "
        f"{n(gamma)}.", "",
        "1. Give the two weights after one step of semi-gradient TD(0).",
        "2. Give the new value of the state and of the next state.",
        "3. Suppose the episode had ended with this step. Give the two new weights again.",
        "4. Why has the value of the next state changed, although nothing was learned about it?",
    ])  # fmt: skip
    steps = (
        Step(2, f"The values are {n(here)} and {n(after)}, and the surprise is {n(reward)} + "
                f"{n(gamma)} · {_plus(after)} - {_plus(here)} = {n(delta)}."),
        Step(2, f"Each weight moves by {n(alpha)} times the surprise times its feature: "
                f"{n(new[0])} and {n(new[1])}."),
        Step(2, f"The new values are {n(new @ x)} and {n(new @ x_next)}."),
        Step(2, f"After an end nothing comes: the surprise is {n(reward)} - {_plus(here)} = "
                f"{n(delta_end)}, and the weights are {n(new_end[0])} and {n(new_end[1])}."),
        Step(2, "Both states share both weights. Whoever moves a weight moves every state that "
                "has this feature."),
    )  # fmt: skip
    return Variant("09", "One step with two features", seed, text, answer, steps)


def _linear_update(w, x, x_next, reward, gamma, alpha, *, ends=False) -> Array:
    """Let the package take one step between two states with these features."""
    P = np.array([[[0.0, 1.0]], [[0.0, 1.0]]])
    mdp = TabularMDP(P, np.array([[reward], [0.0]]), np.array([1.0, 0.0]),
                     np.array([False, ends]), gamma)  # fmt: skip
    features = Lookup(np.array([x, x_next]))
    run = linear_td(TabularVectorEnv(mdp, 1), Uniform(1), features, n_learners=1, n_steps=1,
                    gamma=gamma, alpha=alpha, w0=w, rng=np.random.default_rng(0))  # fmt: skip
    return run.data["w"][0]


# ---------------------------------------------------------------- chapter 10


def two_networks(seed: int) -> Variant:
    """One target with an old copy, without it and double, its Huber loss, and the same at an end.

    Answers: three targets, the loss and the slope of the first, and the target after an end.
    """
    rng = _rng("10", seed)
    while True:
        gamma, reward = _pick(rng, 0.5, 0.6, 0.75, 0.8, 0.9), float(rng.integers(-3, 4))
        online, frozen = (rng.permutation(np.arange(-6, 10))[:4].astype(float) for _ in range(2))
        value = float(rng.integers(-6, 12))
        ahead = np.array([frozen.max(), online.max(), frozen[online.argmax()], 0.0])
        targets = reward + gamma * ahead
        error = targets[0] - value
        apart = abs(targets[:, None] - targets)[~np.eye(4, dtype=bool)]
        if apart.min() > 0.2 and 1.2 < abs(error) < 9 and _pleasant(*targets):
            break
    loss = float(limited(np.array([value]), targets[:1], 1.0))
    slope = float(np.sign(error))
    answer = {
        "copy": float(targets[0]), "no copy": float(targets[1]), "double": float(targets[2]),
        "loss": loss, "ended": float(targets[3]),
    }  # fmt: skip
    g, r, v = number(gamma), number(reward), number(value)
    text = "\n".join([
        f"A network gives today's session the value {v}. The reward is {r} and gamma is {g}. Of "
        "tomorrow's four sessions the network and its old copy say:", "",
        *_table(["tomorrow", *ACTIONS], ["network that learns", *map(number, online)],
                ["old copy", *map(number, frozen)]),
        "1. Give the target with the copy, the target without a copy, and the double target.",
        "2. Give Huber's loss, with threshold 1, for the target with the copy. In which direction "
        "does the value move, and how would the slope change if the error were twice as large?",
        "3. The person stopped for good after this session. Give the three targets again.",
        "4. Instead the study ended after this session. Which of the numbers above holds?",
    ])  # fmt: skip
    t = [number(x) for x in targets]
    chosen = ACTIONS[online.argmax()]
    steps = (
        Step(2, f"With the copy: its largest value is {number(ahead[0])}, so "
                f"{r} + {g} · {_plus(ahead[0])} = {t[0]}."),
        Step(2, f"Without a copy the network supplies its own largest value, {number(ahead[1])}: "
                f"{r} + {g} · {_plus(ahead[1])} = {t[1]}."),
        Step(2, f"Double: the network chooses {chosen}, the copy says what that is worth, "
                f"{number(ahead[2])}: {r} + {g} · {_plus(ahead[2])} = {t[2]}."),
        Step(2, f"The error is {t[0]} - {_plus(value)} = {number(error)}. Its size is above 1, so "
                f"the loss is {number(abs(error))} - 0.5 = {number(loss)}. The value moves "
                f"{'up' if slope > 0 else 'down'}; the slope is at its limit and stays there."),
        Step(1, f"After an end nothing comes: all three targets are {t[3]}."),
        Step(1, "Those of the first question: a study that ends is a cut, and the person goes on."),
    )  # fmt: skip
    return Variant("10", "Two networks, one session", seed, text, answer, steps)


def limited(value: Array, target: Array, threshold: float) -> float:
    """Huber's loss by integrating its slope from 0 to the error, which is a straight line at most.

    The slope rises from 0 to the threshold and stays there: a triangle and a rectangle.
    """
    size = abs(target - value)
    inside = np.minimum(size, threshold)
    return float((inside * inside / 2 + threshold * (size - inside)).mean())


# ---------------------------------------------------------------- chapter 12


def two_loads(seed: int) -> Variant:
    """Pushes on one preference after two kinds of session, without and with a baseline.

    Answers: value of the policy, two pushes, their mean, two pushes with the value taken off.
    """
    rng = _rng("12", seed)
    while True:
        p = _pick(rng, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9)
        pays = rng.integers(-60, 121, size=2) / 10
        score = np.array([1 - p, -p])
        v = p * pays[0] + (1 - p) * pays[1]
        bare, less = score * pays, score * (pays - v)
        slope = p * bare[0] + (1 - p) * bare[1]
        if (abs(pays[0] - pays[1]) > 1 and abs(pays).min() > 0 and abs(v) > 0.2
                and _pleasant(v, slope, *bare, *less)):  # fmt: skip
            break
    mdp = TabularMDP(np.array([[[0, 1.0]] * 2] * 2), np.array([pays, [0, 0]]), np.eye(2)[0],
                     np.array([False, True]), 1.0)  # fmt: skip
    value = policy_value(mdp, np.array([[p, 1 - p]] * 2))[0]
    better = bellman_backup(mdp, np.zeros(2))[0, 0] - value
    answer = {
        "value": float(value), "push after light": float(bare[0]),
        "push after heavy": float(bare[1]), "slope": float(p * better),
        "after light, less value": float((1 - p) * better),
        "after heavy, less value": float(less[1]),
    }  # fmt: skip
    n = number
    text = "\n".join([
        f"One session. A softmax policy takes light with probability {n(p)} and heavy with "
        f"probability {n(1 - p)}. Rewards:", "",
        *_table(["load", "light", "heavy"], ["reward", *map(n, pays)]),
        "1. What does the policy earn on average?",
        "2. Give the push on the preference of light, score times reward, after a light and after "
        "a heavy session.",
        "3. What is the exact slope of the return in the preference of light?",
        "4. Give the two pushes again, with the policy's value as a baseline.",
        "5. A colleague takes the value of the action that was taken as the baseline. What is "
        "wrong with that?",
    ])  # fmt: skip
    steps = (
        Step(1, f"Value: {_products((p, 1 - p), pays)} = {n(v)}."),
        Step(3, f"The score of light is {n(1 - p)} after light and {n(-p)} after heavy. Pushes: "
                f"{n(1 - p)} · {_plus(pays[0])} = {n(bare[0])} and "
                f"{n(-p)} · {_plus(pays[1])} = {n(bare[1])}."),
        Step(2, f"Slope, the mean of the pushes: {_products((p, 1 - p), bare)} = {n(slope)}."),
        Step(3, f"The rewards less the value are {n(pays[0] - v)} and {n(pays[1] - v)}. Pushes: "
                f"{n(1 - p)} · {_plus(pays[0] - v)} = {n(less[0])} and "
                f"{n(-p)} · {_plus(pays[1] - v)} = {n(less[1])}."),
        Step(1, "It depends on the action. Here every push would be 0, and nothing is learned: a "
                "baseline may depend on the state only."),
    )  # fmt: skip
    return Variant("12", "Two loads, four pushes", seed, text, answer, steps)


# ---------------------------------------------------------------- command line

QUESTIONS: dict[str, Callable[[int], Variant]] = {
    "01": two_returns, "04": careful_plan, "05": mc_and_td, "06": td_update,
    "07": regret_of_learners, "09": linear_step, "10": two_networks,
    "12": two_loads,
}  # fmt: skip


def sheets(chapter: str, seed: int, n: int, answers: bool = False) -> str:
    """Question sheets of a chapter, for the seeds from `seed` on.

    Parameters
    ----------
    chapter : str
        Two digits, such as "06".
    seed, n : int
        First seed, and how many.
    answers : bool
        Whether the model answers are printed too.

    Returns
    -------
    str
        MyST, with a rule between two sheets.

    Raises
    ------
    ValueError
        If there is no such chapter, or `n` is below 1.
    """
    if chapter not in QUESTIONS:
        raise ValueError(f'no question for chapter "{chapter}"; there are {", ".join(QUESTIONS)}.')
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}.")
    made = (QUESTIONS[chapter](s).sheet(answers) for s in range(seed, seed + n))
    return "\n\n---\n\n".join(made)


def main(arguments=None) -> int:
    """Print question sheets.

    Parameters
    ----------
    arguments : list of str, optional
        As typed after the command.

    Returns
    -------
    int
        0, or 2 when the call was wrong.
    """
    parser = argparse.ArgumentParser(
        prog="python -m rxcourse.grading.variants", description="Exam questions from a seed."
    )
    parser.add_argument("chapter", help='two digits, such as "06"')
    parser.add_argument("--seed", type=int, default=0, help="of the first sheet")
    parser.add_argument("--n", type=int, default=1, help="how many sheets, one seed each")
    parser.add_argument("--answers", action="store_true", help="print the model answers too")
    chosen = parser.parse_args(arguments)
    try:
        print(sheets(chosen.chapter.zfill(2), chosen.seed, chosen.n, chosen.answers))
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
