"""A plan or a proposal as styled text."""

from collections.abc import Iterable

from textual.content import Content

from venvdash.presentation.document import Line, Piece
from venvdash.presentation.roles import Role
from venvdash.tui.cells import ROLE_STYLES, STATUS_MARKS, status_style

TRUST = Line(
    (Piece("  "), Piece("t", Role.STRONG), Piece(" trusts it until you quit, then checks it"))
)


def in_colours(lines: Iterable[Line]) -> Content:
    """Return the lines as styled text, with the mark of a status before it."""
    return Content("\n").join(map(_styled, lines))


def _styled(line: Line) -> Content:
    status = status_style(line.status)
    styles = ROLE_STYLES | {Role.STATUS: status}
    mark = [(f"{STATUS_MARKS[line.status]} ", status)] if line.status else []
    return Content.assemble(*mark, *((piece.text, styles[piece.role]) for piece in line.pieces))
