"""Where there is no trash, or no room for one: it is said, or the environment is freed in place."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from tests.actions.crashing import in_child, killing
from tests.actions.deleting import context, plan, small, tree
from tests.cli.test_list import run
from tests.conftest import Home
from tests.mounting import image_layer, tmpfs
from tests.scenario import linked_project, listing, rows
from tests.session.sharing import last
from tests.waiting import waited
from venvdash.actions.delete import in_place, purge, trash
from venvdash.actions.delete.apply import Deleter
from venvdash.model import Outcome, Removal, Result
from venvdash.system import overlayfs
from venvdash.system.directory import Directory


def _linked(home: Home) -> tuple[Path, Path]:
    """Make an environment and the link of its project that points to it."""
    entry = small(home.path / ".virtualenvs" / "app")
    return entry, linked_project(home, entry) / ".venv"


@pytest.fixture
def image(home: Home) -> Iterator[tuple[Path, Path]]:
    """An environment, and its project's link, in a container that was made with it in its image."""
    entry, link = _linked(home)
    with image_layer(entry.parent):
        if overlayfs.renamable(entry, context(home).mounts) is None:
            pytest.skip("needs Linux 6.6, to tell layers apart")
        yield entry, link


def test_a_plan_says_that_there_is_no_trash(home: Home, image: tuple[Path, Path]) -> None:
    entry, link = image
    rows(home)
    before = tree(entry)
    (item,) = plan(home, entry).items
    assert item.how is Removal.IN_PLACE
    said = run(home, "delete", "--dry-run", "app").stdout
    assert "no trash: directories of a container image cannot be renamed" in said
    done = run(home, "delete", "--yes", "app", check=False)
    assert done.returncode == 1
    assert "Use `--now` to delete it permanently" in done.stderr
    assert tree(entry) == before
    assert link.is_symlink()


def test_it_is_freed_in_place(home: Home, image: tuple[Path, Path]) -> None:
    entry, link = image
    small(entry.with_name("other"))
    run(home, "delete", "--yes", "--now", "app")
    assert not os.path.lexists(entry)
    assert not os.path.lexists(link)
    assert list(rows(home)) == [entry.with_name("other")]
    assert run(home, "trash", "list").stdout.count("app") == 0
    assert "app" in run(home, "history").stdout


def test_renaming_and_moving_say_it_before(home: Home, image: tuple[Path, Path]) -> None:
    entry, _ = image
    session = listing(home)
    before = tree(entry)
    for proposal in (
        session.actions.rename(session.rows[entry], "shop"),
        session.actions.move(session.rows[entry], home.path),
    ):
        assert "layer of a container image" in proposal.refusal
        assert "copy it, then delete it with `--now`" in proposal.refusal
    assert tree(entry) == before


def test_a_kernel_that_does_not_tell(
    home: Home, image: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it is only found out when it is done: nothing is changed, or it is freed in place."""
    monkeypatch.setattr(overlayfs, "_handle", lambda path: None)
    entry, link = image
    session = listing(home)
    before = tree(entry)
    (result,) = last(session.deletions.delete(session.deletions.plan_delete([entry]))).results
    assert result.outcome is Outcome.FAILED
    assert "Use `--now` to delete it permanently" in result.reason
    (entry / ".lock").unlink(missing_ok=True)
    assert tree(entry) == before
    assert link.is_symlink()
    session = listing(home)
    (result,) = last(
        session.deletions.delete(session.deletions.plan_delete([entry]), now=True)
    ).results
    assert result.outcome is Outcome.DONE
    assert not os.path.lexists(entry)
    assert not os.path.lexists(link)


def test_a_file_that_the_user_creates_after_the_plan_holds_it(
    home: Home, image: tuple[Path, Path]
) -> None:
    entry, link = image
    session = listing(home)
    plan = session.deletions.plan_delete([entry])
    (entry / "notes.txt").write_text("mine")
    (result,) = last(session.deletions.delete(plan, now=True)).results
    assert result.outcome is Outcome.SKIPPED
    assert "created files in it after the plan was shown (notes.txt)" in result.reason
    assert (entry / "notes.txt").read_text() == "mine"
    assert link.is_symlink()


def _begin(home: Home, entry: Path) -> Result:
    made = plan(home, entry)
    with Deleter(made, context(home)) as deleter:
        return deleter.apply(made.items[0], now=True)


@pytest.mark.parametrize("step", ["checked", "locked", "freeing begun"])
def test_killed_after_each_step(home: Home, image: tuple[Path, Path], step: str) -> None:
    entry, link = image
    assert in_child(killing(partial(_begin, home, entry), step)) == -signal.SIGKILL
    shown = rows(home)
    if step != "freeing begun":
        assert list(shown) == [entry]
        assert link.is_symlink()
        return
    assert list(shown) == []
    waited(lambda: not os.path.lexists(entry))
    assert not os.path.lexists(link)


def test_what_is_half_freed_is_freed_by_the_next_start(
    home: Home, image: tuple[Path, Path]
) -> None:
    entry, link = image
    assert _begin(home, entry).outcome is Outcome.DONE
    (entry / "lib" / "python3.12" / "site-packages" / "thing.py").unlink()
    (found,) = trash.find(context(home))
    assert (found.path, found.purging) == (entry, True)
    assert trash.restore(found).outcome is Outcome.SKIPPED
    rows(home)
    waited(lambda: not os.path.lexists(entry))
    assert not os.path.lexists(link)


@pytest.mark.parametrize("what", ["another inode", "garbage", "a link", "somebody's trash"])
def test_only_what_venvdash_began_is_freed(home: Home, what: str) -> None:
    entry, _ = _linked(home)
    file = entry / "purge.toml"
    if what == "a link":
        file.symlink_to(f"freeing {entry.stat().st_ino + 1}")
    elif what == "garbage":
        file.write_text("garbage")
    else:
        assert _begin_by_hand(home, entry)
        text = file.read_text()
        if what == "another inode":
            text = text.replace(f"inode = {entry.stat().st_ino}", "inode = 1")
        else:
            text = text.replace('how = "in-place"', 'how = "trash"')
        file.write_text(text)
    before = tree(entry)
    assert not purge.in_place(entry)
    assert purge.purge(entry).problems
    assert purge.unfinished([entry.parent]) == []
    assert tree(entry) == before


def _begin_by_hand(home: Home, entry: Path) -> bool:
    """Write the journal where there would be trash as well."""
    from dataclasses import replace

    made = plan(home, entry)
    item = replace(made.items[0], how=Removal.IN_PLACE, folder=None)
    made = replace(made, items=(item,))
    with Deleter(made, context(home)) as deleter:
        return deleter.apply(item, now=True).outcome is Outcome.DONE


@pytest.fixture
def full(home: Home) -> Iterator[Path]:
    """A store on a disk that is full to the last byte, and that venvdash has never seen."""
    store = home.path / ".virtualenvs"
    store.mkdir()
    with tmpfs(store, "256k"):
        entry, _ = _linked(home)
        yield entry


def _fill(store: Path) -> None:
    with suppress(OSError), (store / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def test_the_first_use_on_a_full_disk(home: Home, full: Path) -> None:
    _fill(full.parent)
    before = tree(full)
    done = run(home, "delete", "--yes", "app", check=False)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Use `--now` to delete it permanently" in done.stderr
    (full / ".lock").unlink(missing_ok=True)
    assert tree(full) == before
    run(home, "delete", "--yes", "--now", "app")
    assert os.listdir(full.parent) == ["filler"]
    assert not os.path.lexists(home.path / "code" / "app" / ".venv")


def test_room_of_what_python_makes_again(home: Home, full: Path) -> None:
    """Compiled files give room for the journal, so that it goes to the trash."""
    site = full / "lib" / "python3.12" / "site-packages"
    (site / "__pycache__").mkdir()
    compiled = site / "__pycache__" / "thing.cpython-312.pyc"
    compiled.write_bytes(b"compiled")
    kept = site / "__pycache__" / "without_source.cpython-312.pyc"
    kept.write_bytes(b"the only one")
    _fill(full.parent)
    run(home, "delete", "--yes", "app")
    assert not full.exists()
    run(home, "restore", "app")
    assert kept.exists()
    assert not compiled.exists()
    assert (site / "thing.py").exists()


@pytest.mark.parametrize("removed", [0, 1])
def test_killed_while_there_is_no_room_for_a_journal(home: Home, full: Path, removed: int) -> None:
    """A link marks it until then: whatever is left is freed by the next start."""
    _fill(full.parent)
    made = plan(home, full)

    def begin() -> None:
        files = in_place._removed

        def killed(entry: Directory) -> Iterator[None]:
            for number, _ in enumerate(files(entry)):
                if number == removed:
                    os.kill(os.getpid(), signal.SIGKILL)
            yield  # never: as if there still were no room

        setattr(in_place, "_removed", killed)
        with Deleter(made, context(home)) as deleter:
            deleter.apply(made.items[0], now=True)

    assert in_child(begin) == -signal.SIGKILL
    assert purge.in_place(full)
    assert purge.unfinished([full.parent]) == [full]
    assert list(rows(home)) == []  # and frees it
    waited(lambda: not full.exists())
