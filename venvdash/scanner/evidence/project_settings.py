"""The environments in settings of a project that belong to no store.

These are a name in ``.venv``, ``.env``, direnv's ``.envrc``
(https://direnv.net/man/direnv-stdlib.1.html), mise's ``_.python.venv``
(https://mise.jdx.dev/lang/python.html), VS Code's and JetBrains' settings, puv's ``.venv-name``.
All are read as text, without a shell or template engine; what needs one is ignored.
"""

import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from venvdash.scanner.projects import editor_settings
from venvdash.scanner.projects.editor_settings import Sdk
from venvdash.stores.config_files import setting, toml_table
from venvdash.system.files import names_in, read_text
from venvdash.system.machine import Machine

_LINES = 500  # of one .envrc
_VALUE = 4096  # characters of a variable's value
_MODULES = 10  # *.iml of one project
_NAMES = ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT")
_ASSIGNED = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_TEMPLATE = re.compile(r"\{\{\s*(config_root|cwd|env\.([A-Za-z_][A-Za-z0-9_]*))\s*\}\}")
_PROGRAM = re.compile(r"(?:python|pypy|graalpy)[0-9.]*t?w?(?:\.exe)?", re.IGNORECASE)


class ProjectSettings:
    """Reads these files for one machine.

    ``names`` maps the unique names of environments that users chose to their paths. Raises nothing.
    """

    def __init__(self, machine: Machine, names: Mapping[str, str] | None = None) -> None:
        self._machine = machine
        self._names = names or {}
        self._readers: dict[str, Callable[[str, str], Iterator[str]]] = {
            ".venv": self._venv,
            ".venv-name": self._venv_name,
            ".env": self._dotenv,
            ".envrc": self._envrc,
            ".vscode/settings.json": self._vscode,
            ".idea/misc.xml": self._idea,
        }
        mise = ("mise.toml", ".mise.toml", "mise.local.toml", ".mise.local.toml")
        folders = (".config/mise.toml", ".config/mise/config.toml", ".mise/config.toml")
        self._readers |= dict.fromkeys((*mise, *folders), self._mise)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are read, with ``/`` between folders."""
        return tuple(self._readers)

    def read(self, name: str, directory: str, text: str) -> Iterator[str]:
        """Yield the environments that the file ``name`` in a project names, as absolute paths."""
        for path in self._readers[name](directory, text):
            if os.path.isabs(path) and "\0" not in path:
                yield _prefix(path)

    @cached_property
    def _sdks(self) -> list[Sdk]:
        return list(editor_settings.sdks(self._machine))

    def _venv_name(self, directory: str, text: str) -> Iterator[str]:
        place, name = self._machine.path_variable("PUV_VENV_LOCATION"), text.strip()
        if name and os.path.basename(name) == name:
            if place is not None:
                yield os.fspath(place / name)
            yield from self._named(name)

    def _venv(self, directory: str, text: str) -> Iterator[str]:
        """Yield the environment that a file ``.venv`` names; one with a path is read elsewhere."""
        name = next(iter(text.splitlines()), "").strip()
        if name and os.path.basename(name) == name:
            yield from self._named(name)

    def _named(self, name: str) -> Iterator[str]:
        if name in self._names:
            yield self._names[name]

    def _envrc(self, directory: str, text: str) -> Iterator[str]:
        """Yield environments that are assigned, sourced, added to PATH, or named in a layout."""
        known = dict(self._machine.variables) | {"PWD": directory}
        for line in text.splitlines()[:_LINES]:
            assigned = _ASSIGNED.match(line.strip())
            if assigned:
                value = self._value(assigned[2], directory, known)
                if value is not None:
                    known[assigned[1]] = value
                    if assigned[1] in _NAMES:
                        yield os.path.join(directory, value)
            else:
                yield from self._command(_words(line), directory, known)

    def _dotenv(self, directory: str, text: str) -> Iterator[str]:
        """Yield the values of the variables in a ``.env``."""
        known = dict(self._machine.variables) | {"PWD": directory}
        for line in text.splitlines()[:_LINES]:
            assigned = _ASSIGNED.match(line.strip())
            if assigned and assigned[1] in _NAMES:
                value = self._value(assigned[2], directory, known)
                if value is not None:
                    yield os.path.join(directory, value)

    def _command(self, words: list[str], directory: str, known: Mapping[str, str]) -> Iterator[str]:
        if len(words) < 2:
            return
        command, last = words[0], self._expanded(words[-1], directory, known)
        if last is None:
            return
        path = os.path.normpath(os.path.join(directory, last))
        if command in ("source", ".") and os.path.basename(path).startswith("activate"):
            yield os.path.dirname(os.path.dirname(path))
        elif command == "PATH_add" and os.path.basename(path) in ("bin", "Scripts"):
            yield os.path.dirname(path)
        elif command in ("workon", "layout", "use", "pyenv"):
            yield from self._named(last) if os.path.basename(last) == last else (path,)

    def _value(self, text: str, directory: str, known: Mapping[str, str]) -> str | None:
        words = _words(text)
        return self._expanded(words[0], directory, known) if len(words) == 1 else None

    def _expanded(self, word: str, directory: str, known: Mapping[str, str]) -> str | None:
        """Return a shell word with its variables replaced; None if it needs more than that."""
        word = word.replace("$(pwd)", directory).replace("`pwd`", directory)
        word = _dollars(word, known)
        if word == "~" or word.startswith("~/"):
            word = f"{self._machine.home}{word[1:]}"
        hard = "$" in word or "`" in word or len(word) > _VALUE or not word
        return None if hard else word

    def _mise(self, directory: str, text: str) -> Iterator[str]:
        """Yield ``[env] _.python.venv``: a path, or a table with one."""
        if "venv" not in text:
            return
        venv = setting(toml_table(text), "env", "_", "python", "venv")
        path = venv.get("path") if isinstance(venv, dict) else venv
        if isinstance(path, str):
            filled = _TEMPLATE.sub(lambda m: self._template(m, directory), path)
            if "{{" not in filled and "{%" not in filled:
                yield self._path(filled, directory)

    def _path(self, text: str, directory: str) -> str:
        """Return the path in a setting: ``~`` and ``$NAMES`` expanded, relative to the project."""
        if os.path.isabs(text) and "$" not in text:  # as nearly all are, of thousands
            return text
        return os.fspath(replace(self._machine, cwd=Path(directory)).expand(text))

    def _template(self, match: re.Match[str], directory: str) -> str:
        return (self._machine.variable(match[2]) or "") if match[2] else directory

    def _vscode(self, directory: str, text: str) -> Iterator[str]:
        for value in editor_settings.interpreters(text):
            filled = editor_settings.filled(value, self._machine, directory)
            if "${" not in filled:
                yield self._path(filled, directory)

    def _idea(self, directory: str, text: str) -> Iterator[str]:
        """Yield the interpreters in the project's settings, and those added for it."""
        if not self._sdks:
            return
        named = {
            attributes.get("project-jdk-name") or attributes.get("jdkName")
            for document in (text, *_modules(directory))
            for tag, attributes in editor_settings.elements(document)
            if tag in ("component", "orderEntry")
        }
        for sdk in self._sdks:
            if sdk.name in named or sdk.project == directory:
                yield sdk.python


def _modules(directory: str) -> list[str]:
    folder = os.path.join(directory, ".idea")
    names = [name for name in names_in(folder) if name.endswith(".iml")]
    return [read_text(os.path.join(folder, name)) or "" for name in names[:_MODULES]]


def _prefix(path: str) -> str:
    """Return the environment of an interpreter; any other path is returned as it is."""
    path = os.path.normpath(path)
    folder, program = os.path.split(path)
    if _PROGRAM.fullmatch(program) and os.path.basename(folder) in ("bin", "Scripts"):
        return os.path.dirname(folder)
    return path


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line[:_VALUE], comments=True)
    except ValueError:
        return []


def _dollars(word: str, known: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return known.get(match[1] or match[2], match[0])

    pattern = r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))"
    return re.sub(pattern, value, word)
