"""Environments with programs and a project in them, made once a run by every maker there is.

They are shared: a test copies one, and leaves it as it is.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.realtools import Tool, Uv
from tests.shells import installed
from venvdash.actions.prefix.repair import repair

PROGRAMS = ("black", "pytest")  # and "greet", the project's own
MAKERS = ("uv", "relocatable", "venv", "virtualenv")
_PACKAGES = ("black==26.10.1", "pytest==9.2.0")
_SHELLS = {
    "bash": ("activate", ". ./{}; command -v black; {python}; echo $VIRTUAL_ENV"),
    "zsh": ("activate", ". ./{}; command -v black; {python}; echo $VIRTUAL_ENV"),
    "fish": ("activate.fish", "source ./{}; command -v black; {python}; echo $VIRTUAL_ENV"),
    "tcsh": ("activate.csh", "source ./{}; which black; {python}; echo $VIRTUAL_ENV:q"),
    "nu": (
        "activate.nu",
        "overlay use ./{}; print (which black).0.path; {python}; print $env.VIRTUAL_ENV",
    ),
    "xonsh": ("activate.xsh", "source ./{}; which black; {python}; echo $VIRTUAL_ENV"),
}
SHELLS = tuple(_SHELLS)
_PYTHON = "python -c 'import sys; print(sys.prefix)'"

Built = Callable[[str], Path]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, uv_index: Uv) -> Built:
    """Gives the environment that one of ``MAKERS`` made: a directory called as its maker."""
    root = tmp_path_factory.mktemp("built")
    made: set[str] = set()

    def environment(maker: str) -> Path:
        path = root / "environments" / maker
        if maker not in made:
            made.add(maker)
            _make(maker, path, project(root / "greet"), uv_index)
        return path

    return environment


def project(path: Path) -> Path:
    """Make a project called greet, with a program of that name, that a wheel can be made of."""
    if not path.exists():
        (path / "src" / "greet").mkdir(parents=True)
        code = "def main() -> None:\n    print('hello')\n"
        (path / "src" / "greet" / "__init__.py").write_text(code)
        (path / "pyproject.toml").write_text(
            '[project]\nname = "greet"\nversion = "1.0"\nrequires-python = ">=3.9"\n'
            '[project.scripts]\ngreet = "greet:main"\n'
            '[build-system]\nrequires = ["uv_build"]\nbuild-backend = "uv_build"\n'
        )
    return path


def _make(maker: str, path: Path, editable: Path, uv: Uv) -> None:
    if maker == "venv":
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", path], check=True)
    elif maker == "virtualenv":
        uv("tool", "run", "virtualenv==21.15.8", "--quiet", "--python", sys.executable, path)
    else:
        how = ["--relocatable"] if maker == "relocatable" else []
        uv("venv", "--quiet", "--python", sys.executable, *how, path)
    install = ["pip", "install", "--quiet", "--python", path / "bin" / "python"]
    uv(*install, *_PACKAGES, "--editable", editable)


def copied(source: Path, target: Path) -> Path:
    """Copy an environment as ``cp -a`` does and make it name its new place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", source, target], check=True)
    repair(target, source, target)
    return target


@contextmanager
def away(path: Path) -> Iterator[None]:
    """Have an environment elsewhere for a while: what depends on its place fails."""
    elsewhere = path.with_name(f"{path.name}-elsewhere")
    path.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(path)


def assert_works(path: Path) -> None:
    """Run every program of an environment; each must run with its own Python."""
    for name in PROGRAMS:
        ran = subprocess.run([path / "bin" / name, "--version"], capture_output=True, text=True)
        assert ran.returncode == 0, (name, ran)
    assert_runs(path)
    which = "import sys; print(sys.prefix)"
    ran = subprocess.run([path / "bin" / "python", "-c", which], capture_output=True, text=True)
    assert ran.stdout == f"{path}\n"


def assert_runs(path: Path) -> None:
    """Run one program of an environment."""
    ran = subprocess.run([path / "bin" / "greet"], capture_output=True, text=True)
    assert ran.stdout == "hello\n", ran


def activated(shell: str, path: Path, tool: Tool) -> list[str]:
    """Return what ``black``, ``sys.prefix`` and VIRTUAL_ENV are in a shell that activated it."""
    script, code = _SHELLS[shell]
    program = installed(shell, tool)
    if not (path / "bin" / script).exists():
        pytest.skip(f"{path.name} has no {script}")
    options = ["--no-rc"] if shell == "xonsh" else []
    command = code.replace("{}", script).replace("{python}", _PYTHON)
    ran = subprocess.run(
        [program, *options, "-c", command], cwd=path / "bin", capture_output=True, text=True
    )
    assert ran.returncode == 0, ran
    return ran.stdout.splitlines()
