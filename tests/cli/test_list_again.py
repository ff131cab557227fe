"""`list --no-usage` prints what it printed before, without a scan, while that is the truth."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.answering import World, environment, project
from tests.conftest import Home
from venvdash.records import listing

JSON = "--json"


@pytest.fixture
def world(home: Home, monkeypatch: pytest.MonkeyPatch) -> World:
    """A HOME whose list is remembered: one environment has a project, one is an orphan."""
    known = World(home, monkeypatch)
    environment(home, "web", project(home, "code/web", "web"))
    (home.path / ".virtualenvs" / "web" / "lib/python3.12/site-packages").mkdir(parents=True)
    (home.path / ".virtualenvs" / "web" / "bin" / "python").symlink_to(sys.executable)
    environment(home, "lost", home.path / "code" / "lost")
    (home.path / ".virtualenvs" / "web" / ".lock").touch()
    _listed(known)
    return known


def _listed(world: World, cwd: Path | None = None) -> None:
    """List until there is nothing more to learn."""
    for _ in range(8):
        world.listed(cwd=cwd)
        if world.listed_quickly(cwd=cwd) is not None:
            return
    raise AssertionError("its list is not remembered")


@pytest.mark.parametrize("options", [(), (JSON,)])
def test_it_is_what_a_scan_without_memory_prints(world: World, options: tuple[str, ...]) -> None:
    assert world.listed_quickly(*options) == world.listed(*options, records=False)


def _web(world: World) -> Path:
    return world.home.path / ".virtualenvs" / "web"


def _edit_cfg(world: World) -> None:
    with open(_web(world) / "pyvenv.cfg", "r+") as file:  # its size and its inode stay
        file.write("home = /usr/bin\nversion = 3.19.1\n")


def _use(world: World) -> None:
    os.utime(_web(world) / "pyvenv.cfg", (1e9, os.stat(_web(world) / "pyvenv.cfg").st_mtime))


CHANGES: dict[str, Callable[[World], object]] = {
    "an environment appears": lambda world: environment(world.home, "new"),
    "one disappears": lambda world: shutil.rmtree(_web(world)),
    "its Python changes": _edit_cfg,
    "its Python is used": _use,
    "a package is installed": lambda world: (
        next(_web(world).glob("lib/*/site-packages")) / "six-1.0.dist-info"
    ).mkdir(),
    "its pointer changes": lambda world: (_web(world) / ".project").write_text("/nowhere\n"),
    "its record changes": lambda world: (_web(world) / "venvdash.toml").unlink(),
    "its interpreter disappears": lambda world: (_web(world) / "bin" / "python").unlink(),
    "it may not be written": lambda world: _web(world).chmod(0o500),
    "its project disappears": lambda world: shutil.rmtree(world.home.path / "code" / "web"),
    "its project is named": lambda world: (
        world.home.path / "code" / "web" / "pyproject.toml"
    ).write_text('[project]\nname = "other"\n'),
    "a lost project appears": lambda world: project(world.home, "code/lost"),
    "one appears elsewhere": lambda world: project(world.home, "work/lost"),
    "a store appears": lambda world: (world.home.path / ".local/share/virtualenvs").mkdir(
        parents=True
    ),
    "a variable changes": lambda world: world.variables.update(WORKON_HOME="/nowhere"),
    "the configuration changes": lambda world: _configured(world, "records = true\n"),
    "a start file names it": lambda world: (world.home.path / ".bashrc").write_text(
        f"source {_web(world)}/bin/activate\n"
    ),
    "something was deleted": lambda world: _noted(world),
}


def _configured(world: World, text: str) -> None:
    file = world.home.machine().config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def _noted(world: World) -> None:
    notes = world.home.machine().state_directory / "trash"
    notes.mkdir(mode=0o700)
    (notes / "0").write_text(str(world.home.path))


@pytest.mark.parametrize("change", CHANGES)
def test_a_scan_answers_once_anything_has_changed(world: World, change: str) -> None:
    CHANGES[change](world)
    assert world.listed_quickly() is None


def test_another_directory_has_its_own_answer(world: World) -> None:
    assert world.listed_quickly(cwd=world.home.path / "code") is None


def test_each_directory_is_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    code = world.home.path / "code"
    _listed(world, code)
    assert world.listed_quickly(cwd=code) == world.listed(cwd=code, records=False)
    folder = world.home.machine().state_directory / listing.FOLDER
    assert len(list(folder.iterdir())) == 2
    monkeypatch.setattr(listing, "_TOTAL", 1)
    (world.home.path / "work").mkdir()
    _listed(world, world.home.path / "work")
    assert len(list(folder.iterdir())) == 1  # the newest stays, however large


def test_what_matters_to_nothing_changes_nothing(world: World) -> None:
    (world.home.path / ".bash_history").write_text("ls\n")
    (world.home.path / ".bash_history").unlink()
    os.utime(world.home.path)
    (days,) = (world.home.machine().state_directory / "days").iterdir()
    days.write_text(days.read_text().replace('"checked": 0', '"checked":  0'))  # it counts on
    assert world.listed_quickly() == world.listed(records=False)


def _by_name(text: str) -> dict[str, dict[str, object]]:
    return {one["name"]: one for one in json.loads(text)["environments"]}


def test_what_is_in_use_now_is_flagged(world: World) -> None:
    program = _web(world) / "bin" / "waits"
    shutil.copy(shutil.which("sleep") or "", program)
    _listed(world)
    with subprocess.Popen([program, "60"]) as running:
        try:
            printed = [world.listed_quickly(JSON) or "", world.listed(JSON, records=False)]
            shown = [world.listed_quickly(), world.listed(records=False)]
        finally:
            running.kill()
    quick, slow = map(_by_name, printed)
    assert "in-use" in str(quick["web"]["flags"])
    assert str(quick["web"].pop("used"))[:13] == str(slow["web"].pop("used"))[:13]
    assert quick == slow
    assert shown[0] == shown[1]
    assert "in-use" not in (world.listed_quickly(JSON) or "in-use")


def test_what_is_locked_now_is_flagged(world: World) -> None:
    held = "import sys, fcntl; file = open(sys.argv[1]); fcntl.flock(file, 2); print(); input()"
    command = [sys.executable, "-c", held, str(_web(world) / ".lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tool:
        assert tool.stdout is not None
        tool.stdout.readline()
        assert "[locked]" in (world.listed_quickly() or "")
        quick = _by_name(world.listed_quickly(JSON) or "")
        slow = _by_name(world.listed(JSON, records=False))
        assert str(quick["web"].pop("used"))[:13] == str(slow["web"].pop("used"))[:13]  # now
        assert quick == slow
        tool.communicate(b"\n")
    assert "[locked]" not in (world.listed_quickly() or "[locked]")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-10],
        lambda data: data.replace(b"venvdash answers 1", b"venvdash answers 2"),
        lambda data: data.replace(b"linked", b"orphan"),
        lambda data: b"",
        lambda data: b"\n" * 100,
    ],
)
def test_what_is_damaged_counts_as_none(world: World, damage: Callable[[bytes], bytes]) -> None:
    (file,) = (world.home.machine().state_directory / listing.FOLDER).iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert world.listed_quickly() is None


def test_what_has_problems_is_not_remembered(world: World) -> None:
    (world.home.path / ".virtualenvs" / "web").chmod(0o755)
    _configured(world, '[[stores]]\npath = "~/code/web/pyproject.toml"\n')
    for _ in range(2):
        world.listed()
    assert world.listed_quickly() is None


def test_a_pipe_that_does_not_wait_gets_all_of_it_once(world: World) -> None:
    for number in range(60):
        environment(world.home, f"{number}-{'x' * 200}")
    _listed(world)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    command = [sys.executable, "-m", "venvdash", "list", "--no-usage", JSON]
    variables = {**world.home.variables, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=writing, env=variables, cwd=world.home.path):
        os.close(writing)
        with open(reading, encoding="utf-8") as pipe:
            printed = pipe.read()
    assert len(printed) > 65536  # what a pipe holds
    assert printed == world.listed(JSON, records=False)
