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

FIND = (
    Binding("slash", "filter", "Filter", key_display="/", tooltip="Show what holds these words"),
    Binding("1", "view('all')", "All environments", show=False),
    Binding("2", "view('orphans')", "Orphans", show=False),
    Binding("3", "view('unknown')", "Unknown", show=False),
    Binding("4", "view('replaced')", "Replaced", show=False),
    Binding("5", "view('other')", "Other things found, stores, problems", show=False),
    Binding("less_than_sign", "sort_column(-1)", "Sort by the column before", show=False),
    Binding("greater_than_sign", "sort_column(1)", "Sort by the next column", show=False),
    Binding("i", "invert", "Invert the order", show=False),
)

MARK = (
    Binding("space", "mark", "Mark", key_display="Space", tooltip="Mark it and go on"),
    Binding("v", "mark_range", "Mark a range: from here, to there", show=False),
    Binding("a", "mark_all", "Mark all that the list shows, or none", show=False),
    Binding("x", "mark_rule", "Mark by a rule: orphans, older than …", show=False),
)

CHANGE = (
    Binding("s", "shell", "Shell", tooltip="A shell in which the environment is active"),
    Binding("S", "sync", "Sync", tooltip="Show what a sync through uv would change"),
    Binding("R", "relink", "Relink", tooltip="Say which project it belongs to"),
    Binding("c", "copy", "Copy", tooltip="The same packages once more, under another name"),
    Binding("f2", "rename", "Rename", show=False),
    Binding("m", "move", "Move to another store", show=False),
    Binding("e", "edit", "Open its project in your editor", show=False),
    Binding("p", "pin", "Pin", tooltip="Keep it from all rules; again: unpin it"),
    Binding("n", "note", "Write a note on it", show=False),
)

DELETE = (
    Binding("d", "delete", "Delete", tooltip="Show what deleting the marked ones would do"),
    Binding("u", "undo", "Undo", tooltip="Take back the last deletion or relink"),
    Binding("E", "trash", "Trash", tooltip="Have back, or free now"),
)

WORK = (
    Binding("X", "stop", "Stop what is being done, and cancel what is queued", show=False),
    Binding("ctrl+c", "interrupt", "The same", show=False),
    Binding("at", "log", "Log", key_display="@", tooltip="The commands that were run"),
)

DO = (
    Binding("o", "open_folder", "Open its folder", show=False),
    Binding("y", "clip", "Copy its path, interpreter or activate line as text", show=False),
    Binding("r", "rescan", "Rescan: look at the machine again", show=False),
    Binding("A", "add_store", "Add folders of environments to the stores", show=False),
)

# Wherever one is, also in a dialog.
SUSPEND = Binding(
    "ctrl+z", "app.suspend_process", "To the background: fg continues", show=False, priority=True
)

PROGRAM = (
    Binding("colon", "command_palette", "Commands", key_display=":", show=False),
    Binding("question_mark", "help", "Keys", key_display="?"),
    Binding("escape", "back", "One step back", show=False),
    SUSPEND,
    Binding("q", "app.quit", "Quit"),
)

WIDE_ONLY = frozenset({"copy", "pin", "undo", "trash", "log"})
"""Actions that the footer names only where there is room."""

# Of the dialogs, which have no footer: they show their keys themselves.

SCROLL = (
    Binding("j,down", "scroll(1)", "Down", show=False),
    Binding("k,up", "scroll(-1)", "Up", show=False),
    Binding("pagedown,ctrl+f", "page(1)", "A screen down", show=False),
    Binding("pageup,ctrl+b", "page(-1)", "A screen up", show=False),
    Binding("g,home", "edge(False)", "Top", show=False),
    Binding("G,end", "edge(True)", "End", show=False),
)

PLAN = (
    Binding("y", "yes", "Do it", show=False),
    Binding("n,escape,q", "no", "Leave everything as it is", show=False),
    Binding("f", "free", "Free now instead of keeping it in the trash", show=False),
    Binding("c", "clean", "Clean the freed packages out of uv's cache too", show=False),
)

PROPOSAL = (
    *PLAN[:2],
    Binding("h", "hide", "Hide a new link from git", show=False),
    Binding("t", "trust", "Run code of another user's project", show=False),
)

LINK = (
    Binding("slash", "type('/')", "Type a directory; Tab completes it", show=False),
    Binding("tilde", "type('~')", "The same, below HOME", show=False),
    Binding("s", "share", "Share: it keeps the projects that it has", show=False),
    Binding("u", "unlink", "Unlink: it belongs to no project", show=False),
    Binding("escape,q,R", "leave", "Back to the list", show=False),
)

LOG = (
    Binding("y", "copy_command", "Copy the command", show=False),
    Binding("Y", "copy_output", "Copy all of its output", show=False),
    Binding("X", "stop", "Stop what is being done", show=False),
    Binding("escape,q,at", "leave", "Back to the list", show=False),
)

TRASH = (
    Binding("r,enter", "restore", "Have it back", show=False),
    Binding("f", "free", "Free it now", show=False),
    Binding("F", "free_all", "Free all of the trash now", show=False),
    Binding("escape,q,E", "leave", "Back to the list", show=False),
)

SECTIONS = (
    ("Move", MOVE),
    ("Find", FIND),
    ("Mark", MARK),
    ("Change", CHANGE),
    ("Delete", DELETE),
    ("While it works, and after", WORK),
    ("Do", DO),
    ("venvdash", PROGRAM),
    ("In a plan", PLAN),
    ("Where it is linked", LINK),
    ("In the log", LOG),
    ("In the trash", TRASH),
)
