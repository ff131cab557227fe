"""Which places a search takes from a machine's mounts, in which order."""

from pathlib import Path

import pytest

from venvdash.config import Config
from venvdash.scanner.search.scope import SearchScope
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mounts, parse_mountinfo

INFO = b"""20 1 8:1 / / rw - ext4 /dev/a rw
21 20 0:5 / /proc rw - proc proc rw
22 20 8:2 / /home rw - ext4 /dev/b rw
23 20 8:3 / /data rw - xfs /dev/c rw
24 20 8:3 /x /mnt/bind rw - xfs /dev/c rw
25 20 8:5 /only /mnt/part rw - ext4 /dev/e rw
26 20 0:30 / /mnt/nas rw - nfs4 nas:/ rw
27 20 0:31 / /mnt/fixed ro - nfs4 nas:/fixed rw
28 22 0:32 / /home/ada/remote rw - fuse.sshfs far: rw,user_id=1000
29 20 7:1 / /snap/x/1 ro - squashfs /dev/loop0 ro
30 20 0:33 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw
31 20 8:4 / /run/timeshift/backup rw - ext4 /dev/d rw
32 20 0:34 / /net rw - autofs auto rw
33 20 0:35 / /media/ada/plugged rw - vfat /dev/f rw
"""


def places(config: Config | None = None, disks: str = "/") -> SearchScope:
    machine = Machine(Path("/home/ada"), {"VENVDASH_DISKS": disks}, uid=1000)
    return SearchScope(machine, config or Config(), Mounts(parse_mountinfo(INFO)))


def test_every_local_file_system_once() -> None:
    found = {mount.point for mount in places().local}
    assert found == {"/", "/home", "/data", "/mnt/part", "/media/ada/plugged"}


def test_home_comes_first_and_network_disks_last() -> None:
    starts = [start.path for start in places(Config(search=("/data/mine",))).starts()]
    assert starts[:2] == ["/data/mine", "/home/ada"]
    assert starts[-1] == "/home/ada/remote"
    assert [start.network for start in places().starts()][-1]
    assert "/mnt/nas" not in starts


def test_a_bind_mount_is_another_spelling() -> None:
    assert places().spellings.of("/data/x/p") == ["/data/x/p", "/mnt/bind/p"]
    assert places().spellings.of("/data/xy") == ["/data/xy"]


@pytest.mark.parametrize(
    ("config", "unsearched", "asked"),
    [
        (Config(), ["/mnt/nas"], ["/home/ada/remote"]),
        (Config(skip=("/mnt/nas",)), [], ["/home/ada/remote"]),
        (Config(search=("/mnt/nas/me",)), [], ["/mnt/nas", "/home/ada/remote"]),
    ],
)
def test_a_network_disk_is_searched_skipped_or_holds(
    config: Config, unsearched: list[str], asked: list[str]
) -> None:
    """One that is mounted read-only does not: nobody moves a project to it from here."""
    found = places(config)
    assert [str(place.path) for place in found.unsearched()] == unsearched
    assert [mount.point for mount in found.network] == asked


@pytest.mark.parametrize(
    ("config", "disks"),
    [
        (Config(search=("/mnt/nas/me",), skip=("/mnt/nas",)), "/"),
        (Config(search=("/mnt/nas/me",)), "/data"),
    ],
)
def test_a_folder_of_search_on_a_network_disk_is_searched_alone(config: Config, disks: str) -> None:
    """Where the rest of the disk is skipped, or lies outside what is searched."""
    starts = {start.path: start.network for start in places(config, disks).starts()}
    assert starts["/mnt/nas/me"]
    assert "/mnt/nas" not in starts
    assert list(places(config, disks).unsearched()) == []


def test_what_is_left_out_is_named() -> None:
    found = {path: what for what, path in places().not_entered()}
    assert found == {
        "/proc": "pseudo file systems",
        "/snap/x/1": "disk images",
        "/var/lib/docker/overlay2/x/merged": "container layers",
        "/mnt/fixed": "read-only network disks",
        "/run/timeshift/backup": "backups",
        "/net": "folders mounted on demand",
    }
