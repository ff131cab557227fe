"""What is said of the packages of one environment, for the command line and the dashboard."""

import heapq
from collections.abc import Iterable, Iterator, Sequence

from venvdash.formats import size
from venvdash.model.installed import InstalledPackage, OtherVersion, PackageSource
from venvdash.presentation.tables import Column, table
from venvdash.text import visible

_LARGEST = 10  # packages that `info` shows
_DIFFERENT = 10  # packages whose other versions it shows
_MOST_NAMES = 200  # in one cell; what does not fit is cut there
_MOST_VERSIONS = 20


def name_in_words(package: InstalledPackage) -> str:
    """Return the name, safe to show."""
    return visible(package.name, 128)


def version_in_words(package: InstalledPackage) -> str:
    """Return the version, safe to show."""
    return visible(package.package.version, 64) or "-"


def size_in_words(package: InstalledPackage) -> str:
    """Return the size on disk, "-" where it is not known."""
    return "-" if package.on_disk is None else size(package.on_disk)


def origin_in_words(package: InstalledPackage) -> str:
    """Return the kind of source, and the URL where it is no index: "editable file:///x"."""
    origin = visible(package.package.origin or "")
    return f"{package.source.value} {origin}".rstrip()


def names_in_words(names: Sequence[str]) -> str:
    """Return names of packages, safe to show: "numpy, pandas"."""
    return ", ".join(visible(name, 128) for name in names[:_MOST_NAMES])


def elsewhere_in_words(versions: Sequence[OtherVersion]) -> str:
    """Return the other versions, safe to show: "1.26.4 in 12, 2.0.0 in 1"."""
    return ", ".join(
        f"{visible(one.version, 64) or 'no version'} in {one.environments}"
        for one in versions[:_MOST_VERSIONS]
    )


def all_packages(packages: Iterable[InstalledPackage]) -> list[str]:
    """Return the lines of the table that `info --packages` prints."""
    columns = (
        Column("PACKAGE", least=16),
        Column("VERSION", least=8),
        Column("SIZE", right=True),
        Column("SOURCE", drop=2, least=8),
        Column("REQUIRED BY", drop=1, least=16),
        Column("ELSEWHERE", drop=3, least=12),
    )
    rows = [
        (
            name_in_words(one),
            version_in_words(one),
            size_in_words(one),
            origin_in_words(one),
            names_in_words(one.required_by) or "-",
            elsewhere_in_words(one.elsewhere) or "-",
        )
        for one in sorted(packages, key=lambda one: one.name.casefold())
    ]
    return table(columns, rows)


def largest(packages: Sequence[InstalledPackage], command: str) -> Iterator[str]:
    """Yield the largest packages as lines; ``command`` shows all."""
    shown = heapq.nsmallest(
        _LARGEST, packages, key=lambda one: (-(one.on_disk or 0), one.name.casefold())
    )
    columns = (Column(), Column(), Column(right=True), Column(drop=1, least=20))
    rows = [
        (
            name_in_words(one),
            version_in_words(one),
            size_in_words(one),
            "" if one.source is PackageSource.INDEX else origin_in_words(one),
        )
        for one in shown
    ]
    yield from table(columns, rows, indent="  ")
    if more := len(packages) - len(shown):
        yield f"  and {more:,} more: {command}"


def different(packages: Iterable[InstalledPackage]) -> Iterator[str]:
    """Yield the packages of which other environments have other versions, as lines."""
    found = sorted(
        (one for one in packages if one.elsewhere),
        key=lambda one: (-sum(other.environments for other in one.elsewhere), one.name.casefold()),
    )
    rows = [
        (name_in_words(one), version_in_words(one), elsewhere_in_words(one.elsewhere))
        for one in found[:_DIFFERENT]
    ]
    yield from table((Column(), Column(), Column(least=12)), rows, indent="  ")
    if more := len(found) - len(rows):
        yield f"  and {more:,} more"
