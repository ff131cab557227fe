"""Two writers at once, a kill in the middle, a full disk, no permission: the old or the new."""

import contextlib
import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.records import writer
from tests.records.world import make, record
from venvdash.model import Record
from venvdash.records import sidecar
from venvdash.records.index import Index
from venvdash.system.atomic import PREFIX

pytestmark = pytest.mark.slow

UID = os.getuid()
KILLS = 120
ROUNDS = 50


def killing(kind: str, path: Path, after_each: Callable[[], None]) -> None:
    """Kill writers of ``path`` at random moments, and look at what each has left."""
    moments = random.Random(20261122)
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.records.writer", kind, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert server.stdin
    assert server.stdout
    try:
        for _ in range(KILLS):
            server.stdin.write("go\n")
            server.stdin.flush()
            pid = int(server.stdout.readline())
            time.sleep(moments.uniform(0, 0.03))
            os.kill(pid, signal.SIGKILL)
            assert server.stdout.readline() == "dead\n"
            after_each()
    finally:
        server.stdin.close()
        server.wait(timeout=10)
        server.stdout.close()


def test_a_killed_writer_leaves_a_whole_sidecar(tmp_path: Path) -> None:
    sidecar.write(tmp_path, writer.generation(1, tmp_path))
    seen = set()

    def look() -> None:
        found = sidecar.read(tmp_path, UID)
        assert isinstance(found, Record), found
        assert writer.whole(found)
        seen.add(found.fingerprint.inode)

    killing("sidecar", tmp_path, look)
    assert len(seen) > 3  # they did write, however slow the machine is
    others = [name for name in os.listdir(tmp_path) if name != sidecar.NAME]
    assert all(name.startswith(PREFIX) for name in others)


def check(records: dict[Path, Record]) -> set[int]:
    """Return the one generation that the index holds, or none; the whole of it."""
    generations = {one.fingerprint.inode for one in records.values()}
    for number in generations:
        assert records == {one.path: one for one in writer.batch(number)}, "half a transaction"
    return generations


def test_a_killed_writer_leaves_a_whole_index(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    seen: set[int] = set()

    def look() -> None:
        index = Index.open(path)
        assert index.usable, index.problem
        records = index.records()
        assert not index.problem
        index.close()
        seen.update(check(records))

    killing("index", path, look)
    assert len(seen) > 3


_BOTH = """
import sys
from pathlib import Path
from tests.records import writer
from venvdash.records import sidecar
from venvdash.records.index import Index
which, path, rounds = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
index = Index.open(path / "index.sqlite")
stored = 0
print("ready", flush=True)
sys.stdin.readline()
for number in range(rounds):
    sidecar.write(path, writer.generation(2 * number + which, path))
    stored += index.remember(writer.batch(2 * number + which))
print(stored, index.problem)
"""


def test_two_processes_at_once(tmp_path: Path) -> None:
    sidecar.write(tmp_path, writer.generation(1, tmp_path))
    both = [
        subprocess.Popen(
            [sys.executable, "-c", _BOTH, str(which), tmp_path, str(ROUNDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for which in (0, 1)
    ]
    for one in both:
        assert one.stdout
        assert one.stdout.readline() == "ready\n"
    for one in both:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    index = Index.open(tmp_path / "index.sqlite", read_only=True)
    reads = 0
    while any(one.poll() is None for one in both):
        found = sidecar.read(tmp_path, UID)
        assert isinstance(found, Record), found
        assert writer.whole(found)
        check(index.records())
        assert not index.problem
        reads += 1
    assert reads > ROUNDS / 2
    index.close()
    for process in both:
        out, _ = process.communicate(timeout=30)
        assert out.split() == [str(ROUNDS)]
    assert sorted(os.listdir(tmp_path)) == ["index.sqlite", sidecar.NAME]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    if UID != 0:
        pytest.skip("needs root to mount a small file system")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a small file system: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def fill(place: Path) -> None:
    with (place / "ballast").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    assert os.statvfs(place).f_bavail == 0


def test_a_full_disk_keeps_the_old_sidecar(small_disk: Path) -> None:
    one = record(make(small_disk / "a"))
    sidecar.write(one.path, one)
    fill(small_disk)
    with pytest.raises(OSError, match="No space") as failure:
        sidecar.write(one.path, replace(one, note="new"))
    assert failure.value.errno == errno.ENOSPC
    assert sidecar.read(one.path, UID) == one
    assert sorted(os.listdir(one.path)) == ["pyvenv.cfg", sidecar.NAME]


def test_a_full_disk_keeps_the_old_index(small_disk: Path) -> None:
    path = small_disk / "state" / "index.sqlite"
    index = Index.open(path)
    one = record(small_disk / "a")
    assert index.remember([one])
    fill(small_disk)
    more = [record(Path(f"/e/{n}"), note="x" * 500) for n in range(200)]
    assert not index.remember(more)
    assert "no records are kept" in index.problem
    assert index.records() == {one.path: one}
    index.close()
    again = Index.open(path)
    assert again.records() == {one.path: one}
    again.close()
    assert os.listdir(path.parent) == [path.name]


def test_no_room_for_an_index_at_all(small_disk: Path) -> None:
    fill(small_disk)
    index = Index.open(small_disk / "state" / "index.sqlite")
    assert not index.remember([record(small_disk / "a")])
    assert "no records are kept" in index.problem
    assert index.records() == {}
    index.close()


_AS_NOBODY = """
import os, sqlite3, sys, tomlkit  # all that the other user may not be able to read
from pathlib import Path
from tests.records import writer
from venvdash.records import sidecar
from venvdash.records.index import Index
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
directory = Path(sys.argv[1])
try:
    sidecar.write(directory, writer.generation(7, directory))
except PermissionError as error:
    print("permission", error.errno)
index = Index.open(directory / "state" / "index.sqlite")
print(index.remember([writer.generation(7, directory)]), index.problem)
"""


def test_a_directory_that_may_not_be_written(tmp_path: Path) -> None:
    if UID != 0:
        pytest.skip("needs root to become another user")
    # Below the root, where every user may look.
    directory = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    try:
        directory.chmod(0o755)
        sidecar.write(directory, writer.generation(1, directory))
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, directory],
            capture_output=True,
            text=True,
            timeout=30,
            cwd=Path(__file__).parents[2],
        )
        assert done.returncode == 0, done.stderr
        first, second = done.stdout.splitlines()
        assert first == f"permission {errno.EACCES}"
        assert second.startswith("False ")
        assert "permission denied, so no records are kept" in second
        assert os.listdir(directory) == [sidecar.NAME]
        assert sidecar.read(directory, UID) == writer.generation(1, directory)
    finally:
        subprocess.run(["rm", "-r", directory], check=True)
