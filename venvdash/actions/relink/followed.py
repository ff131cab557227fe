"""Whether a project's tool uses the environment that `.venv` leads to, or would undo that."""

from pathlib import Path

from venvdash.actions.table import Table
from venvdash.scanner.projects import project_tools
from venvdash.stores import of_name
from venvdash.text import short_path

_UV = "uv"


def obstacle(table: Table, project: Path, *, only_uv: bool = False) -> str:
    """Return why the project's tool would not use what `.venv` leads to, "" if it would.

    A sentence that names the setting; see ``Store.outside``. ``only_uv``: nor may another tool than
    uv install the packages there.
    """
    machine, shown = table.machine, short_path(project, table.machine.home)
    owners = project_tools.of_project(project, machine, table.config).owners
    for store in filter(None, map(of_name, owners or (_UV,))):
        answer = store.outside(project, machine, table.config)
        if answer.refusal:
            return answer.refusal
        if answer.folder is not None or (only_uv and _UV not in owners and owners):
            return f"{store.name} chooses the environment of {shown}, and would not use this one."
    return ""
