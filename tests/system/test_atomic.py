"""Atomic writing: the old content or the new, and never anything left behind."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from venvdash.system.atomic import PREFIX, write_atomically


def names(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))


def test_new_file_is_private_and_old_is_replaced(tmp_path: Path) -> None:
    write_atomically(tmp_path, "a", b"one")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    write_atomically(tmp_path, "a", b"two" * 100_000, mode=0o644)
    assert (tmp_path / "a").read_bytes() == b"two" * 100_000
    assert names(tmp_path) == ["a"]


def test_a_link_is_replaced_and_its_target_untouched(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"kept")
    room = tmp_path / "room"
    room.mkdir()
    (room / "a").symlink_to(target)
    write_atomically(room, "a", b"new")
    assert target.read_bytes() == b"kept"
    assert not (room / "a").is_symlink()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc/passwd", "a/"])
def test_only_plain_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError, match="plain name"):
        write_atomically(tmp_path, name, b"")
    assert names(tmp_path) == []


def test_a_directory_in_the_way_stays(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="a directory"):
        write_atomically(tmp_path, "a", b"new")
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("what", ["link", "file", "nothing"])
def test_only_real_directories(tmp_path: Path, what: str) -> None:
    real = tmp_path / "real"
    real.mkdir()
    room = tmp_path / "room"
    if what == "link":
        room.symlink_to(real)
    elif what == "file":
        room.write_bytes(b"")
    with pytest.raises(OSError, match="directory"):
        write_atomically(room, "a", b"new")
    assert names(real) == []


_LIMITED = """
import resource, signal, sys
from pathlib import Path
from venvdash.system.atomic import write_atomically
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_atomically(Path(sys.argv[1]), "a", b"x" * 100_000)
except OSError as error:
    print(error.errno)
"""


def test_a_write_that_fails_half_way_leaves_the_old_content(tmp_path: Path) -> None:
    write_atomically(tmp_path, "a", b"old")
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().isdigit()
    assert (tmp_path / "a").read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


_FOREVER = """
import sys
from pathlib import Path
from venvdash.system.atomic import write_atomically
print("go", flush=True)
while True:
    for letter in b"AB":
        write_atomically(Path(sys.argv[1]), "a", bytes([letter]) * 300_000)
"""


def test_killed_in_the_middle_the_file_is_whole(tmp_path: Path) -> None:
    whole = {b"A" * 300_000, b"B" * 300_000}
    write_atomically(tmp_path, "a", b"A" * 300_000)
    for round_ in range(8):
        child = subprocess.Popen(
            [sys.executable, "-c", _FOREVER, str(tmp_path)], stdout=subprocess.PIPE
        )
        with child:
            assert child.stdout
            child.stdout.readline()
            time.sleep(0.003 * round_)
            child.send_signal(signal.SIGKILL)
        assert (tmp_path / "a").read_bytes() in whole
    assert all(name == "a" or name.startswith(PREFIX) for name in names(tmp_path))
    write_atomically(tmp_path, "b", b"")
    assert names(tmp_path) == ["a", "b"]


def test_what_a_killed_writer_left_goes_with_the_next_write(tmp_path: Path) -> None:
    leftover = f"{PREFIX}{'0' * 16}"
    (tmp_path / leftover).write_bytes(b"part")
    kept = [f"{PREFIX}trash", f"{PREFIX}{'1' * 16}", f"{PREFIX}{'2' * 16}"]
    (tmp_path / kept[0]).touch()  # another kind of file, which others remove
    (tmp_path / kept[1]).mkdir()
    (tmp_path / kept[2]).symlink_to("a")
    write_atomically(tmp_path, "a", b"new")
    assert names(tmp_path) == sorted([*kept, "a"])


def test_what_another_process_is_writing_stays(tmp_path: Path) -> None:
    theirs = tmp_path / f"{PREFIX}{'0' * 16}"
    theirs.write_bytes(b"part")
    with theirs.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write_atomically(tmp_path, "a", b"new")
        assert theirs.exists()
    write_atomically(tmp_path, "a", b"new")
    assert not theirs.exists()


def test_writers_side_by_side_do_not_remove_each_others_files(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from venvdash.system.atomic import write_atomically\n"
        "for number in range(300): write_atomically(Path(sys.argv[1]), sys.argv[2], b'x' * 9)"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in "abc"
    ]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert names(tmp_path) == ["a", "b", "c"]


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become another user")
def test_without_permission_nothing_changes(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    write_atomically(room, "a", b"old")
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
        "from venvdash.system.atomic import write_atomically\n"
        "import os; os.setuid(65534)\n"
        "try: write_atomically(Path(sys.argv[1]), 'a', b'new')\n"
        "except PermissionError: print('refused')"
    )
    here = Path(__file__).parents[2]
    for parent in [room, *list(room.parents)[:4]]:  # pytest's own are 0700
        if parent.stat().st_uid == os.getuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    done = subprocess.run(
        [sys.executable, "-c", code, str(room), str(here)], capture_output=True, text=True
    )
    assert done.stdout.strip() == "refused", done.stderr
    assert (room / "a").read_bytes() == b"old"
    assert names(room) == ["a"]
