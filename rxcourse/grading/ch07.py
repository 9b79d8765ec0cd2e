"""Questions of chapter 7: a push-up coach that learns."""

from __future__ import annotations

from functools import cache

import numpy as np

from rxcourse.agents.planning import value_iteration
from rxcourse.agents.q_learning import q_learning
from rxcourse.agents.schedules import polynomial
from rxcourse.grading.question import (
    Case,
    Choice,
    Function,
    Judged,
    Numeric,
    Option,
    Value,
    Wrong,
    sampling_tol,
)
from rxcourse.grading.running import call
from rxcourse.grading.verdict import Trouble
from rxcourse.mdp import TabularMDP, policy_value
from rxcourse.policy import Greedy
from rxcourse.simulators import pushup
from rxcourse.simulators.pushup_table import (
    PushUpTableVectorEnv,
    pushup_table,
    reward_table,
    table_file,
)

Array = np.ndarray
INCREASE, MAINTAIN, DECREASE, REST = range(4)

# ---------------------------------------------------------------- 07.q1: four slots by hand

TABLE = np.array([
    [0.9, 0.6, 0.5, 0.4], [0.1, 0.2, 0.4, 0.5], [0.2, 0.3, 0.6, 0.4],
    [-0.5, 0.0, 0.1, 0.5], [-0.8, -0.4, 0.1, 0.3], [-0.9, -0.6, -0.2, 0.2],
])  # fmt: skip
FIRST_BOX = 2
REPORTED = (  # action, completed, difficulty, tired now
    (MAINTAIN, True, 4, True), (REST, None, None, False),
    (DECREASE, True, 3, False), (MAINTAIN, True, 2, True),
)  # fmt: skip


def paid(completed: bool, difficulty: int, *, hard: float = -1.0, easy: float = 0.0) -> float:
    """Reward of a session, from what was said of it."""
    if not completed or difficulty >= 4:
        return hard
    return 1.0 if difficulty == 3 else easy


def coached(
    *,
    alpha=0.2,
    gamma=0.9,
    future=max,
    stale=False,
    forgets=False,
    sarsa=False,
    weigh=None,
    hard_from=4,
    late=False,
    stays=False,
    fresh=None,
    moves=False,
    **pay,
) -> tuple[float, ...]:
    """The entry that each slot of 07.q1 leaves behind, right or with a flaw."""
    q, box, difficulty, found = TABLE.copy(), FIRST_BOX, 3, []
    weigh = weigh or (lambda old, target: old + alpha * (target - old))
    for slot, (action, completed, said, tired) in enumerate(REPORTED):
        trained = action != REST
        reward = paid(completed, said, **pay) if trained else 0.0
        difficulty = said if trained else 1 if forgets else difficulty
        told = FIRST_BOX % 2 if late and not slot else REPORTED[slot - 1][3] if late else tired
        told = told if fresh is None else fresh
        shown = difficulty - (hard_from - 4) * (difficulty == 4)
        after = int(pushup.state_index(np.array(shown), np.array(told)))
        seen = TABLE if stale else q
        ahead = future(seen[box if stays else after])
        if sarsa and slot + 1 < len(REPORTED):
            ahead = seen[after, REPORTED[slot + 1][0]]
        entry = weigh(seen[box, action], reward + gamma * ahead)
        found.append(float(entry - moves * q[box, action]))
        q[box, action], box = entry, after
    return tuple(found)


TRACE = Value(
    id="07.q1", title="Four slots with Nadia", name="entries", rung="by hand", minutes=12,
    objective=1, section="One person, one slot", value=coached, tol=1e-3,
    near="Write down for each slot: box, action, reward, next box, best number there.",
    wrong=[
        Wrong("no discount", lambda: coached(gamma=1.0),
              "The best number of the next box is not discounted: gamma is 0.9."),
        Wrong("mean of the next box", lambda: coached(future=np.mean),
              "You average over the next box. Q-learning takes its best number."),
        Wrong("entry taken next", lambda: coached(sarsa=True),
              "You use the entry of the action really taken next. That is SARSA; Q-learning looks "
              "at the best one."),
        Wrong("old table for all slots", lambda: coached(stale=True),
              "The last slot meets an entry that the first one has changed already."),
        Wrong("a rest forgets", lambda: coached(forgets=True),
              "After a rest the box says something else. A rest brings a new report of fatigue, "
              "but how hard was the last session?"),
        Wrong("fatigue of the slot before", lambda: coached(late=True),
              "The next box holds the report of fatigue that follows the slot, not the one before "
              "it."),
        Wrong("box of the slot itself", lambda: coached(stays=True),
              "You look ahead into the box in which the slot began. The future lies in the box to "
              "which it leads."),
        Wrong("never tired", lambda: coached(fresh=False),
              "All your next boxes are Low. What did Nadia say of fatigue after each slot?"),
        Wrong("always tired", lambda: coached(fresh=True),
              "All your next boxes are High. What did Nadia say of fatigue after each slot?"),
        Wrong("a 4 is Medium", lambda: coached(hard_from=5),
              "A session called a 4 does not lead to a Medium box. Which numbers are called Hard?"),
        Wrong("completed is enough", lambda: coached(hard=0.0),
              "A session called a 4 is not neutral, even if all sets were done. What does it "
              "cost?"),
        Wrong("first reward forgotten", lambda: (coached(hard=0.0)[0], *coached()[1:]),
              "Three are right. Slot 1 was completed, but look at what Nadia called it: is that "
              "worth nothing, or less?"),
        Wrong("completed is paid", lambda: coached(hard=1.0),
              "Getting through all sets is not what is paid. How hard was it said to be?"),
        Wrong("easy is paid", lambda: coached(easy=1.0),
              "A session called a 2 was completed, but it is Easy. Which sessions earn 1?"),
        Wrong("whole targets", lambda: coached(alpha=1.0),
              "These are the targets. An entry moves only a fifth of the way."),
        Wrong("old entry forgotten", lambda: coached(weigh=lambda old, target: 0.2 * target),
              "A fifth of the target alone is no update: four fifths of the old entry stay."),
        Wrong("old entry not taken off",
              lambda: coached(weigh=lambda old, target: old + 0.2 * target),
              "You add a fifth of the target. What is added is a fifth of the surprise."),
        Wrong("only the moves", lambda: coached(moves=True),
              "This is by how much each entry moves. To what does it move?"),
        Wrong("order reversed", lambda: coached()[::-1],
              "The four numbers stand in the opposite order: slot 1 comes first."),
    ],
    hints=[
        "The next box of a slot is the box of the slot after it. Fill in all boxes first.",
        "A rest keeps how hard the last session was and changes only the report of fatigue.",
        "Three of the four targets hold a number from the table above; check whether the entry "
        "that you move has been moved before.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 07.q2: a thousand tables, read


def stacks(rng: np.random.Generator) -> list[Case]:
    """Tables of L learners, some with ties."""
    tied = np.array([[[2.0, 2.0, 1.0, 0.0]], [[0.0, 3.0, 3.0, 3.0]], [[1.0, 0.0, 0.0, 0.0]]])
    return [
        Case("One learner without ties", (rng.permutation(24).reshape(1, 6, 4) - 11.5,)),
        Case("A learner that has tried nothing", (np.zeros((1, 6, 4)),)),
        Case("Three learners, one state, two of them with ties", (tied,)),
        Case("Two learners, two states", (rng.normal(size=(2, 2, 4)) - 3,)),
        Case("Fifty learners, many ties", (rng.integers(-3, 3, size=(50, 6, 4)) * 0.5,)),
        Case("Five learners, five states, five actions", (rng.normal(size=(5, 5, 5)),)),
    ]


def voted(q):
    """One learner at a time, through the package's greedy policy."""
    states = np.arange(q.shape[1])
    return sum(Greedy(table).probs(states) for table in q) / len(q)


def first_of_ties(q):
    """Argmax: the first of several best actions takes all."""
    return np.eye(q.shape[2])[q.argmax(axis=2)].mean(axis=0)


def whole_votes(q):
    """Every best action gets a whole vote."""
    return (q == q.max(axis=2, keepdims=True)).mean(axis=0)


def pooled(q):
    """Ties share what all learners gave, not what one gave."""
    best = whole_votes(q)
    return best / best.sum(axis=1, keepdims=True)


def without_ties(q):
    """Only learners with one best action vote."""
    best = q == q.max(axis=2, keepdims=True)
    return (best & (best.sum(axis=2, keepdims=True) == 1)).mean(axis=0)


def best_learner(q):
    """The maximum over learners."""
    best = q == q.max(axis=0)
    return (best / best.sum(axis=0)).mean(axis=0)


VOTES = Function(
    id="07.q2", title="What a thousand coaches would do", name="votes", rung="complete",
    minutes=10, objective=1, section="The beginner's version", cases=stacks, expected=voted,
    wrong=[
        Wrong("first of the ties", first_of_ties,
              "`argmax` gives the whole vote to the first of several best actions. A learner that "
              "tried nothing would seem to want Increase."),
        Wrong("whole votes for ties", whole_votes,
              "Where actions tie, each gets a whole vote, and the shares of a state add up to "
              "more than 1. One learner has one vote per state."),
        Wrong("shares made at the end", pooled,
              "Your shares add up to 1, but a learner with ties weighs more than one without. "
              "Share each learner's vote first."),
        Wrong("ties have no vote", without_ties,
              "Learners with ties have lost their vote. It is split between their best actions."),
        Wrong("last of the ties", lambda q: first_of_ties(q[:, :, ::-1])[:, ::-1],
              "The whole vote goes to the last of several best actions. It is to be split."),
        Wrong("shares of everything", lambda q: whole_votes(q) / whole_votes(q).sum(),
              "All shares together add up to 1. They should add up to 1 in every state."),
        Wrong("counts", lambda q: voted(q) * len(q),
              "These are numbers of learners. Shares are asked for."),
        Wrong("counts of argmax", lambda q: first_of_ties(q) * len(q),
              "These are numbers of learners, not shares, and `argmax` has given ties to the "
              "first of the best actions."),
        Wrong("counts of whole votes", lambda q: whole_votes(q) * len(q),
              "These are numbers of learners, not shares, and ties have given several votes to "
              "one learner."),
        Wrong("best learner of each entry", best_learner,
              "You look for the learner with the largest value of each entry. Each learner "
              "compares its own actions."),
        Wrong("plan of the mean table", lambda q: voted(q.mean(axis=0, keepdims=True)),
              "You average the tables and read one plan. Here every learner reads its own plan "
              "first, and the votes are averaged."),
        Wrong("one learner shown", lambda q: voted(q[:1]),
              "This is the first learner's plan alone. How many others agree with it?"),
        Wrong("values averaged", lambda q: q.mean(axis=0),
              "These are mean values, not shares of learners. Each learner's best action comes "
              "first."),
        Wrong("worst instead of best", lambda q: voted(-q),
              "You count the worst actions. Check the direction of the comparison."),
        Wrong("best state of each action", lambda q: voted(q.transpose(0, 2, 1)).T,
              "You look for the best state of each action. The best action of each state is "
              "asked for: over which axis is the maximum?"),
        Wrong("learners and states mixed up",
              lambda q: (q == q.max(axis=(1, 2), keepdims=True)).mean(axis=0),
              "You look for the best entry of a whole table. Every state has a best action of "
              "its own."),
    ],
    hints=[
        "First mark, for each learner and state, the actions whose value equals the largest one "
        "of that row.",
        "Then divide each row of marks by how many it has: one learner, one vote.",
        "Only then comes the mean over learners, which is the first axis.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 07.q3: what there is to win

SHORT = 0.5
ASKED_PLANS = ("do nothing", "fixed plan", "coach's rule")


@cache
def start_values(gamma: float, weights=None) -> tuple[float, float, Array]:
    """Best value, value of chance, values of three plans, at the start."""
    mdp = pushup_table(gamma=gamma)
    weights = mdp.d0 if weights is None else np.array(weights)
    worth = lambda pi: float(weights @ policy_value(mdp, pi))  # noqa: E731
    plans = [worth(pushup.baselines[name].probs(np.arange(6))) for name in ASKED_PLANS]
    return (float(weights @ value_iteration(mdp).v),
            worth(pushup.baselines["random"].probs(np.arange(6))), np.array(plans))  # fmt: skip


def scaled(gamma: float = SHORT, weights=None) -> tuple[float, ...]:
    """Regret of the three plans."""
    best, chance, plans = start_values(gamma, weights)
    return tuple((best - plans) / (best - chance))


def of_values(function):
    """A wrong answer from best, chance and the three plans at the asked discount."""
    return lambda: tuple(function(*start_values(SHORT)))


def box_by_box() -> tuple[float, ...]:
    """Regret in every box, averaged over where people start."""
    shares = [scaled(weights=tuple(row)) for row in np.eye(6).astype(int).tolist()]
    return tuple(pushup_table().d0 @ np.array(shares))


ROOM = Value(
    id="07.q3", title="A coach who looks less far", name="regrets", rung="complete", minutes=10,
    objective=2, section="What there is to win", value=scaled, tol=2e-3,
    near="Print the best value, chance and the plans' values first, all with gamma 0.5.",
    wrong=[
        Wrong("discount of the chapter", lambda: scaled(0.9),
              "This is the regret for gamma 0.9. Make the table with gamma 0.5, for the best plan "
              "as well as for the others."),
        Wrong("turned round", of_values(lambda best, chance, v: (v - chance) / (best - chance)),
              "Here 1 is the optimum and 0 is chance. Regret runs the other way."),
        Wrong("not scaled", of_values(lambda best, chance, v: best - v),
              "This is what is missing, in units of value. Regret is its share of what separates "
              "the best plan from chance."),
        Wrong("nothing for chance", of_values(lambda best, chance, v: (best - v) / best),
              "You scale by the best value alone, as if chance were worth 0. In this table "
              "chance has a value of its own."),
        Wrong("values", of_values(lambda best, chance, v: v),
              "These are the values of the plans. How far is each from the best, on the scale of "
              "chance?"),
        Wrong("all boxes alike", lambda: scaled(weights=(1 / 6,) * 6),
              "All six boxes count alike in your numbers. People do not start in all of them: "
              "`d0` says where they do."),
        Wrong("one box only", lambda: scaled(weights=(1, 0, 0, 0, 0, 0)),
              "You look at the first box only. People start in several: `d0` says how many "
              "where."),
        Wrong("sign", of_values(lambda best, chance, v: (v - best) / (best - chance)),
              "The sign is turned round: regret is what is missing, so it is 0 at best and "
              "positive otherwise."),
        Wrong("divided the other way",
              of_values(lambda best, chance, v: (best - chance) / (best - v)),
              "The fraction stands upside down."),
        Wrong("best plan of the chapter",
              of_values(lambda best, chance, v: (start_values(0.9)[0] - v)
                        / (start_values(0.9)[0] - chance)),
              "The best value is that for gamma 0.9, the others are for 0.5. All must look "
              "equally far."),
        Wrong("in per cent", lambda: tuple(100 * x for x in scaled()),
              "Give shares of 1, not per cents."),
        Wrong("box by box", box_by_box,
              "You took the share in every box and averaged the shares. First the values at the "
              "start, then one share."),
        Wrong("order", lambda: scaled()[::-1],
              "The three numbers are right, in the opposite order."),
    ],
    hints=[
        "`pushup_table(gamma=0.5)` is the table for a coach who looks less far.",
        "`plan.probs(np.arange(6))` turns a plan into probabilities; `policy_value` gives one "
        "value per box.",
        "The value at the start is `d0 @ v`, for the best plan, for chance and for each plan.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 07.q4: weeks and a head start

SLOTS, ASKED, OURS, NEAR = 400, 2_000, 6_000, 0.05
STEPS = ((polynomial(0.7), False), (0.3, True), (0.03, True))
SPREAD = 0.495  # of the share that scatters most, 0.43 as measured


@cache
def learned(alpha, head_start: bool, epsilon: float = 0.1) -> Array:
    """Regret of learners after 400 slots in the table."""
    mdp = pushup_table()
    solved = value_iteration(mdp)
    run = q_learning(PushUpTableVectorEnv(OURS), n_learners=OURS, n_steps=SLOTS, gamma=0.9,
                     alpha=alpha, epsilon=epsilon, q0=solved.q if head_start else 0.0,
                     rng=np.random.default_rng(12))  # fmt: skip
    v = policy_value(mdp, run.policy.probs(np.tile(np.arange(6), (OURS, 1)))) @ mdp.d0
    best, chance = solved.v @ mdp.d0, policy_value(mdp, np.full((6, 4), 0.25)) @ mdp.d0
    return (best - v) / (best - chance)


def missing_at_chance() -> float:
    """What a regret of 1 is in units of value."""
    best, chance, _ = start_values(0.9)
    return best - chance


def weeks(slots: int, hours: float | None = None) -> float:
    """Weeks of a life."""
    hours = 24 * pushup.PushUpVectorEnv(1).p["slot_days"] if hours is None else hours
    return slots * hours / 168


def head_starts(
    told=lambda r: float((r <= NEAR).mean()), starts=(False, True, True), *, hours=None
):
    """Weeks, then one number for each of the three ways to learn."""
    shares = (told(learned(alpha, start)) for (alpha, _), start in zip(STEPS, starts, strict=True))
    return (weeks(SLOTS, hours), *shares)


def explores_more():
    """Epsilon 0.2: a head start hardly feels it, so those two are not run again."""
    share = (learned(STEPS[0][0], False, 0.2) <= NEAR).mean()
    return (head_starts()[0], share, *head_starts()[2:])


HEAD_START = Value(
    id="07.q4", title="A perfect table, and what is left of it", name="weeks_and_shares",
    rung="experiment", minutes=15, objective=3, section="A head start from other people",
    value=head_starts,
    tol=(0.06, *[sampling_tol(SPREAD, ASKED, OURS)] * 3),  # weeks to one decimal
    near="Check 400 slots, epsilon 0.1, gamma 0.9, the bound of 0.05, and the order: weeks first.",
    wrong=[
        Wrong("mean regret", lambda: head_starts(lambda r: r.mean()),
              "These look like mean or median regrets. The share of learners with a regret of at "
              "most 0.05 is asked for."),
        Wrong("share of the others", lambda: head_starts(lambda r: (r > NEAR).mean()),
              "These are the learners who are not near the optimum."),
        Wrong("in per cent", lambda: head_starts(lambda r: 100 * (r <= NEAR).mean()),
              "Give shares, such as 0.25, not per cents."),
        Wrong("counts", lambda: head_starts(lambda r: ASKED * (r <= NEAR).mean()),
              "These are numbers of learners. Give shares."),
        Wrong("all from zeros", lambda: head_starts(starts=(False,) * 3),
              "All three began with zeros. The second and the third bring a table along: `q0`."),
        Wrong("explores more", explores_more,
              "The first share is that of learners who explore twice as much. Check epsilon."),
        Wrong("weeks last", lambda: (*head_starts()[1:], head_starts()[0]),
              "The numbers are right, but the weeks come first."),
        Wrong("one slot a day", lambda: head_starts(hours=24),
              "A slot is not a day: look up how many hours lie between two slots."),
        Wrong("bound in units of value",
              lambda: head_starts(lambda r: (r * missing_at_chance() <= NEAR).mean()),
              "Your bound of 0.05 looks at what is missing in units of value. Regret is scaled: 1 "
              "is what chance misses."),
        Wrong("in days", lambda: head_starts(hours=7 * 36),
              "The first number looks like days. Weeks are asked for."),
        Wrong("everyone is near", lambda: (weeks(SLOTS), 1.0, 1.0, 1.0),
              "All shares are 1. Was the plan judged before it had learned, or only one learner "
              "counted?"),
    ],
    hints=[
        "`q_learning(..., q0=solved.q)` starts from the solved table. Two thousand learners need "
        "`PushUpTableVectorEnv(2000)`.",
        "`run.policy.probs(np.tile(np.arange(6), (2000, 1)))` are the plans; `policy_value` "
        "judges all of them at once, and `@ table.d0` gives the value at the start.",
        "A share is the mean of True and False: `(regret <= 0.05).mean()`. A week has 168 hours.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 07.q5: same people, same luck


def two_plans(rng: np.random.Generator) -> list[Case]:
    """Rewards of the same people under two plans: (N, T) each."""

    def case(label, n, slots, gamma=0.9, shared=1.0):
        luck = shared * rng.normal(size=(n, slots))
        a, b = luck + 0.3 * rng.normal(size=(2, n, slots)) + [[[0.2]], [[0.0]]]
        return Case(label, (a, b, gamma))

    return [
        case("Three people, one slot", 3, 1),
        case("Four people, four slots", 4, 4),
        case("Two hundred people, thirty slots", 200, 30),
        case("Plans without any shared luck", 50, 20, 0.8, shared=0.0),
    ]  # fmt: skip


def discounted(rewards, gamma, *, first=0):
    """The return of each person, by a loop."""
    return [sum(gamma ** (t + first) * float(r) for t, r in enumerate(row)) for row in rewards]


def compared(*, error=None, ddof=1, sign=1, first=0, keep=True):
    """Mean difference and its standard error, by loops, right or with a flaw."""

    def result(reward_a, reward_b, gamma):
        gamma = gamma if keep else 1.0
        a, b = (discounted(x, gamma, first=first) for x in (reward_a, reward_b))
        gains = [sign * (x - y) for x, y in zip(a, b, strict=True)]
        n, mean = len(gains), sum(gains) / len(gains)
        variance = sum((g - mean) ** 2 for g in gains) / (n - ddof)
        spread = (variance / n) ** 0.5
        return mean, spread if error is None else error(np.array(a), np.array(b), variance)

    return result


def apart(a, b, _):
    """Standard error as if other people had met the second plan."""
    return (a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)) ** 0.5


def per_slot(reward_a, reward_b, gamma):
    """Every slot counted as an observation of its own."""
    gain = (reward_a - reward_b) * gamma ** np.arange(reward_a.shape[1])
    return gain.sum(axis=1).mean(), gain.std(ddof=1) / gain.size**0.5


def over_people(reward_a, reward_b, gamma):
    """Differences averaged over people, then their spread over slots."""
    gain = (reward_a - reward_b).mean(axis=0) * gamma ** np.arange(reward_a.shape[1])
    return gain.sum(), gain.std(ddof=min(1, gain.size - 1)) / gain.size**0.5


PAIRED = Function(
    id="07.q5", title="An interval that is far too wide", name="paired", rung="find the bug",
    minutes=12, objective=4, section="All 4,096 plans on people", cases=two_plans,
    expected=compared(),
    wrong=[
        Wrong("as if they were other people", compared(error=apart),
              "The bug is still there: the two spreads are added, as if other people had met the "
              "second plan. What does each person's own difference look like?"),
        Wrong("spreads subtracted",
              compared(error=lambda a, b, _: abs(a.var(ddof=1) - b.var(ddof=1)) ** 0.5
                       / len(a) ** 0.5),
              "The difference of two variances is not the variance of a difference. Take the "
              "difference first, person by person."),
        Wrong("standard deviation", compared(error=lambda a, b, variance: variance**0.5),
              "That is how far single people scatter. The mean of n people scatters less."),
        Wrong("variance of the mean",
              compared(error=lambda a, b, variance: variance / len(a)),
              "That is the square of it: a standard error is a square root."),
        Wrong("divided by n", compared(error=lambda a, b, variance: variance**0.5 / len(a)),
              "You divide the spread by n. A mean of n people scatters by one over the square "
              "root of n."),
        Wrong("root of n - 1",
              compared(error=lambda a, b, variance: (variance / (len(a) - 1)) ** 0.5),
              "With `ddof=1` the spread is divided by n - 1 already. Divide it by the square root "
              "of n."),
        Wrong("covariance once",
              compared(error=lambda a, b, _: ((a.var(ddof=1) + b.var(ddof=1)
                                               - np.cov(a, b)[0, 1]) / len(a)) ** 0.5),
              "The covariance belongs in it twice. It is simpler to take each person's own "
              "difference."),
        Wrong("root of the slots",
              lambda a, b, g: (compared()(a, b, g)[0],
                               compared()(a, b, g)[1] * (len(a) / a.shape[1]) ** 0.5),
              "You divide by the root of the number of slots. How many people are there?"),
        Wrong("half an interval",
              compared(error=lambda a, b, variance: 1.96 * (variance / len(a)) ** 0.5),
              "That is half the width of an interval. The standard error itself is asked for."),
        Wrong("ddof 0", compared(ddof=0),
              "The spread is that of these people only. As an estimate for all people it is "
              "divided by n - 1: the code had `ddof=1`."),
        Wrong("one of the two plans",
              compared(error=lambda a, b, _: (a.var(ddof=1) / len(a)) ** 0.5),
              "That is the error of the first plan's value alone. The error of the difference is "
              "asked for."),
        Wrong("sum of the errors",
              compared(error=lambda a, b, _: (a.std(ddof=1) + b.std(ddof=1)) / len(a) ** 0.5),
              "Two standard errors are added, which makes the interval wider still. The plans met "
              "the same people."),
        Wrong("no discount", compared(keep=False),
              "The rewards are not discounted any more. That line was right."),
        Wrong("discounted once more", compared(first=1),
              "The first slot is discounted already. That line was right: the first reward counts "
              "in full."),
        Wrong("second minus first", compared(sign=-1),
              "The sign has changed: the first plan's value minus the second's."),
        Wrong("slots as people", per_slot,
              "Every slot counts as a person of its own. The slots of one person belong together: "
              "add them up first."),
        Wrong("slots instead of people", over_people,
              "You average over people and take the spread over slots. Chance lies in which "
              "people came: the spread over people counts."),
    ],
    hints=[
        "Both plans met the same people with the same luck. Which line does not know that?",
        "Write down one number for each person: how much more the first plan brought.",
        "You need the mean of these numbers, and their standard deviation over the square root of "
        "how many there are.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 07.q6: a reward of your own

AT_LEAST, AT_MOST = 0.60, 0.025


def project_reward(completed, difficulty, soreness_band, left):
    """The reward of the chapter, from reported outcomes."""
    trained = difficulty > 0
    good = completed * (difficulty == 3)
    return good * 1.0 - (trained & ((difficulty >= 4) | (completed == 0)))


def plan_for(reward: Array) -> Array:
    """Best plan for a reward (6, 4), as probabilities; ties up to rounding are shared."""
    q = value_iteration(pushup_table(reward)).q
    best = q >= q.max(axis=1, keepdims=True) - 1e-6 * (1 + abs(reward).max())
    return best / best.sum(axis=1, keepdims=True)


def over_100_slots(pi: Array) -> tuple[float, float]:
    """Share of the first 100 slots with training, and with soreness of 7 or more after it."""
    mdp, often = pushup_table(), np.zeros((6, 4))
    here = mdp.d0
    for _ in range(100):
        often += here[:, None] * pi / 100
        here = np.einsum("s,sa,sat->t", here, pi, mdp.P)
    return float(often[:, :REST].sum()), float((often * mdp.cost).sum())


TOLD = {
    "ties": "In some box several actions are best at once: your reward does not tell them apart. "
    "What should be paid, and what should cost something?",
    "same": "The best plan for your reward is still the chapter's. Soreness costs too little "
    "beside what a session earns, or nothing at all.",
    "rests": "The best plan for your reward never trains: a rest is worth more to it than any "
    "session. That is the safest plan, and not what Paul asked for.",
    "stops": "The best plan for your reward trains at first and then rests for ever. A rest is "
    "never punished: look at the boxes from which it does not come back.",
    "always": "The best plan for your reward trains in every slot, however sore Paul is. What does "
    "a session cost that goes badly?",
    "paid": "Soreness of 7 or more has become more frequent than under the chapter's plan. Does "
    "your reward pay for what it should charge?",
}


def reward_of(answer) -> Array:
    """What a learner's function pays, by state and action; Trouble if that makes no sense."""
    codes = np.indices(table_file()["joint"].shape[2:6])
    try:
        got = call(answer, *codes)
    except Trouble as trouble:
        if "truth value" in trouble.message:
            raise Trouble(
                "The four arguments are arrays, and `if` looks at one number only. Multiply by "
                "conditions, such as (difficulty == 3), or use np.where."
            ) from None
        raise
    if got is None:
        raise Trouble("Nothing came back (None). Is there a return?")
    try:
        values = np.broadcast_to(np.asarray(got, float), codes[0].shape)
    except (TypeError, ValueError):
        raise Trouble(
            f"One number for each entry of the arrays is needed, shape {codes[0].shape}, got "
            f"{type(got).__name__} of shape {np.shape(got)}."
        ) from None
    if not (abs(values) <= 1e6).all():
        raise Trouble("Each reward must be a number between minus and plus a million.")
    return reward_table(lambda *_: values)


def judged_reward(answer) -> str:
    """Solve the table for a learner's reward, and look at what the plan does."""
    pi, chapters = plan_for(reward_of(answer)), plan_for(reward_table(project_reward))
    trains, sore = over_100_slots(pi)
    if trains > 1 - 1e-9:
        return TOLD["always"]
    if trains < 1e-9:
        return TOLD["rests"]
    if (pi.max(axis=1) < 1).any():
        return TOLD["ties"]
    if (pi == chapters).all():
        return TOLD["same"]
    if trains < AT_LEAST / 2:
        return TOLD["stops"]
    if trains < AT_LEAST:
        return (f"The plan trains in {trains:.0%} of the first 100 slots, less than the "
                f"{AT_LEAST:.0%} that Paul wants.")  # fmt: skip
    if sore > over_100_slots(chapters)[1]:
        return TOLD["paid"]
    if sore > AT_MOST:
        return (f"Soreness of 7 or more follows {sore:.1%} of the slots, more than "
                f"{AT_MOST:.1%}. The plan trains in {trains:.0%} of them.")  # fmt: skip
    return ""


def priced(price: float, base=project_reward):
    """The reward of the chapter, or another one, with a price on soreness of 7 or more."""
    return lambda completed, difficulty, soreness_band, left: (
        base(completed, difficulty, soreness_band, left) - price * (soreness_band == 2)
    )


OWN_REWARD = Judged(
    id="07.q6", title="A reward of your own", name="my_reward", rung="build", minutes=20,
    objective=5, section="The price of safety", look=judged_reward,
    wrong=[
        Wrong("reward of the chapter", project_reward, TOLD["same"]),
        Wrong("soreness only", lambda c, d, s, left: -1.0 * (s == 2), TOLD["rests"]),
        Wrong("price that stops it", priced(5.0), TOLD["stops"]),
        Wrong("pays for training", lambda c, d, s, left: 1.0 * (d > 0), TOLD["always"]),
        Wrong("pays for soreness", priced(-3.0), TOLD["paid"]),
        Wrong("pays the same for all", lambda c, d, s, left: 0.0 * d, TOLD["ties"]),
    ],
    hints=[
        "Begin with the chapter's reward and change one thing. `soreness_band == 2` marks "
        "soreness of 7 or more.",
        "Soreness of 7 or more is rare, a few slots in a hundred. To be felt in a plan its price "
        "must be several times what a session earns, but there is also too much.",
        "Look at `plan_of(my_reward)` for a handful of prices and find where it changes. Another "
        "way: charge soreness from 4 on a little, or let Easy sessions earn something.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 07.q7: six coaches for Selma

FILES = {  # learners, share near the optimum, in the table, on people, half interval,
    #        sessions said Medium and measured Medium, shield
    "A": (1_000, 0.95, 1.30, 0.70, 0.10, 0.42, 0.40, True),
    "B": (1, 1.00, 1.41, 1.02, 0.10, 0.42, 0.41, True),
    "C": (1_000, 0.97, 1.39, None, None, 0.43, 0.41, True),
    "D": (1_000, 0.96, 1.38, 1.15, 0.10, 0.45, 0.22, True),
    "E": (1_000, 0.98, 1.40, 0.05, 0.10, 0.41, 0.40, True),
    "F": (1_000, 0.98, 1.41, 1.08, 0.10, 0.42, 0.40, False),
}


def reason(learners, near, in_table, on_people, half, said, measured, shield) -> str:
    """What speaks against a coach; each file has one flaw at most."""
    if learners < 100 or near < 0.9:
        return "learners"
    if on_people is None or on_people - half <= 0:
        return "people"
    if measured < 0.75 * said:
        return "reports"
    return "keep" if shield else "shield"


def reasons(**changed) -> tuple[str, ...]:
    """The six words, some of them changed."""
    return tuple(changed.get(name, reason(*row)) for name, row in FILES.items())


REFUSE = Value(
    id="07.q7", title="Six coaches for Selma's club", name="words", rung="judge", minutes=10,
    objective=4, section="When to refuse this policy", value=reasons,
    near="Ask the four questions of that file, one after the other.",
    wrong=[
        Wrong("refuses the gap", lambda: reasons(A="people"),
              "Coach A is worth less on people than in the table. Which of the two numbers is to "
              "be compared with doing nothing, and how does it come out?"),
        Wrong("trusts one learner", lambda: reasons(B="keep"),
              "Coach B found a good plan, once. How many others would have found it in the same "
              "way?"),
        Wrong("trusts the table for C", lambda: reasons(C="keep"),
              "Coach C looks good in the table. What is known of it on people?"),
        Wrong("trusts what was said", lambda: reasons(D="keep"),
              "Coach D is paid by what people say. Compare that with what was measured."),
        Wrong("trusts the table for E", lambda: reasons(E="keep"),
              "Coach E is worth a lot in the table. Is its interval on people above doing "
              "nothing?"),
        Wrong("a shield that costs nothing", lambda: reasons(F="keep"),
              "The shield costs coach F next to nothing in this reward. Its worth lies in what "
              "the reward leaves out."),
        Wrong("ranks by the table", lambda: reasons(A="people", B="keep", C="keep", E="keep"),
              "You seem to go by the column of the table. A table answers for the moments and "
              "the policies that filled it."),
        Wrong("ranks by the value on people", lambda: reasons(B="keep", D="keep", F="keep"),
              "You seem to go by the value on people. It is the right column to begin with, and "
              "three of the high ones have another flaw."),
        Wrong("misses both tables", lambda: reasons(C="keep", E="keep"),
              "Two of your coaches look good in the table only. What do they do on people?"),
        Wrong("keeps everything", ("keep",) * 6,
              "Every column of these files was made to find a fault. Take the four questions one "
              "by one."),
        Wrong("refuses small errors", lambda: reasons(A="reports"),
              "Two of a hundred sessions more were called Medium than were. Reports err; the "
              "bound for a refusal is given."),
    ],
    hints=[
        "Four questions: how many learners, what on people, said or measured, shield on or off.",
        "Doing nothing is worth 0. The whole interval on people must lie above it.",
        "One coach can be kept. One reason occurs twice.",
    ],
)  # fmt: skip

EXERCISES = (TRACE, VOTES, ROOM, HEAD_START, PAIRED, OWN_REWARD, REFUSE)

# ---------------------------------------------------------------- quiz


def share_missing(best: float, chance: float, plan: float) -> float:
    """Regret of a plan, with the values of a one-box table solved by the package."""
    R = np.array([[best, chance, plan]])
    mdp = TabularMDP(np.ones((1, 3, 1)), R, np.ones(1), np.zeros(1, bool), 0.0)
    v = policy_value(mdp, np.eye(3)[:, None])[:, 0]
    return float((value_iteration(mdp).v[0] - v[2]) / (v[0] - v[1]))


QUIZ = (
    Choice(
        id="07.z1", title="I/M/D/R", objective=1, section="The beginner's version",
        text="One box of a young coach's plan prints I/M/D/R. What does it most likely mean?",
        options={
            "a": Option("Nothing was tried there yet: four zeros tie.",
                        "A tie of all four is mostly a box that was never visited.", True),
            "b": Option("All four actions are equally good there.", "They would hardly have "
                        "learned values that are equal to the last digit. What did they start "
                        "from?"),
            "c": Option("The coach has converged.", "A coach that has converged mostly has one "
                        "best action in a box."),
            "d": Option("The coach explores there.", "Exploring is not in the printed plan: it "
                        "shows the best actions only."),
        },
    ),
    Numeric(
        id="07.z2", title="A share of what there is to win", objective=2,
        section="A thousand learners",
        text="In some table the best plan is worth 1.6, acting at random -0.4, and Omar's plan "
             "1.1. What is the regret of Omar's plan?",
        value=lambda: share_missing(1.6, -0.4, 1.1), tol=1e-4,
        reason="0.5 is missing to the best, and 2.0 separates the best from chance.",
        wrong=[
            Wrong("turned round", 0.75, "That is the share that is won. Regret is the share that "
                  "is missing."),
            Wrong("not scaled", 0.5, "That is what is missing in units of value. Which share is "
                  "it of what separates the best from chance?"),
            Wrong("share of the best", 0.5 / 1.6, "You divide by the best value alone. The scale "
                  "runs from chance, which lies below 0, to the best."),
            Wrong("sign of chance", 0.5 / 1.2, "From -0.4 to 1.6 it is further than that: chance "
                  "lies below 0."),
        ],
    ),
    Numeric(
        id="07.z3", title="How many weeks?", objective=3, section="A thousand learners",
        text="A slot comes every 36 hours. For how many weeks does a person train who gives the "
             "coach 350 slots?",
        value=lambda: weeks(350), tol=1e-3, decimals=0,
        reason="350 slots of one and a half days are 525 days.",
        wrong=[
            Wrong("one slot a day", 50.0, "A slot is a day and a half, not a day."),
            Wrong("days", 525.0, "These are days."),
            Wrong("upside down", 350 / 1.5 / 7, "Slots of a day and a half take longer than days, "
                  "not shorter."),
            Wrong("three a week", 350 / 3, "It is a little more than three slots a week. How many "
                  "days do 350 slots of 36 hours take?"),
        ],
    ),
    Choice(
        id="07.z4", title="The rule's own table", objective=4,
        section="What there is to win",
        text="A table is filled with the slots of people coached by one rule, each slot counted "
             "alike. Why can the value of this very rule still come out wrong?",
        options={
            "a": Option("There were too few slots.", "More slots would give the same answer. It "
                        "is what is averaged that is at fault."),
            "b": Option("The rule never explores.", "The rule's own actions are all in the table, "
                        "and no others are needed for its value."),
            "c": Option("A box holds the average of all days, but the value counts the first days "
                        "most.", "Early and late slots of one box differ, and the box cannot say "
                        "which it is.", True),
            "d": Option("The reports err.", "They err alike in the table and on people. The "
                        "difference comes from somewhere else."),
        },
    ),
    Choice(
        id="07.z5", title="Who looks best", objective=5,
        section="What goes wrong: a person who says it is easier than it is",
        text="Lina reports every set as a little easier than it was, Theo as a little harder. Both "
             "follow the same coach. What does the reward say?",
        options={
            "a": Option("Theo is doing better, he is safer.", "He is safer, but the reward does "
                        "not see that. It is made of what he says."),
            "b": Option("Lina is doing better, although she is the one at risk.",
                        "The reward is made of reports, so it ranks the two in the wrong order.",
                        True),
            "c": Option("Both the same, they have the same coach.", "The coach acts on reports, "
                        "and so does the reward. Different reports lead to different courses."),
            "d": Option("It finds out who shades after enough slots.", "Learning follows the "
                        "reward. Only a measurement that does not pass through opinion helps."),
        },
    ),
    Choice(
        id="07.z6", title="A shield for nothing?", objective=5,
        section="The price of safety",
        text="With the shield on, a plan loses almost no reward. What follows?",
        options={
            "a": Option("The shield does nothing and may be left off.", "It does little in this "
                        "reward, which says nothing of injuries. Its worth does not lie there."),
            "b": Option("The rules are too loose.", "Perhaps, but the price does not show it: "
                        "careless plans gained much from the same rules."),
            "c": Option("The plan is safe.", "It obeys these rules. Whether they are the right "
                        "ones, the price cannot say."),
            "d": Option("The plan seldom asks for what the rules forbid.",
                        "Its price is small because it is seldom needed. Its worth lies in what "
                        "the reward leaves out.", True),
        },
    ),
    Choice(
        id="07.z7", title="A loud minority of slots", objective=3, back="06",
        section="A head start from other people",
        text="A coach starts from a good table and goes on with the constant step size 0.1. How "
             "many sessions does an entry remember, in round numbers?",
        options={
            "a": Option("All of them.", "A plain average would. With a constant step old sessions "
                        "fade, and the good table with them."),
            "b": Option("Only the last one.", "That is step size 1. Nine tenths of the old entry "
                        "stay each time."),
            "c": Option("About twenty.", "It scatters like a plain average over (2 - alpha) / "
                        "alpha sessions, nineteen here.", True),
            "d": Option("About a hundred.", "The variance that is left is alpha / (2 - alpha) of "
                        "one session's. How many sessions is that worth?"),
        },
    ),
    Choice(
        id="07.z8", title="Two kinds of error", objective=4, back="05",
        section="What there is to win",
        text="A thousand logs of 20 slots agree on a value, and the exact answer is known to be "
             "far from it. What is large, and what is small?",
        options={
            "a": Option("The bias is large, the variance small.", "Agreement is a small variance. "
                        "What all logs share is missed by all of them.", True),
            "b": Option("The variance is large, the bias small.", "Then the logs would scatter "
                        "around the exact answer."),
            "c": Option("Both are large.", "If the variance were large, the logs would not agree."),
            "d": Option("Both are small.", "If both were small, the logs would lie near the exact "
                        "answer."),
        },
    ),
)  # fmt: skip
