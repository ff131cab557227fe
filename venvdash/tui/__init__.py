"""The dashboard. Importing this package does not import Textual; running it does."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from venvdash.tui.source import Source

__all__ = ["run"]


def run(session: "Source") -> int:
    """Show the dashboard of a session until the user leaves; return the exit code."""
    from venvdash.tui.feed import Feed

    feed = Feed(session, tidy=True)
    feed.start()  # it reads while Textual is loaded: the first screen has rows
    from venvdash.tui.app import Dashboard

    app = Dashboard(session, feed)
    app.run()
    app.end_scan()
    return app.return_code or 0
