"""What of uv's cache environments hold, and what can be cleaned without touching one."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from venvdash.actions.delete.restore import Trash
from venvdash.actions.delete.uv_cache import concerned
from venvdash.actions.table import Table
from venvdash.model.cached_packages import CacheContents, CachedPackage, CacheUse
from venvdash.scanner.discovery.site_packages import installed
from venvdash.scanner.usage.cached_packages import ARCHIVES, read_cache
from venvdash.stores import uv_settings
from venvdash.system.mounts import Mounts
from venvdash.system.timeouts import Failed, Job, TimedOut, TimedRunner
from venvdash.text import because

_PATIENCE = 600.0  # seconds for the cache, which may have millions of files
_PATIENCE_ENVIRONMENT = 5.0  # seconds for one environment, which may lie on a network that is gone

_Inode = tuple[int, int]  # device and inode
_Installed = tuple[str, str | None]  # as site_packages.installed has it
_Examined = tuple[_Inode, list[_Installed]]


class CacheError(Exception):
    """uv's cache cannot be read; the text says why."""


@dataclass(slots=True)
class _Users:
    """Which packages environments have, and which unpacked wheels they link to."""

    packages: Counter[str] = field(default_factory=Counter)
    archives: set[str] = field(default_factory=set)
    seen: set[_Inode] = field(default_factory=set)
    unread: str = ""

    def add(self, inode: _Inode, packages: Sequence[_Installed], archives: str) -> None:
        """Add what one environment has; ``archives`` is the folder of unpacked wheels.

        An environment that a project's ``.venv`` links to counts once.
        """
        if inode in self.seen:
            return
        self.seen.add(inode)
        for name, target in packages:
            self.packages[name] += 1
            if target is not None and target.startswith(archives + os.sep):
                self.archives.add(target[len(archives) + 1 :].partition(os.sep)[0])


def cache_use(table: Table, trash: Trash, cancel: threading.Event | None = None) -> CacheUse:
    """Return how uv's cache is used by the environments of the last scan.

    Environments in known projects and in the trash count as well. Every environment is read again,
    so that what was installed since the scan counts. Raises CacheError.
    """
    cache = uv_settings.cache_directory(table.machine)[0]
    mount = Mounts.read().of(cache)
    clones = mount is not None and mount.clones
    cancelled = (cancel or threading.Event()).is_set
    job = Job(cache, lambda: read_cache(cache, clones=clones))
    for contents in TimedRunner(_PATIENCE, cancelled).run([job]):
        if isinstance(contents, CacheContents):
            return _used(table, trash, contents, cancelled)
        if isinstance(contents, Failed):
            raise CacheError(f"uv's cache at {cache} cannot be read: {because(contents.error)}.")
    raise CacheError(f"uv's cache at {cache} was not read to its end.")


def _used(
    table: Table, trash: Trash, contents: CacheContents, cancelled: Callable[[], bool]
) -> CacheUse:
    users = concerned(table.rows.values(), table.facts)
    environments = [*users.environments, *((prefix, None) for prefix in trash.prefixes(()))]
    installed = _read(environments, os.path.join(contents.path, ARCHIVES), cancelled)
    held = sum(_held(package, installed, contents.at_most) for package in contents.packages)
    free = [package for package in contents.packages if _is_free(package, installed)]
    return CacheUse(
        contents,
        installed.packages,
        held,
        tuple(free) if not installed.unread else (),
        installed.unread,
        uv_settings.symlinking(table.machine, users.projects) or "",
    )


def _read(
    environments: Iterable[tuple[Path, str | None]], archives: str, cancelled: Callable[[], bool]
) -> _Users:
    """Read what environments have; what is no environment has nothing."""
    users = _Users()
    jobs: list[Job[_Examined]] = [
        Job(prefix, partial(_examine, os.fspath(prefix), python))
        for prefix, python in dict.fromkeys(environments)
    ]
    answers = TimedRunner(_PATIENCE_ENVIRONMENT, cancelled).run(jobs)
    for job, answer in zip(jobs, answers, strict=False):
        if isinstance(answer, tuple):
            users.add(*answer, archives)
        elif isinstance(answer, TimedOut):
            users.unread = f"{job.path} does not respond"
        elif not isinstance(answer.error, FileNotFoundError | NotADirectoryError):
            users.unread = f"{job.path} cannot be read: {because(answer.error)}"
    if cancelled():
        users.unread = "it was cancelled"
    return users


def _examine(prefix: str, python: str | None) -> _Examined:
    status = os.stat(prefix)
    return (status.st_dev, status.st_ino), installed(prefix, python)


def _held(package: CachedPackage, users: _Users, clones: bool) -> int:
    """Return how many bytes of a package environments hold."""
    if package.archives & users.archives or (clones and users.packages[package.name]):
        return package.on_disk
    return package.linked


def _is_free(package: CachedPackage, users: _Users) -> bool:
    """Return whether no environment has a package, whether it is in the list or not."""
    return not (users.packages[package.name] or package.linked or package.archives & users.archives)
