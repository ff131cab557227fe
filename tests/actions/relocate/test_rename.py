"""Renaming: an environment, its programs and its project's link agree, whatever happens."""

import os
import shutil
import signal
from contextlib import suppress

import pytest

from tests.actions.crashing import in_child, killing, with_fault
from tests.actions.deleting import at_step, context, small, tree
from tests.actions.renaming import World, renamable
from tests.built import Built, assert_works, away, copied
from tests.conftest import Home
from tests.effort import calls
from tests.mounting import tmpfs
from tests.scenario import linked_project, remove, rows, uv_lock, uv_project
from venvdash.actions.errors import ChangedError, FailedError
from venvdash.actions.recovery.stores import recover_stores
from venvdash.actions.relocate import rename as renaming
from venvdash.model import Outcome, Result, Status

_STEPS = ["checked", "locked", "journalled", "renamed", "repaired", "linked", "settled"]


@pytest.fixture
def world(home: Home) -> World:
    return renamable(home)


def test_a_real_environment(home: Home, built: Built) -> None:
    source = built("venv")
    old = copied(source, home.path / ".virtualenvs" / "app")
    project = linked_project(home, old)
    table = rows(home)
    new = old.with_name("new name")
    assert renaming.rename(table[old], new, table, context(home)) == ""
    assert not old.exists()
    with away(source):
        assert_works(new)
    assert os.readlink(project / ".venv") == str(new)
    shown = rows(home)
    assert list(shown) == [new]
    assert shown[new].verdict.project == project
    record, before = shown[new].record, table[old].record
    assert record is not None
    assert before is not None
    assert record.identity == before.identity


@pytest.mark.slow
def test_an_environment_of_uv(home: Home) -> None:
    project = home.path / "code" / "webapp"
    old = uv_project(home, project)
    table = rows(home)
    new = old.with_name(f"other-{old.name}")
    assert renaming.rename(table[old], new, table, context(home)) == ""
    assert os.readlink(project / ".venv") == str(new)
    assert list(rows(home)) == [new]


def test_forth_and_back(world: World, home: Home) -> None:
    before = tree(world.old)
    assert world.rename() == ""
    assert world.state() == world.new
    table = rows(home, records=False)
    assert renaming.rename(table[world.new], world.old, table, world.context) == ""
    assert world.state() == world.old
    assert tree(world.old) == before


@pytest.mark.parametrize("name", _STEPS)
def test_killed_after_each_step(world: World, name: str) -> None:
    assert in_child(killing(world.rename, name)) == -signal.SIGKILL
    said = recover_stores(world.context)
    renamed = name in _STEPS[3:]
    assert world.state() == (world.new if renamed else world.old)
    assert bool(said) == (name in _STEPS[2:6])
    assert recover_stores(world.context) == []


@pytest.mark.parametrize("name", _STEPS)
def test_the_next_listing_ends_it(world: World, home: Home, name: str) -> None:
    """Nobody has to ask for it, and it stays the same environment of the same project."""
    before = world.table[world.old].record
    assert in_child(killing(world.rename, name)) == -signal.SIGKILL
    shown = rows(home)
    here = world.state()
    assert list(shown) == [here]
    assert (shown[here].verdict.status, shown[here].verdict.project) == (
        Status.LINKED,
        world.project,
    )
    record = shown[here].record
    assert record is not None
    assert before is not None
    assert record.identity == before.identity


def test_a_store_that_is_reached_through_a_link(home: Home) -> None:
    """What was made through the link names it; what is renamed names the place itself."""
    real = home.path / "data" / "venvs"
    real.mkdir(parents=True)
    (home.path / ".virtualenvs").symlink_to(real)
    made = home.path / ".virtualenvs" / "app"
    old = small(real / "app")
    (old / "bin" / "tool").write_text(f"#!{made}/bin/python\n")
    (old / "bin" / "activate").write_text(f"VIRTUAL_ENV={made}\nexport VIRTUAL_ENV\n")
    project = home.path / "code" / "app"
    project.mkdir(parents=True)
    (project / ".venv").symlink_to(made)
    table = rows(home)
    assert list(table) == [old]
    new = real / "shop"
    assert renaming.rename(table[old], new, table, context(home)) == ""
    assert (new / "bin" / "tool").read_text() == f"#!{new}/bin/python\n"
    assert (new / "bin" / "activate").read_text().startswith(f"VIRTUAL_ENV={new}\n")
    assert os.readlink(project / ".venv") == str(new)


@pytest.mark.slow
@pytest.mark.parametrize("kill", [False, True])
def test_the_nth_call_fails_for_every_n(world: World, home: Home, kill: bool) -> None:
    before = tree(world.old)

    def rename() -> Result:
        try:
            world.rename()
        except (ChangedError, FailedError):
            return Result(world.old, "app", Outcome.SKIPPED)
        return Result(world.old, "app", Outcome.DONE)

    ended = set()
    for number in calls(600):
        code = with_fault(rename, number, kill=kill)
        ended.add(code)
        assert code in ((-signal.SIGKILL, 2) if kill else (0, 1, 2)), number
        if code == 1:
            assert world.state() == world.old, number
        recover_stores(world.context)
        if world.state() == world.new:
            renamed = rows(home, records=False)
            renaming.rename(renamed[world.new], world.old, renamed, world.context)
        assert tree(world.old) == before, number
        if code == 2:
            break
    assert 2 in ended
    assert number > 30


def test_nested_entries_and_new_folders(home: Home) -> None:
    """hatch's lie in folders for the project and its path, uvlink's below their entry."""
    store = home.path / ".local" / "share" / "hatch" / "env" / "virtual"
    old = small(store / "shop" / "7yaSSJze" / "shop")
    (old / "bin" / "tool").write_text(f"#!{old}/bin/python\n")
    table = rows(home)
    new = store / "other" / "AAAAAAAA" / "other"
    assert renaming.rename(table[old], new, table, context(home)) == ""
    assert f"{new}/bin/python" in (new / "bin" / "tool").read_text()
    assert sorted(path.name for path in store.iterdir()) == ["other"]

    cache = home.path / ".local" / "share" / "uvlink" / "cache"
    entry = cache / "shop-ef2692489cde-.venv"
    prefix = small(entry / ".venv")
    (entry / "project.json").write_text("{}")
    (prefix / "bin" / "tool").write_text(f"#!{prefix}/bin/python\n")
    table = rows(home)
    new = cache / "shop-aaaaaaaaaaaa-.venv"
    assert renaming.rename(table[prefix], new, table, context(home)) == ""
    assert f"{new}/.venv/bin/python" in (new / ".venv" / "bin" / "tool").read_text()
    assert (new / "project.json").exists()
    assert not entry.exists()


def test_folders_made_for_nothing_are_taken_away(world: World) -> None:
    world.new = world.old.parent / "one" / "two" / "app"
    with uv_lock(world.old), pytest.raises(ChangedError, match="locked"):
        world.rename()
    assert world.state() == world.old


def test_a_full_disk(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    store = home.path / ".virtualenvs"
    store.mkdir()
    with tmpfs(store, "256k"):
        old = small(store / "app")
        for number in range(8):
            (old / "bin" / f"tool{number}").write_text(f"#!{old}/bin/python\n" + "#" * 9000)
        before = tree(old)
        table = rows(home, records=False)

        def fill() -> None:
            with suppress(OSError), (store / "filler").open("wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 4096)

        at_step(monkeypatch, "renamed", fill)
        with pytest.raises(FailedError, match=r"No space left.*The environment is unchanged"):
            renaming.rename(table[old], store / "new", table, context(home))
        assert sorted(os.listdir(store)) == ["app", "filler"]
        assert tree(old) == before


def test_a_copy_of_what_was_being_renamed_is_not_taken_for_it(world: World) -> None:
    assert in_child(killing(world.rename, "repaired")) == -signal.SIGKILL
    copy = world.new.with_name("copy")
    shutil.copytree(world.new, copy, symlinks=True)
    journal = (copy / "rename.toml").read_bytes()
    assert len(recover_stores(world.context)) == 1
    assert (copy / "rename.toml").read_bytes() == journal
    remove(copy)
    assert world.state() == world.new


def test_links_into_itself_follow_wherever_they_lie(world: World) -> None:
    deep = world.old / "share" / "doc"
    deep.mkdir(parents=True)
    for link in (deep / "bin", world.old / "here"):
        link.symlink_to(world.old / "bin")
    (deep / "aside").symlink_to(f"{world.old}-2/bin")
    (deep / "loop").symlink_to("loop")
    world.rename()
    for name in ("share/doc/bin", "here"):
        assert os.readlink(world.new / name) == str(world.new / "bin")
    assert os.readlink(world.new / "share/doc/aside") == f"{world.old}-2/bin"
    assert world.state() == world.new
