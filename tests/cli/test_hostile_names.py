"""Control characters in a name: never raw on a terminal, byte for byte into a pipe."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.actions.deleting import small
from tests.conftest import Home
from tests.terminal import venvdash

NAME = "ev\x1b]0;owned\x07il\x9b31m\u202e\r"


@pytest.fixture
def hostile(home: Home) -> Path:
    return small(home.path / ".virtualenvs" / NAME)


@pytest.mark.parametrize(
    "words", [["path"], ["path", "--bin"], ["activate", "--shell", "bash"]], ids=" ".join
)
def test_a_terminal_gets_none_of_them(home: Home, hostile: Path, words: list[str]) -> None:
    command, *options = words
    with venvdash(command, "ev", *options, variables=home.variables, cwd=home.path) as screen:
        assert screen.wait() == 0
    assert rb"\e]0;owned\x07il" in screen.output
    assert b"\x1b]0" not in screen.output
    assert b"\x9b31m" not in screen.output
    assert "\x9b31m".encode() not in screen.output
    assert "\u202e".encode() not in screen.output


@pytest.mark.parametrize("words", [["path"], ["activate", "--shell", "bash"]], ids=" ".join)
def test_a_pipe_gets_the_bytes(home: Home, hostile: Path, words: list[str]) -> None:
    command, *options = words
    done = subprocess.run(
        [sys.executable, "-m", "venvdash", command, "ev", *options],
        env=home.variables,
        cwd=home.path,
        capture_output=True,
    )
    assert done.returncode == 0
    assert os.fsencode(hostile) in done.stdout
