"""Questions of chapter 1: prescription as decisions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import gymnasium as gym
import numpy as np

import rxcourse.simulators  # noqa: F401  (registers the environments)
from rxcourse.agents.planning import value_iteration
from rxcourse.data import Dataset
from rxcourse.grading.question import (
    Case,
    Choice,
    Function,
    Judged,
    Numeric,
    Option,
    Value,
    Wrong,
)
from rxcourse.rollout import rollout
from rxcourse.simulators import pushup
from rxcourse.simulators.parameters import parameters
from rxcourse.simulators.pushup_table import pushup_table, reward_table

Array = np.ndarray

# ---------------------------------------------------------------- 01.q1: six slots of a diary

SAMIR = [("Easy", True), ("Medium", True), ("Hard", True), ("rest", True),
         ("Medium", False), ("Medium", True)]  # fmt: skip
"""How each slot felt, and whether the session was completed."""


def paid(easy=0.0, medium=1.0, hard=-1.0, rest=0.0, unfinished=-1.0) -> Array:
    """Rewards of Samir's six slots under a way of paying."""
    by_feeling = {"Easy": easy, "Medium": medium, "Hard": hard, "rest": rest}
    return np.array([by_feeling[felt] if done else unfinished for felt, done in SAMIR])


def diary(rewards=None, gamma: float = 0.8) -> float:
    """Discounted return of a short course, as the package computes it."""
    reward = paid() if rewards is None else np.asarray(rewards, float)
    n, none = len(reward), np.zeros(len(reward), int)
    last = np.arange(n) == n - 1
    course = Dataset(none, none, reward, none, last & False, last, np.ones(n), none,
                     np.arange(n), none, 4)  # fmt: skip
    return float(course.returns(gamma)[0])


RETURN = Value(
    id="01.q1", title="Six slots of a diary", name="samirs_return", rung="by hand", minutes=8,
    objective=2, section="Adding up a programme", value=diary, tol=5e-4,
    near="Write the six rewards down first, then a weight under each of them.",
    wrong=[
        Wrong("plain sum", lambda: diary(gamma=1.0),
              "That is the plain sum. Later rewards count less: gamma is 0.8."),
        Wrong("unfinished and Medium pays", lambda: diary(paid(unfinished=1.0)),
              "Look at the fifth slot again: it felt Medium, but was it completed?"),
        Wrong("unfinished counts 0", lambda: diary(paid(unfinished=0.0)),
              "A session that is not completed is not the same as a rest. What does it earn?"),
        Wrong("Easy pays", lambda: diary(paid(easy=1.0)),
              "You let an Easy session earn something. Read the three lines of the reward again."),
        Wrong("rest costs", lambda: diary(paid(rest=-1.0)),
              "You let a rest cost something. Read the three lines of the reward again."),
        Wrong("Hard counts 0", lambda: diary(paid(hard=0.0)),
              "The third slot was completed, and it felt Hard. What does that earn?"),
        Wrong("Hard pays", lambda: diary(paid(hard=1.0)),
              "The third slot was completed, and it felt Hard: is that good or bad for the "
              "reward?"),
        Wrong("first one shrunk", lambda: 0.8 * diary(),
              "The first reward counts in full: its weight is gamma to the power 0."),
        Wrong("slots without a session skipped", lambda: diary(np.delete(paid(), 3)),
              "A rest takes up a slot as well, so the weights go on shrinking through it."),
        Wrong("slots that pay 0 skipped", lambda: diary(paid()[paid() != 0]),
              "Slots that pay 0 take up time, too: every slot has a weight, whatever it pays."),
        Wrong("two decimals", 0.08, "That is near. Give three decimals or more."),
        Wrong("another discount", lambda: diary(gamma=0.9),
              "That is right for gamma 0.9. Here it is 0.8."),
    ],
    hints=[
        "Each slot earns 1, 0 or -1. Only a completed session that feels Medium earns 1.",
        "The weights are 1, 0.8, 0.64, 0.512, 0.4096 and 0.32768.",
        "Two slots earn 1, two lose 1, two earn 0. Multiply each by its weight and add up.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 01.q2: the loop, twelve slots

RULE = [pushup.INCREASE, pushup.MAINTAIN, pushup.MAINTAIN, pushup.REST, pushup.DECREASE,
        pushup.REST]  # fmt: skip
N_SLOTS = 12


def one_behind() -> Array:
    """Rewards when each action answers the state of the slot before."""
    envs = gym.make_vec("rxcourse/PushUp-v0", num_envs=1)
    before, _ = envs.reset(seed=6)
    now, rewards = before, []
    for _ in range(N_SLOTS):
        after, reward, *_ = envs.step(np.array(RULE)[before])
        before, now = now, after
        rewards.append(float(reward[0]))
    return np.array(rewards)


@cache
def followed(seed: int = 6, shuffled: tuple = (), n_slots: int = N_SLOTS, stale: bool = False):
    """Rewards and states of one person under the rule, from an environment of one row."""
    rule = np.array(shuffled or RULE)
    envs = gym.make_vec("rxcourse/PushUp-v0", num_envs=1)
    first, _ = envs.reset(seed=seed)
    state, rewards, states = first, [], []
    for _ in range(n_slots):
        state, reward, *_ = envs.step(rule[first if stale else state])
        rewards.append(float(reward[0]))
        states.append(int(state[0]))
    return np.array(rewards), np.array(states)


def started() -> int:
    """The state in which Nadia begins."""
    return int(gym.make_vec("rxcourse/PushUp-v0", num_envs=1).reset(seed=6)[0][0])


def again_and_again() -> Array:
    """Rewards when every slot begins with a new reset."""
    return np.full(N_SLOTS, followed()[0][0])


LOOP = Value(
    id="01.q2", title="Twelve slots with Nadia", name="nadias_rewards", rung="complete", minutes=10,
    objective=1, section="The loop", value=lambda: followed()[0],
    near="Reset once with seed 6, then twelve times: look the action up, step, keep the reward.",
    wrong=[
        Wrong("the state never moves on", lambda: followed(stale=True)[0],
              "Every action is looked up in the first state. `step` hands back a new one: keep it "
              "for the next turn of the loop."),
        Wrong("another person", lambda: followed(seed=1)[0],
              "This is Ines, the person of the chapter. Nadia is drawn with another seed."),
        Wrong("always a new start", again_and_again,
              "The person is reset in every slot, so that nothing ever changes. Reset once, "
              "before the loop."),
        Wrong("the same action always", lambda: followed(shuffled=(1,) * 6)[0],
              "This is the fixed plan: Maintain in every slot. Let the rule choose by the state."),
        Wrong("one slot behind", one_behind,
              "Each action answers the state of the slot before. Look again before each action."),
        Wrong("actions", lambda: np.array(RULE)[[started(), *followed()[1][:-1]]],
              "These are the actions. The reward is the second thing that `step` hands back."),
        Wrong("states before each step", lambda: np.array([started(), *followed()[1][:-1]]),
              "These are the states in which the coach acted. Asked is what was earned there."),
        Wrong("rewards added up", lambda: followed()[0].cumsum(),
              "These are the rewards added up so far. Asked is the reward of each slot."),
        Wrong("only the sum", lambda: followed()[0].sum(),
              "That is the sum. Asked are the twelve rewards, in their order."),
        Wrong("states", lambda: followed()[1],
              "These are the states. The reward is the second thing that `step` hands back."),
        Wrong("one slot too few", lambda: followed(n_slots=N_SLOTS - 1)[0],
              "There are eleven. How often does the loop run, and is the first reward kept?"),
        Wrong("one slot too many", lambda: followed(n_slots=N_SLOTS + 1)[0],
              "There are thirteen. Nothing is earned before the first step."),
        Wrong("first reward lost", lambda: followed(n_slots=N_SLOTS + 1)[0][1:],
              "The first reward is missing, and there is one at the end too many. Keep the reward "
              "of every step, the first included."),
    ],
    hints=[
        "The chapter runs this loop for five slots. What has to be kept in each of them?",
        "Begin with `state, info = env.reset(seed=6)` and an empty list.",
        "In the loop: `state, reward, terminated, truncated, info = env.step(rule[state])`, then "
        "append the reward.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 01.q3: an interval too wide


def pairs(rng: np.random.Generator) -> list[Case]:
    """Returns of the same people under two plans."""
    def case(label, n, gain, between, within):
        people = rng.normal(scale=between, size=n)
        new, old = people + rng.normal(scale=within, size=(2, n))
        return Case(label, (new + gain, old))

    return [
        Case("Two people, new = [3, 5] and old = [1, 2]",
             (np.array([3.0, 5.0]), np.array([1.0, 2.0]))),
        Case("Four people, new = [0, -1, 2, 1] and old = [1, 1, 2, 4]",
             (np.array([0.0, -1.0, 2.0, 1.0]), np.array([1.0, 1.0, 2.0, 4.0]))),
        case("Fifty people who differ very much", 50, 0.5, 3.0, 0.5),
        case("Fifty people who are much alike", 50, 0.0, 0.1, 1.0),
        case("Four hundred people", 400, -0.2, 2.0, 1.0),
    ]  # fmt: skip


def by_person(new, old):
    """Mean and interval of the difference, by loops."""
    differences = [a - b for a, b in zip(new, old, strict=True)]
    n = len(differences)
    mean = sum(differences) / n
    variance = sum((d - mean) ** 2 for d in differences) / (n - 1)
    half = 1.96 * (variance / n) ** 0.5
    return mean, mean - half, mean + half


def interval(half, mean=lambda a, b: a.mean() - b.mean()):
    """A wrong interval around the mean difference."""
    return lambda a, b: (mean(a, b), mean(a, b) - half(a, b), mean(a, b) + half(a, b))


PAIRED = Function(
    id="01.q3", title="The interval that is too wide", name="difference_with_interval",
    rung="find the bug", minutes=10, objective=3, section="Four plans that everyone should beat",
    cases=pairs, expected=by_person,
    wrong=[
        Wrong("two groups",
              interval(lambda a, b: 1.96 * ((a.var(ddof=1) + b.var(ddof=1)) / len(a)) ** 0.5),
              "The bug is still there: this treats the two plans as two groups of different "
              "people. What does each single person say about the two plans?"),
        Wrong("spread of people", interval(lambda a, b: 1.96 * (a - b).std(ddof=1)),
              "That is how much people differ. With more people the mean gets surer, and the "
              "interval has to show it."),
        Wrong("divided by n", interval(lambda a, b: 1.96 * (a - b).std(ddof=1) / len(a)),
              "The interval shrinks too fast: four times as many people halve it."),
        Wrong("one standard error", interval(lambda a, b: (a - b).std(ddof=1) / len(a) ** 0.5),
              "That is one standard error on each side. An interval of 95 % takes 1.96 of them."),
        Wrong("variance", interval(lambda a, b: 1.96 * (a - b).var(ddof=1) / len(a) ** 0.5),
              "That uses the variance. The standard error needs its root, the standard deviation."),
        Wrong("divided by n in the spread",
              interval(lambda a, b: 1.96 * (a - b).std() / len(a) ** 0.5),
              "Nearly: keep `ddof=1`, which divides by one less than the number of people."),
        Wrong("two samples in one",
              interval(lambda a, b: 1.96 * ((a.var(ddof=1) + b.var(ddof=1)) / 2 / len(a)) ** 0.5),
              "You average the two spreads. How the plans differ on one and the same person is not "
              "in them."),
        Wrong("where people lie",
              lambda a, b: ((a - b).mean(), *np.percentile(a - b, [2.5, 97.5])),
              "Between these ends lie 95 % of the people. Asked is how far the mean would move "
              "with other people."),
        Wrong("ends exchanged", lambda a, b: tuple(by_person(a, b)[i] for i in (0, 2, 1)),
              "The ends are exchanged: the mean, then the lower end, then the upper end."),
        Wrong("2 instead of 1.96", interval(lambda a, b: 2 * (a - b).std(ddof=1) / len(a) ** 0.5),
              "Nearly: take 1.96 standard errors, as the task says, and not 2."),
        Wrong("spreads subtracted",
              interval(lambda a, b: 1.96 * (a.std(ddof=1) - b.std(ddof=1)) / len(a) ** 0.5),
              "A difference of spreads is not the spread of differences. Subtract person by "
              "person first."),
        Wrong("only the new plan", interval(lambda a, b: 1.96 * a.std(ddof=1) / len(a) ** 0.5),
              "The spread is that of the new plan alone. Asked is how sure the difference is."),
        Wrong("old minus new",
              lambda a, b: (-by_person(a, b)[0], -by_person(a, b)[2], -by_person(a, b)[1]),
              "The sign is turned round: above 0 should mean that the new plan is better."),
        Wrong("only the half width",
              lambda a, b: (by_person(a, b)[0], (by_person(a, b)[2] - by_person(a, b)[1]) / 2),
              "Return three numbers: the mean, the lower end and the upper end."),
        Wrong("mean in the middle", lambda a, b: tuple(by_person(a, b)[i] for i in (1, 0, 2)),
              "The mean stands between the two ends. It comes first, then the lower end, then the "
              "upper end."),
        Wrong("ends in a bracket", lambda a, b: (by_person(a, b)[0], by_person(a, b)[1:]),
              "The two ends stand in a bracket of their own. Return three numbers side by side."),
        Wrong("ends only", lambda a, b: by_person(a, b)[1:],
              "Return three numbers: the mean comes first, then the two ends."),
    ],
    hints=[
        "Everyone met both plans with the same luck. So each person has a difference of their own.",
        "Begin with one row of differences, one for each person. The rest is about that row only.",
        "The standard error of a mean is the standard deviation of the row, divided by the root "
        "of how many there are.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 01.q4: a careful plan

CAREFUL = (pushup.MAINTAIN, pushup.REST, pushup.DECREASE, pushup.REST, pushup.REST,
           pushup.REST)  # fmt: skip


@cache
def on_people(plan: tuple, seed: int = 1) -> Array:
    """Rewards of the notebook's people under a plan, one row for each."""
    people = gym.make_vec("rxcourse/PushUp-v0", num_envs=2_000)
    data = rollout(people, pushup.plan(*plan), rng=np.random.default_rng(seed))
    return data.padded(data.reward)


def worth(plan: tuple, gamma: float, seed: int = 1) -> float:
    """Mean return of a plan: what each slot brings on average, weighted."""
    by_slot = on_people(plan, seed).mean(axis=0)
    return float(by_slot @ gamma ** np.arange(len(by_slot)))


def ahead(*gammas: float, base: tuple = tuple(RULE), seed: int = 1) -> tuple[float, ...]:
    """How far the careful plan is ahead of another, by each discount."""
    return tuple(worth(CAREFUL, g, seed) - worth(base, g, seed) for g in gammas)


@dataclass(frozen=True, kw_only=True)
class Pair(Value):
    """Two numbers, which are not the same one twice."""

    def look_at(self, answer) -> str:
        text, pair = super().look_at(answer), self.numbers(answer)
        if not text or text in {wrong.message for wrong in self.wrong}:
            return text
        same = pair is not None and pair[0] == pair[1]
        return "The same number twice. Two discounts give two numbers." if same else text


CAREFULLY = Pair(
    id="01.q4", title="Helga's careful plan, by two discounts", name="ahead_of_the_rule",
    rung="experiment", minutes=12, objective=3, section="What a discount measures",
    value=lambda: ahead(0.9, 1.0),
    # The seed is given, so chance has no part: room for two decimals, and for a handful of
    # sessions of 200,000 that another computer may round to the other side.
    tol=0.005,
    near="Careful plan minus rule, both on the 2,000 people of the cell above, with its seed. "
         "First gamma 0.9, then gamma 1, to two decimals or more.",
    wrong=[
        Wrong("the sign", lambda: tuple(-x for x in ahead(0.9, 1.0)),
              "The sign is turned round: above 0 should mean that the careful plan is ahead."),
        Wrong("order", lambda: ahead(1.0, 0.9),
              "First the number for gamma 0.9, then the one for gamma 1."),
        Wrong("against nothing", lambda: ahead(0.9, 1.0, base=(pushup.REST,) * 6),
              "That is what the careful plan is worth by itself, which is its lead over doing "
              "nothing. Compare it with the coach's rule."),
        Wrong("the rule alone", lambda: tuple(worth(tuple(RULE), g) for g in (0.9, 1.0)),
              "That is what the rule is worth. How far is the careful plan ahead of it?"),
        Wrong("against the fixed plan", lambda: ahead(0.9, 1.0, base=(pushup.MAINTAIN,) * 6),
              "That is the lead over the fixed plan. Compare with the coach's rule."),
        Wrong("a slot instead of a course",
              lambda: (ahead(0.9)[0], ahead(1.0)[0] / pushup.HORIZON),
              "The second number is a mean over slots. With gamma 1 the return is the plain sum "
              "over the programme."),
        Wrong("means over slots", lambda: tuple(x / pushup.HORIZON for x in ahead(0.9, 1.0)),
              "Both numbers are divided by the hundred slots. A return is a sum over the "
              "programme."),
        Wrong("1 twice", lambda: ahead(1.0, 1.0),
              "Both numbers belong to gamma 1. The first discount is 0.9."),
        Wrong("0.9 twice", lambda: ahead(0.9, 0.9),
              "The same number twice: both belong to gamma 0.9. The second discount is 1."),
        Wrong("the first number only", lambda: ahead(0.9)[0],
              "That is the number for gamma 0.9. Give a second one, for the plain sum."),
        Wrong("whole numbers", lambda: tuple(round(x) + 0.0 for x in ahead(0.9, 1.0)),
              "These are whole numbers. Give two decimals or more."),
        Wrong("other people for the rule",
              lambda: tuple(worth(CAREFUL, g) - worth(tuple(RULE), g, seed=2) for g in (0.9, 1.0)),
              "The rule met other people than the careful plan. On the same ones, with the same "
              "luck, the two can be compared person by person."),
        Wrong("other people for both", lambda: ahead(0.9, 1.0, seed=2),
              "The way is right, but these are other people. Leave the seed of the cell as it is."),
        Wrong("0.97", lambda: ahead(0.9, 0.97),
              "The second number looks like gamma 0.97. Here it is 1, the plain sum."),
    ],
    hints=[
        "`careful.returns(0.9)` has one return for each person, and so has "
        "`rule_data.returns(0.9)`.",
        "The people are the same in both, in the same order, so the rows can be subtracted.",
        "Take the mean of the difference, once for each discount. Every person weighs the same.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 01.q5: the laziest way

WORDS = ("Increase", "Maintain", "Decrease", "Rest")


def effort(completed, difficulty, soreness, left):
    """Pays for each session that felt Medium or Hard."""
    return 1.0 * (difficulty >= 3)


def never_sore(completed, difficulty, soreness, left):
    """Pays for each slot after which soreness is reported as 6 of 10 or less."""
    return 1.0 * (soreness < 2)


@cache
def laziest(pay) -> str:
    """The one action that the best plan takes in all six boxes."""
    plan = value_iteration(pushup_table(reward_table(pay))).pi.argmax(axis=1)
    if len(set(plan)) != 1:
        raise AssertionError(f"the best plan is not one action: {plan}")
    return WORDS[plan[0]]


NAMES = {word: word for word in WORDS} | dict(zip(pushup.ACTIONS, WORDS, strict=True))
SPELLED = {re.sub("[^a-z]", "", name.lower()): word for name, word in NAMES.items()}
EXPECTED = (
    'Answer with two of the words "Increase", "Maintain", "Decrease" and "Rest", in quotes: first '
    "for the first reward, then for the second."
)

OTHER_ACTIONS = {
    ("Rest", "Increase"): "The two are exchanged: the first reward pays for effort.",
    ("Rest", "Rest"): "The second is right. But the first reward pays nothing for a day off.",
    ("Maintain", "Rest"):
        "The second is right. For the first: Hard pays as well as Medium, and failing costs "
        "nothing. What keeps a session from ever becoming Easy?",
    ("Decrease", "Rest"):
        "The second is right. But with fewer and fewer repetitions, how do sessions feel?",
    ("Increase", "Decrease"):
        "The first is right. For the second: a light session makes less sore than a hard one. "
        "Does anything make less sore still, and is it paid the same?",
    ("Increase", "Maintain"):
        "The first is right. The second does not ask whether anyone trains.",
    ("Maintain", "Decrease"):
        "These are plans that a coach would defend. A learner does what it is paid for, and "
        "nothing else.",
    ("Maintain", "Maintain"):
        "The same target for ever: does it stay hard as people get stronger, and does it never "
        "make anyone sore?",
    ("Decrease", "Decrease"):
        "Lighter sessions feel Easier, and the first reward pays nothing for that. The second "
        "pays for more than sessions.",
    ("Increase", "Increase"):
        "The first is right. The second reward is lost on every day that hurts.",
}  # fmt: skip


def two_words(answer) -> tuple[str, ...]:
    """The actions named, in the short words; empty if they are not two known ones."""
    if isinstance(answer, str):
        answer = re.split(r"[,;]|\band\b", answer)
    if isinstance(answer, np.ndarray):
        answer = answer.ravel().tolist()
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        return ()
    if not all(isinstance(part, str) for part in answer):
        return ()
    spelled = [re.sub("[^a-z]", "", part.lower()) for part in answer]
    return tuple(SPELLED[part] for part in spelled) if set(spelled) <= set(SPELLED) else ()


def predicted(answer) -> str:
    """What is wrong with the two actions of 01.q5."""
    if not (chosen := two_words(answer)):
        return EXPECTED
    if chosen == (laziest(effort), laziest(never_sore)):
        return ""
    return OTHER_ACTIONS.get(
        chosen, "For each reward ask: what is the laziest way to earn it, day after day?"
    )


LAZIEST = Judged(
    id="01.q5", title="What a perfect learner would do", name="two_actions", rung="predict",
    minutes=6, objective=5, section="What goes wrong: paying for the wrong thing",
    look=predicted,
    wrong=[Wrong(" and ".join(chosen), chosen, message)
           for chosen, message in OTHER_ACTIONS.items()]
    + [Wrong("action numbers", (0, 3), EXPECTED)],
    hints=[
        "Forget what is good for Viktor. What does each reward not ask for?",
        "The first reward does not care whether a session is completed, or how Hard it was.",
        "The second does not care whether there was a session. `value_iteration(pushup_table("
        "reward_table(effort))).pi.argmax(axis=1)` shows the best plan as action numbers.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 01.q6: the line that corrects


def tables(rng: np.random.Generator) -> list[Case]:
    """Tables of six boxes and four actions, and what happened once.

    The box acted in is one of the first four, so that `Q[a, s]` gets a sentence and no error.
    """
    def case(label, s, a, r, s2, alpha, gamma=0.9, shift=0.0):
        return Case(label, (rng.normal(size=(6, 4)) + shift, s, a, r, s2, alpha, gamma))

    return [
        case("A good session", 0, 0, 1.0, 2, 0.5),
        case("A bad one", 2, 1, -1.0, 4, 0.25),
        case("A rest that stays in its box", 3, 2, 0.0, 3, 0.1),
        case("A first experience, which counts fully", 3, 1, 1.0, 5, 1.0),
        case("Another discount", 1, 3, 0.0, 0, 0.3, 0.6),
        case("A table in which everything looks bad", 2, 0, -1.0, 3, 0.4, shift=-5.0),
    ]


def by_entry(Q, s, a, r, s2, alpha, gamma):
    """One correction, with lists and weights."""
    rows = [[float(x) for x in row] for row in Q]
    best = sorted(rows[s2])[-1]
    rows[s][a] = (1 - alpha) * rows[s][a] + alpha * (r + gamma * best)
    return np.array(rows)


def corrected(seems, *, where=lambda s, a, s2: (s, a), share=lambda alpha: alpha, keep=1.0,
              stay=True):
    """A correction in which one part is wrong."""
    def update(Q, s, a, r, s2, alpha, gamma):
        Q = Q.copy()
        step = share(alpha) * (seems(Q, s, a, r, s2, gamma) - keep * Q[s, a])
        cell = where(s, a, s2)
        Q[cell] = stay * Q[cell] + step
        return Q
    return update


def loose_share(Q, s, a, r, s2, alpha, gamma):
    """Alpha in front of the reward only."""
    Q = Q.copy()
    Q[s, a] += alpha * r + gamma * Q[s2].max() - Q[s, a]
    return Q


def loose_old(Q, s, a, r, s2, alpha, gamma):
    """Alpha in front of what it looks like, and the old number subtracted in full."""
    Q = Q.copy()
    Q[s, a] += alpha * (r + gamma * Q[s2].max()) - Q[s, a]
    return Q


def action_first(Q, s, a, r, s2, alpha, gamma):
    """Rows and columns of the table exchanged."""
    Q = Q.copy()
    Q[a, s] += alpha * (r + gamma * Q[s2].max() - Q[a, s])
    return Q


def looks_like(Q, s, a, r, s2, gamma):
    """What the action now looks like."""
    return r + gamma * Q[s2].max()


CORRECT = Function(
    id="01.q6", title="The line that corrects", name="correct", rung="complete", minutes=10,
    objective=5, section="A coach that learns, in ten lines", cases=tables, expected=by_entry,
    wrong=[
        Wrong("looks at the old box",
              corrected(lambda Q, s, a, r, s2, g: r + g * Q[s].max()),
              "This takes the best action of the box she was in. What counts is the box she has "
              "come to."),
        Wrong("no discount", corrected(lambda Q, s, a, r, s2, g: r + Q[s2].max()),
              "The next box counts in full here. It comes one slot later, so gamma belongs to it."),
        Wrong("mean of the next box", corrected(lambda Q, s, a, r, s2, g: r + g * Q[s2].mean()),
              "This takes the average of the next box. The formula takes its best action."),
        Wrong("the same action again", corrected(lambda Q, s, a, r, s2, g: r + g * Q[s2, a]),
              "This assumes that the same action is taken again in the next box. The formula "
              "takes the best one there."),
        Wrong("best of the whole table", corrected(lambda Q, s, a, r, s2, g: r + g * Q.max()),
              "This takes the largest number of the whole table. Only the row of the next box "
              "counts."),
        Wrong("number of the best action",
              corrected(lambda Q, s, a, r, s2, g: r + g * Q[s2].argmax()),
              "`argmax` says which action is best. Here it is its worth that counts."),
        Wrong("reward only", corrected(lambda Q, s, a, r, s2, g: r),
              "Only today's reward is in it. What does the next box promise?"),
        Wrong("reward lost", corrected(lambda Q, s, a, r, s2, g: g * Q[s2].max()),
              "The reward of this slot is missing."),
        Wrong("reward discounted", corrected(lambda Q, s, a, r, s2, g: g * (r + Q[s2].max())),
              "Today's reward counts in full. Gamma belongs to the next box only."),
        Wrong("all the way", corrected(looks_like, share=lambda alpha: 1.0),
              "The number jumps all the way. It moves only by the share alpha."),
        Wrong("old number kept", corrected(looks_like, keep=0.0),
              "The share alpha is added on top of the old number. Move towards the new one: the "
              "old number has to be subtracted first."),
        Wrong("other cell", corrected(looks_like, where=lambda s, a, s2: (s2, a)),
              "The correction lands in the next box. The action was taken in the box before."),
        Wrong("the whole box", corrected(looks_like, where=lambda s, a, s2: s),
              "All four actions of the box are moved. Only the one that was taken has been tried."),
        Wrong("written over",
              corrected(lambda Q, s, a, r, s2, g: looks_like(Q, s, a, r, s2, g) - Q[s, a],
                        keep=0.0, stay=False),
              "The correction is written in place of the old number. It is to be added to it."),
        Wrong("gamma on the old number, too",
              corrected(lambda Q, s, a, r, s2, g: r + g * (Q[s2].max() - Q[s, a]) + Q[s, a]),
              "Gamma also shrinks the old number here. It belongs to the next box only: look at "
              "the brackets."),
        Wrong("share of the reward only", loose_share,
              "Alpha multiplies the reward only. It is the share of the whole difference: look at "
              "the brackets."),
        Wrong("old number subtracted in full", loose_old,
              "The old number is subtracted in full, outside the bracket. Alpha is the share of "
              "the whole difference."),
        Wrong("best of the old box subtracted",
              corrected(lambda Q, s, a, r, s2, g: (
                  looks_like(Q, s, a, r, s2, g) - Q[s].max() + Q[s, a])),
              "The best number of the old box is subtracted. Compare with the number of the "
              "action that was taken."),
        Wrong("shares exchanged", lambda Q, s, a, r, s2, alpha, g:
              by_entry(Q, s, a, r, s2, 1 - alpha, g),
              "Alpha is how far the number moves, not how much of the old one stays."),
        Wrong("boxes exchanged", lambda Q, s, a, r, s2, alpha, g:
              by_entry(Q, s2, a, r, s, alpha, g),
              "The two boxes are exchanged: the action was taken in `s` and led to `s2`."),
        Wrong("alpha and gamma exchanged", lambda Q, s, a, r, s2, alpha, g:
              by_entry(Q, s, a, r, s2, g, alpha),
              "Alpha and gamma are exchanged. Gamma belongs to the next box, alpha is the share "
              "of the way."),
        Wrong("action first", action_first,
              "You read and write `Q[a, s]`. The rows are the boxes, so the box comes first."),
        Wrong("away from it", corrected(looks_like, share=lambda alpha: -alpha),
              "The number moves away from what the action now looks like. Check the sign."),
        Wrong("only the number", lambda *args: by_entry(*args)[args[1], args[2]],
              "That is the new number alone. Return the whole table."),
    ],
    hints=[
        "First write down what the action now looks like: the reward, and what the next box "
        "promises.",
        "The best of the next box is `Q[s2].max()`. It comes one slot later.",
        "Subtract the old number from what it looks like, take the share alpha, and add that to "
        "the cell of `s` and `a` in the copy.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 01.q7: eight lines of a vendor

MISSED = {
    "B": "You let line B pass. What can this engine do for someone who is worn out, except hope "
         "that they skip?",
    "D": "You let line D pass. How many good sessions would pay for one injury, and who would "
         "stop the engine there?",
    "E": "You let line E pass. How much of the weight lies on the first ten of the 42 slots?",
    "G": "You let line G pass. While it got better, what happened to the people it was worse for?",
}  # fmt: skip
EXTRA = {
    "A": "Line A goes back in your answer. It is short enough to be met again and holds what the "
         "last session alone does not.",
    "C": "Line C goes back in your answer. It pays for the intended effort, and looks at capacity "
         "at the end.",
    "F": "Line F goes back in your answer. What would you compare with that is not in it?",
    "H": "Line H goes back in your answer. Would you rather have an answer for everybody, always?",
}  # fmt: skip
LINES = "ABCDEFGH"


def letters(answer) -> set[str]:
    """Letters in "B, D and G", "bdg", ["B", "D"] or {"B"}; empty if there are none."""
    if isinstance(answer, str):
        answer = [answer]
    if isinstance(answer, np.ndarray):
        answer = answer.ravel().tolist()
    if not isinstance(answer, list | tuple | set | frozenset):
        return set()
    if not all(isinstance(part, str) for part in answer):
        return set()
    words = [word for part in answer for word in re.findall(r"[A-Z]+", part.upper())]
    return {letter for word in words if word not in ("AND", "LINE", "LINES") for letter in word}


def sent_back(answer) -> str:
    """What is wrong with the lines that were sent back."""
    chosen = letters(answer)
    if not chosen or not chosen <= set(LINES):
        return 'Answer with the letters of the lines, from A to H, such as "AC".'
    for letter in LINES:
        if letter in MISSED and letter not in chosen:
            return MISSED[letter]
        if letter in EXTRA and letter in chosen:
            return EXTRA[letter]
    return ""


def chosen_but(letter: str) -> str:
    """The right lines, with one of all lines taken out or put in."""
    return "".join(sorted(set(MISSED) ^ {letter}))


VENDOR = Judged(
    id="01.q7", title="Eight lines of a vendor", name="lines_sent_back", rung="judge", minutes=10,
    objective=4, section="An interview question, answered, and what to ask a vendor",
    look=sent_back,
    wrong=[Wrong(f"line {letter}", chosen_but(letter), message)
           for letter, message in sorted((MISSED | EXTRA).items())],
    hints=[
        "Hold each line against the model answer of the chapter, and against its rejected rival.",
        "Four lines go back, and four may stay. Ask of each: what is the worst day it allows?",
        "One of the four concerns the list of actions, one what an injury costs, one how far "
        "ahead the engine looks, one who paid for its learning.",
    ],
)  # fmt: skip

EXERCISES = (RETURN, LOOP, PAIRED, CAREFULLY, LAZIEST, CORRECT, VENDOR)

# ---------------------------------------------------------------- quiz


def days(slots: int) -> float:
    """How many days so many slots of the simulator take."""
    return slots * parameters("pushup")["slot_days"]


def once(r=0.0, old=0.2, best=1.5, alpha=0.25, gamma=0.8, function=by_entry) -> float:
    """The number of one box and action after one experience."""
    Q = np.zeros((6, 4))
    Q[0, 0], Q[2, 1] = old, best
    return float(function(Q, 0, 0, r, 2, alpha, gamma)[0, 0])


QUIZ = (
    Choice(
        id="01.z1", title="The flag", objective=1, section="The loop",
        text="After Leo's last slot `step` hands back terminated `False` and truncated `True`. "
             "What does that say?",
        options={
            "a": Option("Leo was injured and had to stop.", "That would be an end of the course "
                        "itself. This flag says something about us."),
            "b": Option("We stopped looking; Leo may go on training.", "Truncated means that only "
                        "our looking ended.", True),
            "c": Option("His last session was not completed.", "The reward would say that. The two "
                        "flags are about the end of the programme."),
            "d": Option("The engine made an error.", "It is a regular end: the number of slots we "
                        "wanted to see was reached."),
        },
    ),
    Numeric(
        id="01.z2", title="Slots and days", objective=1, section="The loop",
        text="Lotte, 52, has a programme of 24 slots in this simulator. How many days are that?",
        value=lambda: days(24), tol=1e-9, decimals=0,
        near='The section "The loop" says how long a slot is. How many days are 24 of them?',
        reason="A slot is 36 hours, one day and a half.",
        wrong=[
            Wrong("a slot a day", 24.0, "A slot is longer than a day here. How many hours was it?"),
            Wrong("every other day", 48.0, "A slot is shorter than two days here. How many hours "
                  "was it?"),
            Wrong("hours", lambda: 24 * days(24), "That is the number of hours."),
            Wrong("the wrong way", lambda: 24 / days(1), "A slot is longer than a day, so there "
                  "are more days than slots."),
        ],
    ),
    Choice(
        id="01.z3", title="One box, two times", objective=2,
        section="The first difficulty: the state",
        text="In the same box and with the same action, sessions early in the programme were Hard "
             "far more often than late ones. What does that tell?",
        options={
            "a": Option("The box leaves out something that matters.", "If the box held all that "
                        "matters, it would not matter when we look into it.", True),
            "b": Option("The rule is a bad one.", "The action was the same early and late. The "
                        "difference lies in what the box does not show."),
            "c": Option("Chance: with more people the two shares would meet.", "There were many "
                        "people. More of them would only make the two shares surer."),
            "d": Option("People are dishonest in the beginning.", "Reports have errors, but here "
                        "the target was still too high for a tired body."),
        },
    ),
    Choice(
        id="01.z4", title="The day after", objective=2,
        section="The third difficulty: the reward",
        text="A coach judges each action by the reward of the same slot. What is missed most?",
        options={
            "a": Option("Little: an action is paid when it is taken.", "The first repetition less "
                        "paid mostly in later slots, for about two weeks."),
            "b": Option("Which people were lucky.", "Luck matters, but it averages out over many "
                        "people. What is missed here does not."),
            "c": Option("Most of its effect: it changes who turns up for the next ten slots.",
                        "Fatigue and target last, so most of the effect comes later.", True),
            "d": Option("The strength at the end, and nothing else.", "That is missed as well, but "
                        "the rewards of the next slots change, too."),
        },
    ),
    Choice(
        id="01.z5", title="What an interval says", objective=3,
        section="Four plans that everyone should beat",
        text="A plan is worth 0.99 on 2,000 people, with a 95 % interval from 0.93 to 1.05. What "
             "does the interval say?",
        options={
            "a": Option("95 % of the people got between 0.93 and 1.05.", "People differ far more "
                        "than that. The interval is about their mean."),
            "b": Option("How much the mean would move with other people.", "It is about the mean "
                        "of 2,000 people, not about single ones.", True),
            "c": Option("The simulator is right to within 0.06.", "It takes the simulator for "
                        "granted. Whether people are like that is another question."),
            "d": Option("The plan is better than the rule with 95 % certainty.", "No comparison is "
                        "in it. For that, take the differences on the same people."),
        },
    ),
    Choice(
        id="01.z6", title="The price of an injury", objective=4,
        section="An interview question, answered, and what to ask a vendor",
        text="You are asked in an interview how your engine avoids injuries. Which answer is the "
             "strongest?",
        options={
            "a": Option("A very large penalty in the reward.", "With enough good sessions on the "
                        "other side a penalty can be bought off."),
            "b": Option("Rules outside the reward forbid actions, whatever they would earn.",
                        "What is forbidden cannot be paid for. Injuries are counted beside it.",
                        True),
            "c": Option("It learns from injuries, so they become rare.", "Somebody pays for each "
                        "lesson, and what is rare teaches slowly."),
            "d": Option("Injuries cannot be seen in the state, so nothing can be done.", "That is "
                        "why rules and people stand above the engine."),
        },
    ),
    Numeric(
        id="01.z7", title="One experience", objective=5,
        section="A coach that learns, in ten lines",
        text="A box and action are thought to be worth 0.2. The coach acts, earns 0, and comes to "
             "a box whose best action is worth 1.5. With gamma 0.8 and a share of 0.25, what is "
             "the new number?",
        value=once, decimals=2,
        near='The section "A coach that learns, in ten lines" has the line that does this.',
        reason="It now looks like 0 + 0.8 times 1.5 = 1.2. A quarter of the way from 0.2 to there.",
        wrong=[
            Wrong("the target", lambda: once(alpha=1.0), "That is what it looks like now. The "
                  "number moves only a quarter of the way."),
            Wrong("no discount", lambda: once(gamma=1.0), "The next box comes one slot later: "
                  "gamma is 0.8."),
            Wrong("old number lost", lambda: 0.25 * once(alpha=1.0), "A quarter of the new one "
                  "alone is not it: three quarters of the old number stay."),
            Wrong("added on top", lambda: once(function=corrected(looks_like, keep=0.0)),
                  "The old number has to be subtracted before the quarter is taken."),
            Wrong("reward only", lambda: once(best=0.0), "The reward was 0, but the next box "
                  "promises something."),
            Wrong("three quarters", lambda: once(alpha=0.75), "A quarter of the way is gone, and "
                  "not three."),
        ],
    ),
    Choice(
        id="01.z8", title="Ten lines beat the rule", objective=5,
        section="Forty coaches",
        text="In the chapter the forty coaches ended ahead of the rule in discounted reward, and "
             "level with it in reward a slot. What may be claimed?",
        options={
            "a": Option("Programs coach better than coaches.", "The rule was written down once and "
                        "nobody tuned it, and all of it was a simulator."),
            "b": Option("Under this reward and discount, in this simulator, they found a plan that "
                        "is better by the measure they were given.", "Mainly because it begins "
                        "better. Another measure says they are level.", True),
            "c": Option("Nothing: one of the two numbers must be wrong.", "Both are right. They "
                        "count early and late slots differently."),
            "d": Option("The learned plans make people stronger.", "Strength was about the same. "
                        "It was not what they were paid for."),
        },
    ),
)  # fmt: skip
