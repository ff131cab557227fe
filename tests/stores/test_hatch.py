"""Against environments that the real hatch makes, and the places that it names."""

import sys
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.freeing import freed, untouched_until_freed
from tests.moving import moved
from tests.project_tool import ProjectTool
from tests.realtools import Tool
from tests.scanner.usage.usage_tools import assert_nothing_is_the_users
from tests.scenario import rows, venv
from tests.stores.places import environment, given, made, reading
from venvdash.config import Config
from venvdash.model import EvidenceKind, Status, Traits
from venvdash.stores.hatch import STORE
from venvdash.stores.roots import Root, RootOrigin
from venvdash.system.machine import Machine

PYPROJECT = """
[project]
name = "{name}"
version = "1"
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[tool.hatch.envs.default]
skip-install = true
[tool.hatch.envs.docs]
detached = true
[tool.hatch.envs.test]
skip-install = true
[[tool.hatch.envs.test.matrix]]
feature = ["a", "b"]
"""
BARE = "[tool.hatch.envs.default]\nskip-install = true\n"
SCRIPT = "# /// script\n# dependencies = []\n# ///\n"


class Hatch(ProjectTool):
    """hatch as the user of one HOME runs it."""

    def __call__(self, project: Path, *arguments: str | Path) -> str:
        command = (self.program, "--no-color", *arguments)
        return self.home.run(*command, cwd=project, VIRTUALENV_NO_SEED="1").stdout.strip()

    def project(self, name: str, pyproject: str, *environments: str) -> Path:
        path = self.write(name, pyproject)
        for one in environments:
            self(path, "env", "create", one)
        return path

    def found(self, project: Path, *environments: str) -> set[Path]:
        """Return where hatch says that environments of the project are."""
        lines = [self(project, "env", "find", one) for one in environments]
        return {Path(line) for several in lines for line in several.splitlines()}


@pytest.fixture(scope="module")
def hatch(module_home: Home, tool: Tool) -> Hatch:
    return Hatch(module_home, tool("hatch"))


@pytest.fixture(scope="module")
def store(hatch: Hatch) -> Path:
    return hatch.home.path / ".local" / "share" / "hatch" / "env"


@pytest.fixture(scope="module")
def project(hatch: Hatch) -> Path:
    return hatch.project("My_App", PYPROJECT, "default", "docs", "test")


@pytest.fixture(scope="module")
def bare(hatch: Hatch) -> Path:
    """A project without ``[project]``, which hatch calls by its folder."""
    return hatch.project("Bare.one", BARE, "default")


@pytest.fixture(scope="module")
def script(hatch: Hatch) -> Path:
    path = hatch.home.path / "code" / "job.py"
    path.write_text(SCRIPT)
    hatch(path.parent, "run", path)
    return path


def test_every_environment_is_that_of_the_project_in_which_hatch_finds_it(
    hatch: Hatch, project: Path, bare: Path, script: Path
) -> None:
    found = rows(hatch.home, records=False)
    by_project: dict[Path | None, set[Path]] = {}
    for path, row in found.items():
        by_project.setdefault(row.verdict.project, set()).add(path)
    (unproven,) = by_project.pop(None)
    assert by_project == {
        project: hatch.found(project, "default", "docs", "test.a", "test.b"),
        bare: hatch.found(bare, "default"),
    }
    projects_own = [row for path, row in found.items() if path != unproven]
    assert {row.environment.traits.kind for row in projects_own} == {"hatch"}
    assert {row.verdict.status for row in projects_own} == {Status.LINKED}
    assert {row.verdict.evidence for row in projects_own} <= {
        EvidenceKind.HASH,
        EvidenceKind.SIBLING,
    }
    # Nothing of a script's name is in the name of its environment.
    assert found[unproven].environment.traits.kind == "hatch-script"
    assert found[unproven].verdict.status is Status.UNKNOWN


def test_the_traits_come_from_the_place(
    hatch: Hatch, project: Path, script: Path, store: Path
) -> None:
    roots = {root.path: root for root in STORE.roots(hatch.home.machine(), Config())}
    root = roots[store / "virtual"]
    for path in hatch.found(project, "default", "docs", "test.b"):
        env = environment(STORE, reading(path, root))
        assert env.traits == Traits(
            kind="hatch", name=path.name, project_name="my-app", digest=path.parent.name
        )
        assert STORE.fits(env, project)
        assert not STORE.fits(env, project.parent)
    (path,) = (store / "virtual" / ".scripts").iterdir()
    env = environment(STORE, reading(path, root))
    assert env.traits == Traits(
        kind="hatch-script", name=path.name, project_name="", digest=path.name, script=True
    )
    assert STORE.fits(env, script)
    assert not STORE.fits(env, project)


def test_what_else_lies_in_the_store_is_no_environment(
    hatch: Hatch, project: Path, store: Path
) -> None:
    virtual = store / "virtual"
    (left := virtual / "gone" / "12345678").mkdir(parents=True)  # as `hatch env prune` leaves it
    (virtual / ".pythons" / "3.12" / "python" / "bin").mkdir(parents=True)
    (virtual / ".config" / "12345678").mkdir(parents=True)
    (virtual / "note.txt").touch()
    halves = left / "half"
    halves.mkdir()
    flat = venv(virtual / "flat")
    try:
        found = list(STORE.prefixes(Root(virtual, STORE.name, depth=3)) or ())
        assert {path for path in found if (path / "pyvenv.cfg").exists()} == {
            *hatch.found(project, "default", "docs", "test.a", "test.b"),
            *virtual.glob(".scripts/*"),
            *virtual.glob("bare-one/*/*"),
            flat,
        }
        assert {path for path in found if not (path / "pyvenv.cfg").exists()} == {halves}
        assert rows(hatch.home, records=False)[flat].environment.traits.kind == "venv"
    finally:
        for path in (flat, virtual / ".pythons", virtual / ".config", virtual / "gone"):
            hatch.home.run("rm", "-r", path)
        (virtual / "note.txt").unlink()


def test_deleted_and_moved_projects(
    hatch: Hatch, project: Path, bare: Path, tmp_path: Path
) -> None:
    mine = hatch.found(project, "default", "docs", "test.a", "test.b")
    (bares,) = hatch.found(bare, "default")
    rows(hatch.home)
    with (
        moved(project, hatch.home.path / "code" / "old" / "My_App") as there,
        moved(bare, tmp_path / "outside"),
    ):
        assert not any(path.exists() for path in hatch.found(there, "default"))
        found = rows(hatch.home)
    assert {found[path].verdict.status for path in mine} == {Status.MOVED}
    assert {found[path].verdict.place for path in mine} == {there}
    assert found[bares].verdict.status is Status.ORPHAN


def test_hatchs_own_environments_and_those_in_a_shared_folder(home: Home, tool: Tool) -> None:
    flat = home.path / ".virtualenvs"
    config = home.path / ".config" / "hatch" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[dirs.env]\nvirtual = "~/.virtualenvs"\n')
    hatch = Hatch(home, tool("hatch"))
    project = hatch.project("web", PYPROJECT, "default", "docs")
    hatch(project, "env", "create", "hatch-static-analysis")
    plain = venv(flat / "plain")
    found = rows(home, records=False)
    internal = [path for path, row in found.items() if row.environment.traits.digest]
    assert hatch.found(project, "hatch-static-analysis") == set(internal)
    kinds = {path: row.environment.traits.kind for path, row in found.items()}
    assert kinds == {flat / "web": "hatch", flat / "docs": "hatch", plain: "venv"} | dict.fromkeys(
        internal, "hatch-internal"
    )
    assert found[internal[0]].verdict.project == project
    assert (
        found[flat / "docs"].verdict.status is Status.STANDALONE
    )  # it has no trace of its project


SETTINGS = [
    pytest.param({}, "", id="default"),
    pytest.param({"XDG_DATA_HOME": "{home}/d"}, "", id="XDG_DATA_HOME"),
    pytest.param({"HATCH_DATA_DIR": "~/d"}, '[dirs]\ndata = "/no"', id="data variable"),
    pytest.param({"HATCH_DATA_DIR": "$SUB/d", "SUB": "/s"}, "", id="with a variable"),
    pytest.param({}, '[dirs]\ndata = "~/d"', id="data"),
    pytest.param({}, '[dirs.env]\nvirtual = "$HOME/v"', id="environments"),
    pytest.param({}, '[dirs.env]\nvirtual = "~/.virtualenvs"', id="flat"),
    pytest.param({"HATCH_CONFIG": "{home}/c.toml"}, '[dirs.env]\nvirtual = "/c"', id="elsewhere"),
]


@pytest.mark.parametrize(("variables", "config"), SETTINGS)
def test_where_hatch_puts_them(
    home: Home, tool: Tool, variables: dict[str, str], config: str
) -> None:
    project = home.path / "code" / "here"
    project.mkdir(parents=True)
    (project / "pyproject.toml").write_text(PYPROJECT.replace("{name}", "here"))
    user = given(home, variables)
    if config:
        name = "c.toml" if "HATCH_CONFIG" in variables else ".config/hatch/config.toml"
        (home.path / name).parent.mkdir(parents=True, exist_ok=True)
        (home.path / name).write_text(config)
    (said,) = Hatch(user, tool("hatch")).found(project, "docs")
    first, *others = STORE.roots(user.machine(), Config())
    below = (said.name,) if first.depth == 1 else ("here", said.parent.name, said.name)
    assert said == first.path.joinpath(*below)
    assert (first.why is RootOrigin.DEFAULT) == (not variables and not config)
    default = home.path / ".local" / "share" / "hatch" / "env"
    if "XDG_DATA_HOME" not in variables:
        assert default / "virtual" in (first.path, *(root.path for root in others))


def test_a_relative_folder_is_in_each_project(home: Home) -> None:
    config = home.path / ".config" / "hatch" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[dirs.env]\nvirtual = ".hatch"\n')
    default = home.path / ".local" / "share" / "hatch" / "env"
    found = [(root.path, root.depth) for root in STORE.roots(home.machine(), Config())]
    assert found == [(default / "virtual", 3), (default / ".internal", 4)]


def test_other_systems_have_other_places(home: Home) -> None:
    mac = next(iter(STORE.roots(Machine(home.path, platform="darwin"), Config())))
    assert mac.path == home.path / "Library/Application Support/hatch/env/virtual"
    machine = Machine(home.path, {"LOCALAPPDATA": "/l"}, platform="win32")
    assert next(iter(STORE.roots(machine, Config()))).path == Path("/l/hatch/env/virtual")


@pytest.mark.parametrize(
    ("place", "project_name", "digest"),
    [
        ("webapp/7yaSSJze/webapp", "webapp", "7yaSSJze"),
        ("webapp/-_-_-_-_/docs", "webapp", "-_-_-_-_"),
        ("7yaSSJze-unmanaged/7yaSSJze/docs", "", "7yaSSJze"),
        ("webapp/7yaSSJz/docs", None, None),
        ("webapp/docs", None, None),
    ],
)
def test_places_are_read_from_the_right(
    home: Home, place: str, project_name: str | None, digest: str | None
) -> None:
    root = Root(home.path, STORE.name, depth=3)
    traits = STORE.recognise(reading(made(home.path / place), root))
    assert (traits.project_name if traits else None) == project_name
    assert (traits.digest if traits else None) == digest


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="hatch folds case there")
def test_the_hash_of_a_project_that_is_gone(home: Home) -> None:
    root = Root(home.path, STORE.name, depth=3)
    env = environment(STORE, reading(made(home.path / "webapp/7yaSSJze/docs"), root))
    assert STORE.fits(env, Path("/home/ada/code/webapp"))
    assert not STORE.fits(env, Path("/home/ada/code/webapp\0"))


def test_what_is_freed_leaves_neither_metadata_nor_folders(home: Home, tool: Tool) -> None:
    hatch = Hatch(home, tool("hatch"))
    project = hatch.project("my-app", PYPROJECT, "default", "docs")
    bare = hatch.project("bare", BARE, "default")
    default, docs, other = (
        *hatch.found(project, "default"),
        *hatch.found(project, "docs"),
        *hatch.found(bare, "default"),
    )
    store = home.path / ".local" / "share" / "hatch" / "env"
    metadata = store / ".metadata" / docs.parent.name / "virtual"
    untouched_until_freed(home, docs, store)
    assert freed(home, docs) == ""
    assert [file.name for file in metadata.iterdir()] == ["default.json"]
    assert default.is_dir()
    assert freed(home, default) == ""
    assert sorted(path.name for path in store.iterdir()) == [".metadata", "virtual"]
    assert list(store.joinpath("virtual").iterdir()) == [other.parent.parent]
    assert [path.name for path in metadata.parent.parent.iterdir()] == [other.parent.name]
    hatch(project, "env", "create", "docs")
    assert hatch(project, "run", "docs:python", "-c", "print(1)") == "1"
    assert freed(home, docs, other) == ""
    assert [*store.joinpath("virtual").iterdir(), *store.joinpath(".metadata").iterdir()] == []


def test_metadata_stays_while_another_folder_has_the_environment(home: Home, tool: Tool) -> None:
    hatch = Hatch(home, tool("hatch"))
    project = hatch.project("my-app", PYPROJECT, "docs")
    (before,) = hatch.found(project, "docs")
    config = home.path / ".config" / "hatch" / "config.toml"
    told = f"[dirs.env]\nvirtual = '{home.path / 'hatches'}'\n"
    config.write_text(config.read_text().replace("[dirs.env]\n", told))
    hatch(project, "env", "create", "docs")
    (now,) = hatch.found(project, "docs")
    (file,) = (home.path / ".local/share/hatch/env/.metadata").rglob("docs.json")
    assert freed(home, before) == ""
    assert not before.parent.exists()
    assert (file.exists(), now.is_dir()) == (True, True)
    assert freed(home, now) == ""
    assert not file.parent.parent.exists()
    assert list((home.path / "hatches").iterdir()) == []


def test_a_freed_script_leaves_no_metadata(home: Home, tool: Tool) -> None:
    hatch = Hatch(home, tool("hatch"))
    script = home.path / "job.py"
    script.write_text(SCRIPT)
    hatch(home.path, "run", script)
    store = home.path / ".local" / "share" / "hatch" / "env"
    (path,) = (store / "virtual" / ".scripts").iterdir()
    assert list((store / ".metadata").rglob("*.json"))
    assert freed(home, path) == ""
    assert list((store / ".metadata").iterdir()) == []
    hatch(home.path, "run", script)
    assert path.is_dir()


def test_nothing_in_them_is_the_users(project: Path, script: Path, store: Path) -> None:
    assert_nothing_is_the_users(store)
