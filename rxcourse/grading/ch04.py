"""Questions of chapter 4: Markov decision processes and the Bellman equation."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from rxcourse.agents.bounds import error_bounds
from rxcourse.agents.planning import value_iteration
from rxcourse.grading.compare import difference
from rxcourse.grading.question import Case, Choice, Function, Numeric, Option, Value, Wrong
from rxcourse.mdp import TabularMDP, bellman_backup, policy_value

Array = np.ndarray


def table(P, R, gamma: float, start: int = 0) -> TabularMDP:
    """A table without an end, in which everyone begins in one state."""
    n = len(P)
    return TabularMDP(np.array(P, float), np.array(R, float), np.eye(n)[start],
                      np.zeros(n, bool), gamma)  # fmt: skip


# ---------------------------------------------------------------- 04.q1: words become a table

MORNINGS = [
    ("good", "ride", {"good": 0.6, "heavy": 0.4}, 2.0),
    ("good", "bus", {"good": 1.0}, 0.0),
    ("heavy", "ride", {"good": 0.1, "heavy": 0.9}, 1.0),
    ("heavy", "bus", {"good": 0.75, "heavy": 0.25}, 0.0),
]


def written() -> tuple[Array, Array]:
    """Tomas' mornings as arrays, put in one by one."""
    states, actions = ("good", "heavy"), ("ride", "bus")
    P, R = np.zeros((2, 2, 2)), np.zeros((2, 2))
    for state, action, chances, reward in MORNINGS:
        place = states.index(state), actions.index(action)
        R[place] = reward
        for after, chance in chances.items():
            P[(*place, states.index(after))] = chance
    checked = table(P, R, 0.9)
    return checked.P, checked.R


def rewritten(change):
    """The table of 04.q1 after a change."""
    return lambda: change(*(x.copy() for x in written()))


def put(P, R, place, row):
    """The same table with one row of chances replaced."""
    P[place] = row
    return P, R


NAMED = np.array([[[0, 1], [1, 0]], [[0, 1], [1, 0]]])
"""Chances that the text names."""

TABLE = Value(
    id="04.q1", title="Tomas on his bicycle, as a table", name="tomas", rung="build", minutes=8,
    objective=1, section="The smallest model that has the dilemma", value=written,
    near="Number 1 is P, the chances of the next morning, number 2 is R, the rewards. Hold each "
         "sentence of the text against its place.",
    wrong=[
        Wrong("actions first",
              rewritten(lambda P, R: (P.transpose(1, 0, 2), R.T)),
              "The first index is the action here. It should be the state, then the action, then "
              "the next state."),
        Wrong("actions first in the chances",
              rewritten(lambda P, R: (P.transpose(1, 0, 2), R)),
              "In P the first index is the action here. It should be the state, as in R."),
        Wrong("next state before action",
              rewritten(lambda P, R: (P.transpose(0, 2, 1), R)),
              "Each row along the last index should sum to 1, because some morning must follow. "
              "Here the last index is the action."),
        Wrong("next state exchanged",
              rewritten(lambda P, R: (P[..., ::-1], R)),
              "The two next states are exchanged everywhere: good is number 0, heavy is number 1."),
        Wrong("heavy legs that ride",
              rewritten(lambda P, R: put(P, R, (1, 0), [0.9, 0.1])),
              "Look at the ride with heavy legs again: are the 9 cases in 10 good or heavy?"),
        Wrong("good legs that ride",
              rewritten(lambda P, R: put(P, R, (0, 0), [0.4, 0.6])),
              "Look at the ride with good legs again: do the 4 cases in 10 end good or heavy?"),
        Wrong("heavy legs on the bus",
              rewritten(lambda P, R: put(P, R, (1, 1), [0.25, 0.75])),
              "Look at the bus with heavy legs again: do the 3 cases in 4 end good or heavy?"),
        Wrong("a bus that always helps",
              rewritten(lambda P, R: put(P, R, (1, 1), [1.0, 0.0])),
              "With heavy legs a day on the bus helps only in some of the cases."),
        Wrong("good legs on the bus",
              rewritten(lambda P, R: put(P, R, (0, 1), [0.0, 1.0])),
              "Look at the bus with good legs again: how are the legs on the next morning?"),
        Wrong("unnamed chances left 0", rewritten(lambda P, R: (P * NAMED, R)),
              "Where the text names only one chance, the other is not 0: a morning must follow."),
        Wrong("in per cent", rewritten(lambda P, R: (100 * P, R)),
              "Chances are shares: each row should sum to 1, not to 100."),
        Wrong("columns of the rewards exchanged", rewritten(lambda P, R: (P, R[:, ::-1])),
              "In R the two actions are exchanged: riding is number 0, the bus is number 1."),
        Wrong("rewards on the other axis", rewritten(lambda P, R: (P, R.T)),
              "In R the rows are states and the columns actions; yours are the other way round."),
        Wrong("reward of a heavy ride", rewritten(lambda P, R: (P, np.array([[2.0, 0], [2, 0]]))),
              "A ride does not earn the same with heavy legs as with good ones."),
        Wrong("states exchanged", rewritten(lambda P, R: (P[::-1, :, ::-1], R[::-1])),
              "Your state 0 is heavy. The task numbers the states the other way: good is 0."),
        Wrong("actions exchanged", rewritten(lambda P, R: (P[:, ::-1], R[:, ::-1])),
              "Your action 0 is the bus. The task numbers the actions the other way: riding is 0."),
        Wrong("states and actions exchanged",
              rewritten(lambda P, R: (P[::-1, ::-1, ::-1], R[::-1, ::-1])),
              "Your state 0 is heavy and your action 0 is the bus. The task numbers both the other "
              "way round."),
        Wrong("P alone", lambda: written()[0], "This is P alone. Give both, `(P, R)`."),
        Wrong("R alone", lambda: written()[1], "This is R alone. Give both, `(P, R)`."),
        Wrong("rewards first", rewritten(lambda P, R: (R, P)),
              "Give the chances first, then the rewards."),
    ],
    hints=[
        "Two states and two actions make four rows of chances, and each sums to 1.",
        "`P[1, 0]` is the row of heavy legs that ride: first the chance of good, then of heavy.",
        "Where a sentence names only one chance, the rest of the row follows from the sum.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 04.q2: a value by hand

CLIMB, STAY, RETURN, AYLIN_GAMMA = 2.0, 0.6, 0.5, 0.8


def aylin(stay=STAY, back=RETURN, gamma=AYLIN_GAMMA, rest=0.0) -> tuple[float, float]:
    """Values of climbing when fresh and resting when sore."""
    P = [[[stay, 1 - stay], [1, 0]], [[0, 1], [back, 1 - back]]]
    mdp = table(P, [[CLIMB, rest], [CLIMB, rest]], gamma)
    v = policy_value(mdp, np.array([[1, 0], [0, 1]]))
    return float(v[0]), float(v[1])


BY_HAND = Value(
    id="04.q2", title="What Aylin's plan is worth", name="fresh_and_sore", rung="by hand",
    minutes=10, objective=2, section="The value of a plan", value=aylin, tol=1e-3,
    near="Write one equation for each state, then put the second into the first.",
    wrong=[
        Wrong("rest always helps", lambda: aylin(back=1.0),
              "Here a rest makes her fresh only half of the time. What is the other half worth?"),
        Wrong("sore for ever is nothing",
              lambda: (2 / (1 - 0.48 - 0.32 * 0.4), 0.4 * 2 / (1 - 0.48 - 0.32 * 0.4)),
              "Staying sore counts, too: the value of sore stands on both sides of its equation."),
        Wrong("only the next reward", (CLIMB, 0.0),
              "These are the rewards of one day. A value counts what follows as well."),
        Wrong("two days", (2 + 0.8 * 0.6 * 2, 0.8 * 0.5 * 2),
              "This stops after the second day. The plan goes on, and the equation holds it all."),
        Wrong("never sore", (10.0, 0.0),
              "That is what climbing every day would earn if she never got sore."),
        Wrong("never sore, then a rest", (10.0, 20 / 3),
              "That is what fresh would be worth if she never got sore."),
        Wrong("reward discounted too", lambda: tuple(AYLIN_GAMMA * x for x in aylin()),
              "Today's reward counts in full; only what comes after it is shrunk by gamma."),
        Wrong("chances exchanged", lambda: aylin(stay=1 - STAY),
              "The chances after a climb are exchanged: staying fresh is the likelier one."),
        Wrong("a sore day not discounted", (10.0, 10.0),
              "One of your two equations has lost its gamma. What comes after a rest is a day "
              "later as well."),
        Wrong("only fresh days count",
              (2 / (1 - 0.48), 0.4 * 2 / (1 - 0.48) / (1 - 0.4)),
              "After a climb she may also be sore, and being sore is worth something, too."),
        Wrong("sore is worth nothing, twice", (2 / (1 - 0.48), 0.4 * 2 / (1 - 0.48)),
              "The value of sore is missing on the right of both equations. After a climb she may "
              "be sore, and after a rest still sore."),
        Wrong("a rest earns 1", lambda: aylin(rest=1.0),
              "Here a rest earns 1. What does the text say that a rest earns?"),
        Wrong("one decimal", (6.5, 4.3), "That is near. Give two decimals or more."),
        Wrong("cut off", lambda: tuple(int(100 * x) / 100 for x in aylin()),
              "That is near. One number is cut off after two decimals: round it, or give three."),
        Wrong("order", lambda: aylin()[::-1],
              "The numbers are right, in the other order: fresh first."),
        Wrong("another discount", lambda: aylin(gamma=0.9),
              "These values belong to gamma 0.9. Aylin's is another."),
    ],
    hints=[
        "Call the values F and S. Each is a reward plus 0.8 times an average of F and S.",
        "The equation of sore holds only F and S: it says which share of F the value S is.",
        "S is two thirds of F. Put that into the equation of fresh, and solve for F.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 04.q3: half a point for nothing

NAIMA = table(
    [[[0.7, 0.3, 0.0], [1.0, 0.0, 0.0]],
     [[0.1, 0.4, 0.5], [0.8, 0.2, 0.0]],
     [[0.0, 0.0, 1.0], [0.0, 0.3, 0.7]]],
    [[1, 0], [1, 0], [-1, 0]], gamma=0.8, start=1,
)  # fmt: skip
GIFT = 0.5


def gifted() -> tuple[float, bool]:
    """How much every value rises when each day earns half a point more, and a changed plan."""
    before, after = value_iteration(NAIMA), value_iteration(replace(NAIMA, R=NAIMA.R + GIFT))
    return float((after.v - before.v).mean()), bool((after.pi != before.pi).any())


SHIFT = Value(
    id="04.q3", title="Half a point for nothing", name="rise_and_change", rung="predict",
    minutes=6, objective=2, section="The value of a plan", value=gifted, tol=1e-4,
    near="Half a point today, half a point tomorrow, and so on: what is that worth together?",
    wrong=[
        Wrong("only today", (0.5, False),
              "Half a point is what today brings. It comes again every day, and a value counts "
              "all of them."),
        Wrong("only today, and a new plan", (0.5, True),
              "The half point comes every day, not once. And does it favour one action over "
              "another?"),
        Wrong("another plan", lambda: (gifted()[0], True),
              "The number is right. But the same is added to both actions: can that turn the "
              "comparison between them?"),
        Wrong("today forgotten", (2.0, False),
              "This counts the half points from tomorrow on. Today's belongs to it."),
        Wrong("a discount of 0.9", (5.0, False),
              "That would be so with gamma 0.9. Naima's is smaller."),
        Wrong("only tomorrow", (0.4, False),
              "That is what tomorrow's half point is worth today. Add today's, and all the later "
              "ones."),
        Wrong("no effect at all", (0.0, False),
              "The plan does not notice, but the values do: everyone gets something every day."),
        Wrong("order", lambda: gifted()[::-1],
              "First the number, then True or False."),
    ],
    hints=[
        "How much does the half point add to the return of a single course without end?",
        "A constant c on every day is worth c times (1 + gamma + gamma squared + ...).",
        "The sum in the bracket is 1 / (1 - gamma). For the plan, compare two actions of a state: "
        "by how much does each of them rise?",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 04.q4: five thousand Naimas

RESTFUL = np.array([[1, 0], [0, 1], [0, 1]])
N_PEOPLE = 5_000


@cache
def mean_and_spread(start: int = 1) -> tuple[float, float]:
    """Mean and standard deviation of the return, exactly: the second moment is a value, too."""
    v = policy_value(NAIMA, RESTFUL)
    after = bellman_backup(replace(NAIMA, R=0 * NAIMA.R), v)  # gamma times the mean next value
    squares = replace(NAIMA, R=NAIMA.R**2 + 2 * NAIMA.R * after, gamma=NAIMA.gamma**2)
    second = policy_value(squares, RESTFUL)
    return float(v[start]), float((second - v**2)[start] ** 0.5)


def walked(weights: Array, start: int = 1) -> tuple[float, float]:
    """Mean and standard deviation of a weighted sum of rewards, exactly, from the last day back."""
    moves, pay = RESTFUL[:, :, None] * NAIMA.P, (RESTFUL * NAIMA.R).sum(axis=1)
    moves, first, second = moves.sum(axis=1), np.zeros(3), np.zeros(3)
    for weight in weights[::-1]:
        now, after = weight * pay, moves @ first
        first, second = now + after, now**2 + 2 * now * after + moves @ second
    return float(first[start]), float((second - first**2)[start] ** 0.5)


DAYS = np.arange(60)


def other_axis() -> tuple[float, float]:
    """Sums over people for each day, instead of over days for each person."""
    sums = np.array([walked(0.8**day * np.eye(60)[day])[0] for day in DAYS]) * N_PEOPLE
    return float(sums.mean()), float(sums.std())


# Standard errors over 400 samples of 5,000 people. Five of them are allowed.
SE_MEAN, SE_SPREAD = 0.0068, 0.0049

SPREAD = Value(
    id="04.q4", title="Five thousand Naimas", name="mean_and_sd", rung="experiment", minutes=12,
    objective=2, section="The value of a plan", value=mean_and_spread,
    tol=(5 * SE_MEAN, 5 * SE_SPREAD),
    near="Discount along the slots of each person, sum, then look across the people.",
    wrong=[
        Wrong("standard error", lambda: (mean_and_spread()[0], mean_and_spread()[1] / 5_000**0.5),
              "The second number says how sure the mean is. Asked is how much people differ."),
        Wrong("variance", lambda: (mean_and_spread()[0], mean_and_spread()[1] ** 2),
              "The second number is the variance. The standard deviation is its root."),
        Wrong("starts fresh", lambda: mean_and_spread(0),
              "These people began fresh. Naima begins tired."),
        Wrong("the other axis", other_axis,
              "You add up the people of each day. A return adds up the days of each person."),
        Wrong("not discounted", lambda: walked(1.0 + 0 * DAYS),
              "Later rewards count less: nothing is discounted here."),
        Wrong("another discount", lambda: walked(0.9**DAYS),
              "These returns belong to gamma 0.9. Naima's is 0.8."),
        Wrong("first reward shrunk", lambda: walked(0.8 ** (DAYS + 1)),
              "The first reward is shrunk as well. The first weight is gamma to the power 0."),
        Wrong("one decimal", lambda: (mean_and_spread()[0], round(mean_and_spread()[1], 1)),
              "That is near. Give both numbers to two decimals or more."),
        Wrong("order", lambda: mean_and_spread()[::-1],
              "First the mean, then the standard deviation."),
    ],
    hints=[
        "`rewards` has one row for each person. The weights are 0.8 to the power 0, 1, 2, ...",
        "`rewards * weights` and a sum over axis 1 give one return for each person.",
        "Then `.mean()` and `.std()` of these 5,000 returns.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 04.q5: value iteration


def worlds(rng: np.random.Generator) -> list[Case]:
    """Tables with forbidden actions, ends, and a discount for each next state."""
    def case(label, S, A, n_rounds, ends=(), forbid=0.0, shift=0.0):
        P = rng.dirichlet(np.ones(S), size=(S, A))
        R = rng.normal(size=(S, A)) + shift
        discount = rng.choice([0.5, 0.7, 0.85], size=S)
        for end in ends:
            P[end], R[end], discount[end] = np.eye(S)[end], 0.0, 0.0
        allowed = rng.random((S, A)) >= forbid
        allowed[np.arange(S), rng.integers(A, size=S)] = True
        return Case(label, (P, R, discount, allowed, n_rounds))

    return [
        case("One round", 3, 2, 1),
        case("Two rounds", 3, 2, 2),
        case("Three states, one of them an end", 3, 2, 4, ends=[2]),
        case("Some actions forbidden", 4, 3, 3, forbid=0.5),
        case("Every reward negative, some actions forbidden", 4, 3, 3, forbid=0.5, shift=-5.0),
        case("Every reward positive, some actions forbidden", 4, 3, 3, forbid=0.5, shift=4.0),
        case("Six states, two of them ends", 6, 4, 8, ends=[0, 5], forbid=0.3),
        case("Rewards near -1,000,000, which outbid a penalty; some actions forbidden", 4, 3, 3,
             forbid=0.5, shift=-1e6),
    ]


def by_loop(P, R, discount, allowed, n_rounds):
    """Value iteration in plain loops."""
    S, A = R.shape
    v = [0.0] * S
    for _ in range(n_rounds):
        v = [max(R[s, a] + sum(P[s, a, t] * discount[t] * v[t] for t in range(S))
                 for a in range(A) if allowed[s, a])
             for s in range(S)]  # fmt: skip
    return np.array(v)


def iterated(backup=lambda P, R, d, v: R + P @ (d * v), pick=None, more=0):
    """Value iteration with one part exchanged."""
    pick = pick or (lambda q, allowed: np.where(allowed, q, -np.inf).max(axis=1))

    def run(P, R, discount, allowed, n_rounds):
        v = np.zeros(len(P))
        for _ in range(n_rounds + more):
            v = pick(backup(P, R, discount, v), allowed)
        return v
    return run


def in_place(P, R, discount, allowed, n_rounds):
    """Every state sees the new values of the states before it."""
    v = np.zeros(len(P))
    for _ in range(n_rounds):
        for s in range(len(P)):
            q = R[s] + P[s] @ (discount * v)
            v[s] = q[allowed[s]].max()
    return v


def last_q(P, R, discount, allowed, n_rounds):
    """Action values instead of values."""
    v = iterated(more=-1)(P, R, discount, allowed, n_rounds)
    return R + P @ (discount * v)


ITERATE = Function(
    id="04.q5", title="Value iteration with forbidden actions", name="best_values",
    rung="complete", minutes=12, objective=3, section="Value iteration", cases=worlds,
    expected=by_loop,
    wrong=[
        Wrong("mean over actions",
              iterated(pick=lambda q, ok: (q * ok).sum(axis=1) / ok.sum(axis=1)),
              "This averages over the actions. The best plan takes the best one."),
        Wrong("mean over all actions", iterated(pick=lambda q, ok: q.mean(axis=1)),
              "This averages over all actions, the forbidden ones included. A state is worth what "
              "its best allowed action is worth."),
        Wrong("forbidden actions taken", iterated(pick=lambda q, ok: q.max(axis=1)),
              "The maximum runs over forbidden actions, too. What could keep them from winning?"),
        Wrong("forbidden counts 0", iterated(pick=lambda q, ok: (q * ok).max(axis=1)),
              "Forbidden actions count 0 here. Where everything allowed is worth less than 0, "
              "they win."),
        Wrong("a penalty", iterated(pick=lambda q, ok: np.where(ok, q, -1000.0).max(axis=1)),
              "A penalty can be outbid: where everything allowed is worth less, the forbidden "
              "action wins. What is less than any number?"),
        Wrong("a penalty in the reward",
              lambda P, R, d, ok, n: by_loop(P, np.where(ok, R, -100.0), d, ok | True, n),
              "A penalty in the reward can be outbid: where everything allowed costs more, the "
              "forbidden action wins. It must lose whatever the numbers are."),
        Wrong("NaN for forbidden actions",
              iterated(pick=lambda q, ok: np.where(ok, q, np.nan).max(axis=1)),
              "A maximum with a NaN in it is NaN. A forbidden action needs a value that loses "
              "every comparison."),
        Wrong("discount of the present state",
              iterated(lambda P, R, d, v: R + d[:, None] * (P @ v)),
              "This discounts by the state she is in. What counts is the NEXT state: each of them "
              "has a discount of its own."),
        Wrong("no discount", iterated(lambda P, R, d, v: R + P @ v),
              "The future is not discounted: `discount` does not appear in your result."),
        Wrong("0 joins in",
              iterated(pick=lambda q, ok: q.max(axis=1, where=ok, initial=0)),
              "A 0 takes part in every maximum here, so no value can fall below it. Costs are "
              "negative, and values may be."),
        Wrong("only the reward is forbidden",
              lambda P, R, d, ok, n: by_loop(P, R * ok, d, ok | True, n),
              "This takes away the reward of a forbidden action, but its future still counts. It "
              "must lose as a whole."),
        Wrong("one discount for all", iterated(lambda P, R, d, v: R + d.max() * P @ v),
              "This uses one discount for all states. `discount` holds one for each state of "
              "arrival."),
        Wrong("one discount of 0.9", iterated(lambda P, R, d, v: R + 0.9 * P @ v),
              "The 0.9 is only an example: use `discount`, which holds one number for each state "
              "of arrival."),
        Wrong("reward discounted too",
              iterated(lambda P, R, d, v: P @ d * R + P @ (d * v)),
              "Today's reward counts in full, whatever follows. Only the value of the next state "
              "is discounted."),
        Wrong("reward lost", iterated(lambda P, R, d, v: P @ (d * v)),
              "The reward of the step itself is missing, so nothing ever comes in."),
        Wrong("new values too early", in_place,
              "Within a round you use values of the same round. A round judges by the old values "
              "throughout: keep them until it is over."),
        Wrong("one round too many", iterated(more=1),
              "This is one round too many. After one round only the rewards of one day are in it."),
        Wrong("one round too few", iterated(more=-1),
              "This is one round too few. Is the last one returned, or the one before?"),
        Wrong("action values", last_q,
              "These are the values of the actions. Asked is one number for each state."),
    ],
    hints=[
        "Let the code of the chapter be your start. One line of it must know about `allowed`.",
        "A forbidden action must lose every comparison, also against negative numbers.",
        "`np.where(allowed, q, -np.inf)` leaves the allowed values and makes the others lose.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 04.q6: the rule that stops


def precisions(rng: np.random.Generator) -> list[Case]:
    """Tables, discounts, and how exact the values must be."""
    def case(label, S, A, gamma, tol, shift=0.0):
        P = rng.dirichlet(np.ones(S), size=(S, A))
        return Case(label, (P, rng.normal(size=(S, A)) + shift, gamma, tol))

    one = Case("One state that earns 1, gamma 0.5, tol 0.25, so that the bound is met exactly",
               (np.ones((1, 1, 1)), np.array([[1.0]]), 0.5, 0.25))  # fmt: skip
    return [
        one,
        case("Gamma 0.6", 3, 2, 0.6, 0.05),
        case("Gamma 0.9", 3, 2, 0.9, 0.01),
        case("Gamma 0.95", 4, 3, 0.95, 0.02),
        case("Every reward negative", 3, 2, 0.8, 0.01, shift=-3.0),
        case("Six states", 6, 4, 0.85, 1e-4, shift=1.0),
        Case("States that nobody leaves, one of them worth far more",
             (np.eye(3)[:, None, :].repeat(2, axis=1), np.array([[9.0, 1], [0, 0.1], [0.2, 0]]),
              0.9, 0.05)),
    ]


def stopping(bound=lambda g, d: g / (1 - g) * abs(d).max(), *, older=False, more=False):
    """Value iteration that stops by a rule."""
    def run(P, R, gamma, tol):
        v, rounds, error = np.zeros(len(P)), 0, np.inf
        while error > tol or (more and error == tol):
            old, v = v, (R + gamma * P @ v).max(axis=1)
            error, rounds = bound(gamma, v - old), rounds + 1
        return (old if older else v), rounds
    return run


def by_spread(P, R, gamma, tol):
    """What ``value_iteration`` of the package answers."""
    found = value_iteration(table(P, R, gamma), tol=tol)
    return found.v, found.n_iterations


def by_powers(P, R, gamma, tol):
    """The same, with backups of the package and a count of rounds that is tried out."""
    mdp = table(P, R, gamma)
    values = [np.zeros(len(P))]
    while True:
        values.append(bellman_backup(mdp, values[-1]).max(axis=-1))
        step = max(abs(values[-1] - values[-2]))
        if step * gamma <= tol * (1 - gamma):
            return values[-1], len(values) - 1


def for_longer(results) -> bool:
    """Whether all values are those of an endless run, after more rounds than needed."""
    for (case, (_, enough)), result in zip(STOP.tried, results, strict=True):
        P, R, gamma, _ = case.args
        if not isinstance(result, tuple | list) or len(result) != 2:
            return False
        values, rounds = result
        if not isinstance(rounds, int | np.integer) or rounds <= enough:
            return False
        if difference(values, by_powers(P, R, gamma, 1e-9)[0]):
            return False
    return True


STOP = Function(
    id="04.q6", title="The app that stops too early", name="solve", rung="find the bug",
    minutes=12, objective=4, section="What goes wrong: stopping when little changes",
    cases=precisions, expected=by_powers,
    wrong=[
        Wrong("the usual rule", stopping(lambda g, d: abs(d).max()),
              "The bug is still there: this stops when the last step is small. A small step can "
              "be followed by very many small steps."),
        Wrong("one over", stopping(lambda g, d: abs(d).max() / (1 - g)),
              "Nearly. The last step has been taken already; only the steps after it are still "
              "missing."),
        Wrong("upside down", stopping(lambda g, d: (1 - g) / g * abs(d).max()),
              "The factor is upside down: with a gamma near 1 the error may be much larger than "
              "the last step, not smaller."),
        Wrong("only gamma", stopping(lambda g, d: g * abs(d).max()),
              "This allows for one further step. There may be many: add all of them up."),
        Wrong("one way only", stopping(lambda g, d: g / (1 - g) * d.max()),
              "Values may also fall. A step down is a step: take its size."),
        Wrong("one way only, usual rule", stopping(lambda g, d: d.max()),
              "Two things: values may also fall, and a small step is not a small error."),
        Wrong("mean over states", stopping(lambda g, d: g / (1 - g) * abs(d).mean()),
              "This looks at the average state. Each value has to be within `tol`, the worst one "
              "too."),
        Wrong("sum over states", stopping(lambda g, d: g / (1 - g) * abs(d).sum()),
              "This adds up the changes of all states. The bound holds for each value, so the "
              "largest change is enough."),
        Wrong("compared with itself", stopping(lambda g, d: 0.0),
              "It stops after the first round. Is the change measured after the old values were "
              "overwritten? Or do brackets miss: what is computed first in `gamma / 1 - gamma`?"),
        Wrong("the package", by_spread,
              "The package stops by another, sharper bound, and shifts the values. Here use the "
              "bound with the last change."),
        Wrong("values of the round before", stopping(older=True),
              "The rounds are right, but the values returned are those of the round before."),
        Wrong("goes on at equality", stopping(more=True),
              "It goes on when the bound equals `tol`. That is exact enough."),
        Wrong("rounds first", lambda *args: by_powers(*args)[::-1],
              "The rounds come first here. Return the values, then the number of rounds."),
        Wrong("until nothing moves", stopping(lambda g, d: 1.0 * (abs(d).max() > 1e-12) * 1e9),
              "The values are right, but it goes on for longer than `tol` asks. Stop as soon as "
              "the bound is no larger than `tol`.", for_longer),
    ],
    hints=[
        "Look at the condition of the loop. What would you like to know to be below `tol`?",
        "The chapter has a bound on the error that needs only gamma and the last change.",
        "Multiply the change by the factor of that bound before you compare it with `tol`.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 04.q7: nearly tied


def ties(rng: np.random.Generator) -> list[Case]:
    """Tables of action values, from the boldest action to the gentlest."""
    def case(label, S, A, margin):
        return Case(label, (rng.normal(size=(S, A)), margin))

    def small(label, rows, margin):
        label = f"{label}, q = {rows} and margin {margin:g}"
        return Case(label, (np.array(rows, float), margin))

    return [
        small("A clear best action", [[5, 1, 0]], 1.0),
        small("Three close together, a gentle one far behind", [[5, 4.5, 4.75, 1]], 1.0),
        small("Small steps down", [[5, 4.25, 3.5, 2.75]], 1.0),
        small("The boldest best, the gentlest just within", [[4, 1, 3.5]], 0.5),
        small("The gentlest is the best", [[0, 1, 2]], 0.5),
        small("All values negative", [[-10, -14, -10.5, -11.5], [-3, -2, -9, -8]], 1.0),
        small("Two states of very different worth", [[9, 8.5, 2], [2, 1.5, -4]], 0.5),
        small("No margin, and two that are equal", [[3, 3, 1]], 0.0),
        case("Six states", 6, 4, 0.5),
        case("Forty states", 40, 5, 0.8),
    ]


def gentlest(q, margin):
    """By a loop from the gentlest action towards the boldest."""
    chosen = []
    for row in q:
        action = len(row) - 1
        while max(row) - row[action] > margin:
            action -= 1
        chosen.append(action)
    return np.array(chosen)


def last_true(near):
    """Index of the last True in each row."""
    return near.shape[1] - 1 - near[:, ::-1].argmax(axis=1)


def top(q):
    """Largest value of each row, as a column."""
    return q.max(axis=1, keepdims=True)


def walks_on(q, margin):
    """From the best action on towards gentler ones, as long as the next is near enough."""
    chosen = q.argmax(axis=1)
    for row, start in zip(range(len(q)), chosen, strict=True):
        a = start
        while a + 1 < q.shape[1] and q[row].max() - q[row, a + 1] <= margin:
            a += 1
        chosen[row] = a
    return chosen


def step_by_step(q, margin):
    """From the best action on, each compared with the one before it."""
    chosen = q.argmax(axis=1)
    for row, start in zip(range(len(q)), chosen, strict=True):
        a = start
        while a + 1 < q.shape[1] and q[row, a] - q[row, a + 1] <= margin:
            a += 1
        chosen[row] = a
    return chosen


def runner_up(q, margin):
    """Looks at the two best actions only."""
    second, first = np.argsort(q, axis=1)[:, -2:].T
    rows = np.arange(len(q))
    near = q[rows, first] - q[rows, second] <= margin
    return np.where(near, np.maximum(first, second), first)


GENTLE = Function(
    id="04.q7", title="Nearly tied, so take the gentler one", name="gentle_plan", rung="judge",
    minutes=12, objective=5, section="When to refuse this policy", cases=ties, expected=gentlest,
    wrong=[
        Wrong("the best action", lambda q, m: q.argmax(axis=1),
              "This is the plan that was to be doubted: the best action, however narrow its lead."),
        Wrong("the boldest nearby", lambda q, m: (q >= top(q) - m).argmax(axis=1),
              "You take the first action within the margin, which is the boldest. The gentle ones "
              "stand at the end."),
        Wrong("always the gentlest", lambda q, m: np.full(len(q), q.shape[1] - 1),
              "This is always the gentlest action, even where it costs far more than the margin."),
        Wrong("strictly within", lambda q, m: last_true(q > top(q) - m),
              "An action that is behind by exactly the margin may still be taken."),
        Wrong("only two compared", runner_up,
              "You compare the best action with the second best only. A third, still gentler one "
              "may lie within the margin."),
        Wrong("neighbour only", walks_on,
              "You stop at the first gentler action that is too poor. One behind it may still be "
              "near enough."),
        Wrong("step by step", step_by_step,
              "You compare each action with the one before it. Small steps add up: compare with "
              "the best action of the state."),
        Wrong("four columns", lambda q, m: 3 - (q >= top(q) - m)[:, ::-1].argmax(axis=1),
              "That is right for four columns only. How many actions there are is in the shape of "
              "`q`."),
        Wrong("best of each column", lambda q, m: last_true(q >= q.max(axis=0) - m),
              "The margin is measured from the best of each column. A row is a state: compare "
              "along the row."),
        Wrong("best of the whole table", lambda q, m: last_true(q >= q.max() - m),
              "The margin is measured from the largest number of the whole table. Each state has a "
              "best action of its own."),
        Wrong("the gentlest or the best",
              lambda q, m: np.where(top(q)[:, 0] - q[:, -1] <= m, q.shape[1] - 1, q.argmax(axis=1)),
              "You take the gentlest action of all or else the best. Between the two there may be "
              "one that is gentler than the best and near enough."),
        Wrong("the lowest value within",
              lambda q, m: np.where(q >= top(q) - m, q, np.inf).argmin(axis=1),
              "You take the lowest value within the margin. Gentle is told by the column, not by "
              "the value."),
        Wrong("counted from the back", lambda q, m: (q >= top(q) - m)[:, ::-1].argmax(axis=1),
              "You count the actions from the gentlest. Column 0 is the boldest."),
        Wrong("numbered from 1", lambda q, m: gentlest(q, m) + 1,
              "The right actions, numbered from 1. The first column is number 0."),
        Wrong("a share", lambda q, m: last_true(q >= top(q) - m * abs(top(q))),
              "The margin is meant in points, not as a share of the best value."),
        Wrong("within the worst", lambda q, m: last_true(q <= q.min(axis=1, keepdims=True) + m),
              "The margin is measured from the worst action. What counts is how little is lost "
              "against the best."),
        Wrong("worth instead of action", lambda q, m: q[np.arange(len(q)), gentlest(q, m)],
              "These are values. Asked is the number of the action, 0 for the boldest."),
        Wrong("a table of True and False", lambda q, m: q >= top(q) - m,
              "You have marked the actions that are near enough. Now take the gentlest of them in "
              "each state."),
    ],
    hints=[
        "First mark the actions that lose at most `margin` against the best of their state.",
        "Of the marked ones take the last. A loop from the back does it, or a reversed row.",
        "`argmax` of True and False gives the first True. On `near[:, ::-1]` it counts from the "
        "back.",
    ],
)  # fmt: skip

EXERCISES = (TABLE, BY_HAND, SHIFT, SPREAD, ITERATE, STOP, GENTLE)

# ---------------------------------------------------------------- quiz


def second_round(gamma: float = 0.8) -> Array:
    """Action values of a sore swimmer when fresh is worth 2 and sore 1."""
    mdp = table([[[1, 0], [1, 0]], [[0.1, 0.9], [1, 0]]], [[2, 0], [1, 0]], gamma)
    return bellman_backup(mdp, np.array([2.0, 1.0]))[1]


def at_most(step: float, gamma: float) -> float:
    """How far the truth may be from the values after a step of that size."""
    return error_bounds(np.array([-step, step]), (gamma, gamma))[1]


QUIZ = (
    Choice(
        id="04.z1", title="Two hard days in a row", objective=1,
        section="The smallest model that has the dilemma",
        text="Deniz, 27, sprints. After a hard day she is worn out only if the day before was hard "
             "as well. The state of her table says how she feels today. What does the table need?",
        options={
            "a": Option("A gamma closer to 1.", "Gamma says how much later rewards count. It does "
                        "not tell the table what happened yesterday."),
            "b": Option("Yesterday's load as a part of the state.", "Then the present state holds "
                        "what decides about the next one, and the Markov assumption is met better.",
                        True),
            "c": Option("More days, so that the chances are more exact.", "More days make the "
                        "wrong average more exact: they mix mornings after one hard day and two."),
            "d": Option("A lower reward for hard days.", "A reward says what we want. The chances "
                        "of what follows would be wrong as before."),
        },
    ),
    Choice(
        id="04.z2", title="What 5.2 says", objective=2, section="The value of a plan",
        text="Under a plan, the value of the state *fresh* is 5.2. What does that say?",
        options={
            "a": Option("Everyone who starts fresh collects 5.2.", "Chances enter. One person gets "
                        "more, another less; few get exactly that."),
            "b": Option("No plan can get more from there.", "That would be the value of the best "
                        "plan. This one belongs to the plan that was named."),
            "c": Option("Many who start fresh and follow the plan collect 5.2 on average, later "
                        "rewards counted less.", "An expected return: an average over what may "
                        "happen, of discounted sums.", True),
            "d": Option("The next session earns 5.2.", "The next reward is only the first term of "
                        "the sum."),
        },
    ),
    Numeric(
        id="04.z3", title="The second round", objective=3, section="Value iteration",
        text="Igor, 38, swims. After one round, fresh is worth 2 and sore 1. A sore swim earns 1 "
             "and leaves him fresh with chance 0.1, otherwise sore. A rest earns 0 and makes him "
             "fresh. With gamma 0.8, what is *sore* worth after the second round?",
        value=lambda: float(second_round().max()), tol=1e-3, decimals=2,
        near='The section "Value iteration" does such a round: an action value for each of the '
             "two actions, then the better one.",
        reason="Swim: 1 + 0.8 (0.1 times 2 + 0.9 times 1). Rest: 0.8 times 2. The larger counts.",
        wrong=[
            Wrong("the other action", lambda: float(second_round().min()),
                  "That is what a rest is worth. Compare it with the swim."),
            Wrong("average of both", lambda: float(second_round().mean()),
                  "That is the average of the two actions. A state is worth its best one."),
            Wrong("no discount", lambda: float(second_round(1.0).max()),
                  "The future is not discounted here: gamma is 0.8."),
            Wrong("another discount", lambda: float(second_round(0.9).max()),
                  "That is discounted by 0.9. Gamma is 0.8; the 0.9 is the chance to stay sore."),
            Wrong("reward forgotten", lambda: float(second_round()[0]) - 1,
                  "The future is right. Today's reward belongs to it, too."),
            Wrong("chances exchanged", 1 + 0.8 * (0.9 * 2 + 0.1 * 1),
                  "After a sore swim he is fresh only with chance 0.1."),
            Wrong("reward discounted", 0.8 * (1 + 0.1 * 2 + 0.9 * 1),
                  "Today's reward is not discounted; only what follows is."),
        ],
    ),
    Choice(
        id="04.z4", title="After five rounds", objective=3, section="Value iteration",
        text="Value iteration starts at 0 everywhere. What do the values after exactly five rounds "
             "mean, if one stops there?",
        options={
            "a": Option("Nothing yet, they have not converged.", "They are no values of an endless "
                        "course. But started at 0 each round has a meaning of its own."),
            "b": Option("The best that can be had with five sessions left.", "Each round puts one "
                        "more session in front of the others.", True),
            "c": Option("The value of the fifth plan that was tried.", "No plan was tried. Each "
                        "round takes the best action by the values of the round before."),
            "d": Option("The reward of the fifth session.", "They hold the rewards of all five, "
                        "the later ones discounted."),
        },
    ),
    Numeric(
        id="04.z5", title="How far at most?", objective=4,
        section="What goes wrong: stopping when little changes",
        text="In the last round no value changed by more than 0.02. Gamma is 0.95. How far from "
             "the truth are the values at most?",
        value=lambda: at_most(0.02, 0.95), tol=1e-4, decimals=2,
        near='The section "What goes wrong: stopping when little changes" has the bound.',
        reason="The bound is gamma / (1 - gamma) = 19 times the last change.",
        wrong=[
            Wrong("the change itself", 0.02, "That is the last step, not the error. How many "
                  "further steps of nearly that size may follow?"),
            Wrong("one over", 0.4, "Nearly: the last step has been taken already. What may still "
                  "follow begins with gamma times that step."),
            Wrong("only gamma", 0.019, "That is the next step at most. Many may follow: add them "
                  "all up."),
            Wrong("the other way", 0.001, "You used the factor 1 - gamma, which makes the error "
                  "smaller than the step. It is larger."),
            Wrong("the factor alone", 19.0, "That is the factor. It is to be applied to the last "
                  "change."),
        ],
    ),
    Choice(
        id="04.z6", title="A narrow lead", objective=5,
        section="When to refuse this policy",
        text="For Pavel, 70, a table values Increase at 2.31 and Maintain at 2.30. What should be "
             "done with the optimum of this table in his state?",
        options={
            "a": Option("Take Increase: it is exactly optimal.", "Exact for the table. A hundredth "
                        "is far less than what any table of a person can be trusted for."),
            "b": Option("Take Maintain: nearly tied, and gentler.", "Little is lost if the table "
                        "is right, and less is risked if it is wrong.", True),
            "c": Option("Draw one of the two by chance.", "That ignores that one of them asks less "
                        "of him."),
            "d": Option("Run more rounds until the lead is clear.", "More rounds make the two "
                        "numbers more exact. The table gets no truer, the lead no wider."),
        },
    ),
    Choice(
        id="04.z7", title="An empty calendar", objective=5, back="01",
        section="When to refuse this policy",
        text="A plan solved exactly is sold as best, and was compared with chance only. Which "
             "comparison of chapter 1 is missed most?",
        options={
            "a": Option("With a plan that trains twice as much.", "That is no baseline. It would "
                        "only be one more plan."),
            "b": Option("With doing nothing and with a coach's rule.", "Chance is a weak opponent. "
                        "In chapter 1 a sensible rule did not beat an empty calendar.", True),
            "c": Option("With the same plan on other people.", "That tells how sure the number is, "
                        "but not whether something simpler is as good."),
            "d": Option("None: exact needs no comparison.", "Exact for its table. Whether it helps "
                        "more than something simple is another question."),
        },
    ),
    Choice(
        id="04.z8", title="Better or worse than nothing", objective=2, back="01",
        section="Returns: adding up a course of sessions",
        text="In chapter 1 the coach's rule was worth less than doing nothing with gamma 0.9, and "
             "more with gamma 0.97. What had changed between the two results?",
        options={
            "a": Option("The people: other ones were drawn.", "They were the same people with the "
                        "same sessions."),
            "b": Option("The rule had learned in between.", "The rule is fixed. Nothing was "
                        "learned."),
            "c": Option("Only how much the first days count against the later ones.", "The rule "
                        "loses early and earns late. A discount says when a reward counts.", True),
            "d": Option("The reward of a hard session.", "The rewards were the same, slot by slot. "
                        "Only their weights changed."),
        },
    ),
)  # fmt: skip
