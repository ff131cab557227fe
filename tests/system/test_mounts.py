import os
import subprocess
from pathlib import Path

import pytest

from tests.noting import noted
from venvdash.system.mounts import Mount, Mounts, parse_fstab, parse_mountinfo, resolved

INFO = rb"""22 27 0:21 / /proc rw - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
40 27 8:1 / /home rw,relatime shared:1 master:2 - xfs /dev/sda1 rw
41 40 0:40 /vol/ada /home/ada/with\040space\011and\134slash rw - nfs4 server:/vol rw
42 27 0:41 / /media/ada/na\303\257ve\377 rw - vfat /dev/sdb1 rw
43 27 0:42 / /net rw - autofs /etc/auto.net rw
44 27 0:43 / /srv/data rw - autofs systemd-1 rw
45 44 0:44 / /srv/data rw - cifs //nas/data rw
46 27 0:45 / /home/ada/remote rw - fuse.sshfs host: rw
47 27 0:46 / /home/ada/secret rw - fuse.gocryptfs /x rw
this line is no mount
48 27 0:47 short - x
"""


@pytest.fixture
def mounts() -> Mounts:
    return Mounts(parse_mountinfo(INFO), ("/", "/home", "/backup"))


def test_escapes_and_names_that_are_not_utf8(mounts: Mounts) -> None:
    points = [mount.point for mount in mounts.mounts]
    assert "/home/ada/with space\tand\\slash" in points
    assert os.fsencode(points[4]) == b"/media/ada/na\xc3\xafve\xff"
    assert len(points) == 10
    assert mounts.mounts[3][:4] == (points[3], "nfs4", "server:/vol", "/vol/ada")


@pytest.mark.parametrize(
    ("path", "point"),
    [
        ("/", "/"),
        ("/home", "/home"),
        ("/homework/x", "/"),
        ("/home/ada/code", "/home"),
        ("/home/ada/with space\tand\\slash/p", "/home/ada/with space\tand\\slash"),
        ("/home/ada/../../etc", "/"),
        ("/net/server/x", "/net"),
    ],
)
def test_of_is_the_longest_prefix(mounts: Mounts, path: str, point: str) -> None:
    found = mounts.of(path)
    assert found is not None
    assert found.point == point


def test_the_last_mount_of_a_point_hides_the_others(mounts: Mounts) -> None:
    found = mounts.of(Path("/srv/data/project"))
    assert found is not None
    assert found.fstype == "cifs"


def test_no_mounts_known() -> None:
    assert Mounts().of("/x") is None
    assert Mounts().below("/") == []
    assert not Mounts().any_network


def test_below_is_strict(mounts: Mounts) -> None:
    assert {m.point for m in mounts.below("/home/ada")} == {
        "/home/ada/with space\tand\\slash",
        "/home/ada/remote",
        "/home/ada/secret",
    }
    assert mounts.below("/home/ada/remote") == []
    assert len(mounts.below("/")) == 9


@pytest.mark.parametrize(
    ("fstype", "network", "clones"),
    [
        ("nfs4", True, False),
        ("cifs", True, False),
        ("9p", True, False),
        ("autofs", True, False),
        ("fuse.sshfs", True, False),
        ("fuse.rclone", True, False),
        ("fuse.gocryptfs", False, False),
        ("fuseblk", False, False),
        ("ext4", False, False),
        ("btrfs", False, True),
        ("xfs", False, True),
        ("apfs", False, True),
    ],
)
def test_kinds(fstype: str, network: bool, clones: bool) -> None:
    mount = Mount("/x", fstype, "s")
    assert (mount.network, mount.clones) == (network, clones)


@pytest.mark.parametrize(
    ("path", "removable", "missing"),
    [
        ("/etc/x", False, None),
        ("/home/ada/code", True, None),  # fstab names /home, and it is mounted
        ("/backup/x", True, "/backup"),  # fstab names it, and it is not
        ("/media/ada/usb/x", True, "/media/ada"),
        ("/media/ada/na\u00efve\udcff/x", True, None),
        ("/mnt/disk/x", True, "/mnt/disk"),
        ("/run/media/ada/x", True, "/run/media/ada"),
        ("/Volumes/USB/x", True, "/Volumes/USB"),
        ("/net/server/x", True, "/net"),  # automatic, and nothing is mounted there now
        ("/srv/data/x", True, None),
        ("/mnt", False, None),
    ],
)
def test_where_file_systems_come_and_go(
    mounts: Mounts, path: str, removable: bool, missing: str | None
) -> None:
    assert mounts.removable(path) is removable
    assert mounts.missing(path) == missing


def test_fstab() -> None:
    fstab = (
        b"# /dev/x /commented ext4\n\nUUID=1 / ext4 defaults 0 1\nUUID=2 none swap sw 0 0\n"
        b"UUID=3 /with\\040space/ xfs noauto 0 0\nnas:/x /nas nfs4 _netdev\nbroken\n"
    )
    assert parse_fstab(fstab) == ("/", "/with space", "/nas")


def test_this_machine(tmp_path: Path) -> None:
    here = Mounts.read().of(tmp_path.resolve())
    assert here is not None
    assert os.stat(here.point).st_dev == tmp_path.stat().st_dev


def test_a_real_mount_is_seen_and_its_end_too(tmp_path: Path) -> None:
    point = tmp_path / "a point"
    point.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "venvdash-test", point]).returncode:
        pytest.skip("needs the right to mount")
    try:
        found = Mounts.read().of(point / "x")
        assert found is not None
        assert found[:4] == (str(point), "tmpfs", "venvdash-test", "/")
    finally:
        subprocess.run(["umount", point], check=True)
    assert str(point) not in Mounts.read().points


def test_resolving_stops_before_a_network_mount(tmp_path: Path) -> None:
    home = tmp_path.resolve()
    share = home / "share"
    (share / "deep").mkdir(parents=True)
    (home / "link").symlink_to("share/deep")
    (home / "loop").symlink_to("loop")
    (home / "up").symlink_to(home / "link" / "..")
    shared = Mounts((Mount("/", "ext4", "d"), Mount(str(share), "nfs", "s")))
    plain = Mounts((Mount("/", "ext4", "d"), Mount("/elsewhere", "nfs", "s")))
    for path in (home, home / "gone" / "x", home / "." / "y"):
        assert resolved(str(path), shared) == os.path.realpath(path)
    for path in (share, home / "link", home / "link" / "x", home / "up" / "deep"):
        assert resolved(str(path), shared) is None
        assert resolved(str(path), shared, [str(share)]) == os.path.realpath(path)
        assert resolved(str(path), shared, anywhere=True) == os.path.realpath(path)
        assert resolved(str(path), plain) == os.path.realpath(path)
    assert resolved(str(home / "loop"), shared) is None
    assert resolved("/a\0b", plain) == "/a\0b"


def test_a_directory_above_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = Mounts((Mount("/", "ext4", "a"), Mount("/home", "ext4", "b")))
    asked = noted(monkeypatch, os.path, "dirname")
    for number in range(100):
        found = mounts.of(f"/home/me/store/env{number}/lib/python3.13/file")
        assert found is not None
        assert found.point == "/home"
    # For each environment: of the file, and of the three directories of its own.
    assert len(asked) <= 100 * 4 + 10
