"""Joining two records of one environment, and telling what of them is worth writing."""

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from operator import attrgetter

from venvdash.model import EvidenceKind, ProjectRecord, Record

MOST_PROJECTS = 16
_DAY = 24 * 60 * 60.0


def merge(first: Record, second: Record) -> Record:
    """Return one record of what two sources say of the same environment.

    Identity, path, fingerprint, note and pin are the newer one's by ``last_seen``
    (``first``'s where equal); projects are joined by ``projects``.
    """
    newer, older = (second, first) if second.last_seen > first.last_seen else (first, second)
    if not _adds(older, newer):  # as a rule; a thousand listed environments notice
        return newer
    return replace(
        newer,
        projects=projects((*newer.projects, *older.projects)),
        last_sync=_latest(first.last_sync, second.last_sync),
        last_shell=_latest(first.last_shell, second.last_shell),
        first_seen=_earliest(first.first_seen, second.first_seen),
    )


def _adds(older: Record, newer: Record) -> bool:
    """Whether the older record holds anything that the newer one lacks."""
    return (
        older.projects != newer.projects
        or (older.last_sync or 0.0) > (newer.last_sync or 0.0)
        or (older.last_shell or 0.0) > (newer.last_shell or 0.0)
        or older.first_seen != newer.first_seen
    )


def projects(records: Iterable[ProjectRecord]) -> tuple[ProjectRecord, ...]:
    """Return one record a path, newest first, ``MOST_PROJECTS`` at most.

    Of several with one path the one seen last stays, a proof before a mention, with the earliest
    ``first_seen`` of them.
    """
    kept: dict[object, ProjectRecord] = {}
    for record in records:
        known = kept.get(record.path)
        if known is None:
            kept[record.path] = record
            continue
        best = record if _weight(record) > _weight(known) else known
        first = _earliest(record.first_seen, known.first_seen)
        kept[record.path] = replace(best, first_seen=first)
    newest = sorted(kept.values(), key=lambda record: -record.last_seen)
    return tuple(newest[:MOST_PROJECTS])


def as_hints(records: Iterable[ProjectRecord]) -> tuple[ProjectRecord, ...]:
    """Return the records as mentions: they still name a project, and prove nothing."""
    return tuple(replace(record, how=EvidenceKind.MENTION) for record in records)


def worth_writing(stored: Record | None, record: Record) -> bool:
    """Return whether ``record`` says more than what is stored.

    When something was last seen is news only once a day, so that a listing does not write to
    every environment.
    """
    if stored is None:
        return True
    return record.last_seen - stored.last_seen >= _DAY or not _alike(stored, record)


def _alike(stored: Record, record: Record) -> bool:
    """Return whether two records differ at most in when something was last seen."""
    return _values(stored) == _values(record) and {
        project.path: _project_values(project) for project in stored.projects
    } == {project.path: _project_values(project) for project in record.projects}


def _but(cls: type, *left_out: str) -> Callable[[object], tuple[object, ...]]:
    return attrgetter(*(field.name for field in fields(cls) if field.name not in left_out))


_values = _but(Record, "last_seen", "projects", "python", "base")
_project_values = _but(ProjectRecord, "last_seen")


def _weight(record: ProjectRecord) -> tuple[float, bool]:
    return record.last_seen, record.how is not EvidenceKind.MENTION


def _latest(first: float | None, second: float | None) -> float | None:
    return max((time for time in (first, second) if time is not None), default=None)


def _earliest(first: float, second: float) -> float:
    """Return the earlier time; 0 is "not known"."""
    return min(first or second, second or first)
