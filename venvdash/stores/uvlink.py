"""uvlink: environments that projects reach through a link, kept under the project's hash.

Source: uvlink 0.9.1 (https://github.com/c0rychu/uvlink), run on Linux, and its ``project.py``.
``--cache-root`` is not recorded: what lies there is found through the links of projects, or once
the folder is configured as a store. It chooses no environment: it creates the link ``.venv``, which
uv and others follow.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Claim, Edit, Environment, Traits
from venvdash.stores._name_hashes import sha256
from venvdash.stores._paths import parent_entry, spellings
from venvdash.stores._tool_files import editable_text
from venvdash.stores.base import Kind, Reading, Store
from venvdash.stores.config_files import json_object, string
from venvdash.stores.links import Assignment, LinkEdits
from venvdash.stores.roots import Root, RootOrigin
from venvdash.system import reads
from venvdash.system.files import UnreadableError, read_text
from venvdash.system.machine import Machine

_POINTER = "project.json"
_POINTER_LIMIT = 64 * 1024  # bytes; uvlink writes some 250
_DIGITS = 12
_NAME = re.compile(r"(?P<name>.+)-(?P<digest>[0-9a-f]{12})", re.DOTALL)


class UvlinkStore(Store):
    """Entries ``<directory>-<12 hex>-<type>/<type>``; ``<type>`` is usually ``.venv``.

    ``project.json`` beside the prefix names the project; the digest is the start of the SHA-256 of
    its path. The type is also the name of the link in the project; a link ``.venv`` is read for
    every store. uvlink also caches directories that are no environments (``node_modules``).
    """

    name = "uvlink"
    kinds = (Kind("uvlink", "environment linked by uvlink"),)
    rank = 12
    tested_with = "uvlink 0.9.1"
    path_files = False
    pointers = ("venv", "env")

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield ``uvlink/cache`` in XDG_DATA_HOME, or in ``~/.local/share`` on every system."""
        data = machine.home / ".local" / "share"
        below = ("uvlink", "cache")
        yield self.variable_root(machine, "XDG_DATA_HOME", data, *below, tilde=True, depth=2)

    def unconfigured_root(self, prefix: Path) -> Root | None:
        """Return the ``--cache-root`` that holds an entry with a ``project.json``."""
        if _parts(prefix) is None or not reads.lexists(prefix.parent / _POINTER):
            return None
        return Root(prefix.parent.parent, self.name, RootOrigin.PROJECT, depth=2)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an entry in its own store, or of one with a ``project.json``."""
        parts = _parts(reading.path)
        if parts is None:
            return None
        ours = reading.root.store == self.name
        if not ours and not reads.lexists(reading.path.parent / _POINTER):
            return None
        name = parts["name"]
        return Traits(kind="uvlink", name=name, project_name=name, digest=parts["digest"])

    def claims(self, reading: Reading) -> Iterator[Claim]:
        """Yield the project that ``project.json`` names; a damaged one names none."""
        file = reading.path.parent / _POINTER
        yield from reading.claim(_project(file), file)

    def made_at(self, reading: Reading) -> Path | None:
        """Return the prefix that uvlink creates for the project that ``project.json`` names."""
        project, entry = _project(reading.path.parent / _POINTER), reading.path.parent
        if project is None:
            return None
        return entry.with_name(_entry_name(project, reading.path.name)) / reading.path.name

    def entry(self, prefix: Path, root: Root) -> Path:
        """Return the directory that holds the environment and its ``project.json``."""
        return parent_entry(prefix, _POINTER) if _parts(prefix) else prefix

    def pointer_targets(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield the target of a link ``venv`` or ``env``; a directory has none."""
        if reads.islink(pointer):
            yield Path(text)

    def name_part(self, name: str) -> str:
        """Return a directory's name unchanged, as uvlink does."""
        return name

    def digests(self, project: Path, environments: Iterable[Environment] = ()) -> list[str]:
        """Return the first 12 digits of the SHA-256 of the project's path."""
        return [sha256(path)[:_DIGITS] for path in spellings(project)]

    def expected_entry(self, wanted: Assignment) -> Path | None:
        """Return the directory ``<folder>-<digest>-<type>`` that holds it and its project.json."""
        project, entry = wanted.project, wanted.environment.entry
        if project is None or entry == wanted.environment.path:
            return None
        return entry.with_name(_entry_name(project, wanted.environment.path.name))

    def link_edits(self, wanted: Assignment) -> LinkEdits:
        """Return project.json as uvlink writes it for the project."""
        environment = wanted.environment
        if wanted.shared:
            return LinkEdits()
        if environment.entry == environment.path:
            raise UnreadableError(f"{environment.path.parent} contains more than uvlink put there")
        before = editable_text(environment.path.parent / _POINTER, _POINTER_LIMIT)
        after = _metadata(before, wanted.project, environment.path.name)
        return LinkEdits((Edit(wanted.entry / _POINTER, before, after),) if before != after else ())

    def link_name(self, environment: Environment) -> str:
        """Return the type, which is the name of the link in the project, too."""
        return environment.path.name


def _entry_name(project: Path, kind: str) -> str:
    return f"{project.name}-{sha256(str(project))[:_DIGITS]}-{kind}"


def _metadata(before: str | None, project: Path | None, kind: str) -> str | None:
    """Return the project.json of ``project``, None for none. Raises UnreadableError."""
    if project is None:
        return None
    table = json_object(before or "{}", _POINTER_LIMIT)
    if table is None:
        raise UnreadableError(f"Its {_POINTER} is damaged")
    import json

    table |= {
        "project_dir": project.as_posix(),
        "project_hash": sha256(str(project))[:_DIGITS],
        "project_name": project.name,
        "venv_type": kind,
    }
    return json.dumps(table, indent=2, sort_keys=True) + "\n"


def _project(file: Path) -> Path | None:
    project = string(json_object(read_text(file, _POINTER_LIMIT)), "project_dir")
    return Path(project) if project is not None and os.path.isabs(project) else None


def _parts(prefix: Path) -> re.Match[str] | None:
    """Return ``name`` and ``digest`` of the entry's name; None if ``prefix`` is not its type."""
    entry, kind = prefix.parent.name, f"-{prefix.name}"
    return _NAME.fullmatch(entry.removesuffix(kind)) if entry.endswith(kind) else None


STORE = UvlinkStore()
