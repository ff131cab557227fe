"""A playground for each test, copied from one that is built once for a module."""

import subprocess
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from venvdash.demo.playground import Playground, build


@pytest.fixture(scope="module")
def built_playground(tmp_path_factory: pytest.TempPathFactory) -> Playground:
    """A playground that is left as it was built, but for its place: see ``playground``."""
    made = build(tmp_path_factory.mktemp("playground") / "play", lambda words: None)
    made.directory.rename(_kept(made))
    return made


@pytest.fixture
def playground(built_playground: Playground) -> Iterator[Playground]:
    """A playground of this test's own, where it was built: its files name that place."""
    place = built_playground.directory
    if place.exists():
        used = (place.with_name(f"used-{number}") for number in count())
        place.rename(next(path for path in used if not path.exists()))
    subprocess.run(["cp", "-a", _kept(built_playground), place], check=True)
    yield built_playground
    for thread in threading.enumerate():
        if thread.name == "background":  # of the dashboard: it may still store what it learned
            thread.join(10)


def _kept(made: Playground) -> Path:
    return made.directory.with_name("kept")
