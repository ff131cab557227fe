"""pixi's detached environments, laid out as its source says: pixi is not on the package index."""

import json
import os
import shutil
from pathlib import Path

import pytest
import xxhash
from hypothesis import given as any_of
from hypothesis import strategies as st

from tests.conftest import Home
from tests.prefixes import conda_prefix, pixi_prefix
from tests.scenario import remove, rows
from tests.stores.places import environment, given, paths, reading
from venvdash.config import Config
from venvdash.model import EvidenceKind, Status
from venvdash.stores.pixi import STORE
from venvdash.stores.roots import Root, RootOrigin
from venvdash.system.machine import Machine


def workspace(home: Home, name: str = "webapp") -> Path:
    path = home.path / "code" / name
    path.mkdir(parents=True)
    (path / "pixi.toml").write_text(f'[workspace]\nname = "{name}"\n')
    return path


def detached(home: Home, project: Path, *environments: str) -> Path:
    """Make the environments of a workspace as pixi does, with its link; returns their folder."""
    cache = home.path / ".cache" / "rattler" / "cache" / "envs"
    folder = cache / f"{project.name}-{xxhash.xxh3_64_intdigest(bytes(project))}" / "envs"
    for name in environments:
        pixi_prefix(folder / name, project / "pixi.toml", "ruff-0.17.6-h1")
    (project / ".pixi").mkdir()
    (project / ".pixi" / "envs").symlink_to(folder)
    return folder


def test_a_workspaces_environments_are_linked_by_their_pointer(home: Home) -> None:
    project = workspace(home)
    folder = detached(home, project, "default", "test")
    seen = rows(home)
    assert set(seen) == {folder / "default", folder / "test"}
    for row in seen.values():
        traits = row.environment.traits
        assert (traits.kind, traits.keeps_sidecar) == ("pixi", False)
        assert row.verdict.status is Status.LINKED
        assert (row.verdict.projects, row.verdict.evidence) == ((project,), EvidenceKind.POINTER)
        assert STORE.fits(row.environment, project)
    names = {row.environment.traits.name for row in seen.values()}
    assert names == {"webapp", "webapp-test"}
    assert not list(folder.rglob("venvdash.toml"))


def test_a_deleted_workspace_leaves_orphans(home: Home) -> None:
    project = workspace(home)
    detached(home, project, "default")
    remove(project)
    (row,) = rows(home).values()
    assert row.verdict.status is Status.ORPHAN
    assert str(project) in row.verdict.reason


def test_a_moved_workspace_still_leads_here(home: Home) -> None:
    project = workspace(home)
    detached(home, project, "default")
    project.rename(home.path / "code" / "renamed")
    (row,) = rows(home).values()
    assert row.verdict.status is Status.MOVED
    assert row.verdict.place == home.path / "code" / "renamed"


def test_without_its_pointer_the_number_proves_the_workspace(home: Home) -> None:
    project = workspace(home)
    folder = detached(home, project, "default")
    (folder / "default" / "conda-meta" / "pixi").unlink()
    shutil.rmtree(project / ".pixi")
    (row,) = rows(home, records=False).values()
    assert row.verdict.status is Status.LINKED
    assert (row.verdict.projects, row.verdict.evidence) == ((project,), EvidenceKind.HASH)


def test_the_hash_is_of_the_path_itself(tmp_path: Path) -> None:
    prefix = tmp_path / "my-project-10167511532199085897" / "envs" / "default"
    pixi_prefix(prefix, Path("/tmp/my-project/pixi.toml"))
    found = environment(STORE, reading(prefix, Root(tmp_path, "pixi", depth=3)))
    assert (found.traits.project_name, found.traits.name) == ("my-project", "my-project")
    assert STORE.fits(found, Path("/tmp/my-project"))
    assert not STORE.fits(found, Path("/tmp/my-projects"))


def test_it_is_pixis_in_any_folder_and_condas_without_the_pointer(home: Home) -> None:
    project = workspace(home)
    theirs = pixi_prefix(home.path / ".virtualenvs" / "one", project / "pixi.toml")
    conda_prefix(home.path / ".virtualenvs" / "two")
    kinds = {p.name: r.environment.traits.kind for p, r in rows(home, records=False).items()}
    assert kinds == {"one": "pixi", "two": "conda"}
    assert rows(home, records=False)[theirs].verdict.projects == (project,)


def test_global_tools_are_only_pixis_to_remove(home: Home) -> None:
    conda_prefix(home.path / ".pixi" / "envs" / "rg tool", "ripgrep-14.1-h1", python=False)
    (row,) = rows(home, records=False).values()
    assert row.environment.traits.kind == "pixi-global"
    assert row.environment.traits.tool == "pixi global uninstall 'rg tool'"
    assert row.verdict.status is Status.TOOL


@pytest.mark.parametrize(
    ("variables", "text", "where", "why"),
    [
        ({}, "", ".cache/rattler/cache/envs", RootOrigin.DEFAULT),
        ({"XDG_CACHE_HOME": "{home}/c"}, "", "c/rattler/cache/envs", RootOrigin.DEFAULT),
        ({"RATTLER_CACHE_DIR": "{home}/r"}, "", "r/envs", RootOrigin.VARIABLE),
        (
            {"PIXI_CACHE_DIR": "{home}/p", "RATTLER_CACHE_DIR": "/r"},
            "",
            "p/envs",
            RootOrigin.VARIABLE,
        ),
        ({}, 'detached-environments = "~/d"', "d", RootOrigin.CONFIG),
        ({}, 'detached-environments = true\n[cache]\nroot = "~/d"', "d/envs", RootOrigin.CONFIG),
        ({}, '[cache]\ndetached-environments = "~/d"', "d", RootOrigin.CONFIG),
        ({"PIXI_CACHE_DETACHED_ENVIRONMENTS_DIR": "{home}/e"}, "", "e", RootOrigin.VARIABLE),
        ({}, 'detached-environments = "relative"', ".cache/rattler/cache/envs", RootOrigin.DEFAULT),
        ({}, "detached-environments = [1]", ".cache/rattler/cache/envs", RootOrigin.DEFAULT),
        ({}, "[[[", ".cache/rattler/cache/envs", RootOrigin.DEFAULT),
    ],
)
@pytest.mark.parametrize("file", [".pixi/config.toml", ".config/pixi/config.toml"])
def test_where_environments_may_be(
    home: Home, variables: dict[str, str], text: str, where: str, why: RootOrigin, file: str
) -> None:
    home = given(home, variables)
    (home.path / file).parent.mkdir(parents=True)
    (home.path / file).write_text(text)
    root = next(iter(STORE.roots(home.machine(), Config())))
    assert (root.path, root.why, root.depth) == (home.path / where, why, 3)


def test_the_cache_of_its_own_is_looked_at_where_it_is(home: Home) -> None:
    (home.path / ".cache" / "pixi").mkdir(parents=True)
    assert paths(STORE, home.machine())[0] == home.path / ".cache" / "pixi" / "envs"


def test_other_systems(home: Home) -> None:
    apple = Machine(home.path, platform="darwin")
    caches = home.path / "Library" / "Caches"
    assert paths(STORE, apple)[0] == caches / "rattler" / "cache" / "envs"
    windows = Machine(home.path, {"LOCALAPPDATA": str(home.path / "L")}, platform="win32")
    assert paths(STORE, windows)[0] == home.path / "L" / "rattler" / "cache" / "envs"


def test_other_folders_of_a_workspaces_cache_are_no_rows(home: Home) -> None:
    folder = detached(home, workspace(home), "default")
    (folder.parent / "task-cache-v0" / "x").mkdir(parents=True)
    (folder.parent / "config").write_text("")
    assert set(rows(home, records=False)) == {folder / "default"}


def claimed(path: Path) -> list[Path]:
    return [claim.project for claim in STORE.claims(reading(path, Root(path.parent, "pixi")))]


@pytest.mark.parametrize(
    "manifest", [None, 3, "", "relative/pixi.toml", "/a\0b/pixi.toml", "/\ud800/x"]
)
def test_a_pointer_that_names_no_path(tmp_path: Path, manifest: object) -> None:
    path = pixi_prefix(tmp_path / "one", Path("/x/pixi.toml"))
    (path / "conda-meta" / "pixi").write_text(json.dumps({"manifest_path": manifest}))
    assert claimed(path) == []


@any_of(
    st.binary(max_size=300)
    | st.builds(
        lambda v: json.dumps(v).encode(),
        st.recursive(
            st.none() | st.text() | st.floats(),
            lambda v: st.dictionaries(st.just("manifest_path"), v),
        ),
    )
)
def test_any_pointer(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = pixi_prefix(tmp_path_factory.mktemp("any") / "one", Path("/x/pixi.toml"))
    (path / "conda-meta" / "pixi").write_bytes(content)
    found = reading(path, Root(path.parent, "conda"))
    assert environment(STORE, found).traits.kind == "pixi"
    assert all(project.is_absolute() for project in claimed(path))


def test_a_pointer_that_is_a_fifo_holds_nothing_up(home: Home) -> None:
    folder = detached(home, workspace(home), "default")
    pointer = folder / "default" / "conda-meta" / "pixi"
    pointer.unlink()
    os.mkfifo(pointer)
    (row,) = rows(home, records=False).values()
    assert row.environment.traits.kind == "pixi"
