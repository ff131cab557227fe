"""What is asked for by the name or directory of a new environment."""

from collections.abc import Callable
from pathlib import Path

from venvdash.actions.new.plan import NewEnvironment
from venvdash.model import Row
from venvdash.session.name_resolution import parse
from venvdash.system.machine import Machine
from venvdash.text import visible


class NoProjectError(Exception):
    """No existing project is called so; the text is a sentence."""


def requested(text: str, machine: Machine, row_of: Callable[[str], Row]) -> NewEnvironment:
    """Return what NAME, DIR or PROJECT/LABEL asks for.

    ``row_of`` returns an environment of the project of that name. Raises NoProjectError, and what
    ``row_of`` raises.
    """
    path = parse(text, machine, ()).path
    if path is not None:
        return NewEnvironment(project=path)
    head, slash, label = text.rpartition("/")
    if not slash:
        return NewEnvironment(text)
    row = row_of(head)
    project: Path | None = row.verdict.place or row.verdict.project
    if project is None or not project.is_dir():
        raise NoProjectError(f"{visible(head)} belongs to no project that exists.")
    return NewEnvironment(project=project, label=label)
