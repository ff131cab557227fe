"""What a copy would be; changes nothing."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from venvdash.actions import destinations
from venvdash.actions.context import Context
from venvdash.actions.copy import copy_environment
from venvdash.actions.copy.reinstall import REQUIREMENTS, base_python
from venvdash.actions.copy.requirements import Requirements
from venvdash.actions.destinations import Target, TargetError, place_warnings
from venvdash.actions.errors import words
from venvdash.actions.process import uv
from venvdash.actions.table import Table
from venvdash.model import (
    Action,
    Package,
    PackageChange,
    Proposal,
    Row,
)
from venvdash.stores.base import NamingRule
from venvdash.text import short_path, visible

_TIMEOUT = 60.0  # seconds; uv starts each interpreter that it finds once
_SHOWN = 3  # reasons why all files are copied


def propose_copy(
    table: Table, row: Row, name: str, *, root: Path | None = None, python: str | None = None
) -> Proposal:
    """Return what a copy called ``name``, in the store at ``root`` or its own, would be."""
    proposal = Proposal(Action.COPY, row, python=python)
    context = table.context()
    try:
        if reason := destinations.refused_name(name):
            return replace(proposal, refusal=reason)
        target = _target(table, row, root, context)
        place = target.root / name
        proposal = replace(proposal, place=place)
        for reason in copy_environment.copy_refusals(row, place, context, python=python):
            return replace(proposal, refusal=reason)
        packages = copy_environment.packages_of(row.environment, context)
    except TargetError as error:
        return replace(proposal, refusal=str(error))
    except (OSError, ValueError) as error:
        return replace(proposal, refusal=f"Cannot read it: {words(error)}.")
    if python is not None and packages.obstacles:
        why = " ".join(packages.obstacles[:_SHOWN])
        return replace(proposal, refusal=f"Cannot use another Python: {why}")
    if python is not None and unavailable(python, context):
        reason = f"uv finds no Python {visible(python)}. `uv python list` shows those it can use."
        return replace(proposal, refusal=reason)
    return replace(
        proposal,
        says=tuple(_says_copy(table, row, target, packages, root is None)),
        warns=tuple(place_warnings(table, row, target, name)),
        commands=_commands(row, place, packages, python),
        packages=() if packages.obstacles else tuple(map(_installed, row.environment.packages)),
    )


def unavailable(python: str, context: Context) -> bool:
    """Return whether uv says that it has no such Python and can download none."""
    program = uv.find_uv(context.machine)
    if program is None:
        return False  # the copy will say that uv is missing
    arguments = ("python", "list", "--output-format", "json", python)
    environ, cwd = context.machine.variables, context.machine.home
    try:
        done = uv.run(
            program, arguments, environ=environ, cwd=cwd, timeout=_TIMEOUT, log=context.log
        )
        return bool(json.loads(done.stdout) == [])
    except uv.UvError:  # such as for a version that is none
        return True
    except ValueError:  # another release of uv
        return False


def _target(table: Table, row: Row, root: Path | None, context: Context) -> Target:
    """Return where a copy goes: a folder where its own store would not find it. TargetError."""
    if root is not None:
        return destinations.of_directory(table, root, context)
    own = destinations.of_environment(row.environment, context)
    if own.names is NamingRule.FREE and own.store is not None:
        return own
    return destinations.of_directory(table, destinations.folder(table), context)


def _says_copy(
    table: Table, row: Row, target: Target, packages: Requirements, offered: bool
) -> Iterator[str]:
    environment, home = row.environment, table.machine.home
    own = row.environment.root
    if offered and target.root != own:
        yield (
            f"The copy goes to {short_path(target.root, home)}: "
            f"{visible(environment.store)} only finds "
            "environments that it named itself. Use `--to` to choose another folder."
        )
    count = len(environment.packages)
    some = f"{count} package{'' if count == 1 else 's'}"
    if packages.obstacles:
        why = " ".join(packages.obstacles[:_SHOWN])
        yield f"Copies all files and updates the paths in them. {why}"
    elif count:
        yield f"Recreates it with the same {some}, from uv's cache where possible."
    else:
        yield "Recreates it; it has no packages."
    sources = [visible(p.name, 64) for p in environment.packages if p.editable]
    if sources:
        yield f"Uses the same source trees for editable installs: {', '.join(sources)}."
    yield (
        "The copy belongs to no project. The original is not changed. Starts the copy's Python "
        "once to verify it."
    )


def _commands(
    row: Row, place: Path, packages: Requirements, python: str | None
) -> tuple[tuple[str, ...], ...]:
    if packages.obstacles:
        return ()
    base = python or str(base_python(row.environment))
    made = ("uv", "venv", "--python", base, str(place))
    if not packages.requirements:
        return (made,)
    install = ("uv", "pip", "install", "--no-deps", "--python", str(place))
    return (made, (*install, "-r", REQUIREMENTS))


def _installed(package: Package) -> PackageChange:
    return PackageChange(package.name, package.version, "installed")
