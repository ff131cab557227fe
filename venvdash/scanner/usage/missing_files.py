"""The installed files that are missing from an environment.

Every name in a RECORD is checked, which takes a second for many thousands: so this is done for the
details of one environment, never for a list.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from venvdash.scanner import record_file
from venvdash.scanner.discovery.site_packages import name_and_version
from venvdash.system.files import names_in

_FILES = 500_000  # checked in one environment
_NAMED = 5  # missing files that are named for each package


@dataclass(frozen=True, slots=True)
class Missing:
    """A package with missing files: the first few of them, and their number."""

    package: str
    files: tuple[Path, ...]
    count: int


def missing(prefix: Path, site: str) -> tuple[Missing, ...]:
    """Return the packages in a site-packages whose RECORD names files that are not there.

    Compiled files do not count (virtualenv's pip records some that never exist), nor do files
    outside ``prefix``. Raises nothing: what cannot be read counts as complete.
    """
    infos = [name for name in names_in(site) if name.endswith(".dist-info")]
    left = _FILES
    incomplete = []
    for info in infos:
        files = _recorded(os.path.join(site, info, "RECORD"))[:left]
        left -= len(files)
        gone = list(_gone(os.fspath(prefix), site, files))
        if gone:
            name = name_and_version(info).name
            incomplete.append(Missing(name, tuple(Path(path) for path in gone[:_NAMED]), len(gone)))
    return tuple(incomplete)


def _recorded(file: str) -> list[str]:
    try:
        return record_file.names(file)
    except (OSError, record_file.TooMuchError):
        return []


def _gone(prefix: str, site: str, names: list[str]) -> Iterator[str]:
    inside = prefix.rstrip(os.sep) + os.sep
    for name in names:
        if "\0" in name:
            continue
        path = os.path.normpath(os.path.join(site, name))
        if not path.startswith(inside):
            continue
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            yield path
        except OSError:
            continue
