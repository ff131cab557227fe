"""Makes screenshots/*.svg from the real dashboard on a playground: ``python -m tests.screenshots``.

The playground lies in one fixed place with nobody's name in it, so that two runs differ only
where the program does.
"""

import asyncio
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

from textual.pilot import Pilot

from venvdash import config
from venvdash.demo import interpreters
from venvdash.demo.playground import Playground, build
from venvdash.session import Session
from venvdash.tui import notices
from venvdash.tui.app import Dashboard
from venvdash.tui.main.opening import Opening
from venvdash.tui.main.screen import MainScreen
from venvdash.tui.suspend import ExternalPrograms

FOLDER = Path(__file__).resolve().parent.parent / "screenshots"
_PLACE = Path(tempfile.gettempdir()) / "venvdash-screenshots"
_PATIENCE = 60.0  # seconds for a scan
_THEN = time.mktime((2026, 3, 2, 10, 30, 0, 0, 0, -1))


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: its file name without ``.svg``, the terminal's size, what is pressed first.

    ``on`` is the label of the environment under the cursor. Of what is pressed, an item with a
    space in it is no key but words to wait for on the screen.
    """

    name: str
    size: tuple[int, int]
    on: str = "vision"
    press: Sequence[str] = ()


_BELONGS, _CHANGES = "It will belong", "packages would change"

SHOTS = (
    Shot("list-80x24", (80, 24)),
    Shot("list-120x40", (120, 40)),
    Shot("orphans-120x40", (120, 40), press=("2",)),
    Shot("details-80x24", (80, 24), press=("enter",)),
    Shot("help-80x24", (80, 24), press=("question_mark",)),
    Shot("moved-120x40", (120, 40), on="shop"),
    Shot("relink-80x24", (80, 24), on="shop", press=("R", "~/work/shop ", "enter", _BELONGS)),
    Shot("sync-120x40", (120, 40), on="work-api", press=("S", _CHANGES)),
    Shot(
        "log-120x40",
        (120, 40),
        on="work-api",
        press=("S", _CHANGES, "y", "is synced", "at", "down", "down"),
    ),
)


async def settled(pilot: Pilot[int], main: MainScreen) -> None:
    """Wait until the scan has ended and everything is drawn. Raises TimeoutError."""
    async with asyncio.timeout(_PATIENCE):
        while (
            not main.ready
            or not main.listing.state.outcome
            or main.listing.state.progress is not None
        ):
            await pilot.pause(0.05)
    await pilot.pause(0.3)


async def seen(pilot: Pilot[int], words: str) -> None:
    """Wait until words are on the screen. Raises TimeoutError."""
    async with asyncio.timeout(_PATIENCE):
        while words not in "\n".join(
            strip.text for strip in pilot.app.screen._compositor.render_strips()
        ):
            await pilot.pause(0.05)
    await pilot.pause(0.1)


def still(session: Session) -> None:
    """Let all commands have run at one time and equally long: it differs from run to run."""
    log = session.log
    with log.lock:
        for recording in log._recordings:
            run = recording._run
            if run.running:
                continue
            lines = tuple(re.sub(r"\bin [0-9.]+m?s$", "in 9ms", line) for line in run.lines)
            recording._run = replace(run, began=_THEN, seconds=0.2, lines=lines)
        log.changes += 1


def dashboard(playground: Playground) -> tuple[Session, Dashboard]:
    """Return a session of the playground's user, and the dashboard on it."""
    session = Session(playground.machine(), config.load(playground.config))
    app = Dashboard(session.machine.home, Opening(lambda: session), ExternalPrograms())
    app.animation_level = "none"
    return session, app


async def shoot(playground: Playground, shot: Shot, folder: Path) -> Path:
    """Draw one picture and return its path."""
    session, app = dashboard(playground)
    async with app.run_test(size=shot.size) as pilot:
        main = app.screen
        assert isinstance(main, MainScreen)
        await settled(pilot, main)
        main.listing.go_to(playground.made[shot.on].path)
        for item in shot.press:
            if " " in item:
                await seen(pilot, item)
            else:
                await pilot.press(item)
            still(session)
        await settled(pilot, main)
        still(session)
        await settled(pilot, main)
        picture = app.export_screenshot(title="venvdash")
    path = folder / f"{shot.name}.svg"
    path.write_text(self_contained(picture), encoding="utf-8")
    return path


def self_contained(picture: str) -> str:
    """Drop the addresses that fonts would be fetched from: a picture must not call home."""
    picture = re.sub(r',\s*url\("https?://[^"]*"\)\s*format\("[^"]*"\)', "", picture)
    return "\n".join(line.rstrip() for line in picture.splitlines()) + "\n"


def neutral_python() -> interpreters.Interpreter:
    """Return the system's Python where it will do: its path says nothing of whose machine it is."""
    system = interpreters.ask(Path("/usr/bin/python3"), {"PATH": "/usr/bin:/bin"})
    if system is not None and system.version >= interpreters.OLDEST:
        return system
    return interpreters.own()


def main(folder: Path = FOLDER) -> None:
    """Make all pictures."""
    from tests import recording  # which needs this module

    folder.mkdir(parents=True, exist_ok=True)
    setattr(notices, "time", SimpleNamespace(time=lambda: _THEN))  # of messages in the log
    playground = build(_PLACE, lambda words: None, python=neutral_python(), fresh=True)
    try:
        for shot in SHOTS:
            path = asyncio.run(shoot(playground, shot, folder))
            sys.stdout.write(f"{path}\n")
        sys.stdout.write(f"{recording.main(playground, folder)}\n")
    finally:
        shutil.rmtree(_PLACE)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
