"""A process that forks writers to be killed: ``writer.py sidecar|index PATH``.

For each line on stdin it prints the pid of a child that writes record after record, and reaps it.
Every second pid is printed only after the first record, so that some is written on any machine.
"""

import itertools
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.forkserver import never_wait_for_disks
from venvdash.model import EnvironmentIdentity, EvidenceKind, ProjectRecord, Record
from venvdash.records import sidecar
from venvdash.records.index import Index

IDENTITY = "a" * 32
RECORDS = 20  # of one round, in the index


def generation(number: int, path: Path) -> Record:
    """Return a record whose every part tells its generation."""
    project = ProjectRecord(Path(f"/code/{number}"), EvidenceKind.HASH, last_seen=number + 1)
    print_ = EnvironmentIdentity(number, number, number, number)
    note = f"{number} " * (number % 200)
    return Record(IDENTITY, path, print_, (project,), note=note, last_seen=number + 1)


def whole(record: Record) -> bool:
    """Whether all parts are of one generation."""
    return record == generation(record.fingerprint.inode, record.path)


def batch(number: int) -> list[Record]:
    """Return the records of one transaction, all of one generation."""
    return [
        replace(generation(number, Path(f"/e/{n}")), identity=f"{n:032x}") for n in range(RECORDS)
    ]


def write_sidecars(directory: Path, start: int = 0) -> Iterator[None]:
    for number in itertools.count(start):
        sidecar.write(directory, generation(number % 5000, directory))
        yield


def write_index(path: Path, start: int = 0) -> Iterator[None]:
    index = Index.open(path)
    for number in itertools.count(start):
        index.remember(batch(number % 5000))
        yield


def main() -> None:
    import sqlite3  # before the fork, so that the child writes at once

    import tomlkit

    never_wait_for_disks()
    assert sqlite3
    assert tomlkit
    work = {"sidecar": write_sidecars, "index": write_index}[sys.argv[1]]
    for number, _ in enumerate(sys.stdin):
        child = os.fork()
        late = number % 2 == 1
        if child == 0:
            for written, _ in enumerate(work(Path(sys.argv[2]), number * 37)):
                if late and written == 0:
                    _say(str(os.getpid()))
        if not late:
            _say(str(child))
        os.waitpid(child, 0)
        _say("dead")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
