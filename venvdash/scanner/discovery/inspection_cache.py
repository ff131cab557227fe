"""What earlier scans read of environments, used while everything it was read from is unchanged.

An inspection is remembered with the fingerprints of all files and directories behind it
(``system.reads``), under the rule of ``system.fingerprint``. Not remembered is what has no
reliable fingerprint: what lies on a network disk or in FUSE, on Windows, and environments whose
store looks at more than files. What no fingerprint covers is read each time: whether the
interpreter exists, who owns the environment, whether it can be written, when its Python was last
started.
"""

import os
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property

from venvdash.model import EnvironmentIdentity
from venvdash.records.inspections import Inspection
from venvdash.stores.roots import Entry, Root
from venvdash.system import fingerprint, reads
from venvdash.system.mounts import Mount, Mounts
from venvdash.system.reads import Reads

_ABSENT = (0, 0, 0, 0, 0)
_WITHOUT_CTIME = frozenset({"exfat", "msdos", "vfat"})  # a program can set all times that they keep


@dataclass(frozen=True, slots=True)
class Now:
    """What is read of an environment each time.

    ``used`` is when it was last used as far as its files show, in seconds since the epoch.
    """

    fingerprint: EnvironmentIdentity
    owner: int
    used: float


class InspectionCache:
    """The inspections of the last scan.

    ``unchanged`` are the paths of those that are used again, ``added`` has what this scan read that
    is worth remembering, by path. For one thread at a time.
    """

    def __init__(self, saved: Mapping[str, Inspection], mounts: Mounts) -> None:
        self._saved = saved if os.name == "posix" else {}
        self._mounts = mounts
        self._begun = time.time_ns()
        self.added: dict[str, Inspection] = {}
        self.unchanged: list[str] = []

    def get(self, entry: Entry, root: Root) -> tuple[Inspection, Now] | None:
        """Return what is remembered of an environment if all of it is unchanged."""
        path = os.fspath(entry.prefix)
        known = self._saved.get(path)
        if known is None or known.settings != settings(entry, root):
            return None
        files, stats = known.files, known.stats
        try:
            status, cfg = os.lstat(files[0]), os.lstat(files[1])
        except (OSError, IndexError):
            return None
        if (*fingerprint.of_stat(status), *fingerprint.of_stat(cfg)) != stats[:10]:
            return None
        for number, file in enumerate(files[2:], 2):
            current = fingerprint.current(file, follow=False) or _ABSENT
            if current != stats[5 * number : 5 * number + 5]:
                return None
        if files[0] != path:
            return None
        for file in files:
            reads.note(file)
        reads.note(files[1], reads.Read.ACCESS_TIME)
        self.unchanged.append(path)
        return known, now(status, cfg)

    def add(self, entry: Entry, root: Root, inspection: Inspection, noted: Reads) -> None:
        """Remember an inspection, if a later change of anything that it ``noted`` will show."""
        if os.name != "posix" or not noted.complete or noted.resolved or noted.variables:
            return
        stats: list[int] = []
        for path in noted.paths:
            status = _status(path)
            print_of_file = fingerprint.of_stat(status) if status else None
            if (status and stat.S_ISLNK(status.st_mode)) or not self._reliable(path, print_of_file):
                return
            stats += print_of_file or _ABSENT
        self.added[os.fspath(entry.prefix)] = replace(
            inspection,
            files=tuple(noted.paths),
            stats=tuple(stats),
            settings=settings(entry, root),
        )

    def _reliable(self, path: str, found: fingerprint.Fingerprint | None) -> bool:
        """Return whether every later change of a file shows in its fingerprint."""
        if found is not None and not fingerprint.settled(found, self._begun):
            return False
        mount = self._mounts.of(path)
        return (
            mount is not None
            and not unreliable(mount)
            and (found is None or found.device not in self._unreliable_devices)
        )

    @cached_property
    def _unreliable_devices(self) -> frozenset[int]:
        return unreliable_devices(self._mounts)


def unreliable_devices(mounts: Mounts) -> frozenset[int]:
    """Return the devices of these file systems, as ``stat`` numbers them."""
    devices = (one.device.split(":") for one in mounts.mounts if unreliable(one))
    return frozenset(os.makedev(int(d[0]), int(d[1])) for d in devices if len(d) == 2)


def unreliable(mount: Mount) -> bool:
    """Return whether a change on this file system may not show in a fingerprint."""
    fstype = mount.fstype
    return mount.network or mount.shared or fstype.startswith("fuse") or fstype in _WITHOUT_CTIME


def _status(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except (OSError, ValueError):
        return None


def now(status: os.stat_result, cfg: os.stat_result) -> Now:
    """Return what ``stat`` says of an environment and its pyvenv.cfg."""
    identity = EnvironmentIdentity(status.st_ino, cfg.st_ino, cfg.st_mtime_ns, cfg.st_ctime_ns)
    return Now(identity, status.st_uid, _access_time(cfg))


def settings(entry: Entry, root: Root) -> str:
    """Return what the answer depends on besides files: how the store's root is configured."""
    within = "" if entry.entry == entry.prefix else os.fspath(entry.entry)
    return f"{_described(root)} {within}"


@cache
def _described(root: Root) -> str:
    return repr(root)


def _access_time(cfg: os.stat_result) -> float:
    """Return when the environment's Python was last started, 0.0 if reading it changes that.

    Only a file's owner may read it without updating its access time.
    """
    if not hasattr(os, "O_NOATIME"):
        return cfg.st_atime
    return cfg.st_atime if os.geteuid() in (0, cfg.st_uid) else 0.0
