"""Plans, their results, and the rows that they act on."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from venvdash.model.environments import Environment, Package, Usage
from venvdash.model.evidence import Record, Verdict
from venvdash.model.searches import SearchReport

SEARCHING = "Its project is still being searched for; if it is found, this is restored at once."


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list: everything known about one environment.

    With the status "missing" it is a project whose environment is not there, and ``environment`` is
    what is known of that. Such rows are never among ``Table.rows``, so nothing deletes them.
    ``title`` is what its project calls itself, which several may; ``description`` what that says it
    is. ``pointed`` are those of its projects whose own pointer (``.venv``, the tool's file) leads
    here. ``endangered`` is a directory in one of its projects that the tool there deletes when it
    next syncs.
    """

    environment: Environment
    verdict: Verdict
    name: str
    usage: Usage | None = None
    record: Record | None = None
    used: float | None = None
    here: bool = False  # belongs to the project of the current directory
    title: str = ""
    description: str = ""
    pointed: tuple[Path, ...] = ()
    endangered: Path | None = None

    @property
    def path(self) -> Path:
        """The environment's prefix, which is what identifies the row."""
        return self.environment.path


class Action(StrEnum):
    """What a plan would do, or a change did."""

    DELETE = "delete"
    RESTORE = "restore"
    SYNC = "sync"
    RELINK = "relink"
    UNLINK = "unlink"
    COPY = "copy"
    RENAME = "rename"
    MOVE = "move"
    NEW = "new"
    USE = "use"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to a file of another tool: its whole text before and after (None: no file)."""

    path: Path
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link and the text in it, as ``os.readlink`` gives it."""

    path: Path
    target: str


class Removal(StrEnum):
    """How an environment is removed."""

    TRASH = "trash"  # renamed into the trash, from where it can be restored
    UNLINK = "unlink"  # an alias: the link alone goes, its target is untouched
    TOOL = "tool"  # by the tool's own command, which cannot be undone
    IN_PLACE = "in-place"  # deleted permanently at its path: nothing can be renamed there
    UNFINISHED = "unfinished"  # it was never complete: a crash left a part of a new one


@dataclass(frozen=True, slots=True)
class TrashFolder:
    """The directory into which an environment is moved when it is deleted, without links.

    ``own``: it is a folder of venvdash's, outside the store. ``lasts_until`` is a command of the
    store's tool that deletes what lies there ("uv cache prune"), "" where none does.
    """

    path: Path
    own: bool = False
    lasts_until: str = ""


@dataclass(frozen=True, slots=True)
class GitState:
    """What git says of files in a directory of a project that a plan would change or remove.

    ``changes``: how many files of the repository have changes that are not committed, None where
    that is not known: ``unknown`` says why. ``tracked`` and ``ignored`` are those of the plan's.
    """

    directory: Path
    changes: int | None = None
    tracked: tuple[Path, ...] = ()
    ignored: tuple[Path, ...] = ()
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One environment in a plan.

    ``links`` are the project's links that lead here and go with it, ``edits`` the files that name
    it and are changed with it. ``how`` is a ``Removal``. ``only_here`` are packages that could not
    be installed again: from local paths or wheels, or named by no lockfile of the project.
    ``confirm`` says why its name must be typed before it goes, a sentence; empty where a yes will
    do.
    ``folder`` is where it goes, None where its tool removes it for good: with ``command``, as one
    would type it.
    ``unsearched`` says what the search for its project has not looked at, a sentence; where it is
    not empty, the environment may go to the trash but not be freed.
    ``git`` is what git says of ``links`` and ``edits``.
    """

    row: Row
    only_here: tuple[Package, ...] = ()
    edits: tuple[Edit, ...] = ()
    links: tuple[Link, ...] = ()
    how: str = Removal.TRASH
    confirm: str = ""
    folder: TrashFolder | None = None
    unsearched: str = ""
    command: str = ""
    git: tuple[GitState, ...] = ()

    @property
    def searching(self) -> bool:
        """Whether the search for its project runs while it is shown."""
        return self.unsearched == SEARCHING


@dataclass(frozen=True, slots=True)
class Refusal:
    """One environment that a plan leaves alone, and why."""

    path: Path
    name: str
    reason: str


class Limit(StrEnum):
    """What limits how much can be stored: the size of a file system, or the user's quota there."""

    BYTES = "bytes"
    INODES = "inodes"
    QUOTA = "quota"
    FILE_QUOTA = "file-quota"


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """How much is free for this user where a directory lies: bytes, or for two limits files.

    ``used`` may exceed the ``total`` of a quota, and with what is free it need not make up that of
    a file system.
    """

    directory: Path
    free: int
    total: int
    used: int = 0
    limit: Limit = Limit.BYTES

    @property
    def counts_files(self) -> bool:
        """Whether the figures are numbers of files, not bytes."""
        return self.limit in (Limit.INODES, Limit.FILE_QUOTA)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done, shown before it is: the dialog, the dry run and JSON all draw this.

    ``reclaimable`` and ``cache_held`` are of the union: blocks shared in the selection count once.
    ``exact`` and ``at_most`` are as in ``Usage``. ``by_rule``: a rule has picked some of them, so
    that nobody has named each.
    ``unreadable`` processes could not be looked at, so they may use what no use was seen of.
    ``search`` is what the search for the projects of these read and what it did not, None where
    none was made or it has not ended. ``low_space``: the limit that is closest where one is nearly
    reached, of their file systems or of quotas there, so that the trash would not help.
    """

    action: Action
    items: tuple[Item, ...]
    refused: tuple[Refusal, ...] = ()
    reclaimable: int = 0
    cache_held: int = 0
    packages_only_in_cache: tuple[str, ...] = ()
    unreadable: int = 0
    exact: bool = True
    at_most: bool = False
    by_rule: bool = False
    search: SearchReport | None = None
    low_space: DiskSpace | None = None

    @property
    def searched(self) -> bool:
        """Whether the search for projects has ended for all, so that they may be freed at once."""
        return not any(item.unsearched for item in self.items)


class Outcome(StrEnum):
    """The result of one item."""

    DONE = "done"
    SKIPPED = "skipped"  # nothing was changed
    FAILED = "failed"  # the reason says in what state it is


@dataclass(frozen=True, slots=True)
class Result:
    """The result for one environment, and the reason.

    ``reason`` is a sentence; for what is done it tells what else there is to know, or nothing.
    ``trash`` is where it lies now, None where it is not in the trash; ``place`` where a change put
    its entry, or the copy's. ``on_disk`` and ``reclaimable`` are bytes as last measured, 0 where
    never measured.
    """

    path: Path
    name: str
    outcome: Outcome
    reason: str = ""
    trash: Path | None = None
    on_disk: int = 0
    reclaimable: int = 0
    place: Path | None = None


@dataclass(frozen=True, slots=True)
class Trashed:
    """An environment in the trash, as its ``trash.toml`` describes it.

    ``path`` is the trash directory, ``original`` where the entry was, ``name`` what the row was
    called, ``since`` when it was deleted. ``status`` and ``reason`` are those that it had.
    ``inode`` is the entry's own, ``mode`` its permissions. ``purging``: freeing it has begun, so it
    cannot be restored. ``lasts_until``: a command of its tool that deletes it from the trash ("uv
    cache prune"), "" for none; told by where it lies, not by ``trash.toml``. ``kept`` says why it
    was not freed when its days had passed, "" where nothing shows that it is used. ``days_left``
    are counted days until it is freed, None if they are not counted. ``unsearched``: it was deleted
    while the search for its project ran, and no such search has ended since. ``at_most``:
    ``reclaimable`` is an upper bound, as in ``Usage``.
    """

    path: Path
    original: Path
    name: str
    project: Path | None = None
    since: float = 0.0
    on_disk: int = 0
    reclaimable: int = 0
    at_most: bool = False
    links: tuple[Link, ...] = ()
    edits: tuple[Edit, ...] = ()
    status: str = ""
    reason: str = ""
    kind: str = ""
    how: str = Removal.TRASH
    inode: int = 0
    mode: int = 0
    purging: bool = False
    lasts_until: str = ""
    kept: str = ""
    days_left: float | None = None
    unsearched: bool = False

    @property
    def entry(self) -> str:
        """The name that the entry had in its directory."""
        return self.original.name


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What a tool still keeps of a deleted environment, to be removed, too.

    ``edits`` are the tool's files without it (or their deletion), ``links`` pointed to it and are
    broken. ``empty`` are directories that were created for it, removed in this order if they are
    empty. ``lock`` is the file that the tool locks while it changes those of ``edits``.
    ``problems`` are files that may name it and cannot be read: "/x/envs.toml is damaged".
    """

    edits: tuple[Edit, ...] = ()
    links: tuple[Link, ...] = ()
    empty: tuple[Path, ...] = ()
    lock: Path | None = None
    problems: tuple[str, ...] = ()
