"""Starts a shell, a command or an editor with an environment active.

Everything is prepared, and may be refused, before the terminal is handed over; ``run`` raises
nothing. No file in the environment is read by a shell.
"""

import os
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash import uv_hint
from venvdash.actions.context import Context
from venvdash.actions.prefix import scripts
from venvdash.actions.record_update import is_copy, update_record
from venvdash.actions.safety.environment_reader import read_again, read_at
from venvdash.actions.safety.writable_by_others import exposed
from venvdash.model import Environment, Flag, Record, Row, Status
from venvdash.records.answers import recently
from venvdash.session.core import Session
from venvdash.system import shells, startup_folders, terminal
from venvdash.system.files import real
from venvdash.system.machine import Machine
from venvdash.system.shells import Activation, Shell, ShellError, ShellStart, UserShell
from venvdash.text import because, counted, short_path, visible

EDITORS = ("VISUAL", "EDITOR")
_USUAL = ("sensible-editor", "vim", "nano", "vi")
# Editors that open a directory; others are started in it without an argument.
_OPEN_DIRECTORIES = {
    *("code", "code-insiders", "codium", "cursor", "emacs", "emacsclient", "gvim", "helix", "hx"),
    *("idea", "kate", "lapce", "nova", "nvim", "pycharm", "subl", "vim", "zed", "zeditor"),
}


class RefusedError(Exception):
    """It will not be opened; the text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """A program to run on the terminal, in ``cwd`` and with only ``environ`` as its environment.

    ``says`` are sentences for the user to read first; pass them through ``visible`` before showing
    them. ``interactive``: a shell. ``cleanup`` is a directory to remove afterwards.
    """

    argv: tuple[str, ...]
    environ: Mapping[str, str]
    cwd: Path
    says: tuple[str, ...] = ()
    interactive: bool = False
    cleanup: Path | None = None


def shell(session: Session, row: Row, *, here: bool = False) -> Invocation:
    """Return the user's own shell with the environment active, in its project's directory.

    With ``here`` it starts in the current one. Raises RefusedError.
    """
    environment = trusted(session, row)
    cwd, says = _directory(session, row, here=here)
    own = shells.own(session.machine)
    activation = _activation(session, row, environment)
    startup_folders.sweep()
    try:
        room = startup_folders.make()
    except OSError as error:
        raise RefusedError(f"Cannot create a temporary directory: {because(error)}.") from error
    try:
        started = _start(own, activation, session, room)
        startup_folders.fill(room, started.files)
    except (OSError, ShellError) as error:
        startup_folders.remove(room)
        raise RefusedError(
            f"Cannot write the shell's startup files: {because(error)}."
            if isinstance(error, OSError)
            else str(error)
        ) from error
    _used(session, environment)
    machine = session.machine
    preset = own.family is None or own.family.preset
    base = shells.activated(machine, activation) if preset else shells.deactivated(machine)
    where = short_path(cwd, machine.home)
    says = (f"{own.program.name} in {where} with {row.name} active. Type `exit` to leave.", *says)
    if own.family is None:
        says += ("Unknown shell: its startup files may deactivate the environment.",)
    says += tuple(uv_hint.hints(machine, environment.path, cwd))
    return Invocation(
        argv=started.arguments,
        environ=_changed(base, started.variables),
        cwd=cwd,
        says=says,
        interactive=True,
        cleanup=room,
    )


def command(session: Session, row: Row, words: Sequence[str], *, here: bool = False) -> Invocation:
    """Return a command to run with the environment active, without a shell.

    It runs in the same directory as ``shell``. Raises RefusedError.
    """
    if refusal := _removing(row, words):
        raise RefusedError(refusal)
    environment = trusted(session, row)
    cwd, says = _directory(session, row, here=here)
    _used(session, environment)
    environ = shells.activated(session.machine, _activation(session, row, environment))
    own = _uv_variables(row, environment, cwd)
    if not own and _is_uv(words):
        says += tuple(uv_hint.hints(session.machine, environment.path, cwd))
    return Invocation(tuple(words), environ | own, cwd, says)


def _uv_variables(row: Row, environment: Environment, cwd: Path) -> dict[str, str]:
    """Return the variables with which uv uses the environment, if it is its project's in ``cwd``.

    UV_PYTHON keeps uv from deleting it where the project would be given another Python: seen with
    uv 0.13.9, which fails instead.
    """
    projects = () if row.environment.traits.script else row.verdict.projects
    inside = any(cwd.is_relative_to(real(project)) for project in projects)
    if not inside or not os.path.lexists(environment.path / "pyvenv.cfg"):
        return {}
    python = environment.path / scripts.bin_of(environment.path) / "python"
    return {"UV_PROJECT_ENVIRONMENT": str(environment.path), "UV_PYTHON": str(python)}


def _removing(row: Row, words: Sequence[str]) -> str:
    """Return why a command of uv must not be run in an environment that projects share."""
    verb = next((word for word in words[1:] if not word.startswith("-")), "")
    option = {"sync": "--inexact", "remove": "--no-sync"}.get(verb)
    if len(row.verdict.projects) < 2 or not _is_uv(words) or not option or option in words:
        return ""
    return (
        f"{counted(len(row.verdict.projects), 'project')} share it, and `uv {verb}` uninstalls "
        f"what only the others need. Add {option}."
    )


def _is_uv(words: Sequence[str]) -> bool:
    return os.path.basename(words[0]).removesuffix(".exe") == "uv"


def edit(session: Session, row: Row) -> Invocation:
    """Return the user's editor, opened on the row's project with the environment active.

    That is what VISUAL or EDITOR say, else one that is usual. Raises RefusedError.
    """
    environment = trusted(session, row)
    project = _project(row)
    if project is None:
        raise RefusedError(f"{row.name} belongs to no project.")
    script = row.environment.traits.script
    directory = project.parent if script else project
    if row.verdict.status is Status.UNREACHABLE or not os.path.isdir(directory):
        raise RefusedError(f"Its project does not exist: {project}.")
    words = editor(session.machine)
    if script:
        words += (str(project),)
    elif os.path.basename(words[0]).lower().removesuffix(".exe") in _OPEN_DIRECTORIES:
        words += (str(directory),)
    _used(session, environment)
    environ = shells.activated(session.machine, _activation(session, row, environment))
    return Invocation(words, environ, directory)


def activating(
    session: Session, row: Row, family: Shell, *, change: bool = False
) -> tuple[str, tuple[str, ...]]:
    """Return the commands that activate the environment in a shell of the family ``family``.

    With ``change`` it goes to the project's directory as well, where there is one. Second: what to
    say on it. Raises RefusedError.
    """
    environment = trusted(session, row)
    cwd = _directory(session, row, here=False)[0] if change and _project(row) else None
    activation = _activation(session, row, environment, cwd)
    try:
        text = family.activating(activation, session.machine.variables)
    except ShellError as error:
        raise RefusedError(str(error)) from error
    _used(session, environment)
    machine = session.machine
    there = cwd or machine.cwd or machine.home
    return text, tuple(uv_hint.hints(machine, environment.path, there))


def run(invocation: Invocation) -> terminal.ExitStatus:
    """Run it on the terminal and return how it ended; the terminal is then as it was.

    From the main thread. Raises nothing.
    """
    try:
        return terminal.run(
            invocation.argv,
            invocation.environ,
            invocation.cwd,
            interactive=invocation.interactive,
        )
    finally:
        if invocation.cleanup is not None:
            startup_folders.remove(invocation.cleanup)


def trusted(session: Session, row: Row) -> Environment:
    """Return the environment as it is now, an alias's target for an alias, fit to be used.

    Raises RefusedError where it is another, somebody else's, or open to others' programs.
    """
    context = Context.current(session.machine, session.config)
    known = row.environment
    environment = read_again(known, context)
    if environment is None:
        raise RefusedError("It is no longer an environment.")
    if (environment.fingerprint.inode, environment.target) != (
        known.fingerprint.inode,
        known.target,
    ):
        raise RefusedError("It was replaced by another environment since it was listed.")
    if environment.target is not None:
        environment = read_at(environment.target, environment.target, known.root, context)
        if environment is None:
            raise RefusedError("Its target is not an environment.")
    for reason in exposed(environment, session.machine.uid):
        raise RefusedError(reason)
    if Flag.BROKEN in environment.flags:
        raise RefusedError(
            f"Its interpreter is gone ({environment.base}), "
            "so `python` would run another interpreter."
        )
    return environment


def _project(row: Row, cwd: Path | None = None) -> Path | None:
    """Return its project: of several the one that ``cwd`` is in, else the first."""
    inside = (one for one in row.verdict.projects if cwd and cwd.is_relative_to(real(one)))
    return row.verdict.place or next(inside, row.verdict.project)


def project_directory(row: Row) -> Path | None:
    """Return the directory of the row's project; None where it has none, or only a script."""
    project = _project(row)
    if project is None or row.environment.traits.script or not os.path.isdir(project):
        return None
    return Path(os.path.realpath(project))


def _directory(session: Session, row: Row, *, here: bool) -> tuple[Path, tuple[str, ...]]:
    """Return where to start, and what there is to say of it."""
    machine = session.machine
    otherwise = machine.cwd or machine.home
    project = _project(row, machine.cwd)
    if here or project is None:
        return otherwise, ()
    if row.verdict.status is Status.UNREACHABLE:
        return otherwise, (f"Its project {visible(project)} cannot be reached.",)
    directory = project.parent if row.environment.traits.script else project
    if not os.path.isdir(directory):
        return otherwise, (f"Its project {visible(project)} is gone.",)
    return Path(os.path.realpath(directory)), ()


def _activation(
    session: Session, row: Row, environment: Environment, directory: Path | None = None
) -> Activation:
    platform = session.machine.platform
    return Activation.of(environment.path, row.name, platform=platform, directory=directory)


def _start(own: UserShell, activation: Activation, session: Session, room: Path) -> ShellStart:
    if own.family is None:
        return ShellStart((str(own.program),))
    return own.family.start(activation, session.machine, own.program, room)


def _changed(variables: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    merged = {**variables, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def editor(machine: Machine) -> tuple[str, ...]:
    """Return the command of the user's editor: VISUAL, EDITOR, or one that is usual.

    Raises RefusedError.
    """
    for name in EDITORS:
        given = machine.variable(name)
        if given:
            try:
                words = shlex.split(given, posix=machine.platform != "win32")
            except ValueError:
                words = []
            if not words:
                raise RefusedError(f"{name} is not set to a program: {given}")
            return tuple(words)
    usual = ("notepad",) if machine.platform == "win32" else _USUAL
    for name in usual:
        if machine.program(name):
            return (name,)
    raise RefusedError("No editor found. Set VISUAL or EDITOR.")


def _used(session: Session, environment: Environment) -> None:
    """Remember that the environment is used, where it is one of the table's."""
    now = time.time()
    row = session.rows.get(environment.path)
    if row is None or is_copy(session, row):
        return
    if row.record is not None and recently(row.record.last_shell, now):
        session.rows[row.path] = replace(row, used=max(row.used or 0.0, now))
        return

    def opened(record: Record) -> Record:
        return replace(record, last_shell=now)

    update_record(session, environment, row.record, opened)
    session.rows[row.path] = replace(session.rows[row.path], used=max(row.used or 0.0, now))
