"""The interpreters in the settings of VS Code, its derivatives, and JetBrains IDEs."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from venvdash.system import reads
from venvdash.system.files import names_in, read_text
from venvdash.system.machine import Machine

EDITORS = ("Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf")

_SETTINGS_LIMIT = 1024 * 1024  # bytes
_TABLE_LIMIT = 4 * 1024 * 1024  # bytes
_PRODUCTS = 50
SETTING = re.compile(
    r'^(?P<before>[^\n"]*)"python\.(?:defaultInterpreterPath|pythonPath)"'
    r'\s*:\s*(?P<value>"(?:[^"\\\n]|\\.){1,4096}")',
    re.MULTILINE,
)
"""A line of ``settings.json`` that names an interpreter, or a comment with such a line."""


@dataclass(frozen=True, slots=True)
class Sdk:
    """An interpreter in the settings of a JetBrains IDE, and its project, if any."""

    name: str
    python: str
    project: str | None
    file: Path
    product: str


def interpreters(settings: str) -> Iterator[str]:
    """Yield the interpreters in the text of a VS Code ``settings.json``, as they are written.

    Such files have comments and trailing commas, so they are searched, not parsed.
    """
    import json

    for match in SETTING.finditer(settings):
        if "//" not in match["before"]:
            with suppress(ValueError):
                value = json.loads(match["value"])
                if isinstance(value, str) and value:
                    yield value


def user_interpreters(machine: Machine) -> Iterator[tuple[str, Path, str]]:
    """Yield (editor, settings file, interpreter) from the user's settings."""
    for editor in EDITORS:
        file = settings_home(machine) / editor / "User" / "settings.json"
        text = read_text(reads.realpath(file), _SETTINGS_LIMIT)
        for value in interpreters(text) if text else ():
            yield editor, file, os.fspath(machine.expand(filled(value, machine)))


def filled(value: str, machine: Machine, folder: str = "") -> str:
    """Return a setting of VS Code with its variables filled in (``folder``: the workspace's)."""
    value = value.replace("${userHome}", str(machine.home))
    for name in ("${workspaceFolder}", "${workspaceRoot}"):
        value = value.replace(name, folder)
    return re.sub(
        r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}", lambda m: machine.variable(m[1]) or "", value
    )


def sdks(machine: Machine) -> Iterator[Sdk]:
    """Yield the Python interpreters in ``options/jdk.table.xml`` of each JetBrains product."""
    folder = settings_home(machine) / "JetBrains"
    for product in names_in(folder, _PRODUCTS):
        file = folder / product / "options" / "jdk.table.xml"
        text = read_text(file, _TABLE_LIMIT)
        if text:
            yield from _table(text, file, product, machine)


def _table(text: str, file: Path, product: str, machine: Machine) -> Iterator[Sdk]:
    """Yield the interpreter of each ``<jdk>`` element."""
    open_sdk: dict[str, str] = {}
    for tag, attributes in [*elements(text), ("jdk", {})]:
        if tag == "jdk":
            if open_sdk.get("python"):
                sdk = open_sdk
                yield Sdk(sdk.get("name", ""), sdk["python"], sdk.get("project"), file, product)
            open_sdk = {}
        elif tag == "name":
            open_sdk["name"] = attributes.get("value", "")
        elif tag == "homePath":
            open_sdk["python"] = _expanded(attributes.get("value", ""), machine)
        elif tag == "additional" and attributes.get("ASSOCIATED_PROJECT_PATH"):
            open_sdk["project"] = _expanded(attributes["ASSOCIATED_PROJECT_PATH"], machine)


def elements(text: str) -> list[tuple[str, dict[str, str]]]:
    """Return the elements of an XML document and their attributes, up to its first error.

    Reading stops at an entity declaration: settings have none, and entities can expand without
    bound.
    """
    from xml.parsers import expat  # entity declarations are refused below

    tags: list[tuple[str, dict[str, str]]] = []

    def refuse(*_: object) -> None:
        raise ValueError("declares an entity")

    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: tags.append((name, attributes))
    parser.EntityDeclHandler = refuse
    parser.StartDoctypeDeclHandler = refuse
    with suppress(expat.ExpatError, ValueError):  # what was read before the error will do
        parser.Parse(text.encode("utf-8", "replace"), True)
    return tags


def settings_home(machine: Machine) -> Path:
    """Return the folder where graphical programs keep their settings."""
    if machine.platform == "darwin":
        return machine.home / "Library" / "Application Support"
    return machine.appdata if machine.platform == "win32" else machine.config_home


def _expanded(value: str, machine: Machine) -> str:
    return value.replace("$USER_HOME$", str(machine.home), 1)
