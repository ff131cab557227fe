"""Whether an environment may lie elsewhere, and whether a name is free."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from venvdash.actions.process import tool_commands
from venvdash.model import Environment
from venvdash.text import visible

_SHOWN = 3  # files in a reason


UNNOTED = (
    "Cannot write to venvdash's state folder, so venvdash could not recover from a "
    "crash. Nothing was changed."
)


def movable(environment: Environment) -> bool:
    """Return whether nothing but venvdash keeps track of its place: no tool's own, no conda's."""
    return environment.traits.keeps_sidecar and not tool_commands.needs_tool(environment)


def taken(new: Path) -> Iterator[str]:
    """Yield why an entry cannot be called ``new``."""
    if new.name.startswith(".venvdash-"):
        yield "This name is reserved for venvdash."
    if os.path.lexists(new):
        yield f"{visible(new)} already exists."


def unwritten(prefix: Path, files: Sequence[Path]) -> str:
    """Return that some files of an environment cannot be made to name another place."""
    names = [visible(path.relative_to(prefix)) for path in files[:_SHOWN]]
    more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    return (
        f"Some files contain its path in a form that cannot be rewritten: {', '.join(names)}{more}."
    )
