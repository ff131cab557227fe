"""Stores that others use, too, whose projects cannot be seen from here.

In a container, a store that is mounted from outside may belong to projects outside; a store outside
HOME that other users can read may belong to theirs. Then only an environment whose project was seen
here can be an orphan.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from venvdash.model import Environment, Facts, Relation, Unsearched
from venvdash.system.host import host_id
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mounts, inside
from venvdash.system.trust import is_private_group
from venvdash.text import visible

_SUBVOLUMES = frozenset(["btrfs", "bcachefs"])  # whose mounts have a root as bind mounts do
_OWN = (Relation.SAME, Relation.RENAMED, Relation.RESTORED)
_READ_GROUP, _READ_OTHERS = 0o050, 0o005


def shared(
    machine: Machine, mounts: Mounts, environments: Iterable[Environment], facts: Facts | None
) -> Iterator[Unsearched]:
    """Yield each store that others use, with the environments that may be theirs."""
    by_root: dict[Path, list[Environment]] = {}
    for environment in environments:
        if not _seen_here(environment, facts):
            by_root.setdefault(environment.root, []).append(environment)
    for root, affected in by_root.items():
        why = _why(root, machine, mounts)
        if why:
            paths = frozenset(environment.path for environment in affected)
            name = visible(affected[0].traits.name, 100)
            release = f"if nobody uses it, `venvdash delete {name}`"
            yield Unsearched(root, f"{visible(root)} {why}", release, paths)


def _seen_here(environment: Environment, facts: Facts | None) -> bool:
    """Return whether an existing project of the environment was seen on this machine."""
    memory = facts.memories.get(environment.path) if facts else None
    if memory is None or memory.relation not in _OWN:
        return False
    return any(project.host in (None, host_id()) for project in memory.record.projects)


def _why(root: Path, machine: Machine, mounts: Mounts) -> str:
    mount = mounts.of(root)
    if mount is not None and mount.point != "/" and not inside(str(machine.disks), mount.point):
        bound = mount.root != "/" and mount.fstype not in _SUBVOLUMES
        if machine.in_container or (bound and _in_own_namespace()):
            return "is mounted from outside this container, where projects cannot be searched"
    if not inside(os.fspath(root), os.fspath(machine.home)) and read_by_others(root):
        return "can be read by other users, not all of whose projects can be searched"
    return ""


def _in_own_namespace() -> bool:
    """Return whether this process sees other mounts than the system's first one."""
    try:
        return os.readlink("/proc/self/ns/mnt") != os.readlink("/proc/1/ns/mnt")
    except OSError:  # only root may ask
        return False


def read_by_others(directory: Path) -> bool:
    """Return whether other users can list a directory, as its mode and those above it say."""
    try:
        status = os.stat(directory)
        above = [os.stat(parent).st_mode for parent in directory.parents]
    except OSError:
        return False
    if status.st_mode & _READ_OTHERS == _READ_OTHERS and all(mode & 0o001 for mode in above):
        return True
    group = status.st_mode & _READ_GROUP == _READ_GROUP
    reached = all(mode & 0o011 for mode in above)
    return group and reached and not is_private_group(status.st_gid, status.st_uid)
