"""direnv's layouts in one place, as its wiki shows how to have them.

A ``.direnv`` directory in the project is direnv's own choice and not central. The recipes of
https://github.com/direnv/direnv/wiki/Customizing-cache-location redefine ``direnv_layout_dir``:
``~/.cache/direnv/layouts/<sha1 of the path>``, or, with a name that can be read,
``<sha1 of the path and a newline>-home-ada-code-webapp``. In it ``layout python`` makes
``python-3.12``, older releases ``virtualenv`` (direnv's stdlib.sh).
"""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Environment, Sign, Tidying, Traits, Trashed, Use
from venvdash.model.packaging import minor_version
from venvdash.stores._interpreters import cfg_of, minor_of, on_path
from venvdash.stores._tool_files import emptied
from venvdash.stores.base import Assignment, Kind, Reading, Root, Store, Why
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
_MADE = re.compile(r"(python|pypy|venv|virtualenv)(-.*)?", re.DOTALL)


class DirenvStore(Store):
    """The digest in a layout's name is that of the directory of the ``.envrc``."""

    name = "direnv"
    title = "direnv layouts"
    kinds = (Kind("direnv", "direnv layout"),)
    rank = 21
    requires = (_POINTER,)
    tested_with = "the recipes of its wiki, run by bash"
    pointers = own_pointers = (_POINTER,)
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

    def sign(self, names: Collection[str], pyproject: str) -> Sign:
        """Return a mention for an ``.envrc``, which may do quite other things."""
        return Sign.MENTION if _POINTER in names else Sign.NONE

    def use(self, project: Path, machine: Machine, config: Config) -> Use | None:
        """Return what ``layout python`` in the ``.envrc`` would activate; None without it.

        That is what the line before it sets VIRTUAL_ENV to, or an environment in the layout
        directory that is called by the Python's version. Where that directory is, a user's
        direnvrc decides, which is not run: the usual one and those of the recipes are looked at.
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
            paths = dict.fromkeys((os.fspath(project), os.fspath(real(project))))
            folders += [root.path / recipe(p) for p in paths for recipe in (_hashed, _readable)]
        found = [path for folder in folders for path in _environments(folder) if cfg_of(path)]
        if len(found) > 1:
            minor = _minor(call, project, machine)
            found = [path for path in found if _is_of(path.name, minor)]
        if len(found) == 1:
            why = f"its {_POINTER} has a layout for Python"
            return Use("direnv", found[0], why, True, certain=False, depends_on=on)
        why = (
            "it is not known which one its layout would use"
            if found
            else "it has not created one yet"
        )
        return Use("direnv", None, why, certain=False, depends_on=on)

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


def _minor(call: re.Match[str], project: Path, machine: Machine) -> str:
    """Return ``X.Y`` of the Python that a layout takes, "" where that is not told."""
    program = os.path.basename(call["program"])
    name = program if program.startswith("python") else f"python{call['version']}"
    if "." in name:
        return minor_version(name.removeprefix("python"))
    return minor_of(next(on_path(machine, project, name), None))


def _is_of(name: str, minor: str) -> bool:
    """Return whether a layout's environment is of a version; older releases say ``X.Y.Z``."""
    return bool(minor) and f"{name}.".startswith(f"python-{minor}.")


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
