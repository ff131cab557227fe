"""Out of a project to another file system, and back: by a copy, and killed at any moment."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.actions.adopt.adopting import Project, applied
from tests.actions.crashing import in_child, killed_at
from tests.actions.relinking import program_runs
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import rows
from venvdash.actions.journals import move_stages
from venvdash.actions.safety import steps
from venvdash.model import Outcome, Proposal, Result
from venvdash.session import Session

pytestmark = pytest.mark.slow


@dataclass
class World:
    """A project, a copy of it as it was, and a folder on another file system."""

    shop: Project
    pristine: Path
    envs: Path

    @property
    def outside(self) -> Path:
        return self.envs / self.shop.entry.name

    def begin(self) -> Session:
        """Start over, with the environment in its project."""
        shutil.rmtree(self.shop.path)
        shutil.copytree(self.pristine, self.shop.path, symlinks=True)
        for path in self.envs.iterdir():
            shutil.rmtree(path)  # trash, too
        return self.shop.session()

    def begin_outside(self) -> Session:
        """Start over, with the environment on the other file system."""
        assert self.out(self.begin()).outcome is Outcome.DONE
        return self.shop.session()

    def proposal(self, session: Session) -> Proposal:
        return session.actions.adopt(self.shop.row(session), self.envs)

    def out(self, session: Session) -> Result:
        return applied(session, self.proposal(session))

    def back(self, session: Session) -> Result:
        return applied(session, session.actions.move_in(session.rows[self.outside]))

    def is_outside(self) -> bool:
        """Return where it is; fail where it is whole in no place, or in two."""
        rows(self.shop.home)  # ends what was interrupted
        assert not move_stages.due(self.shop.home.machine().state_directory)
        inside = self.shop.inside
        led = inside.is_symlink()
        place = self.outside if led else inside
        if led:
            assert Path(os.readlink(inside)) == self.outside
        else:
            assert not os.path.lexists(self.outside)
        wanted = self.pristine / ".venv"
        assert _names(place) == _names(wanted)
        assert str(place) in (place / "bin" / "activate").read_text()
        left = [path.name for path in self.shop.path.iterdir() if "venvdash-tmp" in path.name]
        assert left == []
        return led


def _names(prefix: Path) -> set[str]:
    found = {os.fspath(path.relative_to(prefix)) for path in prefix.rglob("*")}
    ours = ("venvdash.toml", ".lock")
    return {name for name in found if name not in ours and "__pycache__" not in name}


@pytest.fixture
def world(shop: Project, home: Home) -> Iterator[World]:
    disk = home.path / "disk"
    disk.mkdir()
    pristine = home.path.parent / "pristine"
    shutil.copytree(shop.path, pristine, symlinks=True)
    with tmpfs(disk, "64m"):
        envs = disk / "envs"
        envs.mkdir()
        yield World(shop, pristine, envs)


def test_out_and_in_again(world: World) -> None:
    session = world.begin()
    proposal = world.proposal(session)
    assert any("on another file system" in said for said in proposal.says)
    assert applied(session, proposal).outcome is Outcome.DONE
    assert world.is_outside()
    program_runs(world.shop.home, world.outside)
    assert world.back(world.shop.session()).outcome is Outcome.DONE
    assert not world.is_outside()
    assert not (world.shop.inside / "venvdash.toml").exists()
    program_runs(world.shop.home, world.shop.inside)


def test_undone(world: World) -> None:
    world.begin_outside()
    assert world.shop.undo(world.shop.session()).outcome is Outcome.DONE
    assert not world.is_outside()


def test_the_way_back_is_undone(world: World) -> None:
    assert world.back(world.begin_outside()).outcome is Outcome.DONE
    assert not world.is_outside()
    assert world.shop.undo(world.shop.session()).outcome is Outcome.DONE
    assert world.is_outside()


def _steps_of(call: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    done: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(steps, "step", done.append)
        call()
    return done


@pytest.mark.parametrize("back", [False, True], ids=["out", "in"])
def test_killed_after_each_step(world: World, monkeypatch: pytest.MonkeyPatch, back: bool) -> None:
    begin, move = (world.begin_outside, world.back) if back else (world.begin, world.out)
    session = begin()
    done = _steps_of(lambda: move(session), monkeypatch)
    assert {"move journalled", "put", "moved", "gave way" if back else "left"} <= set(done)
    assert world.is_outside() is not back
    seen = set()
    for number in range(1, len(done) + 1):
        ended = killed_at(number, partial(move, begin()))
        assert ended == -signal.SIGKILL, done[number - 1]
        seen.add(world.is_outside())
    assert seen == {True, False}


def test_too_little_room_is_said_before(world: World) -> None:
    session = world.begin()
    _fill(world.envs)
    assert "Not enough space" in world.proposal(session).refusal
    assert not world.is_outside()


@pytest.mark.parametrize("step", ["making", "move journalled", "put", "locked"])
def test_the_disk_fills_up(world: World, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    session = world.begin()

    def fill(name: str) -> None:
        if name == step:
            _fill(world.envs)
            (world.shop.inside / "new").touch()  # so that it fails at the latest when it compares

    def move() -> None:
        os._exit(0 if world.out(session).outcome is Outcome.DONE else 1)

    with monkeypatch.context() as patched:
        patched.setattr(steps, "step", fill)
        assert in_child(move) == 1
    (world.envs / "filler").unlink()
    (world.shop.inside / "new").unlink()
    assert not world.is_outside()


def _fill(folder: Path) -> None:
    with suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 65536)
