"""prp is not on the package index: its environments are laid out as its source does."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import rows, venv
from tests.stores.places import made, reading
from venvdash.config import Config
from venvdash.model import EvidenceKind, Status
from venvdash.stores.prp import STORE
from venvdash.stores.roots import Layout, Root, RootOrigin
from venvdash.system.machine import Machine


def _created(home: Home, path: Path) -> Path:
    """Do what ``prp venv`` does, without pip: an environment whose ``home`` is its own bin."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    python = Path(sys.executable).resolve()
    for part in ("bin", "include", f"lib/python{version}/site-packages", "lib64"):
        (path / part).mkdir(parents=True)
    for name in ("python", "python3", f"python{version}"):
        (path / "bin" / name).symlink_to(python)
    (path / "pyvenv.cfg").write_text(
        f"home = {path / 'bin'}\ninclude-system-site-packages = false\n"
        f"version = {version}.{sys.version_info[2]}\nexecutable = {python}\n"
    )
    return path


def test_projects_nested_projects_and_tools(home: Home) -> None:
    store = home.path / ".local" / "share" / "prp"
    code = home.path / "code"
    (code / "mono" / "part").mkdir(parents=True)
    outer = _created(home, store / "code" / "mono" / ".venv")
    inner = _created(home, store / "code" / "mono" / "part" / ".venv")
    named = _created(home, store / "code" / "mono" / "py-old")
    whole = _created(home, store / ".venv")
    tool = _created(home, store / "venvs" / "black")
    gone = _created(home, store / "code" / "gone" / ".venv")
    (code / "gone").mkdir()
    (code / "gone").rmdir()
    ran = home.run(outer / "bin" / "python", "-c", "import sys; print(sys.prefix)").stdout
    assert ran.strip() == str(outer)
    told = {
        path: (row.environment.traits.kind, row.verdict.status, row.verdict.project)
        for path, row in rows(home).items()
    }
    assert told == {
        outer: ("prp", Status.LINKED, code / "mono"),
        inner: ("prp", Status.LINKED, code / "mono" / "part"),
        named: ("prp", Status.LINKED, code / "mono"),
        whole: ("prp", Status.LINKED, home.path),
        tool: ("prp-tool", Status.STANDALONE, None),
        gone: ("prp", Status.ORPHAN, code / "gone"),
    }


def test_a_project_that_moved_while_we_looked_is_found_again(home: Home) -> None:
    project = home.path / "code" / "webapp"
    project.mkdir(parents=True)
    (project / "pyproject.toml").write_text('[project]\nname = "webapp"\n')
    path = _created(home, home.path / ".local/share/prp/code/webapp/.venv")
    assert rows(home)[path].verdict.evidence is EvidenceKind.MIRROR
    shutil.move(project, home.path / "code" / "shop")
    verdict = rows(home)[path].verdict
    assert (verdict.status, verdict.place) == (Status.MOVED, home.path / "code" / "shop")


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize(("given", "expected"), [("", ".local/share"), ("/d", "/d"), ("d", None)])
def test_where_prp_keeps_them(home: Home, platform: str, given: str, expected: str | None) -> None:
    machine = Machine(home.path, {"XDG_DATA_HOME": given}, platform)
    (root,) = STORE.roots(machine, Config())
    assert root.path == home.path / (expected or ".local/share") / "prp"
    assert (root.layout, root.base) == (Layout.MIRRORED, home.path)
    assert root.why is (RootOrigin.VARIABLE if given == "/d" else RootOrigin.DEFAULT)


def test_tools_in_a_folder_of_their_own(home: Home) -> None:
    file = home.path / ".config" / "prp.toml"
    file.parent.mkdir()
    file.write_text(f'strategy = "central"\nexecutables-path = "{home.path / "tools"}"\n')
    tool = venv(home.path / "tools" / "ruff")
    row = rows(home)[tool]
    assert (row.environment.store, row.environment.traits.kind) == ("prp", "prp-tool")
    assert row.verdict.status is Status.STANDALONE
    root = list(STORE.roots(home.machine(), Config()))[1]
    assert (root.why, root.source) == (RootOrigin.CONFIG, str(file))


@pytest.mark.parametrize(
    "content",
    [b"", b"strategy = 'central'", b"executables-path = 1", b"executables-path = ''", b"\xff\xfe",
     b"executables-path = '/a\\u0000b", b'executables-path = "/a\\u0000b"', b"[" * 100_000,
     b"executables-path = '/x'\n#" + b" " * 300_000, ("a." * 5000 + "b = 1").encode()],
)  # fmt: skip
def test_other_settings_add_nothing(home: Home, content: bytes) -> None:
    file = home.path / "prp.toml"
    file.write_bytes(content)
    machine = home.machine(XDG_CONFIG_HOME=str(home.path))
    assert len(list(STORE.roots(machine, Config()))) == 1


def test_in_other_stores_nothing_is_its_own(home: Home) -> None:
    root = Root(home.path / "m", "configured", layout=Layout.MIRRORED, base=home.path)
    assert STORE.recognise(reading(made(root.path / "a" / ".venv"), root)) is None
    own = Root(home.path / "m", STORE.name, layout=Layout.MIRRORED, base=home.path)
    assert STORE.recognise(reading(made(home.path / "elsewhere"), own)) is None
    assert list(STORE.claims(reading(home.path / "elsewhere", own))) == []
