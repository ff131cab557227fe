"""conda's prefixes, laid out as its source says: conda is not on the package index."""

import os
from pathlib import Path

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from tests.conftest import Home
from tests.prefixes import conda_base, conda_prefix, site_packages
from tests.scenario import rows, venv
from tests.stores.places import given, paths, reading
from venvdash.config import Config
from venvdash.model import Status
from venvdash.scanner.discovery.store_folders import resolve
from venvdash.scanner.events import SkippedEntry
from venvdash.session import Session
from venvdash.stores._condarc import envs_dirs
from venvdash.stores.conda import STORE
from venvdash.stores.roots import Layout, Root, RootOrigin
from venvdash.system.machine import Machine


def register(home: Home, *lines: str | Path) -> Path:
    file = home.path / ".conda" / "environments.txt"
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in lines))
    return file


def conda_rows(home: Home) -> dict[Path, str]:
    """Return the kind of every environment that a listing shows."""
    found = rows(home, records=False).items()
    return {path: row.environment.traits.kind for path, row in found}


def not_environments(home: Home) -> dict[Path, str]:
    session = Session(home.machine(), Config(), records=False)
    events = session.scan(usage=False)
    return {e.what.path: e.what.reason for e in events if isinstance(e, SkippedEntry)}


def test_named_prefixed_and_registered_environments_once_each(home: Home) -> None:
    base = conda_base(home.path / "miniforge3")
    named = conda_prefix(base / "envs" / "data")
    own = conda_prefix(home.path / ".conda" / "envs" / "own", "r-base-4.4.1-h1", python=False)
    local = conda_prefix(home.path / "code" / "app" / ".venv")
    far = conda_prefix(home.path / "big" / "envs" / "gpu")
    register(home, base, named, own, local, far, home.path / "gone", "", "relative", "/a\0b")
    assert conda_rows(home) == dict.fromkeys([named, own, local, far], "conda")
    names = {path: row.name for path, row in rows(home, records=False).items()}
    assert names[local] == "app"  # of an environment in its project's directory
    assert not_environments(home) == {}


def test_it_is_named_and_never_has_a_sidecar(home: Home) -> None:
    path = conda_prefix(home.path / ".conda" / "envs" / "data")
    (row,) = rows(home).values()
    assert row.verdict.status is Status.STANDALONE
    assert not row.environment.traits.keeps_sidecar
    assert not row.environment.traits.tool
    assert not (path / "venvdash.toml").exists()


def test_the_projects_own_editable_install_proves_it(home: Home) -> None:
    project = home.path / "code" / "data"
    project.mkdir(parents=True)
    (project / "pyproject.toml").write_text('[project]\nname = "data"\nversion = "1"\n')
    path = conda_prefix(home.path / ".conda" / "envs" / "data")
    info = site_packages(path) / "data-1.dist-info"
    info.mkdir()
    (info / "direct_url.json").write_text(
        f'{{"url": "{project.as_uri()}", "dir_info": {{"editable": true}}}}'
    )
    (site_packages(path) / "__editable__.data-1.pth").write_text(f"{project}\n")
    (row,) = rows(home, records=False).values()
    assert (row.verdict.status, row.verdict.projects) == (Status.LINKED, (project,))


def test_an_install_is_not_a_new_environment_to_the_records(home: Home) -> None:
    path = conda_prefix(home.path / ".conda" / "envs" / "data")
    (before,) = rows(home).values()
    (path / "conda-meta" / "rich-14.0.0-0.json").write_text("{}")
    with (path / "conda-meta" / "history").open("a") as history:
        history.write("==> 2026-03-01 12:00:00 <==\n")
    (after,) = rows(home).values()
    assert before.record
    assert after.record
    assert after.record.identity == before.record.identity


def test_a_conda_prefix_in_anybodys_folder_and_a_venv_in_condas(home: Home) -> None:
    shared = conda_prefix(home.path / ".virtualenvs" / "data")
    plain = venv(home.path / ".conda" / "envs" / "plain")
    installed = conda_base(home.path / ".virtualenvs" / "conda")
    assert conda_rows(home) == {shared: "conda", plain: "venv"}
    assert not_environments(home)[installed].startswith("is a conda installation")


def test_what_conda_leaves_after_a_removal_is_told(home: Home) -> None:
    left = home.path / ".conda" / "envs" / "left"
    (left / "share").mkdir(parents=True)
    assert "pyvenv.cfg" in not_environments(home)[left]


def test_a_registered_installation_is_passed_over(home: Home) -> None:
    base = conda_base(home.path / "where" / "ever")
    register(home, base)
    (root,) = [r for r in STORE.roots(home.machine(), Config()) if r.layout is Layout.SINGLE]
    chosen = STORE.prefixes(root)
    assert chosen is not None
    assert list(chosen) == []
    assert resolve(root).exists


@pytest.mark.parametrize("name", ["CONDA_ENVS_DIRS", "CONDA_ENVS_PATH"])
def test_the_variables_name_several(home: Home, name: str) -> None:
    home = given(home, {name: "{home}/a:~/b:$HOME/c::"})
    found = [root for root in STORE.roots(home.machine(), Config()) if root.source == name]
    assert [root.path for root in found] == [home.path / letter for letter in "abc"]
    assert {root.why for root in found} == {RootOrigin.VARIABLE}


def test_installations(home: Home) -> None:
    for folder in ("miniconda3", ".local/share/mamba", "micromamba", "opt/conda", "m"):
        (home.path / folder / "envs").mkdir(parents=True)
    home = given(home, {"CONDA_EXE": "{home}/opt/conda/bin/conda", "MAMBA_ROOT_PREFIX": "{home}/m"})
    found = {root.path: root.source for root in STORE.roots(home.machine(), Config())}
    mine = {path: source for path, source in found.items() if path.is_relative_to(home.path)}
    assert mine == {
        home.path / "opt" / "conda" / "envs": "CONDA_EXE",
        home.path / "m" / "envs": "MAMBA_ROOT_PREFIX",
        home.path / "miniconda3" / "envs": "",
        home.path / "micromamba" / "envs": "",
        home.path / ".local" / "share" / "mamba" / "envs": "",
        home.path / ".conda" / "envs": "",
    }


@pytest.mark.parametrize(
    "text",
    [
        "envs_dirs:\n  - ~/a\n  - $HOME/b\n",
        "channels: [x]\nenvs_dirs:\n- ~/a   # mine\n\n# more\n- '~/b'\nother: 1\n- no\n",
        'envs_dirs: [~/a, "~/b"]\n',
        "envs_path:\r\n  - ~/a\r\n  - ~/b\r\n",
        "envs_dirs: # two\n  - ~/a\n  - ~/b\n",
    ],
)
@pytest.mark.parametrize("file", [".condarc", ".conda/condarc.d/mine.yml", ".mambarc"])
def test_condarc(home: Home, text: str, file: str) -> None:
    path = home.path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    found = [
        root for root in STORE.roots(home.machine(), Config()) if root.why is RootOrigin.CONFIG
    ]
    assert [root.path for root in found] == [home.path / "a", home.path / "b"]
    assert {root.source for root in found} == {str(path)}


@any_of(st.text())
def test_any_condarc_is_read_or_left(text: str) -> None:
    for found in (envs_dirs(text), envs_dirs(f"envs_dirs:{text}")):
        assert all(item and "\0" not in item for item in found)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe/x\n", b"/" * 300_000, b"\0" * 99, b"/x\r\n"])
def test_any_register(home: Home, content: bytes) -> None:
    file = register(home)
    file.write_bytes(content)
    conda_prefix(home.path / ".conda" / "envs" / "data")
    assert len(rows(home, records=False)) == 1


def test_a_register_that_is_a_fifo_holds_nothing_up(home: Home) -> None:
    file = register(home)
    file.unlink()
    os.mkfifo(file)
    assert rows(home, records=False) == {}


def test_other_systems(home: Home) -> None:
    variables = {"LOCALAPPDATA": str(home.path / "L"), "APPDATA": str(home.path / "R")}
    (home.path / "R" / "mamba" / "envs").mkdir(parents=True)
    windows = Machine(home.path, variables, platform="win32")
    assert [path for path in paths(STORE, windows) if path.is_relative_to(home.path)] == [
        home.path / "R" / "mamba" / "envs",
        home.path / ".conda" / "envs",
        home.path / "L" / "conda" / "conda" / "envs",
    ]
    assert home.path / ".conda" / "envs" in paths(STORE, Machine(home.path, platform="darwin"))


def test_a_venv_is_not_condas(tmp_path: Path) -> None:
    path = venv(tmp_path / "x")
    assert STORE.recognise(reading(path, Root(tmp_path, "conda"))) is None
    (path / "conda-meta").mkdir()
    assert STORE.recognise(reading(path, Root(tmp_path, "conda"))) is None
