"""Which environment uv would use in a project.

Source: uv 0.13.9 (``crates/uv/src/commands/project``), run with it:

- UV_PROJECT_ENVIRONMENT has precedence over everything else.
- Without the preview feature ``centralized-project-envs`` it is ``.venv``: a directory, a link, or
  a file with a path. If its Python does not fit the project, uv replaces it.
- With the feature, ``.venv`` only determines the Python: uv uses the environment in its cache of
  the project and of the interpreter of ``.venv``. If that is missing or does not fit, it is the
  one of the interpreter that uv finds first, which uv creates if it is missing. ``uv sync`` then
  replaces ``.venv`` with a link to it, and **deletes a directory** ``.venv`` that is an
  environment, user files included.
- A Python fits UV_PYTHON, else ``.python-version`` of the project or of uv's configuration folder;
  and ``requires-python``.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Use
from venvdash.model.packaging import minor_version
from venvdash.stores import uv_settings
from venvdash.stores._interpreters import (
    allows,
    has_python,
    minor_of,
    on_path,
    patch_version_of,
)
from venvdash.stores._paths import names_in
from venvdash.stores.base import normalised
from venvdash.stores.config_files import LIMIT, string, toml_table
from venvdash.stores.pyvenv_cfg import cfg_of, version_of
from venvdash.system import reads
from venvdash.system.files import read_text, real
from venvdash.system.machine import Machine

_VARIABLES = (
    "UV_PROJECT_ENVIRONMENT",
    "UV_PREVIEW",
    "UV_PREVIEW_FEATURES",
    "UV_NO_CACHE",
    "UV_CACHE_DIR",
    "UV_NO_CONFIG",
    "UV_CONFIG_FILE",
    "UV_PYTHON",
    "UV_PYTHON_PREFERENCE",
    "UV_MANAGED_PYTHON",
    "UV_NO_MANAGED_PYTHON",
    "UV_PYTHON_INSTALL_DIR",
)
_PATH_LIMIT = 8 * 1024  # bytes of a `.venv` file
_PIN_LIMIT = 1024  # bytes of a .python-version
_PIN = re.compile(r"(?:(?:cpython|cp|python)[@-]?)?([0-9]+(?:\.[0-9]+){0,2})(?:-.*)?")
_ENTRY = re.compile(r"(?:(.*)-)?([a-z]+)([0-9]+\.[0-9][0-9a-z.+]*)-[0-9a-f]{16}")
_VARIANT = re.compile(r"freethreaded|debug|musl")  # in the name of an interpreter that uv manages
_PINS = (".python-version", ".python-versions")

Named = Callable[[str, str], Iterable[str]]  # of an implementation and a version


@dataclass(frozen=True, slots=True)
class _Python:
    """An interpreter: its directory, and its version X.Y.Z, "" if unknown."""

    folder: Path
    version: str


@dataclass(frozen=True, slots=True)
class Request:
    """Which Python a project requests."""

    pin: str = ""  # "3.12"
    specifiers: tuple[str, ...] = ()
    known: bool = True  # False for a request that is a path or a name

    def allows(self, version: str) -> bool:
        """Return whether a version fits; True also if that is unknown."""
        pinned = not self.pin or f"{version}.".startswith(f"{self.pin}.")
        return pinned and all(allows(one, version) for one in self.specifiers)

    def may_allow(self, minor: str) -> bool:
        """Return whether some version X.Y.Z of ``X.Y`` may fit."""
        return any(self.allows(f"{minor}.{patch}") for patch in (0, *self._patches, 99))

    @property
    def _patches(self) -> tuple[str, ...]:
        """The patch releases in the request."""
        texts = (self.pin, *self.specifiers)
        return tuple(x for text in texts for x in re.findall(r"[0-9]+\.[0-9]+\.([0-9]+)", text))


def use(project: Path, machine: Machine, bucket_name: str, named: Named) -> Use:
    """Return what uv would use in ``project``, the root of a workspace.

    ``named`` returns the possible ends of the names of an interpreter's entries in the cache.
    """
    asked = _Asked(project, machine, bucket_name, named)
    given = machine.variable("UV_PROJECT_ENVIRONMENT")
    if given:
        path = project / given
        exists = cfg_of(path) is not None
        return asked.answer(path, "UV_PROJECT_ENVIRONMENT names it", exists, certain=False)
    return asked.central() if uv_settings.centralizes(machine, project) else asked.local()


class _Asked:
    """The files and settings that are read for one answer."""

    def __init__(self, project: Path, machine: Machine, bucket_name: str, named: Named) -> None:
        self._project, self._machine, self._named = project, machine, named
        self._bucket_name = bucket_name
        self._venv = project / ".venv"
        self._pyproject = toml_table(read_text(project / "pyproject.toml", LIMIT)) or {}
        self._files = [*uv_settings.configurations(machine, project), self._venv]
        self._request = self._requested()
        self._preference = uv_settings.python_preference(machine, project)
        self._target = _target(self._venv)
        self._cfg = cfg_of(self._target) if has_python(self._target) else None

    def answer(
        self,
        path: Path | None,
        why: str,
        exists: bool,
        *,
        certain: bool = True,
        central: bool = False,
    ) -> Use:
        """Return the answer with the files and variables that it depends on."""
        deleted = central and not reads.islink(self._venv) and cfg_of(self._venv) is not None
        deletes = self._venv if deleted else None
        on = (*_VARIABLES, *(() if certain else ("PATH",)), *map(str, dict.fromkeys(self._files)))
        return Use("uv", path, why, exists, certain, on, deletes)

    def local(self) -> Use:
        """Return ``.venv``, or its target."""
        if self._cfg is None:
            return self.answer(self._venv, "uv keeps it in the project", False)
        version = version_of(self._cfg)
        if not self._fits(self._cfg):
            why = f"Python {version} of the current one is not compatible with the project"
            return self.answer(self._venv, why, False)
        if self._target == self._venv:
            return self.answer(self._venv, "`.venv` there is an environment", True)
        return self.answer(self._target, "`.venv` points to it", True)

    def central(self) -> Use:
        """Return the project's environment in uv's cache."""
        bucket = uv_settings.cache_directory(self._machine, self._project)[0] / self._bucket_name
        if self._cfg is not None and self._fits(self._cfg):
            environment = self._of_interpreter(bucket, self._cfg)
            if environment is not None:
                version = version_of(self._cfg)
                why = f"uv keeps it in its cache, and `.venv` has its Python {version}"
                return self.answer(environment, why, True, central=True)
        return self._discovered(bucket)

    def _of_interpreter(self, bucket: Path, cfg: Mapping[str, str]) -> Path | None:
        implementation = cfg.get("implementation", "CPython").lower()
        short = {"cpython": "cp", "pypy": "pp", "graalpy": "gp"}.get(implementation, implementation)
        version = version_of(cfg)
        # A Python that uv upgrades in place has X.Y in the name, a pre-release more than X.Y.Z.
        texts = dict.fromkeys((cfg.get("version_info", version), version, minor_version(version)))
        paths = (bucket / name for text in texts for name in self._names(short, text))
        return next((path for path in paths if cfg_of(path) is not None), None)

    def _names(self, implementation: str, version: str) -> Iterator[str]:
        for tail in self._named(implementation, version):
            yield f"{self._head}-{tail}" if self._head else tail

    @property
    def _head(self) -> str:
        name = string(self._pyproject, "project", "name") or ""
        return normalised(name) or normalised(self._project.name)

    def _discovered(self, bucket: Path) -> Use:
        """Return the environment of the interpreter that uv finds first, if that can be known."""
        fitting = {
            path: cfg
            for path in self._entries(bucket)
            if (cfg := cfg_of(path)) is not None and self._fits(cfg)
        }
        first = self._first_python() if self._request.known else None
        if first is not None:
            created = self._created(bucket, first)
            same = [
                p for p, cfg in fitting.items() if real(Path(cfg.get("home", "/"))) == first.folder
            ]
            for path in (created, *same):
                if path in fitting:
                    why = f"uv keeps it in its cache, and finds the Python of {first.folder} first"
                    return self.answer(path, why, True, certain=False, central=True)
            why = f"uv's cache has none for the Python of {first.folder}, which uv finds first"
            return self.answer(created, why, False, certain=False, central=True)
        if len(fitting) == 1:
            why = "it is the only one in uv's cache whose Python is compatible with the project"
            return self.answer(next(iter(fitting)), why, True, certain=False, central=True)
        why = "it is not known which Python uv would find first"
        return self.answer(None, why, False, certain=False, central=True)

    def _entries(self, bucket: Path) -> Iterator[Path]:
        """Yield the environments of the project in uv's cache."""
        for name in names_in(bucket):
            match = _ENTRY.fullmatch(name)
            if match and (match[1] or "") == self._head and name in self._names(match[2], match[3]):
                yield bucket / name

    @property
    def _managed_folder(self) -> Path:
        """The directory in which uv installs interpreters."""
        given = self._machine.variable("UV_PYTHON_INSTALL_DIR")
        return Path(given) if given else self._machine.data_home / "uv" / "python"

    def _fits(self, cfg: Mapping[str, str]) -> bool:
        """Return whether uv accepts an environment's Python."""
        managed = real(Path(cfg.get("home", "/"))).is_relative_to(real(self._managed_folder))
        refused = "only-system" if managed else "only-managed"
        return self._request.allows(version_of(cfg)) and self._preference != refused

    def _created(self, bucket: Path, python: _Python) -> Path | None:
        """Return the entry that uv would create for an interpreter, None if unknown."""
        if not python.version or self._machine.platform != "linux":
            return None
        name = next(iter(self._names("cp", python.version)), None)
        return bucket / name if name else None

    def _first_python(self) -> _Python | None:
        """Return the interpreter that uv finds first, None if unknown.

        Those that uv manages come before those on PATH, depending on ``python-preference``.
        """
        finders = [] if self._preference == "only-managed" else [self._on_path]
        if self._preference != "only-system":
            finders.insert(1 if self._preference == "system" else 0, self._managed)
        return next((python for finder in finders for python in finder()), None)

    def _on_path(self) -> Iterator[_Python | None]:
        minor = minor_version(self._request.pin) if "." in self._request.pin else ""
        names = [f"python{minor}"] if minor else []
        for interpreter in on_path(self._machine, self._project, *names, "python3", "python"):
            if interpreter is None or self._request.may_allow(minor_of(interpreter)):
                yield (
                    _Python(interpreter.parent, patch_version_of(interpreter))
                    if interpreter
                    else None
                )

    def _managed(self) -> Iterator[_Python | None]:
        folder = self._managed_folder
        versions = []
        names = names_in(folder)
        for name in names:
            named = re.match(r"cpython-([0-9]+\.[0-9]+\.[0-9]+)-", name)
            installed = named and not reads.islink(folder / name)
            if installed and named and self._request.allows(named[1]):
                versions.append(([int(part) for part in named[1].split(".")], name, named[1]))
        for _, name, version in sorted(versions, reverse=True):
            # uv names an environment by X.Y if a link with X.Y points to the interpreter.
            link = name.replace(f"cpython-{version}-", f"cpython-{minor_version(version)}-")
            known = link not in names and not _VARIANT.search(name)
            yield _Python(real(folder / name / "bin"), version if known else "")

    def _requested(self) -> Request:
        specifiers = string(self._pyproject, "project", "requires-python")
        wanted = (specifiers,) if specifiers else ()
        pin = self._machine.variable("UV_PYTHON") or self._pinned()
        if not pin:
            return Request("", wanted)
        if pin[0] in "<>=!~":
            return Request("", (*wanted, pin))
        match = _PIN.fullmatch(pin)
        return Request(match[1], wanted) if match else Request("", wanted, known=False)

    def _pinned(self) -> str:
        """Return the request of the project's version file, or else of the user's."""
        folders = (self._project, self._machine.config_home / "uv")
        for file in (folder / name for folder in folders for name in _PINS):
            text = read_text(file, _PIN_LIMIT)
            if text is not None:
                self._files.append(file)
                lines = [line.strip() for line in text.splitlines()]
                return next((line for line in lines if line and line[0] != "#"), "")
        return ""


def _target(venv: Path) -> Path:
    """Return the target of ``.venv`` as a link or as a file with a path, else itself."""
    text = read_text(venv, _PATH_LIMIT)  # not through a link
    if text is not None and "\0" not in text and text.strip():
        return real(venv.parent / text.strip())
    return real(venv) if reads.islink(venv) else venv
