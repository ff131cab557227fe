"""pipenv's environments, one for each Pipfile, in the folder that virtualenvwrapper uses, too.

Facts: pipenv 2026.10.3, https://pipenv.pypa.io/en/latest/virtualenv.html and its
``utils/venv_locator.py``, ``utils/shell.py``.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Claim, Direction, Environment, How, Traits
from venvdash.stores._dirs import by_default
from venvdash.stores._traces import DIGEST, made_by, short_hash, spellings
from venvdash.stores.base import Kind, Layout, Reading, Root, Store, Why
from venvdash.system.files import read_text
from venvdash.system.machine import Machine

_POINTER = ".project"
_POINTER_LIMIT = 8 * 1024  # bytes; a path is at most 4096 long
_NAME = re.compile(rf"(?P<name>.+)-(?P<digest>{DIGEST})", re.DOTALL)
# Behind the hash stands PIPENV_PYTHON where that is set: "3.11", "python3.11", "pypy3".
_NAME_PYTHON = re.compile(
    rf"(?P<name>.+)-(?P<digest>{DIGEST})-(?:(?:python|pypy)?[0-9][0-9.]*|python|pypy)", re.DOTALL
)
_UNSAFE = re.compile(r'[ &$`!*@"()\[\]\\\r\n\t]')
_LONGEST = 42  # characters of the name part


class PipenvStore(Store):
    """Entries ``<folder>-<8 of base64>[-<python>]`` with a ``.project`` that has no line end.

    The hash is of the Pipfile's path. ``.project`` names the directory for which the environment
    was made, and keeps naming it when a moved project is pointed at the environment. A name in a
    project's ``.venv`` is the user's choice: pipenv makes the next environment under it.
    """

    name = "pipenv"
    title = "pipenv"
    kinds = (Kind("pipenv", "pipenv environment"),)
    rank = 22
    tested_with = "pipenv 2026.10.3"
    pointers = (".venv",)  # as a file with the environment's name

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield WORKON_HOME (``$NAMES`` and ``~`` expanded) and pipenv's default.

        The default is also looked at where the variable is set, as environments stay behind.
        """
        given = machine.variable("WORKON_HOME")
        if given:
            yield Root(machine.expand(given), self.name, Why.VARIABLE, "WORKON_HOME")
        if machine.platform == "win32":
            yield Root(machine.home / ".virtualenvs", self.name)
        else:
            path = machine.data_home / "virtualenvs"
            yield by_default(machine, path, self.name, "XDG_DATA_HOME")

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an environment made by pipenv, or with its name and ``.project``.

        A name that PIPENV_CUSTOM_VENV_NAME gave has no hash in it.
        """
        if reading.root.layout is not Layout.FLAT:
            return None
        own = made_by(reading.cfg, "pipenv")
        found = _split(reading.entry.name, reading.cfg.get("prompt"))
        if not own and not (found and _POINTER in reading.names and _without_end(reading)):
            return None
        if not found:
            return Traits(kind="pipenv", name=reading.entry.name)
        return Traits(
            kind="pipenv", name=found["name"], project_name=found["name"], digest=found["digest"]
        )

    def claims(self, reading: Reading) -> Iterator[Claim]:
        """Yield the project that ``.project`` names; a damaged file names none."""
        file = reading.path / _POINTER
        text = read_text(file, _POINTER_LIMIT) if _POINTER in reading.names else None
        line = (text or "").split("\n", 1)[0].removesuffix("\r")
        if os.path.isabs(line) and "\0" not in line:
            yield Claim(reading.path, Path(line), How.POINTER, Direction.ENVIRONMENT, str(file))

    def pointed(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield where a ``.venv`` file leads: to a name in the store, or by a relative path."""
        name = text.strip()
        if not name or "\0" in name or "\n" in name:
            return
        if "/" in name or os.sep in name:
            yield Path(name)
        else:
            yield from (root.path / name for root in roots)

    def name_part(self, name: str) -> str:
        """Return the folder's name with unsafe characters replaced, shortened."""
        return _UNSAFE.sub("_", name)[:_LONGEST]

    def fits(self, environment: Environment, project: Path) -> bool:
        """Return whether the hash is that of the directory's Pipfile."""
        paths = spellings(project)
        return environment.traits.digest in [short_hash(os.path.join(p, "Pipfile")) for p in paths]


def _split(entry: str, prompt: str | None) -> re.Match[str] | None:
    """Return the parts of an entry's name.

    A hash may look like part of a name, so the one is preferred that leaves the folder's name,
    which is the prompt that pipenv gives.
    """
    found = [match for form in (_NAME_PYTHON, _NAME) if (match := form.fullmatch(entry))]
    wanted = _UNSAFE.sub("_", prompt)[:_LONGEST] if prompt else None
    by_prompt = next((match for match in found if match["name"] == wanted), None)
    return by_prompt or (found[-1] if found else None)


def _without_end(reading: Reading) -> bool:
    """Return whether ``.project`` is one line without an end; virtualenvwrapper writes one."""
    text = read_text(reading.path / _POINTER, _POINTER_LIMIT)
    return bool(text) and "\n" not in (text or "")


STORE = PipenvStore()
