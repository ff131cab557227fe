"""The user's own files in one environment, one by one: those that ``user_files`` counts."""

import heapq
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Environment
from venvdash.scanner.usage.user_files import UserFileSearch
from venvdash.system.foreground import give_way
from venvdash.system.walk import walk

_SHOWN = 2000  # files
_LOOKED_AT = 50_000  # files whose times are compared; beyond that the newest may be missed


@dataclass(frozen=True, slots=True)
class UserFile:
    """A file of the user's; ``size`` in bytes, ``modified`` in seconds since the epoch."""

    path: Path
    size: int
    modified: float


@dataclass(frozen=True, slots=True)
class UserFileList:
    """The newest files of the user's in an environment; ``more`` are not listed."""

    files: tuple[UserFile, ...] = ()
    more: int = 0


def user_file_list(environment: Environment) -> UserFileList | None:
    """Return the user's files, the newest first; None where that cannot be told.

    It walks the environment, and for an alias the directory that it points to.
    """
    root = os.fsencode(environment.target or environment.entry)
    search, problems = UserFileSearch(root, give_way), list[OSError]()
    try:
        for opened in walk(root, report=problems.append):
            give_way()
            search.directory(opened.path, [entry.name for entry in opened.files()], 0)
    except OSError:
        return None
    own_files = None if problems else search.own_files()
    if own_files is None:
        return None
    files, count = list[UserFile](), 0
    for at, names, more in own_files:
        count += len(names) + more
        if len(files) < _LOOKED_AT:
            files += _looked_at(search.where(at), names)
    newest = heapq.nlargest(_SHOWN, files, key=lambda file: file.modified)
    return UserFileList(tuple(newest), count - len(newest))


def _looked_at(folder: bytes, names: list[str]) -> Iterator[UserFile]:
    for name in names:
        give_way()
        path = os.path.join(folder, os.fsencode(name))
        try:
            status = os.lstat(path)
        except OSError:
            continue
        plain = Path(os.path.normpath(os.fsdecode(path)))
        yield UserFile(plain, status.st_size, status.st_mtime)
