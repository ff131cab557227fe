import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scanner.discovery.inspecting import read, why_not
from tests.scenario import special_file
from tests.users import as_another_user, open_to_all
from venvdash.model import EvidenceKind, Flag
from venvdash.scanner.discovery.editable_installs import file_url_path
from venvdash.scanner.discovery.site_packages import read_site


def venv(path: Path, *options: str) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", *options, path], check=True)
    return path


def minimal(path: Path, cfg: bytes = b"home = /usr/bin\nversion = 3.12.1\n") -> Path:
    (path / "bin").mkdir(parents=True)
    (path / "pyvenv.cfg").write_bytes(cfg)
    return path


def test_an_environment_of_the_standard_library(tmp_path: Path) -> None:
    environment = read(venv(tmp_path / "with space")).environment
    assert environment.python == ".".join(map(str, sys.version_info[:3]))
    assert environment.implementation == "CPython"
    assert environment.made_at == tmp_path / "with space"
    assert environment.creator == "venv"
    assert environment.flags == frozenset()


def test_an_environment_of_uv(home: Home, pythons: list[Path]) -> None:
    home.uv("venv", "-q", "--python", pythons[0], "--prompt", "hello", home.path / "one")
    environment = read(home.path / "one").environment
    assert (environment.prompt, environment.implementation) == ("hello", "CPython")
    assert environment.creator
    assert environment.creator.startswith("uv ")


def test_nothing_in_it_is_run_and_no_trace_of_use_is_left(tmp_path: Path) -> None:
    path = venv(tmp_path / "one")
    canary = tmp_path / "canary"
    (path / "bin" / "python").unlink()
    (path / "bin" / "python").write_text(f"#!/bin/sh\ntouch {canary}\n")
    (path / "bin" / "python").chmod(0o755)
    os.utime(path / "pyvenv.cfg", (1_000_000_000, 1_700_000_000))
    used = read(path).environment.used
    read(path)
    assert not canary.exists()
    assert os.stat(path / "pyvenv.cfg").st_atime == 1_000_000_000
    assert used == read(path).environment.used


@pytest.mark.parametrize(
    ("cfg", "reason"),
    [
        (b"", "its pyvenv.cfg names no interpreter (`home`)"),
        (b"home = relative\n", "its pyvenv.cfg names no interpreter (`home`)"),
        (b"home = /usr\0/bin\n", "its pyvenv.cfg names no interpreter (`home`)"),
        (b"\xff\xfe\0\0" * 50, "its pyvenv.cfg names no interpreter (`home`)"),
        (b"home = /usr/bin\n" * 9999, "its pyvenv.cfg is larger than 64 KiB"),
    ],
)
def test_a_pyvenv_cfg_that_is_none(tmp_path: Path, cfg: bytes, reason: str) -> None:
    assert why_not(minimal(tmp_path / "x", cfg)) == reason


def test_a_pyvenv_cfg_of_200_megabytes_is_not_read(tmp_path: Path) -> None:
    path = minimal(tmp_path / "x")
    os.truncate(path / "pyvenv.cfg", 200 * 1024 * 1024)
    assert "larger than" in why_not(path)


@pytest.mark.parametrize("sort", ["fifo", "link", "directory"])
def test_a_pyvenv_cfg_that_is_no_file(tmp_path: Path, sort: str) -> None:
    path = minimal(tmp_path / "x")
    cfg = path / "pyvenv.cfg"
    cfg.unlink()
    assert special_file(cfg, sort)
    assert why_not(path)


def test_directories_that_are_no_environments(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "data.txt").write_text("mine")
    left = minimal(tmp_path / "left")
    (left / "pyvenv.cfg").unlink()
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "data.txt").write_text("mine")
    (foreign / "pyvenv.cfg").write_text("home = /usr/bin\n")
    assert why_not(tmp_path / "empty") == "is empty"
    assert why_not(tmp_path / "data") == "contains no pyvenv.cfg"
    assert "the remains of an environment" in why_not(left)
    assert "neither bin nor lib" in why_not(foreign)
    assert why_not(tmp_path / "gone") == "cannot be read: no such file or directory"


def test_a_directory_that_another_user_may_not_read(tmp_path: Path) -> None:
    path = minimal(tmp_path / "x")
    path.chmod(0)
    open_to_all(tmp_path)
    assert as_another_user(lambda: why_not(path)) == "cannot be read: permission denied"


def test_a_gone_interpreter_is_broken(tmp_path: Path) -> None:
    path = venv(tmp_path / "x")
    cfg = (path / "pyvenv.cfg").read_text()
    (path / "bin" / "python").unlink()
    assert Flag.BROKEN in read(path).environment.flags
    (path / "bin" / "python").symlink_to("python")
    assert Flag.BROKEN in read(path).environment.flags
    (path / "bin" / "python").unlink()
    (path / "bin" / "python").symlink_to(sys.executable)
    assert Flag.BROKEN not in read(path).environment.flags
    (path / "pyvenv.cfg").write_text(cfg.replace("home = /", "home = /gone/"))
    assert Flag.BROKEN in read(path).environment.flags


def test_an_alias_is_the_link_and_knows_where_it_leads(tmp_path: Path) -> None:
    venv(tmp_path / "code" / "api" / ".venv")
    store = tmp_path / "store"
    store.mkdir()
    (store / "api").symlink_to("../code/api/.venv")
    (store / "gone").symlink_to("../code/nothing")
    inspected = read(store / "api")
    assert inspected.environment.path == store / "api"
    assert inspected.environment.target == tmp_path / "code" / "api" / ".venv"
    assert Flag.ALIAS in inspected.environment.flags
    assert [(c.project, c.how) for c in inspected.claims] == [
        (tmp_path / "code" / "api", EvidenceKind.POINTER)
    ]
    assert why_not(store / "gone") == "is a broken link to ../code/nothing"


def site(tmp_path: Path) -> Path:
    path = tmp_path / "site-packages"
    path.mkdir()
    for info in ("rich-14.0.dist-info", "my_app-1.0.dist-info", "old-2.0-py3.11.egg-info"):
        (path / info).mkdir()
    return path


def test_packages_come_from_names(tmp_path: Path) -> None:
    packages = read_site(str(site(tmp_path))).packages
    assert {(p.name, p.version) for p in packages} == {
        ("rich", "14.0"), ("my_app", "1.0"), ("old", "2.0"),
    }  # fmt: skip


@pytest.mark.parametrize("pth", ["my_app.pth", "_editable_impl_my_app.pth",
                                 "__editable__.my_app-1.0.pth", "_my_app.pth"])  # fmt: skip
def test_an_editable_install_is_found_by_its_url(tmp_path: Path, pth: str) -> None:
    path = site(tmp_path)
    (path / pth).write_text("/work/my app/src\n")
    (path / "my_app-1.0.dist-info" / "direct_url.json").write_text(
        '{"url": "file:///work/my%20app", "dir_info": {"editable": true}}'
    )
    (editable,) = read_site(str(path)).editables
    assert (editable.name, editable.source) == ("my_app", Path("/work/my app"))


def test_a_path_file_without_a_url_names_its_directory(tmp_path: Path) -> None:
    path = site(tmp_path)
    (path / "my_app.pth").write_text("import evil\n/work/app/src\nrelative\n")
    (editable,) = read_site(str(path)).editables
    assert (editable.name, editable.source) == ("my_app", Path("/work/app"))


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[" * 100_000, b'{"url": 3}', b'{"url": "file:///a%00b"}', b"\xff", b"null",
     b'{"url": "file://[bad"}', b'{"url": "file:///x", "dir_info": []}'],
)  # fmt: skip
def test_a_hostile_direct_url_is_no_claim(tmp_path: Path, content: bytes) -> None:
    path = site(tmp_path)
    (path / "my_app.pth").write_text("import x\n")
    (path / "my_app-1.0.dist-info" / "direct_url.json").write_bytes(content)
    assert read_site(str(path)).editables == ()


def test_only_local_file_urls_are_paths() -> None:
    assert file_url_path("file:///a/%C3%A4") == "/a/ä"
    assert file_url_path("file://localhost/a") == "/a"
    for url in ("file://server/a", "https://x/a", "file:relative", "", "file:///a%00"):
        assert file_url_path(url) is None
