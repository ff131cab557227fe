"""Real paths of many paths, most of which share the directories above them."""

import os
from functools import cache

from venvdash.system import reads


class RealPaths:
    """``os.path.realpath`` for paths that exist or not; asks once for each directory above them.

    Later changes of a directory above are not noticed: use one for each look at the disk.
    """

    def __init__(self) -> None:
        self._directory = cache(reads.realpath)

    def of(self, path: str | os.PathLike[str]) -> str:
        """Return ``path`` without links. Raises ValueError for a path with a null byte."""
        text = os.fspath(path)
        folder, name = os.path.split(text)
        if name in ("", ".", "..") or not os.path.isabs(text) or reads.islink(text):
            return reads.realpath(text)
        return os.path.join(self._directory(folder), name)
