"""What projects say they are: read once for each version of their pyproject.toml."""

import json
import os
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import venv
from venvdash.config import Config
from venvdash.records import descriptions
from venvdash.records.descriptions import Description
from venvdash.records.summaries import summary_of
from venvdash.scanner.projects import project_info
from venvdash.session import Session
from venvdash.system.fingerprint import Fingerprint
from venvdash.system.host import host_id


@pytest.fixture
def project(home: Home) -> Path:
    """A project with an environment of virtualenvwrapper's, untouched for long."""
    path = home.path / "code" / "api"
    path.mkdir(parents=True)
    (venv(home.path / ".virtualenvs" / "api") / ".project").write_text(str(path))
    describe(path, "A web\x1b app", 1)
    return path


def describe(project: Path, text: str, days: int) -> None:
    """Write a description, and let its file be so many days old."""
    file = project / "pyproject.toml"
    file.write_text(f"[project]\nname = 'api'\ndescription = {json.dumps(text)}\n")
    os.utime(file, (1_700_000_000 - 86400 * days,) * 2)


def described(home: Home) -> str:
    session = Session(home.machine(), Config())
    list(session.scan(usage=False))
    session.remember()
    (row,) = session.rows.values()
    assert summary_of(row).description == row.description
    return row.description


def test_it_is_shown(home: Home, project: Path) -> None:
    assert described(home) == "A web\x1b app"
    (listed,) = json.loads(home.venvdash("list", "--json").stdout)["environments"]
    assert (listed["description"], listed["note"]) == ("A web\x1b app", None)
    home.venvdash("note", "api", "mine")
    (listed,) = json.loads(home.venvdash("list", "--json", "--no-usage").stdout)["environments"]
    assert (listed["description"], listed["note"]) == ("A web\x1b app", "mine")
    assert "description A web\\e app\n" in home.venvdash("info", "api").stdout


def test_a_file_is_read_again_only_when_it_changed(
    home: Home, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("venvdash.scanner.projects.current_info.settled", lambda one, now: True)
    read = []
    real = project_info.about

    def about(directory: str) -> project_info.About:
        read.append(directory)
        return real(directory)

    monkeypatch.setattr(project_info, "about", about)
    first = described(home)
    count = read.count(str(project))
    assert count > 0
    assert described(home) == first
    assert read.count(str(project)) == count, "it was remembered"
    describe(project, "Something else", 2)
    assert described(home) == "Something else"
    (project / "pyproject.toml").unlink()
    assert described(home) == ""


def test_what_was_just_changed_is_not_remembered(home: Home, project: Path) -> None:
    described(home)
    assert descriptions.read(home.machine().state_directory, host_id()) == {}


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", '{"/x": 5}', '{"/x": ["a", 1, 2]}', '{"/x": [1, 1, 2, 3, 4, 5]}'),
        *('{"/x": ["' + "a" * 201 + '", 1, 2, 3, 4, 5]}', '{"/x": ["a", 1, 2, 3, 4, "5"]}'),
        "[" * 99_999,
    ],
)
def test_a_damaged_file_is_as_none(tmp_path: Path, content: str) -> None:
    known = {"/x": Description("a", Fingerprint(1, 2, 3, 4, 5)), "/y": Description("b", None)}
    descriptions.write(tmp_path, "host", known)
    assert descriptions.read(tmp_path, "host") == {"/x": known["/x"]}
    (tmp_path / "descriptions" / "host").write_text(content)
    assert descriptions.read(tmp_path, "host") == {}
