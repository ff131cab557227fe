"""Killed at any moment of a move out of a project or into it: whole in one place, and linked."""

import signal
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.actions.adopt.adopting import Project, Snapshot
from tests.actions.crashing import in_child, killed_at, killing
from tests.actions.relinking import differing
from venvdash.actions.journals import relink_stages
from venvdash.actions.safety import steps
from venvdash.model import Outcome, Result
from venvdash.session import Session


@dataclass
class World:
    """A project, and how everything looks with its environment in it and outside."""

    shop: Project
    inside: Snapshot
    outside: Snapshot

    def is_outside(self) -> bool:
        """Return where it is; fail where that is half so, or anything is left to be done."""
        session = self.shop.session()  # ends what was interrupted
        assert not [one.message for one in session.problems if "left unchanged" in one.message]
        found = session.rows
        assert not relink_stages.due(self.shop.home.machine().state_directory)
        now = self.shop.snapshot()
        if self.shop.entry in found:
            assert differing(now, self.outside) == []
            return True
        assert differing(now, self.inside) == []
        return False


@pytest.fixture
def world(shop: Project) -> World:
    made = World(shop, shop.snapshot(), {})
    assert shop.out(shop.session()).outcome is Outcome.DONE
    made.outside = shop.snapshot()
    assert made.is_outside()
    assert shop.undo(shop.session()).outcome is Outcome.DONE
    assert not made.is_outside()
    return made


def _steps_of(call: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    done: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(steps, "step", done.append)
        call()
    return done


def _killed(world: World, call: Callable[[Session], Result], number: int) -> None:
    session = world.shop.session()
    assert killed_at(number, lambda: call(session)) == -signal.SIGKILL, number


def test_killed_after_each_step_of_moving_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = world.shop.session()
    done = _steps_of(lambda: world.shop.out(session), monkeypatch)
    assert {"begun", "renamed", "moved", "swapped", "done"} <= set(done)
    assert world.is_outside()
    undone = _steps_of(lambda: world.shop.undo(world.shop.session()), monkeypatch)
    assert not world.is_outside()
    seen = set()
    for number in range(1, len(done) + 1):
        _killed(world, world.shop.out, number)
        seen.add(world.is_outside())
        if world.is_outside():
            assert world.shop.undo(world.shop.session()).outcome is Outcome.DONE
    assert seen == {True, False}
    for number in range(1, len(undone) + 1):
        assert world.shop.out(world.shop.session()).outcome is Outcome.DONE
        _killed(world, world.shop.undo, number)
        if world.is_outside():
            assert world.shop.undo(world.shop.session()).outcome is Outcome.DONE


def test_killed_after_each_step_of_moving_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = world.shop
    assert shop.out(shop.session()).outcome is Outcome.DONE
    session = shop.session()
    done = _steps_of(lambda: shop.back(session), monkeypatch)
    assert {"gave way", "renamed", "moved", "done"} <= set(done)
    # git's list of what it does not show keeps its line.
    world.inside = shop.snapshot()
    assert not world.is_outside()
    undone = _steps_of(lambda: shop.undo(shop.session()), monkeypatch)
    assert world.is_outside()
    seen = set()
    for number in range(1, len(done) + 1):
        _killed(world, shop.back, number)
        seen.add(world.is_outside())
        if not world.is_outside():
            assert shop.undo(shop.session()).outcome is Outcome.DONE
            assert world.is_outside()
    assert seen == {True, False}
    for number in range(1, len(undone) + 1):
        assert shop.back(shop.session()).outcome is Outcome.DONE
        _killed(world, shop.undo, number)
        if not world.is_outside():
            assert shop.undo(shop.session()).outcome is Outcome.DONE


def test_what_a_kill_left_beside_the_link_is_removed(world: World) -> None:
    """It is made before the environment is renamed, to see whether links can be made."""
    session = world.shop.session()
    call = killing(lambda: world.shop.out(session), "begun")
    assert in_child(call) == -signal.SIGKILL
    left = world.shop.path / ".venvdash-tmp-relink"
    left.symlink_to("venvdash")
    assert not world.is_outside()
    assert not left.is_symlink()
