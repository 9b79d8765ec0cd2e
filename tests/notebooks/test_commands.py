"""The command line for authors: folders are made, and a missing file is one sentence."""

import pytest

from rxcourse.notebooks import store
from rxcourse.notebooks.__main__ import main


def test_text_goes_into_a_folder_that_does_not_exist_yet(tmp_path):
    notebook, text = tmp_path / "a.ipynb", tmp_path / "drafts" / "a.md"
    store.write(store.from_text("# A title\n"), notebook)
    assert main(["to-text", str(notebook), str(text)]) == 0
    assert "# A title" in text.read_text("utf-8")
    assert main(["from-text", str(text), str(tmp_path / "new" / "b.ipynb")]) == 0
    assert (tmp_path / "new" / "b.ipynb").read_bytes() == notebook.read_bytes()


@pytest.mark.parametrize(
    "command", [["execute"], ["check"], ["to-text", "t.md"], ["from-text", "t.ipynb"]]
)
def test_a_missing_file_is_one_sentence(tmp_path, command, capsys):
    name, *target = command
    assert main([name, str(tmp_path / "nope"), *(str(tmp_path / "x" / t) for t in target)]) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and "no such file" in said.err
    assert list(tmp_path.iterdir()) == []
