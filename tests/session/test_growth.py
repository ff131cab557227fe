"""Twice as many environments are twice the work of a scan, not more."""

import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

import venvdash
from tests.bench.trees import Tree, environments
from tests.conftest import Home
from venvdash.config import Config
from venvdash.session.core import Session
from venvdash.stores import poetry
from venvdash.system import processes, timeouts
from venvdash.system.mounts import Mounts

_COUNTS = (40, 80, 160)  # environments; one in five is of a project that is gone
_SOME = 50  # calls more, of what is done for some number of environments at a time
_PACKAGE = os.path.dirname(venvdash.__file__)


@pytest.fixture(autouse=True)
def _nothing_else_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what depends on other programs of this machine, and on how long things take."""
    mounts = Mounts.read()

    def none() -> Iterator[object]:
        return iter(())

    monkeypatch.setattr(Mounts, "read", lambda: mounts)
    monkeypatch.setattr(processes, "_on_linux", none)
    monkeypatch.setattr(timeouts, "_BATCH", 0.0)


def _scan(session: Session) -> None:
    for _ in session.scan(usage=False, early=False):  # how many come early depends on the time
        """Only the work counts."""


def _calls(session: Session) -> Counter[str]:
    """Return how often a scan calls each function, in all its threads."""
    calls: Counter[str] = Counter()

    def count(frame: FrameType, event: str, called: object) -> None:
        code = frame.f_code
        if code.co_filename.startswith(_PACKAGE):
            name = f"{code.co_filename.removeprefix(_PACKAGE)}:{code.co_qualname}"
            if event == "call":
                calls[name] += 1
            elif event == "c_call":
                calls[f"{name}: {getattr(called, '__qualname__', '')}"] += 1

    threading.setprofile(count)
    sys.setprofile(count)
    try:
        _scan(session)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return calls


def _hashed(home: Path) -> None:
    """Turn environments that name their projects into those of poetry, with a hash of its path."""
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    for prefix in list((home / ".virtualenvs").iterdir()):
        (prefix / ".project").unlink()
        with (prefix / "pyvenv.cfg").open("a") as cfg:
            cfg.write(f"prompt = {prefix.name}-py{minor}\n")
        (digest, *_) = poetry.STORE.digests(home / "code" / prefix.name)
        prefix.rename(prefix.with_name(f"{prefix.name}-{digest}-py{minor}"))


@pytest.mark.parametrize("hashed", [False, True])
@pytest.mark.parametrize("remembered", [False, True])
def test_no_function_is_called_more_than_twice_as_often_for_twice_as_many(
    home: Home, remembered: bool, hashed: bool
) -> None:
    work = []
    for count in (1, *_COUNTS):  # the first imports what others need not import
        inner = home.path / str(count)
        inner.mkdir()
        environments(Tree(inner, count))
        if hashed:
            _hashed(inner)
        session = Session(Home(inner, home.variables).machine(), Config(), records=remembered)
        if remembered:
            _scan(session)
        work.append(_calls(session))
    _, one, two, four = work
    growth = {name: (two[name] - one[name], four[name] - two[name]) for name in four}
    assert {name: more for name, more in growth.items() if more[1] > 2.1 * more[0] + _SOME} == {}
