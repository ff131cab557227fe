"""Copies that are cancelled, killed, or find no room: nothing of them stays under their name."""

import os
import re
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from tests.actions.copying import World, traces
from tests.actions.crashing import in_child, killing
from tests.actions.deleting import at_step, small, tree
from tests.mounting import tmpfs
from tests.scenario import rows
from venvdash.actions.copy import copy_environment, staging
from venvdash.actions.delete import trash
from venvdash.actions.errors import ChangedError, FailedError
from venvdash.actions.events import Progressed
from venvdash.actions.process.child_process import CancelledError
from venvdash.actions.recovery.stores import recover_stores
from venvdash.config import Config, ConfiguredStore
from venvdash.model import Outcome


@pytest.mark.parametrize("maker", ["uv", "venv"])
def test_cancelled(world: Callable[[str], World], maker: str) -> None:
    here = world(maker)
    before = tree(here.original)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(CancelledError):
        here.copy("copy", cancel)
    here.assert_nothing_left()
    wanted = replace(here.copying(here.store / "copy"), packages=None)
    cancel = threading.Event()
    telling = copy_environment.copy(wanted, here.context(), cancel)
    assert next(telling) is not None
    cancel.set()
    with pytest.raises(CancelledError):
        list(telling)
    here.assert_nothing_left()
    assert tree(here.original) == before


def test_whoever_listens_goes_away(world: Callable[[str], World]) -> None:
    here = world("uv")
    wanted = replace(here.copying(here.store / "copy"), packages=None)
    telling = copy_environment.copy(wanted, here.context(), threading.Event())
    next(telling)
    assert len(list(here.store.iterdir())) == 1
    telling.close()
    here.assert_nothing_left()


def test_too_little_room_is_told_before(little: World) -> None:
    with tmpfs(little.store, "64k"):
        full = World(little.home, small(little.home.path / "elsewhere" / "app"), Config(), {})
        (full.original / "big").write_bytes(b"x" * 100_000)
        full.config = Config(stores=(ConfiguredStore(str(full.original.parent)),))
        with pytest.raises(ChangedError, match="1 MiB are needed, 0 MiB are free"):
            full.files("copy")
        full.assert_nothing_left()
        for number in range(50):
            (full.original / f"file{number}").touch()
        (full.original / "big").unlink()
    with tmpfs(little.store, "64m,nr_inodes=40"):
        with pytest.raises(ChangedError, match=r"\d+ files are needed, \d+ are possible"):
            full.files("copy")
        full.assert_nothing_left()


def test_a_disk_that_fills_up(little: World, monkeypatch: pytest.MonkeyPatch) -> None:
    original = little.original.rename(little.home.path / "app")
    little.config = Config(stores=(ConfiguredStore(str(little.home.path)),))
    little.original = original
    for number in range(20):
        (original / f"file{number}").write_bytes(os.urandom(30_000))
    before = traces(original)
    with tmpfs(little.store, "2m"):

        def fill() -> None:
            with suppress(OSError), (little.store / "filler").open("wb", buffering=0) as file:
                for _ in range(450):
                    file.write(b"x" * 4096)

        at_step(monkeypatch, "copying", fill)
        with pytest.raises(FailedError, match=r"No space left.*Nothing was created at"):
            little.files("copy")
        little.assert_nothing_left("filler")
    assert traces(original) == before


@pytest.mark.parametrize("how", ["recreated", "files"])
def test_killed_in_the_middle(world: Callable[[str], World], how: str) -> None:
    """What there is of it lies in the trash from the next start on, and cannot be restored."""
    here = world("uv")
    before = traces(here.original)
    wanted = here.copying(here.store / "copy")
    if how == "files":
        wanted = replace(wanted, packages=None)

    def copy() -> None:
        for told in copy_environment.copy(wanted, here.context(), threading.Event()):
            if isinstance(told, Progressed) and (told.done > 200 or "installing" in told.doing):
                os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(copy) == -signal.SIGKILL
    (left,) = here.store.iterdir()
    assert left.name.startswith(".venvdash-tmp-")
    assert here.store not in {path.parent for path in rows(here.home, here.config, records=False)}
    context = here.context()
    (said,) = recover_stores(context)
    assert said.startswith(f"{here.store / 'copy'}: its creation was interrupted")
    assert recover_stores(context) == []
    (found,) = trash.find(context)
    assert (found.name, found.original, found.status) == ("copy", here.store / "copy", "debris")
    assert found.on_disk > 0
    refused = trash.restore(found)
    assert (refused.outcome, refused.reason) == (
        Outcome.SKIPPED,
        "It was never complete, so there is nothing to restore.",
    )
    assert traces(here.original) == before


@pytest.mark.parametrize("step", ["making", "put"])
def test_killed_at_its_ends(little: World, step: str) -> None:
    before = tree(little.original)
    wanted = replace(little.copying(little.store / "copy"), packages=None)

    def copy() -> None:
        list(copy_environment.copy(wanted, little.context(), threading.Event()))

    assert in_child(killing(copy, step)) == -signal.SIGKILL
    assert recover_stores(little.context()) == []
    little.assert_nothing_left("app", *(["copy"] if step == "put" else []))
    assert tree(little.original) == before


def test_what_somebody_is_at_work_on_stays(little: World) -> None:
    reader, writer = os.pipe()
    wanted = replace(little.copying(little.store / "copy"), packages=None)
    child = os.fork()
    if child == 0:
        telling = copy_environment.copy(wanted, little.context(), threading.Event())
        next(telling)
        os.write(writer, b"x")
        signal.pause()
    try:
        os.read(reader, 1)
        (box,) = (path for path in little.store.iterdir() if path.name != "app")
        assert recover_stores(little.context()) == []
        assert (box / "copy" / "pyvenv.cfg").exists()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
    assert len(recover_stores(little.context())) == 1


@pytest.mark.parametrize("note", ["none", "garbage", "other host", "no process"])
def test_what_only_looks_left(little: World, note: str) -> None:
    """Only what says that we were making it, here, and nobody is any more, is moved."""
    with staging.Staging(little.store / "copy", little.home.path / "state") as work:
        text = (work.path.parent / staging.NOTE).read_text()
    box = little.store / ".venvdash-tmp-0000"
    (box / "copy").mkdir(parents=True)
    (box / "copy" / "file").write_text("x")
    lines = text.splitlines()
    if note == "garbage":
        (box / staging.NOTE).write_text("garbage")
    elif note == "other host":
        lines = [f'host = "{"0" * 32}"' if line.startswith("host") else line for line in lines]
        (box / staging.NOTE).write_text("\n".join(lines))
    elif note == "no process":
        (box / staging.NOTE).write_text(re.sub(r"pid = \d+", "pid = 4194303", text))
    said = recover_stores(little.context())
    assert bool(said) == (note == "no process")
    assert box.exists() == (note != "no process")
