"""The list of the user's own files in one environment."""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual.binding import BindingType

from venvdash import formats
from venvdash.scanner.usage.user_file_list import UserFile
from venvdash.text import visible
from venvdash.tui.cells import left_cut, right
from venvdash.tui.desktop import shell_word
from venvdash.tui.keys import USER_FILES
from venvdash.tui.notices import copy_text
from venvdash.tui.widgets.line_table import Column, LineTable, Parts

_ORDERS: dict[str, Callable[[UserFile], Any]] = {
    "name": lambda file: str(file.path).casefold(),
    "size": lambda file: file.size,
    "used": lambda file: file.modified,
}


def _size(file: UserFile, width: int) -> Parts:
    return ((right(formats.size(file.size), width), "plain"),)


def _changed(file: UserFile, width: int) -> Parts:
    return ((right(formats.age(file.modified, time.time()), width), "muted"),)


class UserFileView(LineTable[UserFile]):
    """The user's files, one a line, the newest first; paths are relative to the environment."""

    BINDINGS: ClassVar[list[BindingType]] = list(USER_FILES)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--name", "table--plain", "table--muted"}
    unused_actions = frozenset({"choose"})

    def __init__(self, *, id: str) -> None:
        def path(file: UserFile, width: int) -> Parts:
            inside = file.path.is_relative_to(self._base)
            shown = file.path.relative_to(self._base) if inside else file.path
            return ((left_cut(visible(shown), width), "name"),)

        columns: Sequence[Column[UserFile]] = (
            Column("name", "File", 20, path, grow=1),
            Column("size", "Size", 9, _size, numeric=True),
            Column("used", "Changed", 8, _changed, numeric=True),
        )
        super().__init__(columns, lambda file: file.path, id=id)
        self.sorted_by = ("used", True)
        self._base = Path("/")

    def show(self, files: Iterable[UserFile], base: Path, *, top: bool) -> None:
        """Show these files of the environment at ``base``."""
        self._base = base
        self._drawn.clear()
        self._arrange(files, top=top)

    def _arrange(self, files: Iterable[UserFile], *, top: bool) -> None:
        key, descending = self.sorted_by
        self.show_items(sorted(files, key=_ORDERS[key], reverse=descending), at_top=top)

    def sort_by(self, key: str) -> None:
        """Sort by a column; by the same again in reverse order."""
        same = key == self.sorted_by[0]
        self.sorted_by = (key, not self.sorted_by[1] if same else key != "name")
        self._arrange(self.items, top=False)

    def action_sort(self, key: str) -> None:
        """Sort by a column, where the list has it."""
        if key in _ORDERS:
            self.sort_by(key)

    def action_invert(self) -> None:
        """Reverse the order."""
        self.sort_by(self.sorted_by[0])

    def action_copy_path(self) -> None:
        """Copy the path of the file under the cursor, safe to paste."""
        if self.current is not None:
            text = str(self.current.path)
            copy_text(self.screen, text if visible(text) == text else shell_word(text))
