"""What a terminal shows of what Textual writes, and what each of its frames paints."""

import re
from dataclasses import dataclass, field

from rich.cells import cell_len

from tests.terminal import Terminal

_SYNCHRONIZED = (
    b"\x1b[?2026"  # begins (h) and ends (l) a frame, where the terminal says that it can
)
_CAN = "\x1b[?2026;2$y"  # what such a terminal answers (DECRPM)
_PART = re.compile(
    r"\x1b\[([?<>=]?)([\d;:]*)([@-~])|\x1b\][^\x07]*\x07|\x1b.|([\r\n])|([^\x1b\r\n]+)"
)

Cell = tuple[int, int]  # line and column, from 0


@dataclass
class Screen:
    """The cells of a terminal. Raises ValueError at what Textual does not write."""

    columns: int
    lines: int
    cells: dict[Cell, tuple[str, str]] = field(default_factory=dict)  # character and style
    cursor_shown: bool = True
    _at: Cell = (0, 0)
    _style: str = ""

    def feed(self, data: str) -> set[Cell]:
        """Take what was written, and return the cells that it painted."""
        painted = set[Cell]()
        for kind, numbers, final, newline, text in _PART.findall(data):
            if text:
                painted |= self._print(text)
            elif newline:
                line, column = self._at
                self._at = (line + 1, column) if newline == "\n" else (line, 0)
            elif final == "m":
                self._style = "" if numbers in ("", "0") else self._style + numbers
            elif final == "H":
                line, _, column = numbers.partition(";")
                self._at = int(line or 1) - 1, int(column or 1) - 1
            elif final in ("h", "l") and kind == "?":
                self.cursor_shown = final == "h" if numbers == "25" else self.cursor_shown
            elif final in ("J", "K", "A", "B", "C", "D", "L", "M"):
                raise ValueError(f"not expected: {final}")
        return painted

    def _print(self, text: str) -> set[Cell]:
        painted = set[Cell]()
        line, column = self._at
        for character in text:
            painted.add((line, column))
            self.cells[line, column] = character, self._style
            column += cell_len(character)
        self._at = line, column
        return painted

    def text(self) -> list[str]:
        """Return the lines as they are shown."""
        return [
            "".join(self.cells.get((line, column), (" ", ""))[0] for column in range(self.columns))
            for line in range(self.lines)
        ]


def answer_synchronized(terminal: Terminal) -> None:
    """Tell Textual that the terminal draws each frame at once: it then marks where frames begin."""
    terminal.read(lambda output: _SYNCHRONIZED + b"$p" in output, 60)
    terminal.press(_CAN)


def frames(output: bytes) -> list[str]:
    """Return what was written in each frame; the first has all that came before as well."""
    return output.decode().split(_SYNCHRONIZED.decode() + "h")
