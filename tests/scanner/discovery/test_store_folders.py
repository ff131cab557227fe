import os
from pathlib import Path

import pytest

from tests.conftest import Home
from venvdash.config import Config, ConfiguredStore
from venvdash.model import NotEnvironment
from venvdash.scanner.discovery import store_folders
from venvdash.stores.roots import Entry, Layout, Root


def found(root: Root) -> dict[str, Entry | NotEnvironment]:
    branch = store_folders.resolve(root)
    listed = {}
    for one in store_folders.entries(branch):
        path = one.path if isinstance(one, NotEnvironment) else one.prefix
        listed[os.path.relpath(path, branch.real)] = one
    return listed


def prefix(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "pyvenv.cfg").write_text("home = /usr/bin\n")
    return path


def test_a_flat_store_gives_directories_and_links_but_no_files(tmp_path: Path) -> None:
    prefix(tmp_path / "one")
    (tmp_path / "empty").mkdir()
    (tmp_path / "postactivate").write_text("#!/bin/sh\n")
    (tmp_path / "alias").symlink_to(tmp_path / "one")
    (tmp_path / ".venvdash-trash-1").mkdir()
    os.mkfifo(tmp_path / "pipe")
    listed = found(Root(tmp_path, "folders"))
    assert set(listed) == {"one", "empty", "alias", "pipe"}
    pipe = listed["pipe"]
    assert isinstance(pipe, NotEnvironment)
    assert pipe.reason == "is a FIFO, socket or device"


def test_names_that_are_not_utf8_are_kept(tmp_path: Path) -> None:
    os.mkdir(os.fsencode(tmp_path) + b"/\xff\xfe")
    assert [os.fsencode(name) for name in found(Root(tmp_path, "folders"))] == [b"\xff\xfe"]


def test_a_nested_store_is_entered_as_deep_as_it_says(tmp_path: Path) -> None:
    prefix(tmp_path / "direct")
    prefix(tmp_path / "outer" / "inner")
    (tmp_path / "junk" / "deeper").mkdir(parents=True)
    listed = found(Root(tmp_path, "uv", depth=2))
    assert set(listed) == {"direct", "outer/inner", "junk"}


def test_a_mirrored_store_is_walked_below_environments_too(tmp_path: Path) -> None:
    prefix(tmp_path / "code" / "api")
    (tmp_path / "code" / "api" / "lib").mkdir()
    prefix(tmp_path / "code" / "api" / "lib" / "not-a-project")
    prefix(tmp_path / "code" / "api" / "plugins" / "x" / ".venv")
    (tmp_path / "loop").symlink_to(tmp_path)
    listed = found(Root(tmp_path, "configured", layout=Layout.MIRRORED))
    assert set(listed) == {"code/api", "code/api/plugins/x/.venv"}


def test_a_mirrored_path_of_endless_depth_is_told_once(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 40)
    deep.mkdir(parents=True)
    (listed,) = found(Root(tmp_path, "configured", layout=Layout.MIRRORED)).values()
    assert isinstance(listed, NotEnvironment)
    assert "too deep" in listed.reason


def test_roots_that_are_no_directories(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert store_folders.resolve(Root(file, "folders")).problem == "is not a directory"
    assert not store_folders.resolve(Root(tmp_path / "none", "folders")).exists
    assert not store_folders.resolve(Root(file / "below", "folders")).exists
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert store_folders.resolve(Root(loop, "folders")).problem


def test_a_linked_root_is_the_directory_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert store_folders.resolve(Root(tmp_path / "link", "folders")).real == tmp_path / "real"


@pytest.mark.parametrize("layout", ["flat", "mirrored"])
def test_configured_stores_are_roots(home: Home, layout: str) -> None:
    config = Config(stores=(ConfiguredStore("~/mine", layout),))
    roots = [root for root in store_folders.roots(home.machine(), config) if root.why == "config"]
    assert [(root.path, root.layout.value) for root in roots] == [(home.path / "mine", layout)]


def test_the_root_of_the_file_system_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/")
    branch = store_folders.resolve(Root(tmp_path / "link", "configured"))
    assert branch.problem == "is the root of the file system"
