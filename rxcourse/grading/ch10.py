"""Questions of chapter 10: deep Q-networks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from rxcourse.agents.planning import value_iteration
from rxcourse.grading.question import Case, Choice, Function, Numeric, Option, Value, Wrong
from rxcourse.simulators.readings import STOP, readings_model

Array = np.ndarray

# ---------------------------------------------------------------- 10.q1: one update by hand

X, NEXT_X = np.array([1.0, 2.0]), np.array([2.0, 1.0])
ONLINE = np.array([[1.0, 0.5], [2.0, -2.0]])  # light, hard
FROZEN = np.array([[0.5, 0.5], [1.0, 1.0]])
REWARD, GAMMA, RATE = 1.0, 0.9, 0.1


def by_hand(*, copy=FROZEN, pick=max, gamma=GAMMA, clipped=True, sign=1, row=0, told=None):
    """Value, target, Huber loss, and value after one step of the light session of 10.q1."""
    value = float(ONLINE[row] @ X)
    y = REWARD + gamma * float(pick(copy @ NEXT_X))
    error = y - value
    loss = 0.5 * error**2 if abs(error) <= 1 or not clipped else abs(error) - 0.5
    slope = float(np.clip(error, -1, 1)) if clipped else error
    after = float((ONLINE[row] + sign * RATE * slope * X) @ X)
    return told(value, y, loss, after, slope) if told else (value, y, loss, after)


TRACE = Value(
    id="10.q1", title="One update with an old copy", name="updated", rung="by hand", minutes=10,
    objective=1, section="One update by hand", value=by_hand, tol=1e-4,
    near="Write down the value, the two values of tomorrow by the copy, the target and the error, "
         "in this order.",
    wrong=[
        Wrong("target by the network itself", lambda: by_hand(copy=ONLINE),
              "Your target comes from the weights that learn. Who supplies the values of "
              "tomorrow, so that the target stands still?"),
        Wrong("squared throughout", lambda: by_hand(clipped=False),
              "You used half the square. The error is above 1: how does Huber's loss count it, "
              "and how hard does it pull?"),
        Wrong("square in the loss only",
              lambda: by_hand(told=lambda v, y, h, after, s: (v, y, 0.5 * (y - v) ** 2, after)),
              "Value, target and step are right; the loss is half the square. The error is above "
              "1."),
        Wrong("loss right, step too long",
              lambda: (*by_hand()[:3], by_hand(clipped=False)[3]),
              "The loss is Huber's, but the step has the slope of the square. How steep is "
              "Huber's loss beyond 1?"),
        Wrong("half forgotten",
              lambda: by_hand(told=lambda v, y, h, after, s: (v, y, y - v, after)),
              "Your loss is the error itself. Beyond 1 it is the error less a half, so that both "
              "pieces meet."),
        Wrong("no discount", lambda: by_hand(gamma=1.0),
              "The value of tomorrow is not discounted: gamma is 0.9."),
        Wrong("smallest value of tomorrow", lambda: by_hand(pick=min),
              "You took the smaller of tomorrow's two values."),
        Wrong("mean of tomorrow", lambda: by_hand(pick=np.mean),
              "You averaged tomorrow's two values. The target takes the larger one."),
        Wrong("the other action", lambda: by_hand(row=1),
              "He did the light session; you updated the hard one."),
        Wrong("wrong way", lambda: by_hand(sign=-1),
              "The step goes away from the target. The value is below it, so it must rise."),
        Wrong("step without readings",
              lambda: by_hand(told=lambda v, y, h, after, s: (v, y, h, v + RATE * s)),
              "You moved the value itself by a tenth. The weights move, each by its reading, and "
              "then the value is computed anew."),
        Wrong("value set to the target",
              lambda: by_hand(told=lambda v, y, h, after, s: (v, y, h, y)),
              "One step does not reach the target: the value moves a little towards it."),
    ],
    hints=[
        "A value is a sum of readings times weights. The target uses the copy's weights and "
        "tomorrow's readings.",
        "The error is target minus value. Beyond 1 the loss is its size less a half, with slope "
        "1.",
        "Each weight of the light session moves by 0.1 times the slope times its reading of "
        "today. Then compute its value again.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 10.q2: the loss of a batch


def batches(rng: np.random.Generator) -> list[Case]:
    """Values, targets, a threshold."""
    make = lambda n, spread: (rng.normal(size=n), spread * rng.normal(size=n))  # noqa: E731
    return [
        Case("values [0, 0], targets [0.5, -3], threshold 1",
             (np.zeros(2), np.array([0.5, -3.0]), 1.0)),
        Case("values [1, 2, 5], targets [1, 4, 1], threshold 2",
             (np.array([1.0, 2.0, 5.0]), np.array([1.0, 4.0, 1.0]), 2.0)),
        Case("small errors only", (*make(5, 0.1), 9.0)),
        Case("large errors only", (np.zeros(4), np.array([7.0, -9.0, 4.0, -5.0]), 0.5)),
        Case("sixty-four decisions, threshold 1", (*make(64, 3.0), 1.0)),
        Case("sixty-four decisions, threshold 3", (*make(64, 6.0), 3.0)),
    ]  # fmt: skip


def mean_loss(values, targets, threshold):
    """By a loop."""
    total = 0.0
    for value, target in zip(values, targets, strict=True):
        size = abs(target - value)
        if size <= threshold:
            total += size * size / 2
        else:
            total += threshold * size - threshold * threshold / 2
    return total / len(values)


def flawed(*, mean=True, half=True, offset=True, scaled=True, one=False, signed=False, square=False,
           absolute=False):  # fmt: skip
    """Huber's loss of a batch with one part missing."""

    def loss(values, targets, threshold):
        c = 1.0 if one else threshold
        error = targets - values
        size = error if signed else abs(error)
        low = (0.5 if half else 1.0) * size**2
        high = (c if scaled else 1.0) * size - (0.5 * c**2 if offset else 0.0)
        each = np.where(size <= c, low, high)
        each = 0.5 * error**2 if square else abs(error) if absolute else each
        return each.mean() if mean else each.sum()

    return loss


LOSS = Function(
    id="10.q2", title="Huber's loss of a batch", name="my_loss", rung="complete", minutes=10,
    objective=2, section="The loss", cases=batches, expected=mean_loss,
    wrong=[
        Wrong("sum instead of mean", flawed(mean=False),
              "This is the sum over the batch. The loss is the mean, so that its slope does not "
              "depend on the size of the batch."),
        Wrong("half forgotten", flawed(half=False),
              "Small errors count with their full square. Half of it is needed, so that the slope "
              "is the error."),
        Wrong("pieces do not meet", flawed(offset=False),
              "At the threshold your loss jumps. What has to be taken off the straight piece so "
              "that it begins where the curved one ends?"),
        Wrong("slope 1 beyond", flawed(scaled=False),
              "Beyond the threshold the slope must be the threshold, not 1, or the pieces have "
              "a corner between them."),
        Wrong("threshold of the chapter", flawed(one=True),
              "Your threshold is 1 whatever is handed over. It is an argument."),
        Wrong("negative errors never large", flawed(signed=True),
              "You compare the error with the threshold, not its size: large negative errors "
              "count as small."),
        Wrong("half the square throughout", flawed(square=True),
              "This is half the square for all errors. Large errors should pull no harder than "
              "the threshold."),
        Wrong("size throughout", flawed(absolute=True),
              "This is the size of the error throughout. Near 0 the loss should be curved."),
    ],
    hints=[
        "Two formulas, one for errors up to the threshold and one beyond it, chosen by `np.where`.",
        "With threshold c the straight piece is c times the size less half of c squared: for c = "
        "1 that is the formula of the chapter.",
        "`size = abs(targets - values)`, then `np.where(size <= threshold, ..., ...)`, then the "
        "mean.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 10.q3: the silent bug


def next_values(rng: np.random.Generator) -> list[Case]:
    """Rewards, ends, cuts, and what both networks say of the next observation."""

    def case(label, n, end=0.0, cut=0.0, gamma=0.9):
        ends = rng.random((2, n)) < np.array([[end], [cut]])
        return Case(label, (rng.normal(size=n), *ends, gamma, *rng.normal(size=(2, n, n))))

    return [
        Case("One decision, reward 1, gamma 0.9, online [[1, 3]], frozen [[5, 2]]",
             (np.ones(1), np.zeros(1, bool), np.zeros(1, bool), 0.9, np.array([[1.0, 3.0]]),
              np.array([[5.0, 2.0]]))),
        case("Four decisions that go on", 4), case("Six decisions, some ended", 6, end=0.5),
        case("Six decisions, some cut", 6, cut=0.5, gamma=0.7),
        case("Forty decisions of all kinds", 40, end=0.3, cut=0.3, gamma=0.95),
    ]  # fmt: skip


def double_targets(reward, terminated, truncated, gamma, online, frozen):
    """By a loop."""
    rows = zip(reward, terminated, online, frozen, strict=True)
    return np.array([r + (0 if end else gamma * judged[list(chooser).index(max(chooser))])
                     for r, end, chooser, judged in rows])  # fmt: skip


def twin(chooses="online", judges="frozen", ends="terminated", *, gamma=None, best=np.argmax):
    """Double targets with other roles."""

    def targets(reward, terminated, truncated, given, online, frozen):
        who = {"online": online, "frozen": frozen}
        over = {"terminated": terminated, "none": 0 * terminated, "truncated": truncated,
                "both": terminated | truncated}[ends]  # fmt: skip
        choice = best(who[chooses], axis=1)
        future = who[judges][np.arange(len(reward)), choice]
        return reward + (given if gamma is None else gamma) * (1 - over) * future

    return targets


BUG = Function(
    id="10.q3", title="Double, or only called so", name="my_targets", rung="find the bug",
    minutes=12, objective=4, section="What they claim and what it is worth", cases=next_values,
    expected=double_targets,
    wrong=[
        Wrong("frozen does both", twin("frozen", "frozen"),
              "The old copy both chooses and judges: these are the ordinary targets. Whose choice "
              "should it judge?"),
        Wrong("online does both", twin("online", "online"),
              "The network that learns both chooses and judges, so its luck counts twice and the "
              "target moves with it."),
        Wrong("roles exchanged", twin("frozen", "online"),
              "The two jobs are in different hands, but exchanged: which of the two should stand "
              "still, the choice or the judgement?"),
        Wrong("a cut is an end", twin(ends="both"),
              "You take the future away after a cut as well. After a cut the person goes on."),
        Wrong("only cuts end", twin(ends="truncated"),
              "The future is gone after a cut and there after an end. It is the other way round."),
        Wrong("nothing ends", twin(ends="none"),
              "An ended episode has no future, whatever the networks say of it."),
        Wrong("no discount", twin(gamma=1.0), "The future is not discounted any more."),
        Wrong("gamma of the chapter", twin(gamma=0.95),
              "Gamma is handed over as an argument; yours is always 0.95."),
        Wrong("worst choice", twin(best=np.argmin),
              "You choose the action with the smallest value."),
        Wrong("axis of decisions", twin(best=lambda q, axis: q.argmax(axis=0)),
              "Each decision has a row of its own. Over which axis are the actions?"),
    ],
    hints=[
        "Two lines: one finds an action for each decision, the other looks up its value.",
        "The name `online` should appear once, and so should `frozen`.",
        "Choose by `online.argmax(axis=1)`, and read the value in the table of the copy.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 10.q4: two wrong worlds

SHARE = 1 / 40


@cache
def claim(cut: float = 0.0, stops: float = 1.0) -> float:
    """Mean value of the 30 conditions if the chance to stop is another."""
    mdp = readings_model()
    stop = 1 - (1 - stops * np.tile(STOP, 6)) * (1 - cut)
    reached = mdp.P[:30, :, :30] + mdp.P[:30, :, 30:]
    P = mdp.P.copy()
    P[:30, :, :30], P[:30, :, 30:] = reached * (1 - stop), reached * stop
    changed = replace(mdp, P=P, R=(mdp.P @ mdp.R) * ~mdp.terminal[:, None])
    return float(value_iteration(changed).v[:30].mean())


WORLDS = Value(
    id="10.q4", title="What the two wrong flags would claim", name="claims", rung="experiment",
    minutes=15, objective=5, section="Truncation is not termination, in both directions",
    value=lambda: (claim(SHARE), claim(stops=0.0)), tol=5e-3,
    near="Check that the rewards are those of the table, and that the mean runs over the thirty "
         "conditions.",
    wrong=[
        Wrong("truth twice", lambda: (claim(), claim()),
              "Both are the true value. Did the changed chances reach `value_iteration`?"),
        Wrong("exchanged", lambda: (claim(stops=0.0), claim(SHARE)),
              "The two claims have changed places: first cuts taken for ends, then ends taken for "
              "cuts."),
        Wrong("one in ten", lambda: (claim(0.1), claim(stops=0.0)),
              "The first is the claim for a cut in every tenth session, as in the chapter. Here "
              "it is one in forty."),
        Wrong("nobody stops at all", lambda: (claim(SHARE, stops=0.0), claim(stops=0.0)),
              "In your first world people are cut and never stop by themselves. A cut comes on "
              "top of stopping."),
        Wrong("cut in the second too", lambda: (claim(SHARE), claim(SHARE, stops=0.0)),
              "In your second world people are still cut. There no end counts, whatever its "
              "reason."),
        Wrong("differences", lambda: (claim(SHARE) - claim(), claim(stops=0.0) - claim()),
              "These are differences from the truth. What would the learners claim?"),
    ],
    hints=[
        "`world` makes a table from thirty chances to stop. Which chances does each mistake "
        "amount to?",
        "Whoever is cut in one session of forty and otherwise stops as before goes on with "
        "chance (1 - 1/40) (1 - stop).",
        "For the second mistake all thirty chances are 0.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 10.q5: reading an ablation


def two_arms(rng: np.random.Generator) -> list[Case]:
    """Results of the learners of two arms."""

    def case(label, shift, n=20, m=20, spread=1.0):
        full = rng.normal(size=n)
        return Case(label, (full, rng.normal(size=m) * spread + shift))

    return [
        Case("full [1, 2, 3], changed [7, 8, 9]", (np.arange(1.0, 4), np.arange(7.0, 10))),
        Case("full [7, 8, 9], changed [1, 2, 3]", (np.arange(7.0, 10), np.arange(1.0, 4))),
        Case("full [1, 2, 3], changed [2, 3, 4]", (np.arange(1.0, 4), np.arange(2.0, 5))),
        Case("full [1, 2, 3], changed [3, 4, 5]", (np.arange(1.0, 4), np.arange(3.0, 6))),
        Case("full [-1, 1], changed [2, 2]", (np.array([-1.0, 1]), np.array([2.0, 2]))),
        Case("full [-1, 1, -1, 1], changed four times 0.8",
             (np.array([-1.0, 1, -1, 1]), np.full(4, 0.8))),
        Case("full [-1, 1, -1, 1], changed four times 0.1",
             (np.array([-1.0, 1, -1, 1]), np.full(4, 0.1))),
        Case("four against sixteen", (np.array([0.0, 0, 1, 1]),
                                      np.repeat([1.0, 1.2], 8))),
        Case("one arm scatters widely", (np.array([0.0, 0.1, 0.2, 0.1]),
                                         np.array([-5.0, 9.0, -4.0, 8.0]))),
        case("twenty learners each, far below", -3.0), case("twenty each, far above", 3.0),
        case("twenty each, nothing between them", 0.0),
        case("forty against ten", -2.0, 40, 10, 3.0),
    ]  # fmt: skip


def seen(full, changed):
    """-1, 0 or 1, by the statistics module's way of computing a variance."""
    n, m = len(full), len(changed)
    mean = sum(changed) / m - sum(full) / n
    spread = [sum((x - sum(a) / len(a)) ** 2 for x in a) / (len(a) - 1) for a in (full, changed)]
    error = (spread[0] / n + spread[1] / m) ** 0.5
    return 0 if abs(mean) <= 2 * error else int(mean > 0) - int(mean < 0)


def judged(
    *, root=True, ddof=1, sign=1, both=True, times=2.0, add=True, overlap=False, blind=False
):  # fmt: skip
    """The verdict with one flaw."""

    def verdict(full, changed):
        parts = [x.var(ddof=ddof) / (len(x) if root else 1) for x in (full, changed)]
        error = np.sqrt(sum(parts) if both else parts[0])
        if not add:
            error = np.sqrt(abs(parts[1] - parts[0]))
        if overlap:
            error = sum(np.sqrt(parts))
        d = sign * (changed.mean() - full.mean())
        return 0 if abs(d) <= times * error and not blind else int(np.sign(d))

    return verdict


ABLATION = Function(
    id="10.q5", title="Does the part do anything here?", name="verdict", rung="judge", minutes=12,
    objective=3, section="The ablation", cases=two_arms, expected=seen,
    wrong=[
        Wrong("every difference counts", judged(blind=True),
              "You call every difference real. How far do two means differ by luck alone?"),
        Wrong("other sign", judged(sign=-1),
              "The signs are turned round: -1 means that the changed arm is worse than full."),
        Wrong("spread of learners", judged(root=False),
              "You compare with the spread of single learners. A mean of many learners scatters "
              "less: divide each variance by the number of learners."),
        Wrong("one arm only", judged(both=False),
              "Only the luck of the full arm is counted. The changed arm has luck of its own."),
        Wrong("intervals must not overlap", judged(overlap=True),
              "You ask whether two intervals overlap. That is too strict: the error of a "
              "difference is the root of the sum of the squares."),
        Wrong("luck subtracted", judged(add=False),
              "You subtracted one squared error from the other. The luck of both arms adds up."),
        Wrong("one standard error", judged(times=1.0),
              "You used one standard error, which luck exceeds one time in three. Two were asked "
              "for."),
        Wrong("divided by n", judged(ddof=0),
              "Your variance divides by the number of learners; with a mean estimated from them "
              "it is one less."),
        Wrong("nothing ever differs", lambda full, changed: 0,
              "You never see a difference, not even between [1, 2, 3] and [7, 8, 9]."),
    ],
    hints=[
        "Difference of the means first, then how much it scatters by luck.",
        "The squared standard error of a mean is the variance over learners, with `ddof=1`, "
        "divided by their number. The two add up.",
        "Return 0 if the size of the difference is at most two standard errors, otherwise its "
        "sign.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 10.q6: values that cannot be


def claimed_tables(rng: np.random.Generator) -> list[Case]:
    """Claims of learners, the smallest and the largest reward, gamma."""
    return [
        Case("claims [5, 25], rewards from 0 to 1, gamma 0.95 (1 is True)",
             (np.array([5.0, 25.0]), 0.0, 1.0, 0.95)),
        Case("claims [-1, 15], rewards from 0 to 1, gamma 0.9 (1 is True)",
             (np.array([-1.0, 15.0]), 0.0, 1.0, 0.9)),
        Case("claims [-9, -3, 1], rewards from -1 to 0, gamma 0.75 (1 is True)",
             (np.array([-9.0, -3.0, 1.0]), -1.0, 0.0, 0.75)),
        Case("exactly at both bounds (1 is True)", (np.array([-2.0, 4.0]), -1.0, 2.0, 0.5)),
        Case("rewards from 0.5 to 1: somebody may stop (1 is True)",
             (np.array([0.2, 3.0, 11.0]), 0.5, 1.0, 0.9)),
        Case("rewards from -2 to -1: somebody may stop (1 is True)",
             (np.array([-0.5, -15.0, -21.0, 0.3]), -2.0, -1.0, 0.9)),
        Case("forty learners (1 is True)", (rng.normal(size=40) * 20, -1.0, 1.0, 0.95)),
    ]  # fmt: skip


def impossible(claims, low, high, gamma):
    """By adding up 10,000 rewards in place of the closed form; whoever stops gets nothing."""
    weights = gamma ** np.arange(10_000)
    bottom, top = min(0.0, (low * weights).sum()), max(0.0, (high * weights).sum())
    return np.array([not bottom - 1e-6 <= c <= top + 1e-6 for c in claims])


def bounded(*, below=True, above=True, horizon=True, ends=True, one=False, flip=False, stay=False):
    """The check with one flaw."""

    def check(claims, low, high, gamma):
        times = 1 / (1 - (0.95 if one else gamma)) if horizon else 1.0
        bottom, top = times * low, times * high
        if ends:
            bottom, top = min(0, bottom), max(0, top)
        found = (claims < bottom - 1e-9) & below | (claims > top + 1e-9) & above
        if stay:
            found = (claims <= bottom + 1e-9) | (claims >= top - 1e-9)
        return ~found if flip else found

    return check


REFUSE = Function(
    id="10.q6", title="Values that cannot be true", name="cannot_be", rung="judge", minutes=10,
    objective=5, section="What goes wrong: values that cannot be true", cases=claimed_tables,
    expected=impossible,
    wrong=[
        Wrong("only above", bounded(below=False),
              "Claims that are far too low pass. There is a lower bound as well."),
        Wrong("only below", bounded(above=False),
              "Claims that are far too high pass."),
        Wrong("one reward", bounded(horizon=False),
              "You compare with a single reward. A value is the sum of all later ones: how much "
              "is the largest, repeated for ever?"),
        Wrong("nobody stops", bounded(ends=False),
              "Your bounds hold for people who go on for ever. Whoever stops gets nothing from "
              "then on, so a value near 0 is possible too."),
        Wrong("gamma of the chapter", bounded(one=True),
              "Your horizon is that of gamma 0.95. Gamma is handed over as an argument."),
        Wrong("the other way round", bounded(flip=True),
              "True and False are exchanged: True means that the claim cannot be true."),
        Wrong("bounds themselves", bounded(stay=True),
              "A claim exactly at a bound is possible: the best reward for ever."),
        Wrong("nothing found", lambda c, low, high, g: np.zeros(len(c), bool),
              "You find nothing impossible, not even 25 where 20 is the bound."),
        Wrong("everything found", lambda c, low, high, g: np.ones(len(c), bool),
              "You refuse every claim, also those that may well be true."),
    ],
    hints=[
        "The largest reward for ever is worth it divided by 1 - gamma.",
        "Whoever stops gets 0 from then on, so 0 always lies between the bounds.",
        "The bounds are `min(0, low / (1 - gamma))` and `max(0, high / (1 - gamma))`.",
    ],
)  # fmt: skip

EXERCISES = (TRACE, LOSS, BUG, WORLDS, ABLATION, REFUSE)

# ---------------------------------------------------------------- quiz

QUIZ = (
    Choice(
        id="10.z1", title="Why a copy", objective=1, section="One update by hand",
        text="Why are targets computed with an old copy of the network?",
        options={
            "a": Option("The copy is more accurate.", "It is older, and so less accurate. It has "
                        "another merit."),
            "b": Option("It saves computing time.", "It costs memory and saves nothing."),
            "c": Option("A step that raises today's value would raise its own target as well.",
                        "With the copy the target stands still until it is renewed.", True),
            "d": Option("It makes the policy explore.", "Exploration comes from epsilon. The copy "
                        "chooses no action."),
        },
    ),
    Choice(
        id="10.z2", title="Why a memory", objective=1, section="One person, twelve numbers",
        text="A network learns from each session once, in the order in which they come. What goes "
             "wrong most of all?",
        options={
            "a": Option("After a row of similar days it forgets what it knew about others.",
                        "All weights serve all days, and the last ones pull at all of them.", True),
            "b": Option("It cannot compute a target.", "A target needs one session, the next "
                        "readings and the network."),
            "c": Option("Values become too large.", "That is the maximum's doing, with or without "
                        "a memory."),
            "d": Option("Ends are taken for cuts.", "How an end is marked has nothing to do with "
                        "the memory."),
        },
    ),
    Numeric(
        id="10.z3", title="A large surprise", objective=2, section="The loss",
        text="The target is 2 and the network says 5. What is Huber's loss, with threshold 1?",
        value=lambda: mean_loss([5.0], [2.0], 1.0), decimals=1,
        reason="The size of the error is 3, which is above 1, so the loss is 3 - 0.5.",
        wrong=[
            Wrong("half the square", 4.5, "That is half the square. The error is above the "
                  "threshold."),
            Wrong("size", 3.0, "The straight piece begins half a unit lower, where the curved one "
                  "ends."),
            Wrong("negative", -2.5, "A loss counts the size of an error. It is never negative."),
            Wrong("slope", 1.0, "That is the slope. What is the loss itself?"),
        ],
    ),
    Choice(
        id="10.z4", title="No difference seen", objective=3, section="The ablation",
        text="Twenty learners without a part do as well as twenty with it: the interval of the "
             "difference holds 0. What may be said?",
        options={
            "a": Option("The part is useless.", "On this task, at these settings, with this "
                        "precision. Another task or learning rate may need it."),
            "b": Option("On this task and at these settings no difference was seen, and the "
                        "interval says how large one could have been missed.",
                        "That is what an ablation can say.", True),
            "c": Option("The part helps, only not significantly.", "Nothing in these numbers says "
                        "that."),
            "d": Option("Twenty learners are never enough.", "They are enough for differences "
                        "larger than the interval."),
        },
    ),
    Choice(
        id="10.z5", title="Praise of one's own plan", objective=4,
        section="What they claim and what it is worth",
        text="A network claims 14.7 for its own plan, whose exact worth is 13.0. Which change "
             "addresses the cause directly?",
        options={
            "a": Option("A dueling network.", "It shares what is learned about a day between "
                        "actions. The maximum stays as it is."),
            "b": Option("More exploration.", "It gives more data. The largest of noisy values "
                        "stays too large."),
            "c": Option("One network chooses the next action, another judges it.",
                        "Luck in the choice is then not counted as value, as far as the two "
                        "networks differ.", True),
            "d": Option("A larger memory.", "A value that is too large is learned from old "
                        "sessions as well."),
        },
    ),
    Numeric(
        id="10.z6", title="The bound", objective=5,
        section="What goes wrong: values that cannot be true",
        text="No reward is above 0.5 and gamma is 0.98. Which value can no plan exceed?",
        value=lambda: 0.5 / (1 - 0.98), decimals=0,
        reason="The largest reward for ever: 0.5 / (1 - 0.98).",
        wrong=[
            Wrong("reward of 1", 50.0, "That is the bound for a reward of 1. Here it is at most "
                  "a half."),
            Wrong("one reward", 0.5, "That is one reward. A value sums up all that follow."),
            Wrong("times", 0.01, "You multiplied by 1 - gamma. A sum that goes on for ever divides "
                  "by it."),
        ],
    ),
    Choice(
        id="10.z7", title="Ten noisy values", objective=4, back="06",
        section="What they claim and what it is worth",
        text="Ten actions are equally good, and each is estimated without bias but with noise. "
             "What is the largest of the ten estimates, on average?",
        options={
            "a": Option("Right, since each is.", "Each is right on average. The largest was picked "
                        "because it was lucky."),
            "b": Option("Too high.", "The largest of noisy numbers is mostly one that was lucky.",
                        True),
            "c": Option("Too low.", "Picking the largest favours good luck."),
            "d": Option("Right, if the ten are truly equal.", "Then only luck decides which is "
                        "largest, and the excess is greatest."),
        },
    ),
    Choice(
        id="10.z8", title="The last day of follow-up", objective=5, back="05",
        section="Truncation is not termination, in both directions",
        text="Follow-up ends after forty sessions and the person trains on. What is the target of "
             "the fortieth session?",
        options={
            "a": Option("The reward alone.", "That would say that nothing comes after. The person "
                        "goes on; only our looking ended."),
            "b": Option("The reward plus the discounted value of what was observed last.",
                        "A cut is not an end.", True),
            "c": Option("None; the session is dropped.", "It has a reward and a next observation, "
                        "so there is no reason to lose it."),
            "d": Option("The reward plus the value of the next person's first day.",
                        "The next person is somebody else."),
        },
    ),
)  # fmt: skip
