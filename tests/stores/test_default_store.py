"""Where an environment goes for which no place is given."""

import os
import re

import pytest

from tests.conftest import Home
from venvdash.config import Config
from venvdash.scanner.discovery import store_folders
from venvdash.stores import default_store
from venvdash.system.files import real


def test_the_order_of_the_places(home: Home) -> None:
    machine = home.machine()
    assert default_store.folder(machine, Config()) == home.path / ".venvs"
    (home.path / ".virtualenvs").mkdir()
    assert default_store.folder(machine, Config()) == home.path / ".virtualenvs"
    machine = home.machine(WORKON_HOME="$BASE/envs", BASE="/srv")
    assert str(default_store.folder(machine, Config())) == "/srv/envs"
    assert default_store.folder(machine, Config(store="~/own")) == home.path / "own"


def test_each_of_these_places_is_a_store(home: Home) -> None:
    for config, machine in (
        (Config(), home.machine()),
        (Config(), home.machine(WORKON_HOME=str(home.path / "wrapped"))),
        (Config(store="~/own"), home.machine()),
    ):
        place = default_store.folder(machine, config)
        assert real(place) in [real(root.path) for root in store_folders.roots(machine, config)]


def test_the_name_of_a_new_entry_is_of_no_tool(home: Home) -> None:
    names = {default_store.new_entry(home.path, "My App").name for _ in range(20)}
    assert len(names) > 1
    assert all(re.fullmatch(r"my-app-[a-z2-9]{6}", name) for name in names)
    assert default_store.new_entry(home.path, "é").name.startswith("env-")
    assert len(default_store.new_entry(home.path, "x" * 200).name) < 50


def test_a_name_that_is_taken_is_not_given_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = iter([bytes(6), bytes(6), b"\x01" * 6])
    monkeypatch.setattr(os, "urandom", lambda count: next(given))
    first = default_store.new_entry(home.path, "app")
    first.mkdir()
    assert default_store.new_entry(home.path, "app") == home.path / "app-bbbbbb" != first
