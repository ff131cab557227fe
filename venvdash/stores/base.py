"""What a store is: a value that knows a tool's places and traces, and never acts."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from venvdash.config import Config
from venvdash.model import (
    Claim,
    Edit,
    Environment,
    Fingerprint,
    Sign,
    Tidying,
    Traits,
    Trashed,
    Use,
)
from venvdash.model.packaging import minor_version
from venvdash.system.files import real
from venvdash.system.machine import Machine


def unquoted(value: str) -> str:
    """Return ``value`` without the quotes around it: venv writes its prompt in them.

    A command line that begins and ends with quoted words keeps them.
    """
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        inner = value[1:-1]
        return value if value[0] in inner else inner
    return value


def parse_cfg(text: str) -> dict[str, str]:
    """Return the keys (in lower case) and unquoted values of a pyvenv.cfg.

    Read as CPython's ``site`` does: each line is split at its first "=", what has none is
    skipped, the last of several equal keys counts.
    """
    values = {}
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        key, equals, value = line.partition("=")
        if equals:
            values[key.strip().lower()] = unquoted(value.strip())
    return values


VENV_NAMES = frozenset({".venv", "venv", "env"})  # of an environment in its project's directory

_NAME_LIMIT = 100  # bytes of a name that uv looks at
_NOT_ALNUM = re.compile(r"[^0-9A-Za-z]+")


def normalised(name: str) -> str:
    """Return ``name`` as uv writes it in an entry's name: "My_App.x" gives "my-app-x".

    Of its first 100 bytes, ASCII letters in lower case and digits stay, each run of anything else
    becomes one hyphen, none at the end (seen with uv 0.13.9). May be empty.
    """
    head = name.encode("utf-8", "replace")[:_NAME_LIMIT].decode("utf-8", "replace")
    return _NOT_ALNUM.sub("-", head).lower().rstrip("-")


def has_table(toml: str, name: str) -> bool:
    """Return whether a TOML text has a table ``name``, or one below it; nothing is parsed."""
    if name not in toml:
        return False
    header = rf"^[ \t]*\[+[ \t]*{re.escape(name)}[ \t]*[.\]]"
    return re.search(header, toml, re.MULTILINE) is not None


def below_home(machine: Machine, text: str) -> Path:
    """Return the path that ``text`` names, ``~`` and ``$NAMES`` expanded, relative to HOME.

    For settings that mean the same wherever the program is started.
    """
    return replace(machine, cwd=None).expand(text)


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of environment that a store declares; help and filters are made from these."""

    name: str
    title: str


class Why(StrEnum):
    """Why a directory is looked at."""

    DEFAULT = "default"
    VARIABLE = "variable"
    CONFIG = "config"
    PROJECT = "project"


class Layout(StrEnum):
    """How environments lie below a root."""

    FLAT = "flat"  # root/NAME
    MIRRORED = "mirrored"  # root/path/to/project[/.venv]
    SINGLE = "single"  # the root itself is an environment, as some registry says


class Names(StrEnum):
    """Whether a tool finds an environment in its store that was not named by it."""

    FREE = "free"  # whatever it is called
    OWN = "own"  # only what bears the name that it would give
    CLOSED = "closed"  # it keeps track of each, and others must put nothing there


@dataclass(frozen=True, slots=True)
class Root:
    """A directory that may hold environments.

    ``source`` names the variable, or the configuration file, that says so. ``base`` is, for a
    mirrored root, the directory whose tree is mirrored; without ``base_certain`` it may as well be
    ``/``. ``depth``: how many levels below the root an environment may lie in a flat one.
    ``pointer``: the name of the file that names the project, where the user's settings change it,
    or the path of the tool's registry of all projects.
    """

    path: Path
    store: str
    why: Why = Why.DEFAULT
    source: str = ""
    layout: Layout = Layout.FLAT
    base: Path | None = None
    depth: int = 1
    base_certain: bool = True
    pointer: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A directory that may be an environment: its prefix, and what a deletion would take.

    A store yields entries without opening them; whether they are environments is read later.
    """

    prefix: Path
    entry: Path


@dataclass(frozen=True, slots=True)
class Reading:
    """The bare facts of one environment directory, before any store has said what it is.

    ``cfg`` holds the keys of pyvenv.cfg in lower case, values unquoted. ``names`` are the entries
    of the prefix, ``siblings`` those of ``entry`` where that is another directory.
    """

    path: Path
    entry: Path
    root: Root
    cfg: Mapping[str, str]
    names: frozenset[str]
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Assignment:
    """To which project an environment of a store is to belong.

    ``project`` is a directory (a script for script environments), links resolved, None for none at
    all; ``name`` what it calls itself, "" for nothing. ``former`` are the projects that it shall
    not belong to any more. With ``shared`` it belongs to others as before, and keeps what names
    those. ``entry`` and ``prefix`` are where it will lie, ``roots`` the store's directories as it
    declares them. Without ``writes`` nothing may be written into the project.
    """

    environment: Environment
    entry: Path
    prefix: Path
    roots: tuple[Root, ...] = ()
    project: Path | None = None
    name: str = ""
    former: tuple[Path, ...] = ()
    shared: bool = False
    writes: bool = True

    @property
    def minor(self) -> str:
        """The environment's Python as "3.12", "" where it is not known."""
        return minor_version(self.environment.python)

    @property
    def root(self) -> Root | None:
        """The store's root that the environment lies below; None where another store's is."""
        place = self.environment.root
        return next((root for root in self.roots if place in (root.path, real(root.path))), None)


@dataclass(frozen=True, slots=True)
class Linking:
    """What has to change in the files of a tool so that it finds an environment for a project.

    ``lock`` is the file that the tool locks while it changes those of ``edits``. ``notes`` are
    sentences on what stays as it is.
    """

    edits: tuple[Edit, ...] = ()
    lock: Path | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clearing:
    """A command of a tool that deletes whatever lies in a directory, whoever put it there.

    ``directory``: nothing below it is safe from ``command``, which is written as people type it.
    """

    directory: Path
    command: str


class Store:
    """One tool's environments.

    Subclasses return values only; every method may be called from any thread, and none raises
    on what it finds on disk: what cannot be read yields nothing.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    kinds: ClassVar[tuple[Kind, ...]]
    rank: ClassVar[int] = 50  # the lower, the more particular: asked first whose environment it is
    tested_with: ClassVar[str] = ""
    names: ClassVar[Names] = Names.OWN
    proof: ClassVar[str] = ""  # for the documents, where what is implemented says it badly
    pointers: ClassVar[tuple[str, ...]] = ()  # files in a project that name its environment
    settings: ClassVar[tuple[str, ...]] = ()  # files in a project that may name a folder of them
    requires: ClassVar[tuple[str, ...]] = ()  # a project holds one of these files, if any are named
    lock_files: ClassVar[tuple[str, ...]] = ()  # in a project that only this tool manages
    own_pointers: ClassVar[tuple[str, ...]] = ()  # of ``pointers`` those that no other tool writes
    wraps: ClassVar[tuple[str, ...]] = ()  # stores whose tool this one runs in its projects
    table: ClassVar[str] = ""  # in pyproject.toml of a project for this tool, as "tool.poetry"
    compares_names: ClassVar[bool] = False  # ``fits`` asks for the project's name, not only a hash
    linked: ClassVar[bool] = True  # projects reach their environments by a link ``.venv``, too
    path_files: ClassVar[bool] = True  # … or by a file of that name with the path (PEP 832)
    movable: ClassVar[bool] = True  # works at another place once its scripts are rewritten

    def roots(self, machine: Machine, config: Config) -> Iterator[Root]:
        """Yield the directories where the tool keeps environments, existing or not.

        The tool's own settings are read for this, nothing else.
        """
        raise NotImplementedError

    def recognise(self, reading: Reading) -> Traits | None:
        """Return what kind of environment this is, or None where it is not this tool's."""
        raise NotImplementedError

    def claims(self, reading: Reading) -> Iterator[Claim]:
        """Yield the claims that the tool's own files in the environment make."""
        yield from ()

    def prefixes(self, root: Root) -> Iterator[Path] | None:
        """Return the directories below ``root`` that may be environments; None for all there are.

        For a tool that keeps other things among them. May raise OSError where ``root`` cannot be
        listed. ``root.path`` has no links in it.
        """
        return None

    def folders(self, project: Path, machine: Machine) -> Iterator[Root]:
        """Yield the folders of environments that one of ``settings`` in a project names.

        Not those that the user's own settings name, which are among ``roots``.
        """
        yield from ()

    def elsewhere(self, prefix: Path) -> Root | None:
        """Return the folder of this tool that ``prefix`` lies in, although no setting names it.

        Asked for an environment that a project leads to and that is in no known store, such as one
        in the cache of another UV_CACHE_DIR. None where nothing shows that it is this tool's.
        """
        return None

    def used(self, reading: Reading) -> float | None:
        """Return when the tool says that the environment was last used, where it keeps that."""
        return None

    def made_at(self, reading: Reading) -> Path | None:
        """Return where the tool made the environment, where its own files tell.

        Another place than the environment's means that it was renamed, or copied with what it
        says of its project.
        """
        return None

    def entry(self, prefix: Path, root: Root) -> Path:
        """Return what a deletion of the environment at ``prefix`` takes: it, or a parent."""
        return prefix

    def pointed(self, pointer: Path, text: str, roots: Sequence[Root]) -> Iterator[Path]:
        """Yield the environments that one of ``pointers`` in a project leads to.

        ``pointer`` is the file's path, its name may have folders in front ("venv/Scripts/x").
        ``text`` is what it holds; of a link to a directory, that directory's path. ``roots`` are
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

        As ``normalised``; None where there is none. Unlike ``Traits.digest`` it says nothing as
        long as ``fits`` has not proven it: such a name may be anybody's.
        """
        return None

    def fits(self, environment: Environment, project: Path) -> bool:
        """Return whether the tool's hash for ``project`` gives exactly this environment's name.

        ``project`` is a directory, or a script for script environments; it need not exist.
        """
        return False

    def clearing(self, place: Path) -> Clearing | None:
        """Return the tool's command that deletes all of ``place``, a directory of entries.

        None where every command of the tool leaves alone what it does not know: then an
        environment in the trash may lie there, beside the others.
        """
        return None

    def sign(self, names: Collection[str], pyproject: str) -> Sign:
        """Return how surely a project is managed with this tool.

        ``names`` are those of all stores' ``lock_files`` and ``own_pointers`` that are there,
        ``pyproject`` is the text of pyproject.toml, "" where there is none.
        """
        if any(name in names for name in self.lock_files):
            return Sign.LOCK
        return Sign.TABLE if self.table and has_table(pyproject, self.table) else Sign.NONE

    def use(self, project: Path, machine: Machine, config: Config) -> Use | None:
        """Return the environment that the tool would use if it were started in ``project``.

        None for a tool that chooses none by itself: the store's docstring says so. An active
        environment (VIRTUAL_ENV) is not asked for: the answer is the project's. Files are read,
        and nothing is run.
        """
        return None

    def digests(self, project: Path, among: Iterable[Environment]) -> frozenset[str] | None:
        """Return every digest that the tool makes of a directory's path, for such environments.

        For who compares many environments with one directory. None where ``fits`` alone can tell.
        """
        return None

    def tidying(self, gone: Trashed, machine: Machine, config: Config) -> Tidying:
        """Return what the tool still keeps of an environment of its own that was freed.

        Nothing is at ``gone.original`` by now, where its entry was. Read anew at each call, since
        the tool goes on using its files.
        """
        return Tidying()

    def expected(self, wanted: Assignment) -> Path | None:
        """Return the entry under which the tool would look for the environment.

        With the interpreter that it has, and asked in the project. None where the tool looks for
        no name that it makes from the project's path.
        """
        return None

    def linking(self, wanted: Assignment) -> Linking:
        """Return what makes the tool find the environment; ``.venv`` links are not its affair.

        What is in the environment is named by the place where it will be. Raises UnreadableError,
        whose text is a sentence, where something else is in the place of a file of the tool's.
        """
        return Linking()

    def link_name(self, environment: Environment) -> str:
        """Return what a project's link to this environment is called, "" where it has none."""
        return ".venv" if self.linked and not environment.traits.script else ""
