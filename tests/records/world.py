"""Real environments on disk, and one listing's worth of remembering them."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from venvdash.model import EnvironmentIdentity, EvidenceKind, Memory, ProjectRecord, Record
from venvdash.records import sidecar
from venvdash.records.identity import Found, kept, relate
from venvdash.records.index import Index

NOW = 1_800_000_000.0


def fingerprint(path: Path) -> EnvironmentIdentity:
    root, cfg = path.stat(), (path / "pyvenv.cfg").stat()
    return EnvironmentIdentity(root.st_ino, cfg.st_ino, cfg.st_mtime_ns, cfg.st_ctime_ns)


def make(path: Path) -> Path:
    """Make a directory that is an environment as far as identity goes."""
    path.mkdir(parents=True)
    (path / "pyvenv.cfg").write_text("home = /usr/bin\n")
    return path


def record(path: Path, **changes: Any) -> Record:
    there = fingerprint(path) if path.exists() else EnvironmentIdentity(1, 2, 3, 4)
    project = ProjectRecord(Path("/code/webapp"), EvidenceKind.HASH, first_seen=NOW, last_seen=NOW)
    base = Record(os.urandom(16).hex(), path, there, (project,), first_seen=NOW, last_seen=NOW)
    return replace(base, **changes)


@dataclass
class World:
    """A store of environments and an index; ``outside`` is what a listing does not look at."""

    store: Path
    index: Index
    now: float = NOW
    outside: set[Path] = field(default_factory=set)
    asked: list[Path] = field(default_factory=list)

    def look(self) -> dict[Path, Memory]:
        """Relate all environments of the store to what is remembered."""
        self.asked = []
        return relate(self.found(), self.index.records(), self._alive, self.now)

    def found(self) -> list[Found]:
        return [
            Found(path, fingerprint(path), self._trusted(path))
            for path in sorted(self.store.iterdir())
            if path not in self.outside and (path / "pyvenv.cfg").is_file()
        ]

    def list(self, sidecars: bool = True, only: Iterable[Path] | None = None) -> dict[Path, Memory]:
        """Look, then remember as a listing does; each new environment proves a project."""
        self.now += 60
        memories = self.look()
        records = []
        for path, memory in memories.items():
            after = kept(memory, self.now)
            if after is None or (only is not None and path not in only):
                continue
            if not after.projects:
                project = ProjectRecord(self.project(path), EvidenceKind.HASH, last_seen=self.now)
                after = replace(after, projects=(project,))
            records.append(after)
            if sidecars:
                sidecar.write(path, after)
        assert self.index.remember(records), self.index.problem
        return memories

    def project(self, path: Path) -> Path:
        return Path("/code") / path.name

    def _alive(self, path: Path) -> bool:
        self.asked.append(path)
        return (path / "pyvenv.cfg").is_file()

    def _trusted(self, path: Path) -> Record | None:
        found = sidecar.read(path, os.getuid())
        return found if isinstance(found, Record) else None


def wait_for_another_tick() -> None:
    """Let the clock of the file system move on, so that a new file has another ctime."""
    time.sleep(0.02)


def filled(path: Path) -> Record:
    """Make an index with one record, and return it."""
    one = record(Path("/store/a"))
    index = Index.open(path)
    assert index.remember([one]), index.problem
    index.close()
    return one
