"""`venvdash delete` on a terminal: confirmed, or stopped, while the search for a project runs."""

import contextlib
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.cli.test_list import run
from tests.conftest import Home
from tests.scenario import orphan
from tests.session.test_searching import moved_away
from tests.terminal import Terminal, program
from venvdash.cli.searching import searching
from venvdash.config import Config
from venvdash.scanner.search.findings import Progress
from venvdash.session import Session

# The program, whose search begins only when a file is there (or when it is stopped).
_HELD = """
import os, pathlib, sys, time
import venvdash.scanner.search as package
from venvdash.scanner.search.findings import Progress
real, gate = package.search, sys.argv.pop(1)

def search(*args, cancelled, **options):
    options["progress"](Progress(pathlib.Path("/"), 1))
    print("waiting for the gate", file=sys.stderr)
    while not os.path.exists(gate) and not cancelled():
        time.sleep(0.01)
    return real(*args, cancelled=cancelled, **options)

package.search = search
from venvdash.cli import main
main()
"""


def delete(home: Home, *arguments: str) -> contextlib.AbstractContextManager[Terminal]:
    """Run `venvdash delete` on a terminal, with a search that waits for the gate."""
    command = [sys.executable, "-c", _HELD, str(home.path / "gate"), *arguments]
    return program(command, variables=home.variables, cwd=home.path, columns=200, controlling=True)


def confirm(home: Home, screen: Terminal, trashed: Path) -> None:
    """Say yes, and let the search begin once the environment is in the trash."""
    screen.read(lambda said: b"[y/N]" in said)
    assert b"can only go to the trash: Its project is still being searched for" in screen.output
    screen.press("y\r")
    screen.read(lambda said: not trashed.exists())
    (home.path / "gate").touch()


def test_what_is_found_afterwards_is_restored_and_said(home: Home) -> None:
    environment, _ = moved_away(home, "webapp")
    with delete(home, "delete", "webapp") as screen:
        confirm(home, screen, environment)
        assert screen.wait() == 1
    assert b"webapp restored. Its project was found. ~/.attic/deep/er/webapp/" in screen.output
    assert b"stay in the trash" not in screen.output
    assert environment.is_dir()


def test_what_is_not_found_stays_in_the_trash(home: Home) -> None:
    environment = orphan(home, "webapp")
    with delete(home, "delete", "webapp") as screen:
        confirm(home, screen, environment)
        assert screen.wait() == 0
    assert b"restored." not in screen.output
    assert b"stay in the trash for 7 days" in screen.output
    assert not environment.exists()


def test_ctrl_c_stops_the_search_and_not_the_command(home: Home) -> None:
    environment = orphan(home, "webapp")
    with delete(home, "prune") as screen:
        screen.read(lambda said: b"Ctrl+C stops the search" in said)
        screen.press("\x03")
        assert screen.wait() == 0
    assert b"None of these can be deleted." in screen.output
    assert b"the search was stopped" in screen.output.lower()
    assert environment.is_dir()


def test_a_search_that_is_stopped_after_the_deletion_is_said(home: Home) -> None:
    environment, _ = moved_away(home, "webapp")
    with delete(home, "delete", "webapp") as screen:
        screen.read(lambda said: b"[y/N]" in said)
        screen.press("y\r")
        screen.read(lambda said: b"Deleted 1 of 1" in said)
        screen.press("\x03")
        assert screen.wait() == 1
    assert b"webapp is in the trash but may still have a project. " in screen.output
    assert b"The search was stopped" in screen.output
    assert not environment.exists()
    assert "The search for the project of webapp did not finish" in run(home, "trash").stdout
    freed = run(home, "trash", "empty", "--yes", check=False)
    assert freed.returncode == 1
    assert "webapp stays in the trash. ~/.attic/deep/er/webapp/" in freed.stderr
    assert "webapp is kept: ~/.attic" in run(home, "trash").stdout


def test_ctrl_c_while_it_deletes_says_what_was_deleted(home: Home) -> None:
    first, second = orphan(home, "first"), orphan(home, "second")
    with delete(home, "delete", "first", "second") as screen:
        screen.read(lambda said: b"[y/N]" in said)
        screen.press("y\r")
        while first.exists():
            screen.drain(0.01)
        screen.press("\x03")
        assert screen.wait() == 1
    deleted = 1 if second.exists() else 2
    assert f"Deleted {deleted} of 2 environments".encode() in screen.output
    assert b"first is in the trash but may still have a project. " in screen.output
    assert (b"second is in the trash" in screen.output) == (deleted == 2)


@pytest.mark.parametrize("shown", [True, False])
def test_ctrl_c_ends_the_search_that_is_shown_or_else_the_command(home: Home, shown: bool) -> None:
    opened = Session(home.machine(), Config(), records=False)
    ended = contextlib.nullcontext() if shown else pytest.raises(KeyboardInterrupt)
    with ended, searching(opened) as search:
        if shown:
            search.tell(Progress(home.path, 1))
        os.kill(os.getpid(), signal.SIGINT)
        assert search.cancel.is_set()
