"""Which folder the trash of an environment lies in, where the store's tool clears its directory."""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.actions.deleting import context, one, plan, small, trashes, tree
from tests.conftest import Home
from tests.mounting import bound, tmpfs
from tests.users import as_another_user, open_to_all
from venvdash.actions.context import Context
from venvdash.actions.delete import purge, trash, trash_folder
from venvdash.config import Config
from venvdash.model import Outcome
from venvdash.presentation.plans import plan_in_words
from venvdash.stores import of_name

_NAME = "app-cpython3.12-0123456789abcdef"
_PRUNE = "uv cache prune"


def _uv(cache: Path, name: str = _NAME) -> Path:
    return small(cache / "environments-v2" / name)


def _data(home: Home) -> Path:
    return home.path / ".local/share/venvdash" / f".venvdash-deleted-{os.getuid()}"


def _cleared(home: Home, store: str) -> Path:
    """Make an environment where a command of that tool deletes whatever it finds."""
    places = {
        "uv": home.path / ".cache/uv/environments-v2" / _NAME,
        "pdm": home.path / ".local/share/pdm/venvs/app-abcdefgh-3.12",
        "prime-uve": home.path / ".prime-uve/venvs/app_01234567",
    }
    return small(places[store])


@pytest.mark.parametrize("store", ["uv", "pdm", "prime-uve"])
def test_it_lies_in_the_data_folder_where_a_tool_clears_the_store(home: Home, store: str) -> None:
    entry = _cleared(home, store)
    before = tree(entry)
    inode = entry.stat().st_ino
    result = one(home, entry)
    assert result.outcome is Outcome.DONE, result
    assert result.trash is not None
    assert result.trash.parent == _data(home)
    assert stat.S_IMODE(_data(home).stat().st_mode) == 0o700
    assert trashes(entry.parent) == []
    (found,) = trash.find(context(home))
    assert (found.path, found.original, found.lasts_until) == (result.trash, entry, "")
    assert trash.restore(found).outcome is Outcome.DONE
    assert entry.stat().st_ino == inode
    for ours in ("venvdash.toml", ".lock"):
        (entry / ours).unlink(missing_ok=True)
    assert tree(entry) == before
    assert list(_data(home).iterdir()) == []


@pytest.mark.parametrize("store", [".cache/uv/environments-v2", ".virtualenvs"])
def test_a_store_that_is_mounted_read_only_says_so(home: Home, store: str) -> None:
    """Whether the trash lies elsewhere (EXDEV) or there, too (EROFS)."""
    entry = small(home.path / store / _NAME)
    assert one(home, entry).outcome is Outcome.DONE
    (trashed,) = trash.find(context(home))
    with bound(entry.parent, entry.parent, read_only=True):
        result = trash.restore(trashed)
        assert (result.outcome, result.reason) == (
            Outcome.FAILED,
            f"{entry.parent} is mounted read-only. Make it writable, for example with `mount -o "
            "remount,rw`, and try again. It is still in the trash.",
        )
    assert trash.restore(trashed).outcome is Outcome.DONE
    assert (entry / "pyvenv.cfg").exists()


def test_a_store_that_no_command_clears_keeps_its_trash(home: Home) -> None:
    entry = small(home.path / ".virtualenvs" / "app")
    assert one(home, entry).trash in trashes(entry.parent)
    assert not _data(home).exists()


def test_pixi_clears_a_workspace_and_its_cache(home: Home) -> None:
    pixi = of_name("pixi")
    assert pixi is not None
    inside = Path("/h/.cache/rattler/cache/envs/app-1234567890/envs")
    elsewhere = Path("/scratch/app-1234567890/envs")
    found = (
        pixi.cleanup_command(inside),
        pixi.cleanup_command(elsewhere),
        pixi.cleanup_command(Path("/h/.pixi/envs")),
    )
    assert [one.directory if one else None for one in found] == [
        Path("/h/.cache/rattler/cache"),
        Path("/scratch/app-1234567890"),
        None,
    ]


@contextmanager
def _on_its_own_disk(home: Home, below: str) -> Iterator[Path]:
    """Yield uv's cache, ``below`` the point where a file system of its own is mounted."""
    point = home.path / "disk"
    point.mkdir()
    with tmpfs(point):
        cache = point / below
        cache.mkdir(exist_ok=True)
        home.variables["UV_CACHE_DIR"] = str(cache)
        yield cache


def test_it_lies_beside_the_cache_where_the_data_folder_is_on_another_disk(home: Home) -> None:
    with _on_its_own_disk(home, "uv") as cache:
        entry = _uv(cache)
        folder = cache.with_name(_data(home).name)
        result = one(home, entry)
        assert result.trash is not None
        assert result.trash.parent == folder
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        # Nothing but the store itself tells where it is.
        forgetful = replace(context(home), machine=home.machine(VENVDASH_STATE_DIR="/nowhere"))
        (found,) = trash.find(forgetful)
        assert (found.path, found.lasts_until) == (result.trash, "")
        assert trash.restore(found).outcome is Outcome.DONE
        assert (entry / "pyvenv.cfg").is_file()


def test_where_neither_is_possible_it_is_said_until_when_it_lasts(home: Home) -> None:
    with _on_its_own_disk(home, "") as cache:
        entry = _uv(cache)
        (item,) = plan(home, entry).items
        assert item.folder is not None
        assert (item.folder.own, item.folder.lasts_until) == (False, _PRUNE)
        said = [line.text for line in plan_in_words(plan(home, entry), home.path)]
        assert f"  can be restored only until the next `{_PRUNE}`" in said

        def venvdash(*arguments: str | Path) -> str:
            return home.venvdash(*arguments).stdout

        shown = json.loads(venvdash("delete", "--dry-run", "--json", entry))
        assert shown["items"][0]["lasts_until"] == _PRUNE
        assert f"until the next `{_PRUNE}`" in venvdash("delete", "--dry-run", entry)
        venvdash("delete", "--yes", entry)
        assert trashes(entry.parent)
        (listed,) = json.loads(venvdash("trash", "list", "--json"))["trash"]
        assert listed["lasts_until"] == _PRUNE
        assert f"until the next `{_PRUNE}`" in venvdash("trash")


def test_an_alias_goes_there_and_comes_back(home: Home) -> None:
    target = small(home.path / "elsewhere" / "app")
    alias = home.path / ".cache/uv/environments-v2" / _NAME
    alias.parent.mkdir(parents=True)
    alias.symlink_to(target)
    result = one(home, alias)
    assert result.trash is not None
    assert result.trash.parent == _data(home)
    assert not alias.is_symlink()
    assert trash.restore(trash.find(context(home))[0]).outcome is Outcome.DONE
    assert alias.resolve() == target
    assert list(_data(home).iterdir()) == []


@pytest.mark.parametrize("mode", [0o500, 0o555])
def test_one_that_its_owner_may_not_write_goes_there(home: Home, mode: int) -> None:
    """Another parent means another ``..``: rename(2) wants to write the directory itself."""
    entry = _uv(home.path / ".cache" / "uv")
    store = entry.parent
    home.machine()
    open_to_all(home.path)

    def deleted() -> str:
        os.chmod(entry, mode)
        result = one(home, entry)
        assert result.trash is not None, result
        assert result.trash.parent.name.startswith(".venvdash-deleted-"), result
        (found,) = trash.find(context(home))
        assert trash.restore(found).outcome is Outcome.DONE
        return oct(stat.S_IMODE(entry.stat().st_mode))

    _give(home.path)
    assert as_another_user(deleted) == oct(mode)
    assert store.is_dir()


def _give(path: Path) -> None:
    for directory, _, files in os.walk(path):
        os.chown(directory, 65534, 65534)
        for name in files:
            os.chown(os.path.join(directory, name), 65534, 65534, follow_symlinks=False)


@pytest.mark.parametrize("planted", ["link", "file", "another user's"])
def test_a_folder_that_is_not_ours_is_not_used(home: Home, planted: str) -> None:
    entry = _uv(home.path / ".cache" / "uv")
    other = home.path / "other"
    other.mkdir(mode=0o777)
    _data(home).parent.mkdir(parents=True)
    if planted == "link":
        _data(home).symlink_to(other)
    elif planted == "file":
        _data(home).write_text("mine")
    else:
        _data(home).mkdir()
        os.chown(_data(home), 65534, 65534)
    result = one(home, entry)
    assert result.trash is not None
    assert result.trash.parent == home.path / ".cache" / _data(home).name
    assert list(other.iterdir()) == []


def test_one_that_is_replaced_after_the_plan_is_not_used(home: Home) -> None:
    from venvdash.actions.delete.apply import Deleter

    entry = _uv(home.path / ".cache" / "uv")
    made = plan(home, entry)
    other = home.path / "other"
    other.mkdir()
    _data(home).parent.mkdir(parents=True)
    _data(home).symlink_to(other)
    with Deleter(made, context(home)) as deleter:
        (result,) = deleter.run()
    assert result.outcome is Outcome.FAILED
    assert "The environment is unchanged" in result.reason
    assert list(other.iterdir()) == []
    assert (entry / "pyvenv.cfg").is_file()
    assert not (entry / "trash.toml").exists()


def test_a_readable_folder_is_closed_to_others_again(home: Home) -> None:
    entry = _uv(home.path / ".cache" / "uv")
    _data(home).mkdir(parents=True)
    _data(home).chmod(0o755)
    assert one(home, entry).outcome is Outcome.DONE
    assert stat.S_IMODE(_data(home).stat().st_mode) == 0o700


def test_nothing_is_made_on_another_disk_than_the_one_it_was_on(home: Home) -> None:
    """Restoring makes a store again that its tool has deleted, and only on its file system."""
    entry = _uv(home.path / ".cache" / "uv")
    one(home, entry)
    (found,) = trash.find(context(home))
    with tmpfs(home.path / ".cache"):
        result = trash.restore(found)
        assert result.outcome is Outcome.SKIPPED, result
        assert "not mounted" in result.reason
        assert list((home.path / ".cache").iterdir()) == []
    assert trash.restore(found).outcome is Outcome.DONE


def test_it_is_freed_from_there(home: Home) -> None:
    entry = _uv(home.path / ".cache" / "uv")
    result = one(home, entry)
    assert result.trash is not None
    assert purge.purge(result.trash).gone
    assert trash.find(context(home)) == []


def test_a_second_one_of_the_same_name_is_offered_another(home: Home) -> None:
    entry = _uv(home.path / ".cache" / "uv")
    one(home, entry)
    small(entry, "newer")
    (found,) = trash.find(context(home))
    taken = trash.restore(found)
    assert (taken.outcome, "-restored" in taken.reason) == (Outcome.SKIPPED, True)
    assert trash.restore(found, trash.free_name(found)).outcome is Outcome.DONE
    assert (entry.with_name(f"{_NAME}-restored") / "pyvenv.cfg").is_file()


def test_a_data_folder_inside_the_cache_is_no_refuge(home: Home) -> None:
    cache = home.path / ".cache" / "uv"
    machine = home.machine(XDG_DATA_HOME=str(cache / "share"))
    store = _uv(cache).parent
    chosen = trash_folder.choose(store, ["uv"], machine)
    assert chosen.path.parent == home.path / ".cache"


def test_only_context_is_needed_to_look(home: Home) -> None:
    assert trash.find(Context.current(home.machine(), Config())) == []
    assert not _data(home).parent.exists()  # looking makes nothing
