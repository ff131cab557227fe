"""What several stores do alike to make their tool find an environment for a project."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from venvdash.model import Edit
from venvdash.stores._tool_files import index_text
from venvdash.stores.base import Assignment, Layout, Store
from venvdash.system.files import UnreadableError, real

_PATH_LIMIT = 8 * 1024  # bytes of a file with one path, which is at most 4096 long


def pointer_text(file: Path, limit: int = _PATH_LIMIT) -> str | None:
    """Return the text of a tool's file that is to be changed, None where there is none.

    Raises UnreadableError, whose text begins with the path, for whatever is not as a tool writes
    it.
    """
    with about(file):
        return index_text(file, limit)


def named_directory(text: str | None) -> Path | None:
    """Return the directory that a file with one absolute path names, None where it names none.

    Nor does one of several lines: a directory may have a newline in its name, and the beginning of
    that would be taken for another one that is gone.
    """
    line = (text or "").removesuffix("\n").removesuffix("\r")
    return Path(line) if os.path.isabs(line) and not {"\0", "\n"} & set(line) else None


@contextmanager
def about(file: Path) -> Iterator[None]:
    """Let an UnreadableError begin with the path of the file that it is about."""
    try:
        yield
    except UnreadableError as error:
        raise UnreadableError(f"{file} {error}") from error


def named_project(wanted: Assignment, name: str, end: str = "") -> Iterator[Edit]:
    """Yield the change of a file in the environment that holds one project's path and ``end``.

    Nothing where others share it: one file cannot name two. Raises UnreadableError.
    """
    if wanted.shared:
        return
    before = pointer_text(wanted.environment.path / name)
    after = f"{wanted.project}{end}" if wanted.project is not None else None
    if before != after:
        yield Edit(wanted.prefix / name, before, after)


def led(store: Store, pointer: Path, text: str | None, wanted: Assignment) -> list[Path]:
    """Return the environments that a pointer of the store's tool leads to, links resolved."""
    if text is None:
        return []
    return [real(pointer.parent / path) for path in store.pointed(pointer, text, wanted.roots)]


def led_before(store: Store, name: str, wanted: Assignment) -> Iterator[tuple[Path, str]]:
    """Yield the pointers ``name`` in former projects that lead to the environment, and their texts.

    What is no file that the tool writes is passed over: there it is not read by the tool either.
    """
    place = real(wanted.environment.path)
    for project in wanted.former:
        pointer = project / name
        if project == wanted.project or not os.path.isfile(pointer):
            continue
        try:
            text = pointer_text(pointer)
        except UnreadableError:
            continue
        if text is not None and place in led(store, pointer, text, wanted):
            yield pointer, text


def mirrored(wanted: Assignment, *name: str) -> Path | None:
    """Return where a mirrored store would have it: the project's path, and ``name`` below that.

    None for a project that lies outside the tree that is mirrored.
    """
    root, project = wanted.root, wanted.project
    base = real(root.base) if root and root.base else None
    if root is None or root.layout is not Layout.MIRRORED or base is None or project is None:
        return None
    if not project.is_relative_to(base):
        return None
    return wanted.environment.root.joinpath(*project.relative_to(base).parts, *name)
