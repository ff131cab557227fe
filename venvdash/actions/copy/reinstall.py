"""Recreating an environment with uv, with the same packages, by the same kind of interpreter."""

import os
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.copy.requirements import Requirements, same_packages
from venvdash.actions.copy.staging import Staging
from venvdash.actions.events import Output, Progressed
from venvdash.actions.prefix.scripts import bin_of
from venvdash.actions.process import uv
from venvdash.actions.safety.writable_by_others import foreign_project
from venvdash.model import Environment, Package, Row
from venvdash.model.packaging import minor_version
from venvdash.scanner.discovery.site_packages import origins, site_directory
from venvdash.stores.pyvenv_cfg import parse_cfg
from venvdash.system import responsiveness
from venvdash.system.files import read_text

REQUIREMENTS = "requirements.txt"
"""The name of the file with the packages of a copy, while it is made."""
# What would send uv elsewhere, or make other environments than were asked for.
_DROPPED = frozenset(
    {"VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "UV_SYSTEM_PYTHON"}
)

Telling = Generator[Output | Progressed, None, None]


class DiffersError(Exception):
    """What was installed is not what was asked for; the text says what differs."""


class Reinstallation:
    """The environment of ``row`` once more; ``python`` is another interpreter, or its version."""

    def __init__(
        self, row: Row, python: str | None, context: Context, cancel: threading.Event
    ) -> None:
        self._row, self._python = row, python
        self._context, self._cancel = context, cancel

    def run(self, making: Staging, packages: Requirements) -> Telling:
        """Create the environment and install its packages, and tell how it goes.

        Raises UvError, and DiffersError where the packages are not the same.
        """
        cfg = parse_cfg(read_text(self._row.environment.path / "pyvenv.cfg") or "")
        options = ["--relocatable"] if cfg.get("relocatable", "").lower() == "true" else []
        if cfg.get("include-system-site-packages", "").lower() == "true":
            options.append("--system-site-packages")
        python = self._python or base_python(self._row.environment)
        yield Progressed("creating the environment")
        options += ["--quiet", "--no-project", "--python", str(python)]
        yield from self._uv("venv", *options, making.path)
        if packages.requirements:
            file = making.path.parent / REQUIREMENTS
            file.write_text("".join(f"{line}\n" for line in packages.requirements))
            count = len(packages.requirements)
            yield Progressed(f"installing {count} package{'s' * (count > 1)}")
            interpreter = making.path / bin_of(making.path) / "python"
            yield from self._uv("pip", "install", "--no-deps", "--python", interpreter, "-r", file)
        wanted = packages_in(self._row.environment.path, self._row.environment.python)
        differs = same_packages(wanted, packages_in(making.path, None))
        if differs:
            raise DiffersError(f"The package index provided something else: {differs}.")

    def _uv(self, *arguments: str | Path) -> Telling:
        """Run uv, offline first: what it has need not be asked for."""
        program = uv.find_uv(self._context.machine)
        if program is None:
            raise uv.UvError("uv", "was not found on PATH", "")
        variables = self._context.machine.variables
        environ = plain_variables(variables)
        cwd = self._directory()
        if arguments[0] == "pip":
            self._stays(program, arguments, environ, cwd)
        try:
            lines = list(self._run(program, [*arguments, "--offline"], environ, cwd))
        except uv.UvError as error:
            if variables.get("UV_OFFLINE"):
                yield from map(Output, error.words.splitlines())
                raise
            if arguments[0] == "pip":
                yield Output("Not everything is in uv's cache: using the package index.")
            yield from map(Output, self._run(program, [*arguments], environ, cwd))
        else:
            yield from map(Output, lines)

    def _directory(self) -> Path:
        """Return where uv is run: in the project, for its settings, if that is the user's own."""
        project, machine = self._row.verdict.project, self._context.machine
        if project is None or not responsiveness.responds(project) or not os.path.isdir(project):
            return machine.home
        return machine.home if foreign_project(project, machine.uid) else project

    def _stays(
        self, program: Path, arguments: Sequence[str | Path], environ: Mapping[str, str], cwd: Path
    ) -> None:
        """Raise UvError where uv's settings would have packages go elsewhere."""
        log = self._context.log
        setting = uv.elsewhere(
            program, arguments, environ=environ, cwd=cwd, log=log, cancel=self._cancel
        )
        if setting is not None:
            reason = f"its settings set `{setting}` under [pip], which installs to another location"
            raise uv.UvError("uv pip install", reason, "")

    def _run(
        self, program: Path, arguments: list[str | Path], environ: Mapping[str, str], cwd: Path
    ) -> Iterator[str]:
        return uv.stream(
            program,
            arguments,
            environ=environ,
            cwd=cwd,
            log=self._context.log,
            variables={"UV_NO_PROGRESS": "1"},
            cancel=self._cancel,
        )


def plain_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without those that change what environment uv makes, or where."""
    return {
        name: value
        for name, value in variables.items()
        if name not in _DROPPED and not name.startswith("UV_VENV_")
    }


def packages_in(prefix: Path, python: str | None) -> tuple[Package, ...]:
    """Return the packages of the environment at ``prefix``. Raises OSError."""
    site = site_directory(str(prefix), python, frozenset(os.listdir(prefix)))
    return origins(site) if site else ()


def base_python(environment: Environment) -> Path:
    """Return the interpreter that an environment was made from; it is not run for that."""
    own = environment.path / bin_of(environment.path) / "python"
    real = Path(os.path.realpath(own))
    if not real.is_relative_to(os.path.realpath(environment.path)):
        return real
    minor = minor_version(environment.python or "3")
    base = environment.base or environment.path
    names = (f"python{minor}", "python3", "python", "python.exe")
    return next((base / name for name in names if os.path.exists(base / name)), own)
