"""The code that activates a remembered environment, checked again: see ``command_line``."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from venvdash import uv_hint
from venvdash.records.answers import Answer, recently
from venvdash.system import files, shells, trust
from venvdash.system.shells import FAMILIES, Activation, Shell, ShellError, UserShell


def code(answer: Answer, shell: str, *, change: bool) -> str:
    """Return what `activate` prints for ``shell``, or for the calling one where that is empty.

    With ``change`` it goes to the project, too.

    "" if the command line has to look closer: the interpreter is gone, another user can write to
    the environment, or its use has to be recorded.
    """
    family = _family(shell)
    if family is None or not _usable(answer, files.own_uid()):
        return ""
    directory = _directory(answer) if change and answer.project else None
    activation = Activation.of(
        Path(answer.path), answer.name, platform=sys.platform, directory=directory
    )
    try:
        return family.activating(activation, os.environ)
    except ShellError:
        return ""


def hints(answer: Answer, *, change: bool) -> Iterator[str]:
    """Yield what `activate` says of uv, see ``uv_hint``; arguments as of ``code``."""
    directory = _directory(answer) if change and answer.project else _here()
    if uv_hint.project_at(directory) is not None:
        from venvdash.system.machine import Machine  # slow to import

        yield from uv_hint.hints(Machine.current(), Path(answer.path), directory)


def _family(shell: str) -> Shell | None:
    if not shell:
        return _caller().family
    known = {name for family in FAMILIES for name in family.names}
    return shells.family(shell) if shell in known else None


def _caller() -> UserShell:
    shell = shells.reading(os.environ)
    if shell is None:  # a program called that is no shell
        from venvdash.system.machine import Machine

        shell = shells.configured(Machine.current())
    return shell


def _usable(answer: Answer, uid: int | None) -> bool:
    opened = float(answer.opened) if answer.opened else None
    programs = (f"{answer.path}/bin/python", answer.base)
    return (
        bool(answer.site)
        and recently(opened, time.time())
        and os.path.isfile(f"{answer.path}/pyvenv.cfg")
        and all(map(os.path.exists, programs))
        and not any(trust.exposed(Path(answer.entry), Path(answer.path), Path(answer.site), uid))
    )


def _directory(answer: Answer) -> Path:
    """Return the directory of the project, or the current one if that is gone."""
    directory = os.path.dirname(answer.project) if answer.script else answer.project
    if not os.path.isdir(directory):
        return _here()
    return Path(os.path.realpath(directory))


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:  # it was deleted
        return Path.home()
