"""Queries: which environments ``/`` in the dashboard and ``--where`` on the command line mean.

A query is words and conditions with blanks between them; an environment matches if all of them
hold. ``docs/queries.md`` describes the language.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from venvdash.model.environments import Package
from venvdash.model.packaging import canonical_name
from venvdash.model.status import Status
from venvdash.model.summary import Summary
from venvdash.model.versions import Versions


def searched_text(row: Summary) -> str:
    """Return the text in which words are searched, in lower case, one field a line."""
    fields = (
        row.name,
        str(row.path),
        row.store,
        row.kind,
        row.status,
        f"python{row.python or ''}",
        row.implementation or "",
        *row.projects,
        row.location,
        *row.flags,
        row.note,
        row.description,
    )
    return "\n".join(fields).casefold()


class Known(NamedTuple):
    """What decides about rows besides their summaries.

    ``now`` is the time to which ages are compared, in seconds since the epoch. ``packages`` returns
    what is installed in the environment at a path, None where that is not known. ``text`` returns
    the ``searched_text`` of a row.
    """

    now: float
    packages: Callable[[Path], Sequence[Package] | None] = lambda path: None
    text: Callable[[Summary], str] = searched_text


class Term(ABC):
    """One word or condition. ``lacks`` says what is not known of a row that it cannot decide."""

    lacks = ""

    @abstractmethod
    def decide(self, row: Summary, known: Known) -> bool | None:
        """Return whether it holds for a row; None where that cannot be known."""


@dataclass(frozen=True, slots=True)
class Word(Term):
    """A text, in lower case, that some field contains."""

    text: str

    def decide(self, row: Summary, known: Known) -> bool:
        """Return whether a field of the row contains it."""
        return self.text in known.text(row)


@dataclass(frozen=True, slots=True)
class Note(Term):
    """A text, in lower case, that the note contains."""

    text: str

    def decide(self, row: Summary, known: Known) -> bool:
        """Return whether the note contains it."""
        return self.text in row.note.casefold()


@dataclass(frozen=True, slots=True)
class OneOf(Term):
    """One of some values of ``status:``, ``kind:``, ``store:`` or ``flag:``."""

    key: str
    values: frozenset[str]
    lacks = "status not known yet"

    def decide(self, row: Summary, known: Known) -> bool | None:
        """Return whether the row has one of the values."""
        if self.key == "status":
            return None if row.status is Status.CHECKING else row.status.value in self.values
        if self.key == "flag":
            return not self.values.isdisjoint(row.flags)
        return (row.kind if self.key == "kind" else row.store) in self.values


@dataclass(frozen=True, slots=True)
class Span(Term):
    """A range of numbers with both ends, None for an open one."""

    key: str
    low: float | None
    high: float | None

    @property
    def lacks(self) -> str:  # type: ignore[override]  # a constant elsewhere
        """What is not known."""
        return "last use not known" if self.key == "used" else "size not measured"

    def decide(self, row: Summary, known: Known) -> bool | None:
        """Return whether the number of the row lies in the range."""
        value: float | None = getattr(row, _FIELDS[self.key])
        if value is None:
            return None
        if self.key == "used":
            value = known.now - value
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)


_FIELDS = {"size": "on_disk", "reclaimable": "reclaimable", "files": "files", "used": "used"}


@dataclass(frozen=True, slots=True)
class Python(Term):
    """Versions of Python."""

    versions: Versions
    lacks = "Python version not known"

    def decide(self, row: Summary, known: Known) -> bool | None:
        """Return whether the version is one of them."""
        return None if row.python is None else self.versions.holds(row.python)


class _Named(dict[str, bool]):
    """Whether names of packages are one name when they are normalised; each is so once."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def __missing__(self, name: str) -> bool:
        answer = self[name] = canonical_name(name) == self._name
        return answer


@dataclass(frozen=True, slots=True)
class Installed(Term):
    """A package by its normalised name, in one of some versions, or in any."""

    name: str
    versions: Versions | None
    _named: "_Named" = field(init=False, compare=False, repr=False)
    lacks = "packages not known"

    def __post_init__(self) -> None:
        """Keep which names are that of the package."""
        object.__setattr__(self, "_named", _Named(self.name))

    def decide(self, row: Summary, known: Known) -> bool | None:
        """Return whether the package is installed."""
        packages = known.packages(row.path)
        if packages is None:
            return None
        named = self._named
        answers = [self.holds(package) for package in packages if named[package.name]]
        return True if True in answers else None if None in answers else False

    def holds(self, package: Package) -> bool | None:
        """Return whether this is the package, in one of the versions."""
        if not self._named[package.name]:
            return False
        return True if self.versions is None else self.versions.holds(package.version)


@dataclass(frozen=True, slots=True)
class Not(Term):
    """The opposite of a term; what that cannot decide is undecided."""

    term: Term

    @property
    def lacks(self) -> str:  # type: ignore[override]  # a constant elsewhere
        """What is not known."""
        return self.term.lacks

    def decide(self, row: Summary, known: Known) -> bool | None:
        """Return whether the term does not hold."""
        answer = self.term.decide(row, known)
        return None if answer is None else not answer


@dataclass(frozen=True, slots=True)
class Query:
    """Words and conditions, all of which must hold."""

    terms: tuple[Term, ...] = ()

    def decide(self, row: Summary, known: Known) -> bool | None:
        """Return whether a row matches; None where that cannot be known."""
        answer: bool | None = True
        for term in self.terms:
            one = term.decide(row, known)
            if one is False:
                return False
            if one is None:
                answer = None
        return answer

    def lacking(self, row: Summary, known: Known) -> str:
        """Return what is not known of a row that could not be decided."""
        return next((t.lacks for t in self.terms if t.decide(row, known) is None), "")

    @property
    def needs_sizes(self) -> bool:
        """Whether it asks for what is measured."""
        terms = map(_inner, self.terms)
        return any(isinstance(term, Span) and term.key != "used" for term in terms)

    @property
    def installed(self) -> tuple[Installed, ...]:
        """The packages that must be installed."""
        return tuple(term for term in self.terms if isinstance(term, Installed))

    def packages(self, packages: Sequence[Package]) -> tuple[Package, ...]:
        """Return those of an environment's packages that match."""
        return tuple(p for p in packages if any(term.holds(p) for term in self.installed))


def _inner(term: Term) -> Term:
    return term.term if isinstance(term, Not) else term
