"""What lies in the trash, and restoring it."""

import fcntl
import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.actions.deleting import context, delete, one, plan, small, trashes, tree
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import linked_project, rows, special_file, uv_project
from venvdash.actions.context import Context
from venvdash.actions.delete import trash, trash_locations
from venvdash.actions.delete.apply import Deleter
from venvdash.actions.journals import trash_journal
from venvdash.actions.recovery.stores import recover_stores
from venvdash.config import Config, ConfiguredStore
from venvdash.model import Edit, Link, Outcome, Trashed
from venvdash.session import Session
from venvdash.system.directory import Directory


def _store(home: Home) -> Path:
    return home.path / ".virtualenvs"


def _found(home: Home) -> list[Trashed]:
    return trash.find(context(home))


def _linked(home: Home, name: str = "app") -> tuple[Path, Path]:
    """Make an environment and the link of its project that points to it."""
    entry = small(_store(home) / name)
    return entry, linked_project(home, entry) / ".venv"


def test_what_is_restored_is_the_same_directory_with_its_link(home: Home) -> None:
    environment = uv_project(home, home.path / "code" / "webapp", "--bare")
    link = home.path / "code" / "webapp" / ".venv"
    text, inode = link.readlink(), environment.stat().st_ino
    (environment / ".lock").touch()  # uv makes it, and so does locking
    before = tree(environment)

    result = one(home, environment)
    assert result.outcome is Outcome.DONE, result
    assert result.trash is not None
    assert result.trash.stat().st_ino == inode
    assert not environment.exists()
    assert not link.is_symlink()
    assert trashes(environment.parent) == []  # which `uv cache prune` empties
    assert trashes(result.trash.parent) == [result.trash]

    (found,) = _found(home)
    assert (found.path, found.original, found.name) == (result.trash, environment, "webapp")
    assert found.project == home.path / "code" / "webapp"
    again = trash.restore(found)
    assert again.outcome is Outcome.DONE, again
    assert again.reason == ""
    assert environment.stat().st_ino == inode
    assert link.readlink() == text
    (environment / "venvdash.toml").unlink()
    assert tree(environment) == before
    assert _found(home) == []
    assert rows(home)[environment].verdict.status == "linked"


def test_a_real_venv_made_in_between_is_left_alone_and_told(home: Home) -> None:
    environment = uv_project(home, home.path / "code" / "webapp", "--bare")
    link = home.path / "code" / "webapp" / ".venv"
    one(home, environment)
    home.uv("venv", "-q", link)
    before = tree(link)
    result = trash.restore(_found(home)[0])
    assert result.outcome is Outcome.DONE
    assert f"{link} was not restored: something else now has that name." in result.reason
    assert tree(link) == before
    assert (environment / "pyvenv.cfg").is_file()


def test_another_name_is_offered_when_its_own_is_taken(home: Home) -> None:
    entry, link = _linked(home)
    (entry / "bin" / "tool").write_text(f"#!{entry}/bin/python\n")
    one(home, entry)
    small(entry, "newer")
    before = tree(entry)
    (found,) = _found(home)
    taken = trash.restore(found)
    assert (taken.outcome, taken.trash) == (Outcome.SKIPPED, found.path)
    assert "app-restored" in taken.reason
    assert trash.free_name(found) == "app-restored"
    result = trash.restore(found, "app-restored")
    assert result.outcome is Outcome.DONE
    assert "pointed to the old name" in result.reason
    assert not link.is_symlink()
    assert tree(entry) == before
    assert (_store(home) / "app-restored" / "pyvenv.cfg").is_file()
    tool = _store(home) / "app-restored" / "bin" / "tool"
    assert tool.read_text() == f"#!{_store(home)}/app-restored/bin/python\n"
    assert not (_store(home) / "app-restored" / "trash.toml").exists()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "/x", ".venvdash-trash-x"])
def test_what_is_no_name_is_refused(home: Home, name: str) -> None:
    entry, _ = _linked(home)
    one(home, entry)
    (found,) = _found(home)
    assert trash.restore(found, name).outcome is Outcome.SKIPPED
    assert _found(home) == [found]


def test_a_whole_bulk_is_restored(home: Home) -> None:
    made = [_linked(home, f"app{number}") for number in range(8)]
    known = tree(home.path / "code")
    delete(home, *(entry for entry, _ in made))
    found = _found(home)
    assert [one.since for one in found] == sorted((one.since for one in found), reverse=True)
    assert {trash.restore(one).outcome for one in found} == {Outcome.DONE}
    assert tree(home.path / "code") == known


@pytest.mark.parametrize(
    "name", [b"caf\xe9", b"new\nline", b"\x1b]0;pwn\x07", b"100%", b"n" * 255, "naïve".encode()]
)
def test_any_name_goes_and_comes_back(home: Home, name: bytes) -> None:
    entry = small(_store(home) / os.fsdecode(name))
    before = tree(entry)
    one(home, entry)
    (found,) = _found(home)
    assert found.original == entry
    assert trash.restore(found).outcome is Outcome.DONE
    for ours in ("venvdash.toml", ".lock"):
        (entry / ours).unlink(missing_ok=True)
    assert tree(entry) == before


def test_a_name_of_full_length_has_another_one_offered(home: Home) -> None:
    entry = small(_store(home) / ("n" * 255))
    one(home, entry)
    small(entry)
    (found,) = _found(home)
    assert trash.restore(found, trash.free_name(found)).outcome is Outcome.DONE


def test_trash_in_nested_and_mirrored_stores_is_found(home: Home) -> None:
    mirror = home.path / "mirror"
    stores = (ConfiguredStore(path=str(mirror), layout="mirrored"),)
    config = Config(stores=stores)
    deep = small(mirror / "code" / "deep" / "app" / ".venv")
    digest = "0123456789abcdef"
    nested = small(home.path / ".cache" / "uv" / "environments-v2" / digest / digest)
    session = Session(home.machine(), config)
    list(session.scan(usage=False))
    from venvdash.actions.delete.plan import plan_delete

    about = Context.current(home.machine(), config)
    made = plan_delete([session.rows[deep], session.rows[nested]], session.rows, about)
    with Deleter(made, about) as deleter:
        assert {result.outcome for result in deleter.run()} == {Outcome.DONE}
    assert {found.original for found in trash.find(about)} == {deep, nested}


def test_trash_in_a_store_that_is_not_looked_at_any_more_is_found(home: Home) -> None:
    entry, _ = _linked(home)
    one(home, entry)
    assert trash.find(Context(home.machine(VENVDASH_STATE_DIR=str(home.path / "other")))) == []
    (found,) = trash.find(Context(home.machine()))
    assert found.original == entry
    shutil.rmtree(_store(home))
    assert trash.find(Context(home.machine())) == []
    assert list((home.machine().state_directory / "trash").iterdir()) == []


def test_what_is_being_freed_cannot_be_restored(home: Home) -> None:
    entry, _ = _linked(home)
    one(home, entry)
    (found,) = _found(home)
    holder = os.open(found.path, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    assert "being deleted permanently" in trash.restore(found).reason
    os.close(holder)
    (found.path / trash_journal.NAME).rename(found.path / trash_journal.BEGUN)
    assert _found(home) == [replace(found, purging=True)]
    result = trash.restore(found)
    assert result.outcome is Outcome.SKIPPED
    assert "cannot be restored" in result.reason
    assert not entry.exists()


def test_a_second_restore_finds_nothing(home: Home) -> None:
    entry, _ = _linked(home)
    one(home, entry)
    (found,) = _found(home)
    assert trash.restore(found).outcome is Outcome.DONE
    assert trash.restore(found).outcome is Outcome.SKIPPED
    assert (entry / "pyvenv.cfg").is_file()


def _planted(home: Home, **changes: Any) -> Path:
    """Put a journal into an environment as somebody else might have written it."""
    entry = small(_store(home) / "app")
    told = Trashed(entry, entry, "app", inode=entry.stat().st_ino, mode=0o755, since=1.0)
    with Directory(entry) as directory:
        trash_journal.write(directory, replace(told, **changes))
    return entry


def _links_to_be_made(home: Home) -> list[Link]:
    entry = _store(home) / "app"
    project = home.path / "code"
    return [
        Link(home.path / ".bashrc", str(entry)),
        Link(home.path / ".config" / "autostart" / ".venv", str(entry)),
        Link(project / ".venv", "/etc"),
        Link(project / "venv", f"{entry}/../../.ssh"),
        Link(project / "env", ""),
    ]


def test_a_journal_cannot_make_links_that_lead_elsewhere(home: Home) -> None:
    (home.path / "code").mkdir()
    (home.path / ".ssh").mkdir()
    (home.path / ".bashrc").write_text("mine")
    entry = _planted(home, links=tuple(_links_to_be_made(home)))
    before = tree(home.path, without=[entry])
    (said,) = recover_stores(context(home))
    assert said.count("was not restored") == 5
    assert tree(home.path, without=[entry]) == before


def test_a_journal_cannot_write_files(home: Home) -> None:
    (home.path / "code").mkdir()
    edits = (
        Edit(home.path / ".profile", "evil", None),
        Edit(home.path / "code" / ".venv", "evil", None),
        Edit(home.path / "code" / "venv", str(_store(home) / "app"), "evil"),
    )
    entry = _planted(home, edits=edits)
    before = tree(home.path, without=[entry])
    recover_stores(context(home))
    assert tree(home.path, without=[entry]) == before
    assert not (entry / "trash.toml").exists()


@pytest.mark.parametrize("kind", ["fifo", "link", "large", "bomb", "words", "directory", "empty"])
def test_what_is_no_journal_is_left_alone(home: Home, kind: str) -> None:
    entry = small(_store(home) / "app")
    box = small(_store(home) / ".venvdash-trash-0123456789abcdef")
    for directory in (entry, box):
        file = directory / "trash.toml"
        if not special_file(file, kind):
            text = {"large": "x" * 200_000, "bomb": "a." * 5000 + "b = 1", "words": "[x]\ny = 1"}
            file.write_text(text.get(kind, ""))
    before = tree(_store(home))
    (said,) = recover_stores(context(home))
    assert "left alone" in said
    assert _found(home) == []
    assert tree(_store(home)) == before
    (refusal,) = plan(home, entry).refused
    assert "trash.toml" in refusal.reason


def test_a_note_that_a_full_disk_cut_short_is_written_again(home: Home, tmp_path: Path) -> None:
    state, place = tmp_path / "state", tmp_path / "envs"
    place.mkdir()
    assert trash_locations.note(state, place)
    (note,) = (state / "trash").iterdir()
    for content in (b"", b"/els", b"/elsewhere"):
        note.write_bytes(content)
        assert place not in trash_locations.noted(state)
        assert trash_locations.note(state, place)
        assert list(trash_locations.noted(state)) == [place]


def test_a_note_is_not_written_through_a_link(home: Home, tmp_path: Path) -> None:
    state, place, target = tmp_path / "state", tmp_path / "envs", tmp_path / "target"
    place.mkdir()
    assert trash_locations.note(state, place)
    (note,) = (state / "trash").iterdir()
    note.unlink()
    note.symlink_to(target)
    assert trash_locations.note(state, place)
    assert not target.exists()
    assert list(trash_locations.noted(state)) == [place]


def test_no_note_on_a_full_disk(tmp_path: Path) -> None:
    """Nothing of it is left, and it is said."""
    state = tmp_path / "state"
    state.mkdir()
    with tmpfs(state, "64k"):
        state.chmod(0o700)
        (state / "trash").mkdir(mode=0o700)
        with suppress(OSError), (state / "filler").open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        assert not trash_locations.note(state, tmp_path)
        assert os.listdir(state / "trash") == []
        (state / "filler").unlink()
        assert trash_locations.note(state, tmp_path)
        assert list(trash_locations.noted(state)) == [tmp_path]
