"""Against environments that the real uvlink keeps."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.freeing import freed, untouched_until_freed
from tests.realtools import Tool
from tests.scanner.usage.usage_tools import assert_nothing_is_the_users, usage_of
from tests.scenario import rows
from tests.stores.places import environment, made, reading
from venvdash.config import Config, ConfiguredStore
from venvdash.model import Environment, EvidenceKind, Location, Status, UserFiles
from venvdash.scanner.discovery import store_folders
from venvdash.stores.roots import Root, RootOrigin
from venvdash.stores.uvlink import STORE
from venvdash.system.machine import Machine


def _linked(home: Home, uvlink: Path, project: Path, *options: str | Path, kind: str = "") -> Path:
    """Make a project, link it with uvlink, fill its environment with uv, and return that."""
    project.mkdir(parents=True)
    home.run(uvlink, *options, "link", *([kind] if kind else []), cwd=project)
    home.uv("venv", "-q", "--allow-existing", kind or ".venv", cwd=project)
    return (project / (kind or ".venv")).resolve()


@pytest.fixture
def uvlink(tool: Tool) -> Path:
    """The program."""
    return tool("uvlink")


def test_what_uvlink_lists_is_listed(home: Home, uvlink: Path) -> None:
    code = home.path / "code"
    webapp = _linked(home, uvlink, code / "My-App_x")
    twice = _linked(home, uvlink, code / "lab", kind="venv")
    (code / "js").mkdir()
    home.run(uvlink, "link", "node_modules", cwd=code / "js")
    shown = rows(home)
    assert {path: row.verdict.project for path, row in shown.items()} == {
        webapp: code / "My-App_x",
        twice: code / "lab",
    }
    listed = home.run(uvlink, "ls", COLUMNS="300").stdout
    for path, row in shown.items():
        assert (row.environment.store, row.environment.traits.kind) == ("uvlink", "uvlink")
        assert row.environment.entry == path.parent
        assert row.verdict.status is Status.LINKED
        assert row.verdict.project
        assert row.environment.traits.name == row.verdict.project.name
        assert any(path.parent.name in line and "✅" in line for line in listed.splitlines())
    assert "node_modules" in listed
    for path in shown:
        assert_nothing_is_the_users(path.parent)
        assert usage_of(path.parent).user_files == UserFiles()


def test_a_moved_project_is_moved_and_a_deleted_one_an_orphan(home: Home, uvlink: Path) -> None:
    code = home.path / "code"
    moved = _linked(home, uvlink, code / "before")
    named = _linked(home, uvlink, code / "lab", kind="venv")
    gone = _linked(home, uvlink, code / "gone")
    (code / "before").rename(code / "after")
    (code / "lab").rename(code / "lab2")
    shutil.rmtree(code / "gone")
    shown = rows(home)
    assert shown[moved].verdict.status is Status.MOVED
    assert shown[moved].verdict.place == code / "after"
    assert shown[named].verdict.status is Status.MOVED
    assert shown[named].verdict.place == code / "lab2"
    assert shown[gone].verdict.status is Status.ORPHAN
    assert shown[gone].verdict.project == code / "gone"
    # uvlink itself calls all three unlinked, and would delete them.
    assert home.run(uvlink, "ls", COLUMNS="300").stdout.count("❌") == 3


def test_a_copy_is_disputed_and_a_renamed_one_is_not(home: Home, uvlink: Path) -> None:
    path = _linked(home, uvlink, home.path / "code" / "lab")
    copy = path.parent.with_name("copy-0123456789ab-.venv")
    shutil.copytree(path.parent, copy, symlinks=True)
    shown = rows(home, records=False)
    assert shown[copy / ".venv"].verdict.status is Status.DUPLICATE
    assert shown[path].verdict.status is Status.LINKED
    shutil.rmtree(path.parent)
    assert rows(home, records=False)[copy / ".venv"].verdict.status is Status.LINKED


def test_the_digest_proves_a_project_without_project_json(home: Home, uvlink: Path) -> None:
    project = home.path / "code" / "a_b.c"
    path = _linked(home, uvlink, project)
    (path.parent / "project.json").unlink()
    (project / ".venv").unlink()
    row = rows(home)[path]
    assert (row.verdict.status, row.verdict.evidence) == (Status.LINKED, EvidenceKind.HASH)
    found = row.environment
    assert STORE.fits(found, project)
    (home.path / "shortcut").symlink_to(project)
    assert STORE.fits(found, home.path / "shortcut")
    assert not STORE.fits(found, project.parent)
    assert found.traits.project_name == STORE.name_part("a_b.c") == "a_b.c"


def test_another_cache_root_is_found_through_links_and_by_configuration(
    home: Home, uvlink: Path
) -> None:
    path = _linked(home, uvlink, home.path / "code" / "lab", "--cache-root", home.path / "else")
    assert path.is_relative_to(home.path / "else")
    for config, location in (
        (Config(), Location.LINKED),
        (Config(stores=(ConfiguredStore("~/else"),)), Location.CENTRAL),
    ):
        row = rows(home, config)[path]
        assert (row.environment.traits.kind, row.verdict.status) == ("uvlink", Status.LINKED)
        assert (row.environment.entry, row.environment.location) == (path.parent, location)
        assert {claim.how for claim in row.verdict.claims} >= {
            EvidenceKind.POINTER,
            EvidenceKind.PROJECT_LINK,
        }


@pytest.mark.parametrize(("value", "expected"), [("{home}/d", "d"), ("~/d", "d"), ("d", "d")])
def test_where_uvlink_keeps_them(home: Home, uvlink: Path, value: str, expected: str) -> None:
    given = value.replace("{home}", str(home.path))
    (home.path / "p").mkdir()
    out = home.run(uvlink, "-p", home.path / "p", "link", "--dry-run", XDG_DATA_HOME=given).stdout
    (root,) = STORE.roots(home.machine(XDG_DATA_HOME=given), Config())
    assert root.path == home.path / expected / "uvlink" / "cache"
    # A relative folder is taken from where uvlink runs, as it is printed.
    assert str(root.path if os.path.isabs(given) or given[0] == "~" else given) in out
    assert (root.why, root.source) == (RootOrigin.VARIABLE, "XDG_DATA_HOME")


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_the_default_is_the_same_on_every_system(home: Home, platform: str) -> None:
    (root,) = STORE.roots(Machine(home.path, platform=platform), Config())
    assert root.path == home.path / ".local" / "share" / "uvlink" / "cache"
    assert root.why is RootOrigin.DEFAULT


def _entry(home: Home, content: bytes | None) -> tuple[Root, Path]:
    (root,) = STORE.roots(home.machine(), Config())
    path = made(root.path / "app-0123456789ab-.venv" / ".venv")
    if content is not None:
        (path.parent / "project.json").write_bytes(content)
    return root, path


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{", b"[]", b'{"project_dir": 1}', b'{"project_dir": "relative"}', b"\xff\xfe",
     b'{"project_dir": "/a\\u0000b"}', b"[" * 100_000, b'{"project_dir": "/a"}' + b" " * 70_000,
     b'{"project_dir": ' + b"9" * 5000 + b"}"],
)  # fmt: skip
def test_a_damaged_project_json_names_nothing(home: Home, content: bytes | None) -> None:
    root, path = _entry(home, content)
    found = reading(path, root)
    assert list(STORE.claims(found)) == []
    assert environment(STORE, found).traits.digest == "0123456789ab"


def test_what_lies_beside_an_environment_is_left(home: Home) -> None:
    root, path = _entry(home, json.dumps({"project_dir": "/srv/app"}).encode())
    assert STORE.entry(path, root) == path.parent
    (path.parent / "notes.txt").write_text("mine")
    assert STORE.entry(path, root) == path
    other = made(root.path / "app-0123456789ab-.venv" / "venv")
    assert STORE.recognise(reading(other, root)) is None
    assert STORE.entry(other, root) == other


def test_an_entry_that_is_a_link_is_only_unlinked(home: Home) -> None:
    root, path = _entry(home, None)
    entry = root.path / "b-0123456789ab-.venv"
    entry.mkdir()
    (entry / ".venv").symlink_to(path)
    assert STORE.entry(entry / ".venv", root) == entry / ".venv"
    (branch,) = [store_folders.resolve(root)]
    assert {one.entry for one in store_folders.entries(branch) if hasattr(one, "entry")} == {
        path.parent,
        entry / ".venv",
    }


def test_paths_that_no_project_can_have(home: Home) -> None:
    root, path = _entry(home, None)
    found: Environment = environment(STORE, reading(path, root))
    for odd in ("/a\0b", "/" + "x" * 5000, "/\udcff"):
        assert not STORE.fits(found, Path(odd))


def test_what_is_freed_is_not_in_uvlinks_list(home: Home, uvlink: Path) -> None:
    mine, other = (_linked(home, uvlink, home.path / "code" / name) for name in ("mine", "other"))
    untouched_until_freed(home, mine.parent, mine.parent.parent)
    assert freed(home, mine.parent) == ""
    assert list(mine.parent.parent.iterdir()) == [other.parent]
    listed = home.run(uvlink, "ls", COLUMNS="300").stdout
    assert (mine.parent.name in listed, other.parent.name in listed) == (False, True)
