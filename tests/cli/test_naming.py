"""What commands make of names: words on stderr, exit statuses, the question on a terminal."""

import json
import os
import signal
from pathlib import Path

import click
import pytest

from tests.actions.deleting import small
from tests.cli.test_info import run
from tests.conftest import Home
from tests.terminal import HOSTILE, unsafe, venvdash
from venvdash.cli.naming import chosen
from venvdash.config import Config
from venvdash.session import Session


@pytest.fixture
def apis(home: Home) -> dict[str, Path]:
    """Two projects of one name, one of which has two environments, and one of another name."""
    made = {}
    for folder, name in (("work", "api"), ("play", "api"), ("play", "web")):
        (home.path / folder / name).mkdir(parents=True, exist_ok=True)
        made[f"{folder}/{name}"] = small(home.path / ".virtualenvs" / f"{folder}-{name}")
        (made[f"{folder}/{name}"] / ".project").write_text(str(home.path / folder / name))
    made["second"] = small(home.path / ".virtualenvs" / "second")
    (made["second"] / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.4\n")
    (made["second"] / ".project").write_text(str(home.path / "work" / "api"))
    return made


def test_done_is_0_and_what_was_chosen_is_said_on_stderr(home: Home, apis: dict[str, Path]) -> None:
    (home.path / "work" / "api" / ".venv").symlink_to(apis["second"])
    done = run(home, "info", "--no-usage", "--json", "work/api")
    assert json.loads(done.stdout)["environment"]["path"] == str(apis["second"])
    assert done.stderr == (
        f"venvdash: work/api@3.11: in use by its project (1 of 2) ({apis['second']})\n"
    )
    assert run(home, "info", "--no-usage", "web").stderr == ""


def test_not_found_is_1_and_near_names_are_offered(home: Home, apis: dict[str, Path]) -> None:
    done = run(home, "info", "wep", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "venvdash: no environment is named wep. Did you mean web?\n"
    for command in (("info", "zzzz"), ("delete", "we", "--yes"), ("info", "./web")):
        assert run(home, *command, check=False).returncode == 1
    assert apis["play/web"].exists()


def test_no_name_where_one_must_be_is_2(home: Home, apis: dict[str, Path]) -> None:
    (home.path / "play" / "web" / ".venv").symlink_to(apis["play/web"])
    for arguments in ((), ("--yes",), ("--all", "--yes")):
        done = run(home, "delete", *arguments, check=False, cwd=home.path / "play" / "web")
        assert done.returncode == 2
    assert apis["play/web"].exists()
    assert run(home, "info", cwd=home.path / "play" / "web").stdout.startswith("web  linked")


def test_only_a_command_that_says_so_takes_the_current_directorys_to_change(
    home: Home, apis: dict[str, Path]
) -> None:
    opened = Session(home.machine(cwd=home.path / "play" / "web"), Config(), records=False)
    for _ in opened.scan(usage=False):
        pass
    for changing, implied in ((True, True), (False, None)):
        (row,) = chosen(opened, None, changing=changing, implied=implied)
        assert row.path == apis["play/web"]
    for changing, implied in ((True, None), (True, False), (False, False)):
        with pytest.raises(click.exceptions.Exit) as left:
            chosen(opened, None, changing=changing, implied=implied)
        assert left.value.exit_code == 2


def test_several_are_3_each_with_the_shortest_name_that_means_only_it(
    home: Home, apis: dict[str, Path]
) -> None:
    done = run(home, "info", "api", check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines() == [
        "venvdash: api matches 3 environments:",
        "venvdash:   play/api  linked  ~/play/api",
        "venvdash:   second    linked  ~/work/api",
        "venvdash:   work-api  linked  ~/work/api",
        "venvdash: Give one of these names.",
    ]
    changing = run(home, "delete", "work/api", "--yes", check=False)
    assert changing.returncode == 3
    assert changing.stderr.splitlines()[-1] == (
        "venvdash: Give one of these names, or use `--all` for all of a project."
    )
    assert all(path.exists() for path in apis.values())
    assert run(home, "delete", "work/api", "--all", "--yes").returncode == 0
    assert [path.exists() for path in apis.values()] == [False, True, True, False]


def test_on_a_terminal_it_is_asked_by_number(home: Home, apis: dict[str, Path]) -> None:
    with venvdash("delete", "api", variables=home.variables, cwd=home.path) as terminal:
        terminal.read(lambda output: b"Which one" in output)
        assert b"  1    play/api" in terminal.output
        terminal.press("4\r1\r")
        terminal.read(lambda output: b"Delete 1 environment?" in output)
        terminal.press("y\r")
        assert terminal.wait() == 0
    assert [path.exists() for path in apis.values()] == [True, False, True, True]


@pytest.mark.parametrize("how", ["Ctrl-C", "Ctrl-D"])
def test_no_answer_is_3_and_nothing_is_done(home: Home, apis: dict[str, Path], how: str) -> None:
    with venvdash("delete", "api", "--yes", variables=home.variables, cwd=home.path) as terminal:
        terminal.read(lambda output: b"Which one" in output)
        if how == "Ctrl-D":
            terminal.press("\x04")
        else:
            terminal.drain(0.5)  # readline misses a signal between its prompt and its wait
            os.kill(terminal.process.pid, signal.SIGINT)
        assert terminal.wait() == 3
        assert b" Cancelled." in terminal.output
    assert all(path.exists() for path in apis.values())


def test_hostile_names_are_shown_and_offered_made_visible(home: Home) -> None:
    for number, name in enumerate(HOSTILE):
        for place in ("one", "two"):
            project = home.path / place / name.replace("/", "_")
            project.mkdir(parents=True)
            path = small(home.path / ".virtualenvs" / f"{number}{place}")
            (path / ".project").write_text(str(project))
    for name in HOSTILE:
        name = name.replace("/", "_")
        for typed in (name, name[:-1] + "q"):
            done = run(home, "info", "--no-usage", typed, check=False)
            # What follows a newline in a name is no line of ours.
            assert all(line.startswith("venvdash: ") for line in done.stderr.splitlines())
            assert unsafe(done.stderr.encode("utf-8", "surrogateescape")) == []
