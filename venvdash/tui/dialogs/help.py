"""The keys, made from the bindings, and what the words on the screen mean."""

from collections.abc import Iterable, Sequence

from textual import events
from textual.app import App
from textual.content import Content

from venvdash.presentation.meanings import FLAG_MEANINGS, STATUS_MEANINGS
from venvdash.tui.cells import STATUS_MARKS
from venvdash.tui.dialogs.text_dialog import TextDialog
from venvdash.tui.keys import DETAIL_SECTIONS, DIALOG_SECTIONS, MAIN_SECTIONS

_WORDS = (
    ("Size", "size on disk, including what it shares with others"),
    ("Reclaimable", "what deleting it frees; shared files stay"),
    ("≤", "at most: the file system reports no exact figure"),
    ("+Cache", "what then stays in uv's cache"),
    ("Files", "how many files it has: inodes, but for hard links"),
    ("3.9!", "this Python release gets no security fixes any more"),
    ("Used", "time since it was last used"),
    ("≥", "at least: together they may free more"),
    ("~", "about: of a group in which not all is measured"),
)
_KEY = 13  # cells of a key or word
_COLUMN = 46  # the least cells of a column
_GAP = 2

Block = tuple[str, Sequence[tuple[str, str]]]
"""A title, and the keys or words below it, each with its meaning."""


def blocks(app: App[object]) -> list[Block]:
    """Return every key with what it does, then the marks and words of the list."""
    made: list[Block] = []
    for title, bindings in (*MAIN_SECTIONS, *DETAIL_SECTIONS, *DIALOG_SECTIONS):
        lines = []
        for binding in bindings:
            keys = [app.get_key_display(single) for single in binding.make_bindings([binding])]
            more = binding.tooltip
            meaning = f"{binding.description}: {more[0].lower()}{more[1:]}" if more else ""
            lines.append((" ".join(keys), meaning or binding.description))
        made.append((title, lines))
    marks = [
        (f"{mark} {status.value}", STATUS_MEANINGS[status]) for status, mark in STATUS_MARKS.items()
    ]
    flags = [(flag.value, meaning) for flag, meaning in FLAG_MEANINGS.items()]
    flags.append(("here", "belongs to the current directory's project"))
    return [*made, ("Status", marks), ("Flags", flags), ("Columns", _WORDS)]


def in_columns(made: Iterable[Block], width: int) -> Content:
    """Return the blocks in as many columns as ``width`` cells have room for."""
    count = max(1, (width + _GAP) // (_COLUMN + _GAP))
    cells = (width + _GAP) // count - _GAP
    parts = [_lines(block, cells) for block in made]
    columns: list[list[Content]] = [[]]
    height = -(-sum(map(len, parts)) // count)
    for part in parts:
        # A block goes on top of the next column where most of it would stick out.
        if len(columns[-1]) + len(part) // 2 > height and len(columns) < count:
            columns.append([])
        columns[-1] += part
    rows = max(map(len, columns))
    for column in columns:
        column += [Content("")] * (rows - len(column))
    gap = Content(" " * _GAP)
    return Content("\n").join(
        gap.join(line.pad_right(cells - line.cell_length) for line in row).rstrip()
        for row in zip(*columns, strict=True)
    )


def _lines(block: Block, width: int) -> list[Content]:
    title, entries = block
    lines = [Content.styled(title, "bold $text-primary")]
    room = max(width - _KEY - 1, 8)
    for key, meaning in entries:
        first, *rest = Content(meaning).wrap(room)
        lines.append(Content.assemble((f"{key:<{_KEY}}", "bold"), " ", first))
        lines += [line.pad_left(_KEY + 1) for line in rest]
    return [*lines, Content("")]


class HelpScreen(TextDialog):
    """What `?` opens: as many columns as the terminal has room for."""

    def __init__(self, app: App[object]) -> None:
        self._blocks = blocks(app)
        super().__init__("Keys", Content(""))

    def on_resize(self, event: events.Resize) -> None:
        """Lay out again for another width."""
        self.call_after_refresh(self._lay_out)

    def _lay_out(self) -> None:
        self.pane.show(in_columns(self._blocks, self.pane.line_width), top=False)
