"""The base class of stores, and the values that stores return."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from venvdash.config import Config
from venvdash.model import (
    Claim,
    Direction,
    Environment,
    EnvironmentIdentity,
    EvidenceKind,
    Leftovers,
    Sign,
    Traits,
    Trashed,
    Use,
)
from venvdash.stores._paths import literally
from venvdash.stores.config_files import has_table
from venvdash.stores.links import Assignment, LinkEdits, Outside
from venvdash.stores.roots import Layout, Root, RootOrigin
from venvdash.system.files import real
from venvdash.system.machine import Machine

_NAME_LIMIT = 100  # bytes of a name that uv reads
_NOT_ALNUM = re.compile(r"[^0-9A-Za-z]+")
_XDG = {"XDG_DATA_HOME": ".local/share", "XDG_CACHE_HOME": ".cache"}  # defaults below HOME


def normalised(name: str) -> str:
    """Return ``name`` as uv writes it in an entry's name: "My_App.x" gives "my-app-x".

    Of its first 100 bytes, ASCII letters in lower case and digits stay, each run of anything else
    becomes one hyphen, none at the end (uv 0.13.9). May be empty.
    """
    head = name.encode("utf-8", "replace")[:_NAME_LIMIT].decode("utf-8", "replace")
    return _NOT_ALNUM.sub("-", head).lower().rstrip("-")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of environment that a store declares; help and filters list them."""

    name: str
    title: str


class NamingRule(StrEnum):
    """Which names of environments in its store a tool accepts."""

    FREE = "free"  # any name
    OWN = "own"  # only the name that the tool itself gives
    CLOSED = "closed"  # the tool registers each environment: nothing else may be put there


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of one environment's directory, before a store recognises it.

    ``cfg`` holds the keys of pyvenv.cfg in lower case, values unquoted. ``names`` are the names
    in the prefix.
    """

    path: Path
    entry: Path
    root: Root
    cfg: Mapping[str, str]
    names: frozenset[str]
    fingerprint: EnvironmentIdentity

    def claim(
        self, project: Path | None, source: Path | str, how: EvidenceKind = EvidenceKind.POINTER
    ) -> Iterator[Claim]:
        """Yield the claim of ``source`` that it belongs to ``project``; nothing for None."""
        if project is not None:
            yield Claim(self.path, project, how, Direction.ENVIRONMENT, str(source))


@dataclass(frozen=True, slots=True)
class CleanupCommand:
    """A command of a tool that deletes everything in ``directory``, also what others put there.

    ``command`` is written as people type it.
    """

    directory: Path
    command: str


class Store:
    """One tool's environments.

    Subclasses return values and never act. Every method may be called from any thread. What
    cannot be read on disk yields nothing; only a method whose docstring says so raises.
    """

    name: ClassVar[str]
    title: ClassVar[str]  # for people; the name unless set
    kinds: ClassVar[tuple[Kind, ...]]
    rank: ClassVar[int] = 50  # stores are asked in this order: the most specific first
    tested_with: ClassVar[str] = ""  # for docs/stores.md
    names: ClassVar[NamingRule] = NamingRule.OWN
    proof: ClassVar[str] = ""  # for docs/stores.md, if the methods do not show it
    pointers: ClassVar[tuple[str, ...]] = ()  # files in a project that name its environment
    settings: ClassVar[tuple[str, ...]] = ()  # files in a project that may name a folder of them
    requires: ClassVar[tuple[str, ...]] = ()  # a project has one of these files, if any are listed
    lock_files: ClassVar[tuple[str, ...]] = ()  # in a project that only this tool manages
    own_pointers: ClassVar[tuple[str, ...]] = ()  # those of ``pointers`` that no other tool writes
    wraps: ClassVar[tuple[str, ...]] = ()  # stores whose tool this one runs in its projects
    table: ClassVar[str] = ""  # in pyproject.toml of a project for this tool, as "tool.poetry"
    build_tables: ClassVar[tuple[str, ...]] = ()  # below ``table``, for the build backend alone
    hints: ClassVar[tuple[str, ...]] = ()  # such files of other tools that may mean this one
    hint: ClassVar[str] = ""  # a word in pyproject.toml that may mean this tool: its build backend
    compares_names: ClassVar[bool] = False  # ``fits`` compares the project's name with the hash
    linked: ClassVar[bool] = True  # a link ``.venv`` in a project may name its environment, too
    path_files: ClassVar[bool] = True  # … or a file of that name with the path (PEP 832)
    movable: ClassVar[bool] = True  # works at another path once its scripts are rewritten
    nested: ClassVar[bool] = False  # empty directories around a deleted environment go with it

    def __init_subclass__(cls) -> None:
        cls.title = cls.__dict__.get("title", cls.name)

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield the directories where the tool keeps environments, existing or not.

        Reads the tool's own settings and nothing else.
        """
        raise NotImplementedError

    def variable_root(
        self,
        machine: Machine,
        variable: str,
        default: Path,
        *below: str,
        tilde: bool = False,
        **more: Any,
    ) -> Root:
        """Return the root ``below`` the directory in a variable, or ``below`` its default.

        The variable is not expanded, except for ``~`` with ``tilde``. ``more`` are fields of Root.
        """
        given = machine.variable(variable)
        folder = literally(machine, given, tilde=tilde) if given else default
        why, source = (
            (RootOrigin.DEFAULT, "") if folder == default else (RootOrigin.VARIABLE, variable)
        )
        return Root(folder.joinpath(*below), self.name, why, source, **more)

    def xdg_root(self, machine: Machine, path: Path, variable: str, **more: Any) -> Root:
        """Return the root at a default ``path``, which the XDG ``variable`` may have moved."""
        given = machine.variable(variable)
        if given and path.is_relative_to(given) and Path(given) != machine.home / _XDG[variable]:
            return Root(path, self.name, RootOrigin.VARIABLE, variable, **more)
        return Root(path, self.name, **more)

    def recognise(self, reading: Reading) -> Traits | None:
        """Return what kind of environment this is, or None if it is not this tool's."""
        raise NotImplementedError

    def claims(self, reading: Reading) -> Iterator[Claim]:
        """Yield the claims that the tool's own files in the environment make."""
        yield from ()

    def prefixes(self, root: Root) -> Iterator[Path] | None:
        """Return the directories below ``root`` that may be environments; None for every one.

        For a tool that keeps other things beside them. Raises OSError if ``root`` cannot be
        listed. ``root.path`` has no links in it.
        """
        return None

    def project_roots(self, project: Path, machine: Machine) -> Iterator[Root]:
        """Yield the folders of environments that a file of ``settings`` in a project names.

        Those that the user's own settings name are among ``roots``.
        """
        yield from ()

    def unconfigured_root(self, prefix: Path) -> Root | None:
        """Return the folder of this tool that holds ``prefix``, although no setting names it.

        For an environment that a project points to and that is in no known store, such as one in
        the cache of another UV_CACHE_DIR. None if nothing shows that it is this tool's.
        """
        return None

    def last_used(self, reading: Reading) -> float | None:
        """Return when the environment was last used, in seconds since the epoch.

        None if the tool does not record it.
        """
        return None

    def made_at(self, reading: Reading) -> Path | None:
        """Return the path at which the tool created the environment, None if not recorded.

        If it differs from the environment's, that was renamed, or copied with its files.
        """
        return None

    def entry(self, prefix: Path, root: Root) -> Path:
        """Return what is deleted with the environment at ``prefix``: it, or a parent."""
        return prefix

    def pointer_targets(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield the environments that one of ``pointers`` in a project names.

        ``pointer`` is the path of the file, whose name may contain folders ("venv/Scripts/x").
        ``text`` is its content; for a link to a directory, that directory's path. ``roots`` are
        this store's existing directories, links resolved. The paths may be relative to the file
        and need not exist; they are compared with the environments found.
        """
        yield from ()

    def name_part(self, name: str) -> str:
        """Return what the tool makes of a project's name in the names of its environments.

        ``name`` is empty for a project that has none.
        """
        return normalised(name)

    def guessed_name(self, environment: Environment) -> str | None:
        """Return the project's part of an environment's name that may end in a hash of its path.

        As ``normalised``; None if it has no such part. Unlike ``Traits.digest`` it is no evidence
        unless ``fits`` proves it: a user may have chosen the name.
        """
        return None

    def digests(
        self, project: Path, environments: Iterable[Environment] = ()
    ) -> Collection[str] | None:
        """Return every digest that the tool may make of a project's path, the likeliest first.

        ``project`` is a directory, or a script for script environments; it need not exist.
        ``environments``: those whose interpreters may be part of the digest. None for a tool
        without digests, or if only ``fits`` can compare them.
        """
        return None

    def fits(self, environment: Environment, project: Path) -> bool:
        """Return whether the tool's hash for ``project`` gives exactly this environment's name.

        ``project`` is a directory, or a script for script environments; it need not exist.
        """
        return environment.traits.digest in (self.digests(project, [environment]) or ())

    def cleanup_command(self, place: Path) -> CleanupCommand | None:
        """Return the tool's command that deletes everything in ``place``, a directory of entries.

        None if every command of the tool keeps what it did not create: then the trash may lie
        there, beside the environments.
        """
        return None

    def sign(self, names: Collection[str], pyproject: str) -> Sign:
        """Return how surely a project is managed with this tool.

        ``names`` are those of all stores' ``lock_files`` and ``own_pointers`` that exist in it,
        ``pyproject`` is the text of pyproject.toml, "" if there is none.
        """
        if any(name in names for name in self.lock_files):
            return Sign.LOCK
        for table in self.build_tables:
            pyproject = re.sub(rf"^[ \t]*\[{re.escape(table)}.*$", "", pyproject, flags=re.M)
        if self.table and has_table(pyproject, self.table):
            return Sign.TABLE
        hinted = any(name in names for name in self.hints)
        return Sign.MENTION if hinted or (self.hint and self.hint in pyproject) else Sign.NONE

    def use(self, project: Path, machine: Machine, config: Config) -> Use | None:
        """Return the environment that the tool would use if it were started in ``project``.

        None for a tool that chooses none by itself; the store's docstring says so. VIRTUAL_ENV is
        ignored: the answer is the project's. Reads files and runs nothing.
        """
        return None

    def leftovers(self, gone: Trashed, machine: Machine, config: Config) -> Leftovers:
        """Return what the tool still keeps of an environment that was permanently deleted.

        Nothing exists at ``gone.original``, where its entry was. Read again at each call, since
        the tool goes on using its files.
        """
        return Leftovers(empty=emptied(gone, self.roots(machine, config)) if self.nested else ())

    def expected_entry(self, wanted: Assignment) -> Path | None:
        """Return the entry at which the tool, started in the project, would look for it.

        With the environment's present interpreter. None for a tool whose names do not depend on
        the project's path.
        """
        return None

    def link_edits(self, wanted: Assignment) -> LinkEdits:
        """Return the edits that make the tool find the environment, without ``.venv`` links.

        Paths in the environment are its future ones. Raises UnreadableError, whose text is a
        sentence, if something else is in the place of one of the tool's files.
        """
        return LinkEdits()

    def outside(self, project: Path, machine: Machine, config: Config) -> Outside:
        """Return how ``project`` would keep the environment that lies in it outside.

        Unless a tool's module says otherwise, it follows a link ``.venv``.
        """
        return Outside()

    def inside(self, project: Path, machine: Machine, config: Config) -> str:
        """Return why the tool would not use a directory ``.venv`` in ``project``, a sentence.

        "" if it would.
        """
        return ""

    def link_name(self, environment: Environment) -> str:
        """Return the name of a project's link to this environment, "" if it has none."""
        return ".venv" if self.linked and not environment.traits.script else ""


def name_maker(store: Store | None) -> Callable[[str], str]:
    """Return what makes a project's name a part of an environment's; the same for equal rules."""
    if store is None or type(store).name_part is Store.name_part:
        return normalised
    return store.name_part


def with_default(chosen: Root | None, default: Root) -> Iterator[Root]:
    """Yield the root where a tool puts environments now, and its default, where older ones are.

    A tool may write its default into its configuration; then there is only one.
    """
    if chosen is not None and chosen.path != default.path:
        yield chosen
    yield default


def emptied(gone: Trashed, roots: Iterable[Root]) -> tuple[Path, ...]:
    """Return the directories between a deleted entry and the nearest of ``roots`` above it.

    The innermost comes first, the root is not among them.
    """
    above = [real(root.path) for root in roots if root.layout is not Layout.SINGLE]
    above = [root for root in above if root in gone.original.parents]
    nearest = max(above, key=lambda root: len(root.parts), default=None)
    return tuple(path for path in gone.original.parents if nearest in path.parents)
