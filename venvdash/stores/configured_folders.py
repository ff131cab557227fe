"""Folders of environments that the user configures: flat, or mirroring the projects' paths.

This also covers small tools and shell functions, each by a line of configuration.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from venvdash.config import Config, ConfiguredStore
from venvdash.model import Claim, EvidenceKind, Traits
from venvdash.model.packaging import VENV_NAMES
from venvdash.stores import uvlink
from venvdash.stores._paths import below, names_in, parent_entry
from venvdash.stores.base import Kind, NamingRule, Reading, Store
from venvdash.stores.links import Assignment, mirrored
from venvdash.stores.roots import Layout, Root, RootOrigin
from venvdash.system import reads
from venvdash.system.machine import Machine

_NAME_FILE = ".venv-name"  # puv's: the environment's name, in the project
_DEPTH = 2  # store/NAME, or store/NAME/.venv
_VARIABLES = ("PUV_VENV_LOCATION", "UV_DEPOT")
_ENTRIES = 2000  # read to find the layout of a folder


class ConfiguredStores(Store):
    """In a mirrored store the path below the root is the project's below HOME, or below ``/``.

    prp and several shell functions lay out environments like this:
    ``store/code/webapp/.venv`` belongs to ``~/code/webapp``.
    """

    name = "configured"
    title = "configured folders"
    kinds = (Kind("mirrored", "environment under its project's path"),)
    rank = 60
    names = NamingRule.FREE
    proof = "the path below the root; `.venv-name` in the project"
    pointers = (_NAME_FILE,)
    nested = True

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield ``stores`` and ``store`` of the configuration, and two shell functions' variables.

        Relative ones start at HOME. puv names environments in PUV_VENV_LOCATION, fuv's UV_DEPOT
        has either layout (https://github.com/astral-sh/uv/issues/1495).
        """
        seen = set()
        for given in config.stores:
            root = _root(given, machine, str(config.path or ""))
            seen.add(root.path)
            yield root
        if config.store and machine.expand_from_home(config.store) not in seen:
            yield _root(ConfiguredStore(config.store), machine, str(config.path or ""))
        for variable in _VARIABLES:
            path = machine.variable(variable)
            if path and (folder := machine.expand_from_home(path)) not in seen:
                given = ConfiguredStore(path, layout_of(folder))
                yield replace(_root(given, machine, variable), why=RootOrigin.VARIABLE)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an environment in a mirrored store; flat ones are plain."""
        if reading.root.layout is not Layout.MIRRORED:
            return None
        parts = _project_parts(reading)
        return Traits(kind="mirrored", name=parts[-1] if parts else reading.root.path.name)

    def entry(self, prefix: Path, root: Root) -> Path:
        """Return the named directory around an environment if it holds nothing else."""
        if root.layout is not Layout.FLAT or prefix.parent.parent != root.path:
            return prefix
        own = uvlink.STORE.entry(prefix, root)  # of a --cache-root
        return parent_entry(prefix) if own == prefix else own

    def pointer_targets(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield the environments of the name that a ``.venv-name`` holds, in every flat folder."""
        name = text.strip()
        if name and Path(name).name == name and "\0" not in name:
            yield from (root.path / name for root in roots if root.layout is Layout.FLAT)

    def claims(self, reading: Reading) -> Iterator[Claim]:
        """Yield the project whose path the environment's path mirrors, or both it may be."""
        parts = _project_parts(reading)
        if reading.root.layout is Layout.MIRRORED and parts is not None:
            for base in _bases(reading.root, parts):
                yield from reading.claim(
                    base.joinpath(*parts), reading.root.path, EvidenceKind.MIRROR
                )

    def expected_entry(self, wanted: Assignment) -> Path | None:
        """Return the path in a mirrored store that mirrors the project's."""
        path = wanted.environment.path
        return mirrored(wanted, *([path.name] if path.name in VENV_NAMES else []))


def layout_of(folder: Path) -> Layout:
    """Return how environments lie in a folder: flat if one lies in it, or one level deeper.

    Raises nothing; a folder that is empty or cannot be read counts as flat.
    """
    try:
        with reads.scandir(folder) as listing:
            inner = [e.path for e in islice(listing, _ENTRIES) if e.is_dir(follow_symlinks=False)]
    except (OSError, ValueError):
        return Layout.FLAT
    names = ("", *VENV_NAMES)
    cfg = "pyvenv.cfg"
    flat = any(reads.lexists(os.path.join(path, name, cfg)) for path in inner for name in names)
    return Layout.FLAT if flat or not inner else Layout.MIRRORED


def _root(given: ConfiguredStore, machine: Machine, source: str) -> Root:
    path = machine.expand_from_home(given.path)
    root = Root(path, ConfiguredStores.name, RootOrigin.CONFIG, source, depth=_DEPTH)
    if given.layout != Layout.MIRRORED:
        return root
    base = machine.expand_from_home(given.base) if given.base else machine.home
    layout = Layout.MIRRORED
    return replace(root, depth=1, layout=layout, base=base, base_certain=bool(given.base))


def _project_parts(reading: Reading) -> tuple[str, ...] | None:
    """Return the mirrored path without ``.venv`` or the like at its end; None if outside."""
    parts = below(reading.path, reading.root.path)
    return parts[:-1] if parts and parts[-1] in VENV_NAMES else parts


def _bases(root: Root, parts: tuple[str, ...]) -> list[Path]:
    """Return the directories that the store may mirror, the likeliest first.

    Unless one is configured, it is HOME if the project exists there, or if ``/`` has no entry of
    the first name (``code``). It is ``/`` if only that has one (``home`` of home/ada/code). If
    both have one, both are named: the project is gone only if it is in neither. Only the listing
    of ``/`` is read: anything below it might be a mount that does not respond.
    """
    base = root.base or Path(root.path.anchor)
    if root.base_certain or not parts or reads.lexists(base.joinpath(*parts)):
        return [base]
    top = Path(base.anchor)
    if parts[0] not in names_in(top):
        return [base]
    return [base, top] if reads.lexists(base / parts[0]) else [top]


STORE = ConfiguredStores()
