"""uv's own settings about environments: where they are, and how packages are linked into them.

Source: uv 0.13.9, https://docs.astral.sh/uv/concepts/configuration-files/ and
https://docs.astral.sh/uv/reference/settings/.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from venvdash.stores._paths import literally
from venvdash.stores.config_files import (
    config_text,
    has_table,
    section,
    setting,
    string,
    toml_table,
)
from venvdash.stores.roots import RootOrigin
from venvdash.system import reads
from venvdash.system.files import read_text
from venvdash.system.machine import Machine

_LIMIT = 1024 * 1024  # bytes of a configuration file
_ABOVE = 16  # directories above a project that are searched for uv's settings
_SYMLINK = "symlink"
_FEATURE = "centralized-project-envs"
_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})


def cache_directory(machine: Machine, project: Path | None = None) -> tuple[Path, RootOrigin, str]:
    """Return uv's cache, and the variable or file that sets it.

    UV_CACHE_DIR, then ``cache-dir`` of the settings of ``project`` (if one is given), of uv's user
    or system configuration, then the default.
    """
    given = machine.variable("UV_CACHE_DIR")
    if given:
        return literally(machine, given), RootOrigin.VARIABLE, "UV_CACHE_DIR"
    for text, file in _strings(configurations(machine, project), "cache-dir"):
        return literally(machine, text), RootOrigin.CONFIG, str(file)
    if machine.platform == "win32":
        return machine.local_appdata / "uv" / "cache", RootOrigin.DEFAULT, ""
    legacy = machine.home / "Library" / "Caches" / "uv"
    if machine.platform == "darwin" and reads.isdir(legacy):
        return legacy, RootOrigin.DEFAULT, ""
    if machine.variable("XDG_CACHE_HOME") and machine.cache_home != machine.home / ".cache":
        return machine.cache_home / "uv", RootOrigin.VARIABLE, "XDG_CACHE_HOME"
    return machine.cache_home / "uv", RootOrigin.DEFAULT, ""


def centralizes(machine: Machine, project: Path) -> bool:
    """Return whether uv keeps the environment of ``project`` in its cache."""
    return bool(centralized_by(machine, project))


def centralized_by(machine: Machine, project: Path) -> str:
    """Return what makes uv keep the environment of ``project`` in its cache, "" if nothing does.

    UV_PREVIEW, then UV_PREVIEW_FEATURES, then ``preview`` and ``preview-features`` of the first
    configuration file that has one of them. UV_NO_CACHE disables it.
    """
    if _true(machine.variable("UV_NO_CACHE")):
        return ""
    if _true(machine.variable("UV_PREVIEW")):
        return "UV_PREVIEW"
    given = machine.variable("UV_PREVIEW_FEATURES")
    if given:
        on = _FEATURE in [word.strip() for word in given.split(",")]
        return "UV_PREVIEW_FEATURES" if on else ""
    for file in configurations(machine, project):
        settings = _settings(file, "preview")
        features = settings.get("preview-features")
        if features is not None:
            on = features is True or (isinstance(features, list) and _FEATURE in features)
            return str(file) if on else ""
        if "preview" in settings:
            return str(file) if settings["preview"] is True else ""
    return ""


def python_preference(machine: Machine, project: Path) -> str:
    """Return ``managed``, ``system``, ``only-managed`` or ``only-system``: which Pythons uv uses.

    UV_MANAGED_PYTHON, UV_NO_MANAGED_PYTHON, UV_PYTHON_PREFERENCE, then ``python-preference``.
    """
    if _true(machine.variable("UV_MANAGED_PYTHON")):
        return "only-managed"
    if _true(machine.variable("UV_NO_MANAGED_PYTHON")):
        return "only-system"
    configured = _strings(configurations(machine, project), "python-preference")
    given = machine.variable("UV_PYTHON_PREFERENCE")
    return given or next((text for text, _ in configured), "managed")


def configurations(machine: Machine, project: Path | None = None) -> list[Path]:
    """Return uv's configuration files in the order of precedence.

    With ``project`` the nearest one in it or above it comes first, as if uv was started there:
    uv.toml, or a pyproject.toml with ``[tool.uv]``.
    """
    if machine.variable("UV_NO_CONFIG"):
        return []
    given = machine.variable("UV_CONFIG_FILE")
    if given:
        return [literally(machine, given)]
    nearest = _nearest(project) if project is not None else None
    return [*([nearest] if nearest else []), *_outside(machine)]


def _nearest(project: Path) -> Path | None:
    for folder in (project, *project.parents[:_ABOVE]):
        if reads.lexists(folder / "uv.toml"):
            return folder / "uv.toml"
        text = read_text(folder / "pyproject.toml", _LIMIT)
        if text is not None and has_table(text, "tool.uv"):
            return folder / "pyproject.toml"
    return None


def _outside(machine: Machine) -> list[Path]:
    """Return uv's configuration files outside projects, in the order of precedence."""
    if machine.platform == "win32":
        system = machine.path_variable("PROGRAMDATA") or Path("C:/ProgramData")
        return [machine.appdata / "uv" / "uv.toml", system / "uv" / "uv.toml"]
    folders = (machine.variable("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    system_wide = [Path(folder) for folder in folders if folder] + [Path("/etc")]
    return [folder / "uv" / "uv.toml" for folder in (machine.config_home, *system_wide)]


def symlinking(machine: Machine, projects: Iterable[Path]) -> str | None:
    """Return what makes uv install packages as links into its cache; None if nothing does.

    A variable, or a configuration file: the user's, the system's, one in these projects or above
    them.
    """
    if machine.variable("UV_LINK_MODE") == _SYMLINK:
        return "UV_LINK_MODE"
    for file in (*configurations(machine), *_of_projects(projects)):
        settings = _settings(file, "link-mode")
        if _SYMLINK in (setting(settings, "link-mode"), setting(settings, "pip", "link-mode")):
            return str(file)
    return None


def _of_projects(projects: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for project in projects:
        for folder in (project, *project.parents[:_ABOVE]):
            if folder in seen:
                break
            seen.add(folder)
            yield folder / "uv.toml"
            yield folder / "pyproject.toml"


def _strings(files: Iterable[Path], key: str) -> Iterator[tuple[str, Path]]:
    """Yield the value of a setting in each file that has it, with the file."""
    for file in files:
        if text := string(_settings(file, key), key):
            yield text, file


def _settings(file: Path, word: str) -> dict[str, Any]:
    """Return uv's settings in a file that contains ``word``: of pyproject.toml one table."""
    text = config_text(file, _LIMIT)
    table = toml_table(text, _LIMIT) if text is not None and word in text else None
    return section(table, "tool", "uv") if file.name == "pyproject.toml" else section(table)


def _true(text: str | None) -> bool:
    return (text or "").lower() in _TRUE
