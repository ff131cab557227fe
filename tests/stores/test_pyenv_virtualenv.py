"""Against environments that real pyenv-virtualenv makes in a PYENV_ROOT of the test's own."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from tests.conftest import Home, home_in
from tests.freeing import freed, untouched_until_freed
from tests.scenario import rows
from tests.stores.places import given, made, paths, reading
from venvdash.config import Config
from venvdash.model import EvidenceKind, Flag, Status
from venvdash.stores.pyenv_virtualenv import STORE
from venvdash.stores.roots import Root, RootOrigin
from venvdash.system.machine import Machine

_VERSION = "3.11.7"


def _installation() -> Path:
    """Return the machine's pyenv with the plugin; skips by name where there is none."""
    given_root = os.environ.get("PYENV_ROOT") or str(Path.home() / ".pyenv")
    root = Path(given_root)
    if not (root / "plugins" / "pyenv-virtualenv" / "bin" / "pyenv-virtualenv").exists():
        pytest.skip("needs pyenv with pyenv-virtualenv, which is not on this machine")
    return root


def interpreter(versions: Path, version: str = _VERSION) -> Path:
    """Put this interpreter among pyenv's, in a directory of its own."""
    folder = versions / version / "bin"
    folder.mkdir(parents=True)
    for name in ("python", "python3", "python{}.{}".format(*sys.version_info[:2])):
        (folder / name).symlink_to(Path(sys.executable).resolve())
    return folder.parent


@pytest.fixture(scope="module")
def pyenv(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A HOME whose pyenv has two interpreters and an environment, ``web``."""
    home = pyenv_in(home_in(tmp_path_factory.mktemp("pyenv")))
    home.run("pyenv", "virtualenv", "--without-pip", _VERSION, "web")
    return home


def pyenv_in(home: Home) -> Home:
    """Return a HOME with this machine's pyenv on its PATH, and two interpreters in its own."""
    installed = _installation()
    root = home.path / ".pyenv"
    for version in (_VERSION, "3.12.1"):
        interpreter(root / "versions", version)
    (root / "plugins").symlink_to(installed / "plugins")
    plugin = installed / "plugins" / "pyenv-virtualenv" / "bin"
    path = f"{installed / 'bin'}:{plugin}:{home.variables['PATH']}"
    variables = home.variables | {"PYENV_ROOT": str(root), "PATH": path}
    return replace(home, variables=variables)


def versions(home: Home) -> Path:
    return home.path / ".pyenv" / "versions"


def test_directory_and_alias_are_one_environment_and_interpreters_none(pyenv: Home) -> None:
    seen = rows(pyenv, records=False)
    real = versions(pyenv) / _VERSION / "envs" / "web"
    assert (versions(pyenv) / "web").resolve() == real
    assert list(seen) == [real]
    environment = seen[real].environment
    assert (environment.traits.kind, environment.traits.name) == ("pyenv-virtualenv", "web")
    assert Flag.ALIAS not in environment.flags
    assert environment.made_at == real
    assert seen[real].verdict.status is Status.STANDALONE
    bare = pyenv.run("pyenv", "virtualenvs", "--bare", "--skip-aliases").stdout.split()
    assert bare == [f"{_VERSION}/envs/web"]


@pytest.mark.parametrize("text", ["web\n", f"{_VERSION}/envs/web", "# mine\r\nweb  3.12.1\r\n"])
def test_a_project_that_names_it_owns_it(pyenv: Home, tmp_path: Path, text: str) -> None:
    project = pyenv.path / "code" / "app"
    project.mkdir(parents=True, exist_ok=True)
    (project / "pyproject.toml").write_text('[project]\nname = "app"\nversion = "1"\n')
    (project / ".python-version").write_bytes(text.encode())
    (row,) = rows(pyenv, records=False).values()
    assert row.verdict.status is Status.LINKED
    assert row.verdict.projects == (project,)
    assert row.verdict.evidence is EvidenceKind.PROJECT_LINK
    # pyenv itself understands the file in the same way
    prefix = pyenv.run("pyenv", "prefix", cwd=project).stdout.strip()
    assert Path(prefix).resolve() == row.path


def test_the_tools_delete_takes_both(pyenv: Home) -> None:
    pyenv.run("pyenv", "virtualenv", "--without-pip", "3.12.1", "short-lived")
    assert len(rows(pyenv, records=False)) == 2
    pyenv.run("pyenv", "virtualenv-delete", "-f", "short-lived")
    assert [path.name for path in rows(pyenv, records=False)] == ["web"]
    assert not (versions(pyenv) / "short-lived").is_symlink()


def test_an_environment_beside_the_interpreters(home: Home) -> None:
    folder = home.path / ".pyenv" / "versions"
    interpreter(folder)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "old"], check=True)
    (folder / "elsewhere").symlink_to(made(home.path / "venv-of-mine"))
    (folder / "same").symlink_to(_VERSION)
    (folder / "broken").symlink_to("nothing")
    (folder / "file").write_text("")
    root = Root(folder, STORE.name)
    assert [path.name for path in STORE.prefixes(root)] == ["elsewhere", "old"]
    (row,) = [row for row in rows(home, records=False).values() if row.path.name == "old"]
    assert row.environment.traits.kind == "pyenv-virtualenv"


def test_an_interpreter_that_is_a_link_keeps_its_environments_where_it_leads(home: Home) -> None:
    folder = home.path / ".pyenv" / "versions"
    elsewhere = interpreter(home.path / "opt")
    folder.mkdir(parents=True)
    (folder / _VERSION).symlink_to(elsewhere)
    (folder / "3.11").symlink_to(elsewhere)
    env = made(elsewhere / "envs" / "web")
    (folder / "web").symlink_to(folder / _VERSION / "envs" / "web")
    assert list(STORE.prefixes(Root(folder, STORE.name))) == [env]


def test_root(home: Home) -> None:
    assert paths(STORE, home.machine()) == [home.path / ".pyenv" / "versions"]
    home = given(home, {"PYENV_ROOT": "{home}/py"})
    (root,) = STORE.roots(home.machine(), Config())
    assert (root.path, root.why) == (home.path / "py" / "versions", RootOrigin.VARIABLE)
    assert paths(STORE, Machine(home.path, platform="darwin")) == [
        home.path / ".pyenv" / "versions"
    ]


def test_only_what_has_a_pyvenv_cfg_below_its_root_is_recognised(tmp_path: Path) -> None:
    path = made(tmp_path / "x")
    assert STORE.recognise(reading(path, Root(tmp_path, "folders"))) is None
    assert STORE.recognise(reading(path, Root(tmp_path, STORE.name))) is not None
    shutil.rmtree(path)
    (path / "conda-meta").mkdir(parents=True)
    assert STORE.recognise(reading(path, Root(tmp_path, STORE.name))) is None


@any_of(st.text())
def test_any_python_version_file_leads_nowhere_outside(text: str) -> None:
    root = Root(Path("/no/such/versions"), STORE.name)
    for path in STORE.pointer_targets(Path("/p/.python-version"), text, [root]):
        assert path.is_relative_to(root.path)


@pytest.mark.parametrize("text", ["..", "../x", "/etc", "a/../../b", "# web", "", "\n\n", "a\0b"])
def test_what_pyenv_refuses(text: str) -> None:
    root = Root(Path("/no/such/versions"), STORE.name)
    assert list(STORE.pointer_targets(Path("/p/.python-version"), text, [root])) == []


def test_what_is_freed_leaves_no_alias(pyenv: Home) -> None:
    for name in ("mine", "other"):
        pyenv.run("pyenv", "virtualenv", "--without-pip", _VERSION, name)
    mine, other = (versions(pyenv) / _VERSION / "envs" / name for name in ("mine", "other"))
    (versions(pyenv) / "elsewhere").symlink_to(other)
    untouched_until_freed(pyenv, mine, versions(pyenv))
    assert freed(pyenv, mine) == ""
    bare = pyenv.run("pyenv", "virtualenvs", "--bare").stdout.split()
    assert not [line for line in bare if "mine" in line]
    assert {"other", f"{_VERSION}/envs/other"} <= set(bare)
    assert not (versions(pyenv) / "mine").is_symlink()
    assert (versions(pyenv) / "other").resolve() == other
