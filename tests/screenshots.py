"""Makes screenshots/*.svg from the real dashboard on a playground: ``python -m tests.screenshots``.

The playground lies in one fixed place with nobody's name in it, so that two runs differ only
where the program does.
"""

import asyncio
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from venvdash import config
from venvdash.demo import interpreters
from venvdash.demo.playground import Playground, build
from venvdash.session import Session
from venvdash.tui.app import Dashboard
from venvdash.tui.handover import OfTerminal
from venvdash.tui.screens.main import MainScreen

FOLDER = Path(__file__).resolve().parent.parent / "screenshots"
_PLACE = Path(tempfile.gettempdir()) / "venvdash-screenshots"
_PATIENCE = 60.0  # seconds for a scan


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: its file name without ``.svg``, the terminal's size, what is pressed first.

    ``on`` is the label of the environment under the cursor.
    """

    name: str
    size: tuple[int, int]
    on: str = "vision"
    press: Sequence[str] = ()


SHOTS = (
    Shot("list-80x24", (80, 24)),
    Shot("list-120x40", (120, 40)),
    Shot("orphans-120x40", (120, 40), press=("2",)),
    Shot("details-80x24", (80, 24), press=("enter",)),
    Shot("help-80x24", (80, 24), press=("question_mark",)),
)


async def settled(pilot: Pilot[int], main: MainScreen) -> None:
    """Wait until the scan has ended and everything is drawn. Raises TimeoutError."""
    async with asyncio.timeout(_PATIENCE):
        while not main.findings.outcome or main.findings.progress is not None:
            await pilot.pause(0.05)
    await pilot.pause(0.3)


async def shoot(playground: Playground, shot: Shot, folder: Path) -> Path:
    """Draw one picture and return its path."""
    session = Session(playground.machine(), config.load(playground.config))
    app = Dashboard(session, OfTerminal(session))
    app.animation_level = "none"
    async with app.run_test(size=shot.size) as pilot:
        main = app.screen
        assert isinstance(main, MainScreen)
        await settled(pilot, main)
        main.go_to(playground.made[shot.on].path)
        await pilot.press(*shot.press)
        await pilot.pause(0.3)
        picture = app.export_screenshot(title="venvdash")
    path = folder / f"{shot.name}.svg"
    path.write_text(self_contained(picture), encoding="utf-8")
    return path


def self_contained(picture: str) -> str:
    """Drop the addresses that fonts would be fetched from: a picture must not call home."""
    picture = re.sub(r',\s*url\("https?://[^"]*"\)\s*format\("[^"]*"\)', "", picture)
    return "\n".join(line.rstrip() for line in picture.splitlines()) + "\n"


def neutral_python(playground_variables: dict[str, str]) -> interpreters.Interpreter:
    """Return the system's Python where it will do: its path says nothing of whose machine it is."""
    system = interpreters.ask(Path("/usr/bin/python3"), playground_variables)
    if system is not None and system.version >= interpreters.OLDEST:
        return system
    return interpreters.own()


def main(folder: Path = FOLDER) -> None:
    """Make all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    python = neutral_python({"PATH": "/usr/bin:/bin"})
    playground = build(_PLACE, lambda words: None, python=python, fresh=True)
    try:
        for shot in SHOTS:
            path = asyncio.run(shoot(playground, shot, folder))
            sys.stdout.write(f"{path}\n")
    finally:
        shutil.rmtree(_PLACE)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
