"""Files outside projects that name an environment: kernels, services, shells, launchers, editors.

Read once per scan, bounded, as text. Nothing is run, not even ``crontab -l``: a user's crontab is
read only where the system lets its owner (or root) read the file.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from venvdash.model import Environment
from venvdash.scanner.projects import editor_settings
from venvdash.system import reads
from venvdash.system.files import names_in, read_head, read_text
from venvdash.system.machine import Machine

_LIMIT = 256 * 1024  # bytes of one file
_HEAD = 1024  # bytes of a launcher; its first lines name the interpreter
_FILES = 1000  # in one directory
_PATHS = 200  # in one file
_ABOVE = 12  # directories above a named path that may be its environment
# A path in quotes may hold spaces; one without ends where shells and units would end it.
_PATH = re.compile(r"""["'](/[^"'\n\0]{1,4096})["']|(/[^\s"'<>|;:,=&()\0]{1,4096})""")

_HOME = re.compile(r"(?:(?<![^\s\"'=:;(&|])~|\$?\$HOME|\$?\$\{HOME\}|\$\(HOME\))(?=/)")
_SHELL_FILES = (
    *(".profile", ".bashrc", ".bash_profile", ".bash_login", ".bash_aliases", ".kshrc"),
    *(".zshenv", ".zprofile", ".zshrc", ".zlogin", ".tcshrc", ".cshrc", ".login", ".xonshrc"),
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A file that names a path, and what it is ("Jupyter kernel")."""

    what: str
    file: Path
    target: str


def read(machine: Machine, system: Path = Path("/")) -> list[Reference]:
    """Return every reference to a path; ``system`` is the directory of ``etc`` and ``var``.

    Raises nothing.
    """
    readers: tuple[Iterator[Reference], ...] = (
        _kernels(machine, system),
        _units(machine, system),
        _crontabs(machine, system),
        _shells(machine),
        _launchers(machine),
        _desktop(machine),
        _editors(machine),
    )
    return list(dict.fromkeys(reference for reader in readers for reference in reader))


def by_environment(
    references: Iterable[Reference], environments: Iterable[Environment]
) -> dict[Path, tuple[Reference, ...]]:
    """Return for each environment the references to it or into it.

    A link inside an environment (``bin/python``) is not followed: it names the environment. An
    alias has none; they belong to its target.
    """
    prefixes = {os.fspath(e.path): e.path for e in environments if e.target is None}
    grouped: dict[Path, dict[Reference, None]] = defaultdict(dict)
    for reference in references:
        prefix = prefix_of(reference.target, prefixes)
        if prefix is not None:
            grouped[prefix][reference] = None
    return {path: tuple(those) for path, those in grouped.items()}


def prefix_of(target: str, prefixes: Mapping[str, Path]) -> Path | None:
    """Return the environment that contains a path; ``prefixes`` maps their paths as text.

    A link on the way to the environment is followed, one inside it (``bin/python``) is not.
    """
    path = os.path.normpath(target)
    directories = [path]
    while len(directories) < _ABOVE and os.path.dirname(directories[-1]) != directories[-1]:
        directories.append(os.path.dirname(directories[-1]))
    for directory in directories:
        if directory in prefixes:
            return prefixes[directory]
    for directory in directories[:3]:  # a link in the way: X, X/bin, X/bin/python
        try:
            real = reads.realpath(directory)
        except (OSError, ValueError):
            return None
        if real in prefixes and (directory != path or reads.isdir(path)):
            return prefixes[real]
    return None


def _kernels(machine: Machine, system: Path) -> Iterator[Reference]:
    """Kernel specs of Jupyter: ``kernels/NAME/kernel.json`` in each of its data directories."""
    for folder in _jupyter(machine, system):
        for directory in _listed(folder / "kernels"):
            yield from _named_in("Jupyter kernel", directory / "kernel.json")


def _jupyter(machine: Machine, system: Path) -> Iterator[Path]:
    given = machine.path_variable("JUPYTER_DATA_DIR")
    if given:
        yield given
    elif machine.platform == "darwin":
        yield machine.home / "Library" / "Jupyter"
    elif machine.platform == "win32":
        yield machine.appdata / "jupyter"
    else:
        yield machine.data_home / "jupyter"
    for path in (machine.variable("JUPYTER_PATH") or "").split(os.pathsep):
        if os.path.isabs(path):
            yield Path(path)
    if machine.platform != "win32":
        yield system / "usr" / "local" / "share" / "jupyter"


def _units(machine: Machine, system: Path) -> Iterator[Reference]:
    """Units of systemd, of the user and of the system; launch agents on macOS."""
    folders = [
        ("systemd user unit", machine.config_home / "systemd" / "user"),
        ("systemd user unit", machine.data_home / "systemd" / "user"),
        ("systemd unit", system / "etc" / "systemd" / "system"),
    ]
    if machine.platform == "darwin":
        folders = [("launch agent", machine.home / "Library" / "LaunchAgents")]
    for what, folder in folders:
        for entry in _listed(folder):
            if entry.suffix in (".service", ".plist", ".timer", ".path", ".socket"):
                yield from _named_in(what, entry, machine.home)
            elif entry.suffix == ".d":
                for part in _listed(entry):
                    yield from _named_in(what, part, machine.home)


def _crontabs(machine: Machine, system: Path) -> Iterator[Reference]:
    user = machine.variable("LOGNAME") or machine.variable("USER") or machine.home.name
    if os.sep not in user:
        for spool in ("var/spool/cron/crontabs", "var/spool/cron", "usr/lib/cron/tabs"):
            yield from _named_in("crontab", system / spool / user)
    for file in (system / "etc" / "crontab", *_listed(system / "etc" / "cron.d")):
        yield from _named_in("crontab", file)


def _shells(machine: Machine) -> Iterator[Reference]:
    """Startup files of the user's shells: what they source, run or put on PATH."""
    folder = machine.path_variable("ZDOTDIR")
    files = [machine.home / name for name in _SHELL_FILES]
    files += [folder / name for name in _SHELL_FILES if folder and name.startswith(".z")]
    fish = machine.config_home / "fish"
    files += [fish / "config.fish", *_listed(fish / "conf.d"), *_listed(fish / "functions")]
    for file in dict.fromkeys(files):
        text = read_text(reads.realpath(file), _LIMIT) or ""
        lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
        text = with_home("\n".join(lines), machine.home)
        yield from _paths("start file of a shell", file, text)


def _launchers(machine: Machine) -> Iterator[Reference]:
    """Programs in the user's folders on PATH: links into an environment, or scripts run by it."""
    given = [machine.path_variable(n) for n in ("XDG_BIN_HOME", "UV_TOOL_BIN_DIR", "PIPX_BIN_DIR")]
    folders = [*given, machine.home / ".local" / "bin", machine.home / "bin"]
    for folder in dict.fromkeys(folder for folder in folders if folder):
        for file in _listed(folder):
            try:
                target = reads.readlink(file)
            except (OSError, ValueError):
                yield from _paths("launcher", file, _head(file))
            else:
                yield Reference("launcher", file, os.path.join(folder, target))


def _desktop(machine: Machine) -> Iterator[Reference]:
    if machine.platform in ("darwin", "win32"):
        return
    for folder in (machine.data_home / "applications", machine.config_home / "autostart"):
        for file in _listed(folder):
            if file.suffix == ".desktop":
                yield from _named_in("desktop entry", file)


def _editors(machine: Machine) -> Iterator[Reference]:
    for editor, file, python in editor_settings.user_interpreters(machine):
        yield Reference(f"settings of {editor}", file, python)
    for sdk in editor_settings.sdks(machine):
        yield Reference(f"interpreter of {sdk.product}", sdk.file, sdk.python)


def _named_in(what: str, file: Path, home: Path | None = None) -> Iterator[Reference]:
    text = read_text(reads.realpath(file), _LIMIT)  # dotfiles are often links
    if text is not None:
        yield from _paths(what, file, text.replace("%h", str(home)) if home else text)


def _paths(what: str, file: Path, text: str) -> Iterator[Reference]:
    for path in paths_in(text):
        yield Reference(what, file, path)


def paths_in(text: str) -> Iterator[str]:
    """Yield the absolute paths in a text, up to a limit."""
    for match in islice(_PATH.finditer(text), _PATHS):
        yield match[1] or match[2]


def with_home(text: str, home: Path) -> str:
    """Return a text with ``~`` and ``$HOME`` (also make's ``$$HOME``) replaced by HOME."""
    return str(home).join(_HOME.split(text))


def _listed(directory: Path) -> list[Path]:
    return [directory / name for name in names_in(directory, _FILES)]


def _head(file: Path) -> str:
    """Return the first lines of a script, "" for any other program."""
    data = read_head(file, _HEAD)[1]
    # "#!/env/bin/python", or "#!/bin/sh" and a line with ``exec`` where that is too long.
    lines = data.decode("utf-8", "surrogateescape").split("\n")[:3]
    return "\n".join(lines).removeprefix("#!") if data.startswith(b"#!") else ""
