"""Killed at any moment: an environment is whole in its place or in the trash, its link with it."""

import os
import random
import shutil
import signal
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.actions.crashing import in_child, killing, with_fault
from tests.actions.deleting import context, plan, small, trashes, tree
from tests.conftest import Home
from tests.effort import calls
from venvdash.actions.context import Context
from venvdash.actions.delete import apply as deleting_module
from venvdash.actions.delete import trash, trash_folder
from venvdash.actions.delete.apply import Deleter
from venvdash.actions.recovery.stores import recover_stores
from venvdash.model import Outcome, Plan, Result
from venvdash.system.processes import ProcessUses

_DELETING = [
    "checked",
    "locked",
    "journalled",
    "unlinked",
    "unused",
    "renamed",
    "verified",
    "synced",
]
_RESTORING = ["restoring", "restored", "linked", "settled"]
_ALIAS = ["checked", "made", "journalled", "renamed", "verified", "synced"]
_KILLS = 60  # for each place of the trash


@dataclass
class World:
    """One environment with its project, and what both were like; ``trash`` is where it goes."""

    entry: Path
    trash: Path
    project: Path
    plan: Plan
    context: Context
    content: str
    text: str

    def check(self) -> bool:
        """Return whether it is in its place; fail the test if it is not whole, or lost its link."""
        boxes = trashes(self.trash)
        link = self.project / ".venv"
        if self.entry.exists():
            assert boxes == []
            assert tree(self.entry) == self.content
            assert os.readlink(link) == self.text
            return True
        (box,) = boxes
        journal = (box / "trash.toml").read_bytes()
        (box / "trash.toml").unlink()
        assert _content(box, self.entry) == self.content
        (box / "trash.toml").write_bytes(journal)
        assert not os.path.lexists(link)
        return False

    def delete(self) -> Result:
        with Deleter(self.plan, self.context) as deleter:
            return deleter.apply(self.plan.items[0])

    def restore(self) -> Result:
        (found,) = trash.find(self.context)
        return trash.restore(found)


def _content(box: Path, entry: Path) -> str:
    """Return the hash of what lies in ``box`` as if it lay at ``entry``."""
    box.rename(entry)
    try:
        return tree(entry)
    finally:
        entry.rename(box)


@pytest.fixture(params=["beside", "outside"])
def world(request: pytest.FixtureRequest, home: Home) -> World:
    """An environment that every listing has already marked and uv has already locked.

    Its trash lies beside it, or, since ``uv cache prune`` would delete that, outside the cache.
    """
    store = home.path / ".virtualenvs"
    name = "app"
    if request.param == "outside":
        store = home.path / ".cache" / "uv" / "environments-v2"
        name = "app-cpython3.12-0123456789abcdef"
    entry = small(store / name)
    (entry / ".lock").touch()
    (entry / ".lock").chmod(0o666)
    project = home.path / "code" / "app"
    project.mkdir(parents=True)
    (entry / ".project").write_text(f"{project}\n")
    text = os.path.relpath(entry, project)
    (project / ".venv").symlink_to(text)
    made = plan(home, entry)
    folder = trash_folder.choose(store, ["uv"], home.machine()).path if name != "app" else store
    assert (folder == store) == (request.param == "beside")
    return World(entry, folder, project, made, context(home), tree(entry), text)


@pytest.mark.slow
@pytest.mark.parametrize("name", _DELETING)
def test_killed_after_each_step_of_deleting(world: World, name: str) -> None:
    assert in_child(killing(world.delete, name)) == -signal.SIGKILL
    said = recover_stores(world.context)
    in_place = world.check()
    assert in_place == (name in _DELETING[:5])
    assert bool(said) == (name in ("journalled", "unlinked", "unused"))
    assert recover_stores(world.context) == []
    result = world.delete() if in_place else world.restore()
    assert result.outcome is Outcome.DONE, result
    assert world.check() is not in_place


@pytest.mark.parametrize("name", _RESTORING)
def test_killed_after_each_step_of_restoring(world: World, name: str) -> None:
    assert world.delete().outcome is Outcome.DONE
    assert in_child(killing(world.restore, name)) == -signal.SIGKILL
    recover_stores(world.context)
    assert world.check() == (name != "restoring")


@pytest.mark.parametrize("name", _ALIAS)
def test_killed_after_each_step_of_removing_an_alias(home: Home, name: str) -> None:
    target = small(home.path / "elsewhere" / "app")
    alias = home.path / ".virtualenvs" / "app"
    alias.parent.mkdir()
    alias.symlink_to(target)
    made, known = plan(home, alias), context(home)
    before = tree(target)

    def delete() -> None:
        with Deleter(made, known) as deleter:
            deleter.apply(made.items[0])

    assert in_child(killing(delete, name)) == -signal.SIGKILL
    recover_stores(known)
    found = trash.find(known)
    assert alias.is_symlink() == (name in ("checked", "made", "journalled"))
    assert len(found) == len(trashes(alias.parent)) == (0 if alias.is_symlink() else 1)
    for one in found:
        assert trash.restore(one).outcome is Outcome.DONE
    assert os.readlink(alias) == str(target)
    assert trashes(alias.parent) == []
    assert tree(target) == before


def test_killed_while_it_takes_an_alias_out_of_the_trash(home: Home) -> None:
    alias = home.path / ".virtualenvs" / "app"
    alias.parent.mkdir()
    alias.symlink_to(small(home.path / "elsewhere" / "app"))
    made, known = plan(home, alias), context(home)
    with Deleter(made, known) as deleter:
        assert deleter.apply(made.items[0]).outcome is Outcome.DONE
    (found,) = trash.find(known)
    assert in_child(killing(lambda: trash.restore(found), "restored")) == -signal.SIGKILL
    assert trash.find(known) == []
    recover_stores(known)
    assert alias.is_symlink()
    assert trashes(alias.parent) == []


@pytest.mark.slow
def test_killed_at_random(world: World) -> None:
    """A child deletes and restores without end; it is killed at any moment, many times."""
    chance = random.Random(20261122)
    places = {True: 0, False: 0}

    def without_end() -> None:
        # So that most of the time goes where something is changed.
        setattr(deleting_module, "users", lambda paths: ProcessUses())
        while True:
            os.write(writing, b".")
            if world.entry.exists():
                world.delete()
            else:
                world.restore()

    for _ in range(_KILLS):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                without_end()
            finally:
                os._exit(70)
        os.close(writing)
        for _ in range(chance.randint(1, 3)):  # operations that have begun, however slow they are
            assert os.read(reading, 1) == b"."
        time.sleep(chance.uniform(0, 0.008))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.close(reading)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
        recover_stores(world.context)
        places[world.check()] += 1
    assert min(places.values()) > 0, places


@pytest.mark.slow
@pytest.mark.parametrize("kill", [False, True])
def test_the_nth_call_fails_for_every_n(world: World, kill: bool) -> None:
    ended = set()
    for number in calls(400):
        code = with_fault(world.delete, number, kill=kill)
        ended.add(code)
        assert code in ((-signal.SIGKILL, 2) if kill else (0, 1, 2)), number
        if not kill and code == 1:
            assert recover_stores(world.context) == [], number
        recover_stores(world.context)
        if not world.check():
            assert world.restore().outcome is Outcome.DONE, number
        if code == 2:
            break
    assert 2 in ended
    assert number > 10


@pytest.mark.slow
@pytest.mark.parametrize("kill", [False, True])
def test_the_nth_call_of_restoring_fails_for_every_n(world: World, kill: bool) -> None:
    for number in calls(400):
        assert world.delete().outcome is Outcome.DONE
        (found,) = trash.find(world.context)
        code = with_fault(partial(trash.restore, found), number, kill=kill)
        assert code in ((-signal.SIGKILL, 2) if kill else (0, 1, 2, 3)), number
        recover_stores(world.context)
        if not world.check():
            assert world.restore().outcome is Outcome.DONE, number
        if code == 2:
            break
    assert code == 2
    assert number > 5


def test_a_copy_of_what_was_in_the_trash_is_not_taken_for_it(world: World) -> None:
    result = world.delete()
    assert result.trash is not None
    copy = world.entry.with_name("copy")
    shutil.copytree(result.trash, copy, symlinks=True)
    assert recover_stores(world.context) == []
    assert (copy / "trash.toml").exists()
    assert not os.path.lexists(world.project / ".venv")
    assert world.restore().outcome is Outcome.DONE
