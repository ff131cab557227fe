"""A shell and an editor from the dashboard for real, on a terminal that is its own."""

import contextlib
import fcntl
import os
import signal
import struct
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Home
from tests.scenario import venv
from tests.shells import Typist, alive, children, kill, named, write_rc
from tests.terminal import Terminal, venvdash

ALTERNATE, BACK = b"\x1b[?1049h", b"\x1b[?1049l"


@dataclass
class Dash:
    """A dashboard of one environment, and who types into it."""

    screen: Terminal
    typist: Typist
    environment: Path
    project: Path

    def drawn(self, times: int) -> None:
        """Wait until the dashboard has taken the screen so often, and is at rest."""
        self.typist.until(lambda: self.screen.output.count(ALTERNATE) >= times)
        self.typist.quiet()

    @property
    def shell(self) -> int:
        """The process of the shell that runs now."""
        self.typist.until(lambda: bool(children(self.screen.process.pid)))
        return children(self.screen.process.pid)[0]

    def modes(self) -> list[Any]:
        return modes(self.screen)

    def runs_a_shell(self) -> None:
        """Start the shell of the environment, and wait for its prompt."""
        self.screen.press("s")
        self.typist.see("rc> ")

    def shows(self, key: str, text: bytes) -> None:
        """Press a key, and wait for a text that is drawn after it."""
        before = len(self.screen.output)
        self.screen.press(key)
        self.typist.until(lambda: text in self.screen.output[before:])

    def leaves_well(self) -> None:
        """Go back and quit, and see that the terminal is as it was."""
        end = time.monotonic() + 30
        while self.screen.process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError):  # it ended meanwhile
                self.screen.press("q")
            self.screen.drain(0.5)
        assert self.screen.wait() == 0
        assert self.screen.output.rindex(BACK) > self.screen.output.rindex(ALTERNATE)
        assert self.modes() == self.screen.modes


def modes(screen: Terminal) -> list[Any]:
    return termios.tcgetattr(screen.master)


def webapp(home: Home) -> tuple[Path, Path]:
    """Make an environment with its project, and return both."""
    project = home.path / "code" / "webapp"
    project.mkdir(parents=True)
    environment = venv(home.path / ".virtualenvs" / "webapp")
    (environment / ".project").write_text(f"{project}\n")
    return environment, project


@contextlib.contextmanager
def opened(home: Home, directory: Path) -> Iterator[Dash]:
    """Open the dashboard on a terminal of its own, and wait until it has seen everything."""
    environment, project = webapp(home)
    with venvdash(
        variables=home.variables, cwd=home.path, columns=200, lines=30, controlling=True
    ) as screen:
        dash = Dash(screen, Typist(screen, directory), environment, project)
        dash.typist.until(lambda: b"scanned in" in screen.output)
        dash.drawn(1)
        yield dash


@pytest.fixture
def dash(home: Home, tmp_path: Path) -> Iterator[Dash]:
    """A dashboard whose user's shell is bash, with one environment and its project."""
    bash = Path("/bin/bash")
    if not bash.exists():
        pytest.skip("needs bash, which is not installed")
    home.variables["SHELL"] = str(bash)
    write_rc(home, "bash")
    with opened(home, tmp_path) as dash:
        yield dash


def test_the_environment_is_active_and_the_dashboard_comes_back(dash: Dash) -> None:
    dash.screen.press("s")
    dash.typist.see("bash in ~/code/webapp with webapp active. Type `exit` to leave.")
    dash.typist.see("rc> ")
    told = dash.typist.ask()
    assert (Path(told.prefix), Path(told.cwd)) == (dash.environment, dash.project)
    assert told.variables["VIRTUAL_ENV"] == str(dash.environment)
    fcntl.ioctl(dash.screen.master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    before = len(dash.screen.output)
    dash.typist.type("exit 3")
    dash.drawn(2)
    dash.typist.until(lambda: b"scanned in" in dash.screen.output[before:])
    as_high_as_now = b"\x1b[40;"
    dash.typist.until(lambda: as_high_as_now in dash.screen.output[before:])
    dash.shows("\r", b"Evidence")
    dash.leaves_well()


def test_a_shell_that_is_killed_leaves_the_dashboard_and_the_terminal_whole(dash: Dash) -> None:
    dash.runs_a_shell()
    dash.typist.type("stty -echo raw")
    dash.typist.see("rc> ", 2)
    kill(dash.shell)
    dash.drawn(2)
    dash.shows("?", b"Scroll the details pane up")
    dash.leaves_well()


def test_what_was_typed_for_a_shell_that_has_gone_is_not_for_the_dashboard(dash: Dash) -> None:
    dash.runs_a_shell()
    dash.typist.type("sleep 2; exit")
    dash.typist.until(lambda: bool(children(dash.shell)))
    dash.screen.press("q?s")
    dash.drawn(2)
    assert b"A screen" not in dash.screen.output
    assert dash.screen.output.count(ALTERNATE) == 2
    assert dash.screen.process.poll() is None
    dash.leaves_well()


def test_ctrl_c_in_the_shell_is_the_shell_s(dash: Dash) -> None:
    dash.runs_a_shell()
    dash.typist.type("sleep 600")
    dash.typist.until(lambda: "sleep" in map(named, children(dash.shell)))
    dash.screen.press("\x03")
    dash.typist.see("rc> ", 2)
    dash.typist.type("exit")
    dash.drawn(2)
    dash.leaves_well()


def test_when_the_terminal_goes_away_both_do(dash: Dash) -> None:
    dash.runs_a_shell()
    shell = dash.shell
    os.close(dash.screen.master)
    dash.screen.process.wait(30)
    dash.screen.master = os.open("/dev/null", os.O_RDWR)
    end = time.monotonic() + 20
    while alive(shell) and time.monotonic() < end:
        time.sleep(0.02)
    assert not alive(shell)
    assert dash.screen.process.returncode != -signal.SIGKILL


def test_a_hangup_ends_both_and_the_terminal_is_sane(dash: Dash) -> None:
    dash.runs_a_shell()
    shell = dash.shell
    kill(dash.screen.process.pid, signal.SIGHUP)
    dash.screen.wait()
    assert not alive(shell)
    assert dash.modes() == dash.screen.modes


def test_an_editor_that_is_not_there_is_said(home: Home, tmp_path: Path) -> None:
    home.variables["EDITOR"] = "/gone/edit"
    with opened(home, tmp_path) as dash:
        dash.screen.press("e")
        dash.typist.see("/gone/")
        dash.typist.quiet()
        dash.leaves_well()


def test_the_editor_opens_the_project(home: Home, tmp_path: Path) -> None:
    editor = home.path / "nvim"
    editor.write_text('#!/bin/sh\necho "editing $1 with $VIRTUAL_ENV"\nread line\n')
    editor.chmod(0o755)
    home.variables["EDITOR"] = str(editor)
    with opened(home, tmp_path) as dash:
        dash.screen.press("e")
        dash.typist.see(f"editing {dash.project} with {dash.environment}")
        dash.screen.press("\r")
        dash.drawn(2)
        dash.leaves_well()


def test_it_stands_in_the_palette(dash: Dash) -> None:
    dash.screen.press(":")
    dash.typist.quiet()
    dash.screen.press("environment: shell")
    dash.typist.quiet()
    dash.screen.press("\r")
    dash.typist.see("rc> ")
    dash.typist.type("exit")
    dash.drawn(2)
    dash.leaves_well()
