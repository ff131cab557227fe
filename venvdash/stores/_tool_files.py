"""Files that tools keep and venvdash edits: a project's pointer, a tool's index of environments."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from venvdash.model import Edit
from venvdash.stores.base import Store
from venvdash.stores.links import Assignment
from venvdash.system import reads
from venvdash.system.files import UnreadableError, own_uid, read_regular, real

_PATH_LIMIT = 8 * 1024  # bytes of a file with one path, which is at most 4096 long


def editable_text(file: Path, limit: int = _PATH_LIMIT) -> str | None:
    """Return the text of a file that is to be edited, None if there is no such file.

    It must be a regular file of the user's with one hard link, at most ``limit`` bytes of UTF-8.
    Raises UnreadableError for anything else; its text begins with the path.
    """
    with about(file):
        try:
            return read_regular(file, limit, owner=own_uid()).decode()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except UnicodeDecodeError as error:
            raise UnreadableError("is damaged") from error


@contextmanager
def about(file: Path) -> Iterator[None]:
    """Let an UnreadableError begin with the path of the file that it is about."""
    try:
        yield
    except UnreadableError as error:
        raise UnreadableError(f"{file} {error}") from error


def named_directory(text: str | None) -> Path | None:
    """Return the directory that a file with one absolute path names, None if it names none.

    A text of several lines names none: a directory may have a newline in its name, and the first
    line could be the path of another one.
    """
    line = (text or "").removesuffix("\n").removesuffix("\r")
    return Path(line) if os.path.isabs(line) and not {"\0", "\n"} & set(line) else None


def project_file(wanted: Assignment, name: str, end: str = "") -> Iterator[Edit]:
    """Yield the edit of a file in the environment that holds the project's path and ``end``.

    Nothing for a shared environment: one file cannot name two projects. Raises UnreadableError.
    """
    if wanted.shared:
        return
    before = editable_text(wanted.environment.path / name)
    after = f"{wanted.project}{end}" if wanted.project is not None else None
    if before != after:
        yield Edit(wanted.prefix / name, before, after)


def targets(store: Store, pointer: Path, text: str | None, wanted: Assignment) -> list[Path]:
    """Return the environments that a project's pointer names, links resolved."""
    if text is None:
        return []
    return [
        real(pointer.parent / path) for path in store.pointer_targets(pointer, text, wanted.roots)
    ]


def former_pointers(store: Store, name: str, wanted: Assignment) -> Iterator[tuple[Path, str]]:
    """Yield the pointers ``name`` in former projects that name the environment, with their texts.

    Skips what is not a file of the user's: the tool did not write it and does not read it.
    """
    place = real(wanted.environment.path)
    for project in wanted.former:
        pointer = project / name
        if project == wanted.project or not reads.isfile(pointer):
            continue
        try:
            text = editable_text(pointer)
        except UnreadableError:
            continue
        if text is not None and place in targets(store, pointer, text, wanted):
            yield pointer, text
