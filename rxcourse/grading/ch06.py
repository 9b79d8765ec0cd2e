"""Questions of chapter 6: SARSA and Q-learning."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from rxcourse.agents.planning import value_iteration
from rxcourse.agents.q_learning import q_learning
from rxcourse.agents.schedules import polynomial
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


def by_hand(probs=None, told=None, gamma: float = GAMMA, over=None) -> tuple[float, ...]:
    """Four probabilities, then Q-learning, SARSA and expected SARSA on the numbers of 06.q1.

    `told` turns an update into the number that is handed in, `over` are the probabilities of
    expected SARSA where they differ from the first four.
    """
    pi = EpsilonGreedy(NEXT[None], EPSILON).probs(np.array(0)) if probs is None else probs
    pi, told = np.array(pi), told or (lambda update: update)
    mean = float((pi if over is None else np.array(over)) @ NEXT)
    updates = (moved(x, gamma) for x in (NEXT.max(), NEXT[-1], mean))
    return (*pi, *(told(update) for update in updates))


def ordered(*places: int):
    """The updates of 06.q1 in another order."""
    return lambda: (*by_hand()[:4], *(by_hand()[4 + place] for place in places))


def target(update: float) -> float:
    """The target that an update moved to."""
    return OLD + (update - OLD) / ALPHA


REST_OF_IT, SHARE = 1 - EPSILON, EPSILON / 4

TRACE = Value(
    id="06.q1", title="One session, three updates", name="updated", rung="by hand", minutes=8,
    objective=1, section="Four targets", value=by_hand, tol=1e-4,
    near="Write the four probabilities and the target of each rule down first, then move a tenth "
         "of the way.",
    wrong=[
        Wrong("no discount", lambda: by_hand(gamma=1.0),
              "The value of the next state is not discounted: gamma is 0.9 here, not 1."),
        Wrong("exploring spares the best",
              lambda: by_hand([EPSILON / 2, REST_OF_IT / 2, REST_OF_IT / 2, EPSILON / 2]),
              "The exploring share goes to all four actions, the best ones included: a trial may "
              "happen to be the best action."),
        Wrong("first of the best",
              lambda: by_hand([SHARE, SHARE + REST_OF_IT, SHARE, SHARE]),
              "Two actions are equally good, and your coach prefers the first of them. How do "
              "best actions share their probability?"),
        Wrong("second of the best",
              lambda: by_hand([SHARE, SHARE, SHARE + REST_OF_IT, SHARE]),
              "Two actions are equally good, and your coach prefers the second of them. How do "
              "best actions share their probability?"),
        Wrong("all of it twice",
              lambda: by_hand([SHARE, SHARE + REST_OF_IT, SHARE + REST_OF_IT, SHARE]),
              "Your four probabilities add up to more than 1. The share for the best action is "
              "there once, however many are best."),
        Wrong("trials left out", lambda: by_hand([0, REST_OF_IT / 2, REST_OF_IT / 2, 0]),
              "Your four probabilities add up to less than 1. Where did the trials go?"),
        Wrong("never tries", lambda: by_hand([0, 0.5, 0.5, 0]),
              "This coach never tries anything. What does epsilon stand for?"),
        Wrong("always tries", lambda: by_hand([0.25] * 4),
              "This coach takes all four alike. How often does it try, and what does it do "
              "otherwise?"),
        Wrong("plain mean", lambda: by_hand(over=[0.25] * 4),
              "Expected SARSA averages over what the policy does, not over all actions alike. "
              "You have written down how often it takes each of the four."),
        Wrong("whole targets", lambda: by_hand(told=target),
              "These are the targets. The estimate moves only a tenth of the way towards them."),
        Wrong("old value forgotten", lambda: by_hand(told=lambda x: ALPHA * target(x)),
              "A tenth of the target alone is not an update: nine tenths of the old estimate "
              "stay."),
        Wrong("old value not taken off", lambda: by_hand(told=lambda x: OLD + ALPHA * target(x)),
              "You add a tenth of the target. What is added is a tenth of the surprise."),
        Wrong("only the moves", lambda: by_hand(told=lambda x: x - OLD),
              "This is by how much the estimate moves. To what does it move?"),
        Wrong("last two exchanged", ordered(0, 2, 1),
              "Two numbers have changed places: SARSA comes before expected SARSA."),
        Wrong("first two exchanged", ordered(1, 0, 2),
              "Two numbers have changed places: Q-learning comes before SARSA."),
        Wrong("reversed", ordered(2, 1, 0),
              "The three updates stand in the opposite order: Q-learning comes first."),
        Wrong("expected first", ordered(2, 0, 1),
              "You begin with expected SARSA, which comes last."),
        Wrong("best last", ordered(1, 2, 0),
              "You end with Q-learning, which comes first."),
        Wrong("updates first", lambda: (*by_hand()[4:], *by_hand()[:4]),
              "The four probabilities come first, then the updates."),
    ],
    hints=[
        "Only the value of the next state differs between the three rules.",
        "Two actions share the first place. Under epsilon-greedy they share its probability.",
        "Give each of the four an equal part of epsilon. What is left of 1 is split between the "
        "best two. Expected SARSA weighs the four values with these probabilities.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 06.q2: targets of a batch


def batches(rng: np.random.Generator) -> list[Case]:
    """Transitions of N people with N actions, so that a maximum over people gives N numbers."""

    def case(label, terminated, truncated, gamma, above=2.0):
        n = len(terminated)
        ends = np.array(terminated, bool), np.array(truncated, bool)
        return Case(label, (rng.normal(size=n), *ends, rng.normal(size=(n, n)) + above, gamma))

    small = Case("Two people who go on, rewards 1 and 0, values [[2, 5], [3, 1]], gamma 0.5",
                 (np.array([1.0, 0.0]), np.zeros(2, bool), np.zeros(2, bool),
                  np.array([[2.0, 5.0], [3.0, 1.0]]), 0.5))  # fmt: skip
    many = rng.random((2, 40)) < 0.3
    return [
        small,
        case("Four people who go on", [0] * 4, [0] * 4, 0.9),
        case("Two people, the first terminated", [1, 0], [0, 0], 0.9),
        case("Two people, the first truncated", [0, 0], [1, 0], 0.8),
        case("Two people, the first terminated and truncated at once", [1, 0], [1, 0], 0.9),
        case("Three people, all next values negative", [0] * 3, [0] * 3, 0.7, above=-9.0),
        case("Forty people", many[0], many[1], 0.95),
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
        Wrong("a cut undoes an end",
              lambda r, te, tr, q, g: r + g * ~(te & ~tr) * q.max(axis=1),
              "Both may be True at once: it ended in the very slot in which we stopped looking. "
              "Is there a future after that?"),
        Wrong("only both make an end",
              lambda r, te, tr, q, g: r + g * ~(te & tr) * q.max(axis=1),
              "You stop only where an episode is terminated and truncated at once. One of the two "
              "is enough to take the future away: which?"),
        Wrong("goes on only after an end",
              lambda r, te, tr, q, g: r + g * te * q.max(axis=1),
              "The future counts for those who terminated, and for nobody else. Turn it round."),
        Wrong("no discount",
              lambda r, te, tr, q, g: r + ~te * q.max(axis=1),
              "The future is not discounted: gamma does not appear in your result."),
        Wrong("gamma of the chapter",
              lambda r, te, tr, q, g: r + 0.9 * ~te * q.max(axis=1),
              "You discount by 0.9, whatever gamma is. It is handed over as an argument."),
        Wrong("mean instead of best",
              lambda r, te, tr, q, g: r + g * ~te * q.mean(axis=1),
              "This averages over the next actions. Q-learning takes the best one."),
        Wrong("sum instead of best",
              lambda r, te, tr, q, g: r + g * ~te * q.sum(axis=1),
              "This adds the values of all next actions. Only one of them will be done."),
        Wrong("worst instead of best",
              lambda r, te, tr, q, g: r + g * ~te * q.min(axis=1),
              "This takes the worst next action. Q-learning takes the best one."),
        Wrong("first action", lambda r, te, tr, q, g: r + g * ~te * q[:, 0],
              "You take the first action of each person, whatever it is worth."),
        Wrong("number of the action",
              lambda r, te, tr, q, g: r + g * ~te * q.argmax(axis=1),
              "`argmax` says which action is best. How much is that action worth?"),
        Wrong("best of the table",
              lambda r, te, tr, q, g: r + g * ~te * q.max(),
              "This is the largest number in the whole table. Each person has a row of its own: "
              "over which axis is the maximum?"),
        Wrong("maximum over people",
              lambda r, te, tr, q, g: r + g * ~te * q.max(axis=0),
              "For each action you look for the person with the largest value. Each person has a "
              "row of its own: which axis are the actions?"),
        Wrong("maximum starts at 0",
              lambda r, te, tr, q, g: r + g * ~te * np.maximum(q.max(axis=1), 0),
              "If all next values are below 0, you count 0 instead of the best of them. From what "
              "does the search for the best start?"),
        Wrong("future taken off",
              lambda r, te, tr, q, g: r - g * ~te * q.max(axis=1),
              "You take the future off the reward. It comes on top of it."),
        Wrong("reward discounted, too",
              lambda r, te, tr, q, g: g * (r + ~te * q.max(axis=1)),
              "The reward of this step is there at once. Only what comes after it is discounted."),
        Wrong("reward lost",
              lambda r, te, tr, q, g: g * ~te * q.max(axis=1),
              "The reward of the step itself is missing."),
        Wrong("reward lost at the end",
              lambda r, te, tr, q, g: ~te * (r + g * q.max(axis=1)),
              "At the end the reward is lost as well. It was earned; only the future is gone."),
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

    def case(label, coin, terminated, alpha, gamma):
        tables = rng.normal(size=(2, 3, 4))
        return Case(label, (*tables, 0, 2, -1.0, 1, terminated, coin, alpha, gamma))

    def small(coin):
        label = (f"Coin {coin}, s 0, a 1, r -1, s_next 1, alpha 0.5, gamma 0.9, "
                 "Q1 [[0, 2], [1, 3]], Q2 [[0, 4], [7, 5]]")  # fmt: skip
        tables = np.array([[0.0, 2.0], [1.0, 3.0]]), np.array([[0.0, 4.0], [7.0, 5.0]])
        return Case(label, (*tables, 0, 1, -1.0, 1, False, coin, 0.5, 0.9))

    return [
        small(0), small(1),
        case("Coin 0 with other numbers", 0, False, 0.1, 0.9),
        case("Coin 1 with other numbers", 1, False, 0.5, 0.6),
        case("Coin 0, an episode that terminated", 0, True, 0.25, 0.9),
        case("Coin 1, an episode that terminated", 1, True, 0.5, 0.8),
    ]  # fmt: skip


def doubled(
    chooses=0, values=1, *, ends=True, both=False, moves=0, flip=False, fixed=None, swaps=False,
    least=False, keeps=True,
):  # fmt: skip
    """Double Q-learning in which other tables may choose, value and move: 0 is the updated one."""

    def update(Q1, Q2, s, a, r, s_next, terminated, coin, alpha, gamma):
        alpha, gamma = (fixed or {}).get("alpha", alpha), (fixed or {}).get("gamma", gamma)
        Q = [Q1.copy(), Q2.copy()]
        coin = 1 - coin if flip else coin
        roles = [Q[coin], Q[1 - coin]]
        best = roles[chooses][s_next].argmax()
        future = roles[values][s_next, best]
        future = min(table[s_next, best] for table in Q) if least else future
        future = 0.0 if ends and terminated else future
        for table in roles if both else [roles[moves]]:
            table[s, a] += alpha * (r + gamma * future - keeps * table[s, a])
        return tuple(roles) if swaps else tuple(Q)

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
              "The jobs are in different hands, but you have changed both of them. One line is to "
              "blame: which of the two was right as it stood?"),
        Wrong("updates both", doubled(0, 1, both=True),
              "Both tables are changed by the same step. Then they share their luck, and two "
              "tables are no better than one."),
        Wrong("the other table moves", doubled(0, 1, moves=1),
              "The target is right, but it moves the other table. That line was right before."),
        Wrong("coin turned round", doubled(flip=True),
              "The jobs are split, but the coin is read the wrong way round: which table does it "
              "pick in the code above?"),
        Wrong("coin turned round, and the bug", doubled(0, 0, flip=True),
              "The coin is read the wrong way round now, and the bug is still there. The line "
              "with the coin was right."),
        Wrong("the smaller of two", doubled(least=True),
              "The smaller of two values is cautious, but it is another method, and it errs on "
              "the low side. Who should say what the chosen action is worth?"),
        Wrong("future after the end", doubled(ends=False),
              "After a terminated episode there is no future to value."),
        Wrong("alpha of one case", doubled(fixed={"alpha": 0.5}),
              "You move half of the way, whatever alpha is. It is handed over as an argument."),
        Wrong("gamma of one case", doubled(fixed={"gamma": 0.9}),
              "You discount by 0.9, whatever gamma is. It is handed over as an argument."),
        Wrong("no discount", doubled(fixed={"gamma": 1.0}),
              "The future is not discounted any more. That part was right before."),
        Wrong("old value not taken off", doubled(keeps=False),
              "A part of the whole target is added. What is added is a part of the surprise."),
        Wrong("returned in the order of the roles", doubled(swaps=True),
              "The tables change places when the coin is 1. Return the first table first."),
    ],
    hints=[
        "Which line decides, and which line values? Who does each of them?",
        "With coin 0 the first table is updated. It may choose; who should value?",
        "Keep the choice as it is, and read its value in the table that is not updated.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 06.q5: step sizes, measured

SIZES = (0.5, 0.1, polynomial(0.7))
ASKED, OURS = 200, 400  # learners
LONGER = (0.106, 0.023, 0.001)  # after 10,000 decisions, as measured


@cache
def ends_of_scale() -> tuple[float, float]:
    """Value of the best plan and of chance at the start."""
    mdp = pushup_table()
    chance = policy_value(mdp, np.full((6, 4), 0.25))
    return float(mdp.d0 @ value_iteration(mdp).v), float(mdp.d0 @ chance)


def span() -> float:
    """What a regret of 1 is in units of value."""
    return ends_of_scale()[0] - ends_of_scale()[1]


@cache
def learned(alpha, n_learners: int = OURS, n_steps: int = 2_000, seed: int = 3) -> Array:
    """Scaled regret of each of many learners on the push-up table."""
    mdp = pushup_table()
    run = q_learning(PushUpTableVectorEnv(n_learners), n_learners=n_learners, n_steps=n_steps,
                     gamma=0.9, alpha=alpha, epsilon=0.3,
                     rng=np.random.default_rng(seed))  # fmt: skip
    pi = run.policy.probs(np.tile(np.arange(6), (n_learners, 1)))
    return (ends_of_scale()[0] - policy_value(mdp, pi) @ mdp.d0) / span()


def regrets(told=np.mean, **run) -> tuple[float, ...]:
    """One number for each step size of 06.q5."""
    return tuple(float(told(learned(size, **run))) for size in SIZES)


def like(undo, times: float = 1.0):
    """How a slip is known: undone, the numbers are the right ones."""
    return lambda x: STEP_SIZES.close(undo(x), times)


STEP_SIZES = Value(
    id="06.q5", title="Three step sizes, two hundred learners each", name="mean_regrets",
    rung="experiment", minutes=15, objective=4, section="Step sizes", value=regrets,
    tol=lambda: sampling_tol(regrets(np.std), ASKED, OURS),
    near="Check epsilon 0.3, gamma 0.9, 2,000 decisions for each of 200 learners.",
    wrong=[
        Wrong("last two exchanged", lambda: tuple(np.array(regrets())[[0, 2, 1]]),
              "The last two seem to have changed places: first 0.1, then the one that shrinks.",
              like(lambda x: x[[0, 2, 1]])),
        Wrong("first two exchanged", lambda: tuple(np.array(regrets())[[1, 0, 2]]),
              "The first two seem to have changed places: first 0.5, then 0.1.",
              like(lambda x: x[[1, 0, 2]])),
        Wrong("order reversed", lambda: regrets()[::-1],
              "The three numbers are right, in the opposite order: 0.5, then 0.1, then the one "
              "that shrinks.", like(lambda x: x[::-1])),
        Wrong("one for all", lambda: regrets()[:1] * 3,
              "All three look like the result of 0.5. Does each run get its own step size?"),
        Wrong("values instead of regret", lambda: tuple(1 - x for x in regrets()),
              "These look like 1 minus the regret. Regret is 0 for the optimum of the table and "
              "1 for chance."),
        Wrong("worth", lambda: tuple(ends_of_scale()[0] - span() * x for x in regrets()),
              "These are the values of the plans. How far is each from the best, on the scale of "
              "chance?", like(lambda x: (ends_of_scale()[0] - x) / span())),
        Wrong("not scaled", lambda: tuple(span() * x for x in regrets()),
              "This is what is missing, in units of value. Regret is its share of what separates "
              "the best plan from chance.", like(lambda x: x / span(), times=0.6)),
        Wrong("chance", lambda: (1.0, 1.0, 1.0),
              "All three say 1, which is chance. Was the policy judged before it had learned?"),
        Wrong("in per cent", lambda: tuple(100 * x for x in regrets()),
              "Give shares, not per cents.", like(lambda x: x / 100)),
        Wrong("sign", lambda: tuple(-x for x in regrets()),
              "The sign is turned round: regret is what is missing, so it is 0 at best and "
              "positive otherwise."),
        Wrong("below zero", lambda: (*regrets()[:2], -0.02),
              "A mean regret cannot be below 0: no plan is worth more than the best.",
              lambda x: bool((x < -1e-6).any())),
        Wrong("median", lambda: regrets(np.median),
              "These look like medians. The typical learner hides the few that went astray: take "
              "the mean."),
        Wrong("many decisions", LONGER,
              "Your learners have had more time than was asked for. How many decisions did each "
              "of them make?"),
        Wrong("too few learners",
              lambda: tuple(np.array(regrets()) + [0, 1.5 * STEP_SIZES.bounds[1], 0]),
              "These are near, but a mean over 200 learners comes nearer. How many did you "
              "train?", like(lambda x: x, times=10**0.5)),  # the spread with a tenth of them
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

    def given(told, q, visits, least):
        label = f"{told}: q {q}, visits {visits}, least {least} (1 is True)"
        return Case(label, (np.array(q, float), np.array(visits), least))

    def case(label, S, A, least):
        q, visits = rng.normal(size=(S, A)), rng.integers(1, 60, size=(S, A))
        return Case(f"{label} (1 is True)", (q, visits, least))

    return [
        given("A best action that was tried once", [[1, 2], [3, 0]], [[90, 1], [90, 1]], 30),
        given("Exactly the least number of visits", [[0, 2], [2, 0]], [[90, 30], [30, 90]], 30),
        given("Two best actions, one of them rarely tried", [[2, 2, 0], [0, 2, 2]],
              [[90, 3, 90], [3, 3, 90]], 30),
        given("All actions equally good", [[1, 1], [1, 1], [1, 1], [1, 1]],
              [[9, 8], [40, 60], [50, 4], [12, 12]], 20),
        given("Nothing tried often", [[1, 2, 0], [2, 1, 0]], [[5, 5, 5], [15, 15, 15]], 20),
        given("Nearly as good is not as good", [[2, 1.99], [1.99, 2]], [[90, 3], [3, 90]], 20),
        case("Six states", 6, 4, 30), case("Forty states", 40, 5, 20),
    ]  # fmt: skip


def rarely(q, visits, least):
    """By a loop: whether some best action of the state was tried less often than that."""
    return np.array([
        any(n < least for value, n in zip(row, counts, strict=True) if value == max(row))
        for row, counts in zip(q, visits, strict=True)
    ])  # fmt: skip


def first_best(q, visits):
    """Visits of the first best action of each state."""
    return visits[np.arange(len(q)), q.argmax(axis=1)]


def bests(q, axis=1):
    """Marks of the best actions."""
    return q == q.max(axis=axis, keepdims=True)


REFUSE = Function(
    id="06.q6", title="Refuse what was hardly tried", name="to_refuse", rung="judge", minutes=12,
    objective=5, section="When to refuse this policy", cases=tried_tables, expected=rarely,
    wrong=[
        Wrong("any action counts", lambda q, n, least: (n < least).any(axis=1),
              "An action the plan does not use may be rarely tried. Look only at what the plan "
              "would do."),
        Wrong("every action rare", lambda q, n, least: (n < least).all(axis=1),
              "You refuse a state only if none of its actions was tried often. The plan takes "
              "the best ones: were these?"),
        Wrong("all visits of the state", lambda q, n, least: n.sum(axis=1) < least,
              "You count how often the state was seen. What counts is how often the chosen "
              "action was tried in it."),
        Wrong("mean visits", lambda q, n, least: n.mean(axis=1) < least,
              "You average the visits over all actions of the state. What counts is how often "
              "the chosen action was tried."),
        Wrong("all of it over all actions",
              lambda q, n, least: (bests(q) & (n < least)).all(axis=1),
              "Your mark must hold for all actions of the state. Actions that are not best "
              "never have it, so nearly nothing is refused."),
        Wrong("well tried over all actions",
              lambda q, n, least: (bests(q) & (n >= least)).all(axis=1),
              "You look for states in which every action is best and was tried often. The "
              "question is whether one of the best was tried rarely."),
        Wrong("one well tried", lambda q, n, least: (bests(q) & (n >= least)).any(axis=1),
              "You mark the states in which some best action was tried often. Which states are "
              "to be refused?"),
        Wrong("one of them is enough",
              lambda q, n, least: ~(bests(q) & (n >= least)).any(axis=1),
              "With two best actions the plan may take either. For you one that was tried often "
              "is enough to keep both."),
        Wrong("visits of ties added", lambda q, n, least: (bests(q) * n).sum(axis=1) < least,
              "You add the visits of actions that are equally good. Each of them has to be tried "
              "often enough by itself."),
        Wrong("at most instead of below",
              lambda q, n, least: (bests(q) & (n <= least)).any(axis=1),
              "An action that was tried exactly that often has been tried often enough."),
        Wrong("one of the best", lambda q, n, least: first_best(q, n) < least,
              "With two best actions the plan may take either. It is to be refused if one of "
              "them was rarely tried."),
        Wrong("the last of the best",
              lambda q, n, least: first_best(q[:, ::-1], n[:, ::-1]) < least,
              "You look at the last of several best actions. The plan may take any of them."),
        Wrong("one of the best, at most", lambda q, n, least: first_best(q, n) <= least,
              "Two things: exactly that often is often enough, and with two best actions the plan "
              "may take either."),
        Wrong("nearly the best",
              lambda q, n, least: ((q >= q.max(axis=1, keepdims=True) - 0.05)
                                   & (n < least)).any(axis=1),
              "You count actions that are nearly as good as the best. The plan takes the best "
              "only."),
        Wrong("best state of each action",
              lambda q, n, least: (bests(q, axis=0) & (n < least)).any(axis=1),
              "For each action you look for its best state. The plan looks for the best action "
              "of each state: over which axis is the maximum?"),
        Wrong("worst action",
              lambda q, n, least: (bests(-q) & (n < least)).any(axis=1),
              "You look at the worst action of each state. The plan takes the best."),
        Wrong("often instead of rarely",
              lambda q, n, least: (bests(q) & (n > least)).any(axis=1),
              "You mark actions that were tried more often than that. Rarely tried ones are to "
              "be found."),
        Wrong("nothing refused", lambda q, n, least: np.zeros(len(q), bool),
              "Nothing is refused, whatever was tried."),
        Wrong("everything refused", lambda q, n, least: np.ones(len(q), bool),
              "Everything is refused, even what was tried often."),
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
        id="06.z1", title="Same sessions, two plans", objective=3,
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
        id="06.z2", title="Off-policy", objective=1, section="Four targets",
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
        id="06.z3", title="How long is the memory?", objective=4, section="Step sizes",
        text="With a constant step size of 0.2 the estimate scatters like a plain average over how "
             "many sessions?",
        value=lambda: (2 - 0.2) / 0.2, decimals=0,
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
        id="06.z4", title="Which step size settles?", objective=4, section="Step sizes",
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
        id="06.z5", title="Ten new exercises", objective=5,
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
        id="06.z6", title="The log ends", objective=2, section="Four targets", back="05",
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
        id="06.z7", title="A known table", objective=3, back="04",
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
