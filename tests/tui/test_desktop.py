"""What goes to the clipboard is safe to paste, and still names the path."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.tui.hostile import NAMES
from tests.tui.rows import row
from venvdash.system.machine import Machine
from venvdash.text import visible
from venvdash.tui.desktop import copy_choices, open_folder, opener, shell_word


@pytest.mark.parametrize("name", [*NAMES, "plain", "with space", "it's", "$(touch x)", "dollar$'"])
def test_a_word_for_the_shell_is_safe_to_paste_and_names_the_path(name: str) -> None:
    path = Path("/tmp") / name
    word = shell_word(path)
    assert visible(word) == word
    echoed = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, timeout=30)
    assert echoed.stdout == os.fsencode(path)


def test_what_can_be_copied() -> None:
    made = row("x", path=Path("/stores/my env"))
    assert copy_choices(made, "linux") == [
        ("path", "/stores/my env"),
        ("interpreter", "/stores/my env/bin/python"),
        ("activation command", "source '/stores/my env/bin/activate'"),
    ]


def test_a_path_with_a_newline_is_copied_as_one_word() -> None:
    made = row("x", path=Path("/stores/a\nrm -rf b"))
    assert all("\n" not in text for _, text in copy_choices(made, "linux"))


def test_the_program_that_opens_folders_depends_on_the_desktop(tmp_path: Path) -> None:
    fake = tmp_path / "xdg-open"
    fake.write_text('#!/bin/sh\necho "$1" > "$(dirname "$0")/opened"\n')
    fake.chmod(0o755)
    variables = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    assert opener(Machine(tmp_path, variables)) is None, "no display, no desktop"
    assert opener(Machine(tmp_path, variables | {"DISPLAY": ":0"})) == [str(fake)]
    assert opener(Machine(tmp_path, platform="darwin")) == ["open"]


def test_without_a_desktop_the_path_is_told(tmp_path: Path) -> None:
    told = open_folder(tmp_path / "a\x1bb", Machine(tmp_path, {"PATH": "/nowhere"}))
    assert told is not None
    assert "a\\eb" in told
