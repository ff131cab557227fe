"""The tools that create a playground: uv, ``python -m venv``, the times of files."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.process import uv as uv_command
from venvdash.actions.process.run_log import Log
from venvdash.demo.catalogue import WHEELS, Project
from venvdash.demo.interpreters import Interpreter
from venvdash.system.files import own_uid
from venvdash.system.machine import Machine

_DAY = 86_400  # seconds
_TIMEOUT = 120  # seconds for one command; each takes well under one
_PYPROJECT = """\
[project]
name = "{name}"
version = "0.1.0"
requires-python = ">=3.10"
dependencies = [{requires}]
"""
# uv builds this one itself, without downloading anything
_PACKAGE = """
[build-system]
requires = ["uv_build"]
build-backend = "uv_build"
"""


class MakeError(Exception):
    """One environment cannot be made here; the text says why, for people."""


def user_variables(home: Path, outer: Mapping[str, str], temporary: Path) -> dict[str, str]:
    """Return the variables of the playground's user: every tool's place lies below ``home``.

    Of ``outer`` only the variables for programs and the terminal are kept, so that no tool's
    variable names a path outside.
    """
    kept = {name: outer[name] for name in _KEPT if outer.get(name)}
    inside = {
        "HOME": home,
        "USERPROFILE": home,
        "APPDATA": home / "AppData" / "Roaming",
        "LOCALAPPDATA": home / "AppData" / "Local",
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_CACHE_HOME": home / ".cache",
        "XDG_DATA_HOME": home / ".local" / "share",
        "XDG_STATE_HOME": home / ".local" / "state",
        "XDG_BIN_HOME": home / ".local" / "bin",
        "TMPDIR": temporary,
        "TMP": temporary,
        "TEMP": temporary,
        "VENVDASH_CONFIG": home / ".config" / "venvdash" / "config.toml",
        "VENVDASH_DISKS": home.parent,
    }
    if os.name != "nt":
        for name in ("USERPROFILE", "APPDATA", "LOCALAPPDATA", "TMP", "TEMP"):
            del inside[name]
    return kept | {name: str(path) for name, path in inside.items()}


def user_machine(home: Path, variables: Mapping[str, str], cwd: Path | None = None) -> Machine:
    """Return the machine as the playground's user sees it, standing in ``cwd`` or at home."""
    return Machine(home, variables, platform=sys.platform, cwd=cwd or home, uid=own_uid())


_KEPT = (
    *("PATH", "PATHEXT", "SYSTEMROOT", "COMSPEC", "SHELL", "USER", "LOGNAME", "EDITOR"),
    *("TERM", "COLORTERM", "NO_COLOR", "LANG", "LC_ALL", "LC_CTYPE", "TZ"),
)


@dataclass
class Workshop:
    """A HOME under construction: ``uv`` is None where there is none, ``python`` what is used."""

    home: Path
    wheels: Path
    variables: Mapping[str, str]
    uv: Path | None
    python: Interpreter

    def write(self, place: str | Path, text: str) -> Path:
        """Write a file below HOME, its folders made."""
        path = self.home / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run_uv(self, *arguments: str | Path, cwd: Path) -> str:
        """Run uv as the playground's user and return what it wrote.

        Raises MakeError where there is no uv, UvError when it fails.
        """
        if self.uv is None:
            raise MakeError("uv is not installed")
        environ = {**self.variables, "PYTHONDONTWRITEBYTECODE": "1", "UV_NO_PROGRESS": "1"}
        done = uv_command.run(
            self.uv, arguments, environ=environ, cwd=cwd, timeout=_TIMEOUT, log=Log()
        )
        return done.stdout

    def configure_uv(self) -> None:
        """Let uv, whenever this user runs it, use the wheels made here and no network."""
        # JSON strings are TOML strings as long as nothing outside ASCII is escaped.
        wheels = json.dumps(str(self.wheels), ensure_ascii=False)
        text = (
            "# Made by `venvdash demo`: no network, only the wheels made here.\n"
            f'offline = true\nno-index = true\nfind-links = [{wheels}]\nlink-mode = "hardlink"\n'
            'python-downloads = "never"\npreview-features = ["centralized-project-envs"]\n'
        )
        config = Path(self.variables["XDG_CONFIG_HOME"])
        if os.name == "nt":
            config = Path(self.variables["APPDATA"])
        self.write(config / "uv" / "uv.toml", text)

    def project(self, project: Project) -> Path:
        """Write a uv project and return its directory."""
        self.write(f"{project.place}/README.md", f"# {project.name}\n")
        if project.bare:
            self.write(f"{project.place}/main.py", 'print("hello")\n')
        else:
            package = project.name.replace("-", "_")
            self.write(f"{project.place}/src/{package}/__init__.py", "")
        self.require(project, project.requires)
        return self.home / project.place

    def require(self, project: Project, requires: Sequence[str]) -> None:
        """Write what a project needs into its pyproject.toml."""
        words = ", ".join(f'"{name}"' for name in requires)
        text = _PYPROJECT.format(name=project.name, requires=words)
        self.write(f"{project.place}/pyproject.toml", text + ("" if project.bare else _PACKAGE))

    def sync(self, project: Path, python: Interpreter) -> Path:
        """Let uv make the project's central environment and return it."""
        self.run_uv("sync", "--python", python.path, cwd=project)
        link = project / ".venv"
        if not link.is_symlink():
            raise MakeError("this uv keeps the environment in the project; it is too old")
        return Path(os.readlink(link))

    def venv(self, place: str | Path, python: Path | None = None) -> Path:
        """Make an environment with ``python -m venv`` below HOME and return it."""
        path = self.home / place
        path.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [python or self.python.path, "-m", "venv", "--without-pip", path],
            env={**self.variables, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=_TIMEOUT,
        )
        if done.returncode:
            raise MakeError(f"python -m venv: {(done.stderr or done.stdout).strip()}")
        return path

    def unpack(self, environment: Path, *names: str) -> None:
        """Install wheels made here as copies: pure-Python wheels need only be unpacked."""
        for wheel in WHEELS:
            if wheel.name in names:
                with zipfile.ZipFile(self.wheels / f"{wheel.stem}-py3-none-any.whl") as archive:
                    archive.extractall(site_packages(environment))

    def age(self, environment: Path, project: Path | None, changed: float, used: float) -> None:
        """Make them ``changed`` and ``used`` days old, as the traces on disk tell it."""
        now = time.time()
        then, last = now - changed * _DAY, now - used * _DAY
        for path in (site_packages(environment), environment / "pyvenv.cfg"):
            os.utime(path, (last, then))
        if project is not None:
            for folder, _, names in os.walk(project):  # not into links: .venv is left alone
                for name in names:
                    os.utime(Path(folder, name), (last, last), follow_symlinks=False)
                os.utime(folder, (last, last))


def site_packages(environment: Path) -> Path:
    """Return the environment's site-packages."""
    directories = [
        *environment.glob("lib/python3*/site-packages"),
        environment / "Lib/site-packages",
    ]
    return directories[0]


def gone_interpreter(workshop: Workshop, pythons: Path, place: str) -> Path:
    """Make an environment whose interpreter is then removed, and return it.

    The interpreter is reached through a link in ``pythons``, and only that link is removed.
    """
    real = workshop.python.path
    if sys.platform == "win32" or real.parent.name != "bin":
        raise MakeError("needs an interpreter in a folder named bin")
    pythons.mkdir(exist_ok=True)
    link = pythons / "nightly"
    link.unlink(missing_ok=True)
    link.symlink_to(real.parent.parent, target_is_directory=True)
    try:
        path = workshop.venv(place, link / "bin" / real.name)
        _lead_through(path, link / "bin", real)
    finally:
        link.unlink()
    return path


def _lead_through(environment: Path, folder: Path, real: Path) -> None:
    """Say again what was asked for: some versions of venv resolve the link first."""
    cfg = environment / "pyvenv.cfg"
    text = cfg.read_text(encoding="utf-8")
    cfg.write_text(re.sub(r"(?m)^home = .*$", lambda _: f"home = {folder}", text), encoding="utf-8")
    for name in os.listdir(environment / "bin"):
        tool = environment / "bin" / name
        if tool.is_symlink() and os.path.isabs(os.readlink(tool)):
            tool.unlink()
            tool.symlink_to(folder / real.name)


def remove(path: Path) -> None:
    """Remove a directory of the playground, never following links."""
    shutil.rmtree(path)
