"""The last complete list, which is what the dashboard shows in its first frame.

The file ``list`` in the state directory:

- ``venvdash list 2`` and a newline: the format and its version
- the length of the header and the CRC-32 of all that follows, 4 bytes each, little endian
- the header, a JSON object
- the status of each row, 1 byte each
- where the record of each row begins, and where the last one ends, 4 bytes each
- a record for each row in the order in which the list shows them: a JSON array

So the first frame decodes no more rows than it draws. Only what a scan confirms may be acted on; a
file that is damaged, or of another version, machine, HOME or user, counts as none.
"""

import json
import os
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, overload

from venvdash.model.sorting import SORT_KEYS, in_order
from venvdash.model.status import Status
from venvdash.model.summary import Summary, Sums
from venvdash.records.snapshot_rows import STORED, DamagedError, moment, read_row, whole, write_row
from venvdash.system.files import UnreadableError, own_uid
from venvdash.system.foreground import in_turns
from venvdash.system.state_files import StateFolder

NAME = "list"
_MAGIC = b"venvdash list 2\n"
_SIZES = struct.Struct("<II")
_LIMIT = 256 * 1024 * 1024  # bytes of the file
_FRESH = 60.0  # seconds after which an unchanged list is worth its new date
_STATUSES = tuple(Status)
_UNREADABLE = Summary(Path("/"), "?", Status.CHECKING, confirmed=False)


class Settings(NamedTuple):
    """How the list is shown: the view's name, the sort key, and the direction."""

    view: str = "all"
    sort: str = "name"
    descending: bool = False


class Snapshot:
    """A remembered list.

    ``written``: when, in seconds since the epoch. ``largest``: the bytes on disk of the largest
    row. ``other`` counts problems and oddities.
    """

    def __init__(self, data: bytes, place: str, cwd: Path | None = None) -> None:
        """Take the file's content; raises DamagedError unless this user wrote it at this place.

        Rows of a project at or above ``cwd`` are marked as ``here``.
        """
        self._above = frozenset(map(str, (cwd, *cwd.parents))) if cwd is not None else frozenset()
        self._decoded: dict[int, Summary] = {}
        try:
            body = self._read_header(data, place)
        except (KeyError, TypeError, ValueError, RecursionError, struct.error) as error:
            raise DamagedError(str(error)) from error
        count = self._count
        self.statuses = bytes(body[:count])
        at = count + 4 * (count + 1)
        if len(body) < at or max(self.statuses, default=0) >= len(_STATUSES):
            raise DamagedError("the table of rows is not complete")
        self._starts = struct.unpack(f"<{count + 1}I", body[count:at])
        self._records = body[at:]

    def _read_header(self, data: bytes, place: str) -> memoryview:
        """Take the header's values and return what follows it."""
        begin = len(_MAGIC) + _SIZES.size
        if not data.startswith(_MAGIC):
            raise DamagedError("another format")
        length, checksum = _SIZES.unpack_from(data, len(_MAGIC))
        rest = memoryview(data)[begin:]
        if zlib.crc32(rest) != checksum or length > len(rest):
            raise DamagedError("the checksum differs")
        header = json.loads(bytes(rest[:length]))
        mine = _identity(place)
        if {key: header[key] for key in mine} != mine:
            raise DamagedError("another version, machine, HOME or user")
        self._count = whole(header["rows"], 2**24)
        self.written = moment(header["written"])
        self.settings = Settings(*header["settings"])
        self.largest, self.other = whole(header["largest"]), whole(header["other"])
        self._sums = [tuple(map(whole, sums)) for sums in header["sums"]]
        if [len(part) for part in self._sums] != [3] * len(_STATUSES):
            raise DamagedError("the sums are not complete")
        view, sort, descending = self.settings
        if not (isinstance(view, str) and sort in SORT_KEYS and isinstance(descending, bool)):
            raise DamagedError("no such settings")
        return rest[length:]

    @property
    def sums(self) -> dict[Status, Sums]:
        """The sums over the rows of each status."""
        counts = Counter(self.statuses)
        parts = enumerate(zip(_STATUSES, self._sums, strict=True))
        return {status: Sums(counts[code], *part) for code, (status, part) in parts}

    def rows(self, status: Status | None = None) -> "RememberedRows":
        """Return the rows in their order, or those with a status; none is decoded yet."""
        if status is None:
            return RememberedRows(self, range(self._count))
        code = _STATUSES.index(status)
        return RememberedRows(self, [at for at, one in enumerate(self.statuses) if one == code])

    def decode(self) -> list[Summary]:
        """Return all rows. Raises DamagedError."""
        rows = [self.row(number) for number in in_turns(range(self._count))]
        if len({row.path for row in rows}) < len(rows):
            raise DamagedError("a path is listed twice")
        return rows

    def row(self, number: int) -> Summary:
        """Return one row. Raises DamagedError."""
        if number not in self._decoded:
            start, end = self._starts[number : number + 2]
            if not start <= end <= len(self._records):
                raise DamagedError("a record lies outside the file")
            row = read_row(bytes(self._records[start:end]))
            if row.status is not _STATUSES[self.statuses[number]]:
                raise DamagedError("a record has another status than its row")
            here = not self._above.isdisjoint(row.projects)
            self._decoded[number] = row._replace(here=True) if here else row
        return self._decoded[number]


class RememberedRows(Sequence[Summary]):
    """Rows of a snapshot that are decoded when they are drawn."""

    def __init__(self, snapshot: Snapshot, numbers: Sequence[int]) -> None:
        self.snapshot, self._numbers = snapshot, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def largest(self) -> int:
        """The bytes on disk of the largest row."""
        if len(self) == len(self.snapshot.statuses):
            return self.snapshot.largest
        return max((row.on_disk or 0 for row in self), default=0)

    @overload
    def __getitem__(self, at: int) -> Summary: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Summary]: ...
    def __getitem__(self, at: int | slice) -> Summary | Sequence[Summary]:
        """Return a row; where it is damaged one without a name, which the scan removes."""
        if isinstance(at, slice):
            return RememberedRows(self.snapshot, self._numbers[at])
        number = self._numbers[at]
        try:
            return self.snapshot.row(number)
        except DamagedError:
            return _UNREADABLE._replace(path=Path(f"/{number}"))


def read(state: Path, host: str, cwd: Path | None = None) -> Snapshot | None:
    """Return the list remembered in a state directory, None where there is none to trust."""
    try:
        return Snapshot(StateFolder(state, ".").read(NAME, _LIMIT), _place(state, host), cwd)
    except (OSError, UnreadableError, DamagedError):
        return None


def write(
    state: Path,
    host: str,
    rows: Iterable[Summary],
    *,
    other: int,
    now: float,
    settings: Settings | None = None,
) -> bool:
    """Remember a complete list, unless it is the one remembered just now; return whether it was.

    ``other`` counts problems and oddities. Without ``settings`` those of the remembered one stay.
    Raises OSError.
    """
    folder, place = StateFolder(state, "."), _place(state, host)
    before = b""
    with suppress(OSError, UnreadableError):
        before = folder.read(NAME, _LIMIT)
    old: Snapshot | None = None
    with suppress(DamagedError):
        old = Snapshot(before, place)
    settings = settings or (old.settings if old else Settings())
    shown = in_order(rows, settings.sort, descending=settings.descending)
    fresh = old is not None and 0 <= now - old.written < _FRESH
    encoded = _encoded(shown)
    if old and fresh:
        header = _header(shown, place, other=other, now=old.written, settings=settings)
        if _file(header, encoded) == before:
            return False
    header = _header(shown, place, other=other, now=now, settings=settings)
    del shown, old, before  # all rows take much memory
    folder.write(NAME, _file(header, encoded))
    return True


def encode(
    shown: Sequence[Summary], place: str, *, other: int, now: float, settings: Settings
) -> bytes:
    """Return the file's content for rows in the order of ``settings``."""
    header = _header(shown, place, other=other, now=now, settings=settings)
    return _file(header, _encoded(shown))


def _file(header: bytes, rows: bytes) -> bytes:
    checksum = zlib.crc32(rows, zlib.crc32(header))
    return b"".join((_MAGIC, _SIZES.pack(len(header), checksum), header, rows))


def _encoded(shown: Sequence[Summary]) -> bytes:
    """Return what follows the header."""
    records, starts, end = list[bytes](), [0], 0
    for row in in_turns(shown):
        records.append(write_row(row))
        end += len(records[-1])
        starts.append(end)
    statuses = bytes(_STATUSES.index(row.status) for row in shown)
    return b"".join((statuses, struct.pack(f"<{len(starts)}I", *starts), *records))


def _header(
    shown: Sequence[Summary], place: str, *, other: int, now: float, settings: Settings
) -> bytes:
    sums = {status: Sums() for status in _STATUSES}
    for row in in_turns(shown):
        sums[row.status].count(row)
    return json.dumps(
        {
            **_identity(place),
            "written": now,
            "rows": len(shown),
            "settings": settings,
            "largest": max((row.on_disk or 0 for row in shown), default=0),
            "other": other,
            "sums": [(one.reclaimable, one.measured, one.bounded) for one in sums.values()],
        }
    ).encode()


def _place(state: Path, host: str) -> str:
    """Return the host and the state directory: a copied HOME has other paths than its list."""
    return f"{host} {os.path.realpath(state)}"


def _identity(place: str) -> dict[str, object]:
    """Return what must be equal for a list to be this user's, of this place and this version."""
    return {
        "place": place,
        "uid": own_uid(),
        "statuses": [status.value for status in Status],
        "fields": list(STORED),
    }
