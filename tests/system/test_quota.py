"""Quotas as `quota` prints them, and how low what is left is."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from venvdash.model.plans import DiskSpace, Limit
from venvdash.system import disk_space, quota
from venvdash.system.machine import Machine
from venvdash.system.quota import Quota, Quotas, parse

# As quota 4.06 prints it: each number right-aligned, a "*" in place of a blank after what is over.
_HEAD = """\
Disk quotas for user ada (uid 1000): 
     Filesystem  blocks   quota   limit   grace   files   quota   limit   grace
"""  # noqa: W291


def line(mount: str, *numbers: str) -> str:
    used, over, soft, hard, grace, files, files_over, files_soft, files_hard, files_grace = numbers
    return (
        f"{mount:>15} {used:>7}{over or ' '} {soft:>6} {hard:>7} {grace:>7}"
        f" {files:>7}{files_over or ' '} {files_soft:>6} {files_hard:>7} {files_grace:>7}\n"
    )


KIB = 1024


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (
            _HEAD + line("/home", "98304", "", "0", "102400", "0", "4012", "", "0", "5000", "0"),
            Quotas(Quota(98304 * KIB, 102400 * KIB), Quota(4012, 5000)),
        ),
        (
            _HEAD
            + line("/home", "95000", "*", "90000", "102400", "1764300000", "1", "", "0", "0", "0"),
            Quotas(Quota(95000 * KIB, 90000 * KIB), None),
        ),
        (
            _HEAD + line("/home", "102400", "*", "0", "102400", "0", "1", "", "9", "0", "0"),
            Quotas(Quota(102400 * KIB, 102400 * KIB), Quota(1, 9)),
        ),
        (
            _HEAD
            + line(
                "/srv/a b", "123456789012", "", "0", "999999999999", "0", "1", "", "0", "0", "0"
            ),
            Quotas(Quota(123456789012 * KIB, 999999999999 * KIB), None),
        ),
        ("Disk quotas for user ada (uid 1000): none\n", None),
        (_HEAD + line("/home", "5", "", "0", "0", "0", "5", "", "0", "0", "0"), None),
        ("", None),
        (_HEAD + "          /home 1 2 3\n", None),
        (_HEAD + "/home " + "9" * 400 + "\n", None),
        ("\x1b[31m\0\n" * 9, None),
    ],
)
def test_what_quota_prints(printed: str, expected: Quotas | None) -> None:
    assert parse(printed) == expected


def fake(folder: Path, script: str) -> Machine:
    """Return a machine with a `quota` that is this script."""
    program = folder / "bin" / "quota"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    variables = {"PATH": f"{program.parent}:/usr/bin:/bin", "LC_ALL": "de_DE.UTF-8"}
    return replace(Machine.current(), home=folder, variables=variables)


def printing(folder: Path, text: str, more: str = "") -> Machine:
    (folder / "printed").write_text(text)
    return fake(folder, f"{more}\ncat '{folder}/printed'\nexit 1")


NEARLY = _HEAD + line("/", "98304", "", "0", "102400", "0", "10", "", "0", "5000", "0")


def test_it_is_asked_for_one_mount_in_english(tmp_path: Path) -> None:
    machine = printing(tmp_path, NEARLY, f'echo "$LC_ALL $@" > {tmp_path}/asked')
    assert quota.ask(machine, Path("/srv/a b")) == Quotas(
        Quota(98304 * KIB, 102400 * KIB), Quota(10, 5000)
    )
    asked = (tmp_path / "asked").read_text().split()
    assert asked[0] == "C"
    assert asked[-3:] == ["--filesystem-list", "/srv/a", "b"]
    assert quota.ask(replace(machine, variables={"PATH": "/none"}), Path("/")) is None


def test_one_that_does_not_answer_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "_SECONDS", 0.2)
    machine = fake(tmp_path, f"echo $$ > {tmp_path}/pid\nexec sleep 600")
    assert quota.ask(machine, Path("/")) is None
    pid = tmp_path / "pid"
    if pid.exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)


def test_one_that_cannot_be_started_is_none(tmp_path: Path) -> None:
    machine = fake(tmp_path, "")
    (tmp_path / "bin" / "quota").write_bytes(b"\0")
    assert quota.ask(machine, Path("/")) is None


@pytest.mark.parametrize(
    ("limit", "free", "total", "low"),
    [
        (Limit.BYTES, 2**30 - 1, 2**31, True),
        (Limit.BYTES, 2**30, 2**31, False),
        (Limit.BYTES, 2**34, 2**40, True),
        (Limit.INODES, 100, 2000, False),
        (Limit.INODES, 99, 2000, True),
        (Limit.QUOTA, 2**20, 2**22, False),
        (Limit.QUOTA, 0, 2**22, True),
        (Limit.FILE_QUOTA, 4, 100, True),
    ],
)
def test_what_is_low(limit: Limit, free: int, total: int, low: bool) -> None:
    assert disk_space.low(DiskSpace(Path("/"), free, total, limit=limit)) == low


def test_the_closest_limit_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roomy = shutil.disk_usage("/")._replace(free=2**40, total=2**41)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: roomy)
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result((1,) * 5 + (9, 9, 9, 0, 255)))
    bare = replace(Machine.current(), variables={})
    assert disk_space.nearly_full(bare, [tmp_path]) is None
    machine = printing(tmp_path, NEARLY)
    found = disk_space.nearly_full(machine, [tmp_path, tmp_path / "bin"])
    assert found == DiskSpace(tmp_path, 4096 * KIB, 102400 * KIB, 98304 * KIB, Limit.QUOTA)
    every = [space.limit for space in disk_space.spaces(machine, [tmp_path, tmp_path / "bin"])]
    assert every == list(Limit), "each file system is asked once"
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result((1,) * 5 + (900, 1, 1, 0, 255)))
    found = disk_space.nearly_full(machine, [tmp_path])
    assert found == DiskSpace(tmp_path, 1, 900, 899, Limit.INODES)
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result((1,) * 5 + (0, 0, 0, 0, 255)))
    assert len(disk_space.spaces(bare, [tmp_path])) == 1, "as on btrfs"
