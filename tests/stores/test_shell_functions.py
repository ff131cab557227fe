"""The shell functions that people use for central environments: a line of configuration each.

They were published in https://github.com/astral-sh/uv/issues/1495. Each test does what its
function does, with real uv, and gives the line that the documentation gives.
"""

import hashlib
import tomllib
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import rows, venv
from tests.stores.places import given
from venvdash.config import Config, ConfiguredStore, load
from venvdash.model import Location, Row, Status
from venvdash.stores.configured_folders import STORE
from venvdash.stores.roots import Layout, RootOrigin

PROJECT = Path("dev", "shop", "web-app")

# name: what the configuration says, and where the function puts the environment of PROJECT
# ({home} in both, {name} the project's directory, {below} its path below HOME, {dev} below ~/dev).
MIRRORED = {
    "Hawk777": ('{path = "~/.cache/uv-venv", layout = "mirrored", base = "/"}',
                "{home}/.cache/uv-venv{home}/{below}"),
    "thehesiod": ('{path = "~/.local/share/uv/venv", layout = "mirrored", base = "~/dev"}',
                  "{home}/.local/share/uv/venv/{dev}"),
    "mil-ad": ('{path = "$SCRATCH/$USER/venvs", layout = "mirrored", base = "~"}',
               "{home}/scratch/ada/venvs/{below}"),
    "fuv": ('{path = "$UV_DEPOT", layout = "mirrored"}', "{home}/depot/{below}"),
}  # fmt: skip
FLAT = {
    "puv": ('{path = "$PUV_VENV_LOCATION"}', "{home}/puv/{name}"),
    "fuv": ('{path = "$UV_DEPOT"}', "{home}/depot/{name}"),
    "mustafa0x": ('{path = "~/.cache/.envs"}', "{home}/.cache/.envs/{name}"),
    "Badg": ('{path = "~/.pyenv-nix-uv"}', "{home}/.pyenv-nix-uv/{name}-{hash}"),
    "uvup": ('{path = "~/.uvup"}', "{home}/.uvup/{name}/.venv"),
    "aa": (None, "{home}/.venvs/{name}"),  # looked at anyway
}


@pytest.fixture
def user(home: Home) -> Home:
    """A user with the variables of those functions."""
    folders = {"SCRATCH": "scratch", "UV_DEPOT": "depot", "PUV_VENV_LOCATION": "puv"}
    return given(home, {name: f"{{home}}/{path}" for name, path in folders.items()}
                 | {"USER": "ada"})  # fmt: skip


def _config(home: Home, line: str | None) -> Config:
    """Return the configuration as it is read from a file with that line."""
    file = home.path / "config.toml"
    file.write_text(f"stores = [{line}]\n" if line else "")
    assert tomllib.loads(file.read_text()) or not line
    return load(file)


def _synced(home: Home, place: str, *, package: bool = False) -> Path:
    """Make a project and its environment where a function tells uv to."""
    project = home.path / PROJECT
    project.mkdir(parents=True)
    home.uv("init", "-q", "--no-workspace", "--package" if package else "--bare", cwd=project)
    digest = hashlib.sha256(str(project / "pyproject.toml").encode()).hexdigest()[:5]
    path = place.format(home=home.path, name=project.name, below=PROJECT,
                        dev=PROJECT.relative_to("dev"), hash=digest)  # fmt: skip
    home.uv("sync", "-q", cwd=project, UV_PROJECT_ENVIRONMENT=path)
    return Path(path)


def _row(home: Home, line: str | None, path: Path) -> Row:
    shown = rows(home, _config(home, line))
    assert set(shown) == {path}
    return shown[path]


@pytest.mark.slow
@pytest.mark.parametrize("name", MIRRORED)
def test_a_mirrored_store_names_its_projects(user: Home, name: str) -> None:
    line, place = MIRRORED[name]
    path = _synced(user, place)
    row = _row(user, line, path)
    assert (row.environment.traits.kind, row.verdict.status) == ("mirrored", Status.LINKED)
    assert row.verdict.project == user.path / PROJECT
    (user.path / PROJECT).rename(user.path / "dev" / "away")
    assert _row(user, line, path).verdict.status in (Status.MOVED, Status.ORPHAN)


@pytest.mark.slow
@pytest.mark.parametrize("name", FLAT)
def test_a_flat_store_names_its_environments(user: Home, name: str) -> None:
    line, place = FLAT[name]
    path = _synced(user, place)
    row = _row(user, line, path)
    proven = name == "Badg"  # by the hash in its name
    status = Status.LINKED if proven else Status.UNKNOWN
    assert (row.environment.traits.kind, row.verdict.status) == ("venv", status)
    assert row.environment.traits.name.startswith(PROJECT.name)
    said = "uv created it for a project web-app (according to its prompt and .lock"
    assert row.verdict.reason.startswith(said) != proven


def test_five_digits_that_are_no_hash_prove_nothing(user: Home) -> None:
    line, place = FLAT["Badg"]
    _synced(user, place)
    store = user.path / ".pyenv-nix-uv"
    (store / "web-app-0ff1c").mkdir()
    venv(store / "web-app-0ff1c")
    row = rows(user, _config(user, line))[store / "web-app-0ff1c"]
    assert (row.verdict.status, row.name) == (Status.STANDALONE, "web-app-0ff1c")


@pytest.mark.parametrize(
    ("variable", "place"),
    [
        ("PUV_VENV_LOCATION", "{home}/puv/{name}"),
        ("UV_DEPOT", "{home}/depot/{name}"),
        ("UV_DEPOT", "{home}/depot/{below}"),
        ("UV_DEPOT", "{home}/depot{home}/{below}"),
    ],
)
def test_the_variables_of_puv_and_fuv_name_stores(user: Home, variable: str, place: str) -> None:
    path = _synced(user, place)
    row = _row(user, None, path)
    (root,) = (r for r in STORE.roots(user.machine(), Config()) if r.source == variable)
    assert (root.why, row.environment.root) == (RootOrigin.VARIABLE, root.path)
    assert row.environment.location is Location.CENTRAL
    mirrored = place.endswith("{below}")
    assert (root.layout is Layout.MIRRORED) == mirrored
    assert row.verdict.project == (user.path / PROJECT if mirrored else None)


def test_a_configured_folder_is_not_looked_at_twice(user: Home) -> None:
    config = Config(stores=(ConfiguredStore("$UV_DEPOT", "mirrored"),))
    found = [root.path.name for root in STORE.roots(user.machine(), config)]
    assert found == ["depot", "puv"]


def test_a_project_that_is_installed_in_it_proves_a_flat_environment(user: Home) -> None:
    line, place = FLAT["mustafa0x"]
    row = _row(user, line, _synced(user, place, package=True))
    assert (row.verdict.status, row.verdict.project) == (Status.LINKED, user.path / PROJECT)


def test_what_puv_leaves_in_a_project_leads_to_its_environment(user: Home) -> None:
    line, place = FLAT["puv"]
    path = _synced(user, place)
    pointer = user.path / PROJECT / ".venv-name"
    pointer.write_text("web-app\n")
    verdict = _row(user, line, path).verdict
    assert (verdict.status, verdict.project) == (Status.LINKED, user.path / PROJECT)
    assert verdict.claims[0].source == str(pointer)


@pytest.mark.parametrize("text", ["", "../code", "a/b", "..", "a\0b", "/x", "gone"])
def test_a_name_that_is_none_leads_nowhere(user: Home, text: str) -> None:
    line, place = FLAT["puv"]
    path = _synced(user, place)
    (user.path / PROJECT / ".venv-name").write_text(text)
    assert _row(user, line, path).verdict.status is Status.UNKNOWN


def test_the_directory_around_an_environment_goes_with_it(user: Home) -> None:
    line, place = FLAT["uvup"]
    path = _synced(user, place)
    assert _row(user, line, path).environment.entry == path.parent
    (path.parent / "notes").touch()
    assert _row(user, line, path).environment.entry == path
