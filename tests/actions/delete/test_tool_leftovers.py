"""A tool's index after an environment was freed: what may have become of it, and of the place."""

import errno
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.actions.crashing import in_child, killing
from tests.actions.deleting import one, small, trashes, tree
from tests.conftest import Home
from tests.freeing import become
from tests.mounting import tmpfs
from tests.users import NOBODY
from tests.waiting import waited
from venvdash.actions.context import Context
from venvdash.actions.delete import pending_messages, purge, purge_process, trash
from venvdash.actions.journals import trash_journal
from venvdash.actions.safety import steps
from venvdash.model import Outcome, Trashed
from venvdash.stores import registry
from venvdash.system import directory

VIRTUALENVS = Path(".cache", "pypoetry", "virtualenvs")
MINE = '[app-abcdefgh]\nminor = "3.12"\npatch = "3.12.1"\n\n'
OTHERS = '# not mine\n[other-abcdefgh]\nminor = "3.12"\npatch = "3.12.1"\n'


@dataclass
class Deleted:
    """poetry's store, its index, and an environment that lies in the trash."""

    store: Path
    entry: Path
    trash: Path

    @property
    def index(self) -> Path:
        return self.store / "envs.toml"

    def freed(self) -> None:
        assert purge.purge(self.trash).gone
        assert trashes(self.store) == []
        assert not list(self.store.glob(".venvdash*"))


@pytest.fixture
def deleted(home: Home, monkeypatch: pytest.MonkeyPatch) -> Deleted:
    become(home, monkeypatch)
    store = home.path / VIRTUALENVS
    entry = small(store / "app-abcdefgh-py3.12")
    result = one(home, entry)
    assert result.trash
    (store / "envs.toml").write_text(MINE + OTHERS)
    return Deleted(store, entry, result.trash)


def told(home: Home) -> str:
    """Return what is to be said of what was freed; it is said once."""
    sentences = pending_messages.told(home.machine().state_directory)
    assert pending_messages.told(home.machine().state_directory) == ()
    return "\n".join(sentences)


def test_its_section_goes_and_the_rest_is_left_as_it_is_written(
    home: Home, deleted: Deleted
) -> None:
    deleted.index.chmod(0o664)
    deleted.freed()
    assert deleted.index.read_text() == OTHERS
    assert deleted.index.stat().st_mode & 0o777 == 0o664
    assert told(home) == ""


@pytest.mark.parametrize(
    "text",
    [
        OTHERS,
        "",
        MINE.replace('"3.12"', '"3.11"') + OTHERS,
        MINE.replace('"3.12"', "3.12") + OTHERS,
        "app-abcdefgh = 3\n",
    ],
    ids=["not in it", "empty", "another Python", "a number", "no section"],
)
def test_an_index_that_does_not_name_it_is_not_written(
    home: Home, deleted: Deleted, text: str
) -> None:
    deleted.index.write_text(text)
    before = deleted.index.stat()
    deleted.freed()
    assert deleted.index.read_text() == text
    assert os.path.samestat(before, deleted.index.stat())
    assert told(home) == ""


@pytest.mark.parametrize(
    "text",
    [
        f"app-abcdefgh = {{minor = '3.12'}}\r\n{OTHERS}",
        f'"app-abcdefgh".minor = "3.12"\n{OTHERS}',
        f"{OTHERS}{MINE}# the last line",
        f"{OTHERS}[app-abcdefgh.more]\nx = 1\n[app-abcdefgh]\nminor = ' 3.12 '",
    ],
)
def test_however_it_is_written(home: Home, deleted: Deleted, text: str) -> None:
    deleted.index.write_bytes(text.encode())
    deleted.freed()
    left = deleted.index.read_bytes().decode()
    assert "[other-abcdefgh]" in left
    assert "# not mine" in left
    assert "app-abcdefgh" not in left
    assert told(home) == ""


# What may be in the environment's place


def test_one_that_was_made_again_keeps_its_section(home: Home, deleted: Deleted) -> None:
    small(deleted.entry)
    deleted.freed()
    assert deleted.index.read_text() == MINE + OTHERS
    assert told(home) == ""


def test_one_of_the_same_place_that_may_come_back_keeps_its_section(
    home: Home, deleted: Deleted
) -> None:
    small(deleted.entry)
    second = one(home, deleted.entry)
    assert purge.purge(deleted.trash).gone
    assert deleted.index.read_text() == MINE + OTHERS
    (waiting,) = trash.find(Context(home.machine()))
    assert trash.restore(waiting).outcome is Outcome.DONE
    again = one(home, deleted.entry)
    assert second.trash != again.trash
    assert again.trash
    assert purge.purge(again.trash).gone
    assert deleted.index.read_text() == OTHERS


def test_two_of_the_same_place_freed_at_once(home: Home, deleted: Deleted) -> None:
    small(deleted.entry)
    second = one(home, deleted.entry).trash
    assert second
    assert purge_process.start([deleted.trash, second], home.machine())
    waited(lambda: not trashes(deleted.store))
    assert deleted.index.read_text() == OTHERS


def test_a_store_that_was_moved_is_another_one(home: Home, deleted: Deleted) -> None:
    there = deleted.store.rename(home.path / "elsewhere")
    assert purge.purge(there / deleted.trash.name).gone
    assert (there / "envs.toml").read_text() == MINE + OTHERS
    # Nor does a journal from elsewhere speak for a store.
    shutil.copytree(there, deleted.store)
    stray = small(home.path / "other" / ".venvdash-trash-1")
    with directory.Directory(stray) as opened:
        trash_journal.write(opened, Trashed(stray, deleted.entry, "app", kind="poetry"))
    assert purge.purge(stray).gone
    assert deleted.index.read_text() == MINE + OTHERS


def test_made_again_at_the_last_moment(
    home: Home, deleted: Deleted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(name: str) -> None:
        if name == "compared" and not deleted.entry.exists():
            small(deleted.entry)

    monkeypatch.setattr(steps, "step", step)
    deleted.freed()
    assert deleted.index.read_text() == MINE + OTHERS
    assert told(home) == ""


def test_what_is_written_meanwhile_is_kept(
    home: Home, deleted: Deleted, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = '[new-abcdefgh]\nminor = "3.12"\n'
    written: list[int] = []

    def step(name: str) -> None:
        if name == "compared" and not written:
            written.append(deleted.index.write_text(MINE + OTHERS + more))

    monkeypatch.setattr(steps, "step", step)
    deleted.freed()
    assert deleted.index.read_text() == OTHERS + more


def test_one_that_changes_all_the_time_is_left_alone(
    home: Home, deleted: Deleted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(name: str) -> None:
        if name == "compared":
            with deleted.index.open("a") as file:
                file.write("# more\n")

    monkeypatch.setattr(steps, "step", step)
    deleted.freed()
    assert deleted.index.read_text().startswith(MINE + OTHERS)
    assert "is being changed by another program" in told(home)


# What may be wrong with the index


def _damaged(index: Path) -> None:
    index.write_bytes(b"\xff" + index.read_bytes())


def _bomb(index: Path) -> None:
    index.write_text(index.read_text() + ".".join("a" * 10_000) + " = 1\n")


def _large(index: Path) -> None:
    index.write_text(index.read_text() + "#" * 300_000)


def _link(index: Path) -> None:
    index.rename(index.parent.parent / "envs")
    index.symlink_to(index.parent.parent / "envs")


def _second_name(index: Path) -> None:
    os.link(index, index.parent.parent / "envs")


def _fifo(index: Path) -> None:
    index.unlink()
    os.mkfifo(index)


def _directory(index: Path) -> None:
    index.unlink()
    index.mkdir()


def _foreign(index: Path) -> None:
    if os.getuid():
        pytest.skip("needs root, to give it to another user")
    os.chown(index, NOBODY, NOBODY)


WRONG: dict[str, Callable[[Path], None]] = {
    "is damaged": _damaged,
    "is larger than 262144 bytes": _large,
    "is a symbolic link": _link,
    "has more than one hard link": _second_name,
    "is not a regular file": _fifo,
    "belongs to another user": _foreign,
}


@pytest.mark.parametrize("why", WRONG)
def test_an_index_that_is_none_of_ours_is_left_alone_and_that_is_told(
    home: Home, deleted: Deleted, why: str
) -> None:
    WRONG[why](deleted.index)
    before = tree(deleted.store.parent, without=[deleted.trash])
    deleted.freed()
    assert tree(deleted.store.parent) == before
    assert told(home) == (
        f"app was deleted permanently, but poetry may still list it: {deleted.index} "
        f"{why}. That file was left unchanged."
    )


@pytest.mark.parametrize("how", [_bomb, _directory])
def test_nor_does_any_other_harm(home: Home, deleted: Deleted, how: Callable[[Path], None]) -> None:
    how(deleted.index)
    before = tree(deleted.store, without=[deleted.trash])
    deleted.freed()
    assert tree(deleted.store) == before
    assert str(deleted.index) in told(home)


def test_an_index_that_is_not_there(home: Home, deleted: Deleted) -> None:
    deleted.index.unlink()
    deleted.freed()
    assert told(home) == ""


def test_on_a_full_disk_the_index_is_whole(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    become(home, monkeypatch)
    store = home.path / VIRTUALENVS
    store.mkdir(parents=True)
    with tmpfs(store, "1m"):
        entry = small(store / "app-abcdefgh-py3.12")
        text = MINE + OTHERS + "#" * 100_000
        (store / "envs.toml").write_text(text)
        box = one(home, entry).trash
        assert box
        with pytest.raises(OSError, match="No space") as full:
            (store / "filler").write_bytes(b"x" * (1 << 20))
        assert full.value.errno == errno.ENOSPC
        assert purge.purge(box).gone
        assert (store / "envs.toml").read_text() == text
        assert sorted(os.listdir(store)) == ["envs.toml", "filler"]
    assert "No space left" in told(home)


def test_a_store_that_fails_keeps_nothing_in_the_trash(
    home: Home, deleted: Deleted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("never\x1b seen before")

    (store,) = (store for store in registry() if store.name == "poetry")
    monkeypatch.setattr(type(store), "leftovers", fail)
    deleted.freed()
    assert deleted.index.read_text() == MINE + OTHERS
    assert "never\\e seen before" in told(home)


# Stopped


@pytest.mark.parametrize("step", ["compared", "rewritten", "tidied"])
def test_killed_at_any_step_the_next_purge_goes_on(deleted: Deleted, step: str) -> None:
    purging = partial(purge.purge, deleted.trash)
    assert in_child(killing(purging, step)) == -signal.SIGKILL
    assert (deleted.trash / trash_journal.BEGUN).exists()
    assert deleted.index.read_text() == (MINE if step == "compared" else "") + OTHERS
    assert purge.unfinished([deleted.store]) == [deleted.trash]
    deleted.freed()
    assert deleted.index.read_text() == OTHERS


def test_killed_while_it_writes_nothing_is_left(
    deleted: Deleted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", kill)
        assert in_child(partial(purge.purge, deleted.trash)) == -signal.SIGKILL
    assert deleted.index.read_text() == MINE + OTHERS
    assert len(list(deleted.store.glob(".venvdash-tmp-*"))) == 1
    deleted.freed()
    assert deleted.index.read_text() == OTHERS


@pytest.mark.slow
def test_many_at_once_lose_no_change(home: Home, deleted: Deleted) -> None:
    """Four processes take their environments' sections out of one index."""
    names = [f"app{number}-abcdefgh" for number in range(24)]
    for name in names:
        small(deleted.store / f"{name}-py3.12")
    deleted.index.write_text("".join(MINE.replace("app", name[:-9]) for name in names) + OTHERS)
    boxes = [one(home, deleted.store / f"{name}-py3.12").trash for name in names]
    for start in range(4):
        assert purge_process.start([box for box in boxes[start::4] if box], home.machine())
    waited(lambda: trashes(deleted.store) == [deleted.trash])
    assert deleted.index.read_text() == OTHERS
    assert told(home) == ""
