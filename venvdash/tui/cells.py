"""Text fitted into terminal cells, and the marks of statuses."""

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from venvdash.model.status import Flag, Location, Status
from venvdash.model.summary import Summary
from venvdash.presentation.meanings import NO_STORE
from venvdash.presentation.roles import Role, role_of

STATUS_MARKS = {
    Status.CHECKING: "…",
    Status.LINKED: "●",
    Status.REPLACED: "○",
    Status.MOVED: "→",
    Status.ORPHAN: "✗",
    Status.UNREACHABLE: "!",
    Status.DUPLICATE: "≠",
    Status.UNKNOWN: "?",
    Status.STANDALONE: "◇",
    Status.TOOL: "□",
    Status.MISSING: "∅",
}

ROLE_STYLES = {
    Role.PLAIN: "",
    Role.STRONG: "bold",
    Role.MUTED: "$text-muted",
    Role.SUCCESS: "$text-success",
    Role.WARNING: "$text-warning",
    Role.ERROR: "$text-error",
    Role.ACCENT: "$text-accent",
    Role.ADDED: "$text-success",
    Role.REMOVED: "bold $text-error",
    Role.CHANGED: "underline $text-warning",
    Role.REINSTALLED: "italic $text-muted",
}


_EIGHTHS = " ▏▎▍▌▋▊▉█"
_BAR = 16  # cells of a line that shows how much is done

# All but VOLATILE, which says little in a list: all of uv's are. The details have it.
_LOUD = (Flag.BROKEN, Flag.DAMAGED, Flag.IN_USE, Flag.LOCKED, Flag.DEBRIS)
_QUIET = (
    *(Flag.USER_FILES, Flag.PINNED, Flag.REFERENCED, Flag.ALIAS, Flag.MOUNTS),
    *(Flag.SHARED, Flag.NOT_OWNED, Flag.READ_ONLY),
)


def status_style(status: Status | None) -> str:
    """Return the style of a status."""
    return ROLE_STYLES[role_of(status)]


def left(text: str, width: int) -> str:
    """Return ``text`` in exactly ``width`` cells, cut with an ellipsis."""
    if text.isascii() and len(text) <= width:
        return text.ljust(width)
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "…" if width > 0 else ""


def right(text: str, width: int) -> str:
    """Return ``text`` at the right of ``width`` cells, cut with an ellipsis."""
    missing = width - cell_len(text)
    return " " * missing + text if missing >= 0 else left(text, width)


def left_cut(text: str, width: int) -> str:
    """Return ``text`` in exactly ``width`` cells; what is cut is its beginning, as for paths."""
    if cell_len(text) <= width:
        return left(text, width)
    while text and cell_len(text) > width - 1:
        text = text[1:]
    return left("…" + text, width)


def spread(start: Content, end: Content, width: int) -> Content:
    """Return both at the ends of one line; where there is no room, the first is cut."""
    start = start.truncate(max(1, width - end.cell_length - 1), ellipsis=True)
    return Content.assemble(start, " " * (width - start.cell_length - end.cell_length), end)


def bar(done: int, total: int) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the two parts of a line that shows how much is done: text and style."""
    full = min(_BAR, _BAR * done // max(total, 1))
    return ("━" * full, "$primary"), ("─" * (_BAR - full), "$foreground 25%")


def size_bar(size: int, largest: int, width: int) -> str:
    """Return a bar of ``width`` cells for a size in bytes; that of the largest is full.

    Anything above 0 bytes is an eighth of a cell at least.
    """
    eighths = min(8 * width, 8 * width * size // largest) if largest else 0
    full, rest = divmod(max(eighths, 1 if size else 0), 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(width)


def flag_words(summary: Summary) -> list[str]:
    """Return the flags that the list shows, the worst first."""
    flags = summary.flags
    words = [flag.value for flag in _LOUD if flag in flags]
    if summary.location is Location.LINKED:
        words.append(NO_STORE)
    if summary.here:
        words.append("here")
    return words + [flag.value for flag in _QUIET if flag in flags]
