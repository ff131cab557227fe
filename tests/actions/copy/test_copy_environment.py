"""Copies: whole under their name or not there, and their originals never touched."""

import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.actions.copying import World, traces
from tests.actions.deleting import at_step, tree
from tests.built import MAKERS, activated, assert_works, away
from tests.conftest import Home
from tests.realtools import Tool, Uv
from tests.scenario import remove, rows, uv_lock
from venvdash.actions.copy import copy_environment
from venvdash.actions.errors import ChangedError, FailedError
from venvdash.actions.events import Output, Progressed

_LONG = "l" * 130  # the shebang of what lies there is longer than kernels read


@pytest.mark.parametrize("maker", MAKERS)
def test_made_anew(world: Callable[[str], World], tool: Tool, maker: str) -> None:
    """The same packages, the original untouched to its last access time."""
    here = world(maker)
    wanted = here.copying(here.store / "sp ace")
    assert wanted.packages is not None
    before = traces(here.original)
    copy = here.copy("sp ace")
    assert traces(here.original) == before
    assert not any(isinstance(told, Output) and "all files" in told.line for told in here.told)
    here.assert_nothing_left("sp ace")
    with away(here.original):
        assert_works(copy)
        ran = activated("bash", copy, tool)
        assert ran == [str(copy / "bin" / "black"), str(copy), str(copy)]
    listed = rows(here.home, here.config, records=False)
    assert [(p.name, p.version, p.editable) for p in listed[copy].environment.packages] == [
        (p.name, p.version, p.editable) for p in listed[here.original].environment.packages
    ]


@pytest.mark.parametrize("maker", MAKERS)
def test_file_by_file(world: Callable[[str], World], maker: str) -> None:
    """All is kept: modes, times, links; and no inode is shared."""
    here = world(maker)
    before = traces(here.original)
    copy = here.files(_LONG)
    assert traces(here.original) == before
    here.assert_nothing_left(_LONG)
    with away(here.original):
        assert_works(copy)
    assert set(map(_inode, copy.rglob("*"))).isdisjoint(map(_inode, here.original.rglob("*")))
    _assert_alike(here.original, copy)
    progress = [told for told in here.told if isinstance(told, Progressed)]
    assert progress[-1].done == progress[-1].total > 500
    assert [told.done for told in progress] == sorted(told.done for told in progress)


def _inode(path: Path) -> tuple[int, int]:
    return path.lstat().st_dev, path.lstat().st_ino


def _assert_alike(original: Path, copy: Path) -> None:
    """Fail unless all but what names the place is the same; starting it may add compiled files."""
    for path in original.rglob("*"):
        below = path.relative_to(original)
        there = copy / below
        if str(below) == ".lock" or path.suffix == ".pyc" or path.name == "__pycache__":
            continue
        one, other = path.lstat(), there.lstat()
        assert one.st_mode == other.st_mode, below
        if path.is_symlink():
            assert os.readlink(path) == os.readlink(there)
        elif path.is_file() and str(below) != "pyvenv.cfg":
            assert one.st_mtime_ns == other.st_mtime_ns, below
            if one.st_size == other.st_size:
                names = path.name == "RECORD" or str(original).encode() in path.read_bytes()
                assert names or path.read_bytes() == there.read_bytes(), below
            else:
                assert path.parent.name == "bin" or path.name == "RECORD", below


def test_a_copy_of_a_copy(world: Callable[[str], World]) -> None:
    here = world("uv")
    here.original = here.copy("one")
    two = here.copy("two")
    remove(here.original)
    assert_works(two)


@pytest.mark.parametrize("name", ["it's", 'a"b', "a$b", "n" * 256])
def test_places_that_are_refused(little: World, name: str) -> None:
    before = tree(little.store)
    with pytest.raises(ChangedError, match=r"contains|too long"):
        little.copy(name)
    assert tree(little.store) == before


def test_packages_that_cannot_be_had_again(world: Callable[[str], World], tmp_path: Path) -> None:
    """Nothing in the cache and no network: then the files are there."""
    here = world("uv")
    here.variables = {"UV_CACHE_DIR": str(tmp_path / "empty"), "UV_OFFLINE": "1"}
    copy = here.copy("copy")
    said = [told.line for told in here.told if isinstance(told, Output)]
    assert said[-1] == "Cannot reinstall its packages: copying all files instead."
    here.assert_nothing_left("copy")
    with away(here.original):
        assert_works(copy)


def test_a_setting_of_uv_that_installs_elsewhere(
    world: Callable[[str], World], tmp_path: Path
) -> None:
    here, elsewhere = world("uv"), tmp_path / "elsewhere"
    settings = tmp_path / "uv.toml"
    settings.write_text(f'[pip]\ntarget = "{elsewhere}"\n')
    here.variables = {"UV_CONFIG_FILE": str(settings)}
    here.copy("copy")
    assert Output("Cannot reinstall its packages: copying all files instead.") in here.told
    assert not elsewhere.exists()
    here.assert_nothing_left("copy")


def test_a_project_that_has_gone_on(
    world: Callable[[str], World], home: Home, tmp_path: Path, uv_index: Uv
) -> None:
    """What is installed has another version than its source by now: only the files have the old."""
    here = world("uv")
    project = tmp_path / "lib"
    shutil.copytree(here.original.parent.parent / "greet", project)
    here.original = home.path / ".virtualenvs" / "app"
    uv_index("venv", "-q", "--python", sys.executable, here.original)
    python = here.original / "bin" / "python"
    uv_index("pip", "install", "-q", "--python", python, "--editable", project)
    metadata = project / "pyproject.toml"
    metadata.write_text(metadata.read_text().replace('version = "1.0"', 'version = "2.0"'))
    copy = here.copy("copy")
    said = [told.line for told in here.told if isinstance(told, Output)]
    assert "The package index provided something else: greet." in said
    (package,) = rows(home, records=False)[copy].environment.packages
    assert (package.name, package.version, package.editable) == ("greet", "1.0", True)


def test_another_python(
    world: Callable[[str], World], home: Home, two_pythons: tuple[Path, Path], uv_index: Uv
) -> None:
    here = world("uv")
    here.original = home.path / ".virtualenvs" / "app"
    first, second = two_pythons
    uv_index("venv", "-q", "--python", first, here.original)
    python = here.original / "bin" / "python"
    uv_index("pip", "install", "-q", "--python", python, "iniconfig==2.3.0")
    wanted = here.copying(here.store / "copy", str(second))
    list(copy_environment.copy(wanted, here.context(), threading.Event()))
    listed = rows(home, records=False)
    one, other = listed[here.original].environment, listed[here.store / "copy"].environment
    assert one.python != other.python
    assert [p.name for p in one.packages] == [p.name for p in other.packages] == ["iniconfig"]
    wanted = here.copying(here.store / "never", "9.9")
    here.variables |= {"UV_OFFLINE": "1"}
    with pytest.raises(FailedError, match="uv failed: No interpreter"):
        list(copy_environment.copy(wanted, here.context(), threading.Event()))
    here.assert_nothing_left("app", "copy")


def test_links_of_all_sorts(little: World) -> None:
    original = little.original
    (original / "data").mkdir()
    (original / "data" / "file").write_text("x")
    links = {
        "data/in": "file",
        "data/up": "../bin/tool",
        "data/absolute": f"{original}/bin/tool",
        "data/beside": f"{original}2/bin/tool",
        "data/out": "../../other/file",
        "data/nowhere": "gone",
        "data/folder": "../lib",
        "data/elsewhere": "/usr/share",
    }
    for name, text in links.items():
        (original / name).symlink_to(text)
    before = tree(original)
    copy = little.files("copy")
    texts = {name: os.readlink(copy / name) for name in links}
    assert texts == links | {
        "data/absolute": f"{copy}/bin/tool",
        "data/out": f"{original.parent}/other/file",
    }
    assert tree(original) == before


def test_what_is_neither_file_nor_link(little: World) -> None:
    try:
        os.mknod(little.original / "device", stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("needs root, to make a device")
    with pytest.raises(
        FailedError, match=r"neither a file nor a link: device.*Nothing was created at"
    ):
        little.files("copy")
    little.assert_nothing_left("app")


def test_other_names_of_its_files_stay(little: World, tmp_path: Path) -> None:
    """Its files have other names elsewhere, as uv gives them: nothing is written there."""
    twin = tmp_path / "twin"
    subprocess.run(["cp", "-al", little.original, twin], check=True)
    before = tree(twin)
    copy = little.files("copy")
    assert tree(twin) == before
    assert (copy / "bin" / "tool").read_text() == f"#!{copy}/bin/python\nprint('ran')\n"


def test_whose_it_is_stays_behind(little: World) -> None:
    (little.original / ".project").write_text("/code/app\n")
    rows(little.home)  # writes a sidecar
    (little.original / ".lock").touch()
    copy = little.files("copy")
    assert (little.original / "venvdash.toml").exists()
    assert {path.name for path in copy.iterdir()} == {"bin", "lib", "pyvenv.cfg"}


def test_the_name_was_taken_meanwhile(little: World, monkeypatch: pytest.MonkeyPatch) -> None:
    at_step(monkeypatch, "making", (little.store / "copy").mkdir)
    with pytest.raises(ChangedError, match="was created by another program"):
        little.files("copy")
    little.assert_nothing_left("app", "copy")


def test_locked_by_uv(little: World) -> None:
    with uv_lock(little.original), pytest.raises(ChangedError, match="locked"):
        little.files("copy")
    little.assert_nothing_left("app")


def test_changed_meanwhile(little: World, monkeypatch: pytest.MonkeyPatch) -> None:
    site = next(little.original.glob("lib/python*/site-packages"))
    at_step(monkeypatch, "making", (site / "other-1.0.dist-info").mkdir)
    with pytest.raises((ChangedError, FailedError), match=r"changed|differ"):
        little.files("copy")
    little.assert_nothing_left("app")


def test_what_cannot_be_rewritten(little: World) -> None:
    (little.original / "bin" / "native").write_bytes(
        b"\x7fELF\0=" + os.fsencode(little.original) + b"\0"
    )
    with pytest.raises(
        FailedError, match=r"cannot be rewritten: bin/native.*Nothing was created at"
    ):
        little.files("copy")
    little.assert_nothing_left("app")


def test_a_python_that_does_not_start(little: World) -> None:
    (little.original / "bin" / "python").unlink()
    (little.original / "bin" / "python").symlink_to("/bin/false")
    with pytest.raises(FailedError, match=r"Its Python does not start: .*Nothing was created at"):
        little.files("copy")
    little.assert_nothing_left("app")
    (little.original / "bin" / "python").unlink()
    with pytest.raises(ChangedError, match="interpreter no longer exists"):
        little.files("copy")
