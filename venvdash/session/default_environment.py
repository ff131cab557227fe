"""The environment of a command without a name: the one that the project's tool would use."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from venvdash.actions.adopt import project_environments
from venvdash.config import Config
from venvdash.model import (
    ProjectTools,
    Row,
    Status,
    Use,
)
from venvdash.scanner.projects import project_info, project_tools
from venvdash.session import current_environment, name_resolution
from venvdash.session.name_resolution import AmbiguousError, Choice, NotFoundError
from venvdash.session.table import ScannedTable
from venvdash.system import reads
from venvdash.system.files import real
from venvdash.text import short_path, visible


def implied(table: ScannedTable, config: Config, directory: Path, *, changing: bool) -> Choice:
    """Return the environment that the tool of the nearest project upwards would use there.

    An environment outside all stores becomes a row of the table. Of several equal tools, the one
    whose environment exists is chosen, and the note says so. If nothing shows which tool manages
    the project, the target of ``.venv`` is taken, else its only environment. Raises NotFoundError,
    which says why there is none, and AmbiguousError.
    """
    rows = list(table.rows.values())
    project, own = current_environment.above(rows, directory)
    tools = project_tools.of_project(
        project, table.machine, config, {row.environment.store for row in own}
    )
    uses = _asked(tools, own)
    used = {real(use.environment): use for use in uses if use.environment and use.exists}
    mentioned = any(project_tools.manages(tools, name) for name in tools.uses)
    if not tools.owners and not (used and mentioned):
        leads = current_environment.linked(rows, project) or _inside(table, project)
        if leads is not None:
            return Choice((leads,))
    if len(used) == 1:
        ((path, use),) = used.items()
        row = _row(table, path, project, use.why)
        return Choice((row,), _choice_note(row, use, uses, table.machine.home))
    if used:
        meant = [_row(table, path, project, use.why) for path, use in used.items()]
        managed = ", ".join(dict.fromkeys(use.tool for use in uses))
        where = f"{short_path(project, table.machine.home)} ({managed})"
        raise AmbiguousError(where, name_resolution.options(meant, [*rows, *meant]))
    if not tools.owners:
        return name_resolution.implied(rows, directory, changing=changing)
    leads = current_environment.linked(rows, project)  # its tool does not use that
    by_hand = [row for row in own if row.environment.store not in tools.uses and row != leads]
    current = current_environment.current(by_hand, project)
    if current is not None and current.verdict.status is Status.LINKED:
        return Choice((current,))
    names = [name_resolution.spelling(row, rows) for row in own]
    raise NotFoundError(str(project), names, reason=_missing(uses, project, table.machine.home))


def _asked(tools: ProjectTools, own: Iterable[Row]) -> list[Use]:
    """Return what the project's tools use.

    Without a sure sign: the tools that are mentioned, else those that made its environments.
    """
    if tools.owners:
        return [tools.uses[name] for name in tools.owners if name in tools.uses]
    mentioned = [use for name, use in tools.uses.items() if project_tools.manages(tools, name)]
    if any(use.exists for use in mentioned):
        return mentioned
    present = {row.environment.store for row in own}
    return [use for name, use in tools.uses.items() if name in present]


def _inside(table: ScannedTable, project: Path) -> Row | None:
    """Return the row of the project's ``.venv`` directory, or None."""
    path = project / project_info.VENV
    if reads.islink(path) or not reads.lexists(path / "pyvenv.cfg"):
        return None
    return _row(table, real(path), project, "`.venv` is an environment there")


def _row(table: ScannedTable, path: Path, project: Path, why: str) -> Row:
    """Return the row of an environment; one outside all stores is read and added."""
    row = project_environments.row_at(table, path, project, why)
    if isinstance(row, Row):
        return row
    where = short_path(path, table.machine.home)
    raise NotFoundError(str(project), reason=f"{where} {visible(row.reason)}.")


def _choice_note(row: Row, taken: Use, uses: Iterable[Use], home: Path) -> str:
    """Return a note on the chosen tool if equal tools have no environment, else ""."""
    others = [use.tool for use in uses if use.environment is None or not use.exists]
    if not others:
        return ""
    return (
        f"{visible(row.name)}: {taken.tool}'s ({visible(taken.why)}), since "
        f"{' and '.join(others)} {'have' if len(others) > 1 else 'has'} no environment here "
        f"({short_path(row.path, home)})"
    )


def _missing(uses: Sequence[Use], project: Path, home: Path) -> str:
    """Return a sentence that says why there is no environment."""
    where = short_path(project, home)
    if not uses:
        return f"no environment found for the project in {where}."
    use = uses[0]
    gone = f" `uv sync` deletes {short_path(use.deletes, home)}." if use.deletes else ""
    if use.environment is None:
        return f"{use.tool} has no environment to use in {where}: {visible(use.why)}.{gone}"
    there = short_path(use.environment, home)
    return f"{use.tool} would create {there} for {where}: {visible(use.why)}.{gone}"
