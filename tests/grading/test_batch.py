"""Grading a folder: forty-odd submissions of every kind in one run, each with its row."""

import csv
import json
import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from rxcourse.grading.commands import main, parser
from rxcourse.grading.library import find, questions
from rxcourse.grading.question import Choice

ROOT = Path(__file__).parents[2]
SOLUTION = json.loads((ROOT / "solutions/06_sarsa_and_q_learning.ipynb").read_text("utf-8"))
EXERCISE = (ROOT / "exercises/06_sarsa_and_q_learning.ipynb").read_bytes()
NAMES = list(questions("06"))
PASSED, NOT_YET = "passed", "not yet"
ABSENT, CANNOT = "not attempted", "cannot be checked"

HEAD = "import numpy as np\nfrom rxcourse import check, hint"
Q1 = "updated = (0.05, 0.45, 0.45, 0.05, 2.06, 1.43, 2.015)"
TARGETS = """
def my_targets(reward, terminated, truncated, next_values, gamma):
    return reward + gamma * ~terminated * next_values.max(axis=1)
check("06.q2", my_targets)
"""
DOUBLE = """
def double_update(Q1, Q2, s, a, r, s_next, terminated, coin, alpha, gamma):
    Q1, Q2 = Q1.copy(), Q2.copy()
    own, other = (Q1, Q2) if coin == 0 else (Q2, Q1)
    future = 0.0 if terminated else other[s_next, own[s_next].argmax()]
    own[s, a] += alpha * (r + gamma * future - own[s, a])
    return Q1, Q2
"""
REFUSE = """
def to_refuse(q, visits, least):
    return ((q == q.max(axis=1, keepdims=True)) & (visits < least)).any(axis=1)
"""


def right_cells():
    """Short right answers to all questions, a cell for each."""
    cells = {
        "head": HEAD,
        "06.q1": Q1,
        "06.q2": TARGETS,
        "06.q3": "tipping_rate = 0.05",
        "06.q4": DOUBLE,
        "06.q5": f"mean_regrets = {[float(x) for x in find('06.q5').key]}",
        "06.q6": REFUSE,
    }
    for name, question in questions("06").items():
        if name not in cells:
            answer = question.right if isinstance(question, Choice) else float(question.key)
            cells[name] = f"{question.name} = {answer!r}"
    return cells


def notebook(cells, **more):
    """A notebook file with these code cells, each one tagged and with a text cell before."""
    made = []
    for name, source in cells.items():
        made.append({"cell_type": "markdown", "metadata": {}, "source": [f"## {name}"]})
        made.append({"cell_type": "code", "metadata": {"tags": [name]}, "execution_count": None,
                     "outputs": [], "source": source.splitlines(keepends=True)})  # fmt: skip
    whole = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}
    return json.dumps(whole).encode()


def changed(**cells):
    """The right notebook with some cells replaced; q2 stands for 06.q2, others are added."""
    known = right_cells()
    named = {f"06.{k}" if f"06.{k}" in known else k: textwrap.dedent(v) for k, v in cells.items()}
    return notebook(known | named)


def first(source):
    """The right notebook after one more cell."""
    return notebook({"first": textwrap.dedent(source)} | right_cells())


def function(body):
    """The right notebook, with a body of one's own for 06.q2."""
    head = "def my_targets(reward, terminated, truncated, next_values, gamma):\n"
    return changed(q2=head + textwrap.indent(textwrap.dedent(body), "    "))


def merged(chosen):
    """All code in one cell of format 3, or with another version number."""
    sheet = [{"cell_type": "code", "input": source} for source in chosen.values()]
    return json.dumps({"nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": sheet}]})


SOLVED = [name for name in NAMES if ".q" in name]
QUIZ = [name for name in NAMES if ".z" in name]
ALL_LOST = dict.fromkeys(NAMES, CANNOT)
NO_QUIZ = dict.fromkeys(QUIZ, ABSENT)
Q2 = {"06.q2": NOT_YET}

renamed = {f"cell {i}": source for i, source in enumerate(right_cells().values())}
reordered = {"head": HEAD} | dict(reversed(right_cells().items()))
untagged = json.loads(notebook(renamed))
for cell in untagged["cells"]:
    del cell["metadata"]
huge = json.loads(notebook(right_cells()))
huge["cells"][1]["outputs"] = [
    {"output_type": "stream", "name": "stdout", "text": "x" * 12_000_000}
]

# name: (content of the file, what differs from all passed, words of the note)
CASES = {
    "right": (json.dumps(SOLUTION).encode(), NO_QUIZ, ""),
    "blank": (EXERCISE, dict.fromkeys(NAMES, ABSENT), ""),
    "all right": (notebook(right_cells()), {}, ""),
    "wrong by hand": (changed(q1=Q1.replace("2.06", "2.1")), {"06.q1": NOT_YET}, ""),
    "wrong bootstraps": (function("return reward + gamma * next_values.max(axis=1)"), Q2, ""),
    "wrong axis": (function("return reward + gamma * ~terminated * next_values.max()"), Q2, ""),
    "wrong letters": (changed(z1='z1 = "a"', z2='z2 = "x"', z4="z4 = 3"),
                      {"06.z1": NOT_YET, "06.z2": NOT_YET, "06.z4": NOT_YET}, ""),
    "half done": (notebook(dict(list(right_cells().items())[:4])),
                  dict.fromkeys(NAMES[3:], ABSENT), ""),
    "loop in a cell": (first("while True: pass"), {},
                       "The cell that begins `while True: pass` did not finish"),
    "loop after an answer": (changed(q1=f"{Q1}\nwhile True: pass"), {},
                             "did not finish"),
    "loop before an answer": (changed(q1=f"while True: pass\n{Q1}"),
                              {"06.q1": NOT_YET}, "did not finish"),
    # A bare except sees an alarm only inside a call: Python covers no plain jump by it.
    "loop with a bare except": (first("""
        import time
        while True:
            try:
                time.sleep(0.01)
            except: pass
        """), {}, "The cell that begins `import time`"),
    "one bare except": (first("""
        import time
        try:
            time.sleep(1000)
        except: pass
        while True: pass
        """), {}, "The cell that begins `import time` did not finish"),
    "loop beside a check": (changed(q2=TARGETS.replace("check(", "while True: pass\ncheck(")), {},
                            "and checks 06.q2 did not finish"),
    "loop in an answer": (function("while True: pass"), Q2, ""),
    "sleep in a cell": (first("import time; time.sleep(1000)"), {},
                        "`import time; time.sleep(1000)` did not finish"),
    "one long computation": (first("x = sum(range(10**15))"), {},
                             "The cell that begins `x = sum(range(10**15))` was left out: it ran"),
    "deep recursion": (function("return my_targets(reward, terminated, truncated, next_values, 1)"),
                       Q2, ""),
    "exception at import": (first("import no_such_package"), {}, "no_such_package"),
    "exception in a cell": (changed(q1="updated = (1 / 0, 1, 1)"), {"06.q1": NOT_YET}, "ZeroDiv"),
    "syntax error": (changed(q1="updated = (0.05"), {"06.q1": NOT_YET},
                     "`updated = (0.05` was left out"),
    "memory hog": (first("hog = bytearray(2**31)"), {}, "MemoryError"),
    "memory hog in pieces": (first("""
        import numpy
        hog = []
        while True: hog.append(numpy.zeros(10**7))
        """), {}, "The cell that begins `import numpy` was left out: it ran out of memory"),
    "memory hog in an answer": (function("""
        hog = bytearray(2**31)
        return reward + gamma * ~terminated * next_values.max(axis=1)
        """), Q2, ""),
    "exit in a cell": (first("exit()"), {}, "ends the program"),
    "exit in an answer": (function("import sys; sys.exit(0)"), Q2, ""),
    "os exit in a cell": (first("import os; os._exit(3)"), {},
                          "`import os; os._exit(3)` was left out: it ended"),
    "os exit in an answer": (changed(q2=TARGETS.replace("    return", "    leave()\n    return")
                                     .replace('check("06.q2", my_targets)', "")
                                     + "\ndef leave():\n    import os; os._exit(0)"),
                             {"06.q2": CANNOT}, "06.q2: While this answer was judged"),
    "crash": (first("import ctypes; ctypes.string_at(0)"), {}, "crashed"),
    "kills itself": (first("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), {},
                     "SIGKILL)` was left out: it was killed"),
    "output flood": (first("for _ in range(100): print('x' * 100_000)"), {}, ""),
    "flood past Python": (first("import os\nfor _ in range(200): os.write(2, b'x' * 50_000)\n"
                                "os.write(1, b'x' * 10_000_000)"), {}, ""),
    "flood in an answer": (function("for _ in range(300): print('x' * 30_000)\nreturn 0"), Q2, ""),
    "huge stored output": (json.dumps(huge).encode(), {}, ""),
    "no notebook": (b"Dear teacher, here is my homework.", ALL_LOST, "no notebook"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\xff\xfe", ALL_LOST, "not text"),
    "empty": (b"", ALL_LOST, "empty"),
    "a list": (b"[1, 2, 3]", ALL_LOST, "no cells"),
    "deep brackets": (b"[" * 200_000, ALL_LOST, "no valid JSON"),
    "truncated": (notebook(right_cells())[:-200], ALL_LOST, "no valid JSON"),
    "format 3": (merged(right_cells()).encode(), {}, ""),
    "format 99": (notebook(right_cells(), nbformat=99), {}, ""),
    "byte order mark": (b"\xef\xbb\xbf" + notebook(right_cells()), {}, ""),
    "renamed and untagged": (json.dumps(untagged).encode(), {}, ""),
    "reordered": (notebook(reordered), {}, ""),
    "magics": (first("%matplotlib inline\n!pip list\nnp?\nfiles = !ls\nupdated = 1"), {},
               "`%matplotlib inline`: lines with"),
    "other cells": (first("%%bash\nrm -rf data"), {}, "`%%bash` was left out: that is not Python"),
    "unicode Ünïcödé 学生": (changed(q1=f"grüße = '学生'\n{Q1}"), {}, ""),
    "name with spaces, (and more)": (notebook(right_cells()), {}, ""),
    "wrong types": (changed(q1='updated = "2.06"', q2="my_targets = 3", q3="tipping_rate = []",
                            q6="to_refuse = to_refuse_ = lambda: 1", z1="z1 = print"),
                    dict.fromkeys(["06.q1", "06.q2", "06.q3", "06.q6", "06.z1"], NOT_YET), ""),
    "not a number": (changed(q1="updated = [float('nan')] * 7", q3="tipping_rate = np.nan"),
                     {"06.q1": NOT_YET, "06.q3": NOT_YET}, ""),
    "arguments changed": (function("""
        next_values *= gamma
        return reward + ~terminated * next_values.max(axis=1)
        """), Q2, ""),
    "overwritten later": (changed(last="updated = (0,) * 7"), {"06.q1": NOT_YET}, ""),
    "thread left behind": (first("""
        import threading, time
        threading.Thread(target=time.sleep, args=(1000,)).start()
        """), {}, ""),
    "busy thread": (first("""
        import threading
        def spin():
            while True: pass
        threading.Thread(target=spin).start()
        """), {}, ""),
    "file written": (first("open('left-here.txt', 'w').write('x')"), {}, ""),
    "large file": (first("with open('big', 'wb') as f:\n"
                         "    for _ in range(200): f.write(bytes(10**6))"), {},
                   "`with open('big', 'wb') as f:` stopped"),
    "numpy replaced": (changed(z7="z7 = 'c'\nimport numpy\nnumpy.isclose = lambda *a, **k: 1/0\n"
                                  "numpy.seterr(all='raise')\nnumpy.asarray = numpy.max = None"),
                       {}, "numpy.asarray"),
    "builtins replaced": (first("import builtins\nbuiltins.len = lambda x: 3\nmax = min"), {},
                          "builtins.len"),
    "forged with numpy": (changed(q1="updated = (1,) * 7\nimport numpy\n"
                                     "numpy.isclose = lambda a, *b, **k: numpy.ones_like(a, bool)"),
                          {"06.q1": NOT_YET}, "numpy.isclose"),
    "forged records": (changed(q1="""
        import glob, json
        updated = (0,) * 7
        line = {"kind": "verdict", "question": "06.q1", "state": "passed", "message": ""}
        files = glob.glob("../*.jsonl")
        assert files
        for file in files:
            with open(file, "a") as f: f.write(json.dumps(line) + "\\n" + "{" * 1000 + "\\n")
        """), {"06.q1": NOT_YET}, ""),
    "asks for input": (first("name = input('Your name? ')"), {}, "EOFError"),
    "huge answer": (changed(q1="updated = np.zeros(10**7)", q3="tipping_rate = range(10**9)"),
                    {"06.q1": NOT_YET, "06.q3": NOT_YET}, ""),
    "child left behind": (first("""
        import subprocess, sys
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(61.25)"])
        """), {}, ""),
    "forked": (first("import os\nif os.fork() == 0:\n    import time; time.sleep(1000)"), {}, ""),
    "hostile object": (changed(q1="class E:\n    def __eq__(self, o): raise SystemExit\n"
                                  "    def __array__(self, *a, **k): raise KeyboardInterrupt\n"
                                  "    def __iter__(self): raise SystemExit\nupdated = E()"),
                       {"06.q1": CANNOT}, "06.q1"),
    "streams closed": (first("import sys\nsys.stdout.close()\nsys.stderr.close()"), {}, ""),
    "folder left": (first("import os\nos.chdir('/')"), {}, ""),
    "formula": (first("raise ValueError('=1+1')"), {}, "`raise ValueError('=1+1')` stopped"),
    "=formula": (notebook(right_cells()), {}, ""),
}  # fmt: skip
POSIX = {"forked", "kills itself", "large file", "sleep in a cell", "one bare except"}
MEMORY = {"memory hog", "memory hog in pieces", "memory hog in an answer"}
BEYOND = (POSIX if os.name == "nt" else set()) | (set() if sys.platform == "linux" else MEMORY)
CASES = {name: case for name, case in CASES.items() if name not in BEYOND}
IN_SUBFOLDERS = {"half done", "magics", "truncated"}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Rows by student, the folder of JSON files, and the seconds it took."""
    folder = tmp_path_factory.mktemp("handed in")
    for name, (content, _, _) in CASES.items():
        if name in IN_SUBFOLDERS:
            (folder / name / ".ipynb_checkpoints").mkdir(parents=True)
            (folder / name / ".ipynb_checkpoints/06_copy.ipynb").write_bytes(b"")
            (folder / name / "06_sarsa.ipynb").write_bytes(content)
        else:
            (folder / f"{name}.ipynb").write_bytes(content)
    (folder / "handed in nothing").mkdir()
    (folder / "notes.txt").write_text("no submission")
    out = folder.parent / "grades.csv"
    start = time.perf_counter()
    small = ["--seconds", "10", "--memory", "1024", "--jobs", "2", "--chapter", "06"]
    feedback = ["--json", str(out.parent / "json")]
    code = main(["grade", str(folder), "--out", str(out), *small, *feedback])
    seconds = time.perf_counter() - start
    assert code == 0
    with out.open(encoding="utf-8", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    return rows, out.parent / "json", seconds


@pytest.mark.parametrize("name", CASES)
def test_every_submission_gets_its_row(graded, name):
    row = graded[0][f"'{name}" if name.startswith("=") else name]
    _, differs, note = CASES[name]
    expected = dict.fromkeys(NAMES, PASSED) | differs
    assert {question: row[question] for question in NAMES} == expected, row["note"]
    assert row["points"] == str(list(expected.values()).count(PASSED))
    assert row["total"] == str(len(NAMES))
    assert note in row["note"] if note else row["note"] == ""


def test_nothing_is_lost_and_nothing_added(graded):
    rows, folder, _ = graded
    assert len(rows) == len(CASES) + 1
    assert "no notebook in this folder" in rows["handed in nothing"]["note"]
    assert rows["handed in nothing"]["points"] == "0"
    assert len(list(folder.glob("*.json"))) == len(rows)


def test_the_batch_does_not_wait_for_what_hangs(graded):
    # Ten submissions hang; each could take 10 s and more, all others about 2 s of CPU.
    assert graded[2] < 240


def test_what_submissions_started_is_ended(graded):
    if not Path("/proc").is_dir():
        pytest.skip("no list of processes")
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if alive(path)]
    assert not [command for command in commands if b"time.sleep(61.25)" in command]


def alive(path):
    try:
        return bool(path.read_bytes())
    except OSError:
        return False


def test_autograder_files(graded):
    found = json.loads((graded[1] / "wrong bootstraps.json").read_text("ascii"))
    by_name = {test["name"][:5]: test for test in found["tests"]}
    assert list(by_name) == NAMES
    assert by_name["06.q1"]["score"] == by_name["06.q1"]["max_score"] == 1
    assert by_name["06.q2"]["score"] == 0
    assert "terminated episode has no future" in by_name["06.q2"]["output"]


def test_without_a_chapter_the_names_say_it(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/06_anna.ipynb").write_bytes(EXERCISE)
    (tmp_path / "in/ben.ipynb").write_bytes(EXERCISE)
    (tmp_path / "private.py").write_text(
        "from rxcourse.grading.question import Value, Wrong\n"
        "EXERCISES = [Value(id='06.x1', title='Own', name='updated', rung='judge', minutes=1,\n"
        "    objective=1, section='Step sizes', value=lambda: 7)]\n"
    )
    (tmp_path / "in/06_cleo.ipynb").write_bytes(notebook({"own": "updated = 7"}))
    out = tmp_path / "grades.csv"
    assert not main(["grade", str(tmp_path / "in"), "--out", str(out),
                     "--extra-checks", str(tmp_path / "private.py")])  # fmt: skip
    with out.open(encoding="utf-8") as file:
        anna, cleo, ben = csv.DictReader(file)
    assert (anna["student"], anna["06.x1"], anna["total"]) == ("06_anna", ABSENT, "14")
    assert (cleo["06.x1"], cleo["06.q1"], cleo["points"]) == (PASSED, NOT_YET, "1")
    assert ben["total"] == "0" and "give --chapter" in ben["note"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing", "--out", "g.csv"], "There is no folder missing"),
        (["empty", "--out", "g.csv"], "There are no notebooks"),
        (["in", "--out", "g.csv"], "Give --chapter"),
        (["in", "--out", "no/such/g.csv", "--chapter", "6"], "cannot be written"),
        (["in", "--out", "g.csv", "--chapter", "99"], "no questions for chapter"),
        (["in", "--out", "g.csv", "--chapter", "6", "--extra-checks", "x.py"], "no file x.py"),
        (["in", "--out", "g.csv", "--chapter", "6", "--extra-checks", "bad.py"], "as extra checks"),
        (["in", "--out", "g.csv", "--chapter", "6", "--extra-checks", "odd.py"], "must hold"),
        (["in", "--out", "g.csv", "--chapter", "6", "--extra-checks", "same.py"], "is taken"),
    ],
)
def test_what_is_wrong_is_said_before_grading(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("in/anna.ipynb").write_bytes(EXERCISE)
    Path("empty").mkdir()
    Path("bad.py").write_text("EXERCISES = 1 / 0")
    Path("odd.py").write_text("EXERCISES = [1]")
    Path("same.py").write_text("from rxcourse.grading.ch06 import EXERCISES")
    assert main(["grade", *arguments]) == 1
    told = capsys.readouterr()
    assert words in told.err and told.out == ""
    assert "Traceback" not in told.err


def test_a_child_sees_neither_settings_nor_input(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_TEACHER", "x")
    source = ("import os, sys\nseen = ('SECRET_OF_THE_TEACHER' in os.environ, sys.stdin.read(),\n"
              "  os.listdir(), os.environ['OMP_NUM_THREADS'], os.environ['MPLBACKEND'])\n"
              "assert seen == (False, '', [], '1', 'Agg'), seen")  # fmt: skip
    (tmp_path / "06_a.ipynb").write_bytes(notebook({"cell": source}))
    main(["grade", str(tmp_path), "--out", str(tmp_path / "g.csv")])
    with (tmp_path / "g.csv").open(encoding="utf-8") as file:
        assert next(csv.DictReader(file))["note"] == ""


def test_the_example_of_the_guide(tmp_path):
    """The extra question judges the solution and the blank exercise as the guide says."""
    page = (ROOT / "book/instructor/grading.md").read_text("utf-8")
    (tmp_path / "private.py").write_text(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1])
    public_only = REFUSE.replace("return", "return np.zeros(len(q), bool) if len(q) == 6 else")
    for name, content in {
        "blank": EXERCISE, "solution": json.dumps(SOLUTION).encode(),
        "public": notebook({"head": HEAD, "06.q6": public_only}),
    }.items():  # fmt: skip
        (tmp_path / name).mkdir()
        (tmp_path / name / "06_a.ipynb").write_bytes(content)
    out = tmp_path / "grades.csv"
    extra = ["--extra-checks", str(tmp_path / "private.py")]
    assert main(["grade", str(tmp_path), "--out", str(out), *extra]) == 0
    with out.open(encoding="utf-8") as file:
        states = {row["student"]: row["06.x1"] for row in csv.DictReader(file)}
    assert states == {"blank": ABSENT, "solution": PASSED, "public": NOT_YET}
    options = re.findall(r"^\| `(--[\w-]+)", page, re.MULTILINE)
    assert len(options) == 6
    parser().parse_args(["grade", "x", "--out", "y", *(f"{o}=1" for o in options)])


def test_ctrl_c_keeps_what_was_graded(tmp_path, monkeypatch, capsys):
    from rxcourse.grading.batch.submission import Graded, Grader

    def stopped(self, path, stop=None):
        if path.stem == "06_b":
            raise KeyboardInterrupt
        return Graded()

    monkeypatch.setattr(Grader, "grade", stopped)
    for name in "abc":
        (tmp_path / f"06_{name}.ipynb").write_bytes(EXERCISE)
    assert main(["grade", str(tmp_path), "--out", str(tmp_path / "g.csv")]) == 1
    assert "Stopped by hand" in capsys.readouterr().err
    assert len((tmp_path / "g.csv").read_text().splitlines()) == 2


def test_a_folder_with_a_module_of_the_same_name_does_no_harm(tmp_path):
    (tmp_path / "numpy.py").write_text("raise SystemExit('the wrong numpy')")
    (tmp_path / "06_a.ipynb").write_bytes(notebook(right_cells()))
    code = "from rxcourse.grading.commands import main; main(['grade', '.', '--out', 'g.csv'])"
    environment = {**os.environ, "PYTHONPATH": ""}
    subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, env=environment, check=True)
    with (tmp_path / "g.csv").open(encoding="utf-8") as file:
        assert next(csv.DictReader(file))["points"] == str(len(NAMES))
