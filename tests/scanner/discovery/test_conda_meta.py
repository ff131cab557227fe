"""Prefixes with a conda-meta in the place of a pyvenv.cfg."""

import os
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.prefixes import PYTHON, conda_base, conda_prefix, site_packages
from tests.scanner.discovery import inspecting
from tests.scenario import special_file
from tests.users import as_another_user, open_to_all
from venvdash.model import Flag
from venvdash.scanner.discovery.inspection import Inspected

look, read = partial(inspecting.look, store="conda"), partial(inspecting.read, store="conda")
why_not = partial(inspecting.why_not, store="conda")


def test_python_packages_and_times_come_from_conda_meta(tmp_path: Path) -> None:
    path = conda_prefix(tmp_path / "one", "libzlib-1.3.1-hb9d3cd8_2", "rich-14.0.0-pyh29332c3_0")
    (site_packages(path) / "rich-14.0.0.dist-info").mkdir()
    (site_packages(path) / "only_pip-1.0.dist-info").mkdir()
    environment = read(path).environment
    assert (environment.python, environment.implementation) == (PYTHON, "CPython")
    assert environment.base == path
    assert environment.creator == "conda 26.9.0"
    assert environment.created == datetime(2026, 1, 31, 12).timestamp()
    assert environment.changed == max(
        os.stat(path / "conda-meta").st_mtime,
        os.stat(path / "conda-meta" / "history").st_mtime,
        os.stat(site_packages(path)).st_mtime,
    )
    assert environment.flags == frozenset()
    assert [(p.name, p.version) for p in environment.packages] == [
        ("libzlib", "1.3.1"), ("python", PYTHON), ("rich", "14.0.0"), ("only_pip", "1.0"),
    ]  # fmt: skip


def test_it_is_broken_only_where_it_should_have_a_python(tmp_path: Path) -> None:
    for_r = read(conda_prefix(tmp_path / "r", "r-base-4.4.1-h1", python=False)).environment
    assert (for_r.python, for_r.implementation) == (None, None)
    assert Flag.BROKEN not in for_r.flags
    path = conda_prefix(tmp_path / "one")
    (path / "bin" / "python").unlink()
    assert Flag.BROKEN in read(path).environment.flags


def test_the_interpreter_lies_in_the_prefix_on_windows(tmp_path: Path) -> None:
    path = conda_prefix(tmp_path / "one", python=True)
    (path / "bin" / "python").rename(path / "python.exe")
    (path / "bin").rename(path / "Scripts")
    assert Flag.BROKEN not in read(path).environment.flags


def test_an_install_leaves_the_fingerprint_and_a_new_environment_does_not(tmp_path: Path) -> None:
    path = conda_prefix(tmp_path / "one")
    before = read(path).environment.fingerprint
    with (path / "conda-meta" / "history").open("a") as appended:
        appended.write("==> 2026-02-01 12:00:00 <==\n+rich\n")
    (path / "conda-meta" / "rich-14.0.0-0.json").write_text("{}")
    assert read(path).environment.fingerprint == before
    path.rename(tmp_path / "old")
    conda_prefix(path)
    history = path / "conda-meta" / "history"
    history.write_text(history.read_text().replace("2026", "2027"))
    after = read(path).environment.fingerprint
    assert after != before
    # Also where the file system gives the same inodes out again.
    assert replace(after, inode=before.inode, cfg_inode=before.cfg_inode) != before


def test_a_conda_installation_is_none_of_its_environments(tmp_path: Path) -> None:
    assert why_not(conda_base(tmp_path / "miniconda3")).startswith("is a conda installation")


@pytest.mark.parametrize("sort", ["file", "fifo", "link", "empty", "foreign"])
def test_a_conda_meta_that_is_none(tmp_path: Path, sort: str) -> None:
    meta = tmp_path / "x" / "conda-meta"
    meta.parent.mkdir()
    if sort == "file":
        meta.write_text("")
    elif sort == "fifo":
        os.mkfifo(meta)
    elif sort == "link":
        meta.symlink_to(conda_prefix(tmp_path / "y") / "conda-meta")
    else:
        meta.mkdir()
        if sort == "foreign":
            (meta / "notes.txt").write_text("")
    assert "conda-meta" in why_not(tmp_path / "x")


@pytest.mark.parametrize("sort", ["fifo", "link", "directory", "huge", "missing"])
def test_a_history_that_cannot_be_read_takes_nothing_else_away(tmp_path: Path, sort: str) -> None:
    path = conda_prefix(tmp_path / "one")
    history = path / "conda-meta" / "history"
    if sort == "huge":
        os.truncate(history, 1 << 33)
    else:
        history.unlink()
    assert special_file(history, sort) == (sort not in ("huge", "missing"))
    environment = read(path).environment
    assert environment.python == PYTHON
    assert (environment.creator is not None) == (sort == "huge")


@given(st.binary(max_size=200))
def test_any_history_and_any_record_names(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = conda_prefix(tmp_path_factory.mktemp("any") / "one")
    (path / "conda-meta" / "history").write_bytes(content)
    name = content.replace(b"/", b"").replace(b"\0", b"")[:100]
    with open(os.fsencode(path / "conda-meta") + b"/" + name + b".json", "wb"):
        pass
    assert isinstance(look(path), Inspected)


@given(st.from_regex(r"==> \d{4}-\d\d-\d\d \d\d:\d\d:\d\d <==", fullmatch=True))
def test_any_first_date(tmp_path_factory: pytest.TempPathFactory, line: str) -> None:
    path = conda_prefix(tmp_path_factory.mktemp("any") / "one")
    (path / "conda-meta" / "history").write_text(line + "\n")
    environment = read(path).environment
    assert environment.created is not None
    assert environment.changed is not None
    assert environment.created <= environment.changed
    assert abs(environment.fingerprint.cfg_mtime_ns) < 1 << 62


def test_another_users_that_may_not_be_read(tmp_path: Path) -> None:
    path = conda_prefix(tmp_path / "one")
    (path / "conda-meta").chmod(0)
    open_to_all(tmp_path)
    (path / "conda-meta").chmod(0)
    reason = as_another_user(lambda: why_not(path))
    assert reason == "cannot be read: permission denied"
