"""What venvdash keeps in its state directory: believed only where nobody else can have put it."""

import json
import os
from base64 import b64encode
from pathlib import Path

import pytest

from tests.actions.deleting import small
from venvdash.actions.delete import pending_messages, trash_locations
from venvdash.actions.journals.relink_journal import RelinkJournals
from venvdash.actions.journals.relink_stages import due
from venvdash.actions.sync import preserve
from venvdash.records import pins
from venvdash.system.files import UnreadableError
from venvdash.system.state_files import StateFolder

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give files away")
OTHER = 54321  # no user of this machine


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def give(path: Path) -> None:
    """Give a path, and all that lies in it, to another user."""
    for folder, _, names in os.walk(path):
        for one in (folder, *(os.path.join(folder, name) for name in names)):
            os.lchown(one, OTHER, OTHER)


def test_what_is_written_is_read_again(state: Path) -> None:
    folder = StateFolder(state, "notes")
    assert folder.names() == []
    assert not state.exists()
    folder.write("one", b"data")
    assert folder.names() == ["one"]
    assert folder.read("one", 100) == b"data"
    assert state.stat().st_mode & 0o777 == 0o700
    assert (state / "notes").stat().st_mode & 0o777 == 0o700
    folder.remove("one")
    with pytest.raises(FileNotFoundError):
        folder.read("one", 100)


def test_links_and_second_names_and_large_files_are_not_read(state: Path, tmp_path: Path) -> None:
    folder = StateFolder(state, "notes")
    folder.write("one", b"data")
    (tmp_path / "outside").write_bytes(b"secret")
    (state / "notes" / "link").symlink_to(tmp_path / "outside")
    os.link(tmp_path / "outside", state / "notes" / "second")
    for name in ("link", "second"):
        with pytest.raises(UnreadableError):
            folder.read(name, 100)
    with pytest.raises(UnreadableError):
        folder.read("one", 3)
    (state / "linked").symlink_to(state / "notes")
    with pytest.raises(PermissionError):
        StateFolder(state, "linked").names()


def test_nothing_is_written_through_a_link(state: Path, tmp_path: Path) -> None:
    victim, store = tmp_path / "victim", tmp_path / "store"
    store.mkdir()
    trash_locations.note(state, store)
    (name,) = os.listdir(state / "trash")
    (state / "trash" / name).unlink()
    (state / "trash" / name).symlink_to(victim)
    trash_locations.note(state, store)
    assert not victim.exists()
    assert list(trash_locations.noted(state)) == [store]


def test_pins_behind_a_link_are_not_known(state: Path, tmp_path: Path) -> None:
    pins.write(state, pins.Pins({"0" * 32: Path("/store/one")}))
    assert pins.read(state).paths == {"0" * 32: Path("/store/one")}
    (state / pins.NAME).rename(tmp_path / "pins")
    (state / pins.NAME).symlink_to(tmp_path / "pins")
    with pytest.raises(ValueError, match="symbolic link"):
        pins.read(state)


def bundle(environment: Path, name: str) -> dict[str, object]:
    """Return what a sync writes of a file that it keeps."""
    file = {"path": name, "mode": 0o755, "content": b64encode(b"#!").decode()}
    return {"prefix": str(environment), "files": [file]}


@needs_root
@pytest.mark.parametrize("all_of_it", [True, False])
def test_root_believes_nothing_of_another_users(
    state: Path, tmp_path: Path, all_of_it: bool
) -> None:
    """As with ``sudo`` that keeps HOME: what lies in the state directory is the user's."""
    environment, victim, store = small(tmp_path / "env"), tmp_path / "victim", tmp_path / "store"
    store.mkdir()
    table = bundle(environment, "bin/postactivate")
    before = sorted(os.listdir(environment / "bin"))
    StateFolder(state, "replacing").write("a.json", json.dumps(table).encode())
    trash_locations.note(state, store)
    pending_messages.note(state, store, ["Theirs."])
    StateFolder(state, "relinks").write("1.begun.toml", b"schema = 1\n")
    assert due(state)
    for folder in [state] if all_of_it else list(state.iterdir()):
        give(folder)

    assert preserve.recover(state) == []
    assert sorted(os.listdir(environment / "bin")) == before
    assert list(trash_locations.noted(state)) == []
    assert not pending_messages.anything(state)
    assert pending_messages.told(state) == ()
    assert not due(state)
    with pytest.raises(PermissionError, match="another user"):
        RelinkJournals(state)
    there = sorted(state.rglob("*"))
    (state / "trash" / os.listdir(state / "trash")[0]).unlink()
    (state / "trash" / there[-1].name).symlink_to(victim)
    trash_locations.note(state, store)
    pending_messages.note(state, victim, ["More."])
    with (
        pytest.raises(PermissionError),
        preserve.saved_files(environment_with_hook(tmp_path), state),
    ):
        pass
    assert not victim.exists()
    assert all(path.lstat().st_uid != 0 for path in state.rglob("*") if not path.is_symlink())


@needs_root
def test_a_file_of_anothers_in_a_folder_of_ours_is_not_believed(
    state: Path, tmp_path: Path
) -> None:
    environment = small(tmp_path / "env")
    table = bundle(environment, "evil")
    StateFolder(state, "replacing").write("a.json", json.dumps(table).encode())
    os.chown(state / "replacing" / "a.json", OTHER, OTHER)
    assert preserve.recover(state) == []
    assert not (environment / "evil").exists()
    os.chown(state / "replacing" / "a.json", 0, 0)
    assert preserve.recover(state)
    assert (environment / "evil").exists()


def environment_with_hook(tmp_path: Path) -> Path:
    path = small(tmp_path / "hooked")
    (path / ".project").write_text("/code/web")
    return path
