"""Every key of the dashboard, in the groups that the help shows."""

from textual.binding import Binding

MOVE = (
    Binding("up,k", "cursor(-1)", "Up", show=False),
    Binding("down,j", "cursor(1)", "Down", show=False),
    Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
    Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
    Binding("home,g", "first", "First", show=False),
    Binding("end,G", "last", "Last", show=False),
    Binding("enter", "choose", "Details", key_display="⏎", tooltip="Everything known about it"),
)

FIND = (
    Binding(
        "slash", "filter", "Filter", key_display="/", tooltip="Show only matching environments"
    ),
    Binding("1", "view('all')", "All environments", show=False),
    Binding("2", "view('orphans')", "Orphans", show=False),
    Binding("3", "view('unknown')", "Unknown", show=False),
    Binding("4", "view('replaced')", "Replaced", show=False),
    Binding("5", "view('other')", "Stores, problems and other findings", show=False),
    Binding("less_than_sign", "sort_column(-1)", "Sort by the previous column", show=False),
    Binding("greater_than_sign", "sort_column(1)", "Sort by the next column", show=False),
    Binding("i", "invert", "Reverse the sort order", show=False),
)

MARK = (
    Binding("space", "mark", "Mark", key_display="Space", tooltip="Mark it and move down"),
    Binding("v", "mark_range", "Mark a range: press at its start and end", show=False),
    Binding("a", "mark_all", "Mark all shown, or none", show=False),
    Binding("x", "mark_rule", "Mark by a rule: orphans, unused for …", show=False),
)

CHANGE = (
    Binding("s", "shell", "Shell", tooltip="Open a shell with the environment active"),
    Binding("S", "sync", "Sync", tooltip="Show what uv would change, then confirm"),
    Binding("R", "relink", "Relink", tooltip="Link it to a project"),
    Binding("c", "copy", "Copy", tooltip="Copy it under another name"),
    Binding("f2", "rename", "Rename", show=False),
    Binding("m", "move", "Move to another store", show=False),
    Binding("e", "edit", "Open its project in your editor", show=False),
    Binding("p", "pin", "Pin", tooltip="Pin or unpin it: rules skip pinned ones"),
    Binding("n", "note", "Write a note about it", show=False),
)

DELETE = (
    Binding("d", "delete", "Delete", tooltip="Show the plan, then confirm"),
    Binding("u", "undo", "Undo", tooltip="Undo the newest change"),
    Binding("E", "trash", "Trash", tooltip="Restore or delete permanently"),
)

WORK = (
    Binding("X", "stop", "Stop the current job and cancel the queue", show=False),
    Binding("ctrl+c", "interrupt", "The same", show=False),
    Binding(
        "at", "log", "Log", key_display="@", tooltip="Commands that were run, and their output"
    ),
)

DO = (
    Binding("o", "open_folder", "Open its folder", show=False),
    Binding("y", "clip", "Copy its path, interpreter or activation command", show=False),
    Binding("r", "rescan", "Rescan", show=False),
    Binding("A", "add_store", "Add folders of environments to the stores", show=False),
)

# Wherever one is, also in a dialog.
SUSPEND = Binding("ctrl+z", "app.suspend_process", "Suspend: fg resumes", show=False, priority=True)

PROGRAM = (
    Binding("colon", "command_palette", "Commands", key_display=":", show=False),
    Binding("question_mark", "help", "Keys", key_display="?"),
    Binding("escape", "back", "Back", show=False),
    SUSPEND,
    Binding("q", "app.quit", "Quit"),
)

WIDE_ONLY = frozenset({"copy", "pin", "undo", "trash", "log"})
"""Actions that the footer names only where there is room."""

# Of the dialogs, which have no footer: they show their keys themselves.

SCROLL = (
    Binding("j,down", "scroll(1)", "Down", show=False),
    Binding("k,up", "scroll(-1)", "Up", show=False),
    Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
    Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
    Binding("g,home", "edge(False)", "Top", show=False),
    Binding("G,end", "edge(True)", "End", show=False),
)

PLAN = (
    Binding("y", "yes", "Confirm", show=False),
    Binding("n,escape,q", "no", "Cancel", show=False),
    Binding("f", "free", "Delete permanently instead of using the trash", show=False),
    Binding(
        "c", "clean", "Also remove packages from uv's cache that nothing else uses", show=False
    ),
)

PROPOSAL = (
    *PLAN[:2],
    Binding("h", "hide", "Exclude a new link from git", show=False),
    Binding("t", "trust", "Allow code from another user's project to run", show=False),
)

LINK = (
    Binding("slash", "type('/')", "Type a directory; Tab completes it", show=False),
    Binding("tilde", "type('~')", "Type a directory in your home directory", show=False),
    Binding("s", "share", "Share: keep its other projects", show=False),
    Binding("u", "unlink", "Unlink it from its projects", show=False),
    Binding("escape,q,R", "leave", "Back to the list", show=False),
)

LOG = (
    Binding("y", "copy_command", "Copy the command", show=False),
    Binding("Y", "copy_output", "Copy its output", show=False),
    Binding("X", "stop", "Stop the current job", show=False),
    Binding("escape,q,at", "leave", "Back to the list", show=False),
)

TRASH = (
    Binding("r,enter", "restore", "Restore", show=False),
    Binding("f", "free", "Delete permanently", show=False),
    Binding("F", "free_all", "Delete everything in the trash permanently", show=False),
    Binding("escape,q,E", "leave", "Back to the list", show=False),
)

SECTIONS = (
    ("Move", MOVE),
    ("Find", FIND),
    ("Mark", MARK),
    ("Change", CHANGE),
    ("Delete", DELETE),
    ("Jobs", WORK),
    ("More", DO),
    ("venvdash", PROGRAM),
    ("In a dialog", PLAN),
    ("When relinking", LINK),
    ("In the log", LOG),
    ("In the trash", TRASH),
)
