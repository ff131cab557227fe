"""What is moved to another file system, in the state directory: enough to end it after a crash.

One TOML file each, written when the copy is whole and before it gets its name. The file's name
tells how far the move is; to go on to the next stage needs no room on a full disk.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.journals.move_stages import FOLDER, Stage
from venvdash.actions.journals.stages import file_name, parsed_name
from venvdash.actions.journals.swap import SWAPS, Swap
from venvdash.actions.journals.toml_file import JournalError, TomlFile
from venvdash.model import Edit
from venvdash.system.codec import Codec
from venvdash.system.directory import Directory
from venvdash.system.process_identity import ProcessIdentity
from venvdash.system.state_files import StateFolder


@dataclass(frozen=True, slots=True)
class MoveJournal:
    """The move of the environment called ``name`` from the entry ``old`` to ``new``.

    ``old_inode`` and ``new_inode`` are the numbers of the two directories. ``content`` is the
    digest of the copy's manifest when it got its name. ``links`` are its project's links, with
    their texts before and after, ``edits`` the path files. ``gives_way`` is what has the name that
    the copy gets: removed just before that. ``leaves`` is what is made once the original is in the
    trash, such as a link in its place. ``owner`` is the process that moves it.
    """

    name: str
    old: Path
    new: Path
    old_inode: int
    new_inode: int
    content: str
    owner: ProcessIdentity
    links: tuple[Edit, ...] = ()
    edits: tuple[Edit, ...] = ()
    gives_way: tuple[Swap, ...] = ()
    leaves: tuple[Swap, ...] = ()


_FILE = TomlFile(
    Codec(MoveJournal, gives_way=SWAPS, leaves=SWAPS),
    "venvdash is moving this environment. An interrupted move is resolved at the next start.",
)


class MoveJournals:
    """The folder of journals; use it as a context manager. Every method raises OSError."""

    def __init__(self, state: Path) -> None:
        self._own = StateFolder(state, FOLDER)
        self._folder = Directory(Path(os.path.realpath(self._own.create())))

    def __enter__(self) -> "MoveJournals":
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.close()

    def begin(self, moving: MoveJournal) -> str:
        """Write a journal; return the key by which the other methods know it."""
        key = os.urandom(8).hex()
        self._own.write(file_name(key, Stage.COPIED), _FILE.encoded(moving))
        return key

    def turn(self, key: str) -> None:
        """Note that the original is in the trash."""
        self._folder.replace(file_name(key, Stage.COPIED), file_name(key, Stage.MOVED))
        self._folder.sync()

    def drop(self, key: str) -> None:
        """Remove a journal, whatever its stage."""
        for stage in Stage:
            with suppress(FileNotFoundError):
                self._folder.unlink(file_name(key, stage))
        self._folder.sync()

    def interrupted(self) -> Iterator[tuple[str, Stage, MoveJournal]]:
        """Yield the moves whose process has ended; what cannot be read is passed over."""
        for name in sorted(self._folder.names()):
            found = parsed_name(name, Stage)
            if found is None:
                continue
            with suppress(JournalError):
                moving = _FILE.read(self._folder, name)
                if moving is not None and not moving.owner.alive():
                    yield *found, moving
