"""Which record applies to which environment: a pure function over the whole table.

An environment is known again by a random id that travels with it in its sidecar, and by a
fingerprint that does not survive a copy. The index says where an id was last, and with which
fingerprint. The sidecar may have been written by anybody, so it never outvotes the index.
"""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.model import Environment, EnvironmentIdentity, Memory, Record, Relation
from venvdash.records.merge import as_hints, merge
from venvdash.system.clock import SKEW
from venvdash.system.foreground import in_turns

_IDENTITY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Found:
    """An environment on disk, with what its sidecar says; None where there is none to trust."""

    path: Path
    fingerprint: EnvironmentIdentity
    sidecar: Record | None = None


def valid_identity(text: object) -> bool:
    """Return whether ``text`` has the form of an id: 32 lower-case hex digits."""
    return isinstance(text, str) and _IDENTITY.fullmatch(text) is not None


def new_record(path: Path, fingerprint: EnvironmentIdentity, now: float) -> Record:
    """Return the first record of an environment, under an id that nothing else has."""
    return Record(os.urandom(16).hex(), path, fingerprint, first_seen=now, last_seen=now)


def relate(
    found: Iterable[Found],
    index: Mapping[Path, Record],
    alive: Callable[[Path], bool],
    now: float,
) -> dict[Path, Memory]:
    """Return for every environment the record that applies, and how far it may be trusted.

    ``index`` is what the index holds, by path, each id once. ``alive`` is asked only about paths
    that ``found`` does not hold: whether an environment still lies there. Paths are compared as
    they are spelt.

    The record has the environment's present path and fingerprint, except for a copy, whose record
    is the original's. Use ``kept`` for what may be stored of it.
    """
    return _Table(found, index, alive, now).memories()


def kept(memory: Memory, now: float, environment: Environment | None = None) -> Record | None:
    """Return what to store after a listing, before what it proved is added; None for nothing.

    A copy gets nothing: the user decides which of the two continues. Of an environment that was
    recreated, what was known is kept as mentions. ``environment`` is as it is now.
    """
    if memory.relation is Relation.COPY:
        return None
    python, base = (environment.python, environment.base) if environment else (None, None)
    record = replace(memory.record, last_seen=now, python=python, base=base)
    if memory.relation is Relation.RECREATED:
        return replace(record, projects=as_hints(record.projects))
    return record


class _Table:
    def __init__(
        self,
        found: Iterable[Found],
        index: Mapping[Path, Record],
        alive: Callable[[Path], bool],
        now: float,
    ) -> None:
        self._found = {one.path: _checked(one, now) for one in in_turns(found)}
        self._index = {path: not_ahead(record, now) for path, record in in_turns(index.items())}
        self._alive = alive
        self._now = now
        self._known: dict[str, dict[Path, Record]] = defaultdict(dict)
        for path, record in in_turns(self._index.items()):
            self._known[record.identity][path] = record
        self._carried = Counter(o.sidecar.identity for o in self._found.values() if o.sidecar)
        self._holders: dict[str, list[Path]] = defaultdict(list)
        self._ids = {path: self._identity(one) for path, one in in_turns(self._found.items())}
        for path, identity in self._ids.items():
            if identity is not None:
                self._holders[identity].append(path)
        self._originals: dict[str, Path | None] = {}

    def memories(self) -> dict[Path, Memory]:
        return {path: self._memory(one) for path, one in in_turns(self._found.items())}

    def _identity(self, one: Found) -> str | None:
        """Return the id that the environment goes by; a fingerprint in the index proves its own.

        An id that only this sidecar has is adopted: another index wrote it.
        """
        there = self._index.get(one.path)
        carried = one.sidecar.identity if one.sidecar else None
        if there is None or there.fingerprint != one.fingerprint:
            return carried
        if carried is None or carried in self._known or self._carried[carried] > 1:
            return there.identity
        return there.identity if self._carried[there.identity] else carried

    def _memory(self, one: Found) -> Memory:
        identity = self._ids[one.path]
        if identity is None:
            return self._without_id(one)
        if identity not in self._originals:
            self._originals[identity] = self._original(identity)
        original = self._originals[identity]
        if original == one.path:
            return self._own(one, identity)
        record = one.sidecar or self._index.get(one.path)
        if record is None:  # an id comes from one of them
            return self._new(one)
        return Memory(record, Relation.COPY, original)

    def _without_id(self, one: Found) -> Memory:
        there = self._index.get(one.path)
        if there is None or self._holders.get(there.identity):
            # Never seen; or what was here has only moved away, and this is another.
            return self._new(one)
        return self._recreated(one, there)

    def _new(self, one: Found) -> Memory:
        return Memory(new_record(one.path, one.fingerprint, self._now), Relation.NEW)

    def _recreated(self, one: Found, hint: Record) -> Memory:
        fresh = new_record(one.path, one.fingerprint, self._now)
        record = replace(fresh, projects=hint.projects, note=hint.note, pinned=hint.pinned)
        return Memory(record, Relation.RECREATED)

    def _original(self, identity: str) -> Path | None:
        """Return which of all that carry an id is the original; None where nothing decides."""
        holders = self._holders[identity]
        known = self._known.get(identity, {})
        proven = [p for p in holders if p in known and self._fits(p, known[p])]
        if proven:
            return proven[0] if len(proven) == 1 else None
        outside = [path for path in known if path not in self._found and self._alive(path)]
        if outside:
            return outside[0]
        own = [path for path in holders if self._named(path) == path]
        if len(own) == 1:
            return own[0]
        if own:
            return None
        # All of them come from elsewhere, by what their sidecars say.
        elsewhere = next(filter(None, map(self._source, holders)), None)
        return elsewhere or (holders[0] if len(holders) == 1 else None)

    def _fits(self, path: Path, record: Record) -> bool:
        return self._found[path].fingerprint == record.fingerprint

    def _named(self, path: Path) -> Path | None:
        sidecar = self._found[path].sidecar
        return sidecar.path if sidecar else None

    def _source(self, path: Path) -> Path | None:
        """Return the environment that the sidecar in ``path`` was written for, if still there."""
        sidecar = self._found[path].sidecar
        if sidecar is None:
            return None
        if sidecar.path in self._found:
            return sidecar.path if self._fits(sidecar.path, sidecar) else None
        return sidecar.path if self._alive(sidecar.path) else None

    def _own(self, one: Found, identity: str) -> Memory:
        known = self._known.get(identity, {})
        there = self._index.get(one.path)
        if one.path in known:
            record = known[one.path]
            same = record.fingerprint == one.fingerprint
            return self._settled(one, record, Relation.SAME if same else Relation.RESTORED)
        if known:
            record = max(known.values(), key=lambda record: record.last_seen)
            return self._settled(one, record, Relation.RENAMED)
        if there is not None and there.fingerprint == one.fingerprint:
            return self._settled(one, replace(there, identity=identity), Relation.SAME)
        return self._by_sidecar(one, there)

    def _by_sidecar(self, one: Found, there: Record | None) -> Memory:
        """Judge by the sidecar alone: the index does not know its id."""
        sidecar = one.sidecar
        if sidecar is None:
            return self._new(one)
        same = sidecar.fingerprint == one.fingerprint
        if there is not None and not same and not self._holders.get(there.identity):
            return self._recreated(one, sidecar)
        if sidecar.path != one.path:
            return self._settled(one, sidecar, Relation.RENAMED)
        return self._settled(one, sidecar, Relation.SAME if same else Relation.RESTORED)

    def _settled(self, one: Found, record: Record, relation: Relation) -> Memory:
        sidecar = one.sidecar
        if sidecar is not None and sidecar.identity == record.identity:
            record = merge(record, sidecar)
        if record.path != one.path or record.fingerprint != one.fingerprint:
            record = replace(record, path=one.path, fingerprint=one.fingerprint)
        return Memory(record, relation)


def _checked(one: Found, now: float) -> Found:
    """Drop a sidecar without a proper id; one from the future must not win for ever."""
    sidecar = one.sidecar
    if sidecar is None:
        return one
    if not valid_identity(sidecar.identity):
        return replace(one, sidecar=None)
    trusted = not_ahead(sidecar, now)
    return one if trusted is sidecar else replace(one, sidecar=trusted)


def not_ahead(record: Record, now: float) -> Record:
    """Return a record in which nothing was last seen after ``now``; itself where that holds.

    What was seen while the clock was ahead was seen at a time that nobody knows: 0.0.
    """
    limit = now + SKEW
    if record.last_seen <= limit and all(p.last_seen <= limit for p in record.projects):
        return record
    seen = (replace(p, last_seen=0.0) if p.last_seen > limit else p for p in record.projects)
    return replace(record, last_seen=min(record.last_seen, now), projects=tuple(seen))
