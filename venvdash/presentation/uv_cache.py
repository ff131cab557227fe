"""What uv's cache holds, and what cleaning it would remove: as text, and as JSON."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from venvdash.formats import bounded, size
from venvdash.model.cached_packages import CachedPackage, CacheUse
from venvdash.presentation.document import Line, Piece, plain
from venvdash.presentation.roles import Role
from venvdash.presentation.tables import Column, table
from venvdash.text import counted, short_path, visible

_COLUMNS = (
    Column("PACKAGE", least=12),
    Column("VERSIONS", drop=1, least=8),
    Column("SIZE", right=True),
    Column("RECLAIMABLE", right=True),
    Column("USED BY", drop=2),
)
_SHOWN = 15  # packages in the table
_NAMED = 20  # packages that a plan names


def cache_table(use: CacheUse, *, every: bool) -> Iterator[str]:
    """Yield the packages as a table: what most can be reclaimed of first, then the largest."""
    free = {package.name for package in use.free}
    packages = sorted(
        use.contents.packages,
        key=lambda one: (-one.reclaimable if one.name in free else 0, -one.on_disk, one.name),
    )
    shown = packages if every else packages[:_SHOWN]
    yield from table(_COLUMNS, [_cells(one, use, one.name in free) for one in shown])
    if len(shown) < len(packages):
        yield f"and {len(packages) - len(shown)} more: --all shows them"


def _cells(package: CachedPackage, use: CacheUse, free: bool) -> tuple[str, ...]:
    return (
        visible(package.name, 64),
        visible(", ".join(package.versions), 128),
        size(package.on_disk),
        bounded(package.reclaimable, use.contents.at_most) if free else "-",
        _users(package, use),
    )


def _users(package: CachedPackage, use: CacheUse) -> str:
    """Return who has a package in words."""
    if number := use.users.get(package.name, 0):
        return counted(number, "environment")
    return "environments that are not listed" if package.linked else "none"


def cache_in_words(use: CacheUse, home: Path) -> Iterator[str]:
    """Yield the sums below the table, a sentence each."""
    contents = use.contents
    where = short_path(contents.path, home)
    none = contents.on_disk - use.held
    yield (
        f"uv's cache at {where} takes {size(contents.on_disk)}: environments hold "
        f"{size(use.held)} of it, and no environment uses {size(none)}."
    )
    if use.unread:
        yield f"Nothing can be cleaned: {visible(use.unread)}."
    elif use.free:
        free = bounded(use.reclaimable, contents.at_most)
        yield (
            f"`venvdash cache clean` reclaims {free}: "
            f"{counted(len(use.free), 'package')} that no environment uses."
        )


def clean_plan(use: CacheUse, packages: Sequence[CachedPackage], home: Path) -> Iterator[Line]:
    """Yield what cleaning these packages would do."""
    free = bounded(sum(package.reclaimable for package in packages), use.contents.at_most)
    where = short_path(use.contents.path, home)
    names = [visible(package.name, 64) for package in packages]
    yield Line(
        (
            Piece(f"Removes {counted(len(packages), 'package')}", Role.STRONG),
            Piece(f" from uv's cache at {where}, reclaims {free}."),
        )
    )
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    yield plain(f"  {', '.join(names[:_NAMED])}{more}")
    yield plain("  No environment uses them. uv downloads them again when they are needed.")
    if use.linking:
        yield Line((Piece(f"  {linking_in_words(use)}", Role.WARNING),))
    yield plain(f"  Runs: uv cache clean {' '.join(names[:3])}{' ...' if names[3:] else ''}")


def linking_in_words(use: CacheUse) -> str:
    """Return why environments that are not listed may break."""
    return (
        f"uv is set to install packages as links into its cache ({visible(use.linking)}): an "
        "environment that venvdash does not list may use them, and would break."
    )


def cache_json(use: CacheUse) -> dict[str, object]:
    """Return what uv's cache holds as JSON shows it."""
    free = {package.name for package in use.free}
    return {
        "path": str(use.contents.path),
        "on_disk": use.contents.on_disk,
        "held": use.held,
        "reclaimable": use.reclaimable,
        "at_most": use.contents.at_most,
        "unread": use.unread or None,
        "linking": use.linking or None,
        "packages": [
            {
                "name": package.name,
                "versions": list(package.versions),
                "on_disk": package.on_disk,
                "reclaimable": package.reclaimable if package.name in free else 0,
                "environments": use.users.get(package.name, 0),
                "free": package.name in free,
            }
            for package in use.contents.packages
        ],
    }
