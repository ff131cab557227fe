"""Mounts made for a test: a small file system, and one that never answers (Linux, root only)."""

import contextlib
import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
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
def mounted(command: Sequence[str], point: Path, needs: str) -> Iterator[Path]:
    """Mount something at ``point`` by a command; a failure skips the test, which ``needs`` that."""
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip(f"needs {needs}")
    try:
        yield point
    finally:
        subprocess.run(["umount", "-l", str(point)], capture_output=True)


@contextlib.contextmanager
def tmpfs(point: Path, size: str = "16m") -> Iterator[Path]:
    """Mount an empty file system of its own at ``point``."""
    with mounted_tmpfs(point, size) as mounted:
        if not mounted:
            pytest.skip("needs root, to mount a file system")
        yield point


@contextlib.contextmanager
def mounted_tmpfs(point: Path, size: str) -> Iterator[bool]:
    """Do the same if that is possible; gives whether it was."""
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(point)], capture_output=True
    )
    try:
        yield made.returncode == 0
    finally:
        if made.returncode == 0:
            subprocess.run(["umount", "-l", str(point)], capture_output=True)


@contextlib.contextmanager
def image_layer(point: Path, *options: str) -> Iterator[Path]:
    """Mount overlayfs over what lies at ``point``, which is then as in a container's image layer.

    What is made from then on lies in a layer of its own, beside ``point``.
    """
    parts = point.with_name(f"{point.name}-layers")
    parts.mkdir()
    with tmpfs(parts, "64m"):
        upper, work = parts / "upper", parts / "work"
        upper.mkdir()
        work.mkdir()
        given = ",".join([f"lowerdir={point}", f"upperdir={upper}", f"workdir={work}", *options])
        mount = ["mount", "-t", "overlay", "-o", given, "overlay", str(point)]
        with mounted(mount, point, "root and overlayfs"):
            yield point


@contextlib.contextmanager
def formatted(
    point: Path,
    kind: str,
    *,
    size: str = "512M",
    options: str = "",
    features: tuple[str, ...] = (),
    image: Path | None = None,
) -> Iterator[Path]:
    """Mount a new file system of a ``kind`` (btrfs, xfs, ext4) at ``point``, from a loop device.

    ``options`` are mount's, ``features`` mkfs's. Its ``image`` is a file beside ``point`` unless
    given; one that is there already is mounted as it is.
    """
    image = image or point.with_name(f"{point.name}.image")
    if not image.exists():
        _make_file_system(image, kind, size, features)
    mount = ["mount", "-o", ",".join(filter(None, ["loop", options])), str(image), str(point)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip(f"needs root and a kernel with {kind}, to mount a loop device")
    try:
        yield point
    finally:
        subprocess.run(["umount", str(point)], capture_output=True, check=True)


def _make_file_system(image: Path, kind: str, size: str, features: tuple[str, ...]) -> None:
    program = shutil.which(f"mkfs.{kind}")
    if program is None:
        pytest.skip(f"needs mkfs.{kind}")
    with image.open("wb"):
        subprocess.run(["truncate", "-s", size, str(image)], check=True)
    subprocess.run([program, "-q", *features, str(image)], capture_output=True, check=True)


@contextlib.contextmanager
def bound(source: Path, point: Path, *, read_only: bool = False) -> Iterator[Path]:
    """Show one directory at another place as well, as a disk that can be taken away."""
    command = ["mount", "--bind", str(source), str(point)]
    with mounted(command, point, "root, to bind a directory"):
        if read_only:
            subprocess.run(["mount", "-o", "remount,bind,ro", str(point)], check=True)
        yield point
