"""One playground for all tests that only look at it."""

import os
import sys
from pathlib import Path

import pytest

from venvdash.demo.playground import Playground, build
from venvdash.system.machine import Machine


@pytest.fixture(scope="session")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Playground:
    """A finished playground; tests must not change it."""
    return build(tmp_path_factory.mktemp("demo") / "playground", lambda words: None)


@pytest.fixture
def bare(tmp_path: Path) -> Machine:
    """A machine with nothing on PATH and an empty HOME."""
    home = tmp_path / "bare"
    home.mkdir()
    uid = os.getuid() if hasattr(os, "getuid") else None
    return Machine(home, {"HOME": str(home)}, platform=sys.platform, cwd=home, uid=uid)
