"""Editable installs, made by the build backends themselves from the package index."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.test_list import run
from tests.conftest import Home
from tests.realtools import Uv
from tests.scenario import rows
from venvdash.model import Direction, EvidenceKind, Status
from venvdash.scanner.discovery.editable_installs import Editable
from venvdash.scanner.discovery.inspection import Inspected, inspect
from venvdash.scanner.discovery.site_packages import origins, read_site
from venvdash.stores.roots import Entry, Root


@dataclass(frozen=True)
class Backend:
    """How a project is built: what is required, the backend, and where its package lies."""

    requires: str
    module: str
    folder: str = "src"
    options: tuple[str, ...] = ()


_SETUPTOOLS = "setuptools==80.9.0", "setuptools.build_meta"
BACKENDS = {
    "uv_build": Backend("uv_build==0.8.0", "uv_build"),
    "hatchling": Backend("hatchling==1.27.0", "hatchling.build"),
    "hatchling-flat": Backend("hatchling==1.27.0", "hatchling.build", "."),
    "poetry-core": Backend("poetry-core==2.1.3", "poetry.core.masonry.api"),
    "setuptools": Backend(*_SETUPTOOLS),
    "setuptools-finder": Backend(*_SETUPTOOLS, "."),
    "setuptools-strict": Backend(*_SETUPTOOLS, "src", ("editable_mode=strict",)),
    "setuptools-compat": Backend(*_SETUPTOOLS, ".", ("editable_mode=compat",)),
    "flit": Backend("flit_core==3.12.0", "flit_core.buildapi"),
    "pdm-backend": Backend("pdm-backend==2.4.5", "pdm.backend"),
}


def project(home: Home, backend: Backend) -> Path:
    """Write the project ``my-app`` for a backend."""
    path = home.path / "code" / "my app"
    package = path / backend.folder / "my_app"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('"""An app."""\n')
    (path / "pyproject.toml").write_text(
        '[project]\nname = "my-app"\nversion = "1.0"\ndescription = "x"\n'
        f'[build-system]\nrequires = ["{backend.requires}"]\nbuild-backend = "{backend.module}"\n'
    )
    return path


def environment(home: Home, name: str = "my-app") -> Path:
    path = home.path / ".venvs" / name
    home.uv("venv", "-q", "--python", sys.executable, path)
    return path


def installed(home: Home, uv: Uv, source: Path, *options: str) -> Path:
    """Install a project in editable mode into a new environment, and see that it works."""
    path = environment(home)
    python = path / "bin" / "python"
    settings = [word for option in options for word in ("--config-setting", option)]
    uv("pip", "install", "-q", "--no-deps", "--python", python, *settings, "--editable", source)
    home.run(python, "-c", "import my_app")
    return path


def inspected(path: Path) -> Inspected:
    found = inspect(Entry(path, path), Root(path.parent, "folders"), os.getuid())
    assert isinstance(found, Inspected)
    return found


def claimed(path: Path) -> list[tuple[EvidenceKind, Path, Direction]]:
    return [(c.how, c.project, c.direction) for c in inspected(path).claims]


def site(path: Path) -> Path:
    (found,) = path.glob("lib/*/site-packages")
    return found


@pytest.mark.parametrize("name", BACKENDS)
def test_every_backend_names_the_project(home: Home, uv_index: Uv, name: str) -> None:
    backend = BACKENDS[name]
    source = project(home, backend)
    path = installed(home, uv_index, source, *backend.options)
    own = [(EvidenceKind.EDITABLE, source, Direction.ENVIRONMENT)]
    assert claimed(path) == own
    (package,) = (p for p in inspected(path).environment.packages if p.name == "my_app")
    assert (package.version, package.editable) == ("1.0", True)
    assert package.origin
    assert package.origin.endswith("/my%20app")
    other = path.rename(path.with_name("tools"))
    assert claimed(other) == [(EvidenceKind.MENTION, source, Direction.ENVIRONMENT)]
    # Where the metadata says nothing, what puts the sources on the path still does.
    (url,) = site(other).glob("*.dist-info/direct_url.json")
    url.unlink()
    assert claimed(other.rename(path)) == own


def test_a_project_that_is_gone_is_still_named(home: Home, uv_index: Uv) -> None:
    source = project(home, BACKENDS["setuptools-finder"])
    path = installed(home, uv_index, source)
    shutil.rmtree(source)
    assert claimed(path) == [(EvidenceKind.EDITABLE, source, Direction.ENVIRONMENT)]


def test_setup_py_develop(home: Home, uv_index: Uv) -> None:
    source = project(home, BACKENDS["setuptools"])
    (source / "pyproject.toml").unlink()
    (source / "setup.py").write_text(
        "from setuptools import setup\n"
        'setup(name="my-app", version="1.0", package_dir={"": "src"}, packages=["my_app"])\n'
    )
    path = environment(home)
    python = path / "bin" / "python"
    uv_index("pip", "install", "-q", "--python", python, "setuptools==69.5.1")
    home.run(python, "setup.py", "-q", "develop", "--no-deps", cwd=source)
    home.run(python, "-c", "import my_app")
    assert claimed(path) == [(EvidenceKind.EDITABLE, source, Direction.ENVIRONMENT)]
    packages = {p.name: (p.version, p.editable) for p in inspected(path).environment.packages}
    assert packages == {"my-app": ("1.0", True), "setuptools": ("69.5.1", False)}


def test_flit_with_symbolic_links(home: Home, uv_index: Uv) -> None:
    source = project(home, BACKENDS["flit"])
    path = environment(home)
    python = path / "bin" / "python"
    uv_index("pip", "install", "-q", "--python", python, "flit==3.12.0")
    flit: list[str | Path] = [
        "-m",
        "flit",
        "-f",
        source / "pyproject.toml",
        "install",
        "--symlink",
        "--deps=none",
    ]
    home.run(python, *flit, FLIT_ROOT_INSTALL="1")
    assert (site(path) / "my_app").is_symlink()
    assert claimed(path) == [(EvidenceKind.EDITABLE, source, Direction.ENVIRONMENT)]
    other = path.rename(path.with_name("tools"))
    assert claimed(other) == [(EvidenceKind.MENTION, source, Direction.ENVIRONMENT)]


def test_maturin_leaves_nothing_but_its_metadata(home: Home, uv_index: Uv) -> None:
    if shutil.which("cargo") is None:
        pytest.skip("needs cargo")
    source = project(home, Backend("maturin==1.9.6", "maturin"))
    toml = source / "pyproject.toml"
    toml.write_text(toml.read_text() + '[tool.maturin]\nbindings = "bin"\n')
    (source / "Cargo.toml").write_text('[package]\nname = "my-app"\nversion = "1.0.0"\n')
    (source / "src" / "main.rs").write_text("fn main() {}\n")
    path = environment(home)
    python = path / "bin" / "python"
    uv_index("pip", "install", "-q", "--python", python, "--editable", source)
    assert claimed(path) == [(EvidenceKind.EDITABLE, source, Direction.ENVIRONMENT)]


def test_what_is_installed_as_a_copy_is_no_editable(home: Home, uv_index: Uv) -> None:
    source = project(home, BACKENDS["flit"])
    path = environment(home)
    uv_index("pip", "install", "-q", "--python", path / "bin" / "python", source)
    assert claimed(path) == []
    (package,) = origins(str(site(path)))
    assert (package.name, package.editable) == ("my_app", False)
    assert package.origin


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.egg-link", b""),
        ("x.egg-link", b"relative\n."),
        ("x.egg-link", b"/a\0b\n."),
        ("x.egg-link", b"/" * 100_000),
        ("__editable__.x-1.pth", b"import __editable___x_1_finder; x.install()"),
        ("x.pth", b"\xff\xfe\n\x00/\n"),
    ],
)
def test_damaged_traces_name_nothing(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "__editable___x_1_finder.py").write_bytes(b"MAPPING: dict = {'x': 'y'" * 3000)
    assert read_site(str(tmp_path)).editables == ()


def test_a_finder_is_read_and_not_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    (tmp_path / "__editable__.x-1.pth").write_text("import __editable___x_1_finder; 1")
    finder = tmp_path / "__editable___x_1_finder.py"
    finder.write_text(f"open({str(canary)!r}, 'w')\nMAPPING = {{'x': '/no/such/src/x'}}\n")
    (found,) = read_site(str(tmp_path)).editables
    assert found == Editable(None, Path("/no/such"), tmp_path / "__editable__.x-1.pth")
    assert not canary.exists()


def test_an_egg_link_without_its_metadata(tmp_path: Path) -> None:
    (tmp_path / "my-app.egg-link").write_text("/no/such/src\n../")
    found = read_site(str(tmp_path))
    assert found.editables == (Editable("my-app", Path("/no/such"), tmp_path / "my-app.egg-link"),)
    assert [(p.name, p.version, p.origin) for p in found.packages] == [
        ("my-app", "", "file:///no/such")
    ]


@pytest.mark.parametrize("name", ["my-app", "tools"])
def test_every_project_that_shares_an_environment_is_shown(
    home: Home, uv_index: Uv, name: str
) -> None:
    first = project(home, BACKENDS["flit"])
    second = first.with_name("other")
    shutil.copytree(first, second)
    toml = (second / "pyproject.toml").read_text()
    (second / "pyproject.toml").write_text(toml.replace("my-app", "other"))
    (second / "src" / "my_app").rename(second / "src" / "other")
    path = environment(home, name)
    uv_index("pip", "install", "-q", "--no-deps", "--python", path, "-e", first, "-e", second)
    found = rows(home)[path].verdict
    assert (found.status, set(found.projects)) == (Status.LINKED, {first, second})
    assert str(second) in found.reason
    assert f"/{first.name} +1\n" in run(home, "list", "--no-usage").stdout
    shutil.rmtree(first)
    found = rows(home)[path].verdict
    assert found.status is (Status.LINKED if name == "my-app" else Status.STANDALONE)
