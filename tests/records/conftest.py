"""A store with an index beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.records.world import World
from venvdash.records.index import Index


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store = tmp_path / "store"
    store.mkdir()
    index = Index.open(tmp_path / "state" / "host.sqlite")
    assert index.usable, index.problem
    yield World(store, index)
    index.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where an index may be made; the folder is not there yet."""
    return tmp_path / "state" / "host.sqlite"
