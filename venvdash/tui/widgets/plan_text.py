"""A plan to delete, as the text that people read before they say yes."""

from collections.abc import Iterator
from pathlib import Path

from textual.content import Content

from venvdash.model import Plan, Row
from venvdash.presentation import plans
from venvdash.presentation.plans import Line, Role
from venvdash.tui.cells import STATUS_MARKS
from venvdash.tui.widgets.detail import STATUS_STYLES

_STYLES = {
    Role.PLAIN: "",
    Role.STRONG: "bold",
    Role.MUTED: "$text-muted",
    Role.WARNING: "$text-warning",
}


def describe_plan(plan: Plan, home: Path | None) -> Content:
    """Return what it frees, every item with its reason, then what is left alone and why."""
    return Content("\n").join(map(_styled, plans.plan_in_words(plan, home)))


def head_of(row: Row, home: Path | None) -> Iterator[Content]:
    """Yield the lines that say which environment it is and why it has its status."""
    return map(_styled, plans.head_of(row, home))


def _styled(line: Line) -> Content:
    """Return a line in colours, with the mark of its status before it."""
    status = STATUS_STYLES.get(line.status, "") if line.status else ""
    styles = _STYLES | {Role.STATUS: status}
    mark = [(f"{STATUS_MARKS[line.status]} ", status)] if line.status else []
    return Content.assemble(*mark, *((piece.text, styles[piece.role]) for piece in line.pieces))
