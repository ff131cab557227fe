"""One module for each tool: where it keeps environments, and which of its files name the project.

``registry()`` finds every module of this package that defines ``STORE``: adding a store is adding
a module, and nothing else changes.
"""

import importlib
import pkgutil
from functools import cache

from venvdash.stores.base import Kind, Store

__all__ = ["Kind", "Store", "kinds", "of_kind", "of_name", "registry"]


@cache
def registry() -> tuple[Store, ...]:
    """Return every store, the most specific first."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.name[0] != "_"]
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    stores: list[Store] = [module.STORE for module in modules if hasattr(module, "STORE")]
    return tuple(sorted(stores, key=lambda store: (store.rank, store.name)))


def kinds() -> dict[str, Kind]:
    """Return every kind of every store by its name."""
    return {kind.name: kind for store in registry() for kind in store.kinds}


def of_kind(kind: str) -> Store | None:
    """Return the store that declares a kind, None for an unknown kind."""
    return next((store for store in registry() if kind in {k.name for k in store.kinds}), None)


def of_name(name: str) -> Store | None:
    """Return the store with this name, None if there is none."""
    return next((store for store in registry() if store.name == name), None)
