"""The files that packages installed into an environment, as their installers recorded them.

- ``*.dist-info/RECORD``: see ``record_file``.
- ``*.egg-info/installed-files.txt``: a path a line, relative to the ``egg-info`` directory (pip
  before 23.1, for projects without a wheel).
- ``conda-meta/*.json``: the list ``files``, relative to the prefix (conda, mamba, pixi).

Loaded by the child processes that measure: no imports beyond small C modules.
"""

import os
import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress

from venvdash.scanner import record_file
from venvdash.scanner.record_file import TooMuchError, is_compiled, read

_MOST = 500_000  # files of one environment
_INSTALLED = "installed-files.txt"
_SITE = re.compile(r"(lib|lib64|Lib)/((python|pypy|graalpy)[^/]*/site-packages|[^/]*site-packages)")
# The directories of an environment, relative to it, and the names of the files in each.
Folders = Mapping[str, Collection[str]]
_ODD = frozenset({"", ".", "/"})  # first characters of names that are no plain relative paths


class Installed:
    """The recorded files of one environment.

    ``lists``: by directory (each of ``sites``, the site-packages, and "" for the prefix) the
    recorded files with their paths relative to it, without those that Python compiles. ``whole``
    are files and directories, relative to the prefix, that belong to a package with all that is
    in them: its metadata, and its modules where no list names them one by one. ``conda``: the
    list of the prefix is conda's; then files of the other lists need not be there, since conda
    changes what a package's RECORD says.
    """

    __slots__ = ("conda", "lists", "sites", "whole")

    def __init__(self, sites: list[str]) -> None:
        self.sites = sites
        self.lists: dict[str, set[str]] = {"": set()}
        for site in sites:
            self.lists[site] = set()
        self.whole: set[str] = set()
        self.conda = False


def installed(root: bytes, folders: Folders, tick: Callable[[], None] = lambda: None) -> Installed:
    """Return the recorded files of the environment at ``root``, whose directories are ``folders``.

    ``tick`` is called for every package. Raises OSError for a list that cannot be read, and
    TooMuchError.
    """
    prefix = os.fsdecode(root)
    recorded = Installed(sorted(filter(_is_site, folders)))
    for site in recorded.sites:
        for name in _packages(site, folders):
            tick()
            _package(recorded, prefix, site, name, folders.get(f"{site}/{name}", ()))
    recorded.conda = "conda-meta" in folders
    for name in folders.get("conda-meta", ()):
        if name.endswith(".json"):
            tick()
            recorded.lists[""].update(files_of_conda(os.path.join(prefix, "conda-meta", name)))
    if sum(map(len, recorded.lists.values())) > _MOST:
        raise TooMuchError(f"more than {_MOST:,} installed files are recorded")
    return recorded


def _is_site(folder: str) -> bool:
    """Return whether a directory is the site-packages of a Python in the environment."""
    return folder.endswith("site-packages") and _SITE.fullmatch(folder) is not None


def _packages(site: str, folders: Folders) -> list[str]:
    """Return the names in a site-packages that stand for a package each."""
    inside = f"{site}/"
    names = [at[len(inside) :] for at in folders if at.startswith(inside)] + [*folders[site]]
    endings = (".dist-info", ".egg-info", ".egg")
    return [
        name for name in names if "/" not in name and (name.endswith(endings) or name[0] == "~")
    ]


def _package(
    recorded: Installed, prefix: str, site: str, name: str, files: Collection[str]
) -> None:
    """Add the files that one entry of site-packages records; ``files`` lie directly in it."""
    recorded.whole.add(f"{site}/{name}")
    if name.endswith(".egg") or name[0] == "~":  # easy_install's; what pip could not remove
        return
    info = f"{prefix}/{site}/{name}"
    listed = "RECORD" if name.endswith(".dist-info") else _INSTALLED
    names = None
    if listed in files:
        with suppress(FileNotFoundError, NotADirectoryError):
            names = _names(info, listed, name)
    if names is not None:
        _add(recorded, names, prefix, site)
    else:
        recorded.whole.update(_modules(info, site, name, files))


def _names(info: str, listed: str, name: str) -> list[str]:
    """Return what a package's list names, relative to site-packages."""
    if listed == "RECORD":
        return record_file.names(f"{info}/RECORD")
    lines = read(f"{info}/{listed}").split("\n")
    return [f"{name}/{line}" for line in lines if line and not is_compiled(line)]


def _add(recorded: Installed, names: list[str], prefix: str, site: str) -> None:
    """Add names relative to a site-packages, without those outside the environment."""
    files = recorded.lists[site]
    files.update(names)
    odd = [name for name in names if name[:1] in _ODD or "/." in name]
    files.difference_update(odd)
    root = prefix.rstrip("/") + "/"
    for name in odd:
        path = posixpath.normpath(posixpath.join(root, site, name))
        if path.startswith(f"{root}{site}/"):
            files.add(path[len(f"{root}{site}/") :])
        elif path.startswith(root):
            recorded.lists[""].add(path[len(root) :])


def _modules(path: str, site: str, info: str, files: Collection[str]) -> Iterator[str]:
    """Yield the modules of a package without a file list, from top_level.txt or its name."""
    names: list[str] = []
    if "top_level.txt" in files:
        with suppress(FileNotFoundError, NotADirectoryError):
            names = read(f"{path}/top_level.txt").split()
    for name in names or [info.partition("-")[0].removesuffix(".egg")]:
        if "/" not in name:
            yield f"{site}/{name}"
            yield f"{site}/{name}.py"


def files_of_conda(file: str) -> list[str]:
    """Return the files of a conda package, relative to the prefix. Raises OSError and TooMuchError.

    Only the list is parsed: the rest of the file is ten times as long.
    """
    import json

    text = read(file)
    start = text.find('"files": [')
    end = text.find("]", start)
    try:
        try:
            names = json.loads(text[start + len('"files": ') : end + 1]) if start >= 0 else None
        except ValueError:  # a name with a bracket in it
            names = None
        names = json.loads(text)["files"] if names is None else names
        return [name for name in names if not is_compiled(name)]
    except (ValueError, LookupError, TypeError, AttributeError):
        return []  # no package's
