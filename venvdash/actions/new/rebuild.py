"""Rebuilding an environment that is no longer in the trash, from what the history has of it."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.history.status import ChangeStatus
from venvdash.actions.new.plan import interpreter, planned, unfit_place
from venvdash.actions.new.requirements import RequirementError
from venvdash.actions.relink import project_link
from venvdash.actions.requirement_lines import valid
from venvdash.actions.safety import refusals
from venvdash.actions.safety.writable_by_others import foreign_project
from venvdash.actions.table import Table
from venvdash.model import Action, Link, Package, PackageChange, Proposal, Row
from venvdash.model.packaging import minor_version
from venvdash.records.history import FREED, LOST, ChangedEnvironment
from venvdash.scanner.discovery.editable_installs import file_url_path
from venvdash.scanner.projects import project_info
from venvdash.text import short_path, visible

_EDITABLE = "-e "
# Kinds whose tool creates them itself, and how.
_TOOLS = {
    "uv-tool": "uv tool install {}",
    "pipx": "pipx install {}",
    "conda": "conda create",
    "pixi": "pixi install",
    "pixi-global": "pixi global install {}",
    "uv-script": "uv run",
    "uv-ephemeral": "uv run",
    "hatch-script": "hatch run",
    "vscode-script": "VS Code",
}


def find(history: Iterable[ChangeStatus], name: str, path: Path) -> ChangedEnvironment | None:
    """Return the newest deleted environment with that name or path that is not in the trash."""
    for status in history:
        if status.change.action is not Action.DELETE:
            continue
        for one in status.change.environments:
            named = name in (one.name, one.path.name) or path == one.path
            if named and one.state in (FREED, LOST):
                return one
    return None


@dataclass(frozen=True, slots=True)
class _Packages:
    """What is installed again: arguments for `uv pip install`, and what cannot be, in sentences.

    ``sources`` are the directories that are built.
    """

    words: tuple[str, ...]
    changes: tuple[PackageChange, ...]
    lost: tuple[str, ...]
    sources: tuple[Path, ...]


def propose(table: Table, one: ChangedEnvironment) -> Proposal:
    """Return what rebuilding a deleted environment would do. Raises nothing."""
    context = table.context()
    row = _row(one)
    shown = Proposal(Action.NEW, row, place=one.path)
    for reason in _refusals(one, context):
        return replace(shown, refusal=reason)
    packages = _packages(one)
    try:
        python = _python(one, context)
    except RequirementError as error:
        return replace(shown, refusal=str(error))
    project = _project(one, row, table, context) if packages.words else None
    install = ("--no-deps", *packages.words) if packages.words else ()
    return replace(
        shown,
        project=project,
        python=python,
        extra=install,
        says=tuple(_says(one, project, python, context)),
        warns=tuple(_warns(packages, table)),
        commands=tuple(_commands(one.path, python, install)),
        packages=packages.changes,
        links=(Link(project / project_info.VENV, str(one.path)),) if project else (),
    )


def _row(one: ChangedEnvironment) -> Row:
    row = planned(one.path.name, one.path.parent, one.project)
    environment = replace(row.environment, python=one.python or None)
    reason = "It was deleted, and is no longer in the trash."
    return replace(
        row, environment=environment, name=one.name, verdict=replace(row.verdict, reason=reason)
    )


def _refusals(one: ChangedEnvironment, context: Context) -> Iterator[str]:
    yield from refusals.another_home(context.machine)
    command = _TOOLS.get(one.kind)
    if command is not None:
        yield f"Its tool creates it: use `{command.format(visible(one.name))}`."
    if one.inside:
        yield (
            f"It was in {visible(one.inside)} of {visible(one.path)}, a directory that its tool "
            "creates. Use that tool."
        )
    yield from unfit_place(one.path, context)


def _packages(one: ChangedEnvironment) -> _Packages:
    """Return what of its packages can be installed again as things are now."""
    why = {name: reason for name, reason in one.lost if name}
    special, sources = dict(one.requirements), list[Path]()
    words, changes = list[str](), list[PackageChange]()
    lost = [reason for name, reason in one.lost if not name]
    for package in one.packages:
        line = special.get(package.name, f"{package.name}=={package.version}")
        reason = why.get(package.name) or _obstacle(package, line)
        if reason:
            lost.append(reason)
            continue
        path = file_url_path(line.removeprefix(_EDITABLE))
        if path is not None:
            sources.append(Path(path))
        words += ("--editable", path) if path is not None else (line,)
        changes.append(PackageChange(package.name, package.version, "installed"))
    return _Packages(tuple(words), tuple(changes), tuple(lost), tuple(sources))


def _obstacle(package: Package, line: str) -> str:
    """Return why a line of a requirements file installs nothing now, "" if it may."""
    name = visible(package.name)
    if not valid(package):
        return f"{name} has no valid name or version."
    url = line.removeprefix(_EDITABLE).removeprefix(f"{package.name} @ ")
    path = file_url_path(url.partition("#")[0])
    if path is not None and not os.path.lexists(path):
        return f"{name} was installed from {visible(path)}, which no longer exists."
    return ""


def _python(one: ChangedEnvironment, context: Context) -> str | None:
    """Return which Python to ask for: its own, else one of its series. Raises RequirementError."""
    if not one.python:
        return None
    for wanted in (one.python, minor_version(one.python)):
        if interpreter(wanted, context):
            return wanted
    raise RequirementError(
        f"uv finds no Python {minor_version(one.python)}: run `uv python install "
        f"{minor_version(one.python)}` first."
    )


def _project(one: ChangedEnvironment, row: Row, table: Table, context: Context) -> Path | None:
    """Return its project, if that exists and its `.venv` can link to it again."""
    project = one.project
    if project is None or not os.path.isdir(project):
        return None
    link = project / project_info.VENV
    free = not os.path.lexists(link) or os.path.realpath(link) == str(one.path)
    hindered = project_link.hindrance(project, row.environment, context, table.config)
    if not free or hindered or table.config.project_link not in ("auto", "link"):
        return None
    return project


def _says(
    one: ChangedEnvironment, project: Path | None, python: str | None, context: Context
) -> Iterator[str]:
    home = context.machine.home
    yield "uv recreates it from the packages that it had when it was deleted."
    if one.python and python != one.python:
        yield f"It had Python {one.python}."
    if one.project is not None and project is None:
        yield f"It is not linked to {short_path(one.project, home)}."


def _warns(packages: _Packages, table: Table) -> Iterator[str]:
    if packages.lost:
        yield "Not everything can be restored."
    yield from packages.lost
    for source in packages.sources:
        if why := foreign_project(source, table.machine.uid):
            yield f"Builds {visible(source)}, which runs its code, and {why}."


def _commands(place: Path, python: str | None, install: Sequence[str]) -> Iterator[tuple[str, ...]]:
    yield ("uv", "venv", *(("--python", python) if python else ()), str(place))
    if install:
        yield ("uv", "pip", "install", "--python", str(place), *install)
