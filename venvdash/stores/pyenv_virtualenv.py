"""pyenv-virtualenv: named environments among pyenv's interpreters.

Facts: pyenv-virtualenv 1.4.0 with pyenv 2.6.30, https://github.com/pyenv/pyenv-virtualenv. An
environment is ``versions/<version>/envs/<name>``, and ``versions/<name>`` a link to it, under
which pyenv finds it: one environment. The other entries of ``versions`` are interpreters. What it
uses in a project is what ``.python-version`` names, whatever other tools use beside it.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Edit, Link, Tidying, Traits, Trashed
from venvdash.stores._linking import led, led_before, pointer_text
from venvdash.stores._paths import literally
from venvdash.stores.base import Assignment, Kind, Linking, Reading, Root, Store, Why
from venvdash.system.files import real
from venvdash.system.machine import Machine

_POINTER = ".python-version"
_WORDS = 50  # of a pointer; nobody lists more versions


class PyenvVirtualenvStore(Store):
    """A project's ``.python-version`` names its environment; several projects may share one."""

    name = "pyenv-virtualenv"
    title = "pyenv-virtualenv"
    kinds = (Kind("pyenv-virtualenv", "pyenv-virtualenv environment"),)
    rank = 20
    tested_with = "pyenv-virtualenv 1.4.0"
    pointers = (_POINTER,)
    linked = False  # ``.python-version`` leads there
    movable = False  # pyenv finds it by its name among the interpreters

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield ``versions`` of PYENV_ROOT, else of ``~/.pyenv``."""
        given = machine.variable("PYENV_ROOT")
        if given:
            path = literally(machine, given) / "versions"
            yield Root(path, self.name, Why.VARIABLE, "PYENV_ROOT", depth=3)
        else:
            yield Root(machine.home / ".pyenv" / "versions", self.name, depth=3)

    def prefixes(self, root: Root) -> Iterator[Path]:
        """Yield the environments of every interpreter, and those that lie beside them.

        Interpreters are passed over, and so are links to what is listed anyway. A link to another
        place is an alias, or an interpreter whose environments lie at that place.
        """
        names = sorted(os.listdir(root.path))
        places = {name: real(root.path / name) for name in names}
        # An interpreter may be a link, and have several: its environments lie where it leads.
        below = dict.fromkeys(e for p in places.values() for e in _environments(p / "envs"))
        yield from below
        for name, place in places.items():
            listed = place in below or (place.parent == root.path and place.name != name)
            if not listed and os.path.lexists(place / "pyvenv.cfg"):
                yield root.path / name

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of whatever has a pyvenv.cfg below a root of this store."""
        if reading.root.store != self.name or "pyvenv.cfg" not in reading.names:
            return None
        return Traits(kind="pyenv-virtualenv", name=reading.entry.name)

    def pointed(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield the environments that a ``.python-version`` names, as pyenv reads it.

        The first word of each line counts, comments apart: an environment's name, or
        ``<version>/envs/<name>``. What leads out of ``versions`` is refused.
        """
        words = [line.split()[0] for line in text.splitlines()[:_WORDS] if line.split()]
        for word in words:
            if word.startswith("#") or "\0" in word or ".." in word.split("/") or word[0] == "/":
                continue
            for root in roots:
                yield real(root.path / word)

    def tidying(self, gone: Trashed, machine: Machine, config: Config) -> Tidying:
        """Return the link of its name that led to the environment."""
        links = []
        for root in self.roots(machine, config):
            alias = root.path / gone.entry
            if alias != gone.original and real(alias) == gone.original:
                with suppress(OSError):  # it was made again this moment, as no link
                    links.append(Link(alias, os.readlink(alias)))
        return Tidying(links=tuple(links))

    def linking(self, wanted: Assignment) -> Linking:
        """Return ``.python-version`` with its name first, as ``pyenv local`` writes it."""
        edits = []
        for file, text in led_before(self, _POINTER, wanted):
            kept = [
                line
                for line in text.splitlines(keepends=True)
                if real(wanted.environment.path) not in led(self, file, line, wanted)
            ]
            edits.append(Edit(file, text, "".join(kept) or None))
        if wanted.project is not None and wanted.writes:
            file = wanted.project / _POINTER
            before = pointer_text(file)
            if real(wanted.environment.path) not in led(self, file, before, wanted):
                edits.append(Edit(file, before, f"{_name(wanted)}\n"))
        return Linking(tuple(edits))


def _name(wanted: Assignment) -> str:
    """Return the name by which pyenv finds it: that of its link, or ``<version>/envs/<name>``."""
    path, versions = wanted.environment.path, wanted.environment.root
    if real(versions / path.name) == real(path):
        return path.name
    below = path.is_relative_to(versions)
    return path.relative_to(versions).as_posix() if below else path.name


def _environments(folder: Path) -> list[Path]:
    """Return the directories in an interpreter's ``envs``."""
    try:
        with os.scandir(folder) as listing:
            return sorted(Path(item.path) for item in listing if item.is_dir(follow_symlinks=False))
    except OSError:
        return []


STORE = PyenvVirtualenvStore()
