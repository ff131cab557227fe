"""Copies: whole under their name or not there, and their originals never touched."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.actions.crashing import in_child, killing
from tests.actions.deleting import at_step, small, tree
from tests.built import MAKERS, Built, activated, assert_works, away
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.realtools import Tool, Uv
from tests.scenario import remove, rows, uv_lock
from venvdash.actions import copy as copies
from venvdash.actions import making, trash
from venvdash.actions.context import Context
from venvdash.actions.copy import Copying
from venvdash.actions.events import Output, Progressed
from venvdash.actions.links import ChangedError
from venvdash.actions.programs import CancelledError
from venvdash.actions.rollback import FailedError
from venvdash.config import Config, ConfiguredStore
from venvdash.model import Outcome, Row

_LONG = "l" * 130  # the shebang of what lies there is longer than kernels read


@dataclass
class World:
    """An original, never written to, and a store for its copies."""

    home: Home
    original: Path
    config: Config
    variables: dict[str, str]
    told: list[Output | Progressed] = field(default_factory=list)

    @property
    def store(self) -> Path:
        return self.home.path / ".virtualenvs"

    def context(self) -> Context:
        return Context.current(self.home.machine(None, **self.variables), self.config)

    def row(self) -> Row:
        return rows(self.home, self.config, records=False)[self.original]

    def copying(self, target: Path, python: str | None = None) -> Copying:
        row, context = self.row(), self.context()
        for reason in copies.refusals(row, target, context, python=python):
            raise ChangedError(reason)
        packages = copies.packages_of(row.environment, context)
        return Copying(row, target, None if packages.obstacles else packages, python)

    def copy(self, name: str, cancel: threading.Event | None = None) -> Path:
        """Copy it into the store; ``told`` is what was told."""
        wanted = self.copying(self.store / name)
        for told in copies.copy(wanted, self.context(), cancel or threading.Event()):
            self.told.append(told)
        return wanted.target

    def files(self, name: str) -> Path:
        """Copy all files: there is one that no package brought."""
        wanted = replace(self.copying(self.store / name), packages=None)
        self.told = list(copies.copy(wanted, self.context(), threading.Event()))
        return wanted.target

    def assert_nothing_left(self, *names: str) -> None:
        assert sorted(path.name for path in self.store.iterdir()) == sorted(names)


@pytest.fixture
def world(home: Home, built: Built, uv_cache: Path) -> Callable[[str], World]:
    """Gives a world around what a maker made; the original lies where it was made."""
    (home.path / ".virtualenvs").mkdir()

    def of(maker: str) -> World:
        original = built(maker)
        config = Config(stores=(ConfiguredStore(str(original.parent)),))
        return World(home, original, config, {"UV_CACHE_DIR": str(uv_cache)})

    return of


@pytest.fixture
def little(home: Home) -> World:
    """A world around an environment of a few files, whose Python starts."""
    store = home.path / ".virtualenvs"
    original = small(store / "app")
    (original / "bin" / "python").unlink()
    (original / "bin" / "python").symlink_to(sys.executable)
    version = "{}.{}.{}".format(*sys.version_info[:3])
    (original / "pyvenv.cfg").write_text(
        f"home = {Path(sys.executable).parent}\nversion = {version}\n"
    )
    (original / "bin" / "tool").write_text(f"#!{original}/bin/python\nprint('ran')\n")
    return World(home, original, Config(), {})


def traces(root: Path) -> dict[str, tuple[int, ...]]:
    """Return what a reading or writing would have changed of anything in a tree.

    Directories have no times here that Python's own walk renews; files that uv's cache shares have
    none of access: uv reads them there.
    """
    found: dict[str, tuple[int, ...]] = {}
    for path in [root, *root.rglob("*")]:
        status = path.lstat()
        alone = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
        found[str(path)] = (
            status.st_ino,
            status.st_mode,
            status.st_size,
            status.st_mtime_ns,
            status.st_atime_ns if alone else 0,
        )
    return found


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
    with pytest.raises(ChangedError, match=r"with|too long"):
        little.copy(name)
    assert tree(little.store) == before


def test_packages_that_cannot_be_had_again(world: Callable[[str], World], tmp_path: Path) -> None:
    """Nothing in the cache and no network: then the files are there."""
    here = world("uv")
    here.variables = {"UV_CACHE_DIR": str(tmp_path / "empty"), "UV_OFFLINE": "1"}
    copy = here.copy("copy")
    said = [told.line for told in here.told if isinstance(told, Output)]
    assert said[-1] == "Its packages cannot be had again: all files are copied."
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
    assert Output("Its packages cannot be had again: all files are copied.") in here.told
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
    assert "The package index gave something else: greet." in said
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
    list(copies.copy(wanted, here.context(), threading.Event()))
    listed = rows(home, records=False)
    one, other = listed[here.original].environment, listed[here.store / "copy"].environment
    assert one.python != other.python
    assert [p.name for p in one.packages] == [p.name for p in other.packages] == ["iniconfig"]
    wanted = here.copying(here.store / "never", "9.9")
    here.variables |= {"UV_OFFLINE": "1"}
    with pytest.raises(FailedError, match="uv failed: No interpreter"):
        list(copies.copy(wanted, here.context(), threading.Event()))
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
    with pytest.raises(FailedError, match=r"neither a file nor a link: device.*Nothing is at"):
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


@pytest.mark.parametrize("maker", ["uv", "venv"])
def test_cancelled(world: Callable[[str], World], maker: str) -> None:
    here = world(maker)
    before = tree(here.original)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(CancelledError):
        here.copy("copy", cancel)
    here.assert_nothing_left()
    wanted = replace(here.copying(here.store / "copy"), packages=None)
    cancel = threading.Event()
    telling = copies.copy(wanted, here.context(), cancel)
    assert next(telling) is not None
    cancel.set()
    with pytest.raises(CancelledError):
        list(telling)
    here.assert_nothing_left()
    assert tree(here.original) == before


def test_whoever_listens_goes_away(world: Callable[[str], World]) -> None:
    here = world("uv")
    wanted = replace(here.copying(here.store / "copy"), packages=None)
    telling = copies.copy(wanted, here.context(), threading.Event())
    next(telling)
    assert len(list(here.store.iterdir())) == 1
    telling.close()
    here.assert_nothing_left()


def test_too_little_room_is_told_before(little: World) -> None:
    with tmpfs(little.store, "64k"):
        full = World(little.home, small(little.home.path / "elsewhere" / "app"), Config(), {})
        (full.original / "big").write_bytes(b"x" * 100_000)
        full.config = Config(stores=(ConfiguredStore(str(full.original.parent)),))
        with pytest.raises(ChangedError, match="0 MiB free, 1 MiB are needed"):
            full.files("copy")
        full.assert_nothing_left()
        for number in range(50):
            (full.original / f"file{number}").touch()
        (full.original / "big").unlink()
    with tmpfs(little.store, "64m,nr_inodes=40"):
        with pytest.raises(ChangedError, match=r"room for \d+ more files, \d+ are needed"):
            full.files("copy")
        full.assert_nothing_left()


def test_a_disk_that_fills_up(little: World, monkeypatch: pytest.MonkeyPatch) -> None:
    original = little.original.rename(little.home.path / "app")
    little.config = Config(stores=(ConfiguredStore(str(little.home.path)),))
    little.original = original
    for number in range(20):
        (original / f"file{number}").write_bytes(os.urandom(30_000))
    before = traces(original)
    with tmpfs(little.store, "2m"):

        def fill() -> None:
            with suppress(OSError), (little.store / "filler").open("wb", buffering=0) as file:
                for _ in range(450):
                    file.write(b"x" * 4096)

        at_step(monkeypatch, "copying", fill)
        with pytest.raises(FailedError, match=r"No space left.*Nothing is at"):
            little.files("copy")
        little.assert_nothing_left("filler")
    assert traces(original) == before


@pytest.mark.parametrize("how", ["anew", "files"])
def test_killed_in_the_middle(world: Callable[[str], World], how: str) -> None:
    """What there is of it lies in the trash from the next start on, and cannot be restored."""
    here = world("uv")
    before = traces(here.original)
    wanted = here.copying(here.store / "copy")
    if how == "files":
        wanted = replace(wanted, packages=None)

    def copy() -> None:
        for told in copies.copy(wanted, here.context(), threading.Event()):
            if isinstance(told, Progressed) and (told.done > 200 or "installing" in told.doing):
                os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(copy) == -signal.SIGKILL
    (left,) = here.store.iterdir()
    assert left.name.startswith(".venvdash-tmp-")
    assert here.store not in {path.parent for path in rows(here.home, here.config, records=False)}
    context = here.context()
    (said,) = trash.recover(context)
    assert said.startswith(f"{here.store / 'copy'}: its making had been interrupted")
    assert trash.recover(context) == []
    (found,) = trash.find(context)
    assert (found.name, found.original, found.status) == ("copy", here.store / "copy", "debris")
    assert found.on_disk > 0
    refused = trash.restore(found)
    assert (refused.outcome, refused.reason) == (
        Outcome.SKIPPED,
        "It was never whole: there is nothing to restore.",
    )
    assert traces(here.original) == before


@pytest.mark.parametrize("step", ["making", "put"])
def test_killed_at_its_ends(little: World, step: str) -> None:
    before = tree(little.original)
    wanted = replace(little.copying(little.store / "copy"), packages=None)

    def copy() -> None:
        list(copies.copy(wanted, little.context(), threading.Event()))

    assert in_child(killing(copy, step)) == -signal.SIGKILL
    assert trash.recover(little.context()) == []
    little.assert_nothing_left("app", *(["copy"] if step == "put" else []))
    assert tree(little.original) == before


def test_what_somebody_is_at_work_on_stays(little: World) -> None:
    reader, writer = os.pipe()
    wanted = replace(little.copying(little.store / "copy"), packages=None)
    child = os.fork()
    if child == 0:
        telling = copies.copy(wanted, little.context(), threading.Event())
        next(telling)
        os.write(writer, b"x")
        signal.pause()
    try:
        os.read(reader, 1)
        (box,) = (path for path in little.store.iterdir() if path.name != "app")
        assert trash.recover(little.context()) == []
        assert (box / "copy" / "pyvenv.cfg").exists()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
    assert len(trash.recover(little.context())) == 1


@pytest.mark.parametrize("note", ["none", "garbage", "other host", "no process"])
def test_what_only_looks_left(little: World, note: str) -> None:
    """Only what says that we were making it, here, and nobody is any more, is moved."""
    with making.Making(little.store / "copy", little.home.path / "state") as work:
        text = (work.path.parent / making.NOTE).read_text()
    box = little.store / ".venvdash-tmp-0000"
    (box / "copy").mkdir(parents=True)
    (box / "copy" / "file").write_text("x")
    lines = text.splitlines()
    if note == "garbage":
        (box / making.NOTE).write_text("garbage")
    elif note == "other host":
        lines = [f'host = "{"0" * 32}"' if line.startswith("host") else line for line in lines]
        (box / making.NOTE).write_text("\n".join(lines))
    elif note == "no process":
        lines = ["pid = 4194303" if line.startswith("pid") else line for line in lines]
        (box / making.NOTE).write_text("\n".join(lines))
    said = trash.recover(little.context())
    assert bool(said) == (note == "no process")
    assert box.exists() == (note != "no process")


def test_the_name_was_taken_meanwhile(little: World, monkeypatch: pytest.MonkeyPatch) -> None:
    at_step(monkeypatch, "making", (little.store / "copy").mkdir)
    with pytest.raises(ChangedError, match="was taken meanwhile"):
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
    with pytest.raises(FailedError, match=r"cannot be rewritten: bin/native.*Nothing is at"):
        little.files("copy")
    little.assert_nothing_left("app")


def test_a_python_that_does_not_start(little: World) -> None:
    (little.original / "bin" / "python").unlink()
    (little.original / "bin" / "python").symlink_to("/bin/false")
    with pytest.raises(FailedError, match=r"Its Python does not start: .*Nothing is at"):
        little.files("copy")
    little.assert_nothing_left("app")
    (little.original / "bin" / "python").unlink()
    with pytest.raises(ChangedError, match="interpreter is gone"):
        little.files("copy")
