"""Against what the functions of the real venvlink make; its command runs on Windows only."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import rows
from tests.stores.packaged import packaged
from tests.stores.places import made, paths, reading
from venvdash.config import Config
from venvdash.model import EvidenceKind, Status
from venvdash.stores.roots import Root, RootOrigin
from venvdash.stores.venvlink import STORE

PROXY = Path("venv", "Scripts", "Activate.ps1")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has venvlink."""
    return packaged("venvlink==0.5.0", tmp_path_factory.mktemp("venvlink") / "tool") / "python"


def _settings(home: Home, text: str) -> Path:
    file = home.path / ".venvlinkrc"
    file.write_text(text)
    return file


def _created(home: Home, python: Path, project: Path, name: str) -> Path:
    """Do what ``python -m venvlink NAME`` does in a project; return the environment."""
    settings = _settings(home, f'[general]\nvenv_folder = "{home.path / "envs of mine"}"\n')
    project.mkdir(parents=True)
    code = "import sys, pathlib, venvlink; from venvlink import VenvLink\n"
    code += "VenvLink(sys.argv[1]).create_venv(sys.argv[2], pathlib.Path('.'))"
    home.run(python, "-c", code, settings, name, cwd=project)
    return home.path / "envs of mine" / name


@pytest.mark.slow
@pytest.mark.real_tools
def test_a_project_is_found_by_its_proxy_wherever_it_goes(home: Home, python: Path) -> None:
    project = home.path / "code" / "it's app"
    path = _created(home, python, project, "app")
    assert (project / PROXY).is_file()
    row = rows(home)[path]
    assert (row.environment.store, row.environment.traits.kind) == ("venvlink", "venvlink")
    assert (row.verdict.status, row.verdict.evidence) == (Status.LINKED, EvidenceKind.PROJECT_LINK)
    assert row.verdict.project == project
    assert row.verdict.claims[0].source == str(project / PROXY)
    moved = project.with_name("moved")
    project.rename(moved)
    verdict = rows(home)[path].verdict
    assert verdict.status is Status.MOVED
    assert verdict.place == moved
    shutil.rmtree(moved)
    assert rows(home)[path].verdict.status is Status.ORPHAN


def test_what_the_proxy_says_on_windows() -> None:
    text = (
        '\n    Write-Host "[venvlink]" -NoNewline  -ForegroundColor Cyan\n'
        'Write-Host "C:\\Users\\Ada O\'Neil\\venvs\\app" -NoNewline\n'
        "& 'C:\\Users\\Ada O'Neil\\venvs\\app\\Scripts\\Activate.ps1'\n"
    )
    found = list(STORE.pointer_targets(Path("p"), text, ()))
    assert [str(path) for path in found] == ["C:\\Users\\Ada O'Neil\\venvs\\app"]


@pytest.mark.parametrize(
    "text",
    ["", "& '/x/app/Scripts/Activate.ps1'", "[venvlink]", "[venvlink]\n& '/x/other.ps1'",
     "[venvlink]\n& '/x\0/Scripts/Activate.ps1'", "[venvlink]\n" + "& '" * 20_000],
)  # fmt: skip
def test_other_scripts_lead_nowhere(text: str) -> None:
    assert list(STORE.pointer_targets(Path("p"), text, ())) == []


@pytest.mark.parametrize(
    ("settings", "folder"),
    [
        ("[general]\nVENV_FOLDER = /srv/envs\n", "/srv/envs"),
        ("[general]\nvenv_folder='/srv/my envs'\n", "/srv/my envs"),
        ("[general]\nvenv_folder = relative\n", "relative"),
        ("[general]\nvenv_folder = 100%%\n", "100%"),
        ("[general]\nvenv_folder =\n", None),
        ("[general]\nvenv_folder = /x/%(gone)s\n", None),
        ("[general]\nvenv_folder = /a\0b\n", None),
        ("[other]\nvenv_folder = /x\n", None),
        ("venv_folder = /x\n", None),
        ("[general\n", None),
        ("", None),
        ("[general]\nvenv_folder = " + "x" * 300_000, None),
    ],
)
def test_settings_as_venvlink_reads_them(home: Home, settings: str, folder: str | None) -> None:
    file = _settings(home, settings)
    found = list(STORE.roots(home.machine(), Config()))
    assert [root.path for root in found] == ([home.path / folder] if folder else [])
    assert all((root.why, root.source) == (RootOrigin.CONFIG, str(file)) for root in found)


def test_without_settings_there_is_nothing(home: Home) -> None:
    assert paths(STORE, home.machine()) == []
    (home.path / ".venvlinkrc").mkdir()
    assert paths(STORE, home.machine()) == []


def test_what_others_made_in_its_folder_is_not_its_own(home: Home) -> None:
    root = Root(home.path / "envs", STORE.name)
    for key in ("uv", "virtualenv"):
        found = reading(made(root.path / key, f"home = /usr/bin\n{key} = 1.0\n"), root)
        assert STORE.recognise(found) is None
    found = reading(made(root.path / "plain"), Root(root.path, "folders"))
    assert STORE.recognise(found) is None
