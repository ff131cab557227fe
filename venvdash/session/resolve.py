"""From what people type to the environments they mean."""

import difflib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Row, Status
from venvdash.session.naming import minor
from venvdash.system.files import real
from venvdash.system.machine import Machine
from venvdash.text import visible

_PYTHON = re.compile(r"(.+)@(\d+(?:\.\d+){0,2})\Z", re.DOTALL)
_SEPARATORS = re.compile(r"[-_.]+")
_MARKERS = ("pyproject.toml", ".venv", "Pipfile", "setup.py", "setup.cfg", "requirements.txt")


class NotFoundError(Exception):
    """Nothing bears the name; ``suggestions`` are near ones."""

    def __init__(self, text: str, suggestions: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.suggestions = tuple(suggestions)


class AmbiguousError(Exception):
    """Several environments are meant; ``options`` holds the shortest unique spelling of each."""

    def __init__(self, text: str, options: Sequence[tuple[str, Row]]) -> None:
        super().__init__(text)
        self.options = tuple(options)


@dataclass(frozen=True, slots=True)
class Query:
    """A name taken apart: ``kind:`` in front, ``@python`` behind, a path or a name between."""

    text: str
    name: str
    path: Path | None = None
    kind: str | None = None
    python: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The environments meant; ``note`` says, for stderr, what was chosen among several."""

    rows: tuple[Row, ...]
    note: str = ""


def parse(text: str, machine: Machine, kinds: Iterable[str]) -> Query:
    """Take a name apart; only what starts like a path is ever one."""
    rest, kind, python = text, None, None
    head, colon, tail = text.partition(":")
    if colon and tail and head in set(kinds):
        kind, rest = head, tail
    picked = _PYTHON.match(rest)
    if picked:
        rest, python = picked.groups()
    path = None
    if rest in (".", "..", "~") or rest.startswith(("/", "./", "../", "~/")):
        path = Path(os.path.normpath(machine.expand(rest)))
    elif os.name == "nt" and os.path.isabs(rest):
        path = Path(os.path.normpath(rest))
    return Query(text, rest.rstrip("/") or rest, path, kind, python)


def matches(query: Query, rows: Iterable[Row], *, prefix: bool = False) -> list[Row]:
    """Return the rows of the first tier with a hit: exact, alike, path suffix, (prefix)."""
    rows = [row for row in rows if _narrowed(query, row)]
    if query.path is not None:
        return _at_path(query.path, rows)
    name, alike = query.name, _alike(query.name)
    tiers: list[Callable[[Row], bool]] = [
        lambda row: name in _names(row),
        lambda row: alike in {_alike(n) for n in _names(row)},
        lambda row: "/" in name and any(_ends_with(path, name) for path in _paths(row)),
    ]
    if prefix:
        tiers.append(lambda row: any(_alike(n).startswith(alike) for n in _names(row)))
    for tier in tiers:
        hits = [row for row in rows if tier(row)]
        if hits:
            return hits
    return []


def choose(query: Query, rows: Sequence[Row], *, changing: bool, every: bool = False) -> Choice:
    """Return the one environment meant (or with ``every`` all of one project).

    Raises NotFoundError and AmbiguousError. A changing command never chooses between several; a
    reading one takes a project's current environment, and a living project before a gone one.
    """
    hits = matches(query, rows, prefix=not changing)
    if not hits:
        raise NotFoundError(query.text, suggestions(query, rows))
    projects = {row.verdict.project for row in hits}
    if len(hits) == 1 or (every and len(projects) == 1):
        return Choice(tuple(hits))
    if changing:
        raise AmbiguousError(query.text, options(hits, rows))
    live = [row for row in hits if row.verdict.status in (Status.LINKED, Status.INACTIVE)]
    chosen = _only_project(live) or (_only_project(hits) if not live else [])
    current = [row for row in chosen if row.verdict.status is not Status.INACTIVE]
    if len(current) != 1:
        raise AmbiguousError(query.text, options(hits, rows))
    others = len(hits) - 1
    note = f"{visible(current[0].name)}: the current one of {others + 1} ({current[0].path})"
    if len(projects) > 1:
        note = f"{visible(current[0].name)}: its project exists, that of {others} more does not"
    return Choice((current[0],), note)


def implied(rows: Sequence[Row], cwd: Path) -> Choice:
    """Return the current environment of the nearest project upwards from ``cwd``.

    Its ``.venv`` decides, else the only environment proven to be its own. Raises NotFoundError
    and AmbiguousError.
    """
    by_path = {real(row.path): row for row in rows}
    for directory in (cwd, *cwd.parents):
        linked = by_path.get(real(directory / ".venv"))
        if linked:
            return Choice((linked,))
        own = [row for row in rows if directory in row.verdict.projects]
        current = [row for row in own if row.verdict.status is Status.LINKED]
        if len(current) == 1 or len(own) == 1:
            return Choice(tuple((current or own)[:1]))
        if own:
            raise AmbiguousError(str(directory), options(own, rows))
        if any(os.path.lexists(directory / marker) for marker in _MARKERS) and not _member(
            directory, rows
        ):
            raise NotFoundError(str(directory))
    raise NotFoundError(str(cwd))


def of_project(rows: Iterable[Row], directory: Path) -> list[Row]:
    """Return the environments of the nearest project upwards from ``directory`` (or a script)."""
    rows = list(rows)
    for place in (directory, *directory.parents):
        resolved = {place, real(place)}
        own = [row for row in rows if resolved & _homes(row)]
        if own:
            return own
        if any(os.path.lexists(place / marker) for marker in _MARKERS) and not _member(place, rows):
            return []
    return []


def options(hits: Sequence[Row], rows: Sequence[Row]) -> list[tuple[str, Row]]:
    """Return for each hit the shortest spelling that means only it."""
    return [(spelling(row, rows), row) for row in hits]


def spelling(row: Row, rows: Sequence[Row]) -> str:
    """Return the shortest name that means only ``row`` among ``rows``, at worst its path."""
    python = minor(row.environment.python)
    candidates = []
    for base in (row.name, row.environment.traits.name, *_suffixes(row)):
        candidates += [base, f"{base}@{python}", f"{row.environment.traits.kind}:{base}"]
        candidates += [
            f"{row.environment.traits.kind}:{base}@{python}",
            f"{base}@{row.environment.python}",
        ]
    machine = Machine(home=Path("/"))
    kinds = {other.environment.traits.kind for other in rows}
    for candidate in candidates:
        found = matches(parse(candidate, machine, kinds), rows)
        if len(found) == 1 and found[0].path == row.path:
            return candidate
    return str(row.path)


def suggestions(query: Query, rows: Iterable[Row]) -> list[str]:
    """Return names near to what was typed, for "did you mean"; never taken by themselves."""
    known = {_alike(name): name for row in rows for name in _names(row)}
    near = difflib.get_close_matches(_alike(query.name), known, n=3, cutoff=0.6)
    return [known[name] for name in near]


def _narrowed(query: Query, row: Row) -> bool:
    if query.kind and row.environment.traits.kind != query.kind:
        return False
    if not query.python:
        return True
    version = row.environment.python or ""
    return version == query.python or version.startswith(query.python + ".")


def _names(row: Row) -> set[str]:
    environment = row.environment
    found = {row.name, environment.traits.name, environment.entry.name, environment.path.name}
    found.add(row.name.partition("@")[0])
    if environment.traits.project_name:
        found.add(environment.traits.project_name)
    found.update(project.name for project in row.verdict.projects)
    return found - {"", ".venv", "venv"}


def _paths(row: Row) -> list[Path]:
    return [*row.verdict.projects, row.environment.path, row.environment.entry]


def _homes(row: Row) -> set[Path]:
    """Return where the row's projects are, and where a moved one is now."""
    places = [*row.verdict.projects, *([row.verdict.place] if row.verdict.place else [])]
    return {*places, *map(real, places)}


def _at_path(path: Path, rows: list[Row]) -> list[Row]:
    """Return the environments at a path: itself, its project's, or where its link leads."""
    resolved = {path, real(path)}
    exact = [row for row in rows if resolved & {row.path, row.environment.entry, real(row.path)}]
    if exact:
        return exact
    return [row for row in rows if resolved & set(row.verdict.projects)]


def _ends_with(path: Path, suffix: str) -> bool:
    wanted = tuple(part for part in suffix.split("/") if part)
    return path.parts[-len(wanted) :] == wanted


def _suffixes(row: Row) -> list[str]:
    path = row.verdict.project or row.path
    return ["/".join(path.parts[-depth:]) for depth in range(2, len(path.parts))]


def _only_project(rows: list[Row]) -> list[Row]:
    return rows if len({row.verdict.project for row in rows}) == 1 else []


def _member(directory: Path, rows: Iterable[Row]) -> bool:
    """Return whether a project above ``directory`` (a workspace's root) has an environment."""
    above = set(directory.parents)
    return any(above & set(row.verdict.projects) for row in rows)


def _alike(name: str) -> str:
    return _SEPARATORS.sub("-", name.casefold())
