"""What a tree held at one moment, so that a change is noticed however small it is."""

import os
import stat
from collections.abc import Collection
from pathlib import Path

from venvdash.system.walk import walk
from venvdash.text import visible

# Mode, inode, size in bytes, and times of change in nanoseconds since the epoch.
Fingerprint = tuple[int, int, int, int, int]
_SHOWN = 3  # names in a sentence


class Manifest:
    """The entries of a tree by their paths below its root, which is not among them.

    What is called like one of ``without`` and lies directly below the root does not count.
    """

    def __init__(self, without: Collection[str]) -> None:
        self._without = frozenset(map(os.fsencode, without))
        self._found: dict[bytes, Fingerprint] = {}

    def note(self, below: bytes, status: os.stat_result) -> None:
        """Note what an entry is; taken before it is read, a change while that is done shows."""
        if below and below not in self._without:
            self._found[below] = _fingerprint(status)

    @classmethod
    def of(cls, root: Path, without: Collection[str]) -> "Manifest":
        """Return that of the tree as it is now. Raises OSError."""
        made = cls(without)
        for opened in walk(os.fsencode(root), report=_raise):
            here = opened.path or b""
            made.note(here, opened.stat)
            for entry in opened.files():
                status = entry.stat(follow_symlinks=False)
                made.note(os.path.join(here, os.fsencode(entry.name)), status)
            if not here:
                left = [name for name in opened.below if os.fsencode(name) not in made._without]
                opened.below[:] = left
        return made

    def digest(self) -> str:
        """Return a digest of all that counts, which is not what Python compiles by itself."""
        import hashlib

        digest = hashlib.blake2b(digest_size=16)
        for path, known in sorted(self._found.items()):
            if not path.endswith(b".pyc") and b"__pycache__" not in path.split(b"/"):
                digest.update(path + b"\0" + repr(known).encode())
        return digest.hexdigest()

    def differences(self, now: "Manifest") -> list[str]:
        """Return what has changed, come or gone since, as paths below the root, sorted."""
        paths = self._found.keys() | now._found.keys()
        return sorted(
            os.fsdecode(path) for path in paths if self._found.get(path) != now._found.get(path)
        )


def in_words(changed: list[str]) -> str:
    """Return some of the paths that have changed, and how many more there are."""
    names = ", ".join(visible(name, 128) for name in changed[:_SHOWN])
    more = len(changed) - _SHOWN
    return f"{names} and {more} more" if more > 0 else names


def _fingerprint(status: os.stat_result) -> Fingerprint:
    if stat.S_ISDIR(status.st_mode):  # what lies in it is noted itself
        return status.st_mode, status.st_ino, 0, 0, 0
    # Another name of the file elsewhere, as uv's cache gives and takes, changes its status too.
    changed = status.st_ctime_ns if status.st_nlink == 1 else 0
    return status.st_mode, status.st_ino, status.st_size, status.st_mtime_ns, changed


def _raise(error: OSError) -> None:
    raise error
