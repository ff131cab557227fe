"""Standard streams that are closed, full, hung up or read by nobody: words, never a traceback."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from tests.actions.deleting import small
from tests.cli.test_list import run
from tests.conftest import Home
from tests.forkserver import load
from tests.terminal import venvdash
from venvdash.actions.delete.deletions import Deletions
from venvdash.actions.events import ActionEvent
from venvdash.cli import cli, main

LOOKING = [
    ["list"],
    ["list", "--json"],
    ["list", "--json-stream"],
    ["info", "one"],
    ["info", "one", "--json"],
    ["path", "one"],
    ["activate", "one", "--shell", "bash"],
    ["trash"],
    ["trash", "list", "--json"],
    ["history"],
    ["history", "--json"],
    ["stores"],
    ["init", "bash"],
    ["completions", "bash"],
    ["--version"],
    ["--help"],
]
PLANNING = [
    *(
        [name, "one", "--dry-run", *more]
        for name in ("delete", "sync")
        for more in ([], ["--json"])
    ),
    ["unlink", "one", "--dry-run"],
    ["relink", "one", ".", "--dry-run"],
    ["copy", "one", "two", "--dry-run"],
    ["rename", "one", "two", "--dry-run"],
    ["move", "one", "--to", "elsewhere", "--dry-run"],
    ["prune", "--dry-run"],
    [],  # the dashboard
]
CHANGING = [
    ["delete", "one", "--yes"],
    ["delete", "one", "--yes", "--now"],
    ["delete", "one", "--yes", "--now", "--json"],
    ["rename", "one", "two"],
    ["rename", "one", "two", "--json"],
    ["trash", "empty", "--yes"],
    ["trash", "empty", "--yes", "--json"],
]
# What is wrong with stdout: what is done to the descriptor.
BROKEN = {
    "closed": lambda: os.close(1),
    "full": lambda: os.dup2(os.open("/dev/full", os.O_WRONLY), 1),
    "unread": lambda: os.dup2(_unread(), 1),
    "hung up": lambda: os.dup2(_hung_up(), 1),
}


def _unread() -> int:
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def _hung_up() -> int:
    master, slave = os.openpty()
    os.close(master)
    return slave


@pytest.fixture
def one(home: Home) -> Path:
    """An environment, and another one in the trash."""
    small(home.path / ".virtualenvs" / "gone")
    assert forked(home, ["delete", "gone", "--yes"], lambda: None) == (0, "")
    return small(home.path / ".virtualenvs" / "one")


def forked(home: Home, words: list[str], spoil: Callable[[], object]) -> tuple[int, str]:
    """Run venvdash in a fork whose descriptors ``spoil`` has changed: its status and stderr."""
    load()  # once, not in each fork
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 99
        try:
            os.dup2(writer, 2)
            for number in (0, 1):
                os.dup2(os.open(os.devnull, os.O_RDWR), number)
            os.closerange(3, 64)
            spoil()
            os.environ.clear()
            os.environ.update(home.variables)
            os.chdir(home.path)
            sys.argv = ["venvdash", *words]
            sys.stdin = sys.stdout = sys.stderr = None
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 98
            sys.stdout.close()  # what Python does at its end
        except BaseException:
            import traceback

            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        words_said = pipe.read().decode()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), words_said


@pytest.mark.parametrize("how", BROKEN)
def test_nothing_that_looks_ends_in_a_traceback(home: Home, one: Path, how: str) -> None:
    helps = (
        [[name, "--help"] for name in cli.list_commands(click.Context(cli))]
        if how == "full"
        else []
    )
    for words in [*LOOKING, *helps]:
        status, said = forked(home, words, BROKEN[how])
        assert status == 1, (words, said)
        lines = said.splitlines()
        assert len(lines) == (0 if how == "unread" else 1), (words, said)
        assert all(line.startswith("venvdash: cannot write the output: ") for line in lines)


@pytest.mark.parametrize("how", BROKEN)
def test_no_plan_ends_in_a_traceback(home: Home, one: Path, how: str) -> None:
    for words in PLANNING:
        status, said = forked(home, words, BROKEN[how])
        assert status in (1, 2), (words, said)
        assert "Traceback" not in said, (words, said)
        assert "Exception ignored" not in said, (words, said)


@pytest.mark.parametrize("words", CHANGING, ids=" ".join)
def test_nothing_is_changed_where_nothing_can_be_said(
    home: Home, one: Path, words: list[str]
) -> None:
    """The reviewed fault: with /dev/full the environment was gone before the error came."""
    trash = [path for path in one.parent.iterdir() if path != one]
    assert len(trash) == 1
    for how, spoil in BROKEN.items():
        status, said = forked(home, words, spoil)
        assert status == 1, (how, said)
        assert "Traceback" not in said, (how, said)
        assert len(said.splitlines()) == (0 if how == "unread" else 1), (how, said)
        assert one.is_dir(), how
        assert trash[0].is_dir(), how


@pytest.mark.parametrize("number", [0, 2])
def test_without_stdin_or_stderr_all_goes_on(home: Home, one: Path, number: int) -> None:
    def close() -> None:
        os.close(number)

    for words in (["list"], ["info", "one"], ["path", "nobody"], ["delete", "one"], []):
        status, said = forked(home, words, close)
        wanted = {"nobody": 1, "one": 2 if words[:1] == ["delete"] else 0}
        assert status == (wanted.get(words[-1], 0) if words else 2), (words, said)
        assert "Traceback" not in said
    assert one.is_dir()
    assert forked(home, ["delete", "one", "--yes"], close)[0] == 0
    assert not one.exists()


def test_words_that_nobody_can_read_stop_nothing(home: Home, one: Path) -> None:
    def full() -> None:
        os.dup2(os.open("/dev/full", os.O_WRONLY), 2)

    assert forked(home, ["path", "nobody"], full)[0] == 1
    assert forked(home, ["delete", "one", "--yes"], full)[0] == 0
    assert not one.exists()


@pytest.mark.parametrize(
    ("redirect", "status"),
    [(">&-", 1), (">/dev/full", 1), ("<&- >&- 2>&-", 1), ("<&-", 0), ("2>&-", 0)],
)
def test_a_real_program_with_such_streams(
    home: Home, one: Path, redirect: str, status: int
) -> None:
    command = f'"$0" -m venvdash list {redirect}; echo "status $?" >&9'
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec 9>&1; {command}", sys.executable],
        env=home.variables,
        cwd=home.path,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert done.stdout.splitlines()[-1] == f"status {status}"


def test_the_json_of_a_deletion_is_one_object(home: Home, one: Path) -> None:
    done = json.loads(run(home, "delete", "one", "--yes", "--json").stdout)
    assert [item["name"] for item in done["items"]] == ["one"]
    assert [result["outcome"] for result in done["results"]] == ["done"]


def test_what_fails_after_it_was_done_is_said_so(home: Home, one: Path) -> None:
    """A disk that is full by the time that results are told: the environment is in the trash."""

    def full_later() -> None:
        delete = Deletions.delete

        def then(*given: Any, **more: Any) -> Iterator[ActionEvent]:
            os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
            return delete(*given, **more)

        setattr(Deletions, "delete", then)

    status, said = forked(home, ["delete", "one", "--yes"], full_later)
    assert status == 1
    assert "cannot write the output: no space left on device; changes already started" in said
    assert len(said.splitlines()) == 1
    assert not one.exists()
    assert " one " in run(home, "trash").stdout.replace("\n", " ")


@pytest.mark.parametrize("words", [["list"], ["delete", "one"]], ids=" ".join)
def test_ctrl_c_is_130_and_no_traceback(home: Home, one: Path, words: list[str]) -> None:
    with venvdash(*words, variables=home.variables, cwd=home.path, controlling=True) as screen:
        screen.read(lambda output: b"reading stores" in output)
        screen.press("\x03")
        assert screen.wait() == 130
    assert b"Traceback" not in screen.output
    assert one.is_dir()
