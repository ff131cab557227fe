"""Working below an open directory: what was checked is what is changed.

A path may name something else from one call to the next; a descriptor does not. On systems without
directory descriptors (Windows) the same calls use the path.
"""

import ctypes
import errno
import functools
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from venvdash.system.files import read_regular
from venvdash.system.walk import open_directory

BY_DESCRIPTOR = {os.open, os.rename, os.unlink, os.stat, os.readlink} <= os.supports_dir_fd
# Flags to make a file that is not there, and nothing else.
NEW = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_NOREPLACE = {"linux": ("renameat2", 1), "darwin": ("renameatx_np", 4)}
# Errors of a kernel or file system that cannot rename without replacing.
_UNKNOWN = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)


def dress_like(status: os.stat_result) -> Callable[[int], None]:
    """Return what gives an open file the permissions and times of another."""

    def dress(file: int) -> None:
        os.fchmod(file, stat.S_IMODE(status.st_mode))
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))

    return dress


def permit_like(status: os.stat_result) -> Callable[[int], None]:
    """Return what gives an open file the permissions and group of another."""

    def permit(file: int) -> None:
        with suppress(OSError):  # a group that we do not belong to
            os.fchown(file, -1, status.st_gid)
        os.fchmod(file, stat.S_IMODE(status.st_mode))

    return permit


class Directory:
    """An open directory; names given to its methods are plain names of what lies in it.

    ``path`` is the path that it was opened by. Every method raises OSError.
    """

    __slots__ = ("descriptor", "path")

    def __init__(self, path: Path, within: "Directory | None" = None) -> None:
        """Open ``path``, which must not be a link; ``within`` its parent, if that is open."""
        self.path = path
        self.descriptor: int | None = None
        if not BY_DESCRIPTOR:
            status = os.lstat(path)
            # A junction is a directory to lstat, but it is a link.
            reparse = bool(getattr(status, "st_reparse_tag", False))
            if not stat.S_ISDIR(status.st_mode) or reparse:
                raise NotADirectoryError(errno.ENOTDIR, "not a directory", str(path))
        elif within is not None:
            self.descriptor = open_directory(path.name, within.descriptor)
        else:
            self.descriptor = open_directory(os.fspath(path))

    def close(self) -> None:
        """Close it; a second call does nothing."""
        descriptor, self.descriptor = self.descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __enter__(self) -> "Directory":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def handle(self) -> int | Path:
        """The descriptor, or the path on systems without one."""
        return self.path if self.descriptor is None else self.descriptor

    def real(self) -> Path:
        """Return its present path, links resolved."""
        if self.descriptor is not None:
            with suppress(OSError):
                return Path(os.readlink(f"/proc/self/fd/{self.descriptor}"))
        return Path(os.path.realpath(self.path))

    def open(self, name: str) -> "Directory":
        """Open a directory in it."""
        return Directory(self.path / name, self)

    def status(self) -> os.stat_result:
        """Return the status of the open directory."""
        return os.stat(self.handle)

    def look(self, name: str) -> os.stat_result:
        """Return the status of ``name``, without following a link."""
        return os.stat(self._at(name), dir_fd=self.descriptor, follow_symlinks=False)

    def has(self, name: str) -> bool:
        """Return whether ``name`` exists in it."""
        try:
            self.look(name)
        except FileNotFoundError:
            return False
        return True

    def names(self) -> list[str]:
        """Return the names in it."""
        return os.listdir(self.handle)

    def read(
        self, name: str, limit: int, owner: int | None = None, *, or_root: bool = False
    ) -> bytes:
        """Return a small file's content; raises as ``files.read_regular`` does."""
        return read_regular(
            self._at(name), limit, dir_fd=self.descriptor, owner=owner, or_root=or_root
        )

    def link_text(self, name: str) -> str:
        """Return the text of a link."""
        return os.readlink(self._at(name), dir_fd=self.descriptor)

    def make_link(self, name: str, text: str) -> None:
        """Create a link to a directory; FileExistsError if the name exists."""
        os.symlink(text, self._at(name), target_is_directory=True, dir_fd=self.descriptor)

    def make(self, name: str) -> None:
        """Create a directory with mode 0700."""
        os.mkdir(self._at(name), 0o700, dir_fd=self.descriptor)

    def unlink(self, name: str) -> None:
        """Remove a file or a link."""
        os.unlink(self._at(name), dir_fd=self.descriptor)

    def remove(self, name: str) -> None:
        """Remove an empty directory."""
        os.rmdir(self._at(name), dir_fd=self.descriptor)

    def write(
        self,
        name: str,
        data: bytes,
        temporary: str,
        mode: int = 0o600,
        *,
        prepare: Callable[[int], None] = lambda file: None,
        check: Callable[[], None] = lambda: None,
        flush: bool = True,
    ) -> None:
        """Give the file ``name`` this content, all of it or nothing, and flush it to the disk.

        ``temporary`` is the name that it has until it is whole: one left by a crash is removed,
        so only one process at a time may write it. A new file gets ``mode``, before the umask.
        ``prepare`` is called with the file when all is written, ``check`` just before the old
        content goes; what they raise leaves that as it is. A link is replaced, not followed.
        Without ``flush`` a power failure may leave the new file empty.
        """
        self._at(name)
        try:
            file = os.open(self._at(temporary), NEW, mode, dir_fd=self.descriptor)
        except FileExistsError:
            self.unlink(temporary)
            file = os.open(self._at(temporary), NEW, mode, dir_fd=self.descriptor)
        try:
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(file, rest) :]
                if self.descriptor is not None:
                    prepare(file)
                if flush:
                    os.fsync(file)
                check()
                if self.descriptor is not None:
                    self.replace(temporary, name)
            finally:
                os.close(file)
            if self.descriptor is None:  # Windows renames no open file
                self.replace(temporary, name)
        except BaseException:
            with suppress(OSError):
                self.unlink(temporary)
            raise
        if flush:
            self.sync()

    def rename(self, name: str, new: str, into: "Directory | None" = None) -> None:
        """Rename an entry, into another directory of the same file system if given.

        FileExistsError if the new name exists: nothing is replaced. On systems without an exclusive
        rename, an empty directory created at this moment might be.
        """
        other = into or self
        if self.descriptor is None or other.descriptor is None:
            os.rename(self._at(name), other._at(new))  # Windows never replaces
            return
        call = _exclusive_rename()
        if call is not None:
            number = call(self.descriptor, os.fsencode(name), other.descriptor, os.fsencode(new))
            if number == 0:
                return
            if number not in _UNKNOWN:
                raise OSError(number, os.strerror(number), str(self.path / name))
        if other.has(new):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(other.path / new))
        os.rename(name, new, src_dir_fd=self.descriptor, dst_dir_fd=other.descriptor)

    def replace(self, name: str, new: str) -> None:
        """Rename a file or link in it and replace ``new``."""
        os.replace(
            self._at(name),
            self._at(new),
            src_dir_fd=self.descriptor,
            dst_dir_fd=self.descriptor,
        )

    def permit(self, mode: int) -> None:
        """Set its permissions."""
        if self.descriptor is not None:
            os.fchmod(self.descriptor, mode)

    def sync(self) -> None:
        """Flush changes of its entries if the file system supports it."""
        if self.descriptor is not None:
            with suppress(OSError):  # what was done stays done
                os.fsync(self.descriptor)

    def flush(self) -> None:
        """Write all pending data of its file system to the disk, which may take long."""
        if self.descriptor is None:
            return
        try:
            ctypes.CDLL(None).syncfs(self.descriptor)
        except (OSError, AttributeError):  # Linux alone has it
            os.sync()

    def _at(self, name: str) -> str:
        if name in ("", ".", "..") or "/" in name or os.path.basename(name) != name:
            raise OSError(errno.EINVAL, "not a plain name", name)
        return name if self.descriptor is not None else os.path.join(self.path, name)


@functools.cache
def _exclusive_rename() -> Callable[[int, bytes, int, bytes], int] | None:
    """Return renameat2(2) with RENAME_NOREPLACE, or macOS's like; it returns an errno or 0."""
    name, flag = _NOREPLACE.get(sys.platform, ("", 0))
    if not name:
        return None
    try:
        function = getattr(ctypes.CDLL(None, use_errno=True), name)
    except (OSError, AttributeError):  # an older libc
        return None
    function.argtypes = (
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_uint,
    )

    def rename(old_dir: int, old: bytes, new_dir: int, new: bytes) -> int:
        return ctypes.get_errno() if function(old_dir, old, new_dir, new, flag) else 0

    return rename
