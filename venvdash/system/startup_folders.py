"""Temporary private directories for the startup files of a shell.

The shell removes its directory once it has read it, and so does the process that waits for the
shell. What both left because they were killed is removed at a later start.
"""

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

PREFIX = "venvdash-shell-"
_STALE = 3600.0  # seconds; a shell reads its files in a moment


def make() -> Path:
    """Create a directory that only the user may enter. Raises OSError."""
    return Path(os.path.realpath(tempfile.mkdtemp(prefix=PREFIX)))


def fill(directory: Path, files: Mapping[str, str]) -> None:
    """Write the files; bytes that are not UTF-8 stay as they were. Raises OSError."""
    for name, text in files.items():
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        with open(os.open(directory / name, flags, 0o600), "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))


def remove(directory: Path) -> None:
    """Remove a directory if it still exists."""
    shutil.rmtree(directory, ignore_errors=True)


def sweep(now: float | None = None) -> None:
    """Remove the user's directories that are older than an hour at ``now``."""
    limit = (time.time() if now is None else now) - _STALE
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if not entry.name.startswith(PREFIX):
                continue
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                ours = not hasattr(os, "getuid") or status.st_uid == os.getuid()
                if stat.S_ISDIR(status.st_mode) and ours and status.st_mtime < limit:
                    remove(Path(entry.path))
