"""direnv's layouts in one place, as its wiki shows how to have them.

A ``.direnv`` directory in the project is direnv's own choice and not central. The recipes of
https://github.com/direnv/direnv/wiki/Customizing-cache-location redefine ``direnv_layout_dir``:
``~/.cache/direnv/layouts/<sha1 of the path>``, or, with a name that can be read,
``<sha1 of the path and a newline>-home-ada-code-webapp``. In it ``layout python`` makes
``python-3.12``, older releases ``virtualenv`` (direnv's stdlib.sh).
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Environment, Tidying, Traits, Trashed
from venvdash.stores._indexes import emptied
from venvdash.stores.base import Assignment, Kind, Reading, Root, Store, Why
from venvdash.system.files import real
from venvdash.system.machine import Machine

_POINTER = ".envrc"
_LAYOUT = re.compile(r"(?P<digest>[0-9a-f]{40})(?P<path>-.*)?", re.DOTALL)
_MADE = re.compile(r"(python|pypy|venv|virtualenv)(-.*)?", re.DOTALL)


class DirenvStore(Store):
    """The digest in a layout's name is that of the directory of the ``.envrc``."""

    name = "direnv"
    title = "direnv layouts"
    kinds = (Kind("direnv", "direnv layout"),)
    rank = 21
    requires = (_POINTER,)
    tested_with = "the recipes of its wiki, run by bash"
    pointers = (_POINTER,)
    linked = False  # the layout is found by the directory of the ``.envrc``

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield the recipes' directory: XDG_CACHE_HOME or ``~/.cache``, on macOS too."""
        caches = machine.home / ".cache"
        given = machine.path_variable("XDG_CACHE_HOME")
        why, source = (Why.VARIABLE, "XDG_CACHE_HOME") if given else (Why.DEFAULT, "")
        yield Root((given or caches) / "direnv" / "layouts", self.name, why, source, depth=2)

    def prefixes(self, root: Root) -> Iterator[Path]:
        """Yield the environments in each layout, which may hold other things (nix profiles …)."""
        for layout in sorted(os.listdir(root.path)):
            yield from _environments(root.path / layout)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an environment in a layout."""
        if reading.root.store != self.name or reading.path.parent == reading.root.path:
            return None
        found = _LAYOUT.fullmatch(reading.path.parent.name)
        path = (found["path"] or "").strip("-") if found else ""
        return Traits(
            kind="direnv",
            name=path or reading.path.parent.name,
            project_name=_last(path) if path else None,
            digest=found["digest"] if found else None,
        )

    def pointed(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield what lies in the layouts of the directory of an ``.envrc``, whatever it says."""
        project = os.fspath(pointer.parent)
        for root in roots:
            for path in dict.fromkeys((project, os.fspath(real(pointer.parent)))):
                for layout in (_hashed(path), _readable(path)):
                    yield from _environments(root.path / layout)

    def name_part(self, name: str) -> str:
        """Return what of a directory's name can be told apart in a layout's: its last word."""
        return _last(_dashed(name))

    def fits(self, environment: Environment, project: Path) -> bool:
        """Return whether one of the recipes gives the layout's name for ``project``."""
        # The digest decides: what bash takes for a letter depends on the locale.
        digest = environment.traits.digest
        paths = {os.fspath(project), os.fspath(real(project))}
        return any(digest in (_hashed(path), _readable(path)[:40]) for path in paths)

    def tidying(self, gone: Trashed, machine: Machine, config: Config) -> Tidying:
        """Return the layout's directory, which may hold nothing any more."""
        return Tidying(empty=emptied(gone.original, self.roots(machine, config)))

    def expected(self, wanted: Assignment) -> Path | None:
        """Return its place in the layout of the project, named by the same recipe."""
        entry, project = wanted.environment.entry, wanted.project
        found = _LAYOUT.fullmatch(entry.parent.name)
        if project is None or found is None:
            return None
        recipe = _readable if found["path"] else _hashed
        return entry.parent.with_name(recipe(os.fspath(project))) / entry.name


def _environments(layout: Path) -> list[Path]:
    """Return the directories in a layout that are environments, or look made as such."""
    try:
        with os.scandir(layout) as listing:
            found = sorted(i.name for i in listing if i.is_dir(follow_symlinks=False))
    except OSError:
        return []
    return [
        layout / name
        for name in found
        if _MADE.fullmatch(name) or os.path.lexists(layout / name / "pyvenv.cfg")
    ]


def _hashed(path: str) -> str:
    return _sha1(os.fsencode(path))


def _readable(path: str) -> str:
    return _sha1(os.fsencode(path) + b"\n") + _dashed(path)  # bash's here-string ends in a newline


def _sha1(data: bytes) -> str:
    import hashlib  # takes long, and few use these recipes

    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def _dashed(text: str) -> str:
    return re.sub(r"[^a-zA-Z0-9]", "-", text)


def _last(dashed: str) -> str:
    return dashed.strip("-").rpartition("-")[2]


STORE = DirenvStore()
