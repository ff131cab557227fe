"""Which shell the user works in."""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from venvdash.system import programs
from venvdash.system.shells.base import Shell
from venvdash.system.shells.csh import Csh
from venvdash.system.shells.fish import Fish
from venvdash.system.shells.nushell import Nushell
from venvdash.system.shells.posix import Bash, Sh, Zsh
from venvdash.system.shells.windows import Cmd, PowerShell
from venvdash.system.shells.xonsh import Xonsh

if TYPE_CHECKING:
    from venvdash.system.machine import Machine

FAMILIES: tuple[Shell, ...] = (
    Bash(),
    Zsh(),
    Fish(),
    Nushell(),
    Xonsh(),
    Csh(),
    Sh(),
    PowerShell(),
    Cmd(),
)
_ABOVE = 12  # parent processes, at most
_NAME = re.compile(r"-?(?P<name>.*?)(?:-?\d[\d.]*)?(?:\.exe)?\Z", re.DOTALL)
_NO_SHELLS = ("nologin", "false", "true", "sync")
# Options of shells whose value is the next argument, and no script.
_VALUED = {
    *("--rcfile", "--init-file", "-o", "+o", "-O", "+O", "-C", "--init-command", "-e", "--execute"),
    *("--config", "--env-config", "--rc", "-f", "--features"),
}


class UserShell(NamedTuple):
    """A shell to start: its program, and its family (None if unknown)."""

    program: Path
    family: Shell | None


class _Process(NamedTuple):
    """A process above this one; ``program`` is its file, "" where that is not readable."""

    name: str
    arguments: Sequence[str]
    program: str


def family(name: str) -> Shell | None:
    """Return the family of a program's name (``-zsh``, ``bash-5.2``, ``pwsh.exe``)."""
    match = _NAME.match(os.path.basename(name))
    names = {name.lower(), os.path.basename(name), match["name"].lower() if match else ""}
    return next((shell for shell in FAMILIES if names & set(shell.names)), None)


def own(machine: "Machine") -> UserShell:
    """Return the shell that the user works in: the one that started us, else the login shell.

    That is the nearest interactive shell above this process in its session, else SHELL, else the
    passwd entry.
    """
    return _above(machine.variables, scripts=False) or configured(machine)


def caller(machine: "Machine") -> UserShell:
    """Return the shell that reads our output: the nearest above, also if it runs a script.

    Without one the same as ``own``.
    """
    return reading(machine.variables) or configured(machine)


def reading(variables: Mapping[str, str]) -> UserShell | None:
    """Return the shell of ``caller``, None if no process above is one.

    A program that is only known by its name is looked for on the PATH of ``variables``.
    """
    return _above(variables, scripts=True)


def _above(variables: Mapping[str, str], *, scripts: bool) -> UserShell | None:
    for process in islice(_ancestors(), _ABOVE):
        shell = _shell(process, variables)
        if shell is not None and (scripts or not _runs_script(process.arguments, shell)):
            return shell
    return None


def _ancestors() -> "Iterator[_Process]":
    """Yield the parent processes in our session, which has our terminal."""
    yield from _on_linux() if sys.platform == "linux" else _by_psutil()


def _on_linux() -> "Iterator[_Process]":
    """Read /proc (proc(5)): importing psutil takes as long as everything else."""
    pid = os.getppid()
    with suppress(OSError, ValueError):
        while pid and _in_session(pid):
            head, _, rest = _content(pid, "stat").rpartition(b")")
            words = _content(pid, "cmdline").rstrip(b"\0").split(b"\0")
            arguments = tuple(map(os.fsdecode, words)) if words[0] else ()
            name = os.fsdecode(head.partition(b"(")[2])
            whole = os.path.basename(arguments[0]) if arguments else ""
            # The kernel keeps 15 bytes of a name.
            yield _Process(whole if whole.startswith(name) else name, arguments, _program_of(pid))
            pid = int(rest.split()[1])


def _content(pid: int, file: str) -> bytes:
    with open(f"/proc/{pid}/{file}", "rb") as content:
        return content.read()


def _program_of(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def _by_psutil() -> "Iterator[_Process]":
    import psutil

    with suppress(psutil.Error, OSError):
        process = psutil.Process().parent()
        while process is not None and _in_session(process.pid):
            with process.oneshot():
                program = ""
                with suppress(psutil.Error, OSError):
                    program = process.exe()
                yield _Process(process.name(), tuple(process.cmdline()), program)
            process = process.parent()


def _in_session(pid: int) -> bool:
    if not hasattr(os, "getsid"):
        return True
    try:
        return os.getsid(pid) == os.getsid(0)
    except OSError:
        return False


def _shell(process: _Process, variables: Mapping[str, str]) -> UserShell | None:
    words = list(process.arguments[:2])
    if len(words) == 2 and os.path.basename(words[0]).lower().startswith(("python", "pypy")):
        words = words[1:]  # xonsh is a program of Python's
    name = os.path.basename(words[0]).lstrip("-") if words else process.name
    shell_family = family(name)
    if shell_family is None:
        name = process.name
        shell_family = family(name)
    if shell_family is None:
        return None
    program = _program(words[0] if words else name, process, name, variables)
    return UserShell(program, shell_family) if program else None


def _program(given: str, process: _Process, name: str, variables: Mapping[str, str]) -> Path | None:
    """Return the file to start; its name determines which shell it is."""
    for candidate in (given, process.program):
        if os.path.isabs(candidate) and os.path.basename(candidate) == name and _runs(candidate):
            return Path(candidate)
    return programs.on_path(name, variables)


def _runs_script(arguments: Sequence[str], shell: UserShell) -> bool:
    """Return whether a shell was started to run a script or command."""
    rest = list(arguments[1:])
    if shell.family is not None and shell.family.name == "xonsh" and rest:
        rest = rest[1:] if os.path.basename(rest[0]) == "xonsh" else rest
    if {"-i", "--interactive", "-NoExit", "/k", "/K"} & set(rest):
        return False
    valued = False
    for word in rest:
        if valued:
            valued = False
        elif word in ("-c", "--command", "--commands", "-Command", "/c", "/C"):
            return True
        elif word in _VALUED:
            valued = True
        elif not word.startswith(("-", "+", "/q", "/Q")):
            return True
    return False


def configured(machine: "Machine") -> UserShell:
    """Return the shell that SHELL names, else the passwd entry; PowerShell or cmd on Windows."""
    for given in (machine.variable("SHELL"), _login(machine)):
        if given and os.path.isabs(given) and _runs(given):
            return UserShell(Path(given), family(given))
    if machine.platform == "win32":
        for name in ("pwsh", "powershell"):
            program = machine.program(name)
            if program:
                return UserShell(program, family(name))
        return UserShell(Path(machine.variable("COMSPEC") or "cmd.exe"), family("cmd"))
    return UserShell(Path("/bin/sh"), family("sh"))


def _login(machine: "Machine") -> str | None:
    if machine.uid is None:
        return None
    import pwd

    try:
        return pwd.getpwuid(machine.uid).pw_shell
    except KeyError:  # a user without an entry, as in containers
        return None


def _runs(program: str) -> bool:
    return (
        os.path.basename(program) not in _NO_SHELLS
        and os.path.isfile(program)
        and os.access(program, os.X_OK)
    )
