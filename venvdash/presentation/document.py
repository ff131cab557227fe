"""A text about environments as lines of pieces with roles, so that each face styles it its way."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from venvdash.model import GitState, Row, Status
from venvdash.presentation.meanings import STATUS_MEANINGS
from venvdash.presentation.roles import Role
from venvdash.text import counted, line_spans, short_path, visible, width, with_tilde

_LABEL = 14  # cells; text beside a longer label is not indented as far


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line, fit to show."""

    text: str
    role: Role = Role.PLAIN


@dataclass(frozen=True, slots=True)
class Line:
    """A line of pieces. The first one of an environment knows its ``status``."""

    pieces: tuple[Piece, ...] = ()
    status: Status | None = None

    @property
    def text(self) -> str:
        """The line without any style."""
        return "".join(piece.text for piece in self.pieces)


def wrapped(line: Line, cells: int) -> Iterator[Line]:
    """Yield the lines that a line takes in ``cells`` cells: broken between words, and indented."""
    text = line.text
    if width(text) <= cells:
        yield line
        return
    hang = _hang(line)
    for begin, end in line_spans(text, cells, hang):
        pieces = tuple(_between(line.pieces, begin, end))
        yield Line((Piece(" " * hang), *pieces) if begin else pieces, line.status)


def _hang(line: Line) -> int:
    """Return by how many cells to indent what follows the first line: to where the text begins."""
    indent = len(line.text) - len(line.text.lstrip(" "))
    hang = 0
    for piece in line.pieces:
        if piece.text and not piece.text.endswith(" "):
            break
        hang += width(piece.text)
    return hang if indent < hang <= indent + _LABEL else indent


def _between(pieces: Iterable[Piece], begin: int, end: int) -> Iterator[Piece]:
    at = 0
    for piece in pieces:
        text = piece.text[max(begin - at, 0) : max(end - at, 0)]
        if text:
            yield Piece(text, piece.role)
        at += len(piece.text)


def in_blocks(blocks: Iterable[Iterable[Line]]) -> list[Line]:
    """Return the blocks that are not empty, with an empty line between them."""
    lines: list[Line] = []
    for block in map(list, blocks):
        lines += [Line(), *block] if lines and block else block
    return lines


def head_of(row: Row, home: Path | None, more: str = "") -> Iterator[Line]:
    """Yield the lines that say which environment it is and why it has its status."""
    status = row.verdict.status
    name, label = Piece(visible(row.name, 256), Role.STRONG), Piece(status.value, Role.STATUS)
    yield Line((name, Piece("  "), label, Piece(more)), status)
    yield plain(f"  {with_tilde(visible(row.verdict.reason), home) or STATUS_MEANINGS[status]}")
    yield Line((Piece(f"  {short_path(row.environment.entry, home)}", Role.MUTED),))


def git_lines(states: Iterable[GitState], home: Path | None) -> Iterator[Line]:
    """Yield what git says of a project that would lose something: a line for each directory."""
    for state in states:
        where = Piece(f"  git in {short_path(state.directory, home)}: ", Role.MUTED)
        if state.changes:
            changes = Piece(counted(state.changes, "uncommitted change"), Role.WARNING)
        elif state.changes is None:
            changes = Piece(f"not known what is uncommitted ({visible(state.unknown)})", Role.MUTED)
        else:
            changes = Piece("nothing uncommitted", Role.MUTED)
        kept = [
            Piece(f"; {visible(path.name, 64)} is tracked", Role.WARNING) for path in state.tracked
        ]
        kept += [
            Piece(f"; {visible(path.name, 64)} is ignored", Role.MUTED) for path in state.ignored
        ]
        yield Line((where, changes, *kept))


def plain(text: str) -> Line:
    """Return a line without any style; ``text`` is fit to show."""
    return Line((Piece(text),))


def warning(start: str, text: str, end: str = "") -> Line:
    """Return a line with a warning in it."""
    return Line((Piece(start), Piece(text, Role.WARNING), Piece(end)))
