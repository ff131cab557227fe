"""What is mounted where: read once as text, so that no lookup can hang on a dead server."""

import os
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple

from venvdash.system import reads

_MOUNTINFO = "/proc/self/mountinfo"
_FSTAB = "/etc/fstab"
_LIMIT = 16 * 1024 * 1024  # bytes; a machine full of containers has some 10,000 lines
_PART = 64 * 1024  # bytes; a buffer as large as the limit is slow
_OCTAL = re.compile(rb"\\([0-7]{3})")

_SERVED = """9p acfs afs afpfs beegfs ceph cephfs cifs coda davfs dlm fhgfs glusterfs gfs gfs2 gpfs
    lustre mmfs ncp ncpfs nfs nfs3 nfs4 ocfs2 orangefs panfs pvfs2 smb smb2 smb3 smbfs
    webdav wekafs"""
# FUSE file systems that need no server; any other one may wait for one.
_FUSE = """fuseblk fusectl fuse.bindfs fuse.cryfs fuse.encfs fuse.exfat fuse.fuse-overlayfs
    fuse.gocryptfs fuse.lxcfs fuse.mergerfs fuse.ntfs fuse.ntfs-3g fuse.portal fuse.securefs
    fuse.snapfuse fuse.squashfuse fuse.unionfs fuse.unionfs-fuse"""
# Directories that the host of a virtual machine shares with it and with others.
_PASSED = frozenset({"virtiofs", "vboxsf", "vmhgfs", "prl_fs"})
_NETWORK = frozenset(_SERVED.split())
_LOCAL_FUSE = frozenset(_FUSE.split())
_CLONES = frozenset(
    ["apfs", "bcachefs", "btrfs", "fuse.fuse-overlayfs", "ocfs2", "overlay", "refs", "xfs", "zfs"]
)
_LINKS = 40  # on the way to one path, as Linux counts
_KNOWN = 1024  # directories whose mount is kept
_REMOVABLE = ("/mnt", "/media", "/run/media", "/Volumes")


class Mount(NamedTuple):
    """One mounted file system.

    ``point`` is where it is mounted, ``fstype`` its type in lower case, ``source`` the device or
    ``server:/export``, ``root`` the directory of that file system which is mounted (not "/" for a
    bind mount or a btrfs subvolume). ``device`` is its number as "major:minor", "" if
    unknown; ``user`` the uid that mounted a FUSE file system.
    """

    point: str
    fstype: str
    source: str
    root: str = "/"
    device: str = ""
    read_only: bool = False
    user: int | None = None
    redirects: bool | None = None

    @property
    def network(self) -> bool:
        """Whether access may have to wait for another computer."""
        kind = self.fstype
        if kind.startswith("fuse"):
            return kind not in _LOCAL_FUSE
        return kind in _NETWORK or self.automount

    @property
    def shared(self) -> bool:
        """Whether other computers can mount it, whose processes are not visible here."""
        return (self.network and not self.automount) or self.fstype in _PASSED

    @property
    def automount(self) -> bool:
        """Whether this is an automount point, which is mounted when it is accessed."""
        return self.fstype in ("autofs", "automount", "mvfs")

    @property
    def clones(self) -> bool:
        """Whether files with different inodes may share blocks, or lie in a lower layer."""
        return self.fstype in _CLONES


class Mounts:
    """All mounts at one moment, in the order of mounting, and the points that fstab lists.

    Lookups compare the texts of paths and access nothing; pass paths without links in them.
    """

    def __init__(self, mounts: tuple[Mount, ...] = (), fstab: tuple[str, ...] = ()) -> None:
        self.mounts, self.fstab = mounts, fstab

    @classmethod
    def read(cls) -> "Mounts":
        """Return what is mounted now; empty if the system cannot be asked. Never raises."""
        mountinfo, fstab = _content(_MOUNTINFO), _content(_FSTAB)
        if mountinfo is None:
            return cls(_from_psutil(), parse_fstab(fstab or b""))
        return _parsed(mountinfo, fstab or b"")

    @cached_property
    def points(self) -> Mapping[str, Mount]:
        """The visible mount at each point: of several at one point the last hides the others."""
        return {mount.point: mount for mount in self.mounts}

    @cached_property
    def any_network(self) -> bool:
        """Whether any access may have to wait for another computer."""
        return any(mount.network for mount in self.mounts)

    def of(self, path: str | os.PathLike[str]) -> Mount | None:
        """Return the mount that ``path`` (absolute, it need not exist) lies on."""
        text = os.path.normpath(os.fspath(path))
        mount = self.points.get(text)
        return mount if mount is not None else self._of_directory(os.path.dirname(text))

    def _of_directory(self, directory: str) -> Mount | None:
        """Return the mount of a directory; many paths are asked about in a few directories."""
        known, above, new = self._known, directory, []
        while above not in known:
            new.append(above)
            parent = os.path.dirname(above)
            if above in self.points or parent == above:
                known[above] = self.points.get(above)
            else:
                above = parent
        mount = known[above]
        if len(known) >= _KNOWN:
            known.clear()
        known.update(dict.fromkeys(new, mount))
        return mount

    @cached_property
    def _known(self) -> dict[str, Mount | None]:
        return {}

    def shared(self, path: str | os.PathLike[str]) -> bool:
        """Return whether other computers can mount the file system that ``path`` lies on."""
        mount = self.of(path)
        return mount is not None and mount.shared

    def below(self, path: str | os.PathLike[str]) -> list[Mount]:
        """Return the mounts strictly inside ``path``."""
        start = os.path.normpath(os.fspath(path)).rstrip(os.sep) + os.sep
        return [m for m in self.mounts if m.point.startswith(start) and m.point != start]

    def removable(self, path: str | os.PathLike[str]) -> bool:
        """Return whether ``path`` lies on a removable file system.

        That is: on a mount point (but the root) that fstab or autofs names, or below /mnt, /media,
        /run/media or /Volumes, whether it is mounted now or not; see ``missing``.
        """
        return next(iter(self._expected(path)), None) is not None

    def missing(self, path: str | os.PathLike[str]) -> str | None:
        """Return the directory above ``path`` where something should be mounted and is not."""
        lies_on = self.of(path)
        for area, exact in self._expected(path):
            if exact and area in self.points and not self.points[area].automount:
                continue
            if not exact and lies_on is not None and inside(lies_on.point, area):
                if lies_on.automount:
                    return lies_on.point
                continue
            return area if exact else _first_below(area, os.path.normpath(os.fspath(path)))
        return None

    def _expected(self, path: str | os.PathLike[str]) -> Iterable[tuple[str, bool]]:
        """Yield (point, True) for mount points, (area, False) for directories with mount points."""
        text = os.path.normpath(os.fspath(path))
        for point in self.fstab:
            if point != "/" and inside(text, point):
                yield point, True
        for mount in self.mounts:
            if mount.automount and inside(text, mount.point):
                yield mount.point, False
        for area in _REMOVABLE:
            if inside(text, area) and text != area:
                yield area, False


def plugged(path: str | os.PathLike[str]) -> bool:
    """Return whether ``path`` lies below a directory for removable disks."""
    text = os.path.normpath(os.fspath(path))
    return any(inside(text, area) and text != area for area in _REMOVABLE)


def resolved(
    path: str, mounts: Mounts, allowed: Collection[str] = (), *, anywhere: bool = False
) -> str | None:
    """Return ``path`` with its links resolved, None if that would access a network mount.

    ``allowed`` are mount points that may be accessed, ``anywhere`` allows all. As with
    ``os.path.realpath`` the path need not exist. None, too, for a loop of links.
    """
    if anywhere or not mounts.any_network or os.name == "nt":
        try:
            return reads.realpath(path)
        except (OSError, ValueError):
            return None
    pending = _parts(path)
    current, links = os.sep, 0
    while pending:
        current = os.path.normpath(os.path.join(current, pending.pop()))
        mount = mounts.points.get(current)
        if mount is not None and mount.network and mount.point not in allowed:
            return None
        try:
            target = reads.readlink(current)
        except (OSError, ValueError):
            continue
        links += 1
        if links > _LINKS:
            return None
        current = os.sep if os.path.isabs(target) else os.path.dirname(current)
        pending.extend(_parts(target))
    return current


def _parts(path: str) -> list[str]:
    return [part for part in reversed(path.split(os.sep)) if part not in ("", ".")]


@lru_cache(maxsize=1)  # it is read for each environment that is changed, and hardly ever changes
def _parsed(mountinfo: bytes, fstab: bytes) -> Mounts:
    return Mounts(parse_mountinfo(mountinfo), parse_fstab(fstab))


def _content(path: str) -> bytes | None:
    try:
        if path != _MOUNTINFO:  # which has no fingerprint
            reads.note(path)
        with open(path, "rb", buffering=0) as file:
            data = b""
            while len(data) < _LIMIT and (part := file.read(_PART)):
                data += part
            return data
    except OSError:
        return None


def parse_mountinfo(data: bytes) -> tuple[Mount, ...]:
    """Parse ``/proc/PID/mountinfo`` (proc(5)); invalid lines are skipped."""
    mounts = []
    for line in data.split(b"\n"):
        head, separator, tail = line.partition(b" - ")
        left, right = head.split(b" "), tail.split(b" ")
        if separator and len(left) >= 6 and len(right) >= 2:
            fstype = _unescaped(right[0]).lower()
            options = right[2].split(b",") if len(right) > 2 else []
            mounts.append(
                Mount(
                    _unescaped(left[4]),
                    fstype,
                    _unescaped(right[1]),
                    _unescaped(left[3]),
                    device=left[2].decode("ascii", "replace"),
                    read_only=b"ro" in left[5].split(b",") or b"ro" in options,
                    user=_user(options),
                    redirects=_redirects(options),
                )
            )
    return tuple(mounts)


def _redirects(options: Iterable[bytes]) -> bool | None:
    """Return overlayfs's mount option for renaming directories, None if it is not given."""
    for option in options:
        name, _, value = option.partition(b"=")
        if name == b"redirect_dir":
            return value == b"on"
    return None


def _user(options: Iterable[bytes]) -> int | None:
    """Return the uid in a FUSE mount's options (mount.fuse(8)), None if there is none."""
    for option in options:
        name, _, value = option.partition(b"=")
        if name == b"user_id" and value.isdigit():
            return int(value)
    return None


def parse_fstab(data: bytes) -> tuple[str, ...]:
    """Return the mount points that fstab lists (fstab(5)), mounted or not, without swap."""
    lines = data.split(b"\n")
    points = []
    for line in lines:
        fields = line.split()
        if len(fields) >= 3 and not fields[0].startswith(b"#") and fields[1].startswith(b"/"):
            points.append(os.path.normpath(_unescaped(fields[1])))
    return tuple(dict.fromkeys(points))


def _from_psutil() -> tuple[Mount, ...]:
    import psutil  # slow to import, and Linux does not need it

    try:
        parts = psutil.disk_partitions(all=True)
    except (OSError, RuntimeError):
        return ()
    network = sys.platform == "win32"
    return tuple(
        Mount(
            os.path.normpath(part.mountpoint),
            # Windows has an option for what the type shows on every other system.
            "cifs" if network and "remote" in part.opts.split(",") else part.fstype.lower(),
            part.device,
        )
        for part in parts
    )


def _unescaped(field_: bytes) -> str:
    # Space, tab, newline, backslash and # are written as three octal digits.
    return os.fsdecode(_OCTAL.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), field_))


def inside(path: str, directory: str) -> bool:
    """Return whether a path is a directory or lies below it, by their texts."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def _first_below(area: str, path: str) -> str:
    """Return the directory directly below ``area`` that holds ``path``, for messages."""
    rest = path[len(area) :].strip("/").split("/")
    return f"{area}/{rest[0]}" if rest and rest[0] else area
