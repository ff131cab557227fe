"""A store, and the trash in it, for the tests of freeing."""

from pathlib import Path

import pytest

from tests.actions.trashing import noted, tree


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "store"
    path.mkdir()
    return path


@pytest.fixture
def trash(store: Path) -> Path:
    return noted(tree(store / ".venvdash-trash-0123"))
