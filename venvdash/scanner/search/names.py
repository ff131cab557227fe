"""Matches directories by the tools' hashes of project paths, and by the names of projects.

A hash is a proof. A name is none, but a folder with the name of a missing project and with the
files of a project may be that project: then its environment must not be deleted.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from venvdash.model import Environment, Facts
from venvdash.scanner.projects import project_info
from venvdash.scanner.projects.presence import folded
from venvdash.scanner.search.identities import records_of
from venvdash.stores.base import Store, name_maker
from venvdash.system.files import names_in

# Files at the top of a project, besides those that a tool requires.
SIGNS = frozenset(
    [
        *(".git", ".hg", ".gitignore", ".venv", ".python-version", "Makefile", "environment.yml"),
        *("README", "README.md", "README.rst", "README.txt", "main.py", "app.py", "manage.py"),
        *("noxfile.py", "requirements.txt", "setup.cfg", "setup.py", "tox.ini", "uv.lock"),
        *("pyproject.toml", "Pipfile"),
    ]
)
_SOURCES = (".py", ".ipynb")
_FOLDERS = ("src", "requirements")
_ENTRIES = 1000  # read in one folder to find a source file


class Digests:
    """The environments whose names contain a hash of their project's path.

    ``stores`` compute the hashes, each once for all environments of a name.
    """

    def __init__(self, environments: Iterable[Environment], stores: Iterable[Store]) -> None:
        self._stores = {store.name: store for store in stores}
        self._scripts: dict[str, list[Environment]] = defaultdict(list)
        self._by_store: dict[str, dict[str, list[Environment]]] = defaultdict(dict)
        for environment in environments:
            traits = environment.traits
            if environment.store not in self._stores or traits.digest is None:
                continue
            if traits.script:
                self._scripts[traits.project_name or ""].append(environment)
            else:
                same = self._by_store[environment.store].setdefault(environment.entry.name, [])
                same.append(environment)
        required = [self._stores[name].requires for name in self._by_store]
        self.required = frozenset(file for files in required for file in files)
        self.stems = frozenset(self._scripts)  # names of scripts, as the stores write them

    def fitting(self, directory: str, has: Collection[str]) -> Iterator[Environment]:
        """Yield the environments whose hash is that of ``directory`` with the entries ``has``."""
        path = Path(directory)
        for name, entries in self._by_store.items():
            store = self._stores[name]
            if store.requires and not any(file in has for file in store.requires):
                continue
            digests = store.digests(path, (same[0] for same in entries.values()))
            for environments in entries.values():
                first = environments[0]
                fits = first.traits.digest in digests if digests is not None else None
                if store.fits(first, path) if fits is None else fits:
                    yield from environments

    def fitting_script(self, file: str) -> Iterator[Environment]:
        """Yield the environments whose hash is that of a script."""
        for environment in self.called(file):
            if self._stores[environment.store].fits(environment, Path(file)):
                yield environment

    def called(self, file: str) -> Iterator[Environment]:
        """Yield the environments that were made for a script of this name."""
        stem = os.path.splitext(os.path.basename(file))[0]
        for name in {environment.store for same in self._scripts.values() for environment in same}:
            for environment in self._scripts.get(name_maker(self._stores[name])(stem), ()):
                if environment.store == name:
                    yield environment


class ProjectNames:
    """The names of missing projects, and the environments of each."""

    def __init__(
        self, environments: Iterable[Environment], stores: Iterable[Store], facts: Facts | None
    ) -> None:
        by_store = {store.name: store for store in stores}
        claimed: Mapping[Path, Iterable[Path]] = facts.claimed if facts else {}
        self._folders: dict[str, list[Path]] = defaultdict(list)
        self._scripts: dict[str, list[Path]] = defaultdict(list)
        self._given: dict[Callable[[str], str], dict[str, list[Path]]] = {}
        for environment in environments:
            traits, path = environment.traits, environment.path
            names = self._scripts if traits.script else self._folders
            for project in claimed.get(path, ()):
                names[folded(project.name)].append(path)
            if traits.project_name and traits.digest and not traits.script:
                part = name_maker(by_store.get(environment.store))
                self._given.setdefault(part, {}).setdefault(traits.project_name, []).append(path)
            for record in records_of(environment, facts):
                if record.name and not traits.script:
                    part = name_maker(None)
                    self._given.setdefault(part, {}).setdefault(part(record.name), []).append(path)
        self._parts = {part: lru_cache(4096)(part) for part in self._given}
        self.folders = frozenset(self._folders)  # folded
        self.scripts = frozenset(self._scripts)  # folded file names

    def wanted(self, name: str) -> bool:
        """Return whether a folder of this name is looked for."""
        return folded(name) in self._folders

    def of_folder(self, directory: str, has: Collection[str]) -> Iterator[Path]:
        """Yield the environments whose project may be ``directory`` with the entries ``has``."""
        name = os.path.basename(directory)
        named_so = self._folders.get(folded(name), ())
        if named_so and (not SIGNS.isdisjoint(has) or _has_sources(directory)):
            yield from named_so
        if self._given and not SIGNS.isdisjoint(has):
            own = project_info.name_of(directory) if "pyproject.toml" in has else None
            for part, named in self._given.items():
                for one in {self._parts[part](text) for text in (name, own) if text}:
                    yield from named.get(one, ())

    def of_script(self, file: str) -> Iterable[Path]:
        """Return the environments whose script had the name of ``file``."""
        return self._scripts.get(folded(os.path.basename(file)), ())


def _has_sources(directory: str) -> bool:
    names = names_in(directory, _ENTRIES)
    has_sources = any(name.endswith(_SOURCES) or name in _FOLDERS for name in names)
    return has_sources and "__init__.py" not in names
