"""What tests of several actions share."""

import pytest

from tests.actions.syncing import Place
from tests.conftest import Home


@pytest.fixture
def place(home: Home) -> Place:
    """A HOME in which uv finds a handful of wheels and no network."""
    return Place.make(home)
