"""uv's own settings, as far as they decide over environments: where they are, and how it links.

Facts: uv 0.13.9, https://docs.astral.sh/uv/concepts/configuration-files/ and
https://docs.astral.sh/uv/reference/settings/.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from venvdash.stores.base import Why, has_table
from venvdash.system.files import read_text
from venvdash.system.machine import Machine

_LIMIT = 1024 * 1024  # bytes
_ABOVE = 16  # directories above a project in which uv's settings may lie
_SYMLINK = "symlink"
_FEATURE = "centralized-project-envs"
_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})


def cache_directory(machine: Machine, project: Path | None = None) -> tuple[Path, Why, str]:
    """Return uv's cache, and how it is known: why, and by which variable or file.

    UV_CACHE_DIR, then ``cache-dir`` of the settings of ``project`` (where one is given), of uv's
    user or system configuration, then the default.
    """
    given = machine.variable("UV_CACHE_DIR")
    if given:
        return _literally(machine, given), Why.VARIABLE, "UV_CACHE_DIR"
    for file in configurations(machine, project):
        configured = _text(_of_uv(file, "cache-dir").get("cache-dir"))
        if configured:
            return _literally(machine, configured), Why.CONFIG, str(file)
    if machine.platform == "win32":
        return machine.local_appdata / "uv" / "cache", Why.DEFAULT, ""
    legacy = machine.home / "Library" / "Caches" / "uv"
    if machine.platform == "darwin" and os.path.isdir(legacy):
        return legacy, Why.DEFAULT, ""
    if machine.variable("XDG_CACHE_HOME") and machine.cache_home != machine.home / ".cache":
        return machine.cache_home / "uv", Why.VARIABLE, "XDG_CACHE_HOME"
    return machine.cache_home / "uv", Why.DEFAULT, ""


def _literally(machine: Machine, text: str) -> Path:
    """Return the path as uv takes it: ``~`` and ``$`` mean themselves, relative to the cwd."""
    return (machine.cwd or machine.home) / text


def centralizes(machine: Machine, project: Path) -> bool:
    """Return whether uv keeps the environment of ``project`` in its cache.

    UV_PREVIEW, then UV_PREVIEW_FEATURES, then ``preview`` and ``preview-features`` of the first
    configuration file that has one of them. UV_NO_CACHE switches it off.
    """
    if _true(machine.variable("UV_NO_CACHE")):
        return False
    if _true(machine.variable("UV_PREVIEW")):
        return True
    features = machine.variable("UV_PREVIEW_FEATURES")
    if features:
        return _FEATURE in [word.strip() for word in features.split(",")]
    for file in configurations(machine, project):
        settings = _of_uv(file, "preview")
        features = settings.get("preview-features")
        if features is not None:
            return features is True or (isinstance(features, list) and _FEATURE in features)
        if "preview" in settings:
            return settings["preview"] is True
    return False


def python_preference(machine: Machine, project: Path) -> str:
    """Return ``managed``, ``system``, ``only-managed`` or ``only-system``: which Pythons uv takes.

    UV_MANAGED_PYTHON, UV_NO_MANAGED_PYTHON, UV_PYTHON_PREFERENCE, then ``python-preference``.
    """
    if _true(machine.variable("UV_MANAGED_PYTHON")):
        return "only-managed"
    if _true(machine.variable("UV_NO_MANAGED_PYTHON")):
        return "only-system"
    given = machine.variable("UV_PYTHON_PREFERENCE")
    if given:
        return given
    for file in configurations(machine, project):
        configured = _text(_of_uv(file, "python-preference").get("python-preference"))
        if configured:
            return configured
    return "managed"


def configurations(machine: Machine, project: Path | None = None) -> list[Path]:
    """Return uv's configuration files, the one that wins first.

    With ``project`` the nearest one in it or above it is among them, as where uv is started there:
    uv.toml, or a pyproject.toml with ``[tool.uv]``.
    """
    if machine.variable("UV_NO_CONFIG"):
        return []
    given = machine.variable("UV_CONFIG_FILE")
    if given:
        return [_literally(machine, given)]
    nearest = _nearest(project) if project is not None else None
    return [*([nearest] if nearest else []), *_outside(machine)]


def _nearest(project: Path) -> Path | None:
    for folder in (project, *project.parents[:_ABOVE]):
        if os.path.lexists(folder / "uv.toml"):
            return folder / "uv.toml"
        text = read_text(folder / "pyproject.toml", _LIMIT)
        if text is not None and has_table(text, "tool.uv"):
            return folder / "pyproject.toml"
    return None


def _outside(machine: Machine) -> list[Path]:
    """Return uv's configuration files outside projects, the one that wins first."""
    if machine.platform == "win32":
        system = machine.path_variable("PROGRAMDATA") or Path("C:/ProgramData")
        return [machine.appdata / "uv" / "uv.toml", system / "uv" / "uv.toml"]
    folders = (machine.variable("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    system_wide = [Path(folder) for folder in folders if folder] + [Path("/etc")]
    return [folder / "uv" / "uv.toml" for folder in (machine.config_home, *system_wide)]


def symlinking(machine: Machine, projects: Iterable[Path]) -> str | None:
    """Return what makes uv put links into its cache into environments; None if nothing does.

    A variable, or the file of uv's settings: the user's, the system's, or one of these projects or
    above it, where uv looks as well.
    """
    if machine.variable("UV_LINK_MODE") == _SYMLINK:
        return "UV_LINK_MODE"
    for file in (*configurations(machine), *_of_projects(projects)):
        settings = _of_uv(file, "link-mode")
        modes = (settings.get("link-mode"), _table(settings.get("pip")).get("link-mode"))
        if _SYMLINK in modes:
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


def _of_uv(file: Path, wanted: str) -> Mapping[str, Any]:
    """Return uv's settings in a file that holds the word: of pyproject.toml its table."""
    settings = _settings(file, wanted)
    if file.name == "pyproject.toml":
        return _table(_table(settings.get("tool")).get("uv"))
    return settings


def _settings(file: Path, wanted: str) -> Mapping[str, Any]:
    """Return the tables of a file that holds the word; none where it cannot be read."""
    text = read_text(os.path.realpath(file), _LIMIT)  # dotfiles are often links
    if text is None or wanted not in text:
        return {}
    import tomllib  # few users have such a file

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _true(text: str | None) -> bool:
    return (text or "").lower() in _TRUE


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value and "\0" not in value else None
