"""Against environments that the real pdm makes, and the places that it names."""

from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.conftest import Home
from tests.freeing import freed, untouched_until_freed
from tests.moving import forget, moved
from tests.project_tool import ProjectTool
from tests.realtools import Tool
from tests.scanner.usage.usage_tools import assert_nothing_is_the_users
from tests.scenario import rows
from tests.stores.places import environment, given, made, paths, reading
from venvdash.config import Config
from venvdash.model import EvidenceKind, Status, Traits
from venvdash.stores.pdm import STORE
from venvdash.stores.roots import Root, RootOrigin
from venvdash.system.machine import Machine

PYPROJECT = '[project]\nname = "any"\nversion = "1"\nrequires-python = ">=3.10"\n'
CENTRAL = {"PDM_VENV_IN_PROJECT": "0", "PDM_CHECK_UPDATE": "0", "NO_COLOR": "1"}


class Pdm(ProjectTool):
    """pdm as the user of one HOME runs it."""

    def __call__(self, project: Path, *arguments: str | Path, **variables: str) -> str:
        variables = CENTRAL | variables
        return self.home.run(
            self.program, *arguments, cwd=project, check=True, **variables
        ).stdout.strip()

    def project(self, name: str) -> Path:
        return self.write(name, PYPROJECT)

    def listed(self, project: Path) -> set[Path]:
        """Return what pdm says that the project's environments are."""
        lines = self(project, "venv", "list").splitlines()
        return {Path(line.split(": ", 1)[1]) for line in lines if line[:3] in ("*  ", "-  ")}


@pytest.fixture(scope="module")
def pdm(module_home: Home, tool: Tool) -> Pdm:
    return Pdm(module_home, tool("pdm"))


@pytest.fixture(scope="module")
def store(pdm: Pdm) -> Path:
    return pdm.home.path / ".local" / "share" / "pdm" / "venvs"


@pytest.fixture(scope="module")
def project(pdm: Pdm, two_pythons: tuple[Path, Path]) -> Path:
    """A project with two Pythons, the second in use, and a named environment."""
    path = pdm.project("My-App")
    for python in two_pythons:
        pdm(path, "use", "-f", python)
        (path / ".pdm-python").rename(path / "last")
    (path / "last").rename(path / ".pdm-python")
    pdm(path, "venv", "create", "--name", "dev-2", two_pythons[0])
    return path


def test_every_environment_is_that_of_the_project_for_which_pdm_lists_it(
    pdm: Pdm, project: Path
) -> None:
    found = rows(pdm.home, records=False)
    assert set(found) == pdm.listed(project)
    assert {row.verdict.project for row in found.values()} == {project}
    assert {row.environment.traits.kind for row in found.values()} == {"pdm"}
    used = Path((project / ".pdm-python").read_text()).parent.parent
    statuses = {path: row.verdict.status for path, row in found.items()}
    assert len(statuses) == 3
    for path, status in statuses.items():
        inactive = path != used and not path.name.endswith("-dev-2")
        assert status is (Status.REPLACED if inactive else Status.LINKED)
    assert found[used].verdict.evidence is EvidenceKind.PROJECT_LINK


def test_the_traits_come_from_the_name_and_the_prompt(project: Path, store: Path) -> None:
    root = Root(store, STORE.name)
    for path in store.iterdir():
        env = environment(STORE, reading(path, root))
        ident = path.name.removeprefix("My-App-")[9:]
        assert env.traits == Traits(
            kind="pdm",
            name="dev-2" if ident == "dev-2" else "My-App",
            project_name="My-App",
            digest=path.name.removeprefix("My-App-")[:8],
            per_interpreter=ident != "dev-2",
        )
        assert STORE.fits(env, project)
        assert not STORE.fits(env, project.parent)


def test_a_moved_project_keeps_its_environment_and_a_deleted_one_leaves_orphans(
    pdm: Pdm, project: Path, tmp_path: Path
) -> None:
    assert set(rows(pdm.home)) == pdm.listed(project)
    with moved(project, pdm.home.path / "code" / "renamed" / "My-App") as there:
        assert pdm.listed(there) == set()  # though it goes on using one of them
        found = rows(pdm.home)
        assert {row.verdict.status for row in found.values()} == {Status.MOVED}
        assert {row.verdict.project for row in found.values()} == {project}
        assert {row.verdict.place for row in found.values()} == {there}
    with moved(project, tmp_path / "outside"):
        found = rows(pdm.home)
        assert {row.verdict.status for row in found.values()} == {Status.ORPHAN}


def test_a_project_that_was_never_seen_before_it_moved(
    pdm: Pdm, project: Path, store: Path
) -> None:
    forget(pdm.home, store.iterdir())
    with moved(project, pdm.home.path / "code" / "never-seen") as there:
        used = Path((there / ".pdm-python").read_text()).parent.parent
        found = rows(pdm.home, records=False)
        assert {row.verdict.project for row in found.values()} == {there}
        (named,) = store.glob("*-dev-2")
        assert {path: row.verdict.status for path, row in found.items()} == dict.fromkeys(
            found, Status.REPLACED
        ) | {used: Status.LINKED, named: Status.LINKED}


def test_other_ways_of_making_them(home: Home, tool: Tool, pythons: list[Path]) -> None:
    """``venv`` and uv write nothing of pdm into pyvenv.cfg, but its name and prompt are there."""
    pdm = Pdm(home, tool("pdm"))
    project = pdm.project("lab")
    location = home.path / ".virtualenvs"
    pdm(project, "config", "venv.location", "~/.virtualenvs")
    (uv := home.path / "bin" / "uv").parent.mkdir()
    uv.symlink_to(find_uv_bin())
    with_uv = {"PATH": f"{uv.parent}:{home.variables['PATH']}"}
    pdm(project, "venv", "create", "--with", "venv", "--name", "std", pythons[0])
    pdm(project, "venv", "create", "--with", "uv", "--name", "fast", pythons[0], **with_uv)
    made(location / "lab-notahash")
    for user in (home, given(home, {"PDM_CONFIG_FILE": "/none", "WORKON_HOME": str(location)})):
        found = rows(user, records=False)
        of_pdm = {path for path, row in found.items() if row.environment.traits.kind == "pdm"}
        assert of_pdm == pdm.listed(project)
        assert {found[path].verdict.status for path in of_pdm} == {Status.LINKED}
        assert found[location / "lab-notahash"].environment.traits.kind == "venv"


SETTINGS = [
    pytest.param({}, {}, id="default"),
    pytest.param({"XDG_DATA_HOME": "{home}/d"}, {}, id="XDG_DATA_HOME"),
    pytest.param({}, {".config/pdm/config.toml": '[venv]\nlocation = "~/l"'}, id="location"),
    pytest.param({}, {".config/pdm/config.toml": '"venv.location" = "l"'}, id="relative"),
    pytest.param(
        {"PDM_CONFIG_FILE": "{home}/c.toml"},
        {"c.toml": '[venv]\nlocation = "/c"', ".config/pdm/config.toml": 'venv.location = "/no"'},
        id="another file",
    ),
    pytest.param(
        {"XDG_CONFIG_DIRS": "{home}/site"},
        {"site/pdm/config.toml": '[venv]\nlocation = "/site"'},
        id="of all users",
    ),
]


@pytest.mark.parametrize(("variables", "files"), SETTINGS)
def test_where_pdm_puts_them(
    home: Home, tool: Tool, variables: dict[str, str], files: dict[str, str]
) -> None:
    project = home.path / "code" / "here"
    project.mkdir(parents=True)
    (project / "pyproject.toml").write_text(PYPROJECT)
    for name, text in files.items():
        (home.path / name).parent.mkdir(parents=True, exist_ok=True)
        (home.path / name).write_text(text)
    user = given(home, CENTRAL | variables)
    code = (
        "import os; from pdm.core import Core; from pdm.cli.commands.venv.utils import *;"
        "core = Core(); file = os.environ.get('PDM_CONFIG_FILE');"
        "print(get_venv_parent(core.create_project('.', global_config=file)))"
    )
    python = tool("pdm").parent / "python"
    said = user.run(python, "-c", code, cwd=project).stdout.strip()
    first, *others = STORE.roots(user.machine(cwd=project), Config())
    assert first.path == project / said
    expected = (
        RootOrigin.CONFIG if files else RootOrigin.VARIABLE if variables else RootOrigin.DEFAULT
    )
    assert first.why is expected
    default = home.path / ".local" / "share" / "pdm" / "venvs"
    assert [root.path for root in others] == ([default] if files else [])


def test_other_systems_have_other_places(home: Home) -> None:
    mac = Machine(home.path, platform="darwin")
    assert paths(STORE, mac) == [home.path / "Library/Application Support/pdm/venvs"]
    windows = Machine(home.path, {"LOCALAPPDATA": "/l"}, platform="win32")
    assert paths(STORE, windows) == [Path("/l/pdm/pdm/venvs")]


@pytest.mark.parametrize(
    ("entry", "prompt", "name", "digest", "versioned"),
    [
        ("webapp-pWhDoDw0-3.12", "webapp-3.12", "webapp", "pWhDoDw0", True),
        ("webapp-pWhDoDw0-3.13t", None, "webapp", "pWhDoDw0", True),
        ("webapp-pWhDoDw0-3.12-32", None, "webapp", "pWhDoDw0", True),
        ("a-b--_-_-_-_-3.12", None, "a-b", "-_-_-_-_", True),
        ("webapp-pWhDoDw0-dev", None, "webapp", "pWhDoDw0", False),
        ("Web-App-pWhDoDw0-a-longer-name", "web-app-3.12", "Web-App", "pWhDoDw0", False),
        ("webapp-pWhDoDw0-a-longer-name", "(mine)", "webapp", "pWhDoDw0", False),
        ("webapp-pWhDoDw-3.12", "webapp-3.12", None, None, None),
    ],
)
def test_names_are_told_apart_from_hashes(
    home: Home,
    entry: str,
    prompt: str | None,
    name: str | None,
    digest: str | None,
    versioned: bool | None,
) -> None:
    cfg = "home = /usr/bin\nversion = 3.12.1\n" + (f"prompt = {prompt}\n" if prompt else "")
    found = reading(made(home.path / entry, cfg), Root(home.path, STORE.name))
    traits = STORE.recognise(found)
    if name is None:
        assert traits is None
        return
    assert traits is not None
    assert (traits.project_name, traits.digest) == (name, digest)
    assert traits.per_interpreter == versioned


def test_the_hash_of_a_project_that_is_gone(home: Home) -> None:
    root = Root(home.path, STORE.name)
    env = environment(STORE, reading(made(root.path / "webapp-pWhDoDw0-3.12"), root))
    assert STORE.fits(env, Path("/home/ada/code/webapp"))
    assert not STORE.fits(env, Path("/home/ada/code/webapp\0"))


@pytest.mark.parametrize("text", ["", "\n", "python", "/a\0/bin/python", "/python", "\n" * 9])
def test_a_damaged_pointer_leads_nowhere_that_is_an_environment(home: Home, text: str) -> None:
    led = list(STORE.pointer_targets(home.path / ".pdm-python", text, []))
    assert not any((home.path / path / "pyvenv.cfg").exists() for path in led)
    assert len(led) <= 1


def test_what_is_freed_is_named_by_no_project(
    home: Home, tool: Tool, two_pythons: tuple[Path, Path]
) -> None:
    pdm = Pdm(home, tool("pdm"))
    project = pdm.project("mine")
    pdm(project, "use", "-f", two_pythons[0])
    pdm(project, "venv", "create", "--name", "dev", two_pythons[1])
    pointer = project / ".pdm-python"
    used = Path(pointer.read_text()).parent.parent
    (dev,) = pdm.listed(project) - {used}
    untouched_until_freed(home, used, used.parent, project)
    assert f"*  {used.name.rpartition('-')[2]}: {used}" in pdm(project, "venv", "list")
    assert freed(home, used) == ""
    assert not pointer.exists()
    assert pdm.listed(project) == {dev}
    assert pdm(project, "info", "--python").startswith(str(dev))  # without a complaint
    assert pointer.read_text().startswith(str(dev))
    pointer.write_text(str(two_pythons[0]))  # as `pdm use` has it, who wants another
    assert freed(home, dev) == ""
    assert pointer.read_text() == str(two_pythons[0])


def test_nothing_in_them_is_the_users(project: Path, store: Path) -> None:
    assert_nothing_is_the_users(store)
