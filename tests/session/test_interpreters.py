"""Which environments depend on an interpreter, with interpreters that are really there."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import rows, venv
from venvdash.model import Environment
from venvdash.session.interpreters import made_from

Ask = Callable[[str], set[str]]


@pytest.fixture
def ask(home: Home) -> Ask:
    """Gives the names of the environments that an interpreter carries."""

    def asked(text: str) -> set[str]:
        depends = made_from(text, home.machine())
        return {p.name for p, row in rows(home).items() if depends(row.environment)}

    return asked


def made(home: Home, name: str, python: Path, *options: str) -> Path:
    path = home.path / ".venvs" / name
    subprocess.run([python, "-m", "venv", "--without-pip", *options, path], check=True)
    return path


def test_versions(home: Home, ask: Ask, two_pythons: tuple[Path, Path]) -> None:
    for name, python in zip(("one", "two"), two_pythons, strict=True):
        made(home, name, python)
    told = {path.name: row.environment.python for path, row in rows(home).items()}
    for name, version in told.items():
        assert version
        assert ask(version) == {name}
        assert ask(".".join(version.split(".")[:2])) == {name}
    assert ask("3") == {"one", "two"}
    assert ask("3.1") == ask("2") == set()


def test_programs_and_installations(home: Home, ask: Ask, two_pythons: tuple[Path, Path]) -> None:
    for name, python in zip(("one", "two"), two_pythons, strict=True):
        made(home, name, python)
        made(home, f"{name}-copied", python, "--copies")
        home.uv("venv", "-q", "--python", python, home.path / ".venvs" / f"{name}-uv")
        assert ask(str(python.resolve())) == {name, f"{name}-copied", f"{name}-uv"}
        assert ask(str(python.resolve().parent.parent)) >= {name, f"{name}-copied", f"{name}-uv"}
    (home.path / "short").symlink_to(two_pythons[0].resolve())
    assert ask("~/short") == ask("./short") == {"one", "one-copied", "one-uv"}
    assert ask(str(home.path)) == set()


def test_an_interpreter_that_is_gone_is_still_asked_about(home: Home, ask: Ask) -> None:
    path = venv(home.path / ".venvs" / "old")
    gone = home.path / "pythons" / "3.9" / "bin"
    (path / "bin" / "python").unlink()
    (path / "bin" / "python").symlink_to(gone / "python3.9")
    cfg = path / "pyvenv.cfg"
    base = str(Path(sys.executable).resolve().parent)
    cfg.write_text("".join(
        f"home = {gone}\n" if line.startswith("home") else line.replace(base, str(gone))
        for line in cfg.read_text().splitlines(keepends=True)
    ))  # fmt: skip
    venv(home.path / ".venvs" / "new")
    for text in (str(gone / "python3.9"), str(gone), str(gone.parent), "~/pythons"):
        assert ask(text) == {"old"}
    assert ask("~/pythons/3.8") == set()


def test_without_a_program_nothing_is_made_from_one(home: Home) -> None:
    path = venv(home.path / ".venvs" / "old")
    environment: Environment = rows(home)[path].environment
    (path / "bin" / "python").unlink()
    assert not made_from(sys.executable, home.machine())(environment)
