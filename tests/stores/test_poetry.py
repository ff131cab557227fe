"""Against environments that the real poetry makes, and the places that it names."""

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.freeing import freed, untouched_until_freed
from tests.moving import moved
from tests.project_tool import ProjectTool
from tests.realtools import Tool
from tests.scanner.usage.usage_tools import assert_nothing_is_the_users
from tests.scenario import rows, venv
from tests.stores.places import environment, given, made, paths, reading
from venvdash.config import Config
from venvdash.model import EvidenceKind, Location, Status, Traits
from venvdash.session import Session
from venvdash.stores.poetry import STORE
from venvdash.stores.roots import Root, RootOrigin
from venvdash.system.machine import Machine

PACKAGE = '[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.10"\n'
BARE = PACKAGE + "[tool.poetry]\npackage-mode = false\n"
NAMELESS = "[tool.poetry]\npackage-mode = false\n"
LONG = "a-name-that-is-longer-than-the-forty-two-letters-of-poetry"


class Poetry(ProjectTool):
    """poetry as the user of one HOME runs it."""

    def __call__(self, project: Path, *arguments: str | Path) -> str:
        no_pip = {"POETRY_VIRTUALENVS_OPTIONS_NO_PIP": "1"}  # faster
        return self.home.run(self.program, *arguments, cwd=project, check=True, **no_pip).stdout

    def project(self, name: str, pyproject: str, *pythons: Path) -> Path:
        """Make a project with an environment for each of ``pythons``, the last in use."""
        path = self.write(name, pyproject)
        for python in pythons:
            self(path, "env", "use", "-q", python)
        return path

    def listed(self, project: Path) -> set[Path]:
        """Return what poetry says that the project's environments are."""
        lines = self(project, "env", "list", "--full-path").splitlines()
        return {Path(line.removesuffix(" (Activated)")) for line in lines}

    def used(self, project: Path) -> Path:
        return Path(self(project, "env", "info", "--path").strip())


@pytest.fixture(scope="module")
def poetry(module_home: Home, tool: Tool) -> Poetry:
    return Poetry(module_home, tool("poetry"))


@pytest.fixture(scope="module")
def store(poetry: Poetry) -> Path:
    return poetry.home.path / ".cache" / "pypoetry" / "virtualenvs"


@pytest.fixture(scope="module")
def projects(poetry: Poetry, two_pythons: tuple[Path, Path]) -> list[Path]:
    """A package with two Pythons, and two projects that poetry does not install."""
    first, second = two_pythons
    package = poetry.project("Web_App", PACKAGE, first)
    (package / "web_app").mkdir()
    (package / "web_app" / "__init__.py").touch()
    poetry(package, "install", "-q")
    poetry(package, "env", "use", "-q", second)
    notes = poetry.project("notes", BARE, first)
    return [package, notes, poetry.project("no name", NAMELESS, first)]


def test_every_environment_is_that_of_the_project_for_which_poetry_lists_it(
    poetry: Poetry, projects: list[Path]
) -> None:
    found = rows(poetry.home, records=False)
    by_project = {
        project: {path for path, row in found.items() if row.verdict.project == project}
        for project in projects
    }
    assert by_project == {project: poetry.listed(project) for project in projects}
    assert {row.environment.traits.kind for row in found.values()} == {"poetry"}
    used = {poetry.used(project) for project in projects}
    assert {path: row.verdict.status for path, row in found.items()} == {
        path: Status.LINKED if path in used else Status.REPLACED for path in found
    }
    assert len(found) == 4


def test_without_its_index_one_environment_is_as_good_as_the_other(
    poetry: Poetry, projects: list[Path], store: Path
) -> None:
    index = store / "envs.toml"
    kept = index.read_bytes()
    try:
        for damaged in (None, b"[", b"\xff" + kept, kept.replace(b"minor", b"a.b.c.d")):
            index.unlink() if damaged is None else index.write_bytes(damaged)
            found = rows(poetry.home, records=False)
            assert {path: row.verdict.status for path, row in found.items()} == dict.fromkeys(
                found, Status.LINKED
            )
            assert {row.verdict.project for row in found.values()} == set(projects)
            evidence = {row.verdict.evidence for row in found.values()}
            assert evidence <= {EvidenceKind.HASH, EvidenceKind.SIBLING}
    finally:
        index.write_bytes(kept)


def test_the_traits_come_from_the_name(projects: list[Path], store: Path) -> None:
    root = Root(store, STORE.name)
    found = [environment(STORE, reading(file.parent, root)) for file in store.glob("*/pyvenv.cfg")]
    names = dict(zip(projects, ("web-app", "notes", "non-package-mode"), strict=True))
    assert len(found) == 4
    for env in found:
        (owner,) = [project for project in projects if STORE.fits(env, project)]
        stem, minor = env.entry.name.rsplit("-py", 1)
        name = names[owner]
        assert stem == f"{name}-{env.traits.digest}"
        assert env.traits == Traits(
            kind="poetry",
            name=name,
            project_name=name,
            digest=stem[-8:],
            per_interpreter=True,
        )
        assert env.prompt == f"{name}-py{minor}"


def test_names_and_hashes_are_poetrys(home: Home, tool: Tool) -> None:
    names = ["Web_App.x", "a b", LONG, "", "x.._-y", "ZOË"]
    code = (
        "import sys; from poetry.utils.env import EnvManager as E;"
        "from packaging.utils import canonicalize_name as c;"
        "name = lambda n: E.generate_env_name(c(n) or 'non-package-mode', '/srv/' + n);"
        "print(*map(name, sys.argv[1:]), sep='\\n')"
    )
    said = home.run(tool("poetry").parent / "python", "-c", code, *names).stdout.splitlines()
    root = Root(home.path / "store", STORE.name)
    for name, entry in zip(names, said, strict=True):
        env = environment(STORE, reading(made(root.path / f"{entry}-py3.12"), root))
        assert env.traits.project_name == STORE.name_part(name)
        assert STORE.fits(env, Path("/srv", name))
        assert not STORE.fits(env, Path("/srv", "other"))


def test_deleted_and_moved_projects(poetry: Poetry, projects: list[Path], tmp_path: Path) -> None:
    package, *bare = projects
    owners = {path: row.verdict.project for path, row in rows(poetry.home).items()}
    with ExitStack() as stack:
        stack.enter_context(moved(package, tmp_path / "outside"))
        elsewhere = poetry.home.path / "code" / "elsewhere"
        for project in bare:
            there = stack.enter_context(moved(project, elsewhere / project.name))
            assert poetry.listed(there) == set()  # poetry has lost it
        found = rows(poetry.home)
    places = {package: None} | {project: elsewhere / project.name for project in bare}
    expected = {package: Status.ORPHAN} | dict.fromkeys(bare, Status.MOVED)
    for path, owner in owners.items():
        assert owner is not None
        verdict = found[path].verdict
        assert (verdict.project, verdict.status) == (owner, expected[owner])
        assert verdict.place == places[owner]


SETTINGS = [
    pytest.param({}, {}, id="default"),
    pytest.param({"XDG_CACHE_HOME": "{home}/x"}, {}, id="XDG_CACHE_HOME"),
    pytest.param({"POETRY_CACHE_DIR": "~/c"}, {}, id="cache variable"),
    pytest.param({"POETRY_VIRTUALENVS_PATH": "~/v"}, {}, id="path variable"),
    pytest.param({"POETRY_VIRTUALENVS_PATH": "v/$HOME"}, {}, id="relative"),
    pytest.param(
        {"POETRY_VIRTUALENVS_PATH": "{cache-dir}/v", "POETRY_CACHE_DIR": "/c"}, {}, id="reference"
    ),
    pytest.param({}, {".config/pypoetry/config.toml": 'cache-dir = "~/c"'}, id="cache-dir"),
    pytest.param(
        {},
        {".config/pypoetry/config.toml": '[virtualenvs]\npath = "{cache-dir}/mine"'},
        id="path with default cache",
    ),
    pytest.param(
        {"POETRY_CONFIG_DIR": "{home}/etc", "XDG_CONFIG_HOME": "{home}/no"},
        {"etc/config.toml": 'virtualenvs.path = "{home}/e"'},
        id="configuration elsewhere",
    ),
    pytest.param(
        {"POETRY_CACHE_DIR": "{home}/c"},
        {
            ".config/pypoetry/config.toml": '[virtualenvs]\npath = "/user"',
            "code/here/poetry.toml": '[virtualenvs]\npath = "{cache-dir}/local"',
        },
        id="the project's own",
    ),
]


def test_a_folder_that_only_a_project_names_is_listed_from_anywhere(
    home: Home, tool: Tool, two_pythons: tuple[Path, Path]
) -> None:
    poetry, disk = Poetry(home, tool("poetry")), home.path.parent / "disk"
    disk.mkdir()
    made = []
    for name in ("web", "gone"):
        project = poetry.project(name, BARE)
        (project / "poetry.toml").write_text(f'[virtualenvs]\npath = "{disk}"\n')
        poetry(project, "env", "use", "-q", two_pythons[0])
        made.append(poetry.used(project))
    (disk / "photos").mkdir()
    shutil.rmtree(home.path / "code" / "gone")
    for cwd in (home.path, home.path / "code" / "web"):
        session = Session(home.machine(cwd=cwd), Config(), records=False)
        for _ in session.scan(usage=False):
            pass
        shown = {path: row.verdict for path, row in session.rows.items()}
        assert shown.keys() == set(made)
        assert {row.environment.location for row in session.rows.values()} == {Location.LINKED}
        assert (shown[made[0]].status, shown[made[0]].project) == (
            Status.LINKED,
            home.path / "code" / "web",
        )
        assert shown[made[0]].evidence is EvidenceKind.HASH
        assert shown[made[1]].status is Status.UNKNOWN
        assert disk not in [seen.real for seen in session.stores]


@pytest.mark.parametrize(("variables", "files"), SETTINGS)
def test_where_poetry_puts_them(
    home: Home, tool: Tool, variables: dict[str, str], files: dict[str, str]
) -> None:
    project = home.path / "code" / "here"
    (project / "below").mkdir(parents=True)
    (project / "pyproject.toml").write_text(NAMELESS)
    for name, text in files.items():
        (home.path / name).parent.mkdir(parents=True, exist_ok=True)
        (home.path / name).write_text(text.replace("{home}", str(home.path)))
    user = given(home, variables)
    python = tool("poetry").parent / "python"
    code = "from poetry.factory import Factory as F; print(F().create_poetry().config"
    said = user.run(python, "-c", f"{code}.virtualenvs_path)", cwd=project).stdout.strip()
    first, *others = STORE.roots(user.machine(cwd=project), Config())
    assert first.path == project / said
    assert (first.why is RootOrigin.DEFAULT) == (not variables and not files)
    default = "x" if "XDG_CACHE_HOME" in variables else ".cache"
    assert [first.path, *(root.path for root in others)][-1] == (
        home.path / default / "pypoetry" / "virtualenvs"
    )
    assert len(others) <= 1


def test_other_systems_have_other_places(home: Home) -> None:
    mac = Machine(home.path, platform="darwin")
    assert paths(STORE, mac) == [home.path / "Library/Caches/pypoetry/virtualenvs"]
    windows = Machine(home.path, {"LOCALAPPDATA": "/l", "APPDATA": "/r"}, platform="win32")
    assert paths(STORE, windows) == [Path("/l/pypoetry/Cache/virtualenvs")]


def test_poetry_in_a_folder_with_others(home: Home, tool: Tool, pythons: list[Path]) -> None:
    shared = given(
        home,
        {"WORKON_HOME": "{home}/.virtualenvs", "POETRY_VIRTUALENVS_PATH": "{home}/.virtualenvs"},
    )
    poetry = Poetry(shared, tool("poetry"))
    project = poetry.project("notes", BARE, pythons[0])
    folder = home.path / ".virtualenvs"
    plain = venv(folder / "notes-abcdefgh-py3.11")
    tool_made = poetry.used(project)
    copied = folder / "spare"
    shutil.copytree(tool_made, copied, symlinks=True)
    for user in (shared, given(home, {"WORKON_HOME": "{home}/.virtualenvs"}), home):
        found = rows(user, records=False)
        kinds = {path: row.environment.traits.kind for path, row in found.items()}
        assert kinds[tool_made] == kinds[copied] == "poetry"
        assert found[tool_made].verdict.status is Status.LINKED
        assert found[copied].verdict.status is Status.STANDALONE
        # Only in poetry's own folder is the name enough.
        own = user is shared and next(iter(STORE.roots(user.machine(), Config()))).path == folder
        assert kinds[plain] == ("poetry" if own else "venv")


@pytest.mark.parametrize(
    ("entry", "name", "digest"),
    [
        ("webapp-7yaSSJze-py3.12", "webapp", "7yaSSJze"),
        ("a-b-12-45_78-py3.9", "a-b", "12-45_78"),
        ("non-package-mode-te-5jI4l-py3.13", "non-package-mode", "te-5jI4l"),
        ("x--_-_-_-_-py3.10", "x", "-_-_-_-_"),
        ("webapp-7yaSSJz-py3.12", None, None),
        ("webapp-7yaSSJze-py3", None, None),
        ("-7yaSSJze-py3.12", None, None),
        ("webapp-7yaSSJze-py3.12\n", None, None),
    ],
)
def test_names_are_read_from_the_right(
    home: Home, entry: str, name: str | None, digest: str | None
) -> None:
    root = Root(home.path, STORE.name)
    traits = STORE.recognise(reading(made(home.path / entry), root))
    assert (traits and (traits.project_name, traits.digest)) == (name and (name, digest))


def test_the_hash_of_a_project_that_is_gone(home: Home) -> None:
    env = environment(
        STORE, reading(made(home.path / "webapp-7yaSSJze-py3.12"), Root(home.path, STORE.name))
    )
    assert STORE.fits(env, Path("/home/ada/code/webapp"))
    assert not STORE.fits(env, Path("/home/ada/code"))
    assert not STORE.fits(env, Path("/home/ada/code/webapp\0"))


def test_what_is_freed_is_not_in_poetrys_index_and_all_else_is(
    home: Home, tool: Tool, two_pythons: tuple[Path, Path]
) -> None:
    poetry = Poetry(home, tool("poetry"))
    mine = poetry.project("mine", BARE, *two_pythons)
    other = poetry.project("other", BARE, two_pythons[1])
    used, theirs = poetry.used(mine), poetry.used(other)
    (old,) = poetry.listed(mine) - {used}
    index = used.parent / "envs.toml"
    written = "# mine\n" + index.read_text().replace("[other", "# of the other\n\n[other")
    index.write_text(written)
    untouched_until_freed(home, used, used.parent)
    assert f"{used} (Activated)" in poetry(mine, "env", "list", "--full-path")
    # The older Python's is not what the index is about.
    assert freed(home, old) == ""
    assert index.read_text() == written
    assert poetry.listed(mine) == {used}
    assert freed(home, used) == ""
    gone = used.name.removesuffix(f"-py{used.name.rpartition('-py')[2]}")
    head, _, rest = written.partition(f"[{gone}]\n")
    assert index.read_text() == head + rest[rest.index("# of the other") :]
    assert poetry.listed(mine) == set()
    assert poetry.used(other) == theirs
    poetry(mine, "env", "use", "-q", two_pythons[0])
    assert poetry.listed(mine) == {old}
    assert freed(home, theirs, old) == ""
    assert index.read_text() == head + "# of the other\n\n"
    assert poetry.listed(mine) == poetry.listed(other) == set()


def test_nothing_in_them_is_the_users(projects: list[Path], store: Path) -> None:
    assert_nothing_is_the_users(store)
