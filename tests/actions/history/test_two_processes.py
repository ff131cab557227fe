"""Two processes with one history: what one does is not mistaken for what a crash left."""

import json
import os

import pytest

from tests.actions.deleting import at_step
from tests.actions.history.changing import World, states, world_of
from tests.actions.history.test_undo_crash import started
from tests.conftest import Home
from venvdash.model import Action, Outcome


@pytest.fixture
def world(home: Home) -> World:
    """A world."""
    return world_of(home)


@pytest.mark.parametrize("action", [Action.DELETE, Action.RENAME, Action.RELINK])
def test_another_process_lists_while_one_changes(
    world: World, action: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[list[tuple[Action, str]]] = []

    def look() -> None:
        told, answer = os.pipe()
        child = os.fork()
        if child == 0:
            found = list(states(started(world)))
            os.write(answer, json.dumps(found).encode())
            os._exit(0)
        os.close(answer)
        with os.fdopen(told) as stream:
            said.append([(Action(one), state) for one, state in json.load(stream)])
        os.waitpid(child, 0)

    session = world.session()
    at_step(monkeypatch, "change ended", look)
    assert world.change(session, action).outcome is Outcome.DONE
    assert said == [[(action, "under way")]]
    assert list(states(world.session())) == [(action, "can be undone")]


def test_numbers_go_on_over_processes(world: World) -> None:
    for expected in ("1", "2", "3"):
        world.home.venvdash("rename", world.app, "renamed", "--yes")
        lines = world.home.venvdash("history").stdout.splitlines()
        assert lines[1].split()[0] == expected
        world.home.venvdash("undo")
