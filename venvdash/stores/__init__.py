"""One module a tool: where it keeps environments and what it leaves on disk that names the project.

``registry()`` finds every module of this package that defines ``STORE``: adding a store is adding
a module, and nothing else changes.
"""

import importlib
import pkgutil
from functools import cache

from venvdash.stores.base import Kind, Reading, Store
from venvdash.stores.pyvenv_cfg import parse_cfg
from venvdash.stores.roots import Entry, Layout, Root, Why

__all__ = [
    "Entry",
    "Kind",
    "Layout",
    "Reading",
    "Root",
    "Store",
    "Why",
    "kinds",
    "of_kind",
    "of_name",
    "parse_cfg",
    "registry",
]


@cache
def registry() -> tuple[Store, ...]:
    """Return one of every store, the most particular first."""
    found = []
    for module in pkgutil.iter_modules(__path__):
        if module.name != "base" and not module.name.startswith("_"):
            store = getattr(importlib.import_module(f"{__name__}.{module.name}"), "STORE", None)
            if store is not None:
                found.append(store)
    return tuple(sorted(found, key=lambda store: (store.rank, store.name)))


def kinds() -> dict[str, Kind]:
    """Return every kind that some store declares, by its name."""
    return {kind.name: kind for store in registry() for kind in store.kinds}


def of_kind(kind: str) -> Store | None:
    """Return the store that declares a kind, None for one that no store does (any more)."""
    return next((store for store in registry() if kind in {k.name for k in store.kinds}), None)


def of_name(name: str) -> Store | None:
    """Return the store that is called ``name``, None for a name that no store has."""
    return next((store for store in registry() if store.name == name), None)
