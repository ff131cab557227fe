"""On a file system that other computers mount, what was used lately is not deleted by a yes."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.actions.deleting import small
from tests.cli.test_output import forked
from tests.conftest import Home
from venvdash.system.mounts import Mount, Mounts

DAY = 86400


@pytest.fixture
def orphan(home: Home) -> Path:
    """An environment whose project is gone, last used a month ago."""
    path = small(home.path / ".virtualenvs" / "one")
    (path / ".project").write_text(str(home.path / "gone"))
    age(path, 30)
    return path


def age(path: Path, days: int) -> None:
    """Make everything in an environment so old."""
    for folder, _, names in os.walk(path):
        for one in (folder, *(os.path.join(folder, name) for name in names)):
            moment = os.stat(path.parent).st_ctime - days * DAY
            os.utime(one, (moment, moment))


def mounted(store: Path, fstype: str) -> Callable[[], None]:
    """Return what has the fork believe that a store lies on such a file system."""

    def believe() -> None:
        read = Mounts.read

        def more() -> Mounts:
            real = read()
            return Mounts((*real.mounts, Mount(str(store), fstype, "server:/x")), real.fstab)

        Mounts.read = more  # type: ignore[method-assign]  # a fake

    return believe


@pytest.mark.parametrize("fstype", ["nfs4", "cifs", "fuse.sshfs", "virtiofs", "9p", "beegfs"])
def test_which_file_systems_others_mount(fstype: str) -> None:
    mounts = Mounts((Mount("/", "ext4", "/dev/a"), Mount("/srv", fstype, "server:/x")))
    assert mounts.shared("/srv/venvs/one")
    assert not mounts.shared("/home/ada/one")


@pytest.mark.parametrize("fstype", ["ext4", "btrfs", "overlay", "tmpfs", "fuse.mergerfs", "zfs"])
def test_which_are_of_this_computer(fstype: str) -> None:
    assert not Mount("/srv", fstype, "x").shared
    assert not Mount("/srv", "autofs", "x").shared


def test_a_yes_does_not_delete_what_was_used_lately(home: Home, orphan: Path) -> None:
    there = mounted(orphan.parent, "nfs4")
    (orphan / "pyvenv.cfg").touch()  # used just now
    status, said = forked(home, ["delete", "gone", "--yes"], there)
    assert status == 2
    assert "Use `--yes --confirm gone` to delete without confirmation" in said
    assert forked(home, ["prune", "--yes"], there)[0] == 0
    assert orphan.is_dir()
    assert forked(home, ["delete", "gone", "--yes", "--confirm", "gone"], there)[0] == 0
    assert not orphan.exists()


def test_what_was_used_long_ago_goes_with_a_yes(home: Home, orphan: Path) -> None:
    assert forked(home, ["delete", "gone", "--yes"], mounted(orphan.parent, "nfs4"))[0] == 0
    assert not orphan.exists()


def test_it_is_said_in_plan_and_details(home: Home, orphan: Path) -> None:
    (orphan / "pyvenv.cfg").touch()

    def there() -> None:
        os.dup2(2, 1)  # the answer is wanted as well
        mounted(orphan.parent, "virtiofs")()

    meaning = (
        "shared: other computers can mount its file system: processes there cannot be detected"
    )
    said = forked(home, ["delete", "gone", "--dry-run"], there)[1]
    assert meaning in said
    assert (
        "must be confirmed by name: it was used in the last 14 days, and processes on "
        "other computers" in said
    )
    assert "processes on other computers" in forked(home, ["prune", "--dry-run"], there)[1]
    assert meaning.partition(": ")[2] in forked(home, ["info", "gone"], there)[1]
