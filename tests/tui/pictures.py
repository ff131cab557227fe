"""Every screen and dialog as cells: their text, and the names of the styles that they have.

``python -m tests.tui.pictures`` draws those in ``tests/tui/pictures`` again: look at what differs
before you commit it. A new screen is one line of ``SCREENS``. The clock stands still.
"""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from unittest import mock

from rich.segment import Segment
from textual.color import Color
from textual.strip import Strip
from textual.widgets import Input

from tests.tui.fake_session import FakeActions, FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import HOME, STORE, everything, many, row, small_machine
from venvdash.actions.events import Finished
from venvdash.model import (
    Action,
    Flag,
    GitState,
    Item,
    Link,
    Outcome,
    Package,
    PackageChange,
    Plan,
    Proposal,
    Refusal,
    Removal,
    Result,
    Row,
    Status,
    Trashed,
)

FOLDER = Path(__file__).with_suffix("")
SIZES = ((80, 24), (120, 40))
NOW = 1772447400.0  # Monday, 2 March 2026, 10:30 UTC
_MIB = 1024**2
_DAY = 86400.0

# What colours are called: of texts (also mixed with what is below them), and of what is below.
_TEXTS = (
    *("foreground", "text-muted", "text-primary", "text-success", "text-warning", "text-error"),
    *("text-accent", "primary", "background"),
)
_SHARES = (1.0, 0.7, 0.25, 0.2)
_GROUNDS = ("background", "surface")
_MIXED = {"cursor": 0.3, "bar": 0.15}  # with the primary colour
_ATTRIBUTES = ("bold", "dim", "italic", "underline", "strike", "reverse")


@dataclass(frozen=True, slots=True)
class Picture:
    """A screen: its name, what is pressed after the scan, and of what session.

    ``keys`` that are no key but words with a space in them are waited for on the screen.
    """

    name: str
    keys: Sequence[str] = ()
    session: Callable[[], FakeSession] = lambda: machine()


def machine(**more: object) -> FakeSession:
    """Return a session with one row of every status, and what dialogs ask for."""
    rows = small_machine()
    answers: dict[Path, object] = {one.path: _proposal(one) for one in rows}
    actions = FakeActions(answers=answers, offered=[HOME / "work/shop"])  # type: ignore[arg-type]
    session = FakeSession(everything(rows), actions=actions, plan=_plan(), trashed=_trash())
    return replace(session, **more) if more else session  # type: ignore[arg-type]


def _proposal(of: Row) -> Proposal:
    """Return what a sync, relink, copy … of a row would do: everything that a proposal can say."""
    project = HOME / "code" / of.name
    return Proposal(
        Action.SYNC,
        of,
        ("uv brings it in line with uv.lock.",),
        ("rich is removed: nothing requires it.",),
        commands=(("/usr/bin/uv", "sync", "--project", str(project)),),
        links=(Link(project / ".venv", str(of.path)),),
        git=(GitState(project, 3, ignored=(project / ".venv",)),),
        packages=(
            PackageChange("httpx", "0.28", "installed"),
            PackageChange("numpy", "1.26.4", "uninstalled"),
            PackageChange("numpy", "2.1.0", "installed"),
            PackageChange("rich", "14.0", "uninstalled"),
            PackageChange("shop", "0.1", "reinstalled"),
        ),
    )


def _plan() -> Plan:
    old = row("billing-legacy", Status.ORPHAN, mib=1834, reclaimable=212, cache=1622, days=190)
    web = row("webapp", mib=412.3, reclaimable=38.2, cache=374.0, flags=frozenset({Flag.PINNED}))
    link = Link(HOME / "code/webapp/.venv", str(web.path))
    git = GitState(HOME / "code/webapp", 2, ignored=(link.path,))
    items = (
        Item(old, only_here=(Package("billing", "0.1", "file:///old"),)),
        Item(web, links=(link,), confirm="it is pinned", git=(git,)),
        Item(row("ruff", Status.TOOL), how=Removal.TOOL, command="uv tool uninstall ruff"),
    )
    refused = (Refusal(STORE / "used", "used", "It is in use: pid 7 (python3)."),)
    return Plan(
        Action.DELETE,
        items,
        refused,
        reclaimable=250 * _MIB,
        cache_held=1996 * _MIB,
        packages_only_in_cache=("torch", "triton"),
    )


def _trash() -> tuple[Trashed, ...]:
    def item(
        name: str, days: float, left: float | None, until: str = "", kept: str = ""
    ) -> Trashed:
        return Trashed(
            path=STORE / f".venvdash-trash-{name}",
            original=STORE / f"{name}-1a2b",
            name=name,
            since=NOW - days * _DAY,
            on_disk=300 * _MIB,
            reclaimable=30 * _MIB,
            status="orphan",
            reason=f"~/code/{name} is not there.",
            days_left=left,
            lasts_until=until,
            kept=kept,
        )

    return (
        item("old-shop", 2, 5),
        item("report", 6, 1, "uv cache prune"),
        item("kept-one", 9, None, kept="~/x/.venv points to it."),
    )


def _with_runs() -> FakeSession:
    session = machine()
    with mock.patch("time.monotonic", return_value=0.0):
        done = session.log.begin(["/usr/bin/uv", "sync", "--project", "/home/ana/code/api"], HOME)
        done.lines("Resolved 3 packages in 1ms\nInstalled 1 package in 2ms\n + httpx==0.28")
        done.ended(0)
        session.log.begin(["uv", "pip", "check"], HOME).ended(1)
    return session


def _failing() -> FakeSession:
    """Return a session in which one sync is done and one fails."""
    session = machine()
    results = (
        Result(small_machine()[4].path, "api", Outcome.DONE, "Installed: httpx 0.28."),
        Result(small_machine()[0].path, "webapp", Outcome.FAILED, "uv failed: no such package."),
    )
    session.actions.applying = (Finished(results, notes=("A note.",)),)
    return session


_SYNCED = ("S", "would change", "y", "1 failed")
_MARK_TWO = ("space", "space")

SCREENS = (
    Picture("list"),
    Picture("list-many", session=lambda: FakeSession(everything(many(60)))),
    Picture("list-marked", _MARK_TWO),
    Picture("list-empty", session=lambda: FakeSession(everything([]))),
    Picture("orphans", ("2",)),
    Picture("other", ("5",)),
    Picture("filter", ("slash", *"status:orphan")),
    Picture("message", ("p",)),
    Picture("outcome", _SYNCED, _failing),
    Picture("details", ("enter",)),
    Picture("group-menu", ("b",)),
    Picture("grouped", ("b", "down", "enter")),
    Picture("help", ("question_mark",)),
    Picture("mark-rule", ("x",)),
    Picture("clipboard", ("y",)),
    Picture("note", ("w",)),
    Picture("new", ("n", "a name")),
    Picture("delete", ("d", "Delete 3")),
    Picture("delete-typed", ("d", "Delete 3", *"web")),
    Picture("prune", ("P", "Prune 3")),
    Picture("sync", ("S", "would change")),
    Picture("relink", ("R", "~/work/shop ")),
    Picture("copy", ("c",)),
    Picture("rename", ("f2",)),
    Picture("move", ("m",)),
    Picture("trash", ("E", "3 environments")),
    Picture("trash-marked", ("E", "3 environments", "space", "space")),
    Picture("trash-free", ("E", "3 environments", "f")),
    Picture("log", ("at", "pip check"), _with_runs),
)


@contextmanager
def standing_clock() -> Iterator[None]:
    """Let it be always the same time, in UTC."""
    zone = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        with mock.patch("time.time", return_value=NOW):
            yield
    finally:
        os.environ.pop("TZ")
        if zone is not None:
            os.environ["TZ"] = zone
        time.tzset()


def draw(picture: Picture, size: tuple[int, int]) -> str:
    """Return the cells of a screen: the text, then what is styled on each line."""
    drawn: list[str] = []

    async def script(driver: Driver) -> None:
        await driver.scanned()
        for key in picture.keys:
            if " " in key:
                await driver.until(lambda words=key: words in driver.text)  # type: ignore[misc]
            else:
                await driver.press(key)
        for line in driver.app.screen.query(Input):
            line.cursor_blink = False
        await driver.pilot.pause(0.1)
        strips = driver.app.screen._compositor.render_strips()
        names = _Names(driver.app.get_css_variables())
        drawn.append(_cells(strips, names))

    with standing_clock():
        drive(picture.session(), script, size)
    return re.sub(r"scanned in [0-9.]+ m?s", "scanned in 0.4 s", drawn[0])


def _cells(strips: Sequence[Strip], names: "_Names") -> str:
    texts = [strip.text.rstrip() for strip in strips]
    styles = []
    for number, strip in enumerate(strips, start=1):
        spans = [f"{text!r} {name}" for text, name in _spans(strip, names)]
        if spans:
            styles.append(f"{number:>3}  {', '.join(spans)}")
    return "\n".join([*texts, "-" * 8, *styles]) + "\n"


def _spans(strip: Strip, names: "_Names") -> Iterator[tuple[str, str]]:
    """Yield the texts that have a style, each with its name; neighbours alike are one."""
    text, style = "", ""
    for segment in strip:
        name = names.of(segment)
        if name == style:
            text += segment.text
            continue
        if style and text.strip():
            yield text.strip(), style
        text, style = (segment.text if name else ""), name
    if style and text.strip():
        yield text.strip(), style


class _Names:
    """The names of colours in one theme; a colour without one keeps its number."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = {name: Color.parse(variables[name]) for name in (*_TEXTS, *_GROUNDS)}
        primary, boost = self._variables["primary"], Color.parse(variables["boost"])
        grounds = {name: self._variables[name] for name in _GROUNDS}
        grounds |= {f"{name} raised": grounds[name] + boost for name in _GROUNDS}
        grounds["foreground"] = self._variables["foreground"]
        self._grounds = [*grounds.items()]
        self._grounds += [
            (name, ground.blend(primary, share))
            for name, share in _MIXED.items()
            for ground in grounds.values()
        ]
        self._named = cache(self._text)

    def of(self, segment: Segment) -> str:
        """Return the name of a segment's style, "" for plain text."""
        style = segment.style
        if style is None or style.color is None or style.bgcolor is None:
            return ""
        below = Color.from_rich_color(style.bgcolor)
        ground = next((name for name, one in self._grounds if _alike(one, below)), below.hex)
        words = [word for word in _ATTRIBUTES if getattr(style, word)]
        text = self._named(Color.from_rich_color(style.color).hex, below.hex)
        words += [] if text == "foreground" else [text]
        words += [] if ground == "background" else [f"on {ground}"]
        return " ".join(words)

    def _text(self, text: str, below: str) -> str:
        shown, ground = Color.parse(text), Color.parse(below)
        for share in _SHARES:
            for name in _TEXTS:
                if _alike(shown, ground.blend(self._variables[name], share)):
                    return name if share == 1.0 else f"{name} {share:.0%}"
        return text


def _alike(one: Color, other: Color) -> bool:
    """Return whether they differ by no more than rounding."""
    return all(abs(a - b) <= 2 for a, b in zip(one.rgb, other.rgb, strict=True))


def path_of(picture: Picture, size: tuple[int, int]) -> Path:
    """Return the file of a picture."""
    return FOLDER / f"{picture.name}-{size[0]}x{size[1]}.txt"


def main(names: Sequence[str]) -> None:
    """Draw all pictures again, or those that are named, and remove those of no screen."""
    FOLDER.mkdir(exist_ok=True)
    known = {path_of(picture, size) for picture in SCREENS for size in SIZES}
    for path in set(FOLDER.glob("*.txt")) - known:
        path.unlink()
    for picture in SCREENS:
        for size in SIZES if not names or picture.name in names else ():
            path_of(picture, size).write_text(draw(picture, size), encoding="utf-8")
            sys.stdout.write(f"{path_of(picture, size).name}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
