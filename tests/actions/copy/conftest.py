"""Environments to be copied: real ones, and one of a few files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.actions.copying import World, little_world, world_around
from tests.built import Built
from tests.conftest import Home


@pytest.fixture
def world(home: Home, built: Built, uv_cache: Path) -> Callable[[str], World]:
    """Gives a world around what a maker made; the original lies where it was made."""
    return lambda maker: world_around(home, built(maker), uv_cache)


@pytest.fixture
def little(home: Home) -> World:
    return little_world(home)
