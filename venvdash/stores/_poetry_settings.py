"""poetry's own settings: variables, the project's poetry.toml, the user's config.toml.

Facts: poetry 2.5.1, https://python-poetry.org/docs/configuration/ and its ``config/config.py``.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from venvdash.stores._app_folders import cache_directory, config_directory, from_home
from venvdash.stores.base import Root, Why
from venvdash.stores.config_files import config_text, string, toml_table
from venvdash.system.machine import Machine

_STORE = "poetry"
_REFERENCE = re.compile(r"\{(.+?)\}")
_REFERENCES = 8  # rounds of replacing them; poetry's own settings need two


def chosen(machine: Machine) -> Root | None:
    """Return the root that variables or configuration files set, None for the default."""
    settings = Settings(machine)
    path, why, source = settings.get("virtualenvs.path")
    if path is None:
        path, why, source = settings.get("cache-dir")
        path = os.path.join(path, "virtualenvs") if path else None
    return Root(from_home(machine, path), _STORE, why, source) if path else None


class Settings:
    """poetry's settings as it would see them in the current directory."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._tables: list[tuple[Path, dict[str, Any]]] = []
        for file in files(machine):
            table = toml_table(config_text(file))
            if table:
                self._tables.append((file, table))

    def place(self) -> tuple[Path, Why, str]:
        """Return where environments go, and what says so."""
        root = chosen(self.machine)
        if root is not None:
            return root.path, root.why, root.source
        return cache_directory(self.machine, "pypoetry") / "virtualenvs", Why.DEFAULT, ""

    def flag(self, key: str) -> bool | None:
        """Return a setting that is true or false; None for neither."""
        given = self.machine.variables.get(_variable(key))
        if given is not None:
            return given in ("true", "1")
        for _, table in self._tables:
            value: Any = table
            for part in key.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            if isinstance(value, bool):
                return value
        return None

    def get(self, key: str) -> tuple[str | None, Why, str]:
        """Return a setting's text with its references filled in, and what says so."""
        value, why, source = self._raw(key)
        for _ in range(_REFERENCES):
            if value is None or "{" not in value:
                break
            value = _REFERENCE.sub(self._referred, value)
        return value, why, source

    def _raw(self, key: str) -> tuple[str | None, Why, str]:
        variable = _variable(key)
        given = self.machine.variable(variable)
        if given and "\0" not in given:
            return given, Why.VARIABLE, variable
        for file, table in self._tables:
            value = string(table, *key.split("."))
            if value:
                return value, Why.CONFIG, str(file)
        return None, Why.DEFAULT, ""

    def _referred(self, match: re.Match[str]) -> str:
        value = self._raw(match[1])[0]
        if value is None and match[1] == "cache-dir":
            value = os.fspath(cache_directory(self.machine, "pypoetry"))
        return match[0] if value is None else value


def _variable(key: str) -> str:
    return "POETRY_" + key.upper().replace("-", "_").replace(".", "_")


def files(machine: Machine) -> Iterator[Path]:
    """Yield the configuration files, the one that wins first."""
    for directory in (machine.cwd, *machine.cwd.parents) if machine.cwd else ():
        if os.path.lexists(directory / "pyproject.toml"):
            yield directory / "poetry.toml"
            break
    given = machine.variable("POETRY_CONFIG_DIR")
    if given:
        yield (machine.cwd or machine.home) / given / "config.toml"
    else:
        yield config_directory(machine, "pypoetry", roaming=True) / "config.toml"
