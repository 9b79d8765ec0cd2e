"""The commands of a learner: doctor, start, check, progress; and what the help says."""

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest

from rxcourse.grading import doctor, places, progress
from rxcourse.grading.batch import limits
from rxcourse.grading.commands import EXAMPLES, main, parser
from rxcourse.grading.library import chapters, questions
from rxcourse.grading.verdict import Verdict

ROOT = Path(__file__).parents[2]
NAME = "06_sarsa_and_q_learning.ipynb"
EXERCISE = ROOT / "exercises" / NAME


def answered(**answers):
    """The exercise notebook of chapter 6 with some values filled in."""
    text = EXERCISE.read_text("utf-8")
    for name, value in answers.items():
        assert f"{name} = ..." in text
        text = text.replace(f"{name} = ...", f"{name} = {value}")
    return text


# ---------------------------------------------------------------- start


def test_start_copies_and_makes_a_progress_file(tmp_path, capsys):
    folder = tmp_path / "my course"
    assert main(["start", "06", "--to", str(folder)]) == 0
    assert (folder / NAME).read_bytes() == EXERCISE.read_bytes()
    assert progress.read(folder) == {}
    assert NAME in capsys.readouterr().out


def test_start_never_overwrites(tmp_path, capsys):
    (tmp_path / NAME).write_text("weeks of work")
    (tmp_path / progress.FILE).write_text('{"06.q1": "passed"}')
    assert main(["start", "6", "--to", str(tmp_path)]) == 0
    assert (tmp_path / NAME).read_text() == "weeks of work"
    assert progress.read(tmp_path) == {"06.q1": "passed"}
    told = capsys.readouterr().out
    assert "stays as it is" in told and "rename it" in told


def test_start_without_a_folder_uses_this_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["start", "06"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [NAME, progress.FILE]


def test_start_alone_lists_what_there_is(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["start"]) == 0
    assert "06  SARSA and Q-learning" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_start_says_which_chapters_have_exercises(tmp_path, capsys):
    assert main(["start", "99", "--to", str(tmp_path / "new")]) == 1
    assert "no exercises for chapter 99; there are for" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("arguments", [["start"], ["start", "06"]])
def test_without_the_repository_one_sentence(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.setattr(places, "EXERCISES", tmp_path / "nowhere")
    assert main(arguments) == 1
    assert "not beside the package" in capsys.readouterr().err


def test_start_where_nothing_can_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["start", "06", "--to", str(tmp_path / "file")]) == 1
    assert "file" in capsys.readouterr().err


# ---------------------------------------------------------------- check


def test_check_judges_and_records(tmp_path, capsys):
    main(["start", "06", "--to", str(tmp_path)])
    right = "(0.05, 0.45, 0.45, 0.05, 2.06, 1.43, 2.015)"
    text = answered(updated=right, tipping_rate="0.06", z1="'b'")
    (tmp_path / NAME).write_text(text, "utf-8")
    capsys.readouterr()
    assert main(["check", "06", "--in", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    lines = {line[:5]: " ".join(line[5:].split()) for line in told.splitlines()}
    assert lines["06.q1"] == "passed"
    assert lines["06.q3"].startswith("not yet One per cent less is enough")
    assert lines["06.q2"].startswith("not attempted")
    assert f"2 of {len(questions('06'))} passed." in told
    known = progress.read(tmp_path)
    assert (known["06.q1"], known["06.q3"], known["06.z1"]) == ("passed", "not yet", "passed")
    assert (tmp_path / NAME).read_text("utf-8") == text


def test_check_writes_nothing_without_a_progress_file(tmp_path, capsys):
    (tmp_path / "06_mine.ipynb").write_text(answered(), "utf-8")
    assert main(["check", "6", "--in", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["06_mine.ipynb"]


def test_check_keeps_what_was_passed(tmp_path, capsys):
    (tmp_path / NAME).write_bytes(EXERCISE.read_bytes())
    (tmp_path / progress.FILE).write_text('{"06.q1": "passed"}')
    main(["check", "06", "--in", str(tmp_path)])
    assert progress.read(tmp_path)["06.q1"] == "passed"


def test_check_says_what_is_missing(tmp_path, capsys):
    assert main(["check", "06", "--in", str(tmp_path)]) == 1
    assert "python -m rxcourse start 06" in capsys.readouterr().err
    assert main(["check", "06", "--in", str(tmp_path / "none")]) == 1
    assert "no folder" in capsys.readouterr().err
    for name in ("06_a.ipynb", "06_b.ipynb"):
        (tmp_path / name).write_text("{}")
    assert main(["check", "06", "--in", str(tmp_path)]) == 1
    assert "06_a.ipynb, 06_b.ipynb" in capsys.readouterr().err
    assert main(["check", "99", "--in", str(tmp_path)]) == 1
    assert "no exercises for chapter 99; there are for 01, 04" in capsys.readouterr().err


def test_a_file_that_is_no_notebook_gets_one_sentence(tmp_path, capsys):
    progress.begin(tmp_path)
    (tmp_path / "06_broken.ipynb").write_text("{]")
    assert main(["check", "06", "--in", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert shown.err.count("This is no notebook") == 1 and "cannot be checked" not in shown.out
    assert progress.read(tmp_path) == {}


def test_files_in_place_of_folders_and_too_little_memory(tmp_path, capsys):
    (tmp_path / "f").write_text("")
    place, out = str(tmp_path / "f"), str(tmp_path / "g.csv")
    for words, told in ((["start", "06", "--to", place], "is a file; name a folder"),
                        (["grade", place, "--out", out], "is a file; name a folder"),
                        (["grade", str(tmp_path), "--out", out, "--memory", "1"], "too little"),
                        ([], "")):  # fmt: skip
        assert main(words) == 1
        assert told in capsys.readouterr().err
    assert not (tmp_path / "g.csv").exists()


# ---------------------------------------------------------------- progress


def test_progress_by_objective(tmp_path, capsys):
    first = [name for name, q in questions("06").items() if q.objective == 1]
    others = [name for name, q in questions("06").items() if q.objective == 5]
    progress.begin(tmp_path)
    for name in [*first, others[0]]:
        progress.note(Verdict(name, "passed"), tmp_path)
    progress.note(Verdict(others[1], "not yet"), tmp_path)
    assert main(["progress", "--in", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "Chapter 6. SARSA and Q-learning (1 of 5 objectives)" in told
    assert "[x] 1. update an action value by hand" in told
    assert "[ ] 5. recognise a maximum that looks too good" in told
    after = told.split("[ ] 5.")[1]
    assert f"passed: {others[0]}" in after and f"not yet: {others[1]}\n" in after
    assert f"to do: {', '.join(others[2:])}" in after
    total = len(questions("06"))
    end = f"{len(first) + 1} of {total} questions passed and 1 objective reached in 1 chapter."
    assert end in told


def test_progress_without_the_book_gives_numbers(tmp_path, monkeypatch, capsys):
    progress.begin(tmp_path)
    progress.note(Verdict("06.q1", "passed"), tmp_path)
    monkeypatch.setattr(places, "REPOSITORY", tmp_path)
    assert main(["progress", "--in", str(tmp_path)]) == 0
    assert "1. objective 1" in capsys.readouterr().out


def test_progress_before_anything_was_checked(tmp_path, capsys):
    assert main(["progress", "--in", str(tmp_path)]) == 1
    assert "start makes one" in capsys.readouterr().err
    progress.begin(tmp_path)
    assert main(["progress", "--in", str(tmp_path)]) == 0
    assert "Nothing was checked yet" in capsys.readouterr().out


def test_a_broken_progress_file_is_told_and_kept(tmp_path, capsys):
    (tmp_path / progress.FILE).write_text("{broken")
    assert main(["progress", "--in", str(tmp_path)]) == 1
    assert "move it away" in capsys.readouterr().err
    assert (tmp_path / progress.FILE).read_text() == "{broken"


@pytest.mark.parametrize("chapter", chapters())
def test_every_objective_of_a_question_is_on_the_card(chapter):
    card = places.card(chapter)
    assert card.title and 3 <= len(card.objectives) <= 5
    assert {q.objective for q in questions(chapter).values()} <= set(
        range(1, len(card.objectives) + 1)
    )


# ---------------------------------------------------------------- doctor


def test_doctor_is_content_here(tmp_path, capsys):
    assert main(["doctor", "--in", str(tmp_path)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Everything needed is there." in told and "no sandbox" in told
    for name in ("Python 3", "numpy", "torch", "exercises for chapters", "stepped", "check"):
        assert name in told
    assert list(tmp_path.iterdir()) == []


def test_doctor_names_what_is_missing_and_what_to_do(tmp_path, monkeypatch, capsys):
    versions = {"numpy": "1.26.4"}
    real = importlib.metadata.version

    def version(name):
        if name == "scipy":
            raise importlib.metadata.PackageNotFoundError(name)
        return versions.get(name) or real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(places, "EXERCISES", tmp_path)
    monkeypatch.setattr(doctor, "_step", lambda: 1 / 0)
    monkeypatch.setattr(doctor, "OLDEST", (9, 0))
    assert main(["doctor", "--in", str(tmp_path / "none")]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert 'numpy 1.26.4 does not fit: python -m pip install "numpy>=2.0"' in told
    assert 'scipy is not installed: python -m pip install "scipy' in told
    assert "install Python 9.0 or newer" in told
    assert "Clone the repository" in told
    assert "ZeroDivisionError" in told
    assert "cannot be written to" in told
    assert "6 to put right" in told


@pytest.mark.parametrize(
    ("absent", "state", "words"),
    [("ipykernel", "missing", 'pip install -e ".[lab]"'), ("jupyterlab", "note", "VS Code")],
)
def test_doctor_on_jupyter(monkeypatch, absent, state, words):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == absent else 1)
    found = doctor._jupyter()
    assert found.state == state and words in found.text


def test_doctor_on_a_system_without_limits(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "neither memory nor CPU" in doctor._limits().text
    monkeypatch.setattr(limits, "resource", None)
    assert limits.set_limits(seconds=1, memory=1) == ["CPU time", "memory", "file size"]


def test_doctor_when_the_package_is_not_installed(monkeypatch):
    def requires(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", requires)
    (found,) = doctor._packages()
    assert found.state == "missing" and "pip install -e ." in found.text


# ---------------------------------------------------------------- help and mistakes


def run(*arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "rxcourse", *arguments], capture_output=True, text=True, **more
    )


def test_help_from_a_shell():
    done = run("--help", cwd=ROOT)
    assert done.returncode == 0 and done.stderr == ""
    for name in EXAMPLES:
        assert name in done.stdout


@pytest.mark.parametrize("command", EXAMPLES)
def test_every_help_has_examples_that_can_be_parsed(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    told = capsys.readouterr().out
    examples = EXAMPLES[command][1].splitlines()
    for example in examples:
        assert example in told
        parser().parse_args(example.removeprefix("python -m rxcourse ").split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["start", "six"], "a chapter is a number such as 06"),
        (["check"], "chapter"),
        (["grade", "x"], "--out"),
        (["grade", "x", "--out", "y", "--seconds", "0"], "above 0"),
        (["grade", "x", "--out", "y", "--memory", "nan"], "above 0"),
        (["grade", "x", "--out", "y", "--jobs", "0"], "--jobs"),
        (["dance"], "COMMAND"),
    ],
)
def test_mistakes_on_the_command_line(capsys, arguments, words):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert words in capsys.readouterr().err


def test_the_command_line_does_not_load_the_questions():
    """They take a second, and help and start need none."""
    code = (
        "import sys; from rxcourse.grading.commands import parser; parser();"
        "print([m for m in sys.modules if m.startswith('rxcourse.grading.ch0')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_notebook_is_what_learners_get():
    """What `answered` fills in is really in the exercise notebook."""
    json.loads(answered(updated="1"))
