"""The dashboard. Importing this package does not import Textual; running it does."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from venvdash.session import Session

__all__ = ["run"]


def run(session: "Session") -> int:
    """Show the dashboard of a session until the user leaves; return the exit code."""
    from venvdash.tui.feed import Feed

    feed = Feed(session, tidy=True)
    feed.start()  # it reads while Textual is loaded: the first screen has rows
    from venvdash.tui.app import Dashboard
    from venvdash.tui.handover import OfTerminal

    app = Dashboard(session, OfTerminal(session), feed)
    app.run()
    app.end_scan()
    return app.return_code or 0
