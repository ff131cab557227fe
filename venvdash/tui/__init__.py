"""The dashboard. Importing this package does not import Textual; running it does."""

import gc
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from venvdash.config import Config
    from venvdash.records.snapshot import Snapshot
    from venvdash.session import Session
    from venvdash.system.machine import Machine

__all__ = ["run"]

# Textual draws a frame at most so often. A key right after a frame waits for the next, and with
# Textual's own 60 a line that counts bytes beside the list would make one key in ten 17 ms late.
_FRAMES = "120"


def run(machine: "Machine", config: "Config", *, records: bool) -> int:
    """Show the dashboard of a user until they leave; return the exit code.

    The first frame is what the last scan found; only after it the session is imported and opened.
    Where nothing is remembered, that begins while Textual is imported. Without ``records`` nothing
    is remembered.
    """
    gc.disable()  # nothing is garbage before the first frame

    def open_session() -> "Session":
        from venvdash.session import Session

        return Session(machine, config, records=records)

    from venvdash.tui.main.opening import Opening

    opening = Opening(open_session, remembered(machine) if records and config.records else None)
    if opening.snapshot is None:
        opening.begin()
    _set_frames()
    from venvdash.records import dashboard_look
    from venvdash.tui import event_loop
    from venvdash.tui.app import Dashboard
    from venvdash.tui.suspend import ExternalPrograms

    remembers = records and config.records and machine.foreign_home is None
    look = dashboard_look.read(machine.state_directory) if remembers else dashboard_look.Look()
    app = Dashboard(machine.home, opening, ExternalPrograms(), look, config.dashboard)
    event_loop.run(app.run_async())
    app.end_scan()
    if remembers and app.look != look:
        dashboard_look.write(machine.state_directory, app.look)
    return app.return_code or 0


def remembered(machine: "Machine") -> "Snapshot | None":
    """Return the list that the last scan of this user stored, None where there is none."""
    from venvdash.records import snapshot
    from venvdash.system.host import host_id

    if machine.foreign_home is not None:
        return None
    return snapshot.read(machine.state_directory, host_id(), machine.cwd)


def _set_frames() -> None:
    """Set the maximum of frames per second, unless the user has set it."""
    if "TEXTUAL_FPS" not in os.environ:
        os.environ["TEXTUAL_FPS"] = _FRAMES
        import textual.constants  # noqa: F401 - it reads the variable

        del os.environ["TEXTUAL_FPS"]  # not for the programs that are started from here
