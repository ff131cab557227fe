"""What two environments have installed, compared."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from venvdash.model import Package
from venvdash.model.packaging import canonical_name
from venvdash.presentation.json_values import package_json
from venvdash.presentation.tables import Column, table
from venvdash.text import visible


@dataclass(frozen=True, slots=True)
class PackageDiff:
    """The packages of two environments, by name.

    ``different``: in both, with another version or from another origin. ``same``: how many are
    equal.
    """

    only_in_first: Sequence[Package]
    only_in_second: Sequence[Package]
    different: Sequence[tuple[Package, Package]]
    same: int

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


def _by_name(packages: Sequence[Package]) -> Mapping[str, Package]:
    return {canonical_name(package.name): package for package in packages}


def _state(package: Package) -> tuple[object, ...]:
    return package.version, package.origin, package.editable


def _version(package: Package) -> str:
    origin = "editable" if package.editable else visible(package.origin or "", 64)
    return visible(package.version, 32) + (f" ({origin})" if origin else "")
