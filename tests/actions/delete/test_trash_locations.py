"""Where trash is looked for: not without end in a store that is a whole tree of directories."""

import pytest

from tests.actions.deleting import small
from tests.cli.test_output import forked
from tests.conftest import Home
from venvdash.actions.context import Context
from venvdash.actions.delete import trash_locations
from venvdash.config import Config, ConfiguredStore


@pytest.fixture
def config(home: Home) -> Config:
    """A mirrored store of a few hundred directories, with an environment near its top."""
    store = home.path / "tree"
    for first in range(20):
        for second in range(20):
            (store / f"d{first}" / f"e{second}").mkdir(parents=True)
    small(store / "one" / ".venv")
    file = home.path / ".config" / "venvdash" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(f'[[stores]]\npath = "{store}"\nlayout = "mirrored"\n')
    return Config(stores=(ConfiguredStore(str(store), "mirrored"),))


def test_a_store_that_takes_too_long_is_cut_off_and_named(
    home: Home, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = Context.current(home.machine(), config)
    whole = trash_locations.with_stores(context)
    assert trash_locations.cut_off(context) == []
    assert len(whole) > 400
    monkeypatch.setattr(trash_locations, "_SECONDS", 0.0)
    monkeypatch.setattr(trash_locations, "_AGAIN", 0.0)
    assert len(trash_locations.with_stores(context)) < 5
    assert trash_locations.cut_off(context) == [home.path / "tree"]
    monkeypatch.undo()
    assert trash_locations.with_stores(context) == whole
    assert trash_locations.cut_off(context) == []


def test_directories_near_the_top_come_first(
    home: Home, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trash_locations, "_MOST", 25)
    found = trash_locations.with_stores(Context.current(home.machine(), config))
    assert home.path / "tree" / "one" in found
    assert {home.path / "tree" / f"d{number}" for number in range(20)} <= set(found)


def test_what_was_deleted_here_is_in_the_trash_all_the_same(home: Home, config: Config) -> None:
    assert forked(home, ["delete", "one", "--yes"], lambda: None) == (0, "")

    def hurry() -> None:
        trash_locations._SECONDS = trash_locations._AGAIN = 0.0

    status, said = forked(home, ["trash", "list"], hurry)
    assert status == 0
    assert said == (
        "venvdash: ~/tree is too large to search completely; environments deleted on this "
        "machine are still found, by their journals.\n"
    )
    assert forked(home, ["restore", "one"], hurry)[0] == 0
    assert (home.path / "tree" / "one" / ".venv").is_dir()
