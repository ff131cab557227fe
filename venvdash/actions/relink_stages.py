"""How far relinkings are, told by the names of their journals: cheap, since every listing asks."""

from enum import StrEnum
from pathlib import Path

from venvdash.system.own_files import OwnFolder

FOLDER = "relinks"  # in the state directory


class Stage(StrEnum):
    """How far it is; the middle of the file's name."""

    BEGUN = "begun"  # is taken back at the next start
    DONE = "done"  # all but what venvdash itself remembers
    KEPT = "kept"
    UNDOING = "undoing"  # as ``BEGUN``, and what was remembered comes back


def due(state: Path) -> bool:
    """Return whether a relinking was interrupted. Raises nothing."""
    try:
        names = OwnFolder(state, FOLDER).names()
    except OSError:
        return False
    return any((found := taken_apart(name)) and found[1] is not Stage.KEPT for name in names)


def file_name(key: str, stage: Stage) -> str:
    """Return what the journal of that key is called."""
    return f"{key}.{stage}.toml"


def taken_apart(name: str) -> tuple[str, Stage] | None:
    """Return the key and stage in a name, None for what is no journal."""
    key, _, rest = name.partition(".")
    stage = rest.removesuffix(".toml")
    return (key, Stage(stage)) if rest.endswith(".toml") and stage in list(Stage) else None
