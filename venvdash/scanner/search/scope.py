"""Where to search, in order of likelihood, and what is left out on purpose.

Recorded places and their siblings come first, then the configured folders, HOME, every other local
disk, and last the network disks with files of the user. Each file system is read once: a bind mount
only adds other paths for the same directories.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Environment, Facts, Unsearched
from venvdash.scanner.search.matcher import Spellings
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mount, Mounts, inside, resolved
from venvdash.text import visible

SNAPSHOTS, BACKUPS, LAYERS = "snapshots", "backups", "container layers"
OTHERS = "folders of other users"
_AUTOMOUNTS = frozenset(["autofs", "automount"])
_KERNEL = """autofs automount binder binfmt_misc bpf cgroup cgroup2 configfs cpuset debugfs devfs
    devpts devtmpfs efivarfs fuse.gvfsd-fuse fuse.lxcfs fuse.portal fuse.snapfuse fusectl hugetlbfs
    mqueue mvfs none nfsd nsfs proc procfs pstore resctrl rpc_pipefs securityfs selinuxfs smackfs
    sysfs tracefs"""
_KERNEL_TYPES = frozenset(_KERNEL.split())
# Read-only images: packages, installers, boot images. They contain no projects.
_IMAGES = frozenset(
    ["cramfs", "cd9660", "erofs", "fuse.squashfuse", "iso9660", "romfs", "squashfs", "udf"]
)
_LAYERS = frozenset(["aufs", "overlay", "fuse.fuse-overlayfs"])

# Folders of packages and compiled code: never entered, and not counted.
PACKAGED = frozenset(["node_modules", "site-packages", "__pycache__"])
KINDS = ("node_modules", "site-packages", "__pycache__", ".git/objects")
# Folders of snapshots and backups: not entered unless they look like a project.
COPIES = {
    ".snapshots": SNAPSHOTS,
    ".snapshot": SNAPSHOTS,
    ".zfs": SNAPSHOTS,
    "timeshift": BACKUPS,
    "timeshift-btrfs": BACKUPS,
    "backintime": BACKUPS,
    "Backups.backupdb": BACKUPS,
}
# Folders where container engines keep layers, by the end of their path.
_LAYER_FOLDERS = (
    ".local/share/containers/storage/overlay",
    ".local/share/docker/overlay2",
    "/var/lib/containers/storage/overlay",
    "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs",
    "/var/lib/docker/overlay2",
)
_NIX = "/nix/store"


@dataclass(frozen=True, slots=True)
class Start:
    """A place to search: ``depth`` levels below it, None for all of its file system."""

    path: str
    depth: int | None = None
    network: bool = False


@dataclass(frozen=True)
class SearchScope:
    """The places of one search, computed from paths and mounts without reading a file system."""

    machine: Machine
    config: Config
    mounts: Mounts
    environments: tuple[Environment, ...] = ()
    facts: Facts | None = None

    @cached_property
    def top(self) -> str:
        """The directory below which local disks are searched."""
        return os.path.realpath(self.machine.disks)

    @cached_property
    def skipped(self) -> frozenset[str]:
        """The folders of `skip`, as written and resolved."""
        return self._spelled(self.config.skip)

    @cached_property
    def wanted(self) -> frozenset[str]:
        """The folders of `search`, as written and resolved."""
        return self._spelled(self.config.search)

    def _folders(self, texts: Iterable[str]) -> list[str]:
        return [os.path.normpath(self.machine.expand(text)) for text in texts]

    @property
    def left_out(self) -> tuple[str, ...]:
        """The folders of `skip` below the top, as they are written."""
        paths = dict.fromkeys(self._folders(self.config.skip))
        return tuple(path for path in paths if inside(path, self.top) or inside(self.top, path))

    @cached_property
    def searched(self) -> tuple[str, ...]:
        """The local folders of `search` as they are written, existing or not."""
        paths = filter(self.allowed, self._folders(self.config.search))
        mounts = [(path, self.mounts.of(path)) for path in paths]
        return tuple(path for path, mount in mounts if mount is None or not mount.network)

    def _spelled(self, texts: Iterable[str]) -> frozenset[str]:
        """Return folders as written and with links resolved, unless that reads a network disk."""
        paths = self._folders(texts)
        return frozenset((*paths, *(resolved(path, self.mounts) or path for path in paths)))

    @cached_property
    def barred(self) -> Mapping[str, str]:
        """Every path that a walk must not enter, and its kind if the walk reports it.

        Mount points and the folders of `skip` are searched or reported separately.
        """
        layers = [os.path.join(self.machine.home, name) for name in _LAYER_FOLDERS]
        named = {**dict.fromkeys(layers, LAYERS), _NIX: "package stores"}
        return named | dict.fromkeys((*self.mounts.points, *self.skipped), "")

    @cached_property
    def _recorded(self) -> tuple[str, ...]:
        """The claimed and recorded paths of the projects, existing or not."""
        if self.facts is None:
            return ()
        paths: dict[str, None] = {}
        for environment in self.environments:
            paths |= dict.fromkeys(map(str, self.facts.claimed.get(environment.path, ())))
            memory = self.facts.memories.get(environment.path)
            paths |= dict.fromkeys(str(p.path) for p in (memory.record.projects if memory else ()))
        return tuple(paths)

    @cached_property
    def network(self) -> tuple[Mount, ...]:
        """The network disks with files of the user, or mounted by the user."""
        home = os.fspath(self.machine.home)
        texts = [home, *self._recorded, *map(str, self._given()), *self._known()]
        near = {mount.point for mount in map(self.mounts.of, texts) if mount is not None}
        return tuple(
            mount
            for mount in self._remote()
            if mount.point in near or inside(mount.point, home) or mount.user == self.machine.uid
        )

    def _known(self) -> Iterator[str]:
        if self.facts is not None:
            yield from map(str, self.facts.places)
            yield from (str(environment.root) for environment in self.facts.environments.values())

    def _given(self) -> Iterator[Path]:
        # The inner ones first: what lies in a folder that was read is not read again.
        inner = sorted(self.config.search, key=len, reverse=True)
        for text in (*inner, *self.config.project_roots):
            yield self.machine.expand(text)

    def _remote(self) -> Iterator[Mount]:
        for mount in self.mounts.points.values():
            entered = mount.network and mount.fstype not in _KERNEL_TYPES
            asked = any(self.mounts.of(folder) is mount for folder in self.wanted)
            if entered and (asked or self.allowed(mount.point)):
                yield mount

    def allowed(self, path: str) -> bool:
        """Return whether a path is to be searched: below the top, or in a folder of `search`.

        Of a folder of `skip` and one of `search` in each other, the inner one decides.
        """
        skipped = max((len(f) for f in self.skipped if inside(path, f)), default=-1)
        wanted = max((len(f) for f in self.wanted if inside(path, f)), default=-1)
        return wanted > skipped or (skipped < 0 and inside(path, self.top))

    @cached_property
    def local(self) -> tuple[Mount, ...]:
        """The local file systems, each once, without pseudo file systems, images and layers."""
        candidates = [
            mount
            for mount in self.mounts.points.values()
            if not mount.network and not self._left_out(mount)
        ]
        return tuple(
            mount
            for mount in candidates
            if not any(self._shown(mount, other) for other in candidates if other is not mount)
        )

    def _left_out(self, mount: Mount) -> str:
        """Return why a mount is not searched, as a kind; "" if it is searched."""
        if mount.fstype in _AUTOMOUNTS:
            return "folders mounted on demand"
        if mount.fstype in _KERNEL_TYPES:
            return "pseudo file systems"
        if mount.fstype in _IMAGES:
            return "disk images"
        if mount.fstype in _LAYERS and not self._lived_in(mount):
            return LAYERS
        parts = (*mount.point.split("/"), *mount.root.split("/"))
        return next((COPIES[part] for part in parts if part in COPIES), "")

    def _lived_in(self, mount: Mount) -> bool:
        """Return whether the user has files on a mount: in a container the root is a layer, too."""
        texts = (os.fspath(self.machine.home), self.top, *self._recorded, *self._known())
        return any(self.mounts.of(text) is mount for text in texts)

    def _shown(self, mount: Mount, other: Mount) -> str:
        """Return the path of ``mount``'s directory below ``other``; "" if it has none."""
        if not mount.device or mount.device != other.device or not inside(mount.root, other.root):
            return ""
        shorter = (len(mount.point), mount.point) < (len(other.point), other.point)
        if mount.root == other.root and shorter:  # of two equal mounts, this one is read
            return ""
        rest = mount.root[len(other.root.rstrip("/")) :]
        path = other.point.rstrip("/") + rest if rest else other.point
        # Another mount may hide that path.
        return path if self.mounts.of(path) is other else ""

    @cached_property
    def spellings(self) -> Spellings:
        """The other paths that bind mounts add: (path that is read, other path)."""
        pairs = []
        for mount in self.mounts.points.values():
            for other in self.local:
                shown = self._shown(mount, other) if mount is not other else ""
                if shown:
                    pairs.append((shown, mount.point))
        return Spellings(tuple(pairs))

    def starts(self) -> Iterator[Start]:
        """Yield the places to search, the likeliest first."""
        near = frozenset(mount.point for mount in self.network)
        for path in self._recorded:
            yield from self._start(path, 0, near)
        for parent in dict.fromkeys(os.path.dirname(path) for path in self._recorded):
            if parent != os.path.dirname(parent):
                yield from self._start(parent, 1, near)
        for path in (*map(os.fspath, self._given()), os.fspath(self.machine.home)):
            yield from self._start(path, None, near)
        if not self.mounts.mounts:  # a system that does not tell what is mounted
            yield Start(self.top)
        for mount in sorted(self.local, key=lambda m: m.point):
            if self.allowed(mount.point):
                yield Start(mount.point)
            elif inside(self.top, mount.point) and self.mounts.of(self.top) is mount:
                yield Start(self.top)
        for mount in filter(lambda mount: self.allowed(mount.point), self.network):
            yield Start(mount.point, None, network=True)

    def _start(self, path: str, depth: int | None, near: frozenset[str]) -> Iterator[Start]:
        real = resolved(path, self.mounts, near)
        if real is None:
            return
        mount = self.mounts.of(real)
        if mount is None or self.allowed(real):
            remote = mount is not None and mount.network
            yield Start(real, depth, remote)

    def not_entered(self) -> Iterator[tuple[str, str]]:
        """Yield (kind, path) of the mounts and folders that are left out on purpose."""
        asked = {mount.point for mount in self.network}
        for mount in self.mounts.points.values():
            what = self._left_out(mount)
            if not what and mount.network and mount.read_only and mount.point not in asked:
                what = "read-only network disks"
            if what and self.allowed(mount.point):
                yield what, mount.point
        for folder in self.left_out:
            yield "skipped by the configuration", folder

    def unsearched(self) -> Iterator[Unsearched]:
        """Yield the network disks that are not searched, since no file of the user is known there.

        Without read-only ones: no project can be moved there from here.
        """
        asked = {mount.point for mount in self.network}
        for mount in self._remote():
            if mount.point not in asked and not mount.read_only:
                shown = visible(mount.point)
                yield Unsearched(
                    Path(mount.point),
                    f"{shown} is a network disk ({visible(mount.fstype)}) and was not searched",
                    f'`search = ["{shown}"]` in the configuration, or `skip = ["{shown}"]` if no'
                    " project lies there",
                )
