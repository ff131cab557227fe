"""What the main screen shows: all that its first frame needs, and nothing that acts."""

from collections.abc import Callable
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen

from venvdash.records.snapshot import Snapshot
from venvdash.tui.main.details import Details
from venvdash.tui.main.groups import Groups
from venvdash.tui.main.listing import Listing
from venvdash.tui.main.row_states import RowStates
from venvdash.tui.notices import Notices
from venvdash.tui.widgets.key_footer import KeyFooter
from venvdash.tui.widgets.message_line import MessageLine
from venvdash.tui.widgets.selection_bar import SelectionBar


class Layout:
    """The widgets of the main screen, and the objects that fill them."""

    def __init__(
        self,
        screen: Screen[None],
        home: Path,
        snapshot: Snapshot | None,
        cursor_moved: Callable[[], None],
    ) -> None:
        self.listing = Listing(screen, home, snapshot, cursor_moved)
        self.groups = Groups(screen, self.listing)
        self.states = RowStates(self.listing.environments, home)
        self.details = Details(screen, home, self.listing, self.states)
        self.selection_bar = SelectionBar(id="selection")
        self.message_line, self.notices = MessageLine(), Notices()
        self.cursor_moved = cursor_moved

    def compose(self) -> ComposeResult:
        """Lay out the widgets."""
        yield self.listing.views
        yield self.listing.totals
        with Horizontal(id="body"):
            yield self.listing.environments
            yield self.listing.others
            yield self.listing.empty
            yield self.details.pane
        yield self.selection_bar
        yield self.details.reason
        yield self.message_line
        yield KeyFooter(self.details.subject)
