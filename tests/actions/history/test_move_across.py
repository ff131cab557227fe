"""Undoing a move to another file system, and the history after one that was killed."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actions.crashing import in_child, killing
from tests.actions.history.changing import World, states, world_of
from tests.actions.relinking import differing
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.session.sharing import last, undone
from venvdash.model import Action, Outcome


@pytest.fixture
def world(home: Home) -> Iterator[World]:
    """A world with another disk at ``~/.venvs``."""
    made = world_of(home, real=True)
    with tmpfs(home.path / ".venvs", "64m"):
        yield made


def test_it_is_moved_back(world: World) -> None:
    before = world.snapshot()
    result = world.change(world.session(), Action.MOVE)
    assert result.place is not None
    (result.place / "thesis.txt").write_text("years of work")
    session = world.session()
    plan = session.plan_undo()
    assert not isinstance(plan, str)
    assert plan.warns == ("Moves the original to the trash, from where it can be restored.",)
    (back,) = last(session.actions.undo(plan)).results
    assert (back.outcome, back.place) == (Outcome.DONE, world.app)
    assert (world.app / "thesis.txt").read_text() == "years of work"
    (world.app / "thesis.txt").unlink()
    assert differing(world.snapshot(), before) == []
    assert list(states(world.session())) == [(Action.MOVE, "undone")]


@pytest.mark.slow
@pytest.mark.parametrize("step", ["put", "led", "renamed", "moved", "change ended"])
def test_killed_while_it_is_moved(world: World, step: str) -> None:
    session = world.session()
    assert in_child(killing(lambda: world.change(session, Action.MOVE), step)) < 0
    session = world.session()
    session.tidy()
    moved = not os.path.lexists(world.app)
    assert moved is (step in ("moved", "change ended"))
    known = list(states(world.session()))
    assert known == ([(Action.MOVE, "can be undone")] if moved else [])
    if moved:
        undone(world.session())
        assert world.app.is_dir()


def test_what_was_moved_and_is_no_longer_mounted_is_refused(home: Home) -> None:
    world = world_of(home, real=True)
    with tmpfs(home.path / ".venvs", "64m"):
        assert world.change(world.session(), Action.MOVE).outcome is Outcome.DONE
    place = Path(home.path / ".venvs" / "app")
    plan = world.session().plan_undo(1)
    assert not isinstance(plan, str)
    assert plan.refusal == f"It is no longer at {place}."
