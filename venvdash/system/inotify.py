"""Notices of entries that are added to directories, removed or renamed: inotify(7), on Linux.

Nothing inside a subdirectory is noticed, and nothing that another computer does.
"""

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Collection
from dataclasses import dataclass

_CREATED, _DELETED, _MOVED, _SELF = 0x100, 0x200, 0x40 | 0x80, 0x400 | 0x800
_OVERFLOW, _IGNORED, _ONLY_DIRECTORIES = 0x4000, 0x8000, 0x01000000
_MASK = _CREATED | _DELETED | _MOVED | _SELF | _ONLY_DIRECTORIES
_EVENT = struct.Struct("iIII")  # struct inotify_event: watch, mask, cookie, length of the name
_BUFFER = 64 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Change:
    """An entry called ``name`` came or went; "" for the directory itself, or for lost notices."""

    directory: str
    name: str


class Inotify:
    """Watches over directories. Raises OSError where the system has none to give."""

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        self._library = ctypes.CDLL(None, use_errno=True)
        self.descriptor = self._call("inotify_init1", os.O_NONBLOCK | os.O_CLOEXEC)
        self._watches: dict[str, int] = {}
        self._directories: dict[int, str] = {}

    def _call(self, name: str, *arguments: object) -> int:
        value: int = getattr(self._library, name)(*arguments)
        if value < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        return value

    def watch(self, directories: Collection[str]) -> set[str]:
        """Watch exactly these directories; return those that cannot be watched.

        What is missing or unreadable cannot, nor can more than the system allows a user.
        """
        for directory in self._watches.keys() - set(directories):
            self._forget(directory)
        return {directory for directory in directories if not self._add(directory)}

    def _add(self, directory: str) -> bool:
        if directory in self._watches:
            return True
        try:
            watch = self._call("inotify_add_watch", self.descriptor, os.fsencode(directory), _MASK)
        except (OSError, ValueError):
            return False
        if watch in self._directories:  # another spelling of one that is watched
            return False
        self._watches[directory], self._directories[watch] = watch, directory
        return True

    def _forget(self, directory: str) -> None:
        watch = self._watches.pop(directory)
        del self._directories[watch]
        try:
            self._call("inotify_rm_watch", self.descriptor, watch)
        except OSError:
            """The directory is gone, and its watch with it."""

    def changes(self) -> set[Change]:
        """Return what has changed since the last call; never waits."""
        changes: set[Change] = set()
        try:
            while True:
                changes |= self._parse(os.read(self.descriptor, _BUFFER))
        except BlockingIOError:
            return changes

    def _parse(self, data: bytes) -> set[Change]:
        changes, place = set(), 0
        while place < len(data):
            watch, mask, _, length = _EVENT.unpack_from(data, place)
            place += _EVENT.size
            name = os.fsdecode(data[place : place + length].rstrip(b"\0"))
            place += length
            if mask & _OVERFLOW:
                changes.add(Change("", ""))
                continue
            directory = self._directories.get(watch)
            if directory is None:
                continue  # a notice from before it was forgotten
            changes.add(Change(directory, name))
            if mask & _IGNORED:
                del self._watches[directory], self._directories[watch]
        return changes

    def close(self) -> None:
        """End all watches."""
        os.close(self.descriptor)
