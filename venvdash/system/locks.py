"""Advisory locks: uv's on environments and its cache, venvdash's on directories of stores.

``flock(2)`` on POSIX and ``LockFileEx`` on Windows, whole files, as uv takes them (measured:
``fcntl.lockf`` does not stop uv). Such a lock is advisory: uv continues without it after its
timeout, and no lock means that a program runs in the environment.
"""

import errno
import os
import stat
import sys
import time
from enum import StrEnum
from pathlib import Path

from venvdash.text import because

LOCK_NAME = ".lock"  # what uv calls it, in an environment and in the cache
_MODE = 0o666  # as uv creates it: all users of the environment may lock it
_TICK = 0.01  # seconds between two attempts
_ATTEMPTS = 20  # to open a lock file that is being replaced
_DIRECTORY = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_SAFE = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a FIFO must not block
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
# Errors of file systems without locks. NFS: EBADF for a descriptor not open for writing.
_NO_LOCKS = frozenset(
    number
    for name in ("ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EBADF", "EINVAL")
    if (number := getattr(errno, name, None)) is not None
)
_BUSY = frozenset([errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES])


class LockState(StrEnum):
    """The result of an attempt to lock."""

    HELD = "held"
    BUSY = "busy"  # another process holds it
    NONE = "none"  # nothing can be locked there


class Lock:
    """The result of an attempt to lock, and the lock itself if it is held.

    ``reason`` is why it is not held, for messages; it quotes nothing from disk. Leaving a ``with``
    block (or ``release``) releases it. Only a ``busy`` lock forbids to continue.
    """

    __slots__ = ("_descriptor", "reason", "state")

    def __init__(self, state: LockState, reason: str = "", descriptor: int = -1) -> None:
        self.state = state
        self.reason = reason
        self._descriptor = descriptor

    @property
    def held(self) -> bool:
        """Whether it was acquired; stays true after the release."""
        return self.state is LockState.HELD

    @property
    def busy(self) -> bool:
        """Whether another process holds it."""
        return self.state is LockState.BUSY

    def release(self) -> None:
        """Release the lock; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __enter__(self) -> "Lock":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"Lock({self.state}, {self.reason!r})"


def lock_environment(environment: Path | int, *, wait: float = 0.0) -> Lock:
    """Take uv's lock on an environment (its path, or a descriptor of its directory) for writing.

    ``sync``, ``run``, ``add`` and ``pip install`` of uv hold it while they change the environment.
    A missing lock file is not created: a killed process would leave it, and uv, which created none,
    does not use that environment. ``wait`` is how many seconds to retry while it is busy. Raises
    FileNotFoundError if there is no such directory, OSError for other errors. Windows cannot rename
    a directory with an open file: release it before.
    """
    return _lock_file(environment, shared=False, create=False, wait=wait)


def lock_named(file: Path, *, wait: float = 0.0) -> Lock:
    """Take the lock of another tool on its lock file, as the library filelock does.

    A missing file is created. Raises OSError as ``lock_environment`` does.
    """
    return _lock_file(file.parent, file.name, shared=False, create=True, wait=wait)


def share_environment(environment: Path | int) -> Lock:
    """Take a shared lock of uv on an environment: uv waits before it changes that.

    A missing lock file is not created, and nothing is locked then. Raises OSError as
    ``lock_environment`` does.
    """
    return _lock_file(environment, shared=True, create=False, wait=0.0)


def environment_locked(environment: Path | int) -> bool:
    """Return whether another process holds uv's lock on an environment.

    Raises OSError as ``lock_environment`` does.
    """
    with share_environment(environment) as lock:
        return lock.busy


def lock_cache(cache: Path, *, wait: float = 0.0) -> Lock:
    """Take a shared lock on uv's cache: ``uv cache prune`` and ``clean`` wait for its release.

    Every other command of uv continues. A missing lock file is not created. Raises OSError as
    ``lock_environment`` does.
    """
    return _lock_file(cache, shared=True, create=False, wait=wait)


def lock_directory(directory: Path | int, *, shared: bool = False, wait: float = 0.0) -> Lock:
    """Lock a directory itself against other venvdash: a store, or something in the trash.

    Leaves nothing on disk and works on read-only file systems; not supported on Windows. A path
    that is a link is refused. Raises FileNotFoundError (or another OSError) if it
    cannot be opened. When it is held, ``directory`` may have been renamed since it was opened:
    compare before acting.
    """
    if sys.platform == "win32":
        return Lock(LockState.NONE, "Windows does not support locks on directories")
    if isinstance(directory, int):
        # Opened again: duplicates of a descriptor share one lock and release it together.
        descriptor = os.open(".", _DIRECTORY, dir_fd=directory)
    else:
        descriptor = os.open(directory, _DIRECTORY | os.O_NOFOLLOW)
    return _take(descriptor, shared, time.monotonic() + wait)


def _lock_file(
    directory: Path | int, name: str = LOCK_NAME, *, shared: bool, create: bool, wait: float
) -> Lock:
    until = time.monotonic() + wait
    if isinstance(directory, int):
        return _lock_name(name, directory, shared, create, until)
    if os.open not in os.supports_dir_fd:
        return _lock_name(os.path.join(directory, name), None, shared, create, until)
    descriptor = os.open(directory, _DIRECTORY)
    try:
        return _lock_name(name, descriptor, shared, create, until)
    finally:
        os.close(descriptor)


def _lock_name(name: str, dir_fd: int | None, shared: bool, create: bool, until: float) -> Lock:
    file = os.path.basename(name)
    for _ in range(_ATTEMPTS):
        try:
            descriptor = _open(name, dir_fd, create)
        except OSError as error:
            return Lock(LockState.NONE, _because(error, file, dir_fd))
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            return Lock(LockState.NONE, f"its {file} is not a regular file")
        lock = _take(descriptor, shared, until)
        # It may have been replaced before it was locked: then others lock the new one.
        if not lock.held or _still_there(descriptor, name, dir_fd):
            return lock
        lock.release()
    return Lock(LockState.BUSY, f"its {file} keeps being replaced")


def _open(name: str, dir_fd: int | None, create: bool) -> int:
    """Open the lock file, for writing if allowed (NFS needs that); with ``create`` create it."""
    while True:
        try:
            return os.open(name, os.O_RDWR | _SAFE, dir_fd=dir_fd)
        except FileNotFoundError:
            if not create:
                raise
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
            return os.open(name, os.O_RDONLY | _SAFE, dir_fd=dir_fd)
        try:
            made = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFE, _MODE, dir_fd=dir_fd)
        except FileExistsError:
            continue
        if hasattr(os, "fchmod"):
            os.fchmod(made, _MODE)  # whatever the umask says
        return made


def _because(error: OSError, file: str, dir_fd: int | None) -> str:
    """Return why the lock file cannot be opened. Raises ``error`` if its directory is missing."""
    if error.errno == errno.ELOOP:
        return f"its {file} is a symbolic link"
    if error.errno == errno.ENOENT:
        if dir_fd is None or os.fstat(dir_fd).st_nlink == 0:
            raise error
        return f"it has no {file}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT):
        return f"its {file} cannot be opened: {because(error)}"
    if error.errno in (errno.EISDIR, errno.ENXIO, errno.ENODEV):
        return f"its {file} is not a regular file"
    raise error


def _still_there(descriptor: int, name: str, dir_fd: int | None) -> bool:
    try:
        now = os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(now, os.fstat(descriptor))


def _take(descriptor: int, shared: bool, until: float) -> Lock:
    """Lock an open file, retrying until that monotonic time; close it if it is not locked."""
    try:
        while True:
            lock = _attempt(descriptor, shared)
            if not lock.busy or time.monotonic() >= until:
                break
            time.sleep(_TICK)
    except BaseException:
        os.close(descriptor)
        raise
    if not lock.held:
        os.close(descriptor)
    return lock


if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    class _Overlapped(ctypes.Structure):
        _fields_ = (
            ("Internal", ctypes.c_void_p),
            ("InternalHigh", ctypes.c_void_p),
            ("Offset", wintypes.DWORD),
            ("OffsetHigh", wintypes.DWORD),
            ("hEvent", wintypes.HANDLE),
        )

    _AT_ONCE, _EXCLUSIVE = 1, 2  # LOCKFILE_FAIL_IMMEDIATELY, LOCKFILE_EXCLUSIVE_LOCK
    _ALL = 0xFFFFFFFF  # both halves of the length, as Rust's File::lock gives it
    _VIOLATION, _PENDING = 33, 997
    _UNSUPPORTED = (1, 50)  # ERROR_INVALID_FUNCTION, ERROR_NOT_SUPPORTED

    def _attempt(descriptor: int, shared: bool) -> Lock:
        handle = wintypes.HANDLE(msvcrt.get_osfhandle(descriptor))
        flags = _AT_ONCE | (0 if shared else _EXCLUSIVE)
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        if kernel.LockFileEx(handle, flags, 0, _ALL, _ALL, ctypes.byref(_Overlapped())):
            return Lock(LockState.HELD, descriptor=descriptor)
        code = ctypes.get_last_error()
        if code in (_VIOLATION, _PENDING):
            return Lock(LockState.BUSY, "another program holds its lock")
        if code in _UNSUPPORTED:
            return Lock(LockState.NONE, "its file system does not support locks")
        raise ctypes.WinError(code)
else:
    import fcntl

    def _attempt(descriptor: int, shared: bool) -> Lock:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _BUSY:
                return Lock(LockState.BUSY, "another program holds its lock")
            if error.errno in _NO_LOCKS:
                return Lock(LockState.NONE, "its file system does not support locks")
            raise
        return Lock(LockState.HELD, descriptor=descriptor)
