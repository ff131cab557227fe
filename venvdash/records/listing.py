"""What `list --no-usage` printed, with the state of everything that it was computed from.

The file ``listing`` in the state directory has the sections of ``records.answers``: the state (see
``system.disk_state``), an index, the environments as `--json` prints them, and what comes before
and after them there. The index, in JSON, has what the table shows of each environment, where its
part of the JSON begins, and which of them have a lock that a tool may hold. It is used only while
the state is unchanged; which environments are in use or locked is looked at each time. This module
imports little: see ``quick_answers``.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from venvdash.formats import time_json
from venvdash.records import answers
from venvdash.system import disk_state
from venvdash.system.state_files import StateFolder

NAME = "listing"
_LIMIT = 512 * 1024 * 1024  # bytes
_BETWEEN = b", "  # two environments in JSON, as json.dumps writes it
IN_USE, LOCKED = "in-use", "locked"
_PRINTABLE = bytes(range(0x20, 0x7F))
_MOST = 1_000_000  # environments


class ListedRow(NamedTuple):
    """What the table shows of an environment.

    ``used`` is in seconds since the epoch. ``flags`` are those that are shown, ``outside`` is
    whether it lies in no store, ``place`` where its project is, ``here`` whether that is the
    project of the current directory.
    """

    path: str
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
    """A remembered list; the content was written by anybody. Raises ValueError where it is none."""

    def __init__(self, state: bytes, index: bytes, environments: bytes, around: bytes) -> None:
        self.state, self._environments = state, environments
        try:
            found = json.loads(index)
            self._before, self._after = json.loads(around)
            self._starts = [*found["starts"], len(environments) + len(_BETWEEN)]
            self.rows = [ListedRow(*row) for row in found["rows"]]
            self.locks = [self.rows[number].path for number in found["locks"]]
            valid = self._is_valid()
        except (KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
            raise ValueError("is no list") from error
        if not valid:
            raise ValueError("is no list")

    def _is_valid(self) -> bool:
        text = self._environments + self._before.encode() + self._after.encode()
        starts = self._starts
        return (
            len(starts) == len(self.rows) + 1
            and all(map(int.__le__, starts, starts[1:]))
            and not text.translate(None, _PRINTABLE)
            and all(map(_is_row, self.rows))
        )

    def json(self, more: Mapping[str, frozenset[str]], now: float) -> bytes:
        """Return what `--json` prints; ``more`` are the flags of the moment, by path."""
        parts, done = [self._before.encode()], 0
        for number, row in enumerate(self.rows if more else ()):
            if row.path in more:
                start, end = self._starts[number : number + 2]
                parts += [
                    self._environments[done:start],
                    _with_flags(
                        self._environments[start : end - len(_BETWEEN)], more[row.path], now
                    ),
                ]
                done = end - len(_BETWEEN)
        return b"".join((*parts, self._environments[done:], self._after.encode(), b"\n"))

    def table(self, more: Mapping[str, frozenset[str]], now: float) -> list[ListedRow]:
        """Return the rows of the table."""
        return [
            row._replace(
                flags=sorted({*row.flags, *more[row.path]}),
                used=now if IN_USE in more[row.path] else row.used,
            )
            if row.path in more
            else row
            for row in self.rows
        ]


def _is_row(row: ListedRow) -> bool:
    texts = (row.path, row.name, row.status, row.kind, row.place, row.python or "", *row.flags)
    used = row.used
    return (
        all(isinstance(text, str) for text in texts)
        and os.path.isabs(row.path)
        and (used is None or isinstance(used, int | float))
        and isinstance(row.outside, bool)
        and isinstance(row.here, bool)
    )


def _with_flags(text: bytes, more: frozenset[str], now: float) -> bytes:
    environment = json.loads(text)
    environment["flags"] = sorted({*environment["flags"], *more})
    if IN_USE in more:
        environment["used"] = time_json(now)
    return json.dumps(environment).encode()


def read(state: Path, cwd: str) -> Listing | None:
    """Return the remembered list of a directory; None if there is none, or anything has changed.

    Raises OSError, files.UnreadableError and ValueError if there is no file that can be used.
    """
    _, parts = answers.sections(StateFolder(state, ".").read(NAME, _LIMIT), 4)
    return Listing(*parts) if disk_state.unchanged(parts[0], cwd) else None


def write(
    state: Path,
    unchanged: bytes,
    rows: Sequence[tuple[ListedRow, str]],
    around: tuple[str, str],
    locks: Iterable[int],
) -> None:
    """Remember a list. Raises OSError.

    ``unchanged`` is the state of what it was computed from, ``rows`` are the environments, each
    with its JSON, without flags of the moment; ``around`` is what is printed before and after
    them, ``locks`` the numbers of those that may be locked.
    """
    texts = [text.encode() for _, text in rows]
    ends = accumulate(len(text) + len(_BETWEEN) for text in texts)
    index = {
        "rows": [row for row, _ in rows],
        "starts": [0, *ends][: len(rows)],
        "locks": list(locks),
    }
    sections = [
        unchanged,
        json.dumps(index).encode(),
        _BETWEEN.join(texts),
        json.dumps(around).encode(),
    ]
    StateFolder(state, ".").write(NAME, answers.written(sections))
