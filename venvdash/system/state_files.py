"""Small files in venvdash's state directory, checked as if another user had written them.

All files in the state directory except the index are read and written here. A folder is used only
if no other user can write into it (``trust.check_folder``). A file is read only if it is a regular
file of the effective user or root with one hard link and of limited size. Nothing is written
through a link, and every file is complete or missing.
"""

import os
from pathlib import Path

from venvdash.system import reads, trust
from venvdash.system.files import own_uid, read_regular


class StateFolder:
    """The folder ``name`` in the state directory ``state``; neither has to exist.

    Every method raises OSError, also if the folder or the state directory belongs to, or can be
    written to by, another user.
    """

    def __init__(self, state: Path, name: str) -> None:
        self.state, self.path = state, state / name
        self._checked = False

    def names(self) -> list[str]:
        """Return the names of the files in it, sorted; none if it does not exist."""
        from venvdash.system.atomic import PREFIX

        self.check()
        try:
            names = reads.listdir(self.path)
        except FileNotFoundError:
            return []
        return sorted(name for name in names if not name.startswith(PREFIX))

    def read(self, name: str, limit: int) -> bytes:
        """Return a file of at most ``limit`` bytes.

        Raises FileNotFoundError, and files.UnreadableError for one that is not trusted.
        """
        self.check()
        return read_regular(self.path / name, limit, owner=own_uid(), or_root=True)

    def write(self, name: str, data: bytes) -> None:
        """Replace a file atomically; the folder is created if it is missing."""
        from venvdash.system.atomic import write_atomically  # reading needs none of it

        write_atomically(self.create(), name, data)

    def remove(self, name: str) -> None:
        """Remove a file."""
        self.check()
        os.unlink(self.path / name)

    def create(self) -> Path:
        """Create the folder with mode 0700 if it is missing, and return its path."""
        self.check()
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.mkdir(mode=0o700, exist_ok=True)
        return self.path

    def check(self) -> None:
        """Raise PermissionError if another user could have created files there."""
        if self._checked:
            return
        trust.check_folder(self.state)
        if reads.islink(self.path):
            raise PermissionError(1, "is a symbolic link", str(self.path))
        trust.check_folder(self.path)
        self._checked = True


def name_about(path: Path) -> str:
    """Return the name of the file in which something is noted about a path."""
    import hashlib

    return hashlib.blake2b(os.fsencode(path), digest_size=16).hexdigest()
