"""pyenv-virtualenv: named environments among pyenv's interpreters.

Source: pyenv-virtualenv 1.4.0 with pyenv 2.6.30, https://github.com/pyenv/pyenv-virtualenv. An
environment is ``versions/<version>/envs/<name>``, and ``versions/<name>`` is a link to it by which
pyenv finds it: both are one environment. The other entries of ``versions`` are interpreters. In a
project it uses what ``.python-version`` names, whatever other tools use.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Edit, Leftovers, Link, Traits, Trashed
from venvdash.stores._paths import directories_in
from venvdash.stores._tool_files import editable_text, former_pointers, targets
from venvdash.stores.base import Kind, Reading, Store
from venvdash.stores.links import Assignment, LinkEdits
from venvdash.stores.roots import Root
from venvdash.system import reads
from venvdash.system.files import real
from venvdash.system.machine import Machine

_POINTER = ".python-version"
_WORDS = 50  # of a pointer


class PyenvVirtualenvStore(Store):
    """A project's ``.python-version`` names its environment; several projects may share one."""

    name = "pyenv-virtualenv"
    kinds = (Kind("pyenv-virtualenv", "pyenv-virtualenv environment"),)
    rank = 20
    tested_with = "pyenv-virtualenv 1.4.0"
    pointers = (_POINTER,)
    linked = False  # projects have ``.python-version``
    movable = False  # pyenv finds it by its name among the interpreters

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield ``versions`` of PYENV_ROOT, else of ``~/.pyenv``."""
        yield self.variable_root(
            machine, "PYENV_ROOT", machine.home / ".pyenv", "versions", depth=3
        )

    def prefixes(self, root: Root) -> Iterator[Path]:
        """Yield the environments of every interpreter, and those beside the interpreters.

        Skips interpreters, and links to listed environments. A link to another path is an alias,
        or an interpreter whose environments lie at that path.
        """
        names = sorted(reads.listdir(root.path))
        places = {name: real(root.path / name) for name in names}
        # An interpreter may be a link, or have several: its environments lie at the target.
        below = dict.fromkeys(e for p in places.values() for e in directories_in(p / "envs"))
        yield from below
        for name, place in places.items():
            listed = place in below or (place.parent == root.path and place.name != name)
            if not listed and reads.lexists(place / "pyvenv.cfg"):
                yield root.path / name

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of any directory with a pyvenv.cfg below a root of this store."""
        if reading.root.store != self.name or "pyvenv.cfg" not in reading.names:
            return None
        return Traits(kind="pyenv-virtualenv", name=reading.entry.name)

    def pointer_targets(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield the environments that a ``.python-version`` names, as pyenv reads it.

        pyenv reads the first word of each line that is no comment: an environment's name, or
        ``<version>/envs/<name>``. It refuses a path outside ``versions``.
        """
        words = [line.split()[0] for line in text.splitlines()[:_WORDS] if line.split()]
        for word in words:
            if word[0] not in "#/" and "\0" not in word and ".." not in word.split("/"):
                yield from (real(root.path / word) for root in roots)

    def leftovers(self, gone: Trashed, machine: Machine, config: Config) -> Leftovers:
        """Return the link of its name that pointed to the environment."""
        links = []
        for root in self.roots(machine, config):
            alias = root.path / gone.entry
            if alias != gone.original and real(alias) == gone.original:
                with suppress(OSError):  # it was replaced at this moment, not by a link
                    links.append(Link(alias, reads.readlink(alias)))
        return Leftovers(links=tuple(links))

    def link_edits(self, wanted: Assignment) -> LinkEdits:
        """Return ``.python-version`` with its name first, as ``pyenv local`` writes it."""
        edits = []
        for file, text in former_pointers(self, _POINTER, wanted):
            kept = [
                line
                for line in text.splitlines(keepends=True)
                if real(wanted.environment.path) not in targets(self, file, line, wanted)
            ]
            edits.append(Edit(file, text, "".join(kept) or None))
        if wanted.project is not None and wanted.writes:
            file = wanted.project / _POINTER
            before = editable_text(file)
            if real(wanted.environment.path) not in targets(self, file, before, wanted):
                edits.append(Edit(file, before, f"{_name(wanted)}\n"))
        return LinkEdits(tuple(edits))


def _name(wanted: Assignment) -> str:
    """Return the name by which pyenv finds it: its link's, or ``<version>/envs/<name>``."""
    path, versions = wanted.environment.path, wanted.environment.root
    if real(versions / path.name) == real(path):
        return path.name
    below = path.is_relative_to(versions)
    return path.relative_to(versions).as_posix() if below else path.name


STORE = PyenvVirtualenvStore()
