"""Questions of chapter 12: policy gradients."""

from __future__ import annotations

from itertools import product

import numpy as np

from rxcourse.grading.question import (
    Case,
    Choice,
    Function,
    Numeric,
    Option,
    Value,
    Wrong,
)

Array = np.ndarray

# ---------------------------------------------------------------- 12.q1: one decision by hand

CHANCE, PAYS = np.array([0.25, 0.75]), np.array([6.0, 2.0])


def pushes(baseline: float = 0.0, *, off=CHANCE[0], light: float = 1.0) -> tuple[float, float]:
    """Score of light times the reward less a baseline, after a light and a heavy session."""
    scores = np.array([light, 0.0]) - off
    return tuple(scores * (PAYS - baseline))


def six(bare=None, less=None, weights=CHANCE) -> tuple[float, ...]:
    """Both pushes and their mean, without a baseline and with one."""
    rows = pushes() if bare is None else bare, pushes(3.0) if less is None else less
    return tuple(float(x) for row in rows for x in (*row, np.dot(weights, row)))


ONE_DECISION = Value(
    id="12.q1", title="One decision, two loads", name="pushes", rung="by hand", minutes=8,
    objective=1, section="Behaviour as a formula", value=six, tol=1e-6,
    near="Write down the score of light after each session, then multiply, then average with the "
         "probabilities.",
    wrong=[
        Wrong("score without the policy", lambda: six(pushes(off=0.0), pushes(3.0, off=0.0)),
              "What was done counts 1, but its probability has to come off. After a heavy session "
              "the score of light is not 0."),
        Wrong("slope of heavy", lambda: six(*(-np.array(pushes(b)) for b in (0.0, 3.0))),
              "The signs are turned round: this is the push on the preference of heavy."),
        Wrong("probability of the other",
              lambda: six(pushes(off=CHANCE[1]), pushes(3.0, off=CHANCE[1])),
              "You take off the probability of heavy. The push is on light: take off the "
              "probability of light."),
        Wrong("plain mean", lambda: six(weights=[0.5, 0.5]),
              "The two sessions are not equally frequent. Average with their probabilities."),
        Wrong("weighted twice",
              lambda: six(CHANCE * pushes(), CHANCE * pushes(3.0), weights=[1.0, 1.0]),
              "Your pushes hold the probabilities already. Write down what one session gives; "
              "they come in with the mean."),
        Wrong("baseline added", lambda: six(less=pushes(-3.0)),
              "The baseline is taken off the reward, and you have added it."),
        Wrong("mean of the rewards", lambda: six(less=pushes(4.0)),
              "4 is the plain mean of both rewards. The baseline here is what the policy earns on "
              "average."),
        Wrong("baseline off the push", lambda: six(less=np.array(pushes()) - 3.0),
              "You take the baseline off the finished push. It comes off the reward, before that "
              "is multiplied by the score."),
        Wrong("baseline first", lambda: six()[3:] + six()[:3],
              "The three numbers without a baseline come first."),
    ],
    hints=[
        "The score of light is 1 - 0.25 after a light session. What is it after a heavy one?",
        "Each push is the score times the reward, or times the reward less 3.",
        "Mean: a quarter of the first push plus three quarters of the second. It must be the same "
        "with and without the baseline.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 12.q2: REINFORCE in ten lines


def episodes(rng: np.random.Generator) -> list[Case]:
    """Preferences, and one episode each."""

    def case(label, n_states, n_actions, length, gamma):
        states = rng.integers(n_states, size=length)
        actions = rng.integers(n_actions, size=length)
        h = rng.normal(size=(n_states, n_actions))
        return Case(label, (h, states, actions, rng.normal(size=length) + 1, gamma))

    first = "Preferences [[0, 0], [0, 0]], states 0 1, actions 1 0, rewards 2 and 4, gamma 0.5"
    return [
        Case(first, (np.zeros((2, 2)), np.array([0, 1]), np.array([1, 0]), np.array([2.0, 4.0]),
                     0.5)),
        Case("The same state twice: preferences [[0, 0]], actions 0 1, rewards 1 and 3, gamma 1",
             (np.zeros((1, 2)), np.array([0, 0]), np.array([0, 1]), np.array([1.0, 3.0]), 1.0)),
        case("Uneven preferences, three actions", 3, 3, 4, 0.9),
        case("Twenty decisions in five states", 5, 2, 20, 0.95),
    ]  # fmt: skip


def reinforced(*, delay=True, discount=True, to_go=True, policy=True, last=False, mean=False,
               sign=1.0, own=False, scored=True):  # fmt: skip
    """The estimate of one episode by a loop, with a keyword for each flaw."""

    def estimate(h, states, actions, rewards, gamma):
        T, slope = len(states), np.zeros(h.shape)
        g = gamma if discount else 1.0
        for t in range(T):
            begin = t if to_go else 0
            G = sum(g ** (k - begin) * rewards[k] for k in range(begin, T))
            G = rewards[t] if own else G
            e = np.exp(h[states[t]] - h[states[t]].max())
            score = -e / e.sum() * policy
            score = score * scored
            score[actions[t]] += 1
            put = g**t if delay else 1.0
            term = sign * put * G * score
            slope[states[t]] = term if last else slope[states[t]] + term
        return slope / T if mean else slope

    return estimate


REINFORCED = Function(
    id="12.q2", title="The slope from one episode", name="my_slope", rung="complete", minutes=12,
    objective=2, section="REINFORCE: the theorem from samples", cases=episodes,
    expected=reinforced(),
    wrong=[
        Wrong("no policy in the score", reinforced(policy=False),
              "Only the preference of what was done moves in your slope. The probabilities of all "
              "actions have to come off."),
        Wrong("whole return for all", reinforced(to_go=False),
              "You multiply every decision by the return of the whole episode. What came before "
              "a decision is not its merit: take the return from there on."),
        Wrong("reward only", reinforced(own=True),
              "You count the reward of the decision itself. What follows it counts too."),
        Wrong("late like early", reinforced(delay=False),
              "The return is discounted, but the factor gamma to the power t in front is missing: "
              "late decisions are reached later."),
        Wrong("no discount at all", reinforced(discount=False),
              "Gamma does not appear in your result."),
        Wrong("last visit only", reinforced(last=True),
              "A state may be seen twice. Its contributions are added; yours overwrites the "
              "first."),
        Wrong("mean over decisions", reinforced(mean=True),
              "You divide by the number of decisions. The sum over the episode is the estimate."),
        Wrong("downhill", reinforced(sign=-1.0),
              "The sign is turned round: this is the slope of minus the return, as a loss."),
    ],
    hints=[
        "Three factors for each decision: gamma to the power t, the return from t on, the score.",
        "The score is a row: 1 at the action taken, less the probabilities of that state.",
        "Go backwards through the rewards to get the returns; then add each term to the row of "
        "its state with +=.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 12.q3: advantages with lambda


def segments(rng: np.random.Generator) -> list[Case]:
    """Rewards, values now and after, two ends, gamma and lambda."""

    def case(label, T, terminated=(), truncated=(), gamma=0.9, lam=0.8):
        t = np.arange(T)
        return Case(label, (rng.normal(size=T), rng.normal(size=T) + 3, rng.normal(size=T) + 3,
                            np.isin(t, terminated), np.isin(t, truncated), gamma, lam))  # fmt: skip

    no = np.zeros(2, bool)
    first = ("Two steps that go on: rewards 1 and 2, values 4 and 6, values after 6 and 8, "
             "gamma 0.5, lambda 0.5")  # fmt: skip
    return [
        Case(first, (np.array([1.0, 2]), np.array([4.0, 6]), np.array([6.0, 8]), no, no, 0.5, 0.5)),
        case("Four steps that go on", 4),
        case("Lambda 0", 3, lam=0.0), case("Lambda 1", 3, lam=1.0, gamma=0.7),
        case("Terminated at the second of four", 4, terminated=[1]),
        case("Truncated at the second of four", 4, truncated=[1]),
        case("Both at once", 4, terminated=[1], truncated=[1]),
        case("Twelve steps, several ends", 12, terminated=[3, 11], truncated=[6]),
    ]  # fmt: skip


def advantage_of(*, ends="terminated", stops="both", lam_on=True, gamma_on=True, sign=1.0,
                 value=True, future=True, forward=False):  # fmt: skip
    """The generalised advantage by its sum over what follows, with a keyword for each flaw."""

    def advantages(reward, v, v_next, terminated, truncated, gamma, lam):
        which = {"terminated": terminated, "both": terminated | truncated, "none": terminated & 0,
                 "truncated": truncated}  # fmt: skip
        g, fade = gamma if gamma_on else 1.0, lam if lam_on else 1.0
        error = reward + future * g * v_next * ~which[ends].astype(bool) - value * v
        stop, found = which[stops].astype(bool), np.zeros(len(reward))
        for t in range(len(reward)):
            for k in range(t, len(reward)):
                found[t] += (g * fade) ** (k - t) * error[k]
                if stop[k]:
                    break
        return sign * (found[::-1] if forward else found)

    return advantages


ADVANTAGES = Function(
    id="12.q3", title="How good was that decision?", name="my_advantages", rung="complete",
    minutes=12, objective=3, section="Actor and critic", cases=segments, expected=advantage_of(),
    wrong=[
        Wrong("values after the end", advantage_of(ends="none"),
              "After a terminated episode nothing follows: the value of what comes next counts 0 "
              "there."),
        Wrong("cut taken for an end", advantage_of(ends="both"),
              "Where we only stopped looking, the person goes on: the value of what follows "
              "still counts in that step's error."),
        Wrong("ends exchanged", advantage_of(ends="truncated"),
              "You drop the value after a cut and keep it after an end. It is the other way "
              "round."),
        Wrong("across everything", advantage_of(stops="none"),
              "The sum runs on into the next episode, which has nothing to do with this one."),
        Wrong("across cuts", advantage_of(stops="terminated"),
              "The sum stops at ends but runs on through cuts, into the episode of somebody "
              "else."),
        Wrong("lambda forgotten", advantage_of(lam_on=False),
              "Later errors fade with gamma times lambda. Lambda does not appear in your "
              "result."),
        Wrong("gamma forgotten", advantage_of(gamma_on=False),
              "Gamma does not appear in your result: not in the errors, and not in their "
              "fading."),
        Wrong("no value taken off", advantage_of(value=False),
              "This does not say how much better it was than expected: the value of the state "
              "itself has to come off."),
        Wrong("no value added", advantage_of(future=False),
              "The value of what follows is missing in the errors. An error is reward plus that, "
              "less the value now."),
        Wrong("turned round", advantage_of(sign=-1.0),
              "The sign is turned round: better than expected must be positive."),
    ],
    hints=[
        "First the errors of all steps at once: reward, plus gamma times the value after, 0 where "
        "terminated, less the value now.",
        "Then go backwards: the advantage is the error plus gamma times lambda times the one of "
        "the next step.",
        "The second part is left out where the episode terminated or was truncated.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 12.q4: the bonus that decides


def preferences(rng: np.random.Generator) -> list[Case]:
    """Preferences of several actions."""
    return [
        Case("Preferences [0, log 3], probabilities 1/4 and 3/4",
             (np.array([0.0, np.log(3.0)]),)),
        Case("Three equal preferences", (np.zeros(3),)),
        Case("Four actions", (rng.normal(size=4),)),
        Case("Seven actions, one nearly certain", (np.append(rng.normal(size=6), 6.0),)),
    ]  # fmt: skip


def bonus(*, centred=True, weighted=True, sign=1.0, halves=False, mean=False, wrong_sign=False,
          itself=False):  # fmt: skip
    """Slope of the entropy in each preference, with a keyword for each flaw."""

    def slope(h):
        p = np.exp(h - h.max())
        p = p / p.sum()
        log_p = np.log2(p) if halves else np.log(p)
        H = -sum(a * b for a, b in zip(p, log_p, strict=True))
        if itself:
            return np.full(len(p), H)
        offset = np.mean(-log_p) if mean else H
        offset = -offset if wrong_sign else offset
        found = -(log_p + centred * offset)
        return sign * found * (p if weighted else 1.0)

    return slope


BONUS = Function(
    id="12.q4", title="The bonus that pushes everything up", name="bonus_slope",
    rung="find the bug", minutes=12, objective=4, section="Actor and critic", cases=preferences,
    expected=bonus(),
    wrong=[
        Wrong("the bug", bonus(centred=False),
              "The bug is still there: all numbers are positive. A push on all preferences alike "
              "changes no probability, so the slopes must add up to 0."),
        Wrong("downhill", bonus(sign=-1.0),
              "The sign is turned round: this makes the policy more certain."),
        Wrong("not weighted", bonus(weighted=False),
              "The factor in front is missing: what has probability 0 must have slope 0."),
        Wrong("offset with the wrong sign", bonus(wrong_sign=True),
              "The entropy enters with the wrong sign. With equal probabilities every slope must "
              "be 0."),
        Wrong("plain mean", bonus(mean=True),
              "You compare with the plain mean over actions. Compare with the mean weighted by "
              "the probabilities, which is the entropy."),
        Wrong("other logarithm", bonus(halves=True),
              "Your logarithm has base 2. The slope is meant for the natural one."),
        Wrong("entropy itself", bonus(itself=True),
              "This is the entropy, once for each action. Its slope in each preference is asked "
              "for."),
    ],
    hints=[
        "Add up what the buggy function returns. What should the sum be?",
        "Raising one preference lowers the probabilities of all others. Which term of the formula "
        "takes care of that?",
        "The formula of the section has two terms in its bracket. One is missing in the code.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 12.q5: what points cost

POINTS, WEEKS, REPEATS = (0.0, 10.0, 50.0), 20, 2_000


def scatter(points: float, *, baseline: float = 0.0, weeks: int = WEEKS) -> float:
    """Exact standard deviation of the estimated slope on Monday, by going through all weeks."""
    found = []
    for monday, tired, thursday in product((0, 1), repeat=3):
        chance = 0.25 * (0.9 if tired == monday else 0.1)
        pays = (0.0, -4.0)[thursday] if tired else (1.0, 2.0)[thursday]
        total = 1.0 + monday + pays + 2 * points
        found.append((chance, (0.5 if monday == 0 else -0.5) * (total - baseline)))
    mean = sum(c * x for c, x in found)
    return float(np.sqrt(sum(c * (x - mean) ** 2 for c, x in found) / weeks))


def scatters(told=lambda x: x, **changes) -> tuple[float, ...]:
    """One number for each number of points."""
    return tuple(told(scatter(points, **changes)) for points in POINTS)


def _tolerance() -> tuple[float, ...]:
    """Five standard errors of a standard deviation from 2,000 repeats, a tenth more."""
    return tuple(5.5 * x / np.sqrt(2 * REPEATS) for x in scatters())


COST = Value(
    id="12.q5", title="What attendance points cost", name="scatters", rung="experiment",
    minutes=15, objective=3, section="The baseline", value=scatters, tol=_tolerance,
    near="Check: all preferences 0, no baseline, the mean of twenty weeks, the standard deviation "
         "over 2,000 such means.",
    wrong=[
        Wrong("single weeks", lambda: scatters(weeks=1),
              "This is the scatter of single weeks. Average twenty of them first."),
        Wrong("divided by twenty", lambda: scatters(lambda x: x / np.sqrt(WEEKS)),
              "A mean of twenty scatters less by the root of twenty, not by twenty."),
        Wrong("variance", lambda: scatters(lambda x: x**2),
              "These are variances. Standard deviations are asked for."),
        Wrong("with the baseline",
              lambda: tuple(scatter(p, baseline=1.25 + 2 * p) for p in POINTS),
              "All three are the same, so a baseline has taken the points off. The question is "
              "what happens without one."),
        Wrong("points on Monday only", lambda: tuple(scatter(p / 2) for p in POINTS),
              "Both sessions are paid for. Your return holds the points only once."),
        Wrong("order reversed", lambda: scatters()[::-1],
              "The three numbers stand in the opposite order: 0 points first."),
        Wrong("one for all", lambda: scatters()[:1] * 3,
              "All three look like the result without points. Do the points reach the return?"),
    ],
    hints=[
        "Points change the rewards only: `with_points(points)` is the week that pays them.",
        "The score of light on Monday is plus or minus one half from chance; multiply it by the "
        "return of the week.",
        "Play 40,000 weeks, reshape into 2,000 rows of 20, take the mean over each row, then the "
        "standard deviation of the means.",
    ],
)  # fmt: skip

# ---------------------------------------------------------------- 12.q6: better than a constant?


def comparisons(rng: np.random.Generator) -> list[Case]:
    """Paired differences of L learners and n people each, and the smallest that matters."""

    def case(label, mean, learners, people, between, within, smallest):
        ahead = mean + between * rng.normal(size=(learners, 1))
        ahead = ahead + within * rng.normal(size=(learners, people))
        ahead = ahead - ahead.mean() + mean  # exactly that mean
        return Case(f"{label}: {learners} learners, mean {mean}, smallest {smallest}",
                    (ahead, smallest))  # fmt: skip

    tiny = np.array([[1.0, 3.0], [2.0, 4.0], [3.0, 5.0]])
    return [
        Case("Three learners with two people each, [[1, 3], [2, 4], [3, 5]], smallest 1",
             (tiny, 1.0)),
        Case("The same, smallest 2.5", (tiny, 2.5)),
        Case("The same turned round, smallest 1", (-tiny, 1.0)),
        Case("Three learners, all exactly at the smallest, 1", (np.ones((3, 2)), 1.0)),
        Case("Three learners, all exactly at 0, smallest 1", (np.zeros((3, 2)), 1.0)),
        case("Clearly better", 4.0, 20, 50, 1.0, 5.0, 1.0),
        case("Worse by a little, and clearly so", -0.5, 20, 50, 0.2, 1.0, 1.0),
        case("Learners differ more than people", 2.0, 10, 400, 4.0, 1.0, 0.5),
        case("Better, but by less than matters", 0.5, 20, 4_000, 0.1, 1.0, 1.0),
        case("Worse", -2.0, 20, 50, 1.0, 4.0, 1.0),
        case("Worse or not, nobody knows", -0.5, 5, 50, 3.0, 1.0, 1.0),
    ]  # fmt: skip


def verdict_of(*, people=False, floor=None, single=False, z=1.96, best=False, over=1,
               worse_by=False, ddof=1):  # fmt: skip
    """Interval over learners, and 1, -1 or 0 by it, with a keyword for each flaw."""

    def verdict(ahead, smallest):
        means = ahead.ravel() if people else ahead.mean(axis=over)
        centre = means.max() if best else means.mean()
        half = 0.0 if single else z * means.std(ddof=ddof) / np.sqrt(len(means))
        low, high = centre - half, centre + half
        need = smallest if floor is None else floor
        worse = high < (-smallest if worse_by else 0.0)
        return np.array([low, high, 1 if low > need else -1 if worse else 0])

    return verdict


VERDICT = Function(
    id="12.q6", title="Better than the best constant dose?", name="verdict", rung="judge",
    minutes=12, objective=5, section="What twenty learners find", cases=comparisons,
    expected=verdict_of(),
    wrong=[
        Wrong("people as learners", verdict_of(people=True),
              "You take every person for an independent result. People of one learner share its "
              "policy: average over them first, then compare learners."),
        Wrong("better than nothing", verdict_of(floor=0.0),
              "To be called better the interval must lie above the smallest gain that matters, "
              "not only above 0."),
        Wrong("mean only", verdict_of(single=True),
              "You judge by the mean alone. How uncertain is it?"),
        Wrong("spread for error", lambda ahead, smallest: verdict_of(z=1.96 * len(ahead) ** 0.5)(
                  ahead, smallest),
              "Your interval is that of single learners. The interval of their mean is narrower, "
              "by the root of their number."),
        Wrong("the best learner", verdict_of(best=True),
              "You judge by the best learner. Nobody knows beforehand which one that is."),
        Wrong("worse only by much", verdict_of(worse_by=True),
              "To be called worse it is enough that the interval lies below 0. A harm need not "
              "be large to be refused."),
        Wrong("over the wrong axis", verdict_of(over=0),
              "You average over learners and compare people. Which axis are the learners?"),
    ],
    hints=[
        "`ahead` has a row for each learner: average over the people of each first.",
        "The interval is mean plus or minus 1.96 standard errors, with the standard deviation "
        "over learners (ddof=1) and their number.",
        "The verdict is 1 if the lower end is above `smallest`, -1 if the upper end is below 0, "
        "otherwise 0.",
    ],
)  # fmt: skip

EXERCISES = (ONE_DECISION, REINFORCED, ADVANTAGES, BONUS, COST, VERDICT)

# ---------------------------------------------------------------- quiz

QUIZ = (
    Choice(
        id="12.z1", title="What need not be known", objective=1, section="The theorem",
        text="Changing the weights changes which states are visited. Where is that effect in the "
             "policy gradient?",
        options={
            "a": Option("It is neglected as small.", "The formula is exact. Nothing is "
                        "neglected."),
            "b": Option("In the slope of the visits, which has to be learned.", "No slope of the "
                        "visits appears in the theorem."),
            "c": Option("In the values of the actions, weighted with the visits as they are.",
                        "What an action leads to is part of its value; unrolling gives the "
                        "visits themselves, not their slope.", True),
            "d": Option("In the baseline.", "A baseline adds nothing on average."),
        },
    ),
    Choice(
        id="12.z2", title="An episode that was cut", objective=2, section="Actor and critic",
        text="A study ended while a person went on. Why does REINFORCE refuse that episode, while "
             "actor-critic takes it?",
        options={
            "a": Option("It is too short.", "Length is no problem. What is not known about it?"),
            "b": Option("Its return is unknown; a critic can put a value in place of the rest.",
                        "The rewards after the cut were never seen, and a value stands for them.",
                        True),
            "c": Option("The actions were not recorded.", "They were, up to the cut."),
            "d": Option("Actor-critic ignores the end.", "It treats a cut and an end "
                        "differently, and that is the point."),
        },
    ),
    Numeric(
        id="12.z3", title="Score of a load", objective=1, section="How heavy: a number as the "
        "action",
        text="A Gaussian policy has mean 60 and spread 4, and 66 was drawn. What is the score in "
             "the mean?",
        value=lambda: (66 - 60) / 4**2, decimals=3,
        reason="The distance from the mean over the squared spread: 6 / 16.",
        wrong=[
            Wrong("spread not squared", 6 / 4, "That is the distance in spreads. The score "
                  "divides by the spread once more."),
            Wrong("distance", 6.0, "This is the distance alone. The narrower the policy, the "
                  "stronger the push."),
            Wrong("of the spread", (6 / 4) ** 2 - 1, "This is the score in the logarithm of the "
                  "spread."),
        ],
    ),
    Choice(
        id="12.z4", title="Which baseline is allowed?", objective=3, section="The baseline",
        text="Which of these may be taken off the return without changing the mean of the "
             "estimate?",
        options={
            "a": Option("The value of the state.", "It does not depend on the action.", True),
            "b": Option("The value of the action that was taken.", "It depends on the action: "
                        "then nothing of the slope is left on average."),
            "c": Option("The return itself.", "Then every estimate is 0."),
            "d": Option("The reward of this step.", "It depends on the action, and what the "
                        "action earned at once would be lost."),
        },
    ),
    Choice(
        id="12.z5", title="Certain and wrong", objective=4,
        section="What goes wrong: too large a step",
        text="A softmax policy has reached probability 0, up to rounding, for the best action. "
             "What will more training do?",
        options={
            "a": Option("It finds it again, slowly.", "The action is not tried, and its slope "
                        "has its probability as a factor."),
            "b": Option("Nothing: the slope of that preference is 0.", "What is never done never "
                        "moves, however good it is.", True),
            "c": Option("An entropy bonus brings it back at once.", "The slope of the bonus has "
                        "the same factor."),
            "d": Option("A baseline brings it back.", "A baseline takes scatter away; it does "
                        "not make anything be tried."),
        },
    ),
    Choice(
        id="12.z6", title="Ten years of records", objective=5,
        section="Value-based or policy-based?",
        text="A clinic has ten years of records and may not experiment. Which family can use them "
             "at all, as this chapter describes the two?",
        options={
            "a": Option("Policy gradients: they need no values.", "They need data of the present "
                        "policy, and every step makes the old data useless."),
            "b": Option("Value-based ones, with the care of Part IV.", "A maximum over values can "
                        "be learned from what others did, as far as they did it.", True),
            "c": Option("Both, equally well.", "The gradient is a mean over one's own actions."),
            "d": Option("Neither can learn from records.", "Off-policy methods can, with "
                        "conditions."),
        },
    ),
    Choice(
        id="12.z7", title="On-policy again", objective=2, back="06",
        section="Behaviour as a formula",
        text="REINFORCE improves the return of the policy with its chance. Which rule of chapter 6 "
             "values a policy in the same sense?",
        options={
            "a": Option("Q-learning.", "It values the plan that always takes the best action."),
            "b": Option("SARSA.", "It values what is really done, trials included.", True),
            "c": Option("Double Q-learning.", "It corrects the maximum, but it is about the "
                        "greedy plan too."),
            "d": Option("None of them.", "One of them values its own behaviour."),
        },
    ),
    Choice(
        id="12.z8", title="Waiting or guessing", objective=3, back="05",
        section="Actor and critic",
        text="Lambda of the advantage estimate is raised from 0 to 1. What changes?",
        options={
            "a": Option("Less scatter, more bias.", "It is the other way round: more real rewards "
                        "come in."),
            "b": Option("More scatter, less of the critic's error.", "As with TD(lambda): more "
                        "luck of what follows, less trust in a guess.", True),
            "c": Option("Only the speed of the computation.", "The estimate itself changes, in "
                        "its scatter and its bias."),
            "d": Option("Later rewards are discounted more.", "Gamma does that. Lambda says how "
                        "soon a value is trusted."),
        },
    ),
)  # fmt: skip
