"""A store that several users have, or that is mounted into another name space."""

import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import venvdash
from tests.actions.deleting import small
from tests.cli.test_output import forked
from tests.conftest import Home, home_in
from tests.users import NOBODY, open_to_all
from venvdash.records import sidecar

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, for two users")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of root's that everybody can read, with an environment of root's and of ada's."""
    path = tmp_path / "venvs"
    for name in ("roots", "adas"):
        small(path / name)
    subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", path / "adas"], check=True)
    for folder, _, _ in os.walk(path):
        os.chmod(folder, 0o755)
    open_to_all(path)
    return path


def user(directory: Path, store: Path, uid: int) -> Home:
    """Return the HOME of a user who looks at the store."""
    directory.mkdir()
    home = home_in(directory)
    home.variables["WORKON_HOME"] = str(store)
    subprocess.run(["chown", "-R", f"{uid}:{uid}", directory], check=True)
    open_to_all(directory)
    return home


def becoming(uid: int) -> Callable[[], None]:
    """Return what makes a fork that user's, with stdout on stderr."""

    # In the parent: another user may not be able to read this checkout, or this Python.
    for module in pkgutil.walk_packages(venvdash.__path__, "venvdash."):
        if not module.name.startswith(("venvdash.tui", "venvdash.demo", "venvdash.__main__")):
            importlib.import_module(module.name)
    for name in ("concurrent.futures.thread", "sqlite3", "tomlkit", "psutil"):
        importlib.import_module(name)

    def become() -> None:
        os.dup2(2, 1)
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)

    return become


def test_each_changes_only_what_is_his_own(tmp_path: Path, store: Path) -> None:
    ada, root = user(tmp_path / "ada", store, NOBODY), user(tmp_path / "root", store, 0)
    for home, uid, own, other in ((ada, NOBODY, "adas", "roots"), (root, 0, "roots", "adas")):
        status, said = forked(home, ["list"], becoming(uid))
        assert status == 0
        assert own in said
        assert other in said
        status, said = forked(home, ["delete", other, "--yes"], becoming(uid))
        assert status == 2
        assert "belongs to another user" in said
        status, said = forked(home, ["run", other, "--", "true"], becoming(uid))
        # What root owns may be started by everybody; nobody's by root.
        assert (status == 0) == (other == "roots"), said
        assert (store / other).is_dir()
    assert (store / "roots" / sidecar.NAME).stat().st_uid == 0
    assert (store / "adas" / sidecar.NAME).stat().st_uid == NOBODY


def test_in_a_sticky_store_each_has_a_trash_of_his_own(tmp_path: Path, store: Path) -> None:
    store.chmod(0o1777)
    ada, root = user(tmp_path / "ada", store, NOBODY), user(tmp_path / "root", store, 0)
    status, said = forked(ada, ["delete", "adas", "--yes"], becoming(NOBODY))
    assert status == 0, said
    assert not (store / "adas").exists()
    assert "adas" not in forked(root, ["trash", "list"], becoming(0))[1].partition("NAME")[2]
    assert forked(root, ["trash", "empty", "--yes"], becoming(0))[0] == 0
    assert forked(ada, ["restore", "adas"], becoming(NOBODY))[0] == 0
    assert (store / "adas").is_dir()


def test_a_store_that_is_bind_mounted_in_a_name_space(home: Home, tmp_path: Path) -> None:
    """`unshare -m`: nothing outside sees the mount; a restore from either side finds the trash."""
    outside, inside = tmp_path / "outside", home.path / ".virtualenvs"
    for name in ("one", "two"):
        small(outside / name)
    inside.mkdir()
    enter = ["unshare", "--mount", "/bin/sh", "-c"]
    if not shutil.which("unshare") or subprocess.run([*enter, "true"], check=False).returncode:
        pytest.skip("needs unshare and root")
    mount, program = f'mount --bind "{outside}" "{inside}"', '"$0" -m venvdash "$@"'

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return home.run(*enter, f"{mount} && {program}", sys.executable, *words, check=False)

    listed = run("list", "--no-usage").stdout
    assert "one" in listed
    assert "two" in listed
    assert run("delete", "one", "--yes").returncode == 0
    assert not (outside / "one").exists()
    assert "one" in run("trash").stdout
    assert run("restore", "one").returncode == 0
    assert (outside / "one" / "pyvenv.cfg").is_file()
    # One that is a mount point itself stays.
    over = f'{mount} && mount --bind "{outside}/two" "{inside}/one" && {program}'
    done = home.run(*enter, over, sys.executable, "delete", "one", "--yes", check=False)
    assert done.returncode == 2
    assert "mounted" in done.stdout
    assert (outside / "two" / "pyvenv.cfg").is_file()
    # Out here the store is an empty directory: nothing of it is forgotten or thought deleted.
    assert "one" not in home.venvdash("list", "--no-usage").stdout
    assert "one" in run("list", "--no-usage").stdout
