"""Opening folders with the desktop, and texts for the clipboard."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

from venvdash.actions.process.run_log import Run
from venvdash.model import Row
from venvdash.system.machine import Machine
from venvdash.text import visible


def opener(machine: Machine) -> list[str] | None:
    """Return the command that opens a folder on this desktop, None where there is none."""
    from shutil import which

    if machine.platform == "darwin":
        return ["open"]
    if machine.platform == "win32":
        return ["explorer"]
    path = machine.variable("PATH")
    # Without a display xdg-open would start a browser for the terminal, over our screen.
    if machine.variable("DISPLAY") or machine.variable("WAYLAND_DISPLAY"):
        found = which("xdg-open", path=path)
        return [found] if found else None
    found = which("wslview", path=path)
    return [found] if found else None


def open_folder(path: Path, machine: Machine) -> str | None:
    """Open a folder with the desktop's own program; return what prevented it, or None."""
    command = opener(machine)
    if command is None:
        return f"No program found to open {visible(path)}"
    try:
        subprocess.Popen(
            [*command, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return f"{visible(command[0])} could not be started: {visible(str(error))}"
    return None


def shell_word(path: Path | str) -> str:
    """Return a path, or any text, as one word of a POSIX shell that is safe to paste.

    A newline or an escape in a name would act on the terminal that it is pasted into, so such
    names are written as ``$'…'``.
    """
    text = str(path)
    if visible(text) == text:
        return shlex.quote(text)
    pieces = []
    for byte in text.encode("utf-8", "surrogateescape"):
        plain = 0x20 <= byte < 0x7F and byte not in b"'\\"
        pieces.append(chr(byte) if plain else f"\\x{byte:02x}")
    return "$'" + "".join(pieces) + "'"


def safe_command(run: Run) -> str:
    """Return a command that was run as one would type it, safe to paste."""
    if visible(run.shown, len(run.shown) + 1) == run.shown:
        return run.shown
    words = [f"{key}={shell_word(value)}" for key, value in run.variables.items()]
    program = os.path.basename(run.command[0])
    return " ".join([*words, *map(shell_word, (program, *run.command[1:]))])


def copy_choices(row: Row, platform: str = sys.platform) -> list[tuple[str, str]]:
    """Return what can be copied of an environment: a label and the text for each."""
    path = row.path
    text = str(path)
    safe = text if visible(text) == text else shell_word(path)
    if platform == "win32":
        scripts = path / "Scripts"
        return [
            ("path", safe),
            ("interpreter", str(scripts / "python.exe")),
            ("activation command", f'& "{scripts / "Activate.ps1"}"'),
        ]
    python = path / "bin" / "python"
    return [
        ("path", safe),
        ("interpreter", str(python) if safe == text else shell_word(python)),
        ("activation command", f"source {shell_word(path / 'bin' / 'activate')}"),
    ]
