"""Taking back what was done when a later step fails."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from venvdash.actions.context import PATIENCE
from venvdash.actions.errors import ChangedError, FailedError, GoneError, words
from venvdash.model import Environment
from venvdash.system import locks
from venvdash.system.directory import Directory
from venvdash.text import visible


class Rollback:
    """Takes back, in reverse order, what was added, if its ``with`` block ends in an exception.

    Raises FailedError then: for an OSError, and for whatever could not be taken back wholly.
    """

    def __init__(self) -> None:
        self._steps: list[tuple[Callable[[], str | None], Path | None, bool]] = []

    def add(
        self,
        undo: Callable[[], str | None],
        *,
        trash: Path | None = None,
        journalled: bool = False,
    ) -> None:
        """Note how the step just done is taken back; ``undo`` returns what it could not do.

        ``trash``: where everything lies as long as it is not taken back. If that fails the steps
        before it stay as they are, since they belong to what lies there. ``journalled``: the next
        start can take it back from the journal, so if it fails, the journal and whatever else was
        done before stays; only other steps that are journalled are still taken back.
        """
        self._steps.append((undo, trash, journalled))

    def __enter__(self) -> "Rollback":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            return
        problems, trash = self._back()
        if not isinstance(error, Exception):
            return  # interrupted: whoever did that does not ask what became of it
        if trash is not None:
            text = f"{words(error)}. It could not be restored: it is in {visible(trash)}."
            raise FailedError(text, trash) from error
        if problems:
            raise FailedError(f"{words(error)}. {' '.join(problems)}") from error
        if isinstance(error, OSError):
            raise FailedError(f"{words(error)}. The environment is unchanged.") from error

    def _back(self) -> tuple[list[str], Path | None]:
        problems: list[str] = []
        later = False
        while self._steps:
            undo, trash, journalled = self._steps.pop()
            if later and not journalled:
                continue
            try:
                problem = undo()
            except OSError as error:
                if trash is not None:
                    return problems, trash
                problem = words(error)
                later = later or journalled
            if problem:
                problems.append(f"{problem}.")
        if later:
            problems.append("venvdash will try again at its next start.")
        return problems, None


def locked(place: Directory, patience: float = PATIENCE) -> locks.Lock:
    """Lock a directory of environments against other venvdash, waiting ``patience`` seconds.

    Raises ChangedError if it stays busy, OSError.
    """
    handle = place.path if place.descriptor is None else place.descriptor
    lock = locks.lock_directory(handle, wait=patience)
    if lock.busy:
        raise ChangedError("Another venvdash process is using this store. Try again later.")
    return lock


def opened(directory: Path) -> Directory:
    """Open a directory of environments, links on the way resolved. Raises GoneError, OSError."""
    try:
        return Directory(Path(os.path.realpath(directory)))
    except (FileNotFoundError, NotADirectoryError):
        raise GoneError("It was already removed.") from None


def lock_uv(environment: Environment, entry: Directory, stack: ExitStack) -> locks.Lock:
    """Take uv's locks on an environment whose ``entry`` is open; ``stack`` lets go of them.

    Raises ChangedError if somebody else has them, and OSError.
    """
    if environment.store == "uv":
        cache = stack.enter_context(locks.lock_cache(environment.root.parent))
        if cache.busy:
            raise ChangedError("uv is cleaning its cache.")
    inner = entry
    if environment.path != environment.entry:
        inner = stack.enter_context(Directory(environment.path))
    lock = stack.enter_context(locks.lock_environment(inner.handle))
    if lock.busy:
        raise ChangedError("It is locked because uv is using it.")
    return lock
