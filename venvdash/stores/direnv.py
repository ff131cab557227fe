"""direnv's layouts in one central directory, as recipes in its wiki configure it.

By default direnv uses ``.direnv`` in the project, which is not central. The recipes of
https://github.com/direnv/direnv/wiki/Customizing-cache-location redefine ``direnv_layout_dir``:
``~/.cache/direnv/layouts/<sha1 of the path>``, or, with a readable name,
``<sha1 of the path and a newline>-home-ada-code-webapp``. In it ``layout python`` creates
``python-3.12``, older releases ``virtualenv`` (direnv's stdlib.sh).
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Environment, Traits, Use
from venvdash.model.packaging import minor_version
from venvdash.stores._interpreters import minor_of, on_path
from venvdash.stores._paths import directories_in, spellings
from venvdash.stores.base import Kind, Reading, Store
from venvdash.stores.links import Assignment
from venvdash.stores.pyvenv_cfg import cfg_of
from venvdash.stores.roots import Root
from venvdash.system import reads
from venvdash.system.files import read_text, real
from venvdash.system.machine import Machine

_POINTER = ".envrc"
_LIMIT = 64 * 1024  # bytes of an ``.envrc``
_IN_PROJECT = ".direnv"
# `layout python3.12`, `layout_python`, `layout python /opt/python`, `layout python3 -m venv`
_CALL = re.compile(
    r"^[ \t]*layout[ \t_]+python(?P<version>[0-9.]*)[ \t]*(?P<program>[^\s#;&|]*)", re.MULTILINE
)
_NAMED = re.compile(
    r"^[ \t]*(?:export[ \t]+)?VIRTUAL_ENV=[\"']?(?:\$PWD/|\./)?"
    r"(?P<path>[^\s$`\"'#;]+)[\"']?[ \t]*$",
    re.MULTILINE,
)
_LAYOUT = re.compile(r"(?P<digest>[0-9a-f]{40})(?P<path>-.*)?", re.DOTALL)
_CREATED = re.compile(r"(python|pypy|venv|virtualenv)(-.*)?", re.DOTALL)


class DirenvStore(Store):
    """The digest in a layout's name is that of the directory of the ``.envrc``."""

    name = "direnv"
    title = "direnv layouts"
    kinds = (Kind("direnv", "direnv layout"),)
    rank = 21
    requires = (_POINTER,)
    tested_with = "the recipes of its wiki, run by bash"
    pointers = own_pointers = (_POINTER,)
    hints = (_POINTER,)  # it may do other things
    linked = False  # the layout is found by the directory of the ``.envrc``
    nested = True

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield the recipes' directory: XDG_CACHE_HOME or ``~/.cache``, on macOS too."""
        caches = machine.home / ".cache"
        below = ("direnv", "layouts")
        yield self.variable_root(machine, "XDG_CACHE_HOME", caches, *below, depth=2)

    def prefixes(self, root: Root) -> Iterator[Path]:
        """Yield the environments in each layout, which may hold other things (nix profiles …)."""
        for layout in sorted(reads.listdir(root.path)):
            yield from _environments(root.path / layout)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an environment in a layout."""
        if reading.root.store != self.name or reading.path.parent == reading.root.path:
            return None
        match = _LAYOUT.fullmatch(reading.path.parent.name)
        path = (match["path"] or "").strip("-") if match else ""
        return Traits(
            kind="direnv",
            name=path or reading.path.parent.name,
            project_name=_last(path) if path else None,
            digest=match["digest"] if match else None,
        )

    def pointer_targets(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield the environments in the layouts beside an ``.envrc``; its text is not read."""
        for root in roots:
            for layout in _layouts(pointer.parent):
                yield from _environments(root.path / layout)

    def name_part(self, name: str) -> str:
        """Return the last word of a directory's name, the only part of it in a layout's name."""
        return _last(_dashed(name))

    def digests(self, project: Path, environments: Iterable[Environment] = ()) -> list[str]:
        """Return the digests of both recipes; bash's letters depend on the locale, so no names."""
        return [layout[:40] for layout in _layouts(project)]

    def use(self, project: Path, machine: Machine, config: Config) -> Use | None:
        """Return what ``layout python`` in the ``.envrc`` would activate; None without it.

        That is what the line before it sets VIRTUAL_ENV to, or an environment in the layout
        directory that has the Python's version in its name. A user's direnvrc decides where that
        directory is; it is not run: the default one and those of the recipes are read.
        """
        text = read_text(project / _POINTER, _LIMIT) or ""
        call = _CALL.search(text)
        if call is None:
            return None
        on = ("PATH", os.fspath(project / _POINTER))
        named = _NAMED.search(text, 0, call.start())
        if named is not None:
            path, why = project / named["path"], f"its {_POINTER} sets VIRTUAL_ENV"
            return Use("direnv", real(path), why, cfg_of(path) is not None, depends_on=on)
        folders = [project / _IN_PROJECT]
        for root in self.roots(machine, config):
            folders += [root.path / layout for layout in _layouts(project)]
        layouts = [path for folder in folders for path in _environments(folder) if cfg_of(path)]
        if len(layouts) > 1:
            minor = _minor(call, project, machine)
            layouts = [path for path in layouts if _is_of(path.name, minor)]
        if len(layouts) == 1:
            why = f"its {_POINTER} has a layout for Python"
            return Use("direnv", layouts[0], why, True, certain=False, depends_on=on)
        why = (
            "it is not known which one its layout would use"
            if layouts
            else "it has not created one yet"
        )
        return Use("direnv", None, why, certain=False, depends_on=on)

    def expected_entry(self, wanted: Assignment) -> Path | None:
        """Return its path in the layout of the project, named by the same recipe."""
        entry, project = wanted.environment.entry, wanted.project
        match = _LAYOUT.fullmatch(entry.parent.name)
        if project is None or match is None:
            return None
        recipe = _readable if match["path"] else _hashed
        return entry.parent.with_name(recipe(os.fspath(project))) / entry.name


def _minor(call: re.Match[str], project: Path, machine: Machine) -> str:
    """Return ``X.Y`` of the Python that a layout uses, "" if unknown."""
    program = os.path.basename(call["program"])
    name = program if program.startswith("python") else f"python{call['version']}"
    if "." in name:
        return minor_version(name.removeprefix("python"))
    return minor_of(next(on_path(machine, project, name), None))


def _is_of(name: str, minor: str) -> bool:
    """Return whether a layout's environment has this version; older releases write ``X.Y.Z``."""
    return bool(minor) and f"{name}.".startswith(f"python-{minor}.")


def _environments(layout: Path) -> list[Path]:
    """Return the directories in a layout that are environments, or have the name of one."""
    return [
        path
        for path in directories_in(layout)
        if _CREATED.fullmatch(path.name) or reads.lexists(path / "pyvenv.cfg")
    ]


def _layouts(project: Path) -> list[str]:
    """Return the names that the recipes give to the layout of a directory."""
    return [recipe(path) for path in spellings(project) for recipe in (_hashed, _readable)]


def _hashed(path: str) -> str:
    return _sha1(os.fsencode(path))


def _readable(path: str) -> str:
    return _sha1(os.fsencode(path) + b"\n") + _dashed(path)  # bash's here-string ends in a newline


def _sha1(data: bytes) -> str:
    import hashlib  # slow to import, and few use these recipes

    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def _dashed(text: str) -> str:
    return re.sub(r"[^a-zA-Z0-9]", "-", text)


def _last(dashed: str) -> str:
    return dashed.strip("-").rpartition("-")[2]


STORE = DirenvStore()
