"""Where an environment may be put, and what it may be called there."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.table import Table
from venvdash.model import (
    Environment,
    Row,
)
from venvdash.scanner.discovery import store_folders
from venvdash.stores import of_name
from venvdash.stores.base import NamingRule, Store
from venvdash.stores.roots import Layout, Root
from venvdash.system.files import real
from venvdash.text import short_path, visible


class TargetError(Exception):
    """Nothing can be put there; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Target:
    """A directory of environments: ``root`` is its real path, which may not exist yet.

    ``store`` is the one that looks there, the freest of several; None where none does.
    """

    root: Path
    store: Store | None

    @property
    def names(self) -> NamingRule:
        """Whether an environment is found there under any name."""
        return self.store.names if self.store else NamingRule.FREE


def of_environment(environment: Environment, context: Context) -> Target:
    """Return the store in which an environment lies."""
    return _target(environment.root, context)


def of_directory(table: Table, root: Path, context: Context) -> Target:
    """Return the store at a directory. Raises TargetError where nothing can be put into it.

    It must exist, unless some store looks there.
    """
    place = real(root)
    target = _target(place, context)
    if target.names is NamingRule.CLOSED and target.store is not None:
        shown = short_path(place, table.machine.home)
        raise TargetError(
            f"{target.store.title} tracks what is in {shown}: only it may add environments there."
        )
    if os.path.isdir(place):
        inside = next((path for path in (place, *place.parents) if _is_prefix(path)), None)
        if inside is not None:
            raise TargetError(f"{visible(place)} is inside an environment.")
        return target
    if os.path.lexists(place):
        raise TargetError(f"{visible(place)} is not a directory.")
    roots = store_folders.roots(table.machine, table.config)
    known = [root for root in roots if real(root.path) == place]
    if not known:
        raise TargetError(f"The directory {visible(place)} does not exist.")
    return Target(place, _freest(known))


def named(table: Table, text: str) -> Path:
    """Return the directory that a store's name, or a path, means. Raises TargetError.

    Of a store with several that is the first one there, else the first.
    """
    if text.startswith(("~", ".")) or os.sep in text:
        return table.machine.expand(text)
    roots = [
        root for root in store_folders.roots(table.machine, table.config) if root.store == text
    ]
    if not roots:
        raise TargetError(
            f"There is no store named {visible(text)}. Run `venvdash stores` to list all stores."
        )
    there = [root for root in roots if os.path.isdir(root.path)]
    return (there or roots)[0].path


def folder(table: Table) -> Path:
    """Return where an environment of any name belongs: the first folder there is, or would be."""
    free = list(filter(is_free, store_folders.roots(table.machine, table.config)))
    there = [root for root in free if os.path.isdir(root.path)]
    wrapper = table.machine.home / ".virtualenvs"
    return there[0].path if there else wrapper


def is_free(root: Root) -> bool:
    """Return whether an environment of any name is found there."""
    store = of_name(root.store)
    return root.layout is Layout.FLAT and store is not None and store.names is NamingRule.FREE


def refused_name(name: str) -> str:
    """Return why no environment can be called ``name``, "" where one can."""
    if not name:
        return "A name is required."
    if name in (".", "..") or os.path.basename(name) != name or "/" in name or "\\" in name:
        return "A name cannot contain a path separator."
    if name.startswith(".venvdash-"):
        return "This name is reserved for venvdash."
    if name.startswith("-"):
        return "A name cannot start with -: tools would read it as an option."
    if name.startswith("."):
        return "A name cannot start with a dot: tools would not list it."
    if name != name.strip():
        return "A name cannot start or end with a space."
    if "@" in name or ":" in name:
        return f"A name cannot contain {'@' if '@' in name else ':'}: it has a special meaning."
    return ""


def _target(root: Path, context: Context) -> Target:
    found = context.roots.get(root, ())
    return Target(root, _freest(list(found)))


def _freest(roots: list[Root]) -> Store | None:
    """Return the store that asks least of a name; one that is closed counts first."""
    found = [(root, store) for root in roots if (store := of_name(root.store))]
    closed = [store for _, store in found if store.names is NamingRule.CLOSED]
    free = [store for root, store in found if is_free(root)]
    return next(iter([*closed, *free, *(store for _, store in found)]), None)


def _is_prefix(path: Path) -> bool:
    return any(os.path.lexists(path / mark) for mark in store_folders.MARKS)


def place_warnings(table: Table, row: Row, target: Target, name: str) -> Iterator[str]:
    """Yield what the place has against it."""
    place = short_path(target.root, table.machine.home)
    if target.store is None:
        yield (
            f"{place} is not in a store: venvdash lists environments there only after "
            f"`venvdash stores --add {place}`."
        )
    elif target.names is not NamingRule.FREE:
        yield (
            f"{target.store.title} will not find an environment named {visible(name)}: it "
            "only finds environments that it named itself."
        )
    if target.store is not None and target.store.name == "uv":
        yield "The destination is in uv's cache: `uv cache prune` would delete it."
    if row.verdict.project is not None and target.root.is_relative_to(row.verdict.project):
        yield "The destination is inside the project itself."


def leaving_warnings(table: Table, row: Row, target: Target) -> Iterator[str]:
    """Yield that the tool whose store an environment leaves will not find it any more."""
    store = of_name(row.environment.store)
    if store is None or store is target.store or store.names is not NamingRule.OWN:
        return
    here = short_path(row.environment.root, table.machine.home)
    yield f"It leaves {here}, so {store.title} will no longer find it by name."
