"""What it takes to have an environment's packages again, and what prevents it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.actions.deleting import small
from tests.built import MAKERS, Built
from tests.conftest import Home
from tests.scenario import rows
from venvdash.actions.copy.requirements import Requirements, requirements_of, same_packages
from venvdash.config import Config, ConfiguredStore
from venvdash.model import Environment, Package

_SHA = "a" * 64


def _environment(home: Home) -> Environment:
    (row,) = rows(home, records=False).values()
    return row.environment


def _again(home: Home) -> Requirements:
    return requirements_of(_environment(home))


@pytest.fixture
def app(home: Home) -> Path:
    """An environment of one package, as an installer leaves it."""
    path = small(home.path / ".virtualenvs" / "app")
    _record(path, "thing-1.0.dist-info")
    return path


def _site(path: Path) -> Path:
    return next(path.glob("lib/python*/site-packages"))


def _record(path: Path, info: str) -> None:
    """Write the list of all files that there are by now."""
    site = _site(path)
    lines = [
        f"{file.relative_to(site)},,{file.stat().st_size}"
        for file in site.rglob("*")
        if file.is_file()
    ]
    (site / info / "RECORD").write_text("\n".join([*lines, f"{info}/RECORD,,"]))


def _from(path: Path, **told: object) -> None:
    (_site(path) / "thing-1.0.dist-info" / "direct_url.json").write_text(json.dumps(told))


@pytest.mark.parametrize("maker", MAKERS)
def test_what_makers_and_installers_put_there_is_no_obstacle(
    home: Home, built: Built, maker: str
) -> None:
    original = built(maker)
    config = Config(stores=(ConfiguredStore(str(original.parent)),))
    environment = rows(home, config, records=False)[original].environment
    found = requirements_of(environment)
    assert found.obstacles == ()
    assert f"-e {(original.parent.parent / 'greet').as_uri()}" in found.requirements
    assert "black==26.10.1" in found.requirements
    assert len(found.requirements) == len(environment.packages)


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (None, "thing==1.0"),
        (
            {"url": "https://x.org/t.whl", "archive_info": {"hashes": {"sha256": _SHA}}},
            f"thing @ https://x.org/t.whl#sha256={_SHA}",
        ),
        (
            {"url": "https://x.org/t.zip", "archive_info": {"hash": f"sha256={_SHA}"}},
            f"thing @ https://x.org/t.zip#sha256={_SHA}",
        ),
        (
            {"url": "https://x.org/t", "vcs_info": {"vcs": "git", "commit_id": "b" * 40}},
            f"thing @ git+https://x.org/t@{'b' * 40}",
        ),
        (
            {
                "url": "ssh://git@x.org/t",
                "vcs_info": {"vcs": "git", "commit_id": "b" * 40},
                "subdirectory": "a/b",
            },
            f"thing @ git+ssh://git@x.org/t@{'b' * 40}#subdirectory=a/b",
        ),
    ],
)
def test_where_a_package_came_from(
    home: Home, app: Path, told: dict[str, object] | None, line: str
) -> None:
    if told is not None:
        _from(app, **told)
    assert _again(home) == Requirements((line,))


def test_local_sources(home: Home, app: Path) -> None:
    project = home.path / "my code"
    project.mkdir()
    _from(app, url=project.as_uri(), dir_info={"editable": True})
    assert _again(home) == Requirements((f"-e {project.as_uri()}",))
    _from(app, url=project.as_uri(), dir_info={})
    assert "may have changed since" in _again(home).obstacles[0]
    _from(app, url=(project / "gone").as_uri(), dir_info={"editable": True})
    assert "which no longer exists" in _again(home).obstacles[0]
    (app / "src").mkdir()
    _from(app, url=(app / "src").as_uri(), dir_info={"editable": True})
    assert "inside the environment" in _again(home).obstacles[0]
    wheel = project / "thing-1.0-py3-none-any.whl"
    _from(app, url=wheel.as_uri(), archive_info={})
    assert "no longer exists or is not a wheel" in _again(home).obstacles[0]
    wheel.touch()
    assert _again(home) == Requirements((f"thing @ {wheel.as_uri()}",))


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"url": 5},
        {"url": "https://x.org/a b"},
        {"url": "https://x.org/t\n-r /etc/passwd"},
        {"url": "https://x.org/t", "vcs_info": {"vcs": "hg", "commit_id": "b" * 40}},
        {"url": "https://x.org/t", "vcs_info": {"vcs": "git", "commit_id": "main"}},
        {
            "url": "https://x.org/t",
            "vcs_info": {"vcs": "git", "commit_id": "b" * 40},
            "subdirectory": "a\n--index-url=x",
        },
    ],
)
def test_what_cannot_be_told_or_is_hostile(home: Home, app: Path, told: dict[str, object]) -> None:
    _from(app, **told)
    found = _again(home)
    assert found.requirements == ()
    assert "thing" in found.obstacles[0]


@pytest.mark.parametrize("name", ["-e evil-1.0", "a b-1.0", "thing2-1.0;x", "x-"])
def test_names_that_are_none(home: Home, app: Path, name: str) -> None:
    (_site(app) / f"{name}.dist-info").mkdir()
    assert any("no valid name or version" in one for one in _again(home).obstacles)


@pytest.mark.parametrize("name", ["old.egg-link", "old-1.0.egg-info", "other-2.0.dist-info"])
def test_without_a_list_of_files(home: Home, app: Path, name: str) -> None:
    (_site(app) / name).mkdir()
    assert any("without a list of files" in one for one in _again(home).obstacles)


def test_files_that_no_package_brought(home: Home, app: Path) -> None:
    for name in ("notes.txt", "bin/my tool", "lib/python3.12/site-packages/mine.pth"):
        (app / name).write_text("x")
        (obstacle,) = _again(home).obstacles
        assert obstacle == f"It contains files that no package installed: {name}."
        (app / name).unlink()
    for number in range(5):
        (app / f"file{number}").write_text("x")
    (obstacle,) = _again(home).obstacles
    assert obstacle.endswith("file0, file1, file2 and 2 more.")


def test_hooks_that_say_nothing(home: Home, app: Path) -> None:
    hook = app / "bin" / "postactivate"
    hook.write_text("#!/bin/sh\n# This hook is sourced.\n\n")
    assert _again(home).obstacles == ()
    hook.write_text("#!/bin/sh\nexport TOKEN=x\n")
    assert "bin/postactivate" in _again(home).obstacles[0]


def test_files_changed_by_hand(home: Home, app: Path) -> None:
    code = _site(app) / "thing.py"
    before = code.read_text()
    code.write_text(before + "#")
    assert "changed since they were installed" in _again(home).obstacles[0]
    code.write_text(before.replace("N", "M"))  # as long as before
    later = code.stat().st_mtime + 10
    os.utime(code, (later, later))
    assert "thing.py" in _again(home).obstacles[0]


def test_the_same_packages() -> None:
    one = (Package("My_App", "1.0"), Package("b", "2", "file:///x", True))
    other = (Package("b", "2", "file:///x", True), Package("my-app", "1.0"))
    assert same_packages(one, other) == ""
    assert same_packages(one, other[:1]) == "my-app"
    assert same_packages(one, (Package("b", "2", "file:///y", True), other[1])) == "b"
    urls = [(Package("b", "2", f"https://x/b.whl{end}"),) for end in ("#sha256=1", "")]
    assert same_packages(*urls) == ""


def test_a_git_repository_for_real(home: Home, tmp_path: Path, built: Built) -> None:
    """uv takes the line that is made of what it recorded itself."""
    import shutil

    source = tmp_path / "greet"
    shutil.copytree(built("uv").parent.parent / "greet", source)
    git = ["git", "-C", str(source), "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        if subprocess.run([*git, *command], capture_output=True).returncode:
            pytest.skip("needs git")
    environment = home.path / ".virtualenvs" / "app"
    home.uv("venv", "-q", environment)
    python = environment / "bin" / "python"
    home.uv("pip", "install", "-q", "--python", python, f"git+{source.as_uri()}")
    (line,) = _again(home).requirements
    assert line.startswith(f"greet @ git+{source.as_uri()}@")
    other = home.path / "other"
    home.uv("venv", "-q", other)
    home.uv("pip", "install", "-q", "--python", other / "bin" / "python", line)
    assert (other / "bin" / "greet").exists()
