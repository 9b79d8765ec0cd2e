"""The example in the README runs as it stands and says what it should."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_example_runs_and_learning_stays_below_the_optimum(capsys):
    readme = (ROOT / "README.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert f"```text\n{printed}```" in readme
    best, learned = (float(n) for n in re.findall(r"\d+\.\d+", printed))
    assert 0 < learned <= best


def test_files_named_in_the_readme_exist():
    readme = (ROOT / "README.md").read_text("utf-8")
    named = re.findall(
        r"\b(?:book/[\w/]+\.(?:md|png)|[A-Z-]+(?:\.md|\.cff)|constraints\.txt)", readme
    )
    assert len(set(named)) >= 4 and [n for n in named if not (ROOT / n).is_file()] == []
