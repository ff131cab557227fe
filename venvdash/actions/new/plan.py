"""What creating an environment would do. Changes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.actions import destinations
from venvdash.actions.context import Context
from venvdash.actions.copy.plan import unavailable
from venvdash.actions.copy.reinstall import plain_variables
from venvdash.actions.destinations import Target, TargetError, place_warnings
from venvdash.actions.errors import words
from venvdash.actions.new import requirements
from venvdash.actions.new.requirements import RequirementError, Requirements
from venvdash.actions.prefix import repair
from venvdash.actions.process import uv
from venvdash.actions.safety import refusals
from venvdash.actions.safety.placement import taken
from venvdash.actions.safety.writable_by_others import foreign_project
from venvdash.actions.sync.command import NO_UV
from venvdash.actions.table import Table
from venvdash.model import (
    Action,
    Environment,
    EnvironmentIdentity,
    Proposal,
    Row,
    Status,
    Traits,
    Verdict,
)
from venvdash.stores import default_store
from venvdash.text import alike, short_path, visible

_TIMEOUT = 60.0  # seconds; uv starts each interpreter that it finds once


@dataclass(frozen=True, slots=True)
class NewEnvironment:
    """What is asked for: an environment called ``name``, in the store at ``root`` or the default.

    ``python`` is a version or an interpreter, None for the one that uv prefers. ``packages`` and
    ``editable`` are as of ``requirements.parsed``. With ``project`` it is one for that directory,
    and ``label`` the name of a further one; ``name`` and ``packages`` mean nothing then.
    """

    name: str = ""
    python: str | None = None
    packages: Sequence[str] = ()
    editable: Sequence[str] = ()
    root: Path | None = None
    project: Path | None = None
    label: str = ""


def propose(table: Table, wanted: NewEnvironment) -> Proposal:
    """Return what creating an environment that belongs to no project would do. Raises nothing."""
    context = table.context()
    wanted = replace(wanted, python=absolute(wanted.python, table))
    store = wanted.root or default_store.folder(table.machine, table.config)
    proposal = Proposal(Action.NEW, planned(wanted.name, store), python=wanted.python)
    try:
        for reason in refusals.nothing_changes(table.machine, untested=context.untested):
            return replace(proposal, refusal=reason)
        if reason := destinations.refused_name(wanted.name) or _exists(table, wanted.name):
            return replace(proposal, refusal=reason)
        target = destinations.of_directory(table, store, context)
        row = planned(wanted.name, target.root)
        proposal = replace(proposal, row=row, place=row.path)
        packages = requirements.parsed(wanted.packages, wanted.editable, table.machine)
        for reason in unfit_place(row.path, context):
            return replace(proposal, refusal=reason)
        found = interpreter(wanted.python, context)
    except (TargetError, RequirementError) as error:
        return replace(proposal, refusal=str(error))
    except (OSError, ValueError) as error:
        return replace(proposal, refusal=f"Cannot read it: {words(error)}.")
    return replace(
        proposal,
        says=(_python_used(wanted.python, found, context), "It belongs to no project."),
        warns=tuple(_warns(table, row, target, packages)),
        commands=_commands(row.path, wanted.python, packages),
        extra=packages.words,
    )


def absolute(python: str | None, table: Table) -> str | None:
    """Return an interpreter's path from the current directory: uv is started elsewhere."""
    if python and python.startswith(("/", "./", "../", "~")):
        return str(table.machine.expand(python))
    return python


def planned(name: str, root: Path, project: Path | None = None) -> Row:
    """Return the row of an environment that is to be created."""
    path = root / name
    environment = Environment(
        path=path,
        entry=path,
        root=root,
        store="folders",
        traits=Traits(kind="venv", name=name),
        fingerprint=EnvironmentIdentity(0, 0, 0, 0),
    )
    status = Status.LINKED if project else Status.STANDALONE
    verdict = Verdict(status, "It does not exist yet.", (project,) if project else ())
    return Row(environment, verdict, name)


def _exists(table: Table, name: str) -> str:
    """Return that an environment of that name exists, and what to do; "" for none."""
    home = table.machine.home
    for row in table.rows.values():
        names = {row.name, row.environment.traits.name, row.environment.entry.name}
        if alike(name) not in map(alike, names):
            continue
        there = short_path(row.path, home)
        if row.verdict.project is None:
            return (
                f"{visible(name)} already exists in {there}: delete it first, or use another name."
            )
        return (
            f"{visible(name)} is already the environment of "
            f"{short_path(row.verdict.project, home)}, in {there}: use another name."
        )
    return ""


def unfit_place(place: Path, context: Context) -> Iterator[str]:
    """Yield why no environment can be created at ``place``."""
    if uv.find_uv(context.machine) is None:
        yield NO_UV
    yield from taken(place)
    if reason := repair.refusal(place):
        yield reason
    yield from refusals.unmakeable(place)


def interpreter(python: str | None, context: Context) -> str:
    """Return the interpreter on this machine that uv would use, "" if it would download one.

    Raises RequirementError where there is none to download.
    """
    program, machine = uv.find_uv(context.machine), context.machine
    if program is None:
        return ""
    arguments = ["python", "find", "--system", "--no-project", "--no-python-downloads"]
    try:
        if python is not None and python.startswith("-"):
            raise RequirementError(f"{visible(python)} is an option, not a Python.")
        done = uv.run(
            program,
            [*arguments, python] if python else arguments,
            environ=plain_variables(machine.variables),
            cwd=machine.home,
            timeout=_TIMEOUT,
            log=context.log,
        )
    except uv.UvError as error:
        if python is not None and unavailable(python, context):
            raise RequirementError(
                f"uv finds no Python {visible(python)}. `uv python list` shows those it can use."
            ) from error
        return ""
    return done.stdout.strip()


def _python_used(asked: str | None, found: str, context: Context) -> str:
    if found:
        return f"Uses the Python at {short_path(found, context.machine.home)}."
    return f"uv downloads Python{f' {asked}' if asked else ''} first."


def _warns(table: Table, row: Row, target: Target, packages: Requirements) -> Iterator[str]:
    yield from place_warnings(table, row, target, row.name)
    for source in packages.sources:
        if why := foreign_project(source, table.machine.uid):
            yield f"Builds {visible(source)}, which runs its code, and {why}."


def _commands(
    place: Path, python: str | None, packages: Requirements
) -> tuple[tuple[str, ...], ...]:
    made = ("uv", "venv", *(("--python", python) if python else ()), str(place))
    if not packages.words:
        return (made,)
    return (made, ("uv", "pip", "install", "--python", str(place), *packages.words))
