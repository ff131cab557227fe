"""A world for each action that can be undone."""

import pytest

from tests.actions.history.changing import UNDOABLE, World, world_of
from tests.conftest import Home
from venvdash.model import Action


@pytest.fixture(params=UNDOABLE)
def action(request: pytest.FixtureRequest) -> Action:
    """Every action that can be undone."""
    found: Action = request.param
    return found


@pytest.fixture
def world(home: Home, action: Action) -> World:
    """A world in which the action can be done."""
    made = world_of(home, real=action is Action.COPY)
    made.prepare(action)
    return made
