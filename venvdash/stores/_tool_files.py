"""What tools keep outside an environment that names it: read to be changed, so more strictly."""

from collections.abc import Iterable
from pathlib import Path

from venvdash.stores.base import Layout, Root
from venvdash.system.files import UnreadableError, own_uid, read_regular, real


def index_text(file: Path, limit: int) -> str | None:
    """Return the text of a file that is to be changed, None where there is none.

    It has to be a regular file of our own, with one name, at most ``limit`` bytes, in UTF-8:
    raises UnreadableError, whose text says what else it is.
    """
    try:
        return read_regular(file, limit, owner=own_uid()).decode()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise UnreadableError("is damaged") from error


def emptied(gone: Path, roots: Iterable[Root]) -> tuple[Path, ...]:
    """Return the directories between what is gone and the nearest of ``roots`` above it.

    The innermost comes first, the root is not among them. ``gone`` has no links in it.
    """
    above = [real(root.path) for root in roots if root.layout is not Layout.SINGLE]
    above = [root for root in above if root in gone.parents]
    if not above:
        return ()
    nearest = max(above, key=lambda root: len(root.parts))
    return tuple(path for path in gone.parents if nearest in path.parents)
