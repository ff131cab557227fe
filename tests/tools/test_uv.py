"""In uv's projects, with its preview feature on and off, against ``uv sync --dry-run``."""

import json
import platform
import shutil
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.conftest import Home
from tests.tools.asking import add_member, path_in, why_none
from venvdash.config import Config
from venvdash.scanner.projects import workspaces
from venvdash.stores._interpreters import patch_version_of
from venvdash.stores.uv import STORE
from venvdash.system.files import real

ON = {"UV_PREVIEW_FEATURES": "centralized-project-envs"}
OFF: dict[str, str] = {}
FEATURE = 'preview-features = ["centralized-project-envs"]\n'
PYPROJECT = '[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.10"\n'
OFFLINE = {"UV_OFFLINE": "1", "UV_PYTHON_DOWNLOADS": "never"}


class Uv:
    """uv as the user of one HOME runs it, with two Pythons on PATH, the first one first."""

    def __init__(self, home: Home, pythons: tuple[Path, Path]) -> None:
        self.home, self.pythons = home, pythons
        self.paths = [str(python.parent) for python in pythons]
        self.created: Path | None = None  # what we said last that uv would create

    def variables(self, first: int = 0) -> dict[str, str]:
        folders = self.paths if first == 0 else self.paths[::-1]
        return {"PATH": ":".join([*folders, "/usr/bin", "/bin"])}

    def run(self, project: Path, *arguments: str | Path, **variables: str) -> str:
        every = self.variables() | OFFLINE | variables
        return self.home.run(find_uv_bin(), *arguments, cwd=project, check=True, **every).stdout

    def project(self, name: str) -> Path:
        path = self.home.path / "code" / name
        path.mkdir(parents=True)
        (path / "pyproject.toml").write_text(PYPROJECT)
        self.run(path, "lock", "-q")
        return path

    def answer(self, project: Path, **variables: str) -> tuple[Path, bool]:
        """Return the environment of a sync, and whether it would be used as it is."""
        words = ("sync", "--dry-run", "--output-format", "json")
        found = json.loads(self.run(project, *words, **variables))["sync"]
        return Path(found["environment"]["path"]), found["action"] == "check"

    def agrees(self, project: Path, **variables: str) -> Path | None:
        """Return the environment that uv would use as it is, which has to be our answer as well.

        Where uv would create one, ours is that path, or none where it is not sure.
        """
        given = self.variables() | variables
        answer, kept = self.answer(project, **given)
        assert path_in(self.home, project, **given) == (real(answer) if kept else None)
        if not kept:
            use = STORE.use(
                workspaces.root_of(project) or project,
                self.home.machine(project, **given),
                Config(),
            )
            assert use.environment in (answer, None)
            self.created = use.environment
        return real(answer) if kept else None


@pytest.fixture(scope="module")
def uv(module_home: Home, two_pythons: tuple[Path, Path]) -> Uv:
    return Uv(module_home, two_pythons)


@pytest.fixture(scope="module")
def central(uv: Uv) -> tuple[Path, dict[str, Path]]:
    """A project with two environments in uv's cache, by the Python's minor version."""
    project = uv.project("both")
    found = {}
    for python in uv.pythons:
        uv.run(project, "sync", "-q", "-p", python, **ON)
        found[str(python)] = (project / ".venv").resolve()
    assert len(set(found.values())) == 2
    return project, found


@pytest.mark.slow
def test_the_venv_link_tells_which_python(uv: Uv, central: tuple[Path, dict[str, Path]]) -> None:
    project, environments = central
    for environment in environments.values():
        (project / ".venv").unlink()
        (project / ".venv").symlink_to(environment)
        assert uv.agrees(project, **ON) == uv.agrees(project, **OFF) == environment
        (project / ".venv").unlink()
        (project / ".venv").write_text(str(environment))
        assert uv.agrees(project, **ON) == uv.agrees(project, **OFF) == environment


def test_without_a_link_the_first_python_decides(
    uv: Uv, central: tuple[Path, dict[str, Path]]
) -> None:
    project, environments = central
    (project / ".venv").unlink(missing_ok=True)
    for number, python in enumerate(uv.pythons):
        given = uv.variables(number)
        assert uv.agrees(project, **given, **ON) == environments[str(python)]
        assert uv.agrees(project, **given, **OFF) is None
    reason = why_none(uv.home, project, **uv.variables())
    assert (
        reason == "uv would create ~/code/both/.venv for ~/code/both: uv keeps it in the project."
    )


def test_a_venv_directory_is_used_with_the_feature_off_only(
    uv: Uv, central: tuple[Path, dict[str, Path]]
) -> None:
    project, environments = central
    (project / ".venv").unlink(missing_ok=True)
    for python, environment in environments.items():
        uv.run(project, "venv", "-q", "--clear", "-p", python)
        assert uv.agrees(project, **OFF) == project / ".venv"
        assert uv.agrees(project, **ON) == environment
        gone = "`uv sync` deletes ~/code/both/.venv."
        assert why_none(uv.home, project, **uv.variables() | ON, UV_PYTHON="3.99").endswith(gone)
        inside = project / "src"
        inside.mkdir(exist_ok=True)
        assert path_in(uv.home, inside, **uv.variables()) == project / ".venv"
    shutil.rmtree(project / ".venv")
    (project / ".venv").symlink_to(environment)


@pytest.mark.slow
def test_the_version_asked_for_decides(uv: Uv, central: tuple[Path, dict[str, Path]]) -> None:
    project, environments = central
    minors = [".".join(python.resolve().name[6:].split(".")[:2]) for python in uv.pythons]
    for linked in environments.values():
        for number, python in enumerate(uv.pythons):
            (project / ".venv").unlink(missing_ok=True)
            (project / ".venv").symlink_to(linked)
            pin, wanted = minors[number], environments[str(python)]
            (project / ".python-version").write_text(f"{pin}\n")
            assert uv.agrees(project, **ON) == wanted
            assert uv.agrees(project, **OFF) == (linked if linked == wanted else None)
            (project / ".python-version").unlink()
            assert uv.agrees(project, **ON, UV_PYTHON=pin) == wanted
            text = PYPROJECT.replace(">=3.10", f"=={pin}.*")
            (project / "pyproject.toml").write_text(text)
            (project / "uv.lock").unlink()
            uv.run(project, "lock", "-q")
            assert uv.agrees(project, **ON) == wanted
            (project / "pyproject.toml").write_text(PYPROJECT)
            uv.run(project, "lock", "-q")


@pytest.mark.slow
def test_every_place_that_switches_the_feature_is_read(
    uv: Uv, central: tuple[Path, dict[str, Path]]
) -> None:
    project, environments = central
    environment = environments[str(uv.pythons[0])]
    (project / ".venv").unlink(missing_ok=True)
    user = uv.home.path / ".config" / "uv" / "uv.toml"
    user.parent.mkdir(parents=True, exist_ok=True)

    def is_central(**variables: str) -> bool:
        return uv.agrees(project, **variables) == environment

    assert is_central(UV_PREVIEW="1")
    assert not is_central(UV_PREVIEW="0", UV_PREVIEW_FEATURES="audit")
    assert not is_central(**ON, UV_NO_CACHE="1")
    own = project / "pyproject.toml"
    for text, wanted in ((FEATURE, True), ("preview = true\n", True), ("offline = true\n", False)):
        own.write_text(f"{PYPROJECT}[tool.uv]\n{text}")
        assert is_central() is wanted
    own.write_text(f"{PYPROJECT}[tool.uv]\n{FEATURE}")
    assert not is_central(UV_PREVIEW_FEATURES="audit")
    assert not is_central(UV_NO_CONFIG="1")
    (project / "uv.toml").write_text("preview = false\n")
    assert not is_central()
    (project / "uv.toml").unlink()
    own.write_text(PYPROJECT)
    user.write_text(FEATURE)
    assert is_central()
    (project.parent / "uv.toml").write_text("preview = false\n")
    assert not is_central()
    (project.parent / "uv.toml").unlink()
    other = uv.home.path / "other.toml"
    other.write_text("preview = false\n")
    assert not is_central(UV_CONFIG_FILE=str(other))
    user.unlink()


def test_an_environment_that_a_variable_names(
    uv: Uv, central: tuple[Path, dict[str, Path]]
) -> None:
    project, _ = central
    for given in ("inside/env", str(uv.home.path / "elsewhere")):
        assert uv.agrees(project, UV_PROJECT_ENVIRONMENT=given) is None
        uv.run(project, "sync", "-q", UV_PROJECT_ENVIRONMENT=given)
        assert uv.agrees(project, UV_PROJECT_ENVIRONMENT=given) == project / given
        assert uv.agrees(project, **ON, UV_PROJECT_ENVIRONMENT=given) == project / given


def test_a_link_to_another_disk(uv: Uv) -> None:
    project = uv.project("linked")
    other = uv.home.path / "disk" / "env"
    uv.run(project, "venv", "-q", "-p", uv.pythons[1], other)
    (project / ".venv").symlink_to(other)
    assert uv.agrees(project, **OFF) == other
    assert uv.agrees(project, **ON) is None
    assert why_none(uv.home, project, **uv.variables() | ON).startswith(
        ("uv has no e", "uv would cr")
    )


def test_a_moved_project_gets_a_new_one_with_the_feature_on(uv: Uv) -> None:
    project = uv.project("moves")
    uv.run(project, "sync", "-q", **ON)
    environment = (project / ".venv").resolve()
    assert uv.agrees(project, **ON) == environment
    moved = project.rename(project.with_name("moved"))
    assert uv.agrees(moved, **ON) is None
    told = "uv would create ~/.cache/uv/environments-v2/app-cp"
    sure = patch_version_of(uv.pythons[0].resolve())
    assert bool(uv.created) is bool(sure)
    assert why_none(uv.home, moved, **uv.variables(), **ON).startswith(told) is bool(sure)
    assert uv.agrees(moved, **OFF) == environment
    moved.rename(project)
    assert uv.agrees(project, **ON) == environment


def test_a_member_of_a_workspace_uses_the_environment_of_the_root(uv: Uv) -> None:
    project = uv.project("space")
    member = add_member(project, "uv", PYPROJECT.replace("app", "one"))
    uv.run(project, "lock", "-q")
    uv.run(project, "sync", "-q", **ON)
    environment = (project / ".venv").resolve()
    assert uv.agrees(member, **ON) == uv.agrees(member, **OFF) == environment


def test_what_uv_would_create_is_named_where_its_version_is_known(uv: Uv) -> None:
    project = uv.project("new")
    header = '#define PY_VERSION "{}"\n'
    folder = uv.home.path / "python" / "bin"
    include = folder.parent / "include" / "python3.12"
    include.mkdir(parents=True)
    folder.mkdir()
    python = folder / "python3.12"
    python.touch(0o755)
    (folder / "python3").symlink_to(python)
    given = {**ON, "PATH": str(folder)}
    for version, told in (("3.12.4", True), ("3.13.1", False), ("3.12.0rc1", False)):
        (include / "patchlevel.h").write_text(header.format(version))
        use = STORE.use(project, uv.home.machine(project, **given), Config())
        assert bool(use.environment and use.environment.name.startswith("app-cp3.12.4-")) is told
        assert not use.exists
    (include / "patchlevel.h").unlink()
    assert STORE.use(project, uv.home.machine(project, **given), Config()).environment is None


def test_where_the_cache_lies_and_the_name_decide(
    uv: Uv, central: tuple[Path, dict[str, Path]]
) -> None:
    project, environments = central
    usual, other = environments[str(uv.pythons[0])], uv.home.path / "other cache"
    (project / ".venv").unlink(missing_ok=True)
    (project / ".venv").symlink_to(usual)
    assert uv.agrees(project, **ON) == usual
    for name, folder in (("UV_CACHE_DIR", other), ("XDG_CACHE_HOME", other.parent / "caches")):
        assert uv.agrees(project, **ON, **{name: str(folder)}) is None
        uv.run(project, "sync", "-q", **ON, **{name: str(folder)})
        made = (project / ".venv").resolve()
        assert made.is_relative_to(folder)
        assert uv.agrees(project, **ON, **{name: str(folder)}) == made
        assert uv.agrees(project, **OFF) == made
        assert uv.agrees(project, **ON) == usual
    own, user = project / "pyproject.toml", uv.home.path / ".config" / "uv" / "uv.toml"
    user.parent.mkdir(parents=True, exist_ok=True)
    user.write_text(f'cache-dir = "{other}"\n')
    agreed = uv.agrees(project, **ON)
    assert agreed is not None
    assert agreed.is_relative_to(other)
    own.write_text(f'{PYPROJECT}[tool.uv]\ncache-dir = "{usual.parent.parent}"\n')
    assert uv.agrees(project, **ON) == usual
    user.unlink()
    own.write_text(PYPROJECT.replace('"app"', '"renamed"'))
    uv.run(project, "lock", "-q")
    assert uv.agrees(project, **ON) is None
    own.write_text(PYPROJECT)
    uv.run(project, "lock", "-q")
    assert uv.agrees(project, **ON) == usual


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="lays out Pythons for x86_64"
)
def test_which_pythons_are_preferred_decides(uv: Uv, central: tuple[Path, dict[str, Path]]) -> None:
    project, environments = central
    first, second = (environments[str(python)] for python in uv.pythons)
    (project / ".venv").unlink(missing_ok=True)
    real_one = uv.pythons[1].resolve()
    folder = uv.home.path / "pythons"
    version = patch_version_of(real_one)
    if not version or not list(real_one.parent.parent.glob("lib/python3*/os.py")):
        pytest.skip("needs a second Python with its headers")
    managed = folder / f"cpython-{version}-linux-x86_64-gnu"
    (managed / "bin").mkdir(parents=True)
    for name in ("lib", "include"):
        (managed / name).symlink_to(real_one.parent.parent / name)
    shutil.copy2(real_one, managed / "bin" / real_one.name)
    (managed / "bin" / "python3").symlink_to(real_one.name)
    (folder / f"cpython-3.99.1-{managed.name.partition('-linux')[2]}").symlink_to(managed)
    given = {**ON, "UV_PYTHON_INSTALL_DIR": str(folder)}
    seen = {uv.agrees(project, **given), uv.created}
    for setting in ("system", "only-system", "managed", "only-managed"):
        answer = uv.agrees(project, **given, UV_PYTHON_PREFERENCE=setting)
        assert (answer == first) is (setting in ("system", "only-system"))
    assert uv.agrees(project, **given, UV_NO_MANAGED_PYTHON="1") == first
    assert uv.agrees(project, **given, UV_MANAGED_PYTHON="1") != first
    assert second.name in {path.name for path in seen if path}
    (project / "uv.toml").write_text('python-preference = "only-system"\n')
    assert uv.agrees(project, **given) == first
    (project / "uv.toml").unlink()
