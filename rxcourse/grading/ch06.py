"""Questions of chapter 6: SARSA and Q-learning."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from rxcourse.agents.planning import value_iteration
from rxcourse.agents.q_learning import q_learning
from rxcourse.agents.schedules import polynomial
from rxcourse.grading.question import Case, Choice, Function, Numeric, Option, Value, Wrong
from rxcourse.mdp import policy_value
from rxcourse.policy import EpsilonGreedy
from rxcourse.simulators.gridworld import cliff_walking
from rxcourse.simulators.pushup_table import PushUpTableVectorEnv, pushup_table

Array = np.ndarray

# ---------------------------------------------------------------- 06.q1: four updates by hand

OLD, REWARD, ALPHA, GAMMA, EPSILON = 2.0, -1.0, 0.1, 0.9, 0.2
NEXT = np.array([1.0, 4.0, 4.0, -3.0])  # the next action happens to be the last one


def moved(future: float, gamma: float = GAMMA) -> float:
    """The old estimate of 06.q1, moved towards a target."""
    return OLD + ALPHA * (REWARD + gamma * future - OLD)


def by_hand(mean: float | None = None, gamma: float = GAMMA) -> tuple[float, float, float]:
    """Q-learning, SARSA and expected SARSA on the numbers of 06.q1."""
    pi = EpsilonGreedy(NEXT[None], EPSILON).probs(np.array(0))
    expected = float(pi @ NEXT) if mean is None else mean
    return moved(NEXT.max(), gamma), moved(NEXT[-1], gamma), moved(expected, gamma)


TRACE = Value(
    id="06.q1", title="One session, three updates", name="updated", rung="by hand", minutes=8,
    objective=1, section="Four targets", value=by_hand, tol=1e-4,
    near="Write the target of each rule down first, then move a tenth of the way.",
    wrong=[
        Wrong("no discount", lambda: by_hand(gamma=1.0),
              "The value of the next state is not discounted: gamma is 0.9 here, not 1."),
        Wrong("exploring spares the best",
              lambda: by_hand(mean=(1 - EPSILON) * 4.0 + EPSILON * (1.0 - 3.0) / 2),
              "In expected SARSA the exploring share goes to all four actions, the best ones "
              "included: a trial may happen to be the best action."),
        Wrong("plain mean", lambda: by_hand(mean=float(NEXT.mean())),
              "Expected SARSA averages over what the policy does, not over all actions alike. "
              "How often does an epsilon-greedy coach take each of the four?"),
        Wrong("whole targets",
              lambda: tuple(OLD + (x - OLD) / ALPHA for x in by_hand()),
              "These are the targets. The estimate moves only a tenth of the way towards them."),
        Wrong("old value forgotten",
              lambda: tuple(ALPHA * (OLD + (x - OLD) / ALPHA) for x in by_hand()),
              "A tenth of the target alone is not an update: nine tenths of the old estimate "
              "stay."),
    ],
    hints=[
        "Only the value of the next state differs between the three rules.",
        "Two actions share the first place. Under epsilon-greedy they share its probability.",
        "The four probabilities are 0.05, 0.45, 0.45 and 0.05.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 06.q2: targets of a batch


def batches(rng: np.random.Generator) -> list[Case]:
    """Transitions of N people: one that goes on, an end, a cut, and many of each."""
    def case(label, terminated, truncated):
        n = len(terminated)
        ends = np.array(terminated, bool), np.array(truncated, bool)
        return Case(label, (rng.normal(size=n), *ends, rng.normal(size=(n, 4)) + 2, 0.9))

    many = rng.random((2, 40)) < 0.3
    return [
        case("One person who goes on", [0], [0]),
        case("One person whose episode terminated", [1], [0]),
        case("One person whose episode was truncated", [0], [1]),
        case("Four people who go on", [0] * 4, [0] * 4),
        case("Forty people", many[0], many[1] & ~many[0]),
    ]


def targets(reward, terminated, truncated, next_values, gamma):
    """Q-learning's targets, by a loop."""
    rows = zip(reward, terminated, next_values, strict=True)
    return np.array([r if end else r + gamma * max(values) for r, end, values in rows])


TARGETS = Function(
    id="06.q2", title="The target, for many people at once", name="my_targets", rung="complete",
    minutes=10, objective=2, section="Four targets", cases=batches, expected=targets,
    wrong=[
        Wrong("bootstraps through the end",
              lambda r, te, tr, q, g: r + g * q.max(axis=1),
              "A terminated episode has no future: its next value must count 0, whatever the "
              "table says there."),
        Wrong("takes a cut for an end",
              lambda r, te, tr, q, g: r + g * ~(te | tr) * q.max(axis=1),
              "Truncated means that we stopped looking. The person goes on, so the future still "
              "has its value."),
        Wrong("swaps the two ends",
              lambda r, te, tr, q, g: r + g * ~tr * q.max(axis=1),
              "You stop at the truncated episodes and go on through the terminated ones. It is "
              "the other way round."),
        Wrong("no discount",
              lambda r, te, tr, q, g: r + ~te * q.max(axis=1),
              "The future is not discounted: gamma does not appear in your result."),
        Wrong("mean instead of best",
              lambda r, te, tr, q, g: r + g * ~te * q.mean(axis=1),
              "This averages over the next actions. Q-learning takes the best one."),
        Wrong("maximum over people",
              lambda r, te, tr, q, g: r + g * ~te * q.max(),
              "This is the largest number in the whole table. Each person has a row of its own: "
              "over which axis is the maximum?"),
        Wrong("reward lost",
              lambda r, te, tr, q, g: g * ~te * q.max(axis=1),
              "The reward of the step itself is missing."),
    ],
    hints=[
        "`next_values` has one row for each person and one column for each action.",
        "Multiply the future by something that is 0 for terminated episodes and 1 for all others.",
        "`~terminated` turns True and False round; the maximum is over axis 1.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 06.q3: the slip rate that tips


@cache
def worth_of_both(epsilon: float) -> tuple[float, float]:
    """Value at the start of the edge plan and of the best plan, when people slip."""
    def mix(x):
        return (1 - epsilon) * x + epsilon * x.mean(axis=1, keepdims=True)

    cliff = cliff_walking()
    slippery = replace(cliff, P=mix(cliff.P), R=mix(cliff.R))
    edge = value_iteration(cliff).pi
    return policy_value(slippery, edge)[36], value_iteration(slippery).v[36]


def tipping_point(margin: float = 10.0) -> float:
    """Smallest slip rate, in whole per cent, at which the edge plan loses that much."""
    for percent in range(100):
        edge, best = worth_of_both(percent / 100)
        if best - edge > margin:
            return percent / 100
    raise AssertionError("the edge plan never loses")


TIPPING = Value(
    id="06.q3", title="How often may people slip?", name="tipping_rate", rung="experiment",
    minutes=12, objective=3, section="What slips do to a plan", value=tipping_point, tol=1e-9,
    near="Compare the two values at each rate from 0 up, and stop at the first that fits.",
    wrong=[
        Wrong("in per cent", lambda: 100 * tipping_point(),
              "Give the rate as a share, such as 0.25, not in per cent."),
        Wrong("one step too early", lambda: tipping_point() - 0.01,
              "At that rate the edge plan is still within ten sessions of the best plan."),
        Wrong("one step too late", lambda: tipping_point() + 0.01,
              "One per cent less is enough: look for the first rate at which the gap is above 10."),
        Wrong("any gap", lambda: tipping_point(0.0),
              "There the best plan is ahead already, but by less than ten sessions."),
        Wrong("edge plan against itself", lambda: 0.0,
              "At rate 0 nobody slips, and both plans are the same. Compare at the same rate, "
              "with the best plan solved anew for that rate."),
    ],
    hints=[
        "`with_slips(cliff, rate)` is the world; `policy_value` judges the edge plan in it.",
        "The best plan changes with the rate: call `value_iteration` for every rate.",
        "The values at the start are at state 36. Both are negative; the gap is best minus edge.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 06.q4: the silent bug


def pairs_of_tables(rng: np.random.Generator) -> list[Case]:
    """Two tables and one transition each."""
    def case(label, coin, terminated):
        tables = rng.normal(size=(2, 3, 4))
        return Case(label, (*tables, 0, 2, -1.0, 1, terminated, coin, 0.5, 0.9))

    return [
        case("Coin 0", 0, False), case("Coin 0 again", 0, False), case("Coin 1", 1, False),
        case("Coin 1 again", 1, False), case("An episode that terminated", 0, True),
    ]  # fmt: skip


def doubled(chooses=0, values=1, ends=True, both=False):
    """Double Q-learning in which other tables may choose and value: 0 is the updated one."""
    def update(Q1, Q2, s, a, r, s_next, terminated, coin, alpha, gamma):
        Q = [Q1.copy(), Q2.copy()]
        roles = [Q[coin], Q[1 - coin]]
        best = roles[chooses][s_next].argmax()
        future = 0.0 if ends and terminated else roles[values][s_next, best]
        for table in roles if both else roles[:1]:
            table[s, a] += alpha * (r + gamma * future - table[s, a])
        return tuple(Q)
    return update


DOUBLE = Function(
    id="06.q4", title="The coach that is too pleased with itself", name="double_update",
    rung="find the bug", minutes=12, objective=5, section="A maximum looks better than it is",
    cases=pairs_of_tables, expected=doubled(),
    wrong=[
        Wrong("one table does both", doubled(0, 0),
              "The bug is still there: the table that chooses the next action also says what it "
              "is worth, so its luck counts twice."),
        Wrong("the other table does both", doubled(1, 1),
              "Now the other table both chooses and values. The two jobs must be in different "
              "hands."),
        Wrong("roles exchanged", doubled(1, 0),
              "The jobs are split, but the wrong way round: the table that is updated chooses, "
              "and the other one values."),
        Wrong("updates both", doubled(0, 1, both=True),
              "Both tables are changed by the same step. Then they share their luck, and two "
              "tables are no better than one."),
        Wrong("future after the end", doubled(ends=False),
              "After a terminated episode there is no future to value."),
    ],
    hints=[
        "Which line decides, and which line values? Who does each of them?",
        "With coin 0 the first table is updated. It may choose; who should value?",
        "Keep the choice as it is, and read its value in the table that is not updated.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 06.q5: step sizes, measured

SIZES = (0.5, 0.1, polynomial(0.7))
SPREAD = 0.131  # largest standard deviation over learners of the scaled regret, as measured


def regret_of(alpha, n_learners: int, n_steps: int = 2_000, seed: int = 5) -> float:
    """Mean scaled regret of learners on the push-up table."""
    mdp = pushup_table()
    envs = PushUpTableVectorEnv(n_learners)
    run = q_learning(envs, n_learners=n_learners, n_steps=n_steps, gamma=0.9, alpha=alpha,
                     epsilon=0.3, rng=np.random.default_rng(seed))  # fmt: skip
    pi = run.policy.probs(np.tile(np.arange(6), (n_learners, 1)))
    best = mdp.d0 @ value_iteration(mdp).v
    chance = mdp.d0 @ policy_value(mdp, np.full((6, 4), 0.25))
    return float(((best - policy_value(mdp, pi) @ mdp.d0) / (best - chance)).mean())


@cache
def regrets() -> tuple[float, float, float]:
    """The three step sizes of 06.q5, over five times as many learners as are asked for."""
    return tuple(regret_of(size, 1_000) for size in SIZES)


STEP_SIZES = Value(
    id="06.q5", title="Three step sizes, two hundred learners each", name="mean_regrets",
    rung="experiment", minutes=15, objective=4, section="Step sizes", value=regrets,
    # 5 standard errors of the difference between the means of 200 learners and of 1,000.
    tol=5 * SPREAD * (1 / 200 + 1 / 1_000) ** 0.5,
    near="Check epsilon 0.3, gamma 0.9, 2,000 decisions for each learner.",
    wrong=[
        Wrong("values instead of regret", lambda: tuple(1 - x for x in regrets()),
              "These look like 1 minus the regret. Regret is 0 for the optimum of the table and "
              "1 for chance."),
        Wrong("order reversed", lambda: regrets()[::-1],
              "The three numbers are right, in the opposite order: 0.5, then 0.1, then the one "
              "that shrinks."),
        Wrong("chance", lambda: (1.0, 1.0, 1.0),
              "All three say 1, which is chance. Was the policy judged before it had learned?"),
        Wrong("in per cent", lambda: tuple(100 * x for x in regrets()),
              "Give shares, not per cents."),
    ],
    hints=[
        "`run.policy` is a stack of two hundred policies; the chapter judges them in one call.",
        "`pi = run.policy.probs(np.tile(np.arange(6), (200, 1)))`, then `policy_value(mdp, pi)`.",
        "The regret is (best - worth) / (best - chance), averaged over the learners.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 06.q6: what was hardly tried


def tried_tables(rng: np.random.Generator) -> list[Case]:
    """Tables of values and of visits."""
    def case(label, S, A, least, **tie):
        q, visits = rng.normal(size=(S, A)), rng.integers(1, 60, size=(S, A))
        for state, twin in tie.get("ties", {}).items():
            q[state, twin] = q[state].max()
        return Case(label, (q, visits, least))

    rare = Case("A best action that was tried once, beside one tried often",
                (np.array([[1.0, 2.0], [3.0, 0.0]]), np.array([[90, 1], [90, 1]]), 30))  # fmt: skip
    edge = Case("Exactly the least number of visits",
                (np.array([[0.0, 2.0]]), np.array([[90, 30]]), 30))  # fmt: skip
    tied = Case("Two best actions, one of them rarely tried",
                (np.array([[2.0, 2.0, 0.0]]), np.array([[90, 3, 90]]), 30))  # fmt: skip
    return [rare, edge, tied, case("Six states", 6, 4, 30), case("Forty states", 40, 5, 20)]


def rarely(q, visits, least):
    """By a loop: whether some best action of the state was tried less often than that."""
    return np.array([
        any(n < least for value, n in zip(row, counts, strict=True) if value == max(row))
        for row, counts in zip(q, visits, strict=True)
    ])  # fmt: skip


def first_best(q, visits):
    """Visits of the first best action of each state."""
    return visits[np.arange(len(q)), q.argmax(axis=1)]


REFUSE = Function(
    id="06.q6", title="Refuse what was hardly tried", name="to_refuse", rung="judge", minutes=12,
    objective=5, section="When to refuse this policy", cases=tried_tables, expected=rarely,
    wrong=[
        Wrong("any action counts", lambda q, n, least: (n < least).any(axis=1),
              "An action the plan does not use may be rarely tried. Look only at what the plan "
              "would do."),
        Wrong("all visits of the state", lambda q, n, least: n.sum(axis=1) < least,
              "You count how often the state was seen. What counts is how often the chosen "
              "action was tried in it."),
        Wrong("at most instead of below", lambda q, n, least: first_best(q, n) <= least,
              "An action that was tried exactly that often has been tried often enough."),
        Wrong("one of the best", lambda q, n, least: first_best(q, n) < least,
              "With two best actions the plan may take either. It is to be refused if one of "
              "them was rarely tried."),
        Wrong("the most tried action", lambda q, n, least: n.max(axis=1) < least,
              "That looks at the action tried most. The plan takes the one with the best value."),
        Wrong("the other way round", lambda q, n, least: ~rarely(q, n, least),
              "True and False are exchanged: True means that this state's plan is refused."),
    ],
    hints=[
        "First mark the actions the plan may take: those whose value equals the row's largest.",
        "Then ask of each whether it was tried less often than `least`.",
        "`best & (visits < least)`, and then whether there is any in the row.",
    ],
)  # fmt: skip

EXERCISES = (TRACE, TARGETS, TIPPING, DOUBLE, STEP_SIZES, REFUSE)

# ---------------------------------------------------------------- quiz

QUIZ = (
    Choice(
        id="06.z1", title="Same sessions, two plans", name="z1", objective=3,
        section="The four on the cliff",
        text="SARSA and Q-learning saw the same kind of sessions. Why does only SARSA keep away "
             "from the edge?",
        options={
            "a": Option("It explores less.", "Both explored with the same epsilon. Look at what "
                        "their targets say about the next action."),
            "b": Option("Its target holds the action really taken next, slips included.",
                        "So the price of slipping beside the edge enters the values there.", True),
            "c": Option("Its step size is smaller.", "The step size was the same for all."),
            "d": Option("It knows where the edge is.", "Neither knows the map. Both learn from "
                        "rewards alone."),
        },
    ),
    Choice(
        id="06.z2", title="Off-policy", name="z2", objective=1, section="Four targets",
        text="Q-learning is called off-policy. What does that mean here?",
        options={
            "a": Option("It needs no policy.", "It always behaves in some way; the question is "
                        "whose values it learns."),
            "b": Option("It learns from a stored log only.", "It may, but in this chapter it "
                        "learned while acting."),
            "c": Option("It behaves in one way and learns the values of another, the greedy one.",
                        "It explores, and its maximum speaks of a plan that never explores.", True),
            "d": Option("It forgets its policy after each episode.", "Nothing is forgotten between "
                        "episodes; the table stays."),
        },
    ),
    Numeric(
        id="06.z3", title="How long is the memory?", name="z3", objective=4, section="Step sizes",
        text="With a constant step size of 0.2 the estimate scatters like a plain average over how "
             "many sessions?",
        value=lambda: (2 - 0.2) / 0.2, tol=1e-6, decimals=0,
        reason="The variance is alpha / (2 - alpha) times that of one target, so the number is "
               "(2 - alpha) / alpha.",
        wrong=[
            Wrong("one over alpha", 5.0, "1 / alpha is how long the estimate takes to move. The "
                  "scatter is that of (2 - alpha) / alpha sessions."),
            Wrong("upside down", 0.2 / 1.8, "That is the share of the variance that is left. How "
                  "many sessions would a plain average need for it?"),
            Wrong("squared", 25.0, "The square of 1 / alpha has no meaning here: look at the "
                  "variance formula of the section."),
        ],
    ),
    Choice(
        id="06.z4", title="Which step size settles?", name="z4", objective=4, section="Step sizes",
        text="Which of these step sizes at the n-th update satisfies both conditions of "
             "convergence?",
        options={
            "a": Option("constant 0.01", "Its squares do not add up to something finite: the "
                        "estimate goes on scattering, a little."),
            "b": Option("$1 / n^2$", "Its sum is finite: a bad start can never be undone."),
            "c": Option("$1 / n^{0.7}$", "The sum is infinite and the sum of squares finite, as "
                        "for every power above one half and up to 1.", True),
            "d": Option("$1 / n^{0.4}$", "The sum of squares of a power of one half or less is "
                        "infinite."),
        },
    ),
    Choice(
        id="06.z5", title="Ten new exercises", name="z5", objective=5,
        section="A maximum looks better than it is",
        text="Ten new exercises are equally good. Each was tried a few times, and the best average "
             "is announced as what the best of them is worth. What is wrong?",
        options={
            "a": Option("Nothing: averages are unbiased.", "Each average is. The largest of ten is "
                        "not: it was picked because it was lucky."),
            "b": Option("The number is too high, on average.", "The largest of noisy numbers is "
                        "mostly one that was lucky.", True),
            "c": Option("The number is too low, on average.", "Picking the largest favours good "
                        "luck, not bad luck."),
            "d": Option("It is wrong only if the ten differ.", "It is worst when they are all "
                        "equal: then only luck decides which is picked."),
        },
    ),
    Choice(
        id="06.z6", title="The log ends", name="z6", objective=2, section="Four targets", back="05",
        text="A study ends while a person goes on training. How should the last target treat the "
             "next state?",
        options={
            "a": Option("Count its value 0, the episode is over.", "Our looking is over. The "
                        "person trains on, and what follows is worth something."),
            "b": Option("Count its value as usual: the episode was truncated.", "Only termination "
                        "makes the future worthless.", True),
            "c": Option("Leave the transition out.", "It holds a reward and a state that was "
                        "really reached; there is no reason to lose it."),
            "d": Option("Use the first state of the next person.", "That joins two people who have "
                        "nothing to do with each other."),
        },
    ),
    Choice(
        id="06.z7", title="A known table", name="z7", objective=3, back="04",
        section="What slips do to a plan",
        text="The chances of the map with slips are known. How is the best plan found?",
        options={
            "a": Option("Only by trying many times.", "A known table of chances can be solved "
                        "without a single try."),
            "b": Option("By the plan that is best without slips.", "That plan walks along the "
                        "edge, and is worth far less when people slip."),
            "c": Option("By value iteration on the changed table.", "Slips only change the "
                        "chances; the method is that of chapter 4.", True),
            "d": Option("It cannot be found exactly.", "With a table it can, and with bounds on "
                        "the error."),
        },
    ),
)  # fmt: skip
