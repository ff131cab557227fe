"""A project with its environment in it."""

import pytest

from tests.actions.adopt.adopting import Project, fixed_name, project
from tests.conftest import Home
from venvdash.stores import default_store


@pytest.fixture
def shop(home: Home, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project; its environment gets the same name whenever it is moved out."""
    monkeypatch.setattr(default_store, "new_entry", fixed_name)
    return project(home)
