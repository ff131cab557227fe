"""virtualenvwrapper: named environments in WORKON_HOME, with a ``.project`` file for some.

Source: virtualenvwrapper 6.1.1, https://virtualenvwrapper.readthedocs.io/en/latest/. Other tools
keep environments in the same folder, so its own are recognised by ``.project``, or by the hook
scripts that virtualenvwrapper writes into each. It chooses none by the current directory:
``workon`` takes a name. Plugins of shells do, by a ``.venv`` file that holds one.
"""

from collections.abc import Iterator
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Claim, Traits
from venvdash.stores._tool_files import named_directory, project_file
from venvdash.stores.base import Kind, NamingRule, Reading, Store
from venvdash.stores.links import Assignment, LinkEdits
from venvdash.stores.roots import Layout, Root, RootOrigin
from venvdash.system.files import names_in, read_text
from venvdash.system.machine import Machine

_POINTER = ".project"
_POINTER_LIMIT = 8 * 1024  # bytes; a path is at most 4096 long
_HOOKS = frozenset(
    ["get_env_details", "postactivate", "preactivate", "postdeactivate", "predeactivate"]
)


class VirtualenvwrapperStore(Store):
    """Named environments; ``.project`` holds the project's directory."""

    name = "virtualenvwrapper"
    kinds = (Kind("virtualenvwrapper", "virtualenvwrapper environment"),)
    rank = 30
    names = NamingRule.FREE
    tested_with = "virtualenvwrapper 6.1.1"

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield WORKON_HOME (relative to HOME, as in virtualenvwrapper.sh) and the default.

        The default is a root even if the variable is set: environments may have stayed there, and
        editors offer it.
        """
        name = machine.variable("VIRTUALENVWRAPPER_PROJECT_FILENAME")
        pointer = name if name and Path(name).name == name else None
        given = machine.variable("WORKON_HOME")
        if given:
            path = machine.expand_from_home(given)
            yield Root(path, self.name, RootOrigin.VARIABLE, "WORKON_HOME", pointer=pointer)
        if machine.platform == "win32":
            yield Root(machine.home / "Envs", self.name, pointer=pointer)
        yield Root(machine.home / ".virtualenvs", self.name, pointer=pointer)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an environment with a project file or virtualenvwrapper's hooks."""
        if reading.root.layout is not Layout.FLAT:
            return None
        if _pointer(reading) in reading.names or _has_hooks(reading):
            return Traits(kind="virtualenvwrapper", name=reading.entry.name)
        return None

    def claims(self, reading: Reading) -> Iterator[Claim]:
        """Yield the project that the project file names; a damaged file names none."""
        file = reading.path / _pointer(reading)
        if file.name in reading.names:
            yield from reading.claim(named_directory(read_text(file, _POINTER_LIMIT)), file)

    def link_edits(self, wanted: Assignment) -> LinkEdits:
        """Return the project file as ``setvirtualenvproject`` writes it."""
        name = (wanted.root and wanted.root.pointer) or _POINTER
        return LinkEdits(tuple(project_file(wanted, name, "\n")))


def _pointer(reading: Reading) -> str:
    return reading.root.pointer or _POINTER


def _has_hooks(reading: Reading) -> bool:
    folder = "bin" if "bin" in reading.names else "Scripts"
    return not _HOOKS.isdisjoint(names_in(reading.path / folder))


STORE = VirtualenvwrapperStore()
