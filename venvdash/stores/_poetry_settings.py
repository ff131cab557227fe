"""poetry's own settings: variables, the project's poetry.toml, the user's config.toml.

Source: poetry 2.5.1, https://python-poetry.org/docs/configuration/ and its ``config/config.py``.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from venvdash.stores._app_folders import app_directory
from venvdash.stores._paths import literally
from venvdash.stores.config_files import setting, string, toml_tables
from venvdash.stores.roots import Root, RootOrigin
from venvdash.system import reads
from venvdash.system.machine import Machine

_STORE = "poetry"
_REFERENCE = re.compile(r"\{(.+?)\}")
_REFERENCES = 8  # rounds of replacing them; poetry's own settings need two


class Settings:
    """poetry's settings as it would read them in the current directory."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._tables = list(toml_tables(files(machine)))

    def chosen_root(self) -> Root | None:
        """Return the root that variables or configuration files set, None for the default."""
        path, why, source = self.get("virtualenvs.path")
        if path is None:
            path, why, source = self.get("cache-dir")
            path = os.path.join(path, "virtualenvs") if path else None
        return (
            Root(literally(self.machine, path, tilde=True), _STORE, why, source) if path else None
        )

    def root(self) -> Root:
        """Return the root where poetry creates environments."""
        return self.chosen_root() or Root(default_folder(self.machine), _STORE)

    def flag(self, key: str) -> bool | None:
        """Return a setting that is true or false, None if it is not set."""
        given = self.machine.variables.get(_variable(key))
        if given is not None:
            return given in ("true", "1")
        values = (setting(table, *key.split(".")) for _, table in self._tables)
        return next((value for value in values if isinstance(value, bool)), None)

    def get(self, key: str) -> tuple[str | None, RootOrigin, str]:
        """Return a setting's text with its references replaced, and what sets it."""
        value, why, source = self._raw(key)
        for _ in range(_REFERENCES):
            if value is None or "{" not in value:
                break
            value = _REFERENCE.sub(self._referred, value)
        return value, why, source

    def _raw(self, key: str) -> tuple[str | None, RootOrigin, str]:
        variable = _variable(key)
        given = self.machine.variable(variable)
        if given and "\0" not in given:
            return given, RootOrigin.VARIABLE, variable
        for file, table in self._tables:
            if value := string(table, *key.split(".")):
                return value, RootOrigin.CONFIG, str(file)
        return None, RootOrigin.DEFAULT, ""

    def _referred(self, match: re.Match[str]) -> str:
        value = self._raw(match[1])[0]
        if value is None and match[1] == "cache-dir":
            value = os.fspath(app_directory(self.machine, "cache", "pypoetry"))
        return match[0] if value is None else value


def default_folder(machine: Machine) -> Path:
    """Return where poetry creates environments if nothing is configured."""
    return app_directory(machine, "cache", "pypoetry") / "virtualenvs"


def files(machine: Machine) -> Iterator[Path]:
    """Yield the configuration files in the order of precedence."""
    for directory in (machine.cwd, *machine.cwd.parents) if machine.cwd else ():
        if reads.lexists(directory / "pyproject.toml"):
            yield directory / "poetry.toml"
            break
    given = machine.variable("POETRY_CONFIG_DIR")
    default = app_directory(machine, "config", "pypoetry", roaming=True)
    yield (literally(machine, given) if given else default) / "config.toml"


def _variable(key: str) -> str:
    return "POETRY_" + key.upper().replace("-", "_").replace(".", "_")
