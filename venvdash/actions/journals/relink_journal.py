"""What was relinked, in the state directory: enough to end it after a crash, or to take it back.

One TOML file each, whose name tells how far it is. It is written before anything is changed. Files
of former days are kept for ``undo``, the last few of them.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.errors import ChangedError
from venvdash.actions.journals.relink_stages import FOLDER, Stage
from venvdash.actions.journals.stages import file_name, parsed_name
from venvdash.actions.journals.swap import SWAPS, Swap
from venvdash.actions.journals.toml_file import JournalError, TomlFile
from venvdash.model import Action, ProjectRecord
from venvdash.records.schema import PROJECT
from venvdash.system import locks
from venvdash.system.atomic import PREFIX
from venvdash.system.codec import INSIDE, Codec, several
from venvdash.system.directory import Directory
from venvdash.system.state_files import StateFolder

_TEMPORARY = PREFIX + "relink"
_LIMIT = 32 * 1024 * 1024  # bytes; it holds the files that were changed
_KEPT = 20  # of those that can be undone
_PATIENCE = 5.0  # seconds that another venvdash may be relinking


@dataclass(frozen=True, slots=True)
class RelinkJournal:
    """One relinking of the environment called ``name``, ``since`` seconds since the epoch.

    ``old`` and ``new`` are its entry before and after, ``below`` the prefix within it ("" for
    itself), ``inode`` its own number. ``files`` in it are to be put right once it has its old name
    back. ``before`` and ``after`` are the projects remembered of it,
    ``host`` the machine's id. The others are those of ``RelinkChanges``.
    """

    action: Action
    name: str
    since: float
    host: str
    root: Path
    old: Path
    new: Path
    below: str
    inode: int
    project: Path | None = None
    gives_way: tuple[Swap, ...] = ()
    swaps: tuple[Swap, ...] = ()
    files: tuple[Swap, ...] = ()
    made: tuple[Path, ...] = ()
    empty: tuple[Path, ...] = ()
    lock: Path | None = None
    before: tuple[ProjectRecord, ...] = ()
    after: tuple[ProjectRecord, ...] = ()

    @property
    def what(self) -> str:
        """What it is called in sentences."""
        return "move" if self.action is Action.MOVE else "relink"

    def prefix(self, entry: Path) -> Path:
        """Return the environment's prefix where the entry lies at ``entry``."""
        return entry / self.below


_PROJECTS = several(PROJECT.kind)
_FILE = TomlFile(
    Codec(
        RelinkJournal,
        below=INSIDE,
        gives_way=SWAPS,
        swaps=SWAPS,
        files=SWAPS,
        before=_PROJECTS,
        after=_PROJECTS,
    ),
    "What venvdash linked to another project. `venvdash relink --undo` reverts it.",
    _LIMIT,
)


class RelinkJournals:
    """The folder of journals, locked against other venvdash; use it as a context manager.

    Every method raises OSError; ``__init__`` also ChangedError while another venvdash process is
    relinking.
    """

    def __init__(self, state: Path, *, wait: float = _PATIENCE) -> None:
        folder = StateFolder(state, FOLDER).create()
        self._folder = Directory(Path(os.path.realpath(folder)))
        self._lock = locks.lock_directory(self._folder.handle, wait=wait)
        if self._lock.busy:
            self._folder.close()
            raise ChangedError(
                "Another venvdash process is relinking an environment. Nothing was "
                "changed; try again later."
            )

    def __enter__(self) -> "RelinkJournals":
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        self._folder.close()

    def begin(self, journal: RelinkJournal) -> str:
        """Write a journal; return the key by which the other methods know it."""
        key = f"{int(journal.since * 1000):016d}-{os.urandom(4).hex()}"
        self.rewrite(key, Stage.BEGUN, journal)
        return key

    def rewrite(self, key: str, stage: Stage, journal: RelinkJournal) -> None:
        """Replace a journal that is at ``stage``; the old one stays where that fails."""
        _FILE.write(self._folder, file_name(key, stage), journal, _TEMPORARY)

    def turn(self, key: str, stage: Stage, after: Stage) -> None:
        """Move a journal from one stage to another."""
        self._folder.replace(file_name(key, stage), file_name(key, after))
        self._folder.sync()

    def drop(self, key: str, stage: Stage) -> None:
        """Remove a journal."""
        self._folder.unlink(file_name(key, stage))
        self._folder.sync()

    def found(self, host: str) -> Iterator[tuple[str, Stage, RelinkJournal]]:
        """Yield those of this machine, the newest first; what cannot be read is passed over."""
        for key, stage in sorted(self._names(), reverse=True):
            with suppress(JournalError):
                journal = _FILE.read(self._folder, file_name(key, stage))
                if journal is not None and journal.host == host:
                    yield key, stage, journal

    def prune(self) -> None:
        """Remove the oldest of those that are only kept to be undone."""
        kept = sorted((key for key, stage in self._names() if stage is Stage.KEPT), reverse=True)
        for key in kept[_KEPT:]:
            self.drop(key, Stage.KEPT)

    def _names(self) -> list[tuple[str, Stage]]:
        return [found for name in self._folder.names() if (found := parsed_name(name, Stage))]
