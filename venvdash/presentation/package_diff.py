"""What two environments have installed, compared."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from venvdash.model import Package, PackageChange
from venvdash.model.packaging import canonical_name
from venvdash.presentation.document import Line, Piece, plain
from venvdash.presentation.json_values import package_json
from venvdash.presentation.roles import Role
from venvdash.presentation.tables import Column, table
from venvdash.text import counted, visible

_MOST_PACKAGES = 500  # of one environment


@dataclass(frozen=True, slots=True)
class PackageDiff:
    """The packages of two environments, by name.

    ``different``: in both, with another version or from another origin. ``same``: how many are
    equal. ``reinstalled``: of a plan, what is removed and installed again in the same version.
    """

    only_in_first: Sequence[Package]
    only_in_second: Sequence[Package]
    different: Sequence[tuple[Package, Package]]
    same: int
    reinstalled: Sequence[Package] = ()

    def changes(self) -> Iterator[Line]:
        """Yield what would change from the first to the second: a summary, and a line for each."""
        added, removed = self.only_in_second, self.only_in_first
        counts = {
            "added": len(added),
            "removed": len(removed),
            "changed": len(self.different),
            "reinstalled": len(self.reinstalled),
        }
        count = sum(counts.values())
        if not count:
            return
        each = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
        yield plain(f"  {counted(count, 'package')} would change: {each}")
        lines = (line for _, line in sorted(self._signed(), key=lambda one: one[0]))
        yield from islice(lines, _MOST_PACKAGES)
        if count > _MOST_PACKAGES:
            yield Line((Piece(f"    and {count - _MOST_PACKAGES} more", Role.MUTED),))

    def _signed(self) -> Iterator[tuple[str, Line]]:
        """Yield each change by its name: a sign, then what is installed, in the role's style."""
        for one in self.only_in_second:
            yield one.name, _change("+", one.name, _version(one), Role.ADDED)
        for one in self.only_in_first:
            yield one.name, _change("-", one.name, _version(one), Role.REMOVED)
        for old, new in self.different:
            versions = f"{_version(old)} → {_version(new)}"
            yield new.name, _change("±", new.name, versions, Role.CHANGED)
        for one in self.reinstalled:
            yield one.name, _change("~", one.name, _version(one), Role.REINSTALLED)

    def lines(self, first: str, second: str) -> Iterator[str]:
        """Yield it as lines: a table, and how many there are of each; the names are visible."""
        rows = [(visible(a.name, 64), _version(a), _version(b)) for a, b in self.different]
        rows += [(visible(one.name, 64), _version(one), "-") for one in self.only_in_first]
        rows += [(visible(one.name, 64), "-", _version(one)) for one in self.only_in_second]
        if rows:
            columns = (Column("PACKAGE"), Column(first, least=12), Column(second, least=12))
            yield from table(columns, rows)
            yield ""
        yield (
            f"{len(self.different)} different, {len(self.only_in_first)} only in {first}, "
            f"{len(self.only_in_second)} only in {second}, {self.same} the same"
        )

    def json(self) -> dict[str, object]:
        """Return it as JSON shows it."""
        return {
            "only_in_first": [package_json(one) for one in self.only_in_first],
            "only_in_second": [package_json(one) for one in self.only_in_second],
            "different": [
                {"name": first.name, "first": package_json(first), "second": package_json(second)}
                for first, second in self.different
            ],
            "same": self.same,
        }


def package_diff(first: Sequence[Package], second: Sequence[Package]) -> PackageDiff:
    """Return the difference between the packages of two environments, sorted by name."""
    one, other = _by_name(first), _by_name(second)
    both = sorted(one.keys() & other.keys())
    pairs = [(one[name], other[name]) for name in both]
    different = [(a, b) for a, b in pairs if _state(a) != _state(b)]
    return PackageDiff(
        [one[name] for name in sorted(one.keys() - other.keys())],
        [other[name] for name in sorted(other.keys() - one.keys())],
        different,
        len(both) - len(different),
    )


def planned_diff(changes: Sequence[PackageChange], replaced: Sequence[Package]) -> PackageDiff:
    """Return what a plan would change; ``replaced`` are the packages of what it deletes first."""

    def those(*actions: str) -> dict[str, Package]:
        chosen = (Package(one.name, one.version) for one in changes if one.action in actions)
        return {canonical_name(one.name): one for one in chosen}

    old, new = those("uninstalled"), those("installed")
    old = dict(_by_name(replaced)) | old
    again = {name: old.get(name, one) for name, one in those("reinstalled").items()}
    both = sorted(old.keys() & new.keys() - again.keys())
    same = {name for name in both if new[name].version in ("", old[name].version)}
    return PackageDiff(
        [old[name] for name in sorted(old.keys() - new.keys() - again.keys())],
        [new[name] for name in sorted(new.keys() - old.keys())],
        [(old[name], new[name]) for name in both if name not in same],
        0,
        [*again.values(), *(old[name] for name in sorted(same))],
    )


def _change(sign: str, name: str, version: str, role: Role) -> Line:
    return Line((Piece("    "), Piece(f"{sign} {visible(name, 128)} {version}".rstrip(), role)))


def _by_name(packages: Sequence[Package]) -> Mapping[str, Package]:
    return {canonical_name(package.name): package for package in packages}


def _state(package: Package) -> tuple[object, ...]:
    return package.version, package.origin, package.editable


def _version(package: Package) -> str:
    origin = "editable" if package.editable else visible(package.origin or "", 64)
    return visible(package.version, 32) + (f" ({origin})" if origin else "")
