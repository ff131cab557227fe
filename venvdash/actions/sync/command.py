"""How an environment is brought up to date: with which command, or why with none."""

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from venvdash.actions.context import Context
from venvdash.actions.process import tool_commands, uv
from venvdash.actions.safety import refusals
from venvdash.actions.safety.writable_by_others import exposed, foreign_project
from venvdash.model import Flag, Location, Row, Status, Traits
from venvdash.stores.base import normalised
from venvdash.stores.config_files import config_text, toml_table
from venvdash.system.files import real
from venvdash.system.locks import environment_locked
from venvdash.text import because, redact, short_path, visible

REQUIREMENTS = "requirements.txt"
NO_UV = "uv was not found on PATH. See https://docs.astral.sh/uv/ for how to install it."
# What of the caller's shell would have uv look at another project, environment or Python, or
# would colour what it writes.
_STRIPPED = frozenset(
    {
        "VIRTUAL_ENV",
        "VIRTUAL_ENV_PROMPT",
        "CONDA_PREFIX",
        "CONDA_DEFAULT_ENV",
        "PYTHONHOME",
        "PYTHONPATH",
        "PYTHONEXECUTABLE",
        "__PYVENV_LAUNCHER__",
        "UV_PROJECT",
        "UV_PROJECT_ENVIRONMENT",
        "UV_WORKING_DIR",
        "UV_WORKING_DIRECTORY",
        "UV_PYTHON",
        "UV_SYSTEM_PYTHON",
        "FORCE_COLOR",
        "CLICOLOR_FORCE",
    }
)
# What is proposed is what is done, so no plan may fetch a Python.
_SET = {"NO_COLOR": "1", "UV_PYTHON_DOWNLOADS": "never"}
_ELSEWHERE = ("--target", "-t", "--prefix", "--system", "--python", "-p")
# Files that say that a project's packages are another tool's to install, and its command.
_OTHERS = {
    "Pipfile": "pipenv sync",
    "environment.yml": "conda env update",
    "environment.yaml": "conda env update",
    "pixi.toml": "pixi install",
    "setup.py": "uv pip install -e .",
    "setup.cfg": "uv pip install -e .",
}
_KINDS = {
    "conda": "conda manages it: run `conda env update --prefix {path}` to update it.",
    "pixi": "pixi manages it: run `pixi install` in its workspace to update it.",
    "pixi-global": "pixi manages it: run `pixi global update` to update it.",
    "uv-ephemeral": "uv created it for a single run and creates another when needed.",
    "hatch-script": "hatch manages it for a script: run the script with `hatch run` to sync it.",
    "vscode-script": "VS Code manages it for a script and creates another when the script changes.",
}


_TYPED = re.compile(r"[\w.@-]+")  # a name that needs no quotes


class CannotSyncError(Exception):
    """An environment cannot be synced; the text says why, and what to do instead."""


class UntrustedError(CannotSyncError):
    """A sync would run code of somebody else's ``project``, which the user was not asked about."""

    def __init__(self, project: Path, why: str) -> None:
        super().__init__(
            "A sync runs its project's code with your permissions, "
            f"and {why}. If you trust it, run `venvdash sync --trust`."
        )
        self.project = project


class SyncKind(StrEnum):
    """What is brought up to date."""

    PROJECT = "project"
    SCRIPT = "script"
    REQUIREMENTS = "requirements"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class SyncCommand:
    """The command that brings an environment up to date.

    ``environ`` are the user's variables without what leads elsewhere; ``variables`` are set
    besides. ``project`` is the project or script that it is synced with, ``python`` the
    interpreter that uv is to use, None where it shall choose. ``inexact``: why packages that
    nobody asks for are kept, "" where they go. ``again``: packages that are to be installed again.
    """

    sort: SyncKind
    program: Path
    arguments: tuple[str, ...]
    cwd: Path
    environ: Mapping[str, str]
    variables: Mapping[str, str] = field(default_factory=dict)
    project: Path | None = None
    python: str | None = None
    extra: tuple[str, ...] = ()
    inexact: str = ""
    again: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments, all of them."""
        chosen = ("--python", self.python) if self.python else ()
        kept = ("--inexact",) if self.inexact else ()
        again = [word for name in self.again for word in ("--reinstall-package", name)]
        return (*self.arguments, *chosen, *kept, *again, *self.extra)

    @property
    def command(self) -> tuple[str, ...]:
        """The whole command, as one may type it anywhere."""
        given = [f"{name}={value}" for name, value in self.variables.items()]
        words = (*(("env", *given) if given else ()), self.program.name, *self.words)
        return tuple(map(redact, words))


def sync_refusals(row: Row, context: Context) -> Iterator[str]:
    """Yield why an environment cannot be synced with any project."""
    environment, home = row.environment, context.machine.home
    if environment.target is not None:
        yield f"It is a link to {short_path(environment.target, home)}: sync that one instead."
        return
    yield from refusals.nothing_changes(context.machine, untested=context.untested)
    if environment.traits.kind in _KINDS:
        yield _KINDS[environment.traits.kind].format(path=visible(environment.path))
    yield from refusals.owned(environment, context.machine.uid)
    yield from exposed(environment, context.machine.uid)
    if not os.access(environment.path, os.W_OK | os.X_OK):
        yield f"You have no permission to write to {short_path(environment.path, home)}."
    for own in context.own:
        if environment.path == own or environment.path in own.parents:
            yield "venvdash is running from it: sync it after venvdash has exited."
    try:
        if environment_locked(environment.path):
            yield "It is locked because uv is using it. Try again when uv has finished."
    except OSError as error:
        yield f"Cannot read it: {because(error)}."


def sync_command(
    row: Row, project: Path | None, extra: Sequence[str], context: Context
) -> SyncCommand:
    """Return how an environment is synced. Raises CannotSyncError.

    ``project`` is the one of its projects that is meant, where it has several; ``extra`` are
    further arguments for the command.
    """
    for reason in sync_refusals(row, context):
        raise CannotSyncError(reason)
    if row.verdict.status is Status.TOOL:
        return _tool(row, extra, context)
    place = _project(row, project, context)
    if why := untrusted(place, context):
        raise UntrustedError(real(place), why)
    program = uv.find_uv(context.machine)
    if program is None:
        raise CannotSyncError(NO_UV)
    environ = _clean(context.machine.variables)
    if row.environment.traits.script:
        if row.environment.store != "uv":
            raise CannotSyncError("It belongs to a script and was not created by uv.")
        cache = {"UV_CACHE_DIR": str(row.environment.root.parent)}
        arguments = ("sync", "--script", str(place))
        made = SyncCommand(SyncKind.SCRIPT, program, arguments, place.parent, environ, cache)
    elif _sort(place, context) is SyncKind.PROJECT:
        leads = {"UV_PROJECT_ENVIRONMENT": str(row.path)}
        arguments = ("sync", "--project", str(place))
        made = SyncCommand(SyncKind.PROJECT, program, arguments, place, environ, leads)
        made = replace(made, inexact=_inexact(row, extra))
    else:
        made = _requirements(
            row, extra, SyncCommand(SyncKind.REQUIREMENTS, program, (), place, environ)
        )
    return replace(made, extra=tuple(extra), project=place)


def command_to_create(project: Path, prefix: Path, context: Context) -> SyncCommand:
    """Return how a project's packages come into a new environment at ``prefix``.

    With requirements, the environment must exist before. Raises CannotSyncError.
    """
    if why := untrusted(project, context):
        raise UntrustedError(real(project), why)
    program = uv.find_uv(context.machine)
    if program is None:
        raise CannotSyncError(NO_UV)
    environ = _clean(context.machine.variables)
    if _sort(project, context) is SyncKind.PROJECT:
        leads = {"UV_PROJECT_ENVIRONMENT": str(prefix)}
        arguments = ("sync", "--project", str(project))
        made = SyncCommand(SyncKind.PROJECT, program, arguments, project, environ, leads)
    else:
        words = ("pip", "install", "-r", str(project / REQUIREMENTS))
        made = SyncCommand(SyncKind.REQUIREMENTS, program, words, project, environ)
    return replace(made, project=project)


def untrusted(place: Path, context: Context) -> str:
    """Return why nothing of a project is built unasked, "" where it may be."""
    why = foreign_project(place, context.machine.uid)
    return "" if real(place) in context.trusted else why


def interpreter(row: Row) -> Path:
    """Return the path of the environment's own Python."""
    windows = row.path / "Scripts" / "python.exe"
    return windows if os.path.lexists(windows) else row.path / "bin" / "python"


def _clean(variables: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in variables.items() if name not in _STRIPPED}
    return kept | _SET


def _tool(row: Row, extra: Sequence[str], context: Context) -> SyncCommand:
    if Flag.BROKEN in row.environment.flags:
        name = visible(row.environment.entry.name)
        again = (
            "pipx reinstall" if row.environment.store == "pipx" else "uv tool install --reinstall"
        )
        raise CannotSyncError(
            f"Its interpreter no longer exists: run `{again} {name}` to recreate it."
        )
    after_option = False
    for word in extra:
        if word == "--all" or not (word.startswith("-") or after_option):
            raise CannotSyncError(f"`{visible(word)}` would also upgrade other tools.")
        after_option = word.startswith("-") and "=" not in word
    try:
        upgrade = tool_commands.upgrade(row.environment, context.machine, extra)
    except tool_commands.ToolError as error:
        raise CannotSyncError(str(error)) from error
    return SyncCommand(
        SyncKind.TOOL,
        upgrade.program,
        upgrade.arguments,
        context.machine.home,
        _clean(context.machine.variables),
        upgrade.variables,
    )


def _project(row: Row, project: Path | None, context: Context) -> Path:
    """Return the project, or the script, that the environment is synced with."""
    verdict, home = row.verdict, context.machine.home
    shown = short_path(verdict.project, home) if verdict.project else ""
    name = row.name if _TYPED.fullmatch(row.name) else shlex.quote(str(row.path))
    relink = f"`venvdash relink {visible(name)}"
    match verdict.status:
        case Status.LINKED | Status.REPLACED if verdict.projects:
            pass
        case Status.MOVED if verdict.place:
            there = short_path(verdict.place, home)
            raise CannotSyncError(f"Its project was moved to {there}: run {relink} {there}` first.")
        case Status.ORPHAN:
            raise CannotSyncError(
                f"Its project {shown} no longer exists: run {relink} PROJECT` to link "
                "it to another."
            )
        case Status.UNREACHABLE:
            raise CannotSyncError(f"Its project cannot be reached: {verdict.reason}")
        case Status.CHECKING:
            raise CannotSyncError("The search for its project has not finished.")
        case Status.DUPLICATE:
            raise CannotSyncError(
                f"It is not clear which project it belongs to: run {relink} PROJECT` to link it."
            )
        case _:
            raise CannotSyncError(f"Its project is unknown: run {relink} PROJECT` to link it.")
    place = project or _nearest(verdict.projects, context.machine.cwd) or verdict.projects[0]
    if real(place) not in map(real, verdict.projects):
        raise CannotSyncError(
            f"It does not belong to {short_path(place, home)}: run {relink} --share` to "
            "add a project."
        )
    try:
        os.stat(place)
    except OSError as error:
        reason = because(error)
        raise CannotSyncError(f"Its project {short_path(place, home)}: {reason}.") from error
    return place


def _nearest(projects: Sequence[Path], cwd: Path | None) -> Path | None:
    """Return the project in which one stands, if that is one of them."""
    for above in (cwd, *cwd.parents) if cwd else ():
        for project in projects:
            if above == project or above == real(project):
                return project
    return None


def _sort(project: Path, context: Context) -> SyncKind:
    """Return what uv can bring up to date there. Raises CannotSyncError.

    uv itself takes a ``pyproject.toml`` without ``[project]`` for one that asks for nothing, and
    would uninstall everything.
    """
    shown = short_path(project, context.machine.home)
    if os.path.lexists(project / "pyproject.toml"):
        table = toml_table(config_text(project / "pyproject.toml"))
        if table is None:
            raise CannotSyncError(f"Cannot read the pyproject.toml in {shown}.")
        if "project" in table or "dependency-groups" in table or _workspace(table):
            return SyncKind.PROJECT
        tool = table.get("tool")
        if isinstance(tool, dict) and "poetry" in tool:
            raise CannotSyncError(
                f"uv does not read [tool.poetry], and {shown} has no [project] "
                "table: run `poetry install` to sync it."
            )
        if isinstance(tool, dict) and "pixi" in tool:
            raise CannotSyncError(
                f"pixi manages the packages in {shown}: run `pixi install` to sync them."
            )
    if os.path.isfile(project / REQUIREMENTS):
        return SyncKind.REQUIREMENTS
    for name, command in _OTHERS.items():
        if os.path.lexists(project / name):
            raise CannotSyncError(
                f"{shown} has a {name} but no [project] table, which uv needs: run "
                f"`{command}` there."
            )
    raise CannotSyncError(
        f"{shown} does not declare what to install: it "
        "has no pyproject.toml with a [project] table and no requirements.txt."
    )


def _workspace(table: Mapping[str, Any]) -> bool:
    tool = table.get("tool")
    settings = tool.get("uv") if isinstance(tool, dict) else None
    return isinstance(settings, dict) and "workspace" in settings


def _inexact(row: Row, extra: Sequence[str]) -> str:
    inside = row.environment.location is Location.IN_PROJECT
    if inside or "--inexact" in extra or "--exact" in extra:
        return ""
    count = len(row.verdict.projects)
    if count > 1:
        return f"it is shared by {count} projects"
    return "it was named by hand" if _named(row.environment.traits) else ""


def _named(traits: Traits) -> bool:
    """Return whether it is one that a user named, and may have put other things into."""
    if not traits.expects_project:
        return True
    same = normalised(traits.name) == normalised(traits.project_name or "")
    return not (traits.per_interpreter or same)


def refuse_elsewhere(extra: Sequence[str]) -> None:
    """Raise CannotSyncError for an argument that makes `uv pip` install to another location."""
    for word in extra:
        if word.split("=")[0] in _ELSEWHERE:
            raise CannotSyncError(f"`{visible(word)}` would install to another location.")


def _requirements(row: Row, extra: Sequence[str], made: SyncCommand) -> SyncCommand:
    refuse_elsewhere(extra)
    if Flag.BROKEN in row.environment.flags:
        python = row.environment.python or "3"
        raise CannotSyncError(
            "Its interpreter no longer exists, and uv can only install into a "
            f"working environment: run `uv venv --clear --python {visible(python)} "
            f"{visible(row.path)}` to recreate it."
        )
    arguments = ("pip", "install", "-r", str(made.cwd / REQUIREMENTS))
    return replace(made, arguments=arguments, python=str(interpreter(row)))
