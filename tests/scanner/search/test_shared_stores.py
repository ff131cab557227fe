"""Stores that serve projects which nobody sees from here."""

import os
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scanner.search.searching import listed, searched
from tests.scenario import orphan, venv
from venvdash.config import Config, ConfiguredStore
from venvdash.scanner.search import search, shared_stores
from venvdash.scanner.search.shared_stores import read_by_others, shared
from venvdash.system.mounts import Mounts


@pytest.mark.parametrize(
    ("mode", "above", "expected"),
    [(0o755, 0o755, True), (0o755, 0o700, False), (0o700, 0o755, False), (0o711, 0o755, False)],
)
def test_who_can_read_a_store(mode: int, above: int, expected: bool, tmp_path: Path) -> None:
    store = tmp_path / "above" / "store"
    store.mkdir(parents=True)
    store.chmod(mode)
    store.parent.chmod(above)
    parents = [path for path in tmp_path.parents if path != Path("/")]
    open_ = all(path.stat().st_mode & 0o001 for path in (tmp_path, *parents))
    assert read_by_others(store) == (expected and open_)


def in_a_store(home: Home, store: Path) -> Path:
    """Make an environment whose project is gone in a store of the user's own."""
    path = venv(store / "webapp")
    (home.path / "code").mkdir()
    (home.path / "code" / "x").touch()
    (path / ".project").write_text(f"{home.path}/code/webapp\n")
    return path


def test_what_others_read_is_held_unless_its_project_was_seen_here(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "envs"
    environment = in_a_store(home, store)
    config = Config(stores=(ConfiguredStore(str(store)),))
    monkeypatch.setattr(shared_stores, "read_by_others", lambda path: path == store)
    session, facts = listed(home, config)
    wanted = [session.rows[environment].environment]

    def held() -> str:
        return search(session.machine, config, wanted, facts).held(wanted[0])

    assert "can be read by other users" in held()
    assert "`venvdash delete webapp`" in held()
    (home.path / "code" / "webapp").mkdir()
    listed(home, config)
    (home.path / "code" / "webapp").rmdir()
    session, facts = listed(home, config)
    wanted = [session.rows[environment].environment]
    assert held() == ""


def test_a_store_that_is_mounted_into_a_container_is_held(home: Home, tmp_path: Path) -> None:
    store = home.path / ".virtualenvs"
    store.mkdir()
    with tmpfs(store):
        environment = orphan(home, "webapp")
        session, facts = listed(home)
        wanted = [session.rows[environment].environment]
        inside = home.machine(container="podman", VENVDASH_DISKS=str(home.path))
        (place,) = shared(inside, Mounts.read(), wanted, facts)
        assert "from outside this container" in place.reason
        assert place.hides(environment)
        assert not place.hides(tmp_path)
    assert os.listdir(store) == []


def test_an_ordinary_store_is_not_shared(home: Home) -> None:
    environment = orphan(home, "webapp")
    assert not searched(home, environment).unsearched
