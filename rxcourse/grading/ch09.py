"""Questions of chapter 9: function approximation."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

from rxcourse.agents.features import Tiles
from rxcourse.agents.planning import value_iteration
from rxcourse.grading.question import Case, Choice, Function, Numeric, Option, Value, Wrong
from rxcourse.mdp import policy_model
from rxcourse.simulators.fatigue_line import fatigue, fatigue_line

Array = np.ndarray

# ---------------------------------------------------------------- 09.q1: one update by hand

W, HERE, AFTER = np.array([3.0, -2.0]), np.array([1.0, 0.5]), np.array([1.0, 0.2])
REWARD, ALPHA, GAMMA = -1.0, 0.1, 0.9


def by_hand(*, gamma=GAMMA, along=HERE, alpha=ALPHA, future=None, moves=True, ends=False):
    """New weights, then the new values of the state left and of the state reached."""
    next_value = 0.0 if ends else W @ AFTER if future is None else future
    delta = REWARD + gamma * next_value - W @ HERE
    w = W + alpha * delta * along if moves else np.full(2, delta)
    return (*map(float, w), float(w @ HERE), float(w @ AFTER))


TRACE = Value(
    id="09.q1", title="One update, two values", name="moved", rung="by hand", minutes=8,
    objective=2, section="Values as weighted sums", value=by_hand, tol=1e-4,
    near="Write down the two present values first, then the surprise, then the two weights.",
    wrong=[
        Wrong("no discount", lambda: by_hand(gamma=1.0),
              "The value of the next state is not discounted: gamma is 0.9 here, not 1."),
        Wrong("next state ignored", lambda: by_hand(ends=True),
              "Your target is the reward alone. This person goes on, so the next state counts."),
        Wrong("both weights alike", lambda: by_hand(along=np.ones(2)),
              "Both weights move by the same amount. Each moves in proportion to its feature."),
        Wrong("along the next state", lambda: by_hand(along=AFTER),
              "You move along the features of the state that was reached. The surprise belongs to "
              "the state that was left."),
        Wrong("full slope", lambda: by_hand(along=HERE - GAMMA * AFTER),
              "You follow the slope of the next value, too. The semi-gradient looks away from it."),
        Wrong("the wrong way", lambda: by_hand(alpha=-ALPHA),
              "The weights go the wrong way: a bad surprise must lower the value."),
        Wrong("whole surprise", lambda: by_hand(alpha=1.0),
              "You add the whole surprise. The step size lets in a tenth of it."),
        Wrong("surprise only", lambda: by_hand(moves=False),
              "This is the surprise. Where do the weights go because of it?"),
        Wrong("old value of the next state",
              lambda: (*by_hand()[:3], float(W @ AFTER)),
              "The last number is the old value of the state reached. It shares both weights, so "
              "it has moved as well."),
        Wrong("old values", lambda: (*by_hand()[:2], float(W @ HERE), float(W @ AFTER)),
              "The last two are the values before the update. Take them again with the new "
              "weights."),
    ],
    hints=[
        "A value is the sum of features times weights.",
        "The surprise is reward plus discounted next value minus present value.",
        "Each weight moves by alpha times the surprise times its feature in the state left. Then "
        "take both values again.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 09.q2: memory without a leak


def diaries(rng: np.random.Generator) -> list[Case]:
    """Who trained when, (N, T), and the share that a running mean keeps."""
    draw = lambda n, T: (rng.random((n, T)) < 0.6).astype(float)  # noqa: E731
    return [
        Case("One person who trains, rests, trains; keep 0.5", (np.array([[1.0, 0.0, 1.0]]), 0.5)),
        Case("Two people, keep 0.9", (np.array([[1.0, 1, 0, 1], [0, 1, 1, 1]]), 0.9)),
        Case("Five people, ten slots, keep 0.6", (draw(5, 10), 0.6)),
        Case("Thirty people, keep 0.8", (draw(30, 25), 0.8)),
        Case("One slot", (np.array([[1.0], [0.0]]), 0.7)),
    ]


def remembers(*, leak=False, swapped=False, first=False, late=False, joined=False, fixed=None):
    """A running mean of the past, with flaws to choose."""

    def memory(trained, keep):
        keep = fixed or keep
        keep = 1 - keep if swapped else keep
        out, m = np.zeros_like(trained), np.zeros(len(trained))
        older = m
        if first:
            m = trained[:, 0].copy()
        for n in range(len(trained) if joined else 1):
            rows = slice(n, n + 1) if joined else slice(None)
            for t in range(trained.shape[1]):
                new = m.copy()
                new[rows] = keep * m[rows] + (1 - keep) * trained[rows, t]
                out[rows, t] = (new if leak else older if late else m)[rows]
                older, m = m, new
            if joined and n + 1 < len(trained):
                m[n + 1] = m[n]
        return out

    return memory


MEMORY = Function(
    id="09.q2", title="A memory that does not know the future", name="memory", rung="complete",
    minutes=12, objective=1, section="From a log to a state vector", cases=diaries,
    expected=remembers(),
    wrong=[
        Wrong("leak", remembers(leak=True),
              "The mean in slot t already holds what was done in slot t. At that moment it was "
              "not decided yet."),
        Wrong("shares exchanged", remembers(swapped=True),
              "The shares are exchanged: `keep` is the share of the old mean, the rest is for the "
              "newest slot."),
        Wrong("both", remembers(leak=True, swapped=True),
              "Two things: the shares are exchanged, and the mean already holds the slot that is "
              "still to be decided."),
        Wrong("starts at the first entry", remembers(first=True),
              "The mean starts with the first entry of the diary. Before the first slot nothing "
              "is known, and the start is 0."),
        Wrong("a slot late", remembers(late=True),
              "Your mean is a slot behind: in slot t everything up to slot t - 1 is known."),
        Wrong("runs on into the next person", remembers(joined=True),
              "The mean of one person runs on into the next. Each row begins anew, at 0."),
        Wrong("keep of one case", remembers(fixed=0.5),
              "You keep a half, whatever `keep` is. It is handed over as an argument."),
        Wrong("plain mean", lambda x, keep: np.hstack(
            [np.zeros((len(x), 1)), x.cumsum(axis=1)[:, :-1] / np.arange(1, x.shape[1])]),
              "This is the plain mean of all past slots. A running mean forgets at the pace of "
              "`keep`."),
        Wrong("only the last slot", lambda x, keep: np.hstack([np.zeros((len(x), 1)), x[:, :-1]]),
              "This is the last slot alone. Where is what came before it?"),
    ],
    hints=[
        "Walk through the slots from left to right with one number per person.",
        "Write the number down first, and take in the slot afterwards.",
        "`m = keep * m + (1 - keep) * trained[:, t]`, after `out[:, t] = m`.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 09.q3: tiles


def places(rng: np.random.Generator) -> list[Case]:
    """Points in [0, 1), tiles across, tilings."""
    return [
        Case("s = 0.3, 2 tiles, 2 tilings", (np.array([0.3]), 2, 2)),
        Case("s = 0.1 and 0.9, 4 tiles, 1 tiling", (np.array([0.1, 0.9]), 4, 1)),
        Case("Ten points, 5 tiles, 8 tilings", (rng.random(10), 5, 8)),
        Case("Forty points, 3 tiles, 4 tilings", (rng.random(40), 3, 4)),
    ]


def tiles_by_package(s, tiles, tilings):
    """The package's tiles; with one tiling they need no tile more, which changes nothing."""
    return Tiles([0.0], [1.0], tiles=tiles, tilings=tilings).indices(s[:, None])


def tiled(*, shift=1.0, more=1, first=True, rounds=np.floor, scale=True, modulo=False):
    """Tile numbers, with flaws to choose."""

    def hit(s, tiles, tilings):
        k = np.arange(tilings)
        place = s[:, None] * (tiles if scale else 1) + shift * k / tilings
        tile = rounds(place).astype(int)
        if modulo:
            tile = tile % tiles
        return tile + k * (tiles + more) * first

    return hit


TILES = Function(
    id="09.q3", title="Which tiles are hit?", name="hit_tiles", rung="build", minutes=12,
    objective=3, section="The exact answer first", cases=places, expected=tiles_by_package,
    wrong=[
        Wrong("no shift", tiled(shift=0.0),
              "All your tilings lie on top of each other. Then eight tilings say no more than "
              "one."),
        Wrong("whole tiles", tiled(shift=8.0),
              "You shift by more than a tile. Tiling k is shifted by k / tilings of a tile."),
        Wrong("to the left", tiled(shift=-1.0),
              "You shift the other way, so that points near 0 fall out of the grid."),
        Wrong("shared numbers", tiled(first=False),
              "Tiles of different tilings have the same number, and so the same weight. Each "
              "tiling needs numbers of its own."),
        Wrong("no tile more", tiled(more=0),
              "A shifted grid needs one tile more to cover the line. Your numbers of neighbouring "
              "tilings overlap."),
        Wrong("round", tiled(rounds=np.rint),
              "You round to the nearest border. A point lies in the tile to its right only once "
              "it has passed the border."),
        Wrong("round up", tiled(rounds=np.ceil),
              "You round up, so the first tile has the number 1. Tiles are counted from 0."),
        Wrong("not scaled", tiled(scale=False),
              "You forget how many tiles there are across the line: s runs to 1, the tiles do "
              "not."),
        Wrong("around a circle", tiled(modulo=True),
              "What leaves the line on the right comes in again on the left. A line is no circle: "
              "it needs one tile more."),
    ],
    hints=[
        "In units of tiles, s lies at `s * tiles`; tiling k sees it at `s * tiles + k / tilings`.",
        "`np.floor` gives the tile within a tiling, and `s[:, None]` lets every tiling see it.",
        "The numbers of tiling k begin at `k * (tiles + 1)`.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 09.q4: the silent bug


def steps(rng: np.random.Generator) -> list[Case]:
    """One transition each, with n features."""

    def case(label, n, r, terminated, truncated, alpha, gamma):
        w, x, x_next = rng.normal(size=(3, n))
        return Case(label, (w, x, r, x_next, terminated, truncated, alpha, gamma))

    return [
        Case("w (2, -1), x (1, 0.5), r 1, x_next (1, 0.8), alpha 0.1, gamma 0.9",
             (np.array([2.0, -1]), np.array([1, 0.5]), 1.0, np.array([1, 0.8]), False, False,
              0.1, 0.9)),
        case("Five features", 5, -1.0, False, False, 0.2, 0.8),
        case("A step that was truncated", 3, 0.5, False, True, 0.1, 0.9),
        case("A step that terminated", 3, 2.0, True, False, 0.3, 0.95),
        case("Terminated and truncated at once", 4, 1.0, True, True, 0.05, 0.9),
    ]  # fmt: skip


def updated(*, along="x", ends="terminated", scale=1.0, discount=True, size=False, fixed=None):
    """A linear TD update, with flaws to choose."""

    def update(w, x, r, x_next, terminated, truncated, alpha, gamma):
        gamma = gamma if discount else 1.0
        alpha = fixed or alpha
        over = {"terminated": terminated, "truncated": truncated, "never": False,
                "either": terminated or truncated}[ends]  # fmt: skip
        future = 0.0 if over else sum(a * b for a, b in zip(w, x_next, strict=True))
        delta = r + gamma * future - sum(a * b for a, b in zip(w, x, strict=True))
        direction = {"x": x, "next": x_next, "full": x - gamma * x_next, "one": np.ones_like(x),
                     "full, at ends": x - gamma * (not over) * x_next}[along]  # fmt: skip
        direction = direction / (x @ x) if size else direction
        return w + scale * alpha * delta * direction

    return update


UPDATE = Function(
    id="09.q4", title="The learner that settles elsewhere", name="linear_update",
    rung="find the bug", minutes=12, objective=2, section="Values as weighted sums", cases=steps,
    expected=updated(),
    wrong=[
        Wrong("full slope", updated(along="full"),
              "The bug is still there: the weights also follow the slope of the next value. That "
              "leads to another answer than A w = b."),
        Wrong("full slope, except at ends", updated(along="full, at ends"),
              "At an end it is right now. Everywhere else the weights still follow the slope of "
              "the next value."),
        Wrong("along the next state", updated(along="next"),
              "Now the weights move along the features of the state reached. Whose value was too "
              "low or too high?"),
        Wrong("all alike", updated(along="one"),
              "All weights move alike. Those whose feature is 0 had no part in the value."),
        Wrong("through the end", updated(ends="never"),
              "After a terminated episode there is no future to value. That line was right "
              "before."),
        Wrong("a cut for an end", updated(ends="either"),
              "Truncated means that we stopped looking. The person goes on, and so does the "
              "value."),
        Wrong("ends exchanged", updated(ends="truncated"),
              "You stop at truncated steps and go on through terminated ones. It is the other way "
              "round."),
        Wrong("no discount", updated(discount=False),
              "The future is not discounted any more. That part was right before."),
        Wrong("the wrong way", updated(scale=-1.0),
              "The weights move away from the target. Look at the sign."),
        Wrong("twice as far", updated(scale=2.0),
              "You move twice as far, as if the square had been differentiated. The rule has no "
              "2."),
        Wrong("scaled", updated(size=True),
              "You divide by the size of the row. That is another method; here alpha is to be "
              "used as it comes."),
        Wrong("alpha of one case", updated(fixed=0.1),
              "You move a tenth of the way, whatever alpha is. It is an argument."),
    ],
    hints=[
        "Which line decides the direction in which the weights go?",
        "The semi-gradient takes the slope of one of the two values only.",
        "The direction is `x`, the features of the state that was left.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 09.q5: what bins lose

BINS = (2, 3, 4, 5)


@cache
def plans_in_bins(n: int) -> tuple[Array, float]:
    """Worth of every plan with one action for each of n bins, and of the best plan of all."""
    mdp, group = fatigue_line(), np.minimum((fatigue()[:, 0] * n).astype(int), n - 1)
    worth = []
    for actions in product(range(3), repeat=n):
        moves, reward = policy_model(mdp, np.eye(3)[np.array(actions)[group]])
        worth.append(mdp.d0 @ np.linalg.solve(np.eye(101) - moves, reward))
    return np.array(worth), float(mdp.d0 @ value_iteration(mdp).v)


def lost(told=np.max, bins=BINS) -> tuple[float, ...]:
    """Regret of a plan for each number of bins."""
    return tuple(float(plans_in_bins(n)[1] - told(plans_in_bins(n)[0])) for n in bins)


@cache
def majority() -> tuple[float, ...]:
    """Regret if each bin gets the action that the best plan takes in most of its points."""
    mdp, found = fatigue_line(), []
    plan = value_iteration(mdp).pi.argmax(axis=1)
    for n in BINS:
        group = np.minimum((fatigue()[:, 0] * n).astype(int), n - 1)
        votes = [np.bincount(plan[group == g], minlength=3).argmax() for g in range(n)]
        index = int(sum(v * 3 ** (n - 1 - i) for i, v in enumerate(votes)))
        found.append(float(plans_in_bins(n)[1] - plans_in_bins(n)[0][index]))
    return tuple(found)


LOST = Value(
    id="09.q5", title="What bins lose", name="regrets", rung="experiment", minutes=15,
    objective=3, section="What features lose, and what they win", value=lost, tol=1e-5,
    near="Value every plan with one action per bin, take the best, and subtract it from the best "
         "of all.",
    wrong=[
        Wrong("worth", lambda: tuple(float(plans_in_bins(n)[0].max()) for n in BINS),
              "This is what the plans are worth. How much is that below the best plan of all?"),
        Wrong("sign", lambda: tuple(-x for x in lost()),
              "The sign is turned round: regret is what is missing, so it is not below 0."),
        Wrong("worst", lambda: lost(np.min),
              "You take the worst plan of each number of bins, not the best."),
        Wrong("mean", lambda: lost(np.mean),
              "This is the regret of a plan drawn by lot. Take the best of all plans."),
        Wrong("reversed", lambda: lost()[::-1],
              "The four numbers are right, in the opposite order."),
        Wrong("majority", majority,
              "You give each bin the action that the best plan takes in most of it. Points of a "
              "bin do not vote: value all plans and take the best."),
        Wrong("all the best of five", lambda: lost(bins=(5,) * 4),
              "All four are the regret with five bins. The bins change from number to number."),
    ],
    hints=[
        "`product(range(3), repeat=n)` lists every plan with one action for each of n bins.",
        "`group` says in which bin each of the 101 points lies; `actions[group]` is a plan.",
        "`policy_value` takes many plans at once: `np.eye(3)[plans]` has the shape (plans, 101, 3)."
        " Their worth is `policy_value(...) @ mdp.d0`.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 09.q6: how much is missing?

GAMMA_TWO, ALPHA_TWO = 0.95, 0.1


def two_states(gamma=GAMMA_TWO, alpha=ALPHA_TWO, second=4.0):
    """Factor of a step without the second state, and the share of it that stops the growth.

    With a share p of records from the second state the mean change of the weight is
    alpha w ((1 - p) (2 gamma - 1) - p `second`).
    """
    push = 2 * gamma - 1
    return 1 + alpha * push, push / (push + second)


SHARE = Value(
    id="09.q6", title="How many records of the second state are enough?", name="factor_and_share",
    rung="by hand", minutes=10, objective=4, section="The deadly triad", value=two_states,
    tol=2e-4,
    near="Write down by how much each of the two kinds of record moves the weight, as multiples "
         "of alpha w.",
    wrong=[
        Wrong("gamma of the chapter", lambda: two_states(gamma=0.9),
              "These are the numbers for gamma 0.9, as in the box of the chapter. Here it is "
              "0.95."),
        Wrong("feature of the second state once", lambda: two_states(second=2.0),
              "In the second state the feature counts twice: once in the value, 2w, and once in "
              "the direction, 2."),
        Wrong("feature forgotten", lambda: two_states(second=1.0),
              "You treat the second state as if its feature were 1. It is 2."),
        Wrong("odds", lambda: (two_states()[0], (2 * GAMMA_TWO - 1) / 4),
              "This is the number of second records for each first one. What share of all records "
              "is that?"),
        Wrong("share of the first", lambda: (two_states()[0], 1 - two_states()[1]),
              "This is the share of the first state. The question is about the second."),
        Wrong("in per cent", lambda: (two_states()[0], 100 * two_states()[1]),
              "Give the share as a number between 0 and 1."),
        Wrong("growth only", lambda: (two_states()[0] - 1, two_states()[1]),
              "The first number is the growth. By which factor is the weight multiplied?"),
        Wrong("no step size", lambda: two_states(alpha=1.0),
              "The factor of one step holds the step size, 0.1."),
    ],
    hints=[
        "A record of the first state moves w by alpha (2 gamma w - w) times its feature, 1.",
        "A record of the second, from which nothing follows, moves w by alpha (0 - 2w) times 2.",
        "Weigh the two with 1 - p and p, and ask for which p the sum is 0.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 09.q7: beyond the bound


def logs(rng: np.random.Generator) -> list[Case]:
    """Values of L learners over time, (L, T), and what rewards are possible."""
    given = lambda words, v, low, high, gamma: Case(  # noqa: E731
        f"{words}: values {v}, rewards {low} to {high}, gamma {gamma} (1 is True)",
        (np.array(v, float), low, high, gamma))  # fmt: skip
    return [
        given("Up to 10 is possible", [[1, 9, 4], [1, 11, 4]], -1, 1, 0.9),
        given("Exactly the bound", [[0, 4], [0, 4.1]], 0, 2, 0.5),
        given("Far below", [[0, -19], [0, -21]], -2, 1, 0.9),
        given("Punishment only", [[-3, -8], [-3, 1]], -1, 0, 0.9),
        given("Rewards only, and an end at once", [[3, 0.5], [3, -0.5]], 0.1, 1, 0.9),
        given("Small values", [[0.2, 0.4], [0.1, -0.3]], -1, 1, 0.5),
        given("Impossible all along", [[30, 40], [3, 4]], -1, 1, 0.9),
        given("Back in time", [[0, 50, 1], [0, 2, 1]], -1, 1, 0.9),
        Case("Thirty learners (1 is True)", (rng.normal(size=(30, 40)) * 4, -1.0, 1.0, 0.9)),
        Case("Ten calm learners (1 is True)", (rng.random((10, 5)) + 3.0, -1.0, 1.0, 0.9)),
        Case("More learners (1 is True)", (rng.normal(size=(50, 8)) * 4, -2.0, 0.5, 0.8)),
    ]


def beyond(values, low, high, gamma):
    """By a loop: whether a value ever left the range of possible returns.

    Rewards of at least `low` above 0 could still stop at once, so 0 is always possible.
    """
    least, most = min(low, 0) / (1 - gamma), max(high, 0) / (1 - gamma)
    return np.array([any(not least <= v <= most for v in row) for row in values])


def bounds(low, high, gamma):
    """The same two bounds."""
    return min(low, 0) / (1 - gamma), max(high, 0) / (1 - gamma)


def outside(v, low, high, gamma):
    """Marks of values outside the bounds."""
    least, most = bounds(low, high, gamma)
    return (v < least) | (v > most)


BOUND = Function(
    id="09.q7", title="Refuse the run that left the possible", name="to_refuse", rung="judge",
    minutes=12, objective=4, section="How to recognise divergence", cases=logs, expected=beyond,
    wrong=[
        Wrong("only the end", lambda v, lo, hi, g: outside(v[:, -1], lo, hi, g),
              "You look at the last entry only. A run that was out of bounds once is to be refused "
              "even if it came back."),
        Wrong("only above", lambda v, lo, hi, g: (v > bounds(lo, hi, g)[1]).any(axis=1),
              "You look for values that are too high. Values can be impossibly low as well."),
        Wrong("only below", lambda v, lo, hi, g: (v < bounds(lo, hi, g)[0]).any(axis=1),
              "You look for values that are too low. Values can be impossibly high as well."),
        Wrong("one bound for both",
              lambda v, lo, hi, g: (abs(v) > max(abs(lo), abs(hi)) / (1 - g)).any(axis=1),
              "You use one bound for both sides. If rewards are never positive, a positive value "
              "is impossible."),
        Wrong("zero forgotten",
              lambda v, lo, hi, g: ((v < lo / (1 - g)) | (v > hi / (1 - g))).any(axis=1),
              "An episode may end at once, so a value of 0 is always possible, whatever the "
              "rewards."),
        Wrong("no discount", lambda v, lo, hi, g: outside(v, lo, hi, 0.0).any(axis=1),
              "You compare values with single rewards. A value sums up many of them, divided by "
              "1 - gamma at most."),
        Wrong("gamma itself",
              lambda v, lo, hi, g: outside(v, lo * (1 - g) / g, hi * (1 - g) / g, g).any(axis=1),
              "You divide by gamma. The sum of all powers of gamma is 1 / (1 - gamma)."),
        Wrong("the bound itself",
              lambda v, lo, hi, g: ((v <= bounds(lo, hi, g)[0])
                                    | (v >= bounds(lo, hi, g)[1])).any(axis=1),
              "Exactly the bound is still possible: the largest reward, for ever."),
        Wrong("always outside", lambda v, lo, hi, g: outside(v, lo, hi, g).all(axis=1),
              "You refuse a run only if every entry is impossible. One is enough."),
        Wrong("mean", lambda v, lo, hi, g: outside(v.mean(axis=1), lo, hi, g),
              "You look at the mean over time. One impossible value is hidden in it."),
        Wrong("nothing refused", lambda v, lo, hi, g: np.zeros(len(v), bool),
              "Nothing is refused, whatever the values were."),
        Wrong("moments instead of learners",
              lambda v, lo, hi, g: outside(v, lo, hi, g).any(axis=0),
              "You judge moments, each over all learners. One answer is wanted for each learner: "
              "over which axis?"),
        Wrong("the other way round", lambda v, lo, hi, g: ~beyond(v, lo, hi, g),
              "True and False are exchanged: True means that the run is refused."),
        Wrong("everything refused", lambda v, lo, hi, g: np.ones(len(v), bool),
              "Everything is refused, also runs that stayed within the possible."),
    ],
    hints=[
        "The largest possible value is the largest reward, for ever: divide by 1 - gamma.",
        "There is a smallest one too, and an episode that ends at once is worth 0.",
        "`least = min(low, 0) / (1 - gamma)`, `most = max(high, 0) / (1 - gamma)`; then ask of "
        "each row whether any entry is outside.",
    ],
)  # fmt: skip

EXERCISES = (TRACE, MEMORY, TILES, UPDATE, LOST, SHARE, BOUND)

# ---------------------------------------------------------------- quiz

QUIZ = (
    Choice(
        id="09.z1", title="Too good to be true", objective=1,
        section="From a log to a state vector",
        text="A new state vector explains 60 % of the next session, where all others explained "
             "about 10 %. What do you look for first?",
        options={
            "a": Option("A better learning rate for the other vectors.", "Least squares has none. "
                        "So large a jump mostly has another reason."),
            "b": Option("A number in the vector that is known only after the decision.",
                        "A mean that already holds the present slot is enough.", True),
            "c": Option("More people, since the result is noise.", "Noise rarely makes a share six "
                        "times as large on many people."),
            "d": Option("Nothing: it is simply a better vector.", "It may be. But first make sure "
                        "that it does not know the answer."),
        },
    ),
    Choice(
        id="09.z2", title="Why semi?", objective=2, section="Values as weighted sums",
        text="Why is the rule called a *semi*-gradient?",
        options={
            "a": Option("It makes half of the step.", "The step size says how far; that is not "
                        "meant."),
            "b": Option("It looks away from the slope of the next value.", "The next value depends "
                        "on the same weights, and the rule treats it as fixed.", True),
            "c": Option("It uses half of the features.", "All features of the state left are "
                        "used."),
            "d": Option("It is right half of the time.", "On one's own experience, with linear "
                        "features and small steps that shrink, it converges every time."),
        },
    ),
    Numeric(
        id="09.z3", title="A step size for tiles", objective=3,
        section="How to recognise divergence",
        text="Sixteen tilings are used. With which step size does one update move the value of the "
             "state itself a quarter of the way to its target?",
        value=lambda: 0.25 / 16, decimals=4, tol=1e-3,
        reason="Sixteen weights move at once, each by alpha times the surprise, so the value moves "
               "by 16 alpha times the surprise.",
        wrong=[
            Wrong("not divided", 0.25, "Sixteen weights move at once. By how much does their sum "
                  "move?"),
            Wrong("multiplied", 4.0, "With that the value would overshoot sixty-four times. Divide "
                  "by the number of tilings."),
            Wrong("root", 0.0625, "The size of the row is the sum of its squares, sixteen ones. "
                  "No root is taken."),
        ],
    ),
    Choice(
        id="09.z4", title="Two bins, three bins", objective=3,
        section="What features lose, and what they win",
        text="Why can three bins lose more than two?",
        options={
            "a": Option("They have more weights, so they learn more slowly.", "The best plan was "
                        "computed; nothing was learned."),
            "b": Option("Their borders lie where the plan does not change.",
                        "A bin across a change must treat two kinds of people alike.", True),
            "c": Option("They overfit.", "There were no data to fit."),
            "d": Option("They cannot: more bins are never worse.", "That holds if the new borders "
                        "include the old ones. Thirds do not include the half."),
        },
    ),
    Choice(
        id="09.z5", title="Two of three", objective=4, section="The deadly triad",
        text="Which of these can diverge even with a very small step size?",
        options={
            "a": Option("Off-policy TD(0) with a table.", "A table shares nothing: it converges."),
            "b": Option("On-policy TD(0) with linear features.", "Its own visits keep it stable."),
            "c": Option("Off-policy Monte Carlo with features.", "Its targets are returns. They "
                        "do not move with the weights."),
            "d": Option("Off-policy TD(0) with features.", "Sharing, bootstrapping and another's "
                        "data: all three are there.", True),
        },
    ),
    Numeric(
        id="09.z6", title="The largest possible value", objective=4,
        section="How to recognise divergence",
        text="Rewards lie between -1 and 2, gamma is 0.95. What is the largest value that is "
             "possible?",
        value=lambda: 2 / (1 - 0.95), decimals=0,
        reason="The largest reward for ever: 2 (1 + 0.95 + 0.95 squared + ...) = 2 / 0.05.",
        wrong=[
            Wrong("reward of one", 20.0, "That is the bound for rewards up to 1. Here one slot may "
                  "bring 2."),
            Wrong("times gamma", 38.0, "The first reward is not discounted."),
            Wrong("one reward", 2.0, "That is one reward. A value sums up all that follow."),
        ],
    ),
    Choice(
        id="09.z7", title="Whose values?", objective=4, back="06", section="The deadly triad",
        text="Q-learning learns while exploring. Which ingredients of the triad does it bring "
             "along, even with a table?",
        options={
            "a": Option("Sharing only.", "A table shares nothing."),
            "b": Option("Bootstrapping and another's behaviour.", "Its target holds a value, and "
                        "it values the greedy plan while it explores.", True),
            "c": Option("Bootstrapping only.", "It behaves in one way and values another: that is "
                        "off-policy."),
            "d": Option("None of the three.", "Look at its target: it holds a maximum of values."),
        },
    ),
    Choice(
        id="09.z8", title="The last slot", objective=2, back="05",
        section="Values as weighted sums",
        text="The study ends after 60 slots, the person trains on. What is the target of the last "
             "slot?",
        options={
            "a": Option("The reward alone.", "Only our looking ended. What follows is worth "
                        "something."),
            "b": Option("Reward plus gamma times the value of the state reached.",
                        "A truncated episode keeps its future.", True),
            "c": Option("There is none, the slot is left out.", "It has a reward and a state that "
                        "was really reached."),
            "d": Option("Reward plus gamma times the value of the first state.", "That state has "
                        "nothing to do with it."),
        },
    ),
)  # fmt: skip
