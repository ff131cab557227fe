"""Whose files are believed, and into which folders others could have put one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.users import NOBODY, as_another_user, open_to_all
from venvdash.system import trust

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give files away")
OTHER = 54321  # no user of this machine


def test_the_users_own_and_roots_files_are_trusted() -> None:
    assert trust.trusted(os.geteuid())
    assert trust.trusted(0)
    assert not trust.trusted(OTHER)
    assert trust.trusted(OTHER, user=OTHER)
    assert as_another_user(lambda: f"{trust.trusted(NOBODY)} {trust.trusted(0)}") == "True True"


@needs_root
def test_in_a_container_an_id_that_is_not_mapped_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / "theirs").touch()
    os.chown(tmp_path / "theirs", OTHER, OTHER)
    code = (
        "import os, sys; from venvdash.system import trust; "
        "print(os.stat(sys.argv[1]).st_uid, trust.trusted(os.stat(sys.argv[1]).st_uid), "
        "trust.trusted(65534, 65534), trust.trusted(os.geteuid()))"
    )
    inside = ["unshare", "--user", "--map-root-user"]
    if not shutil.which("unshare") or subprocess.run([*inside, "true"], check=False).returncode:
        pytest.skip("needs unshare and user namespaces")
    done = subprocess.run(
        [*inside, sys.executable, "-c", code, tmp_path / "theirs"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["65534", "False", "False", "True"]


@needs_root
def test_the_owner_of_a_path_is_looked_for_upwards_and_behind_links(tmp_path: Path) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    for folder in (mine, theirs):
        folder.mkdir()
    (theirs / "link").symlink_to(mine)
    (mine / "link").symlink_to(theirs)
    for path in (theirs, theirs / "link"):
        os.lchown(path, OTHER, OTHER)
    assert trust.other_owner(mine / "not" / "there") is None
    assert trust.other_owner(theirs / "not" / "there") == OTHER
    assert trust.other_owner(mine / "link" / "x") == OTHER  # ours, but it leads to theirs
    assert trust.other_owner(theirs / "link" / "x") == OTHER  # theirs, though it leads to ours


@needs_root
def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    trust.check_folder(folder)  # it is not there yet
    folder.mkdir(mode=0o700)
    trust.check_folder(folder)
    folder.chmod(0o777)
    with pytest.raises(PermissionError, match="other users"):
        trust.check_folder(folder)
    folder.chmod(0o775)
    trust.check_folder(folder)  # root's own group
    os.chown(folder, 0, OTHER)
    with pytest.raises(PermissionError, match="other users"):
        trust.check_folder(folder)
    folder.chmod(0o755)
    trust.check_folder(folder)
    os.chown(folder, OTHER, OTHER)
    with pytest.raises(PermissionError, match=f"another user \\(#{OTHER}\\)"):
        trust.check_folder(folder)


def test_a_private_group_may_write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Debian and Fedora give every user a group of its name, and the umask 002."""
    import grp
    import pwd

    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o775)
    found = os.stat(folder)
    shape = list(found)
    shape[5] = 7777  # st_gid
    found = os.stat_result(shape)
    user = pwd.getpwuid(os.geteuid()).pw_name

    def group(name: str, *members: str) -> None:
        answer = grp.struct_group((name, "x", 7777, list(members)))
        monkeypatch.setattr(grp, "getgrgid", lambda gid: answer)

    group(user)
    assert not trust.writable_by_others(found)
    group(user, user)
    assert not trust.writable_by_others(found)
    group(user, "bob")
    assert trust.writable_by_others(found)
    group("staff")
    assert trust.writable_by_others(found)


def test_another_users_folder_is_refused_to_everybody(tmp_path: Path) -> None:
    open_to_all(tmp_path)

    def refused() -> str:
        os.seteuid(NOBODY)
        return str(trust.other_owner(tmp_path))

    if os.geteuid():
        pytest.skip("needs root, to become another user")
    os.chown(tmp_path, OTHER, OTHER)
    assert as_another_user(refused) == str(OTHER)
    os.chown(tmp_path, 0, 0)
    assert as_another_user(refused) == "None"  # root's is trusted
