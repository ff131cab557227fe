"""Resolves the names that people type to environments."""

import difflib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.model import Row, Status
from venvdash.model.packaging import VENV_NAMES, minor_version
from venvdash.scanner.projects import project_info
from venvdash.session import current_environment
from venvdash.system.files import real
from venvdash.system.machine import Machine
from venvdash.text import alike, counted, visible

_PYTHON = re.compile(r"(.+)@(\d+(?:\.\d+){0,2})\Z", re.DOTALL)
_STARTS = ("/", "./", "../", "~")  # of every path
_ANYWHERE = Machine(home=Path("/"))
_LIVE = frozenset({Status.LINKED, Status.REPLACED, Status.MOVED})  # its project exists


class NotFoundError(Exception):
    """No environment has the name; ``suggestions`` are similar ones.

    Without a name ``reason`` is a sentence that says why the project has none.
    """

    def __init__(self, text: str, suggestions: Sequence[str] = (), reason: str = "") -> None:
        super().__init__(text)
        self.suggestions, self.reason = tuple(suggestions), reason


class AmbiguousError(Exception):
    """Several environments match; ``options`` has the shortest unique name of each."""

    def __init__(self, text: str, options: Sequence[tuple[str, Row]]) -> None:
        super().__init__(text)
        self.options = tuple(options)


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed name: ``kind:`` before and ``@python`` after a path or a name.

    ``whole`` is the query with ``@python`` as part of the name or path.
    """

    text: str
    name: str
    path: Path | None = None
    kind: str | None = None
    python: str | None = None
    whole: "Query | None" = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen environments; ``note`` says, for stderr, which was chosen of several."""

    rows: tuple[Row, ...]
    note: str = ""


def parse(text: str, machine: Machine, kinds: Iterable[str]) -> Query:
    """Parse a name; it is a path only if it starts like one."""
    rest, kind = text, None
    head, colon, tail = text.partition(":")
    if colon and tail and head in set(kinds):
        kind, rest = head, tail
    whole = _taken(text, rest, kind, machine)
    picked = _PYTHON.match(rest)
    if picked is None:
        return whole
    return replace(_taken(text, picked[1], kind, machine), python=picked[2], whole=whole)


def _taken(text: str, rest: str, kind: str | None, machine: Machine) -> Query:
    path = None
    if rest in (".", "..") or rest.startswith(_STARTS) or (os.name == "nt" and os.path.isabs(rest)):
        if rest == "~" or rest.startswith("~/"):
            rest = f"{machine.home}{rest[1:]}"
        elif rest.startswith("~"):
            rest = os.path.expanduser(rest)
        path = Path(os.path.normpath((machine.cwd or machine.home) / rest))
    return Query(text, rest.rstrip("/") or rest, path, kind)


def matches(query: Query, rows: Iterable[Row], *, prefix: bool = False) -> list[Row]:
    """Return the rows of the first tier that matches: exact, normalised, path suffix, (prefix)."""
    return _NameIndex(rows).matches(query, prefix=prefix)[0]


def choose(query: Query, rows: Sequence[Row], *, changing: bool, every: bool = False) -> Choice:
    """Return the environment that matches (with ``every`` all of one project).

    Raises NotFoundError and AmbiguousError. A changing command never chooses between several. A
    reading one prefers a project's current environment, and existing projects to missing ones, and
    accepts a unique prefix of a name.
    """
    hits, begun = _NameIndex(rows).matches(query, prefix=not changing)
    if not hits:
        raise NotFoundError(query.text, suggestions(query, rows))
    if len(hits) == 1:
        return Choice(tuple(hits))
    if every and _project(hits):
        return Choice(tuple(hits))
    choice = None if changing else _chosen(hits, begun=begun)
    if choice is None:
        raise AmbiguousError(query.text, options(hits, rows))
    return choice


def _chosen(hits: list[Row], *, begun: bool) -> Choice | None:
    """Return what a reading command chooses of several, None if they are too different."""
    pool, note = hits, ""
    gone = [row for row in hits if row.verdict.status is Status.ORPHAN]
    live = [row for row in hits if row.verdict.status in _LIVE]
    if live and gone and len(live) + len(gone) == len(hits) and not begun and not _project(hits):
        pool, others = live, counted(len(gone), "orphan")
        note = f"its project exists; ignored {others} of that name"
    project = _project(pool)
    if project is None:
        return None
    row = pool[0] if len(pool) == 1 else current_environment.current(pool, project)
    if row is None:
        return None
    if len(pool) > 1:
        note = "; ".join(filter(None, [f"in use by its project (1 of {len(pool)})", note]))
    return Choice((row,), f"{visible(row.name)}: {note} ({row.path})")


def _project(rows: Sequence[Row]) -> Path | None:
    """Return the current place of the project that all these belong to, or None."""
    shared = [p for p in rows[0].verdict.projects if all(p in r.verdict.projects for r in rows)]
    if not shared:
        return None
    place = rows[0].verdict.place
    return place if place and shared[0] == rows[0].verdict.project else shared[0]


def implied(
    rows: Sequence[Row], cwd: Path, *, changing: bool = False, every: bool = False
) -> Choice:
    """Return the current environment of the nearest project upwards from ``cwd``.

    With ``every`` all of that project. Raises NotFoundError and AmbiguousError. A changing command
    does not take the only environment left if the project now uses another one.
    """
    project, own = current_environment.above(rows, cwd)
    if every and own:
        return Choice(tuple(own))
    found = current_environment.linked(rows, project) or (
        current_environment.current(own, project) if own else None
    )
    if found is not None:
        return Choice((found,))
    if len(own) == 1 and not changing:
        return Choice(
            tuple(own), f"{visible(own[0].name)}: its project now uses another environment"
        )
    if len(own) > 1:
        raise AmbiguousError(str(project), options(own, rows))
    raise NotFoundError(str(project), [spelling(row, rows) for row in own])


def options(hits: Sequence[Row], rows: Sequence[Row]) -> list[tuple[str, Row]]:
    """Return each hit with its shortest unique name, sorted by name."""
    known = _NameIndex(rows)
    return sorted(((known.spelling(row), row) for row in hits), key=lambda one: one[0])


def spelling(row: Row, rows: Sequence[Row]) -> str:
    """Return the shortest unique name of ``row`` among ``rows``, at worst its path."""
    return _NameIndex(rows).spelling(row)


def suggestions(query: Query, rows: Iterable[Row]) -> list[str]:
    """Return names similar to what was typed, for "did you mean"."""
    known = {alike(name): name for row in rows for name in names_of(row)}
    near = difflib.get_close_matches(alike(query.name), known, n=3, cutoff=0.6)
    return [known[name] for name in near]


class _NameIndex:
    """The rows of a table by all their names."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = list(rows)
        self._kinds = {row.environment.traits.kind for row in self.rows}
        self._exact: dict[str, list[Row]] = defaultdict(list)
        self._alike: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            names = names_of(row)
            for name in names:
                self._exact[name].append(row)
            for name in {alike(name) for name in names}:
                self._alike[name].append(row)

    def matches(self, query: Query, *, prefix: bool = False) -> tuple[list[Row], bool]:
        """Return the rows of the first tier that matches, and whether they match by prefix."""
        if query.whole is not None:
            for hits in self._tiers(query.whole, literally=True):
                if narrow := [row for row in hits if _narrowed(query.whole, row)]:
                    return narrow, False
        for hits in self._tiers(query):
            if narrow := [row for row in hits if _narrowed(query, row)]:
                return narrow, False
        if not prefix or query.path is not None or not query.name:
            return [], False
        start = alike(query.name)
        matching = {
            row.path: row
            for name, rows in self._alike.items()
            if name.startswith(start)
            for row in rows
            if _narrowed(query, row)
        }
        return list(matching.values()), True

    def _tiers(self, query: Query, *, literally: bool = False) -> Iterator[list[Row]]:
        if query.path is not None:
            yield self._at_path(query.path)
            return
        yield self._exact.get(query.name, [])
        if not literally:
            yield self._alike.get(alike(query.name), [])
        if "/" in query.name:
            yield [row for row in self.rows if _at_end(row, query.name)]

    def _at_path(self, path: Path) -> list[Row]:
        """Return the environments at a path: itself, its project's, or the target of its link."""
        resolved = {path, real(path)}
        if path.name in VENV_NAMES:
            links = project_info.links_of(os.fspath(path.parent))
            resolved |= {link.environment for link in links if link.pointer == path}
        exact = [
            row for row in self.rows if resolved & {row.path, row.environment.entry, real(row.path)}
        ]
        if exact:
            return exact
        at = current_environment.by_place(self.rows)
        rows = {row.path: row for place in resolved for row in at.get(place, [])}
        return list(rows.values())

    def spelling(self, row: Row) -> str:
        """Return the shortest unique name of ``row``, at worst its path.

        Names that a tool generated for the directory are only used before the path.
        """
        environment = row.environment
        names = [row.name, row.title, environment.traits.name, *_suffixes(row)]
        for bases in (names, [environment.entry.name, environment.path.name]):
            for text in sorted(_spelled(row, bases), key=len):
                query = parse(text, _ANYWHERE, self._kinds)
                if [one.path for one in self.matches(query)[0]] == [row.path]:
                    return text
        return str(row.path)


def _spelled(row: Row, bases: Iterable[str]) -> Iterator[str]:
    """Yield the names with and without kind and Python, except those that parse as paths."""
    traits, python = row.environment.traits, row.environment.python
    versions = [f"@{version}" for version in (minor_version(python), python) if version]
    for base in dict.fromkeys(bases):
        if base and not base.startswith((*_STARTS, "-")):
            for version in ("", *versions):
                yield f"{base}{version}"
                yield f"{traits.kind}:{base}{version}"


def _narrowed(query: Query, row: Row) -> bool:
    if query.kind and row.environment.traits.kind != query.kind:
        return False
    if not query.python:
        return True
    version = row.environment.python or ""
    return version == query.python or version.startswith(query.python + ".")


def names_of(row: Row) -> set[str]:
    """Return all names of an environment: its own, its directory's, its projects'."""
    environment = row.environment
    names = {row.name, row.title, environment.traits.name, environment.traits.project_name or ""}
    names |= {environment.entry.name, environment.path.name, row.name.partition("@")[0]}
    names.update(project.name for project in row.verdict.projects)
    return names - {"", *VENV_NAMES}


def _at_end(row: Row, suffix: str) -> bool:
    """Return whether a path of the environment or of its projects ends so."""
    wanted = tuple(part for part in suffix.split("/") if part)
    paths = (*row.verdict.projects, row.environment.path, row.environment.entry)
    return any(path.parts[-len(wanted) :] == wanted for path in paths)


def _suffixes(row: Row) -> list[str]:
    path = row.verdict.project or row.path
    return ["/".join(path.parts[-depth:]) for depth in range(2, len(path.parts))]
