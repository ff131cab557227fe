"""How far work is that has a journal of its own, told by the journal's file name.

To go on to the next stage renames the file, which needs no room on a full disk; and a listing that
asks whether something is left reads no file.
"""

from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from venvdash.system.state_files import StateFolder

S = TypeVar("S", bound=StrEnum)


def file_name(key: str, stage: StrEnum) -> str:
    """Return what the journal of that key is called."""
    return f"{key}.{stage}.toml"


def parsed_name(name: str, stages: type[S]) -> tuple[str, S] | None:
    """Return the key and stage in a name, None for what is no journal."""
    key, _, rest = name.partition(".")
    stage = rest.removesuffix(".toml")
    return (key, stages(stage)) if rest.endswith(".toml") and stage in list(stages) else None


def stages_in(state: Path, folder: str, stages: type[S]) -> list[S]:
    """Return the stages of all journals in a folder of the state directory. Raises nothing."""
    return [stage for _, stage in names(state, folder, stages)]


def names(state: Path, folder: str, stages: type[S]) -> list[tuple[str, S]]:
    """Return the keys and stages of all journals in a folder. Raises nothing."""
    try:
        listed = StateFolder(state, folder).names()
    except OSError:
        return []
    return [one for name in listed if (one := parsed_name(name, stages))]
