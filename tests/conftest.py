"""What every test shares: a HOME of its own, the interpreters of this machine, real uv."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests import forkserver
from venvdash.system.machine import Machine

# Real poetry, pdm …: the fixture `tool`; environments made by every maker: `built`; the demo's
# `playground`.
pytest_plugins = ["tests.realtools", "tests.built", "tests.demo.playgrounds"]

forkserver.never_wait_for_disks()

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass
class Home:
    """A HOME below the test's own directory, and the only variables its programs see."""

    path: Path
    variables: dict[str, str] = field(default_factory=dict)

    def machine(self, cwd: Path | None = None, **variables: str) -> Machine:
        """Return the machine as a user with this HOME sees it."""
        return Machine(
            home=self.path,
            variables=self.variables | variables,
            platform=sys.platform,
            cwd=cwd or self.path,
            uid=os.getuid(),
        )

    def run(
        self, *command: str | Path, cwd: Path | None = None, check: bool = True, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command as that user; with ``check`` a failure fails the test with its output."""
        done = forkserver.run(
            [str(part) for part in command],
            variables=self.variables | variables,
            cwd=cwd or self.path,
        )
        return _checked(done) if check else done

    def venvdash(
        self, *arguments: str | Path, cwd: Path | None = None, check: bool = True, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run venvdash as that user, in a process of its own; ``check`` as for :meth:`run`."""
        return self.run(*forkserver.VENVDASH, *arguments, cwd=cwd, check=check, **variables)

    def uv(self, *arguments: str | Path, cwd: Path | None = None, **variables: str) -> str:
        """Run uv, offline and with central project environments, and return its output."""
        return self.run(
            find_uv_bin(),
            *arguments,
            cwd=cwd,
            UV_PREVIEW_FEATURES="centralized-project-envs",
            UV_PYTHON_DOWNLOADS="never",
            UV_OFFLINE="1",
            UV_NO_PROGRESS="1",
            check=True,
            **variables,
        ).stdout


def _checked(
    done: "subprocess.CompletedProcess[str]",
) -> "subprocess.CompletedProcess[str]":
    if done.returncode:
        pytest.fail(f"{done.args}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


_INDEX = {"tool", "uv_index"}  # fixtures that need the package index
_SLOW = {"cli", "demo", "tui"}  # folders whose tests start the program or the dashboard


def pytest_xdist_auto_num_workers() -> int | None:
    """Use three workers for two cores: tests wait for disks, terminals and other programs."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return (os.cpu_count() or 1) * 3 // 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what a quick run leaves out; single tests are marked ``slow`` where they are."""
    here = Path(__file__).parent
    for item in items:
        if not _INDEX.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.real_tools)
        if item.path.relative_to(here).parts[0] in _SLOW:
            item.add_marker(pytest.mark.slow)
    # What takes long begins first, so that all workers end at about the same time.
    long = ("slow", "real_tools")
    slow = {item.path for item in items if any(map(item.get_closest_marker, long))}
    items.sort(key=lambda item: item.path not in slow)


_KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "SSL_CERT_FILE", "SSL_CERT_DIR", "TERM")


@pytest.fixture(autouse=True)
def _no_disks_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keep every search before a prune below the tests' own directory, in child processes too."""
    monkeypatch.setenv("VENVDASH_DISKS", str(tmp_path_factory.getbasetemp()))

    def disks(machine: Machine) -> Path:
        return machine.path_variable("VENVDASH_DISKS") or machine.home

    def in_container(machine: Machine) -> bool:
        return machine.variable("container") is not None

    monkeypatch.setattr(Machine, "disks", property(disks))
    monkeypatch.setattr(Machine, "in_container", property(in_container))  # wherever tests run


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty HOME; nothing of the developer's own settings reaches the test."""
    return home_in(tmp_path)


def home_in(directory: Path) -> Home:
    """Return a new HOME in ``directory``."""
    path = directory / "home"
    path.mkdir()
    variables = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # Of this machine's disks nothing is searched but what lies below the test's own directory.
    variables |= {"HOME": str(path.resolve()), "VENVDASH_DISKS": str(directory.resolve())}
    return Home(path.resolve(), variables)


def _pyenv_pythons() -> list[Path]:
    root = os.environ.get("PYENV_ROOT") or str(Path.home() / ".pyenv")
    return sorted(Path(root, "versions").glob("3.*/bin/python"))


@pytest.fixture(scope="session")
def pythons() -> list[Path]:
    """The interpreters ≥ 3.10 of this machine, ours first, one for each minor version."""
    found = {sys.version_info[:2]: Path(sys.executable).resolve()}
    listed = subprocess.run(
        [find_uv_bin(), "python", "list", "--only-installed", "--output-format", "json"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    import json

    candidates = [Path(item["path"]) for item in json.loads(listed.stdout or "[]")]
    for python in [*candidates, *_pyenv_pythons()]:
        answer = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"],
            capture_output=True,
            text=True,
            timeout=30,
        )
        if answer.returncode == 0:
            major, minor = map(int, answer.stdout.split())
            if (major, minor) >= (3, 10):
                found.setdefault((major, minor), python)
    return list(found.values())


@pytest.fixture(scope="session")
def two_pythons(pythons: list[Path]) -> tuple[Path, Path]:
    """Two interpreters of different minor versions; skipped by name where there is one."""
    if len(pythons) < 2:
        pytest.skip("needs two Pythons, this machine has one")
    return pythons[0], pythons[1]
