"""Records a prune in the real dashboard as an animated picture: screenshots/prune.svg.

``python -m tests.screenshots`` writes it with the others. A picture is text and rectangles; lines
that several frames have in common are drawn once, and CSS shows each line in its frames.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME
from textual.pilot import Pilot

from tests.screenshots import dashboard, seen, settled
from venvdash.demo.playground import Playground
from venvdash.tui.main.screen import MainScreen

NAME = "prune.svg"
SIZE = (100, 28)
_PLAIN = Style()
_CELL = (8.4, 17)  # pixels of a character
_TOP, _MARGIN = 40, 12  # pixels: above the screen, with the caption, and around it


@dataclass(frozen=True, slots=True)
class Step:
    """What is pressed, the words that then are on the screen, and how long that is shown.

    ``says``: what the caption says. ``seconds``: until the next step.
    """

    says: str
    press: tuple[str, ...]
    words: str
    seconds: float


STEPS = (
    Step("", (), "5 orphans", 2.5),
    Step("P: prune", ("P",), "Prune 5 environments", 5),
    Step("t: move to the trash", ("t",), "5 in the trash", 1.5),
    Step("t: move to the trash", (), "orphans 0", 3),
    Step("u: undo", ("u",), "orphans 5", 3.5),
)
_STILL = 1  # the frame that is shown where nothing moves

Line = tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """What is on the screen at one step."""

    says: str
    lines: tuple[Line, ...]
    seconds: float

    @property
    def text(self) -> str:
        """The screen as text."""
        return "\n".join("".join(segment.text for segment in line) for line in self.lines)


async def record(playground: Playground) -> list[Frame]:
    """Press the keys of all steps in the dashboard. Raises TimeoutError."""
    _, app = dashboard(playground)
    frames = []
    async with app.run_test(size=SIZE) as pilot:
        main = app.screen
        assert isinstance(main, MainScreen)
        await settled(pilot, main)
        for step in STEPS:
            for key in step.press:
                await pilot.press(key)
            frame = None
            while frame is None or step.words not in frame.text:  # it may scan again meanwhile
                await seen(pilot, step.words)
                await settled(pilot, main)
                frame = Frame(step.says, _lines(pilot), step.seconds)
            frames.append(frame)
    return frames


def _lines(pilot: Pilot[int]) -> tuple[Line, ...]:
    app = pilot.app
    update = app.screen._compositor.render_update(
        full=True, screen_stack=app._background_screens, simplify=True
    )
    strips = getattr(update, "strips")  # noqa: B009 - of a LayoutUpdate, which is not public
    return tuple(
        tuple(segment for strip in line for segment in strip if segment.text) for line in strips
    )


def drawn(frames: list[Frame]) -> str:
    """Return the frames as an animated SVG."""
    columns, rows = SIZE
    width, height = columns * _CELL[0] + 2 * _MARGIN, rows * _CELL[1] + _TOP + _MARGIN
    styles = _Styles()
    shown: dict[tuple[int, str], set[int]] = defaultdict(set)
    for number, frame in enumerate(frames):
        shown[-1, _caption(frame.says, width)].add(number)
        for row, line in enumerate(frame.lines):
            shown[row, "".join(_pieces(line, row, styles))].add(number)
    by_frames: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for (_, piece), numbers in shown.items():
        by_frames[tuple(sorted(numbers))].append(piece)
    seconds = [frame.seconds for frame in frames]
    rules, groups = [], []
    for among, pieces in by_frames.items():
        name = "f" + "-".join(map(str, among))
        rules.append(_rule(name, among, seconds))
        groups.append(f'<g class="{name}">\n{"".join(pieces)}</g>\n')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">\n<style>\n'
        f"text {{ font: 14px 'Fira Code', Menlo, Consolas, 'DejaVu Sans Mono', monospace }}\n"
        f"{styles.css()}{''.join(rules)}</style>\n"
        f'<rect width="{width:g}" height="{height:g}" rx="8" fill="#292929"/>\n'
        f"{''.join(groups)}</svg>\n"
    )


def _rule(name: str, numbers: tuple[int, ...], seconds: list[float]) -> str:
    """Return the CSS that shows what is in these frames; without motion, one frame."""
    if len(numbers) == len(seconds):
        return ""
    at, total = [sum(seconds[:number]) for number in range(len(seconds))], sum(seconds)
    states = (
        f"{100 * start / total:.2f}% {{ visibility: {'visible' if n in numbers else 'hidden'} }}"
        for n, start in enumerate(at)
    )
    still = "" if _STILL in numbers else " visibility: hidden;"
    return (
        f"@keyframes {name} {{ {' '.join(states)} }}\n"
        f".{name} {{{still} animation: {name} {total:g}s step-end infinite }}\n"
    )


class _Styles:
    """The classes of the colours in a picture."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def name(self, declarations: str) -> str:
        return self._names.setdefault(declarations, f"s{len(self._names)}")

    def css(self) -> str:
        return "".join(f".{name} {{ {text} }}\n" for text, name in self._names.items())


def _caption(says: str, width: float) -> str:
    end = f'x="{width - _MARGIN:g}" y="26" text-anchor="end"'
    return (
        f'<text x="{_MARGIN}" y="26" fill="#c5c8c6">venvdash</text>\n'
        f'<text {end} fill="#c5c8c6">{escape(says)}</text>\n'
    )


def _pieces(line: Line, row: int, styles: _Styles) -> Iterator[str]:
    """Yield the rectangles and texts of a line of the screen."""
    column = 0
    top = row * _CELL[1] + _TOP
    for segment in line:
        x, style = column * _CELL[0] + _MARGIN, segment.style or _PLAIN
        length = segment.cell_length
        column += length
        size = f'width="{length * _CELL[0]:.1f}" height="{_CELL[1]}"'
        front, back = _colours(style)
        yield f'<rect x="{x:.1f}" y="{top}" {size} class="{styles.name(f"fill: {back}")}"/>\n'
        if segment.text.strip():
            bold = "; font-weight: bold" if style.bold else ""
            text = escape(segment.text).replace(" ", "&#160;")
            yield (
                f'<text x="{x:.1f}" y="{top + 13}" textLength="{length * _CELL[0]:.1f}"'
                f' class="{styles.name(f"fill: {front}{bold}")}">{text}</text>\n'
            )


def _colours(style: Style) -> tuple[str, str]:
    """Return the colours of text and background."""
    theme = SVG_EXPORT_THEME
    front, back = (
        Color.default() if colour is None else colour for colour in (style.color, style.bgcolor)
    )
    shown = (front.get_truecolor(theme).hex, back.get_truecolor(theme, foreground=False).hex)
    return shown[::-1] if style.reverse else shown


def main(playground: Playground, folder: Path) -> Path:
    """Write the picture and return its path."""
    path = folder / NAME
    path.write_text(drawn(asyncio.run(record(playground))), encoding="utf-8")
    return path
