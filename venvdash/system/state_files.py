"""Small files that venvdash keeps for itself, read back as if a stranger had written them.

Everything that lies in the state directory, but for the index, is read and written here. A folder
is used only if nobody else can put anything into it (``trust.check_folder``), a file is read only
if it is a regular one of the effective user's or root's, without a second name, of bounded size
and no link. Nothing is written through a link, and every file is whole or not there.
"""

import os
from pathlib import Path

from venvdash.system import trust
from venvdash.system.atomic import PREFIX, write_atomically
from venvdash.system.files import own_uid, read_regular


class StateFolder:
    """The folder ``name`` in the state directory ``state``; neither has to exist.

    Every method raises OSError, also where the folder or the state directory belongs to, or can be
    written to by, another user.
    """

    def __init__(self, state: Path, name: str) -> None:
        self.state, self.path = state, state / name
        self._checked = False

    def names(self) -> list[str]:
        """Return the names of the files in it, sorted; none where it does not exist."""
        self.check()
        try:
            names = os.listdir(self.path)
        except FileNotFoundError:
            return []
        return sorted(name for name in names if not name.startswith(PREFIX))

    def read(self, name: str, limit: int) -> bytes:
        """Return a file of at most ``limit`` bytes.

        Raises FileNotFoundError, and files.UnreadableError for one that cannot be trusted.
        """
        self.check()
        return read_regular(self.path / name, limit, owner=own_uid(), or_root=True)

    def write(self, name: str, data: bytes) -> None:
        """Give a file this content, all of it or nothing; the folder is created if need be."""
        write_atomically(self.create(), name, data)

    def remove(self, name: str) -> None:
        """Remove a file."""
        self.check()
        os.unlink(self.path / name)

    def create(self) -> Path:
        """Create the folder for the user's eyes only, if it is missing, and return its path."""
        self.check()
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.mkdir(mode=0o700, exist_ok=True)
        return self.path

    def check(self) -> None:
        """Raise PermissionError where somebody else could have put files there."""
        if self._checked:
            return
        trust.check_folder(self.state)
        if os.path.islink(self.path):
            raise PermissionError(1, "is a symbolic link", str(self.path))
        trust.check_folder(self.path)
        self._checked = True
