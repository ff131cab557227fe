"""``venvdash.toml`` in an environment: its record, where a copy or a backup takes it along.

Anybody may have written the file that is read here, so it is read behind hard limits.
"""

import errno
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.model import Environment, Flag, Record
from venvdash.records import schema
from venvdash.system.atomic import write_atomically
from venvdash.system.files import UnreadableError, own_uid, read_regular
from venvdash.system.toml_limits import TomlError, parse

NAME = "venvdash.toml"
LIMIT = 8 * 1024  # bytes
_COMMENT = "What venvdash remembers of this environment. Safe to delete."
_BLOCK = 4096  # bytes that every file system writes at once, or not at all
_MICROSECOND = 1e-6  # more than is lost where a time is stored
_MOST_DOTS = 3  # in one key; tomllib's time grows with their square
_DEEPEST = 4  # brackets inside brackets; ours has two


@dataclass(frozen=True, slots=True)
class SidecarProblem:
    """A sidecar that exists but is not trusted; ``reason`` continues "the file …".

    ``newer``: a later version of venvdash wrote it, so it is left alone.
    """

    reason: str
    newer: bool = False


def read(directory: Path, uid: int | None) -> Record | SidecarProblem | None:
    """Return the record in the environment ``directory``; None where it has no sidecar.

    ``uid`` is as for ``content``. Never raises and never waits.
    """
    data = content(directory, uid)
    return parsed(data) if isinstance(data, bytes) else data


def content(directory: Path, uid: int | None) -> bytes | SidecarProblem | None:
    """Return the file as it is, for ``parsed``; None where there is none.

    ``uid`` is the user that the file must belong to, unless it is root's; None where the system has
    no users. Never raises and never waits: at most ``LIMIT`` bytes of a regular file are read.
    """
    try:
        return read_regular(directory / NAME, LIMIT, owner=uid, or_root=True)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (UnreadableError, OSError, ValueError) as error:
        return SidecarProblem(str(error))


def parsed(data: bytes) -> Record | SidecarProblem:
    """Return the record in the content of a sidecar. Never raises."""
    try:
        return _record(data)
    except schema.SchemaError as error:
        return SidecarProblem(str(error), error.newer)
    except TomlError as error:
        return SidecarProblem(str(error))


def write(directory: Path, record: Record, *, flush: bool = True) -> None:
    """Write ``record`` as the sidecar of the environment ``directory``.

    Keys and comments that others added at the top level are kept. Where it would grow beyond
    ``LIMIT`` bytes the projects seen longest ago are left out. Nothing is written where the file
    says all that already. It gets the time at which the environment was last seen, so that who has
    the record need not read it.

    Without ``flush`` a power failure may leave an empty file or zeros, which ``read`` does not take
    for a record: for what the index has as well.

    Raises OSError (the old content stays): no permission, disk full; FileExistsError where a newer
    version wrote the file, EFBIG where note and path alone are too large.
    """
    before = _present(directory)
    others = before is not None and _fresh(_record(before)) != before
    versions = _versions(record, before if others else None)
    data = next((d for d in versions if len(d) <= LIMIT), None)
    if data is None:
        raise OSError(errno.EFBIG, "too large for a sidecar", str(directory / NAME))
    if data != before:
        seen = max(record.last_seen - _MICROSECOND, 0.0)
        # A part of a longer file could pass for a record with fewer projects.
        whole = flush or len(data) > _BLOCK
        write_atomically(directory, NAME, data, mode=0o600, flush=whole, modified=seen)


def _present(directory: Path) -> bytes | None:
    """Return the file as it is, if it may be kept. Raises FileExistsError for a newer one's."""
    try:
        data = read_regular(directory / NAME, LIMIT, owner=own_uid(), or_root=True)
        _record(data)
    except schema.SchemaError as error:
        if error.newer:
            message = "a newer version of venvdash wrote this sidecar"
            raise FileExistsError(errno.EEXIST, message, str(directory / NAME)) from error
        return None
    except (UnreadableError, OSError, ValueError):
        return None
    return data


def _versions(record: Record, before: bytes | None) -> Iterator[bytes]:
    """Yield what may be written, from the fullest down to what venvdash cannot do without."""
    newest = sorted(record.projects, key=lambda project: -project.last_seen)

    def fewer() -> Iterator[Record]:
        yield record if len(newest) < 2 else replace(record, projects=tuple(newest))
        for count in range(len(newest) - 1, -1, -1):
            yield replace(record, projects=tuple(newest[:count]))

    if before is not None:
        # Others' keys go before the last project does.
        edited = (_edited(one, before) for one in fewer() if one.projects or not newest)
        yield from (data for data in edited if data is not None)
    yield from map(_fresh, fewer())


def _fresh(record: Record) -> bytes:
    from venvdash.system import toml_text  # most listings write nothing

    return toml_text.dumps(schema.to_table(record), _COMMENT)


def _edited(record: Record, before: bytes) -> bytes | None:
    """Return ``before`` with this record's values; None where they cannot be worked into it."""
    import tomlkit  # 30 ms, and a listing that has nothing to write does without
    from tomlkit.exceptions import TOMLKitError

    table = schema.to_table(record)
    try:
        document = tomlkit.parse(before)
        for key in ("schema", *schema.RECORD.keys):  # others' are left as they were found
            if key in table:
                document[key] = table[key]
            else:
                document.pop(key, None)
        data = tomlkit.dumps(document).encode()
        # Editing around what others wrote is the one step that may go wrong.
        return data if _record(data) == schema.from_table(table) else None
    except (TOMLKitError, ValueError, RecursionError):
        return None


def _record(data: bytes) -> Record:
    """Return the record that a sidecar holds. Raises SchemaError and TomlError."""
    return schema.from_table(parse(data, dots=_MOST_DOTS, depth=_DEEPEST))


def keeps_sidecar(environment: Environment) -> bool:
    """Return whether a sidecar may be written into an environment."""
    return (
        environment.traits.keeps_sidecar
        and environment.target is None
        and not environment.flags & {Flag.NOT_OWNED, Flag.READ_ONLY}
    )
