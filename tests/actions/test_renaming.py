"""Renaming: an environment, its programs and its project's link agree, whatever happens."""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.actions.crashing import in_child, killing, with_fault
from tests.actions.deleting import at_step, context, small, tree
from tests.built import Built, assert_works, away, copied
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import remove, rows, uv_lock, uv_project
from tests.users import as_another_user, open_to_all
from venvdash.actions import rename_journal, renaming, trash
from venvdash.actions.context import Context
from venvdash.actions.links import ChangedError
from venvdash.actions.rollback import FailedError
from venvdash.model import Edit, Outcome, Result, Row, Status
from venvdash.system.directory import Directory

_STEPS = ["checked", "locked", "journalled", "renamed", "repaired", "linked", "settled"]


@dataclass
class World:
    """An environment whose program and project name it, and the place that it is to have."""

    old: Path
    new: Path
    project: Path
    table: dict[Path, Row]
    context: Context

    def rename(self) -> str:
        return renaming.rename(self.table[self.old], self.new, self.table, self.context)

    def state(self) -> Path:
        """Return where it is; fail the test if anything does not agree with that."""
        here, other = (self.new, self.old) if self.new.exists() else (self.old, self.new)
        assert not os.path.lexists(other)
        tool = (here / "bin" / "tool").read_text()
        assert tool == f"#!{here}/bin/python\nprint('ran')\n"
        assert f"VIRTUAL_ENV='{here}'" in (here / "bin" / "activate").read_text()
        relative = os.path.relpath(here, self.project)
        assert os.readlink(self.project / ".venv") == relative
        assert (self.project / "venv").read_text() == f"{here}\n"
        assert [path.name for path in here.rglob("*venvdash-*")] == []
        assert [path.name for path in self.project.glob(".venvdash-*")] == []
        assert not (here / "rename.toml").exists()
        assert os.listdir(here.parent) == [here.name]
        return here


@pytest.fixture
def world(home: Home) -> World:
    old = small(home.path / ".virtualenvs" / "app")
    (old / ".lock").touch()
    (old / ".lock").chmod(0o666)
    (old / "bin" / "tool").write_text(f"#!{old}/bin/python\nprint('ran')\n")
    (old / "bin" / "activate").write_text(f"VIRTUAL_ENV='{old}'\n")
    project = home.path / "code" / "app"
    project.mkdir(parents=True)
    (old / ".project").write_text(f"{project}\n")
    (project / ".venv").symlink_to("../../.virtualenvs/app")
    (project / "venv").write_text(f"{old}\n")  # a path file, as PEP 832 has it
    return World(old, old.with_name("shop"), project, rows(home), context(home))


def test_a_real_environment(home: Home, built: Built) -> None:
    source = built("venv")
    old = copied(source, home.path / ".virtualenvs" / "app")
    project = home.path / "code" / "app"
    project.mkdir(parents=True)
    (old / ".project").write_text(f"{project}\n")
    (project / ".venv").symlink_to(old)
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
    said = trash.recover(world.context)
    renamed = name in _STEPS[3:]
    assert world.state() == (world.new if renamed else world.old)
    assert bool(said) == (name in _STEPS[2:6])
    assert trash.recover(world.context) == []


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
    for number in range(1, 600):
        code = with_fault(rename, number, kill=kill)
        ended.add(code)
        assert code in ((-signal.SIGKILL, 2) if kill else (0, 1, 2)), number
        if code == 1:
            assert world.state() == world.old, number
        trash.recover(world.context)
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


def test_what_is_in_the_way(world: World, home: Home) -> None:
    before = tree(home.path)

    def refused(words: str) -> None:
        with pytest.raises(ChangedError, match=words):
            world.rename()

    good = world.new
    world.new = small(good.with_name("taken"))
    refused("taken")
    world.new = good.with_name("with'quote")
    refused("with ' in it")
    world.new = good.with_name(".venvdash-x")
    refused("venvdash's own")
    world.new = good
    with uv_lock(world.old):
        refused("locked: uv is working")
    moved = world.old.rename(world.old.with_name("elsewhere"))
    refused("already removed")
    small(world.old)
    refused("Another environment was made")
    remove(world.old)
    moved.rename(world.old)
    remove(good.with_name("taken"))
    assert tree(home.path) == before


def test_others_made_from_its_python_keep_it(world: World, home: Home) -> None:
    heir = small(world.old.with_name("heir"))
    (heir / "pyvenv.cfg").write_text(f"home = {world.old}/bin\nversion = 3.12.1\n")
    world.table = rows(home)
    with pytest.raises(ChangedError, match="made from its Python: heir"):
        world.rename()


def test_a_running_program_keeps_it(world: World) -> None:
    (world.old / "bin" / "python").unlink()
    (world.old / "bin" / "python").symlink_to("/bin/sleep")
    python = world.old / "bin" / "python"
    with subprocess.Popen([python, "60"]) as process:
        try:
            with pytest.raises(ChangedError, match=f"in use: pid {process.pid}"):
                world.rename()
        finally:
            process.kill()
    assert world.state() == world.old


def test_something_mounted_inside_keeps_it(world: World) -> None:
    with tmpfs(world.old / "lib"), pytest.raises(ChangedError, match="mounted inside"):
        world.rename()
    assert world.state() == world.old


@pytest.mark.parametrize("step", ["journalled", "renamed", "repaired"])
def test_a_link_that_was_changed_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    link = world.project / ".venv"

    def change() -> None:
        link.unlink()
        link.symlink_to("/elsewhere")

    at_step(monkeypatch, step, change)
    with pytest.raises(ChangedError, match="leads elsewhere by now"):
        world.rename()
    assert os.readlink(link) == "/elsewhere"
    link.unlink()
    link.symlink_to("../../.virtualenvs/app")
    assert world.state() == world.old


@pytest.mark.parametrize("step", ["checked", "journalled"])
def test_the_name_was_taken_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    at_step(monkeypatch, step, world.new.mkdir)
    with pytest.raises(FailedError, match=r"exists.*whole in its place"):
        world.rename()
    world.new.rmdir()
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
        with pytest.raises(FailedError, match=r"No space left.*whole in its place"):
            renaming.rename(table[old], store / "new", table, context(home))
        assert sorted(os.listdir(store)) == ["app", "filler"]
        assert tree(old) == before


def test_somebody_elses(world: World) -> None:
    open_to_all(world.old)
    open_to_all(world.project)

    def rename() -> str:
        world.context = replace(world.context, machine=replace(world.context.machine, uid=65534))
        with pytest.raises(ChangedError) as caught:
            world.rename()
        return str(caught.value)

    assert "belongs to another user" in as_another_user(rename)
    assert world.state() == world.old


def test_one_that_may_not_be_written(world: World) -> None:
    """Its own mode forbids it; we may change that, and put it back."""
    world.old.chmod(0o555)
    world.rename()
    assert world.state().stat().st_mode & 0o777 == 0o555


def test_a_copy_of_what_was_being_renamed_is_not_taken_for_it(world: World) -> None:
    assert in_child(killing(world.rename, "repaired")) == -signal.SIGKILL
    copy = world.new.with_name("copy")
    shutil.copytree(world.new, copy, symlinks=True)
    journal = (copy / "rename.toml").read_bytes()
    assert len(trash.recover(world.context)) == 1
    assert (copy / "rename.toml").read_bytes() == journal
    remove(copy)
    assert world.state() == world.new


def test_a_journal_cannot_lead_links_elsewhere(world: World, home: Home) -> None:
    """One that somebody wrote: only what would lead to the environment itself is changed."""
    assert in_child(killing(world.rename, "journalled")) == -signal.SIGKILL
    other = home.path / "code" / "other"
    other.mkdir()
    (other / ".venv").symlink_to("/good")
    journal = world.old / "rename.toml"
    text = journal.read_text()
    forged = text.replace(f"{world.project}/.venv", f"{other}/.venv").replace(
        'after = "../../.virtualenvs/shop"', 'after = "/good"'
    )
    assert forged != text
    journal.write_text(forged.replace('before = "../../.virtualenvs/app"', 'before = "/bad"'))
    (said,) = trash.recover(world.context)
    assert "is left as it is" in said
    assert os.readlink(other / ".venv") == "/good"
    assert world.state() == world.old
    journal.write_text("garbage")
    (said,) = trash.recover(world.context)
    assert "is left alone" in said or "cannot be ended" in said


def test_a_journal_cannot_take_the_links_of_others(world: World, home: Home) -> None:
    """Neither those of an environment that is there, nor any that never led to the old place."""
    assert in_child(killing(world.rename, "renamed")) == -signal.SIGKILL
    victim, other = small(world.new.with_name("victim")), home.path / "code" / "other"
    other.mkdir()
    link = other / ".venv"
    link.symlink_to(victim)
    with Directory(world.new) as directory:
        known = rename_journal.read(directory)
        assert known is not None
        forged = replace(known, links=(Edit(link, str(victim), str(world.new)),), edits=())
        for old in (victim, world.old):
            rename_journal.write(directory, replace(forged, old=old))
            (said,) = trash.recover(world.context)
            assert f"{link} is left as it is" in said
            assert os.readlink(link) == str(victim)


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


@pytest.mark.parametrize("name", ["bin", "lib"])
def test_programs_behind_a_link_keep_it_where_it_is(
    world: World, tmp_path: Path, name: str
) -> None:
    (world.old / name).rename(tmp_path / "elsewhere")
    (world.old / name).symlink_to(tmp_path / "elsewhere")
    before = tree(tmp_path)
    with pytest.raises(ChangedError, match=f"Its {name} is a link"):
        world.rename()
    assert tree(tmp_path) == before
