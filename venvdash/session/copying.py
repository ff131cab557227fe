"""Copying, renaming and moving environments, as both faces do it."""

import os
import threading
from collections.abc import Generator, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.actions import checks, links, renaming
from venvdash.actions import copy as copies
from venvdash.actions.again import read_at
from venvdash.actions.context import Context
from venvdash.actions.copy import Copied, Copying, Placing
from venvdash.actions.events import Told
from venvdash.actions.links import ChangedError
from venvdash.actions.programs import CancelledError
from venvdash.actions.reinstalling import base_python
from venvdash.actions.relink_journal import Journals
from venvdash.actions.requirements import Again
from venvdash.actions.rollback import FailedError, words
from venvdash.model import (
    Action,
    Direction,
    Environment,
    How,
    Link,
    Outcome,
    Proposal,
    Record,
    Result,
    Row,
)
from venvdash.session import targets
from venvdash.session.amending import amend
from venvdash.session.targets import Target, TargetError
from venvdash.stores.base import Names, Root
from venvdash.text import short_path, visible

if TYPE_CHECKING:
    from venvdash.session.core import Session

_SHOWN = 3  # reasons why all files are copied


def propose_copy(
    session: "Session", row: Row, name: str, *, root: Path | None = None, python: str | None = None
) -> Proposal:
    """Return what a copy called ``name``, in the store at ``root`` or its own, would be."""
    proposal = Proposal(Action.COPY, row, python=python)
    context = _context(session)
    try:
        if reason := targets.refused_name(name):
            return replace(proposal, refusal=reason)
        target = _target(session, row, root, context)
        place = target.root / name
        proposal = replace(proposal, place=place)
        for reason in copies.refusals(row, place, context, python=python):
            return replace(proposal, refusal=reason)
        packages = copies.packages_of(row.environment, context)
    except TargetError as error:
        return replace(proposal, refusal=str(error))
    except (OSError, ValueError) as error:
        return replace(proposal, refusal=f"It cannot be looked at: {words(error)}.")
    if python is not None and packages.obstacles:
        why = " ".join(packages.obstacles[:_SHOWN])
        return replace(proposal, refusal=f"Not for another Python: {why}")
    return replace(
        proposal,
        says=tuple(_says_copy(session, row, target, packages, root is None)),
        warns=tuple(_warns(session, row, target, name)),
        commands=_commands(row, place, packages, python),
    )


def _target(session: "Session", row: Row, root: Path | None, context: Context) -> Target:
    """Return where a copy goes: a folder where its own store would not find it. TargetError."""
    if root is not None:
        return targets.of_directory(session, root, context)
    own = targets.of_environment(row.environment, context)
    if own.names is Names.FREE and own.store is not None:
        return own
    return targets.of_directory(session, targets.folder(session), context)


def _says_copy(
    session: "Session", row: Row, target: Target, packages: Again, offered: bool
) -> Iterator[str]:
    environment, home = row.environment, session.machine.home
    own = row.environment.root
    if offered and target.root != own:
        yield (
            f"It goes to {short_path(target.root, home)}: {visible(environment.store)} finds only "
            "what it named itself. `--to` puts it elsewhere."
        )
    count = len(environment.packages)
    some = f"{count} package{'' if count == 1 else 's'}"
    if packages.obstacles:
        why = " ".join(packages.obstacles[:_SHOWN])
        yield f"All files are copied, and made to name their new place. {why}"
    elif count:
        yield f"It is recreated with the same {some}, from uv's cache where that has them."
    else:
        yield "It is recreated; it holds no packages."
    sources = [visible(p.name, 64) for p in environment.packages if p.editable]
    if sources:
        yield f"Imported from the same source trees: {', '.join(sources)}."
    yield "It belongs to no project. The original is only read; the copy is started once."


def _warns(session: "Session", row: Row, target: Target, name: str) -> Iterator[str]:
    """Yield what the place has against it."""
    place = short_path(target.root, session.machine.home)
    if target.store is None:
        yield (
            f"{place} is no store: venvdash lists what lies there only after `venvdash stores "
            f"--add {place}`."
        )
    elif target.names is not Names.FREE:
        yield (
            f"{target.store.title} will not look for an environment called {visible(name)}: it "
            "finds only what it named itself."
        )
    if target.store is not None and target.store.name == "uv":
        yield "It lies in uv's cache: `uv cache prune` deletes it."
    if row.verdict.project is not None and target.root.is_relative_to(row.verdict.project):
        yield "It would lie in the project itself."


def _commands(
    row: Row, place: Path, packages: Again, python: str | None
) -> tuple[tuple[str, ...], ...]:
    if packages.obstacles:
        return ()
    base = python or str(base_python(row.environment))
    made = ("uv", "venv", "--python", base, str(place))
    install = ("uv", "pip", "install", "--no-deps", "--python", str(place))
    return (made, (*install, *(word for line in packages.requirements for word in _split(line))))


def _split(requirement: str) -> list[str]:
    return requirement.split(" ", 1) if requirement.startswith("-e ") else [requirement]


def propose_rename(session: "Session", row: Row, name: str) -> Proposal:
    """Return what giving it another name would do."""
    context = _context(session)
    proposal = Proposal(Action.RENAME, row)
    if reason := targets.refused_name(name):
        return replace(proposal, refusal=reason)
    proposal = replace(proposal, place=row.environment.entry.with_name(name))
    proposal = _moving(session, row, proposal, context)
    target = targets.of_environment(row.environment, context)
    says = ("Its programs and activation scripts are made to name the new place.", *proposal.says)
    warns = (*_warns(session, row, target, name), *proposal.warns)
    return proposal if proposal.refusal else replace(proposal, says=says, warns=warns)


def propose_move(session: "Session", row: Row, root: Path) -> Proposal:
    """Return what moving it to the store at ``root`` would do."""
    context = _context(session)
    proposal = Proposal(Action.MOVE, row)
    try:
        target = targets.of_directory(session, root, context)
    except (TargetError, OSError, ValueError) as error:
        return replace(proposal, refusal=str(error))
    name = _plain_name(row)
    place = target.root / name
    proposal = replace(proposal, place=place)
    if target.root == row.environment.entry.parent:
        return replace(proposal, refusal="It lies there already.")
    proposal = _moving(session, row, proposal, context)
    if not proposal.refusal and not _same_file_system(row, target.root, context):
        proposal = _moving_far(row, proposal, context)
    elif not proposal.refusal:
        said = "It is renamed into the other folder, and made to name its new place."
        proposal = replace(proposal, says=(said, *proposal.says))
    if proposal.refusal:
        return proposal
    warns = (*_warns(session, row, target, name), *proposal.warns)
    return replace(proposal, warns=warns)


def _plain_name(row: Row) -> str:
    """Return what it is called elsewhere: its entry's name, its own where that is a tool's."""
    entry = row.environment.entry
    return row.environment.traits.name if entry.name in (".venv", "venv", "env") else entry.name


def _moving(session: "Session", row: Row, proposal: Proposal, context: Context) -> Proposal:
    """Return the proposal with what holds of every change of place."""
    place = proposal.place or row.environment.entry
    try:
        for reason in renaming.refusals(row, place, session.rows, context):
            return replace(proposal, refusal=reason)
        led, files = links.following(row, place)
    except (OSError, ValueError) as error:
        return replace(proposal, refusal=f"It cannot be looked at: {words(error)}.")
    says = [f"{visible(change.path)} leads to the new place." for change in (*led, *files)]
    warns = [
        f"{visible(claim.source)} names it by its place and is not changed."
        for claim in row.verdict.claims
        if claim.direction is Direction.PROJECT
        and claim.how is not How.PROJECT_LINK
        and claim.source
    ]
    if reference := session.referenced(row.path):
        warns.append(f"It is named by its place, which is not changed: {visible(reference)}.")
    return replace(
        proposal,
        says=tuple(says),
        warns=tuple(dict.fromkeys(warns)),
        edits=files,
        links=tuple(Link(change.path, change.after or "") for change in led),
    )


def _moving_far(row: Row, proposal: Proposal, context: Context) -> Proposal:
    """Return the proposal to move to another file system: a copy, and the original deleted."""
    place = proposal.place or row.environment.entry
    reasons = [*copies.refusals(row, place, context, python=None)]
    if row.environment.path != row.environment.entry:
        reasons.append("Only part of what lies there is the environment: copy it instead.")
    if row.record is not None and row.record.pinned:
        reasons.append("It is pinned, so the original could not go to the trash.")
    if reasons:
        return replace(proposal, refusal=reasons[0])
    said = "All files are copied to the other file system, and made to name their new place."
    warning = "The original goes to the trash then, from where it can be restored."
    return replace(proposal, says=(said, *proposal.says), warns=(warning, *proposal.warns))


def _same_file_system(row: Row, root: Path, context: Context) -> bool:
    there = root
    while not os.path.lexists(there):
        there = there.parent
    same = os.stat(there).st_dev == os.lstat(row.environment.entry).st_dev
    return same and context.mounts.of(there) == context.mounts.of(row.environment.entry)


def apply(session: "Session", proposal: Proposal, cancel: threading.Event) -> Iterator[Told]:
    """Carry it out and tell how it goes; the last word is a ``Result``."""
    row, place = proposal.row, proposal.place
    if place is None:
        yield _result(proposal, Outcome.SKIPPED, "It has no place to go to.")
        return
    context = _context(session)
    try:
        if proposal.action is Action.COPY:
            yield from _copy(session, proposal, place, context, cancel)
        elif proposal.action is Action.RENAME or _same_file_system(row, place.parent, context):
            yield _rename(session, row, proposal, place, context)
        else:
            from venvdash.session import moving

            yield from moving.move(session, proposal, place, context, cancel)
    except CancelledError:
        yield _result(proposal, Outcome.SKIPPED, "Cancelled. Nothing was changed.")
    except ChangedError as error:
        yield _result(proposal, Outcome.SKIPPED, str(error))
    except FailedError as error:
        yield _result(proposal, Outcome.FAILED, str(error))
    except (OSError, ValueError) as error:
        yield _result(proposal, Outcome.FAILED, f"{words(error)}. The original is as it was.")


def _copy(
    session: "Session", proposal: Proposal, place: Path, context: Context, cancel: threading.Event
) -> Iterator[Told]:
    row = proposal.row
    packages = copies.packages_of(row.environment, context)
    wanted = Copying(row, place, None if packages.obstacles else packages, proposal.python)
    yield from copied(wanted, context, cancel)
    remember(session, place, place, None, copied_from=row.path)
    yield _result(proposal, Outcome.DONE, "", place)


def copied(
    wanted: Copying,
    context: Context,
    cancel: threading.Event,
    placing: Placing = copies.ignore,
) -> Generator[Told, None, Copied]:
    """Copy into a directory that is made if need be, and removed again if nothing comes of it."""
    parent = wanted.target.parent
    made = not os.path.isdir(parent)
    if made:
        parent.mkdir(parents=True)
    try:
        return (yield from copies.copy(wanted, context, cancel, placing))
    finally:
        if made:
            with suppress(OSError):
                parent.rmdir()


def _rename(
    session: "Session", row: Row, proposal: Proposal, place: Path, context: Context
) -> Result:
    with ExitStack() as stack:
        with suppress(OSError):  # where no state can be kept nobody relinks either
            stack.enter_context(Journals(session.machine.state_directory))
        for reason in checks.relinked(row, context):
            raise ChangedError(reason)
        note = renaming.rename(row, place, session.rows, context)
        prefix = place / row.environment.path.relative_to(row.environment.entry)
        remember(session, prefix, place, row.record)
    return _result(proposal, Outcome.DONE, note, place)


def remember(
    session: "Session",
    prefix: Path,
    entry: Path,
    known: Record | None,
    *,
    copied_from: Path | None = None,
) -> bool:
    """Store the record of what lies at a new place; ``known`` goes on there, None begins one.

    False where that cannot be done just now.
    """
    environment = environment_at(_context(session), prefix, entry)  # there may be a store more
    if environment is None:
        return False
    amended = amend(
        session,
        environment,
        known,
        lambda record: replace(record, copied_from=copied_from or record.copied_from),
    )
    return amended.stored


def environment_at(context: Context, prefix: Path, entry: Path) -> Environment | None:
    """Return the environment at a place, whether a store looks there or not; None for none."""
    root = next((above for above in entry.parents if above in context.roots), entry.parent)
    roots = {root: (Root(root, "folders"),), **context.roots}
    return read_at(prefix, entry, root, replace(context, roots=roots))


def _context(session: "Session") -> Context:
    return Context.current(session.machine, session.config, session.log)


def _result(proposal: Proposal, outcome: Outcome, reason: str, place: Path | None = None) -> Result:
    row = proposal.row
    return Result(row.path, row.name, outcome, reason, place=place or row.environment.entry)
