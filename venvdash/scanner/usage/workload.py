"""Whether the trees that are left are worth starting child processes."""

from collections.abc import Callable

_WORTH = 15_000  # files and directories that one process could count while another one does
_OFTEN = 256  # directories between two estimates
_LARGE = 128  # directories; a tree with more has many files in each
_IN_A_DIRECTORY = 10  # of such a tree that is not counted to its end yet


class TooMuchError(Exception):
    """Child processes would have counted the rest sooner."""


class Workload:
    """Estimates, while trees are counted one after the other, how much is left.

    A child process takes as long to start as counting some thousand files.
    """

    def __init__(self, trees: int, tick: Callable[[], None]) -> None:
        """``trees`` are to be counted; ``tick`` is called with each directory."""
        self._tick = tick
        self._left = trees
        self._ended = self._counted = 0  # trees, and their files and directories
        self._directories = 0  # of the tree that is being counted
        self._next = min(_OFTEN, _WORTH)

    def directory(self) -> None:
        """Note that another directory is counted. Raises TooMuchError."""
        self._tick()
        self._directories += 1
        self._next -= 1
        if self._next <= 0:
            self._next = _OFTEN
            weight = _IN_A_DIRECTORY if self._directories >= _LARGE else 1
            counted = self._counted + self._directories * weight
            if counted * (self._left // 2) > _WORTH * (self._ended + 1):
                raise TooMuchError

    def ended(self, files: int) -> None:
        """Note the end of a tree with so many files."""
        self._counted += files + self._directories
        self._directories = 0
        self._ended += 1
        self._left -= 1
