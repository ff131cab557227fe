"""Other people's shells on a real terminal, with files of their own that reset PATH."""

import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Home
from tests.realtools import Tool
from tests.terminal import Terminal, program

PROMPT = "rc> "
_PATH = ("/usr/bin", "/bin")
_RC = {
    "bash": (".bashrc", "export PATH={path}\nPS1='rc> '\n"),
    "zsh": (".zshrc", "export PATH={path}\nPS1='rc> '\nunsetopt zle_bracketed_paste 2>/dev/null\n"),
    "dash": (".shrc", "PATH={path}; export PATH\nPS1='rc> '\n"),
    "mksh": (".mkshrc", "PATH={path}; export PATH\nPS1='rc> '\n"),
    "fish": (
        ".config/fish/config.fish",
        "set -gx PATH {words}\nfunction fish_prompt; echo -n 'rc> '; end\n",
    ),
    "tcsh": (".cshrc", "setenv PATH {path}\nset prompt = 'rc> '\n"),
    "csh": (".cshrc", "setenv PATH {path}\nset prompt = 'rc> '\n"),
    "xonsh": (
        ".xonshrc",
        "$PATH = {list}\n$PROMPT = '{{env_name:({{}}) }}rc> '\n$SHELL_TYPE = 'readline'\n",
    ),
    "nu": (
        ".config/nushell/config.nu",
        "$env.PATH = {list}\n$env.config.show_banner = false\n"
        "$env.PROMPT_COMMAND = {{|| 'rc> '}}\n$env.PROMPT_INDICATOR = ''\n",
    ),
}
NAMES = tuple(_RC)

# Says where it runs and with what; the name appears when all is written.
_PROBE = """\
import json, os, sys
told = {"prefix": sys.prefix, "cwd": os.getcwd(), "variables": dict(os.environ),
        "ended": sys.argv[2:]}
with open(sys.argv[1] + ".new", "w") as file:
    json.dump(told, file)
os.rename(sys.argv[1] + ".new", sys.argv[1])
"""


@dataclass(frozen=True)
class Told:
    """What a program that a shell started saw."""

    prefix: str
    cwd: str
    variables: dict[str, str]


def installed(name: str, tool: Tool) -> Path:
    """Return a shell's program; skips by name where there is none."""
    if name == "xonsh":
        return tool("xonsh")
    found = shutil.which(name)
    if not found:
        pytest.skip(f"needs {name}, which is not installed")
    return Path(found)


def write_rc(home: Home, name: str) -> list[str]:
    """Write the file that a shell starts with, which resets PATH; return what that is then.

    `venvdash` is found there.
    """
    file, text = _RC[name]
    path = home.path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    folders = [_venvdash_in(home.path / "programs"), *_PATH]
    path.write_text(text.format(path=":".join(folders), words=" ".join(folders), list=folders))
    if name == "dash":
        home.variables["ENV"] = "$HOME/.shrc"
    return folders


class Typist:
    """Types into a shell, when that is ready, and asks it what its programs see."""

    def __init__(self, screen: Terminal, directory: Path) -> None:
        self.screen = screen
        self._directory = directory
        self._count = 0
        self._answered = 0
        self._typed = 0
        self.probe = directory / "probe.py"
        self.probe.write_text(_PROBE)

    def until(self, wanted: Callable[[], bool], seconds: float = 60) -> None:
        """Read until something holds; fails with what is on the screen."""
        end = time.monotonic() + seconds
        while not wanted():
            assert time.monotonic() < end, self.screen.output[-3000:]
            self.screen.drain(0.05)
            self._answer()
            if self.screen.process.poll() is not None:
                assert wanted(), self.screen.output[-3000:]

    def see(self, text: str, count: int = 1) -> None:
        """Read until a text has been written so often."""
        self.until(lambda: self.screen.output.count(text.encode()) >= count)

    def type(self, line: str) -> None:
        """Type a line once the shell asks for one: some lose what is typed before."""
        self.until(self._ready)
        self.quiet()
        self._typed = len(self.screen.output)
        self.screen.press(line + "\r")

    def quiet(self) -> None:
        """Wait until nothing is written any more."""
        before = -1
        while before != len(self.screen.output):
            before = len(self.screen.output)
            self.screen.drain(0.1)
            self._answer()

    def _ready(self) -> bool:
        """Whether there is a prompt on a line after the one that was typed last."""
        since = self.screen.output[self._typed :]
        return PROMPT.encode() in since.rpartition(b"\n")[2] and (not self._typed or b"\n" in since)

    def ask(self, python: str = "python") -> Told:
        """Have the shell run ``python`` and return what that saw."""
        self._count += 1
        file = self._directory / f"told-{self._count}"
        self.type(f"{python} {self.probe} {file}")
        self.until(file.exists)
        told: dict[str, Any] = json.loads(file.read_text())
        return Told(told["prefix"], told["cwd"], told["variables"])

    def leave(self, line: str) -> int:
        """Type a line that ends it and return the exit status."""
        self.type(line)
        return self.screen.wait()

    def _answer(self) -> None:
        """Tell what a terminal is asked: some shells wait for where their cursor is."""
        asked = self.screen.output.count(b"\x1b[6n")
        for _ in range(asked - self._answered):
            with contextlib.suppress(OSError):
                self.screen.press("\x1b[1;1R")
        self._answered = asked


@contextlib.contextmanager
def typing(
    command: Sequence[str],
    *,
    variables: Mapping[str, str],
    cwd: Path,
    directory: Path,
) -> Iterator[Typist]:
    """Run a program on a terminal that is its own, and type into it."""
    directory.mkdir(exist_ok=True)
    with program(
        command, variables=variables, cwd=cwd, columns=500, lines=50, controlling=True
    ) as screen:
        yield Typist(screen, directory)


def _venvdash_in(folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    file = folder / "venvdash"
    file.write_text(f'#!/bin/sh\nexec {sys.executable} -m venvdash "$@"\n')
    file.chmod(0o755)
    return str(folder)


def children(pid: int) -> list[int]:
    """Return the children of a process."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in found.split()]


def named(pid: int) -> str:
    """Return what a process is called: the program that it runs by now."""
    return Path(f"/proc/{pid}/comm").read_text().strip()


def alive(pid: int) -> bool:
    """Return whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to a process that may have ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
