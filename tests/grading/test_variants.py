"""Exam questions from a seed: answered a second time from their own text, by fractions."""

import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rxcourse.grading.variants import POINTS, QUESTIONS, Step, main, number, sheets

SEEDS = range(200)
NUMBER = r"-?\d+(?:\.\d+)?"


def one(text, pattern):
    """The only match, as a fraction or as words."""
    (found,) = re.findall(pattern, text)
    return Fraction(found) if re.fullmatch(NUMBER, found) else found


def rows(text):
    """Cells of the table of a question, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if not row[0].startswith("---")][1:]


def fractions(cells):
    return [Fraction(cell) for cell in cells]


# What follows reads nothing but the text, and computes with fractions by other formulas.


def answer_01(text):
    gamma = one(text, rf"with gamma ({NUMBER}), and with gamma 1")
    plans = {row[0]: fractions(row[1:]) for row in rows(text)}
    found = {}
    for name, word in ((gamma, "discounted"), (Fraction(1), "sum")):
        worth = {"the rest": Fraction(0)}
        for plan, rewards in plans.items():
            total = Fraction(0)
            for r in reversed(rewards):  # Horner's rule
                total = r + name * total
            worth[plan] = found[f"{plan[-1]} {word}"] = total
        found[f"best {word}"] = only_best(worth)
    return found


def only_best(worth):
    best = [name for name, x in worth.items() if x == max(worth.values())]
    assert len(best) == 1, f"tied: {best}"
    return best[0]


def answer_04(text):
    gamma = one(text, rf"gamma is ({NUMBER})\.")
    table = {(s, a): (Fraction(r), dict(move.split() for move in to.split(", ")))
             for s, a, r, to in rows(text)}  # fmt: skip
    plan = {"fresh": "train", "tired": "rest", "strained": "rest"}

    def look(v, state, action):
        reward, to = table[state, action]
        return reward + gamma * sum(Fraction(p) * v[s] for s, p in to.items())

    v = dict.fromkeys(plan, 0.0)
    for _ in range(600):  # rounds instead of equations
        v = {s: float(look(v, s, a)) for s, a in plan.items()}
    worth = {"train": look(v, "tired", "train"), "rest": look(v, "tired", "rest")}
    assert all(sum(map(Fraction, to.values())) == 1 for _, to in table.values())
    return {**v, "train when tired": worth["train"], "better when tired": only_best(worth)}


def answer_05(text):
    gamma = one(text, rf"Gamma is ({NUMBER}), ")
    alpha = one(text, rf"the step size ({NUMBER})\.")
    line = one(text, r"Present values: (.*)\.\n")
    value = {name: Fraction(x) for name, x in (part.split() for part in line.split(", "))}
    slots = [(state, Fraction(r)) for _, state, r in rows(text)]
    last = one(text, r"the person, now in (\S+), went on")
    found = {}
    for t, (state, r) in enumerate(slots):
        G = sum(gamma**k * later for k, (_, later) in enumerate(slots[t:]))
        ahead = value[slots[t + 1][0]] if t < 2 else 0
        found[f"MC {state}"] = (1 - alpha) * value[state] + alpha * G
        found[f"TD {state}"] = (1 - alpha) * value[state] + alpha * (r + gamma * ahead)
        found["cut"] = (1 - alpha) * value[state] + alpha * (r + gamma * value[last])
    return found


def answer_06(text):
    old, reward = one(text, rf"Q\(s, a\) = ({NUMBER})\."), one(text, rf"reward ({NUMBER}), and")
    alpha, gamma = one(text, rf"Step size ({NUMBER}),"), one(text, rf"gamma ({NUMBER})\.")
    epsilon = one(text, rf"with epsilon ({NUMBER})\.")
    head = next(line for line in text.splitlines() if line.startswith("| next action"))
    actions = [cell.strip() for cell in head.strip("|").split("|")][1:]
    values = dict(zip(actions, fractions(rows(text)[0][1:]), strict=True))
    best = only_best(values)
    taken = one(text, r"really takes is (\w+)\.")
    assert taken != best
    # A trial, with probability epsilon, is any of the four; otherwise the best is taken.
    mean = epsilon * sum(values.values()) / 4 + (1 - epsilon) * values[best]
    ahead = {"Q-learning": values[best], "SARSA": values[taken], "expected SARSA": mean}
    return {
        name: (1 - alpha) * old + alpha * (reward + gamma * x)
        for name, x in (ahead | {"ended": Fraction(0)}).items()
    }


def answer_07(text):
    gamma = one(text, rf"gamma is ({NUMBER}):")
    ((_, *means),) = rows(text)
    learners = int(one(text, r"(\d+) learners"))
    slots, hours = (Fraction(one(text, p)) for p in (r"for (\d+) slots", r"slots of (\d+) hours"))
    counts = {name: int(n) for n, name in re.findall(r"(\d+) chose “([^”]+)”", text)}
    assert sum(counts.values()) == learners
    mean = dict(zip(counts, fractions(means), strict=True))
    best = mean[only_best(mean)]
    chance = sum(mean.values()) / 3
    regret = {name: (best - x) / (best - chance) for name, x in mean.items()}  # gamma drops out
    return {
        "chance": chance / (1 - gamma),
        **{f"regret {name}": x for name, x in regret.items()},
        "mean regret": sum(counts[name] * x for name, x in regret.items()) / learners,
        "share": Fraction(sum(counts[n] for n, x in regret.items() if x <= 0.05), learners),
        "weeks": slots * hours / 168,
    }


def answer_09(text):
    w = [Fraction(x) for x in re.search(rf"weights are \(({NUMBER}), ({NUMBER})\)", text).groups()]
    x, y = (Fraction(f) for f in re.findall(rf"the features \(1, ({NUMBER})\)", text))
    reward, alpha = one(text, rf"The reward is ({NUMBER}),"), one(text, rf"Step size ({NUMBER}),")
    gamma, line = one(text, rf"gamma ({NUMBER})\."), lambda w, x: w[0] + w[1] * x
    found = {}
    for words, g in (("", gamma), (", ended", Fraction(0))):
        move = alpha * (reward + g * line(w, y) - line(w, x))
        new = w[0] + move, w[1] + x * move
        found |= {f"first weight{words}": new[0], f"second weight{words}": new[1]}
        if not words:
            found |= {"value": line(new, x), "next value": line(new, y)}
    return found


def answer_10(text):
    value, reward = one(text, rf"session the value ({NUMBER})\."), one(text, rf"is ({NUMBER}) and")
    gamma = one(text, rf"gamma is ({NUMBER})\.")
    says = {row[0]: fractions(row[1:]) for row in rows(text)}
    online, frozen = says["network that learns"], says["old copy"]
    choice = max(range(4), key=online.__getitem__)
    found = {
        "copy": reward + gamma * max(frozen), "no copy": reward + gamma * max(online),
        "double": reward + gamma * frozen[choice], "ended": reward,
    }  # fmt: skip
    size = abs(found["copy"] - value)
    return {**found, "loss": size - Fraction(1, 2) if size > 1 else size * size / 2}


def answer_12(text):
    p = one(text, rf"light with probability ({NUMBER})")
    light, heavy = fractions(rows(text)[0][1:])
    value = light * p + heavy * (1 - p)
    # The slope of a mean of two is p (1 - p) times their difference.
    return {
        "value": value, "push after light": light - p * light, "push after heavy": -p * heavy,
        "slope": p * (1 - p) * (light - heavy),
        "after light, less value": (1 - p) ** 2 * (light - heavy),
        "after heavy, less value": p**2 * (light - heavy),
    }  # fmt: skip


def too_close(chapter, text, found):
    """Why an answer could be right by luck, or a mistake have no effect; "" if it cannot."""
    if chapter == "01":
        gaps = [abs(found[f"A {w}"] - found[f"B {w}"]) for w in ("discounted", "sum")]
        wrong = found["best discounted"] == found["best sum"] or min(gaps) < Fraction(1, 20)
    elif chapter == "04":
        wrong = abs(found["train when tired"] - found["tired"]) <= 0.1
    elif chapter == "05":
        line = one(text, r"Present values: (.*)\.\n")
        olds = {name: Fraction(x) for name, x in (part.split() for part in line.split(", "))}
        moved = [abs(x - olds[name[3:]]) for name, x in found.items() if name != "cut"]
        first = [row[1] for row in rows(text)][:2]
        apart = [abs(found[f"MC {name}"] - found[f"TD {name}"]) for name in first]
        wrong = min(moved) == 0 or min(apart) == 0 or found["cut"] == list(found.values())[-1]
    elif chapter == "06":
        all_of = [*found.values(), one(text, rf"Q\(s, a\) = ({NUMBER})\.")]
        wrong = min(abs(x - y) for k, x in enumerate(all_of) for y in all_of[:k]) < Fraction(1, 25)
    elif chapter == "09":
        moves = [found[f"first weight{words}"] for words in ("", ", ended")]
        wrong = moves[0] == moves[1] or found["value"] == found["next value"]
    elif chapter == "10":
        three = [found[name] for name in ("copy", "no copy", "double", "ended")]
        wrong = len(set(three)) < 4 or found["loss"] <= Fraction(1, 2)
    elif chapter == "12":
        wrong = found["slope"] == 0 or found["value"] == 0
    else:
        regrets = sorted(x for name, x in found.items() if name.startswith("regret"))
        wrong = regrets[1] <= 0.06 or regrets[2] - regrets[1] <= 0.1
    return "answers are too close to each other" if wrong else ""


def wrong_arithmetic(told):
    """Equations between numbers in a model answer that do not hold."""
    found = []
    equation = rf"(?<![\w.])([-(\d][-+·/().\d ]*) = ({NUMBER})(?![\w.]*\w)"
    for left, right in re.findall(equation, told):
        sides = re.sub(r"(\d) \(", r"\1 * (", left.replace("·", "*")).lstrip()
        while sides.count(")") > sides.count("("):  # the equation stands in brackets
            sides = sides.rstrip(")")
        if abs(eval(sides) - float(right)) > 1e-6:
            found.append(f"{left} = {right}")
    return found


SECOND = {"01": answer_01, "04": answer_04, "05": answer_05, "06": answer_06, "07": answer_07,
          "09": answer_09, "10": answer_10,
          "12": answer_12}  # fmt: skip


def problems(variant):
    """What is wrong with one question."""
    try:
        second = SECOND[variant.chapter](variant.text)
    except (ValueError, AssertionError, KeyError) as trouble:
        return [f"cannot be answered from its text: {trouble}"]
    found = [what for what in [too_close(variant.chapter, variant.text, second)] if what]
    if second.keys() != variant.answer.keys():
        found.append("other things are asked for than answered")
    told = " ".join(step.text for step in variant.steps)
    for name, x in variant.answer.items():
        y = second.get(name)
        if isinstance(x, str) or isinstance(y, str):
            if x != y:
                found.append(f"{name}: {x}, but {y} by the text")
        elif abs(x - float(y)) > 1e-9:
            found.append(f"{name}: {x}, but {float(y)} by the text")
        shown = x if isinstance(x, str) else number(x)
        if not re.search(rf"(?<![\d.]){re.escape(shown)}(?!\.?\d)", told):
            found.append(f"{name}: {shown} does not stand in the model answer")
        if not isinstance(x, str) and abs(x - round(x, 4)) > 1e-9:
            found.append(f"{name}: {x} has more than four decimals")
    found += wrong_arithmetic(told)
    if sum(step.points for step in variant.steps) != POINTS:
        found.append("the points do not add up")
    if re.search(r"\d\.\d{5}|nan|inf|- -|\+ -", variant.text + told):
        found.append("a number is badly written")
    return found


@pytest.fixture(scope="module")
def made():
    """All variants of all questions, made once."""
    return {chapter: [make(seed) for seed in SEEDS] for chapter, make in QUESTIONS.items()}


@pytest.mark.parametrize("chapter", QUESTIONS)
def test_answers_agree_with_a_second_computation_from_the_text(made, chapter):
    found = {v.seed: problems(v) for v in made[chapter]}
    assert {seed: what for seed, what in found.items() if what} == {}


@pytest.mark.parametrize("chapter", QUESTIONS)
def test_every_seed_has_other_answers(made, chapter):
    texts = {v.text for v in made[chapter]}
    answers = {tuple(x if isinstance(x, str) else round(x, 6) for x in v.answer.values())
               for v in made[chapter]}  # fmt: skip
    assert len(texts) == len(answers) == len(SEEDS)


@pytest.mark.parametrize("chapter", QUESTIONS)
def test_a_seed_always_gives_the_same_question(made, chapter):
    assert QUESTIONS[chapter](3) == made[chapter][3]


def test_what_can_be_guessed_is_balanced(made):
    shares = [
        np.mean([v.answer["better when tired"] == "train" for v in made["04"]]),
        np.mean([v.answer["best sum"] == "plan A" for v in made["01"]]),
        np.mean([v.answer["regret rest"] == 0 for v in made["07"]]),
    ]
    # Four standard errors of a fair coin; the third is one of three.
    assert abs(np.array(shares) - [1 / 2, 1 / 2, 1 / 3]).max() < 4 * 0.5 / np.sqrt(len(SEEDS))


# ---------------------------------------------------------------- the tests bite


def without(pattern, put=""):
    """A change of the text."""
    def change(variant):
        text, n = re.subn(pattern, put, variant.text, count=1)
        assert n == 1, f"{pattern} is not in the text"
        return replace(variant, text=text)
    return change


def answered(name, change):
    """A change of one answer."""
    return lambda v: replace(v, answer=v.answer | {name: change(v.answer[name])})


def stepped(change):
    return lambda v: replace(v, steps=change(v.steps))


BROKEN = {
    "01, a reward": ("01", without(r"(\| plan A \| )\S+", r"\g<1>0.77")),
    "01, gamma left out": ("01", without(r" with gamma 0\.\d, and", " with a discount, and")),
    "01, best": ("01", answered("best sum", lambda x: "the rest")),
    "04, gamma left out": ("04", without(rf"; gamma is {NUMBER}\.", ".")),
    "04, chances": ("04", without(r"fresh 1 ", "fresh 0.9 ")),
    "04, sign": ("04", answered("tired", lambda x: -x)),
    "04, the other action": ("04", answered("better when tired", {"train": "rest",
                                                                  "rest": "train"}.get)),
    "05, a value left out": ("05", without(r", (\S+) [-.\d]+\.\n", ".\n")),
    "05, step size left out": ("05", without(r", the step size [.\d]+", "")),
    "05, cut": ("05", answered("cut", lambda x: x + 0.01)),
    "06, tie": ("06", without(rf"(\| Q\(s', ·\) \|) {NUMBER} \| {NUMBER}", r"\1 99 | 99")),
    "06, the best is taken": ("06", lambda v: replace(v, text=re.sub(
        r"(Q\(s', ·\)).*\n", "Q(s', ·) | 9 | 0 | 1 | 2 |\n",
        re.sub(r"takes is \w+", "takes is Increase_Reps", v.text)))),
    "06, epsilon left out": ("06", without(r" with epsilon [.\d]+", "")),
    "06, rules exchanged": ("06", lambda v: replace(v, answer=v.answer | {
        "SARSA": v.answer["expected SARSA"], "expected SARSA": v.answer["SARSA"]})),
    "07, a learner lost": ("07", without(r"In the end \d+", "In the end 1")),
    "07, hours left out": ("07", without(r" of \d+ hours", "")),
    "07, share in per cent": ("07", answered("share", lambda x: 100 * x)),
    "arithmetic": ("06", stepped(lambda steps: (
        Step(steps[0].points, steps[0].text.replace("target is ", "target is 1 + ")),
        *steps[1:]))),
    "points": ("06", stepped(lambda steps: (Step(9, steps[0].text), *steps[1:]))),
    "an empty model answer": ("06", stepped(lambda steps: (Step(POINTS, "By the formula."),))),
    "many decimals": ("01", answered("A sum", lambda x: x + 1e-7)),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_question_is_noticed(made, name):
    chapter, change = BROKEN[name]
    for variant in made[chapter][:20]:
        assert problems(change(variant)) != []


def test_a_rule_that_is_wrong_is_noticed(monkeypatch):
    """Had the package the wrong target, the second computation would not agree."""
    import rxcourse.grading.variants as module

    monkeypatch.setattr(module, "sarsa", module.q_learning)
    monkeypatch.setattr(module, "expected_sarsa", module.q_learning)
    assert all(problems(QUESTIONS["06"](seed)) for seed in range(5))


# ---------------------------------------------------------------- the command


def test_sheets_keep_the_answers_back(capsys):
    assert main(["6", "--seed", "7", "--n", "3"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("**One step, three updates**") == 3
    assert [f"seed {s})" in printed for s in (6, 7, 8, 9, 10)] == [False, True, True, True, False]
    assert "Model answer" not in printed
    for seed in (7, 8, 9):
        variant = QUESTIONS["06"](seed)
        assert variant.text in printed
        assert not any(step.text in printed for step in variant.steps)


def test_answers_come_with_their_points(capsys):
    assert main(["06", "--seed", "7", "--answers"]) == 0
    printed = capsys.readouterr().out
    for step in QUESTIONS["06"](7).steps:
        assert f"- {step.points} point{'s' * (step.points > 1)}: {step.text}" in printed


def test_a_wrong_call_is_a_sentence(capsys):
    assert main(["02"]) == 2
    assert "there are 01, 04, 05, 06, 07" in capsys.readouterr().err
    with pytest.raises(ValueError, match="at least 1"):
        sheets("06", 0, 0)
    with pytest.raises(ValueError, match="whole number"):
        sheets("06", -1, 1)


def test_the_module_is_a_command():
    command = [sys.executable, "-m", "rxcourse.grading.variants", "06", "--seed", "7", "--n", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert QUESTIONS["06"](7).text in done.stdout
    assert done.stderr == ""
