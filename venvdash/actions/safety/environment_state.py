"""What an environment was when it was shown, and what it is now: nothing in it may have changed."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.errors import ChangedError, GoneError
from venvdash.model import Claim, Environment, EvidenceKind, Flag, NotEnvironment, Record, Row
from venvdash.records import sidecar
from venvdash.records.sidecar import SidecarProblem
from venvdash.scanner.discovery.inspection import inspect
from venvdash.scanner.discovery.inspection_cache import InspectionCache
from venvdash.stores.roots import Entry


@dataclass(frozen=True, slots=True)
class EnvironmentState:
    """What an environment was at one moment: equal again, or it is left alone.

    ``text`` is an alias's own. ``said`` is what the user said of it, as its sidecar has it: the
    rest of a sidecar changes with every listing. ``sidecar`` is the whole of it.
    """

    environment: Environment
    claims: tuple[Claim, ...]
    said: tuple[object, ...]
    text: str = ""
    sidecar: bytes | SidecarProblem | None = field(default=None, compare=False)


class States:
    """What environments were when a plan was made, and what they are now.

    What has not changed since is not read again, by the rule of ``inspection_cache``.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._planned = InspectionCache({}, context.mounts)
        self._now = InspectionCache(self._planned.added, context.mounts)
        self._known: dict[Path, EnvironmentState] = {}

    def first(self, row: Row) -> EnvironmentState:
        """Return what an environment is as the plan is made; raises as ``look`` does."""
        if row.path not in self._known:
            self._known[row.path] = look(row, self._context, self._planned)
        return self._known[row.path]

    def again(self, row: Row) -> EnvironmentState:
        """Return what it is now; raises as ``look`` does."""
        cache = self._now if str(row.path) in self._planned.added else None
        return look(row, self._context, cache, self._known.get(row.path))


def look(
    row: Row,
    context: Context,
    cache: InspectionCache | None = None,
    before: EnvironmentState | None = None,
) -> EnvironmentState:
    """Read an environment again; nothing in it is run. Raises ChangedError if it is none any more.

    What was found at the last scan must still be there: the same directory with the same
    ``pyvenv.cfg``, not one that was made since under its name. What ``cache`` has is not read
    again while it is unchanged, nor is a sidecar parsed that is as it was ``before``.
    """
    known = row.environment
    entry = Entry(known.path, known.entry)
    linked = os.path.islink(known.path) or os.path.islink(known.entry)
    if known.target is None and linked:
        raise ChangedError("It was replaced by a link since it was listed.")
    if known.target is not None and not linked:
        _lost(known)
        raise ChangedError("It was a link when it was listed, but is no longer one.")
    reason = ""
    for root in context.roots_of(known):
        inspected = inspect(entry, replace(root, path=known.root), context.machine.uid, cache)
        if isinstance(inspected, NotEnvironment):
            _lost(known)
            it = "" if inspected.reason.startswith("its ") else "it "
            reason = f"It is no longer an environment: {it}{inspected.reason}."
        elif inspected.environment.fingerprint != known.fingerprint:
            raise ChangedError("Another environment has replaced it since it was listed.")
        elif inspected.environment.target != known.target:
            raise ChangedError("Its link has changed to another target since it was listed.")
        elif (inspected.environment.store, inspected.environment.traits.kind) == (
            known.store,
            known.traits.kind,
        ):
            text = os.readlink(known.entry) if known.target is not None else ""
            flags = inspected.environment.flags - {Flag.DEBRIS}  # ``marked`` says more of that
            same = replace(inspected.environment, used=None, sidecar=False, flags=flags)
            content = sidecar.content(known.path, context.machine.uid)
            as_before = before is not None and before.sidecar == content
            said = before.said if before is not None and as_before else _said(content)
            return EnvironmentState(same, inspected.claims, said, text, content)
    raise ChangedError(reason or "It is not in any store that venvdash currently reads.")


def _lost(environment: Environment) -> None:
    """Raise ChangedError if nothing is at its place."""
    try:
        os.lstat(environment.entry)
    except (FileNotFoundError, NotADirectoryError):
        raise GoneError("It was already removed.") from None
    except OSError:
        pass


def _said(content: bytes | SidecarProblem | None) -> tuple[object, ...]:
    record = sidecar.parsed(content) if isinstance(content, bytes) else None
    if not isinstance(record, Record):
        return ()
    annotations = (record.note, record.pinned, user_links(record))
    return annotations if any(annotations) else ()


def user_links(record: Record) -> frozenset[tuple[Path, EvidenceKind]]:
    """Return the projects that the user said it belongs to, or does not."""
    return frozenset(
        (one.path, one.how)
        for one in record.projects
        if one.how in (EvidenceKind.USER, EvidenceKind.DENIED)
    )
