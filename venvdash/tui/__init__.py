"""The dashboard. Importing this package does not import Textual; running it does."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from venvdash.session import Session

__all__ = ["run"]

# Textual draws a frame at most so often. A key right after a frame waits for the next, and with
# Textual's own 60 a line that counts bytes beside the list would make one key in ten 17 ms late.
_FRAMES = "120"


def run(session: "Session") -> int:
    """Show the dashboard of a session until the user leaves; return the exit code."""
    from venvdash.tui.background_scan import BackgroundScan

    session.spare_cores = 1

    scan = BackgroundScan(session, tidy=True)
    scan.start()  # it reads while Textual is loaded: the first screen has rows
    _set_frames()
    from venvdash.tui.app import Dashboard
    from venvdash.tui.suspend import ExternalPrograms

    app = Dashboard(session, ExternalPrograms(session), scan)
    app.run()
    app.end_scan()
    return app.return_code or 0


def _set_frames() -> None:
    """Set the maximum of frames per second, unless the user has set it."""
    if "TEXTUAL_FPS" not in os.environ:
        os.environ["TEXTUAL_FPS"] = _FRAMES
        import textual.constants  # noqa: F401 - it reads the variable

        del os.environ["TEXTUAL_FPS"]  # not for the programs that are started from here
