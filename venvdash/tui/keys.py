"""Every key of the dashboard, in the groups that the help shows."""

from textual.binding import Binding

MOVE = (
    Binding("up,k", "cursor(-1)", "Up", show=False),
    Binding("down,j", "cursor(1)", "Down", show=False),
    Binding("pageup,ctrl+b", "page(-1)", "A screen up", show=False),
    Binding("pagedown,ctrl+f", "page(1)", "A screen down", show=False),
    Binding("home,g", "first", "First", show=False),
    Binding("end,G", "last", "Last", show=False),
    Binding("enter", "choose", "Details", key_display="⏎", tooltip="All that is known of it"),
)

_SORT = Binding.Group("Sort", compact=True)

FIND = (
    Binding("slash", "filter", "Filter", key_display="/", tooltip="Show what holds these words"),
    Binding("1", "view('all')", "All environments", show=False),
    Binding("2", "view('orphans')", "Orphans", show=False),
    Binding("3", "view('unknown')", "Unknown", show=False),
    Binding("4", "view('inactive')", "Inactive", show=False),
    Binding("5", "view('other')", "Other things found, stores, problems", show=False),
    Binding("less_than_sign", "sort_column(-1)", "Sort by the column before", group=_SORT),
    Binding("greater_than_sign", "sort_column(1)", "Sort by the next column", group=_SORT),
    Binding("i", "invert", "Invert the order", show=False),
)

DO = (
    Binding("o", "open_folder", "Open", tooltip="Open its folder"),
    Binding("y", "copy", "Copy", tooltip="Copy its path, interpreter or activate line"),
    Binding("r", "rescan", "Rescan", tooltip="Look at the machine again"),
)

PROGRAM = (
    Binding("colon", "command_palette", "Commands", key_display=":", show=False),
    Binding("question_mark", "help", "Keys", key_display="?"),
    Binding("escape", "back", "One step back", show=False),
    Binding("q", "app.quit", "Quit"),
)

SECTIONS = (("Move", MOVE), ("Find", FIND), ("Do", DO), ("venvdash", PROGRAM))
