"""What keeps an environment where it is: people, programs, links, and journals that lie."""

import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.actions.crashing import in_child, killing
from tests.actions.deleting import at_step, small, tree
from tests.actions.renaming import World, renamable
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import remove, rows, uv_lock
from tests.users import as_another_user, open_to_all
from venvdash.actions.errors import ChangedError, FailedError
from venvdash.actions.journals import rename_journal
from venvdash.actions.recovery.stores import recover_stores
from venvdash.model import Edit
from venvdash.system.directory import Directory


@pytest.fixture
def world(home: Home) -> World:
    return renamable(home)


def test_what_is_in_the_way(world: World, home: Home) -> None:
    before = tree(home.path)

    def refused(words: str) -> None:
        with pytest.raises(ChangedError, match=words):
            world.rename()

    good = world.new
    world.new = small(good.with_name("taken"))
    refused("taken")
    world.new = good.with_name("with'quote")
    refused("that contains '")
    world.new = good.with_name(".venvdash-x")
    refused("reserved for venvdash")
    world.new = good
    with uv_lock(world.old):
        refused("locked because uv is using it")
    moved = world.old.rename(world.old.with_name("elsewhere"))
    refused("already removed")
    small(world.old)
    refused("Another environment has replaced it")
    remove(world.old)
    moved.rename(world.old)
    remove(good.with_name("taken"))
    assert tree(home.path) == before


def test_others_made_from_its_python_keep_it(world: World, home: Home) -> None:
    heir = small(world.old.with_name("heir"))
    (heir / "pyvenv.cfg").write_text(f"home = {world.old}/bin\nversion = 3.12.1\n")
    world.table = rows(home)
    with pytest.raises(ChangedError, match="Other environments use its Python: heir"):
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
    with pytest.raises(ChangedError, match="now points to another location"):
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
    with pytest.raises(FailedError, match=r"exists.*The environment is unchanged"):
        world.rename()
    world.new.rmdir()
    assert world.state() == world.old


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
    (said,) = recover_stores(world.context)
    assert "was left unchanged" in said
    assert os.readlink(other / ".venv") == "/good"
    assert world.state() == world.old
    journal.write_text("garbage")
    (said,) = recover_stores(world.context)
    assert "was left alone" in said or "cannot be completed" in said


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
            (said,) = recover_stores(world.context)
            assert f"{link} was left unchanged" in said
            assert os.readlink(link) == str(victim)


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
