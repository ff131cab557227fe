"""uvlink: environments that projects reach through a link, kept under the project's hash.

Facts: uvlink 0.9.1 (https://github.com/c0rychu/uvlink), run on Linux, and its ``project.py``.
``--cache-root`` is remembered nowhere: what lies there is found through the links of projects, or
once the folder is configured as a store. It chooses no environment: it makes the link ``.venv``,
which uv and others follow.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Claim, Direction, Edit, Environment, How, Traits
from venvdash.stores._linking import pointer_text
from venvdash.stores._paths import literally, parent_entry, sha256, sha256_fits
from venvdash.stores.base import Assignment, Kind, Linking, Reading, Root, Store, Why
from venvdash.stores.config_files import json_object, string
from venvdash.system.files import UnreadableError, read_text
from venvdash.system.machine import Machine

_POINTER = "project.json"
_POINTER_LIMIT = 64 * 1024  # bytes; uvlink writes some 250
_DIGITS = 12
_NAME = re.compile(r"(?P<name>.+)-(?P<digest>[0-9a-f]{12})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Parts:
    name: str
    digest: str


class UvlinkStore(Store):
    """Entries ``<directory>-<12 hex>-<type>/<type>``, ``<type>`` being ``.venv`` as a rule.

    ``project.json`` beside the prefix names the project; the digest is the start of the SHA-256 of
    its path. The type is also the name of the link in the project, ``.venv`` being looked at for
    every store. uvlink caches other directories too (``node_modules``): those are none.
    """

    name = "uvlink"
    title = "uvlink"
    kinds = (Kind("uvlink", "environment linked by uvlink"),)
    rank = 12
    tested_with = "uvlink 0.9.1"
    path_files = False
    pointers = ("venv", "env")

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield ``uvlink/cache`` in XDG_DATA_HOME, or in ``~/.local/share`` on every system."""
        given = machine.variable("XDG_DATA_HOME")
        default = machine.home / ".local" / "share"
        data = literally(machine, given, tilde=True) if given else default
        why, source = (Why.DEFAULT, "") if data == default else (Why.VARIABLE, "XDG_DATA_HOME")
        yield Root(data / "uvlink" / "cache", self.name, why, source, depth=2)

    def elsewhere(self, prefix: Path) -> Root | None:
        """Return the ``--cache-root`` that an entry with a ``project.json`` lies in."""
        if _parts(prefix) is None or not os.path.lexists(prefix.parent / _POINTER):
            return None
        return Root(prefix.parent.parent, self.name, Why.PROJECT, depth=2)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return the traits of an entry in its own store, or of one with a ``project.json``."""
        parts = _parts(reading.path)
        if parts is None:
            return None
        ours = reading.root.store == self.name
        if not ours and not os.path.lexists(reading.path.parent / _POINTER):
            return None
        return Traits(kind="uvlink", name=parts.name, project_name=parts.name, digest=parts.digest)

    def claims(self, reading: Reading) -> Iterator[Claim]:
        """Yield the project that ``project.json`` names; a damaged one names none."""
        file = reading.path.parent / _POINTER
        project = _project(file)
        if project is not None:
            yield Claim(reading.path, project, How.POINTER, Direction.ENVIRONMENT, str(file))

    def made_at(self, reading: Reading) -> Path | None:
        """Return the entry that uvlink makes for the project that ``project.json`` names."""
        project, kind = _project(reading.path.parent / _POINTER), reading.path.name
        if project is None:
            return None
        entry = f"{project.name}-{sha256(str(project))[:_DIGITS]}-{kind}"
        return reading.path.parent.parent / entry / kind

    def entry(self, prefix: Path, root: Root) -> Path:
        """Return the directory that holds the environment and its ``project.json``."""
        return parent_entry(prefix, _POINTER) if _parts(prefix) else prefix

    def pointed(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield where a link ``venv`` or ``env`` leads; a directory of that name leads nowhere."""
        if os.path.islink(pointer):
            yield Path(text)

    def name_part(self, name: str) -> str:
        """Return a directory's name as it is: uvlink changes nothing of it."""
        return name

    def fits(self, environment: Environment, project: Path) -> bool:
        """Return whether uvlink, asked in ``project``, would use exactly this entry."""
        return bool(environment.traits.digest) and sha256_fits(
            project, environment.traits.digest or ""
        )

    def expected(self, wanted: Assignment) -> Path | None:
        """Return the directory ``<folder>-<digest>-<type>`` that holds it and its project.json."""
        project, entry = wanted.project, wanted.environment.entry
        if project is None or entry == wanted.environment.path:
            return None
        name = f"{project.name}-{sha256(str(project))[:_DIGITS]}-{wanted.environment.path.name}"
        return entry.with_name(name)

    def linking(self, wanted: Assignment) -> Linking:
        """Return project.json as uvlink writes it for the project."""
        environment = wanted.environment
        if wanted.shared:
            return Linking()
        if environment.entry == environment.path:
            raise UnreadableError(f"{environment.path.parent} contains more than uvlink put there")
        before = pointer_text(environment.path.parent / _POINTER, _POINTER_LIMIT)
        after = _metadata(before, wanted.project, environment.path.name)
        return Linking((Edit(wanted.entry / _POINTER, before, after),) if before != after else ())

    def link_name(self, environment: Environment) -> str:
        """Return the type: the link in the project is called as the directory."""
        return environment.path.name


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


def _parts(prefix: Path) -> _Parts | None:
    """Return what the entry's name says; None where ``prefix`` is not its type."""
    entry, kind = prefix.parent.name, f"-{prefix.name}"
    found = _NAME.fullmatch(entry.removesuffix(kind)) if entry.endswith(kind) else None
    return _Parts(found["name"], found["digest"]) if found else None


STORE = UvlinkStore()
