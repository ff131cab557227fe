"""The rows of projects whose environment is missing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from venvdash.model import (
    Environment,
    EnvironmentIdentity,
    Location,
    MissingEnvironment,
    Row,
    Status,
    Traits,
    Usage,
    Verdict,
)
from venvdash.scanner.events import VerdictsDecided
from venvdash.stores import of_name

_NO_IDENTITY = EnvironmentIdentity(0, 0, 0, 0)


def missed(
    environments: Iterable[MissingEnvironment], absences: Mapping[Path, float]
) -> Iterator[MissingEnvironment]:
    """Yield those that were not deleted or hidden since they were last seen.

    ``absences`` are the times of that, by entry, in seconds since the epoch.
    """
    for one in environments:
        since = max((absences.get(path, 0.0) for path in (one.path, one.path.parent)), default=0.0)
        if not since or (one.record is not None and one.record.last_seen > since):
            yield one


def row(
    one: MissingEnvironment, judged: VerdictsDecided, usage: Usage | None, cwd: Path | None
) -> Row:
    """Return the row of a project without its environment; ``usage`` is what that had."""
    name = judged.names.get(one.project) or one.project.name
    store = of_name(one.store or "folders")
    environment = Environment(
        path=one.path,
        entry=one.path,
        root=one.path.parent,
        store=one.store,
        traits=Traits(store.kinds[0].name if store else "venv", one.path.name),
        fingerprint=_NO_IDENTITY,
        python=one.record.python if one.record else None,
        base=one.record.base if one.record else None,
        packages_known=False,
        location=Location.CENTRAL if one.store else Location.LINKED,
    )
    return Row(
        environment,
        Verdict(Status.MISSING, one.reason, (one.project,)),
        name,
        usage=replace(usage, reclaimable=0, cache_held=None) if usage else None,
        record=one.record,
        here=cwd is not None and one.project in (cwd, *cwd.parents),
        title=judged.names.get(one.project, ""),
        pointed=(one.project,) if one.link is not None else (),
    )
