"""Which recorded files are missing, in environments that uv filled."""

import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.realtools import Tool
from venvdash.demo.wheels import make_wheel
from venvdash.scanner.usage.missing_files import Missing, missing


@pytest.fixture
def prefix(home: Home) -> Path:
    """An environment with a package that has modules, data with odd names, and a program."""
    path = home.path / ".venvs" / "lab"
    home.uv("venv", "-q", path)
    files = {"hello.py": b"", "pkg/__init__.py": b""}
    wheel = make_wheel(home.path, "hello", "1.0", files, {"hello": "hello:main"})
    home.uv("pip", "install", "-q", "--python", path / "bin" / "python", wheel)
    (site(path) / "pkg" / "with, comma.txt").touch()
    with _record(path).open("a") as record:
        record.write('"pkg/with, comma.txt",,\n')
    return path


def site(prefix: Path) -> Path:
    (found,) = prefix.glob("lib/*/site-packages")
    return found


def _record(prefix: Path) -> Path:
    (found,) = site(prefix).glob("hello*/RECORD")
    return found


def lacking(prefix: Path) -> tuple[Missing, ...]:
    return missing(prefix, str(site(prefix)))


def test_a_whole_one_lacks_nothing(home: Home, prefix: Path) -> None:
    home.run(prefix / "bin" / "python", "-m", "compileall", "-q", site(prefix))
    assert lacking(prefix) == ()
    for compiled in prefix.rglob("*.pyc"):
        compiled.unlink()
    assert lacking(prefix) == ()


def test_one_that_virtualenv_has_just_made_lacks_nothing(home: Home, tool: Tool) -> None:
    path = home.path / ".venvs" / "made"
    home.run(tool("pipenv").with_name("virtualenv"), "-q", path)
    assert (site(path) / "pip").is_dir()
    assert lacking(path) == ()


@pytest.mark.parametrize("name", ["hello.py", "pkg/with, comma.txt", "../../../bin/hello"])
def test_what_is_gone_is_named(prefix: Path, name: str) -> None:
    gone = Path(os.path.normpath(site(prefix) / name))
    gone.unlink()
    assert lacking(prefix) == (Missing("hello", (gone,), 1),)


def test_a_folder_that_is_gone_counts_all_its_files(prefix: Path) -> None:
    shutil.rmtree(site(prefix) / "pkg")
    (found,) = lacking(prefix)
    assert (found.package, found.count) == ("hello", 2)


def test_a_link_to_nowhere_is_there(prefix: Path) -> None:
    (site(prefix) / "hello.py").unlink()
    (site(prefix) / "hello.py").symlink_to("/no/such")
    assert lacking(prefix) == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "../../../../../elsewhere,,",
        "/no/such/file,,",
        "a\0b,,",
        '"unclosed,,',
        ",,",
        "__pycache__/x.cpython-311.pyc,,",
        "",
    ],
)
def test_lines_that_say_nothing_of_the_environment(prefix: Path, line: str) -> None:
    record = _record(prefix)
    record.write_text(record.read_text() + line + "\n")
    assert lacking(prefix) == ()


def test_without_records_nothing_is_missing(prefix: Path) -> None:
    record = _record(prefix)
    record.unlink()
    (site(prefix) / "hello.py").unlink()
    assert lacking(prefix) == ()
    os.mkfifo(record)
    assert lacking(prefix) == ()
    assert missing(prefix, str(prefix / "no" / "such")) == ()
