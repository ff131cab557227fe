"""The requirements that recreate an environment's packages, and what prevents that.

From the names in site-packages, RECORD (PEP 376, PEP 627) and ``direct_url.json`` (PEP 610).
Nothing is run.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.requirement_lines import NeverError, requirement
from venvdash.model import Environment, Package
from venvdash.records.sidecar import NAME as SIDECAR
from venvdash.scanner import record_file
from venvdash.scanner.discovery.site_packages import name_and_version, site_directory
from venvdash.stores.base import normalised
from venvdash.system.files import read_text
from venvdash.system.walk import walk
from venvdash.text import visible

_SHOWN = 3  # files or packages in a sentence
_AFTER = 2.0  # seconds; RECORD is the last file that an installer writes
# What makers of environments and tools put into them.
_ROOT = frozenset(
    {"pyvenv.cfg", ".gitignore", "CACHEDIR.TAG", ".lock", "lib64", ".project", SIDECAR}
)
_BIN = re.compile(
    r"(?:python|pypy|graalpy)[0-9.wt-]*(?:\.exe)?|[Aa]ctivate.*|deactivate.*|pydoc\.bat"
)
_SITE = re.compile(r"_virtualenv\.(?:py|pth)|.*\.virtualenv")
_HOOKS = frozenset(
    {"preactivate", "postactivate", "predeactivate", "postdeactivate", "get_env_details"}
)
_HOOK_LIMIT = 4096  # bytes


@dataclass(frozen=True, slots=True)
class Requirements:
    """How an environment's packages can be installed again: lines for ``uv pip install -r``.

    ``obstacles``: why they, or what else lies in it, cannot; a sentence each, empty where all can.
    """

    requirements: tuple[str, ...] = ()
    obstacles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What a RECORD says of a file: its size, and when the RECORD itself was written."""

    size: int | None
    written: float


def requirements_of(environment: Environment) -> Requirements:
    """Return how the packages of an environment can be installed again. Raises OSError."""
    prefix = environment.path
    site = site_directory(str(prefix), environment.python, frozenset(os.listdir(prefix)))
    if site is None or not os.path.isdir(site):
        return Requirements(obstacles=("It has no site-packages directory.",))
    lines, obstacles = [], []
    recorded: dict[str, _Recorded] = {}
    below = os.path.relpath(site, prefix)
    for name in sorted(os.listdir(site)):
        if name.endswith((".egg-info", ".egg-link", ".egg")):
            obstacles.append(
                f"{visible(name, 128)} was installed without a list of files (RECORD)."
            )
        if not name.endswith(".dist-info"):
            continue
        package = name_and_version(name)
        try:
            lines.append(requirement(package, os.path.join(site, name), prefix))
            recorded |= _record(site, below, name)
        except NeverError as error:
            obstacles.append(str(error))
    obstacles += _files(prefix, below, recorded)
    return Requirements(tuple(lines), tuple(obstacles))


def _record(site: str, below: str, info: str) -> dict[str, _Recorded]:
    """Return the files that a RECORD names, by their path below the prefix."""
    file = os.path.join(site, info, "RECORD")
    try:
        sizes, written = record_file.sizes(file), os.lstat(file).st_mtime
    except (OSError, record_file.TooMuchError):
        sizes, written = {}, 0.0
    if not sizes:
        name = name_and_version(info).name
        raise NeverError(f"{visible(name, 128)} was installed without a list of files (RECORD).")
    return {
        os.path.normpath(os.path.join(below, name)): _Recorded(size, written)
        for name, size in sizes.items()
    }


def _files(prefix: Path, site: str, recorded: dict[str, _Recorded]) -> Iterator[str]:
    """Yield what was added or changed by hand, as far as names, sizes and times tell."""
    added, changed = [], []
    for opened in walk(os.fsencode(prefix), report=_raise):
        folder = os.fsdecode(opened.path or b"")
        for entry in opened.files():
            name = os.fsdecode(entry.name)
            if name.endswith(".pyc"):
                continue
            path = os.path.join(folder, name)
            known = recorded.get(path)
            if known is None:
                if not _usual(prefix, folder, name, site):
                    added.append(path)
            elif not entry.is_symlink() and _changed(entry.stat(follow_symlinks=False), known):
                changed.append(path)
    if added:
        yield f"It contains files that no package installed: {_some(added)}."
    if changed:
        yield f"Files have changed since they were installed: {_some(changed)}."


def _changed(status: os.stat_result, known: _Recorded) -> bool:
    resized = known.size is not None and status.st_size != known.size
    return resized or status.st_mtime > known.written + _AFTER


def _usual(prefix: Path, folder: str, name: str, site: str) -> bool:
    """Return whether a file is there in every environment, or in every package."""
    if not folder:
        return name in _ROOT
    if folder in ("bin", "Scripts"):
        return bool(_BIN.fullmatch(name)) or (
            name in _HOOKS and _says_nothing(prefix / folder / name)
        )
    if folder == site:
        return bool(_SITE.fullmatch(name))
    return os.path.dirname(folder) == site and folder.endswith(".dist-info")


def _says_nothing(file: Path) -> bool:
    """Return whether a script holds but comments, as virtualenvwrapper makes its hooks."""
    text = read_text(file, _HOOK_LIMIT)
    return text is not None and all(
        not line.strip() or line.lstrip().startswith("#") for line in text.splitlines()
    )


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    shown = ", ".join(visible(name, 200) for name in sorted(names)[:_SHOWN])
    return shown + (f" and {more:,} more" if more > 0 else "")


def _raise(error: OSError) -> None:
    raise error


def same_packages(first: tuple[Package, ...], second: tuple[Package, ...]) -> str:
    """Return in what two lists of packages, with their origins, differ; "" for nothing."""
    one, other = set(map(_told, first)), set(map(_told, second))
    names = sorted({name for name, *_ in one ^ other})
    return _some(names) if names else ""


def _told(package: Package) -> tuple[str, str, str, bool]:
    origin = (package.origin or "").partition("#")[0]
    return normalised(package.name), package.version, origin, package.editable
