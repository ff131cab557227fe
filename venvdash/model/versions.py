"""Sets of versions as people write them: ``3.11``, ``..3.9``, ``3.9..3.12``, ``>=2,<3``.

Versions are compared as PEP 440 says. Both ends of a range belong to it, and an end means every
version that begins with it: ``..3.9`` has 3.9.18 in it.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

_OPERATORS = ("<", ">", "=", "!", "~")
_LONGEST = 512  # characters; Python reads no number of more than some thousand digits


@dataclass(frozen=True, slots=True)
class Versions:
    """A set of versions: the versions that any of the alternatives of each clause holds for."""

    clauses: "tuple[tuple[SpecifierSet, ...], ...]"
    _known: dict[str, bool | None] = field(default_factory=dict, compare=False, repr=False)

    def holds(self, version: str) -> bool | None:
        """Return whether a version is in the set; None for a text that is no version."""
        if version not in self._known:
            self._known[version] = self._compare(version)
        return self._known[version]

    def _compare(self, version: str) -> bool | None:
        from packaging.version import InvalidVersion, Version

        try:
            parsed = Version(version[:_LONGEST])
        except InvalidVersion:
            return None
        return all(
            any(one.contains(parsed, prereleases=True) for one in clause) for clause in self.clauses
        )


def versions(text: str) -> Versions | None:
    """Return the set that a text means; None for one that means none."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    text = text.strip()
    low, dots, high = text.partition("..")
    if not text or text == ".." or len(text) > _LONGEST:
        return None
    try:
        if text.startswith(_OPERATORS):
            return Versions(((SpecifierSet(text),),))
        if not dots:
            return Versions((_beginning(text),))
        clauses: list[tuple[SpecifierSet, ...]] = []
        if low:
            clauses.append((SpecifierSet(f">={low.strip()}"),))
        if high:
            clauses.append((SpecifierSet(f"<={high.strip()}"), *_beginning(high)))
        return Versions(tuple(clauses))
    except InvalidSpecifier:
        return None


def _beginning(version: str) -> "tuple[SpecifierSet, ...]":
    """Return what holds for a version and, if it is a plain release, all that begin with it."""
    from packaging.specifiers import SpecifierSet

    plain = all(part.isdecimal() for part in version.strip().split("."))
    return (SpecifierSet(f"=={version.strip()}{'.*' if plain else ''}"),)
