"""`venvdash sync`: shown, asked about, carried out, and stopped by Ctrl+C like anything else."""

import json
import os
import signal
import subprocess
import sys
import termios
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.actions.process.test_child_process import alive
from tests.actions.syncing import Place, packages
from tests.cli.test_list import run
from tests.conftest import Home
from tests.terminal import HOSTILE, Terminal, unsafe, venvdash
from tests.waiting import waited

PROPOSAL = {
    *("action", "path", "name", "refusal", "says", "warns", "place", "project", "python"),
    *("commands", "packages", "edits", "links", "offers", "shared", "git"),
}


@pytest.fixture
def place(home: Home) -> Place:
    return Place.make(home)


def run_in(
    directory: Path, home: Home, *arguments: str, check: bool = True
) -> "subprocess.CompletedProcess[str]":
    return home.venvdash("sync", *arguments, cwd=directory, check=check)


def test_the_project_of_the_current_directory(place: Place) -> None:
    project = place.project("web", "alpha")
    environment = place.central(project)
    (project / "src").mkdir()
    shown = run_in(project / "src", place.home, "--dry-run")
    assert "+ alpha 2.0" in shown.stdout
    assert packages(environment) == set()
    done = run_in(project / "src", place.home)
    assert done.stdout.splitlines()[-1].startswith("web: done. Installed: alpha 2.0. ")
    assert " + alpha==2.0" in done.stderr.splitlines(), "uv's own words, as they came"
    outside = run_in(place.home.path, place.home, check=False)
    assert outside.returncode == 1
    assert "no environment found for the project" in outside.stderr


def test_it_asks_before_it_uninstalls_and_passes_arguments_on(place: Place) -> None:
    environment = place.central(place.project("web", "alpha"))
    run(place.home, "sync", "web", "--", "--extra", "more", "--group", "check")
    assert packages(environment) == {"alpha-2.0", "beta-1.0", "gamma-1.0", "delta-1.0"}
    asked = run(place.home, "sync", "web", check=False)
    assert asked.returncode == 2
    assert "! 3 packages are uninstalled: beta, delta, gamma." in asked.stdout
    assert "nothing was changed" in asked.stderr
    assert "delta-1.0" in packages(environment)
    assert run(place.home, "sync", "web", "--yes").returncode == 0
    assert packages(environment) == {"alpha-2.0"}


def test_several_are_a_queue_and_what_cannot_be_done_fails_in_part(place: Place) -> None:
    one, two = (place.central(place.project(name, "alpha")) for name in ("one", "two"))
    play = place.wrapped("play")
    done = run(place.home, "sync", "one", "play", "two", "--json", check=False)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert [set(each) for each in told["proposals"]] == [PROPOSAL] * 3
    assert [each["refusal"] is None for each in told["proposals"]] == [True, False, True]
    command = ["env", f"UV_PROJECT_ENVIRONMENT={one}", "uv", "sync"]
    assert told["proposals"][0]["commands"][0][:4] == command
    assert [each["outcome"] for each in told["results"]] == ["done", "skipped", "done"]
    assert packages(one) == packages(two) == {"alpha-2.0"}
    refused = run(place.home, "sync", "play", check=False)
    assert refused.returncode == 2
    assert "Cannot sync: Its project is unknown" in refused.stdout
    assert play.is_dir()
    unknown = run(place.home, "sync", "nowhere", check=False)
    assert unknown.returncode == 1


def test_all_environments_of_a_project(place: Place, two_pythons: tuple[Path, Path]) -> None:
    project = place.project("web", "alpha")
    both = [place.central(project, python) for python in two_pythons]
    ambiguous = run(place.home, "sync", "web", check=False)
    assert ambiguous.returncode == 3
    run_in(project, place.home, "--all")
    assert [packages(one) for one in both] == [{"alpha-2.0"}] * 2
    place.project("web", "alpha", "beta")
    run(place.home, "sync", "web", "--all")
    assert [packages(one) for one in both] == [{"alpha-2.0", "beta-1.0"}] * 2


def test_the_project_of_a_shared_one_can_be_named(place: Place) -> None:
    one, two = place.project("one", "alpha"), place.project("two", "beta")
    environment = place.wrapped("both", one)
    (two / ".venv").symlink_to(environment)
    run(place.home, "sync", str(environment), "--project", "code/two")
    assert packages(environment) == {"beta-1.0"}
    run(place.home, "sync", str(environment), "--project", str(one))
    assert packages(environment) == {"alpha-2.0", "beta-1.0"}


def on_terminal(place: Place, *names: str) -> AbstractContextManager[Terminal]:
    """Sync as in a user's terminal, where Ctrl+C is a signal."""
    home = place.home
    return venvdash("sync", *names, variables=home.variables, cwd=home.path, controlling=True)


@pytest.mark.skipif(sys.platform == "win32", reason="terminals are POSIX")
def test_ctrl_c_ends_all_of_uv_and_leaves_the_terminal_as_it_was(place: Place) -> None:
    slow, quick = place.project("slow", "alpha", slow=True), place.project("quick", "beta")
    broken, other = place.central(slow), place.central(quick)
    variables = place.home.variables
    with venvdash(
        "sync", "slow", "quick", variables=variables, cwd=place.home.path, controlling=True
    ) as terminal:
        before = termios.tcgetattr(terminal.master)
        terminal.read(lambda output: b"Building" in output)
        waited(lambda: (slow / "building").exists() and bool((slow / "building").read_text()))
        session, child = map(int, (slow / "building").read_text().split())
        assert alive(session)
        terminal.press("\x03")
        assert terminal.wait() == 1
        assert not alive(session)
        assert not os.path.exists(f"/proc/{child}/exe")
        assert termios.tcgetattr(terminal.master) == before
        shown = terminal.output.decode()
    assert "slow: failed: Stopped." in shown
    assert "incomplete: sync it again" in shown
    assert "quick: skipped: Cancelled before it started." in shown
    assert "Traceback" not in shown
    assert packages(other) == set()
    listed = json.loads(run(place.home, "list", "--json").stdout)
    flags = {each["path"]: each["flags"] for each in listed["environments"]}
    assert "damaged" in flags[str(broken)]
    assert "damaged" not in flags[str(other)]
    assert run(place.home, "sync", "quick").returncode == 0
    assert packages(other) == {"beta-1.0"}


@pytest.mark.skipif(sys.platform == "win32", reason="terminals are POSIX")
def test_the_second_ctrl_c_insists_and_leaves_nothing_either(place: Place) -> None:
    slow = place.project("slow", "alpha", slow=True)
    place.central(slow)
    backend = slow / "backend.py"
    deaf = "import signal\nfor one in (2, 15):\n    signal.signal(one, signal.SIG_IGN)\n"
    backend.write_text(deaf + backend.read_text())
    with on_terminal(place, "slow") as terminal:
        waited(lambda: (slow / "building").exists() and bool((slow / "building").read_text()))
        session = int((slow / "building").read_text().split()[0])
        terminal.press("\x03")
        waited(lambda: len(alive(session)) <= 2)  # uv itself has gone
        terminal.press("\x03")
        assert terminal.wait() == 130
        assert not alive(session)
        assert b"Traceback" not in terminal.output


@pytest.mark.skipif(sys.platform == "win32", reason="terminals are POSIX")
def test_a_terminal_that_goes_away_ends_uv_as_well(place: Place) -> None:
    slow = place.project("slow", "alpha", slow=True)
    place.central(slow)
    variables = place.home.variables
    with venvdash(
        "sync", "slow", variables=variables, cwd=place.home.path, controlling=True
    ) as terminal:
        terminal.read(lambda output: b"Building" in output)
        waited(lambda: (slow / "building").exists() and bool((slow / "building").read_text()))
        session = int((slow / "building").read_text().split()[0])
        terminal.process.send_signal(signal.SIGTERM)
        waited(lambda: not alive(session))
        terminal.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="terminals are POSIX")
def test_nothing_that_a_program_writes_reaches_the_terminal_raw(place: Place) -> None:
    """A build backend writes what it likes, and uv shows it when the build fails."""
    project = place.project("web", "alpha", slow=True)
    place.central(project)
    words = "\n".join(f"print({name!r})" for name in HOSTILE)
    (project / "backend.py").write_text(f"{words}\nraise SystemExit({HOSTILE[2]!r})\n")
    with on_terminal(place, "web") as terminal:
        assert terminal.wait() == 1
    assert b"\\u202e" in terminal.output
    assert unsafe(terminal.output.replace(b"\r\x1b[K", b"")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="terminals are POSIX")
def test_ctrl_c_while_uv_is_asked(place: Place) -> None:
    """Its metadata is made by the build backend, so already the dry run takes for ever."""
    slow = place.project("slow", "alpha", slow=True)
    environment = place.central(slow)
    text = (slow / "pyproject.toml").read_text()
    (slow / "pyproject.toml").write_text(text.replace('version = "1.0"', 'dynamic = ["version"]'))
    variables = place.home.variables
    with venvdash(
        "sync", "slow", variables=variables, cwd=place.home.path, controlling=True
    ) as terminal:
        waited(lambda: (slow / "building").exists() and bool((slow / "building").read_text()))
        session = int((slow / "building").read_text().split()[0])
        terminal.press("\x03")
        assert terminal.wait() == 130
        assert not alive(session)
        assert b"Traceback" not in terminal.output
    assert packages(environment) == set()
