"""The tools whose stores are tested, as their users install them; kept between runs.

``tool("poetry")`` gives the program, from the package index into pytest's cache directory or
VENVDASH_TEST_TOOLS. What cannot be installed skips the tests that need it, by name.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests import forkserver
from tests.conftest import Home, home_in

Tool = Callable[[str], Path]
Uv = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class Release:
    """A tool's exact version; ``beside`` pins what its newest dependencies broke.

    ``shell``: how its Python starts counts (its encodings), so it is never forked.
    """

    version: str
    program: str = ""
    python: tuple[int, int] = (3, 11)
    beside: tuple[str, ...] = ()
    shell: bool = False


RELEASES = {
    "hatch": Release("1.18.2"),
    "pdm": Release("2.29.3", beside=("hishel==1.4.0",)),
    "pipenv": Release("2026.10.3"),
    "pipx": Release("1.18.4"),
    "poetry": Release("2.5.1"),
    "prime-uve": Release("0.2.0", python=(3, 13)),
    "uv-workon": Release("0.8.0"),
    "uvlink": Release("0.9.1", python=(3, 12)),
    "xonsh": Release("0.25.0", beside=("prompt-toolkit",), shell=True),
    "virtualenvwrapper": Release("6.1.1", "virtualenvwrapper.sh", beside=("setuptools<81",)),
}


@pytest.fixture(scope="session")
def tool(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory, pythons: list[Path]
) -> Tool:
    """Gives the program of one of ``RELEASES``; skips where it cannot be installed.

    The programs beside it (``python``, ``virtualenv``) are those of its own environment.
    """
    kept = _kept("tools", pytestconfig, tmp_path_factory)
    failed: dict[str, str] = {}

    def program(name: str) -> Path:
        release = RELEASES[name]
        if name not in failed:
            failed[name] = _install(name, release, kept, pythons)
        if failed[name]:
            pytest.skip(f"needs {name}, which could not be installed: {failed[name]}")
        path = _place(name, release, kept) / name / "bin" / (release.program or name)
        if not (release.program or release.shell):
            forkserver.PROGRAMS.add(str(path))
        return path

    return program


@pytest.fixture(scope="session")
def uv_cache(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for uv that is kept between runs."""
    return _kept("uv", pytestconfig, tmp_path_factory)


@pytest.fixture(scope="session")
def uv_index(uv_cache: Path) -> Uv:
    """Runs uv with a cache that is kept between runs; skips where the index is out of reach."""

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        command = [find_uv_bin(), *arguments]
        for offline in ("1", "0"):
            done = subprocess.run(
                command,
                env=os.environ | {"UV_CACHE_DIR": str(uv_cache), "UV_OFFLINE": offline},
                capture_output=True,
                text=True,
                timeout=300,
            )
            if done.returncode == 0:
                return done
        pytest.skip(f"needs {arguments[-1]} from the package index: {done.stderr.strip()[-200:]}")

    return run


@pytest.fixture(scope="module")
def module_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Like ``home``, but one for all tests of a module, for what takes long to build."""
    return home_in(tmp_path_factory.mktemp("shared"))


def _kept(name: str, config: pytest.Config, temporary: pytest.TempPathFactory) -> Path:
    """Return a directory that lasts over runs; without pytest's cache, one for this run."""
    given = os.environ.get("VENVDASH_TEST_TOOLS")
    if given:
        place = Path(given, *([name] if name != "tools" else []))
        place.mkdir(parents=True, exist_ok=True)
        return place
    cache = getattr(config, "cache", None)  # absent where its plugin is switched off
    return Path(cache.mkdir(name)) if cache else temporary.mktemp(name)


def _place(name: str, release: Release, kept: Path) -> Path:
    """Return the directory of a tool; it ends as UV_TOOL_DIR does by default."""
    pinned = "+".join([f"{name}-{release.version}", *release.beside]).replace("<", "-below-")
    return kept / pinned.replace("==", "-") / "uv" / "tools"


def _install(name: str, release: Release, kept: Path, pythons: list[Path]) -> str:
    """Install a tool unless it is there; return why it could not be, or nothing."""
    place = _place(name, release, kept)
    done = place.parent / "installed"
    place.mkdir(parents=True, exist_ok=True)
    with _locked(place.parent / "lock"):
        if done.exists() and done.read_text() == str(place):
            return ""
        shutil.rmtree(place)
        python = next((path for path in pythons if _version(path) >= release.python), None)
        if python is None:
            return "no Python {}.{} or later".format(*release.python)
        reason = _uv_tool_install(name, release, place, python)
        if not reason:
            done.write_text(str(place))
        return reason


def _uv_tool_install(name: str, release: Release, place: Path, python: Path) -> str:
    beside = [word for requirement in release.beside for word in ("--with", requirement)]
    command = [find_uv_bin(), "tool", "install", "--no-config", "--python", str(python), *beside]
    folders = {"UV_TOOL_DIR": str(place), "UV_TOOL_BIN_DIR": str(place.parent / "bin")}
    try:
        ran = subprocess.run(
            [*command, f"{name}=={release.version}"],
            env=os.environ | folders,
            capture_output=True,
            text=True,
            timeout=300,
        )
    except subprocess.TimeoutExpired:
        return "it took more than five minutes"
    return ran.stderr.strip()[-300:] if ran.returncode else ""


def _version(python: Path) -> tuple[int, int]:
    if python == Path(sys.executable).resolve():
        return sys.version_info[:2]
    code = "import sys; print(*sys.version_info[:2])"
    ran = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=30)
    major, minor = map(int, ran.stdout.split())
    return major, minor


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Let one process at a time install a tool; the lock ends with the process."""
    with file.open("w") as held:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(held, fcntl.LOCK_EX)
        yield
