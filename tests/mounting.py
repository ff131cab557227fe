"""Mounts made for a test: a small file system, and one that never answers (Linux, root only)."""

import contextlib
import ctypes
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

_DETACH = 2  # MNT_DETACH


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def hanging(point: Path) -> Iterator[Path]:
    """Mount a FUSE file system at ``point`` whose server never says a word: every call hangs."""
    try:
        server = os.open("/dev/fuse", os.O_RDWR)
    except OSError:
        pytest.skip("needs root and /dev/fuse, to mount what never answers")
    libc = _libc()
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode()
    if libc.mount(b"hang", os.fsencode(point), b"fuse", 0, options):
        os.close(server)
        pytest.skip("needs root and FUSE, to mount what never answers")
    try:
        yield point
    finally:
        libc.umount2(os.fsencode(point), _DETACH)
        os.close(server)  # whoever still hangs is told that the server is gone


@contextlib.contextmanager
def tmpfs(point: Path, size: str = "16m") -> Iterator[Path]:
    """Mount an empty file system of its own at ``point``."""
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(point)], capture_output=True
    )
    if made.returncode:
        pytest.skip("needs root, to mount a file system")
    try:
        yield point
    finally:
        subprocess.run(["umount", "-l", str(point)], capture_output=True)
