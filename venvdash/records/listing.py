"""What `list --no-usage` printed, with the state of everything that it was computed from.

The folder ``listings`` in the state directory has one file for each directory where `list` was run
lately, since the projects around that count. A file has the sections of ``records.answers``: the
state (see ``system.disk_state``), where the environments are, the environments as `--json` prints
them, where each begins there, what is printed before and after them, and the rows of the table. It
is used only while the state is unchanged; which environments are in use or locked is looked at each
time. This module imports little: see ``without_scan``.
"""

import json
import os
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from venvdash.formats import time_json
from venvdash.records import answers
from venvdash.system import disk_state
from venvdash.system.state_files import StateFolder

FOLDER = "listings"
IN_USE, LOCKED = "in-use", "locked"  # flags of the moment
_LIMIT = 512 * 1024 * 1024  # bytes of one file
_MOST, _TOTAL = 16, 64 * 1024 * 1024  # files, and bytes of all of them, but for the newest
_BETWEEN = b", "  # two environments in JSON, as json.dumps writes it
_PRINTABLE = bytes(range(0x20, 0x7F))
_SECTIONS = 6


class ListedRow(NamedTuple):
    """What the table shows of an environment.

    ``used`` is in seconds since the epoch. ``flags`` are those that are shown, ``outside`` is
    whether it lies in no store, ``place`` where its project is, ``here`` whether that is the
    project of the current directory.
    """

    name: str
    python: str | None
    used: float | None
    status: str
    outside: bool
    flags: Sequence[str]
    kind: str
    place: str
    here: bool


class Listing:
    """A remembered list; the content was written by anybody.

    ``paths`` are those of all environments in their order, ``directories`` the numbers of those at
    each path, also with links resolved, ``locks`` the numbers of those that a tool may have locked.
    Raises ValueError where it is none.
    """

    def __init__(self, places: bytes, environments: bytes, starts: bytes, around: bytes) -> None:
        self._environments = environments
        try:
            self._starts = array("q", starts)
            self._before, self._after = around.split(b"\n")
            paths, resolved, locks = json.loads(places)
            self.paths: list[str] = paths
            self.locks: list[int] = locks
            self.directories = {path: [number] for number, path in enumerate(paths)}
            for number, path in resolved:
                self.directories.setdefault(path, []).append(number)
            valid = self._is_valid()
        except (TypeError, IndexError, RecursionError) as error:
            raise ValueError("is no list") from error
        if not valid:
            raise ValueError("is no list")

    def _is_valid(self) -> bool:
        count, starts = len(self.paths), self._starts
        text = (self._environments, self._before, self._after)
        return (
            len(starts) == count
            and all(map(int.__lt__, starts, starts[1:]))
            and not any(part.translate(None, _PRINTABLE) for part in text)
            and all(map(os.path.isabs, self.directories))
            and all(0 <= number < count for number in self.locks)
        )

    def json(self, more: Mapping[int, frozenset[str]], now: float) -> bytes:
        """Return what `--json` prints; ``more`` are the flags of the moment. Raises ValueError."""
        text, parts, done = self._environments, [self._before], 0
        for number, flags in sorted(more.items()):
            start = self._starts[number]
            last = number + 1 == len(self._starts)
            end = len(text) if last else self._starts[number + 1] - len(_BETWEEN)
            parts += [text[done:start], _with_flags(text[start:end], flags, now)]
            done = end
        return b"".join((*parts, text[done:], self._after, b"\n"))


def _with_flags(text: bytes, more: frozenset[str], now: float) -> bytes:
    environment = json.loads(text)
    try:
        environment["flags"] = sorted({*environment["flags"], *more})
    except (TypeError, KeyError) as error:
        raise ValueError("is no environment") from error
    if IN_USE in more:
        environment["used"] = time_json(now)
    return json.dumps(environment).encode()


def rows(table: bytes, more: Mapping[int, frozenset[str]], now: float) -> list[ListedRow]:
    """Return the rows of the table; ``more`` are the flags of the moment. Raises ValueError.

    First those of the environments by number, then those of projects without environment.
    """
    try:
        listed = [ListedRow(*row) for row in json.loads(table)]
        for number, flags in more.items():
            row = listed[number]
            used = now if IN_USE in flags else row.used
            listed[number] = row._replace(flags=sorted({*row.flags, *flags}), used=used)
        valid = all(map(_is_row, listed))
    except (TypeError, IndexError, RecursionError) as error:
        raise ValueError("is no table") from error
    if not valid:
        raise ValueError("is no table")
    return listed


def _is_row(row: ListedRow) -> bool:
    texts = (row.name, row.status, row.kind, row.place, row.python or "", *row.flags)
    return (
        all(isinstance(text, str) for text in texts)
        and (row.used is None or isinstance(row.used, int | float))
        and isinstance(row.outside, bool)
        and isinstance(row.here, bool)
    )


def read(state: Path, cwd: str) -> tuple[Listing, bytes] | None:
    """Return the remembered list of a directory, and its table, for ``rows``.

    None if there is none, or anything has changed. Raises OSError, files.UnreadableError and
    ValueError if there is no file that can be used.
    """
    data = StateFolder(state, FOLDER).read(_name(cwd), _LIMIT)
    _, (unchanged, *parts, table) = answers.sections(data, _SECTIONS)
    return (Listing(*parts), table) if disk_state.unchanged(unchanged, cwd) else None


def write(
    state: Path,
    cwd: str,
    unchanged: bytes,
    environments: Sequence[tuple[str, str, ListedRow]],
    around: tuple[str, str],
    locks: Iterable[int],
    missing: Iterable[ListedRow] = (),
) -> None:
    """Remember the list of a directory. Raises OSError.

    ``unchanged`` is the state of what it was computed from. ``environments`` are the path, the JSON
    and the row of each, without flags of the moment; ``around`` is what is printed before and after
    their JSON, ``locks`` are the numbers of those that a tool may have locked, ``missing`` the rows
    of projects without environment.
    """
    paths = [path for path, _, _ in environments]
    resolved = [
        (at, real) for at, path in enumerate(paths) if (real := os.path.realpath(path)) != path
    ]
    texts = [text.encode() for _, text, _ in environments]
    starts = accumulate((len(text) + len(_BETWEEN) for text in texts[:-1]), initial=0)
    sections = [
        unchanged,
        json.dumps([paths, resolved, list(locks)]).encode(),
        _BETWEEN.join(texts),
        array("q", starts).tobytes(),
        "\n".join(around).encode(),
        json.dumps([*(row for _, _, row in environments), *missing]).encode(),
    ]
    folder = StateFolder(state, FOLDER)
    folder.write(_name(cwd), answers.written(sections))
    for name in _oldest(folder):
        folder.remove(name)


def _name(cwd: str) -> str:
    return f"{zlib.crc32(os.fsencode(cwd)):08x}"  # the state has the whole path


def _oldest(folder: StateFolder) -> list[str]:
    """Return the names of the files that are too many, or too large. Raises OSError."""
    files = [(os.lstat(folder.path / name), name) for name in folder.names()]
    files.sort(key=lambda one: one[0].st_mtime_ns, reverse=True)
    sizes = accumulate((status.st_size for status, _ in files[1:]), initial=0)
    return [
        name
        for number, (size, (_, name)) in enumerate(zip(sizes, files, strict=True))
        if number >= _MOST or size > _TOTAL
    ]
