"""Against layouts that bash names with the functions of direnv's wiki, real environments inside."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from tests.conftest import Home
from tests.scenario import remove, rows, venv
from tests.stores.places import environment, given, made, paths, reading
from venvdash.config import Config
from venvdash.model import EvidenceKind, Status
from venvdash.stores.direnv import STORE
from venvdash.stores.roots import Root, RootOrigin
from venvdash.system.machine import Machine

# What the two recipes compute, in bash's own words: a here-string ends in a newline.
_HASHED = "echo -n \"$PWD\" | sha1sum | cut -d ' ' -f 1"
_READABLE = 'hash="$(sha1sum - <<< "$PWD" | head -c40)"; echo "$hash${PWD//[^a-zA-Z0-9]/-}"'


def project(home: Home, name: str = "my-app") -> Path:
    path = home.path / "code" / name
    path.mkdir(parents=True)
    (path / ".envrc").write_text("layout python\n")
    return path


def layout(home: Home, path: Path, recipe: str) -> Path:
    """Return where a recipe puts the layout of ``path``."""
    if shutil.which("bash") is None:
        pytest.skip("needs bash, which is not on this machine")
    name = home.run("bash", "-c", recipe, cwd=path, LC_ALL="C.UTF-8").stdout.strip()
    return home.path / ".cache" / "direnv" / "layouts" / name


@pytest.mark.parametrize("recipe", [_HASHED, _READABLE])
@pytest.mark.parametrize("name", ["my-app", "webapp", "mit Leerzeichen & ü"])
def test_the_project_of_a_layout_is_found(home: Home, recipe: str, name: str) -> None:
    path = project(home, name)
    made_here = venv(layout(home, path, recipe) / "python-3.11")
    (row,) = rows(home, records=False).values()
    assert row.path == made_here
    assert row.environment.traits.kind == "direnv"
    assert row.verdict.status is Status.LINKED
    assert row.verdict.projects == (path,)
    assert STORE.fits(row.environment, path)
    assert not STORE.fits(row.environment, path.parent)


def test_a_name_that_can_be_read_is_proven_without_an_envrc(home: Home) -> None:
    path = project(home)
    venv(layout(home, path, _READABLE) / "python-3.11")
    (path / ".envrc").unlink()
    (row,) = rows(home, records=False).values()
    assert (row.verdict.status, row.verdict.evidence) == (Status.LINKED, EvidenceKind.HASH)


@pytest.mark.parametrize("recipe", [_HASHED, _READABLE])
def test_after_its_project_went_it_is_an_orphan(home: Home, recipe: str) -> None:
    path = project(home)
    venv(layout(home, path, recipe) / "python-3.11")
    rows(home)
    remove(path)
    (row,) = rows(home).values()
    assert row.verdict.status is Status.ORPHAN
    assert str(path) in row.verdict.reason


def test_never_seen_with_its_project_it_is_unknown_not_an_orphan(home: Home) -> None:
    venv(layout(home, project(home), _HASHED) / "python-3.11")
    remove(home.path / "code")
    (row,) = rows(home).values()
    assert row.verdict.status is Status.UNKNOWN


def test_other_layouts_are_no_environments_and_not_told_as_such(home: Home) -> None:
    path = layout(home, project(home), _HASHED)
    (path / "flake-profile-1" / "bin").mkdir(parents=True)
    (path.parent / "a file").write_text("")
    root = Root(path.parent, STORE.name, depth=2)
    assert list(STORE.prefixes(root)) == []
    two = [made(path / "python-3.12"), made(path / "virtualenv")]
    assert list(STORE.prefixes(root)) == two
    assert environment(STORE, reading(two[0], root)).traits.name == path.name


def test_root(home: Home) -> None:
    layouts = Path("direnv", "layouts")
    assert paths(STORE, home.machine()) == [home.path / ".cache" / layouts]
    assert paths(STORE, Machine(home.path, platform="darwin")) == [home.path / ".cache" / layouts]
    home = given(home, {"XDG_CACHE_HOME": "{home}/c"})
    (root,) = STORE.roots(home.machine(), Config())
    assert (root.path, root.why) == (home.path / "c" / layouts, RootOrigin.VARIABLE)


@any_of(st.text())
def test_the_word_that_is_compared_is_the_same_on_both_sides(name: str) -> None:
    """What is cut from a directory's name is what is cut from a path that ends in it."""
    word = STORE.name_part(name)
    assert word == STORE.name_part(f"home-ada-{name}") or not word
