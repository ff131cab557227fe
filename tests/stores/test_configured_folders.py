import os
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.stores.places import environment, made, reading
from venvdash.config import Config, ConfiguredStore
from venvdash.model import Claim, Direction, EvidenceKind
from venvdash.stores.configured_folders import STORE
from venvdash.stores.roots import Layout, Root, RootOrigin


def _roots(home: Home, *stores: ConfiguredStore, **variables: str) -> list[Root]:
    config = Config(stores=stores, path=home.path / "config.toml")
    return list(STORE.roots(home.machine(cwd=Path("/"), **variables), config))


def _mirrored(home: Home, base: str | None = None) -> Root:
    (root,) = _roots(home, ConfiguredStore("mirror", "mirrored", base))
    return root


def _projects(root: Root, place: str) -> list[Path]:
    found = reading(made(root.path / place), root)
    return [claim.project for claim in STORE.claims(found)]


def _top() -> str:
    """Return a directory of / that HOME of the test has not."""
    return next(name for name in ("usr", "Users", "tmp") if os.path.isdir(f"/{name}"))


def test_without_configuration_there_is_nothing(home: Home) -> None:
    assert _roots(home) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [("~/e", "{home}/e"), ("$DEPOT/e", "/depot/e"), ("e", "{home}/e"), ("/srv/e", "/srv/e")],
)
def test_paths_as_people_write_them(home: Home, text: str, expected: str) -> None:
    (root,) = _roots(home, ConfiguredStore(text), DEPOT="/depot")
    assert root.path == Path(expected.format(home=home.path))
    assert (root.why, root.source) == (RootOrigin.CONFIG, str(home.path / "config.toml"))
    assert root.layout is Layout.FLAT


def test_what_lies_in_a_flat_folder_is_left_to_the_other_stores(home: Home) -> None:
    (root,) = _roots(home, ConfiguredStore("depot"))
    found = reading(made(root.path / "lab"), root)
    assert STORE.recognise(found) is None
    assert list(STORE.claims(found)) == []


def test_a_mirrored_environment_belongs_to_the_project_of_the_same_path(home: Home) -> None:
    root = _mirrored(home)
    found = reading(made(root.path / "code" / "webapp" / ".venv"), root)
    traits = environment(STORE, found).traits
    assert (traits.kind, traits.name) == ("mirrored", "webapp")
    project = home.path / "code" / "webapp"
    assert list(STORE.claims(found)) == [
        Claim(found.path, project, EvidenceKind.MIRROR, Direction.ENVIRONMENT, str(root.path))
    ]


@pytest.mark.parametrize(
    ("place", "project"),
    [
        ("code/webapp", "code/webapp"),
        ("code/webapp/venv", "code/webapp"),
        ("code/webapp/env", "code/webapp"),
        ("code/webapp/py311", "code/webapp/py311"),
        (".venv", "."),
    ],
)
def test_only_the_usual_names_are_dropped(home: Home, place: str, project: str) -> None:
    assert _projects(_mirrored(home), place) == [home.path / project]


@pytest.mark.parametrize(
    ("base", "expected"), [("/", "/"), ("~/dev", "{home}/dev"), ("d", "{home}/d")]
)
def test_a_configured_base_is_taken_as_it_is(home: Home, base: str, expected: str) -> None:
    top = _top()
    base_path = Path(expected.format(home=home.path))
    assert _projects(_mirrored(home, base), f"{top}/a/.venv") == [base_path / top / "a"]


def test_the_root_is_meant_where_only_it_has_such_an_entry(home: Home) -> None:
    top = _top()
    assert _projects(_mirrored(home), f"{top}/nobody/gone") == [Path("/", top, "nobody", "gone")]


def test_home_is_meant_where_the_project_is_there(home: Home) -> None:
    top = _top()
    (home.path / top / "app").mkdir(parents=True)
    assert _projects(_mirrored(home), f"{top}/app") == [home.path / top / "app"]


def test_both_are_named_where_it_cannot_be_told(home: Home) -> None:
    top = _top()
    (home.path / top).mkdir()
    assert _projects(_mirrored(home), f"{top}/gone") == [
        home.path / top / "gone",
        Path("/", top, "gone"),
    ]


def test_a_root_that_is_a_link(home: Home) -> None:
    (home.path / "disk").mkdir()
    (home.path / "mirror").symlink_to("disk")
    root = _mirrored(home)
    path = made(home.path / "disk" / "code" / "webapp")
    assert [c.project for c in STORE.claims(reading(path, root))] == [home.path / "code" / "webapp"]


def test_an_environment_elsewhere_names_nothing(home: Home) -> None:
    found = reading(made(home.path / "other"), _mirrored(home))
    assert list(STORE.claims(found)) == []
