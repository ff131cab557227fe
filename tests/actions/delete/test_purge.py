"""Freeing the trash: what goes, what stays, and how it is started, stopped and met again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.actions.trashing import noted, tree
from tests.mounting import tmpfs
from tests.users import NOBODY, as_another_user, open_to_all
from venvdash.actions.delete import purge
from venvdash.actions.delete.purge import problems, running, unfinished
from venvdash.actions.journals import trash_journal
from venvdash.system.directory import Directory
from venvdash.system.locks import lock_directory


def outside(store: Path) -> Path:
    """Return a directory with something in it that must stay."""
    path = store.parent / "outside"
    path.mkdir()
    (path / "precious").write_text("keep")
    return path


def test_all_of_it_goes_and_nothing_else(store: Path, trash: Path) -> None:
    precious = outside(store)
    (trash / "link").symlink_to(precious)
    (trash / "dangling").symlink_to(precious / "none")
    os.link(precious / "precious", trash / "second name")
    os.mkfifo(trash / "fifo")
    told: list[int] = []
    result = purge.purge(trash, tell=told.append)
    assert (result.gone, result.problems, result.busy) == (True, (), False)
    assert os.listdir(store) == []
    assert os.listdir(precious) == ["precious"]
    assert told == sorted(told)
    assert 0 < told[-1] <= result.freed_bytes


def test_the_bytes_are_those_that_the_file_system_gets_back(tmp_path: Path) -> None:
    point = tmp_path / "mounted"
    point.mkdir()
    with tmpfs(point):
        before = os.statvfs(point)
        trash = noted(tree(point / ".venvdash-trash-0"))
        os.link(trash / "pyvenv.cfg", trash / "twice")
        kept = trash / "lib/python3.11/site-packages/pkg0/m0.py"
        os.link(kept, point / "cache")
        full = os.statvfs(point)
        result = purge.purge(trash)
        after = os.statvfs(point)
        assert result.freed_bytes == (after.f_bfree - full.f_bfree) * full.f_frsize
        assert (before.f_bfree - after.f_bfree) * full.f_frsize == (
            (point / "cache").stat().st_blocks * 512
        )


def test_on_a_full_disk(tmp_path: Path) -> None:
    point = tmp_path / "mounted"
    point.mkdir()
    with tmpfs(point, "1m"):
        trash = noted(tree(point / ".venvdash-trash-0"))
        with pytest.raises(OSError, match="No space"):
            (trash / "filler").write_bytes(b"x" * (1 << 20))
        assert purge.purge(trash).gone
        assert os.listdir(point) == []


def test_only_what_venvdash_put_there(store: Path, trash: Path) -> None:
    named = noted(tree(store / "env"))
    without = tree(store / ".venvdash-trash-none")
    damaged = tree(store / ".venvdash-trash-bad")
    (damaged / trash_journal.NAME).write_text("schema = 1\n")
    linked = tree(store / ".venvdash-trash-linked")
    (linked / trash_journal.NAME).symlink_to(trash / trash_journal.NAME)
    alias = store / ".venvdash-trash-alias"
    alias.symlink_to(named)
    file = store / ".venvdash-trash-file"
    file.touch()
    refused = [named, without, damaged, linked, alias, file, Path(".venvdash-trash-0123"), store]
    for path in refused:
        result = purge.purge(path)
        assert not result.gone, path
        assert not result.freed_bytes
        assert len(result.problems) == 1, path
    assert len(list(named.rglob("*"))) == len(list(without.rglob("*"))) + 1
    assert purge.purge(without).problems == (
        "it has no trash.toml, so venvdash did not move it to the trash",
    )
    assert purge.purge(damaged).problems == (
        "its trash.toml is damaged or was not written by venvdash; inspect it yourself",
    )


def test_what_is_gone_already_is_no_problem(store: Path) -> None:
    result = purge.purge(store / ".venvdash-trash-none")
    assert (result.gone, result.problems) == (True, ())
    assert purge.purge(store / "no store" / ".venvdash-trash-none").gone


def test_another_users(trash: Path) -> None:
    if os.getuid():
        pytest.skip("needs root, to give it to another user")
    os.chown(trash, NOBODY, NOBODY)
    assert purge.purge(trash).problems == ("it belongs to another user",)
    assert (trash / "pyvenv.cfg").exists()


@pytest.mark.parametrize("inside", ["lib/python3.11/site-packages/pkg1", "."])
def test_nothing_goes_where_something_is_mounted(trash: Path, store: Path, inside: str) -> None:
    precious = outside(store)
    point = trash / inside
    if inside == ".":
        noted(precious)  # so that nothing but the mount speaks against it
    kept = sorted(map(str, precious.rglob("*")))
    bound = subprocess.run(["mount", "--bind", precious, point], capture_output=True)
    if bound.returncode:
        pytest.skip("needs root, to mount")
    try:
        assert precious.stat().st_dev == trash.parent.stat().st_dev
        result = purge.purge(trash)
    finally:
        subprocess.run(["umount", "-l", point], check=True)
    assert "mounted" in result.problems[0]
    assert (trash / trash_journal.NAME).exists(), "it can still be restored"
    assert len(list(trash.rglob("*.py"))) == 16
    assert sorted(map(str, precious.rglob("*"))) == kept
    assert purge.purge(trash).gone


def test_a_file_system_mounted_inside(trash: Path) -> None:
    point = trash / "bin"
    with tmpfs(point):
        (point / "precious").touch()
        assert "mounted in it" in purge.purge(trash).problems[0]
        assert (point / "precious").exists()
    assert purge.purge(trash).gone


def test_what_cannot_be_removed_stays_named_and_is_tried_again(trash: Path, store: Path) -> None:
    stubborn = trash / "lib/python3.11/site-packages/pkg2/m1.py"
    made = subprocess.run(["chattr", "+i", stubborn], capture_output=True)
    if made.returncode:
        pytest.skip(f"chattr +i: {made.stderr.decode().strip()}")
    try:
        said = "lib/python3.11/site-packages/pkg2/m1.py: operation not permitted"
        for _ in range(2):
            result = purge.purge(trash)
            assert (result.gone, result.problems) == (False, (said,))
            assert problems(trash) == (said,)
            assert unfinished([store]) == [trash]
            left = {str(p.relative_to(trash)) for p in trash.rglob("*") if not p.is_dir()}
            assert left == {
                str(stubborn.relative_to(trash)),
                "pyvenv.cfg",
                trash_journal.BEGUN,
                purge.LEFT,
            }
            with Directory(trash) as directory:
                remembered = trash_journal.read(directory)
            assert remembered
            assert remembered.purging
    finally:
        subprocess.run(["chattr", "-i", stubborn], check=True)
    assert purge.purge(trash).gone
    assert os.listdir(store) == []


def test_directories_that_we_may_not_read(tmp_path: Path) -> None:
    def by_another_user() -> str:
        trash = noted(tree(tmp_path / "theirs" / ".venvdash-trash-0"))
        for path, mode in ((trash / "lib", 0), (trash / "bin", 0o555)):
            path.chmod(mode)
        trash.chmod(0o100)
        result = purge.purge(trash)
        return f"{result.gone} {result.problems} {os.listdir(trash.parent)}"

    if os.getuid() == 0:
        (tmp_path / "theirs").mkdir()
        os.chown(tmp_path / "theirs", NOBODY, NOBODY)
        for folder in tmp_path.parents:
            if folder != Path("/"):
                folder.chmod(folder.stat().st_mode | 0o055)
        tmp_path.chmod(0o755)
    assert as_another_user(by_another_user) == "True () []"


def test_what_root_left_in_it_stays_and_is_named(tmp_path: Path) -> None:
    """As after a ``sudo python``, whose bytecode lies in directories of root's."""
    trash = noted(tree(tmp_path / "theirs" / ".venvdash-trash-0"))
    for path in (trash.parent, trash, *trash.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    cache = trash / "lib/python3.11/site-packages/pkg1/__pycache__"
    cache.mkdir()
    (cache / "m0.pyc").touch()
    open_to_all(tmp_path)

    def by_another_user() -> str:
        results = [purge.purge(trash, processes=number) for number in (1, 2)]
        assert not any(result.gone for result in results)
        left = sorted(str(path.relative_to(trash)) for path in trash.rglob("*") if path.is_file())
        return f"{[result.problems for result in results]} {left}"

    where = "lib/python3.11/site-packages/pkg1/__pycache__/m0.pyc"
    said = (f"{where}: permission denied",)
    kept = [
        "lib/python3.11/site-packages/pkg1/__pycache__/m0.pyc",
        trash_journal.BEGUN,
        "pyvenv.cfg",
    ]
    assert as_another_user(by_another_user) == f"{[said, said]} {sorted([*kept, purge.LEFT])}"


def test_somebody_else_frees_or_restores_it(trash: Path) -> None:
    assert not running(trash)
    with lock_directory(trash):
        assert running(trash)
        result = purge.purge(trash)
        assert (result.busy, result.gone, result.freed_bytes) == (True, False, 0)
    assert (trash / trash_journal.NAME).exists()
    assert not running(trash.parent / "none")


def test_restored_while_it_waited_for_the_lock(
    trash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = lock_directory

    def late(directory: Path | int, **options: float) -> object:
        lock = real(directory, wait=0.0)
        trash.rename(trash.parent / "env")
        return lock

    monkeypatch.setattr(purge, "lock_directory", late)
    assert purge.purge(trash).freed_bytes == 0
    assert (trash.parent / "env/pyvenv.cfg").exists()
    assert (trash.parent / "env" / trash_journal.NAME).exists()


def test_the_store_may_be_a_link(trash: Path, store: Path) -> None:
    link = store.parent / "link"
    link.symlink_to(store)
    assert purge.purge(link / trash.name).gone
    assert os.listdir(store) == []


def test_stopped_before_its_very_last_steps(store: Path, trash: Path) -> None:
    real = Directory.remove
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Directory, "remove", lambda self, name: sys.exit("stopped"))
        with pytest.raises(SystemExit):
            purge.purge(trash)
    assert Directory.remove is real
    assert os.listdir(trash) == []
    assert unfinished([store]) == [], "it may be just being made"
    os.utime(trash, (0, 0))
    assert unfinished([store]) == [trash]
    assert purge.purge(trash).gone


def test_unfinished_is_what_cannot_be_restored_and_nobody_frees(store: Path, trash: Path) -> None:
    tree(store / "env")
    tree(store / ".venvdash-trash-foreign")
    assert unfinished([store, store / "none", trash / "pyvenv.cfg"]) == []
    (trash / trash_journal.NAME).rename(trash / trash_journal.BEGUN)
    assert unfinished([store]) == [trash]
    with lock_directory(trash):
        assert unfinished([store]) == []


def test_uv_prunes_its_cache_meanwhile(store: Path) -> None:
    """Another program removes the same tree at the same time."""
    for number in range(5):
        trash = noted(tree(store / f".venvdash-trash-{number}", 300))
        other = subprocess.Popen(["rm", "-rf", trash])
        result = purge.purge(trash)
        other.wait()
        # What rm had removed before it was looked at, the journal with it, is refused.
        assert result.gone or result.problems, result
        subprocess.run(["rm", "-rf", trash], check=True)
        assert os.listdir(store) == []


def test_problems_are_fit_to_show(trash: Path) -> None:
    assert problems(trash) == ()
    (trash / purge.LEFT).write_bytes(b"a\x1b]0;x\x07: no\xff\n" * 2)
    assert problems(trash) == ("a\\e]0;x\\x07: no\ufffd",) * 2
    (trash / purge.LEFT).unlink()
    os.mkfifo(trash / purge.LEFT)
    assert problems(trash) == ()
