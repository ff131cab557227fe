"""Every key of the dashboard, in the groups that the help shows."""

from textual.binding import Binding

_DISPLAYS = {
    "at": "@",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "colon": ":",
    "enter": "⏎",
    "question_mark": "?",
    "equals_sign": "=",
    "minus": "-",
    "slash": "/",
    "space": "Space",
}

KEY_NAMES = {
    "end": "End",
    "esc": "Esc",
    "f2": "F2",
    "home": "Home",
    "pgdn": "PgDn",
    "pgup": "PgUp",
}
"""What keys are called here that Textual calls otherwise."""

# Keys (Textual's names, separated by commas), action, meaning; and for those that the footer
# shows, what it says in a tooltip.
_Row = tuple[str, str, str] | tuple[str, str, str, str] | Binding


def _bindings(*rows: _Row) -> tuple[Binding, ...]:
    return tuple(row if isinstance(row, Binding) else _binding(*row) for row in rows)


def _binding(keys: str, action: str, meaning: str, tooltip: str | None = None) -> Binding:
    display = _DISPLAYS.get(keys)
    shown = tooltip is not None
    return Binding(keys, action, meaning, shown, display, tooltip=tooltip or "")


MOVE = _bindings(
    ("up,k", "cursor(-1)", "Up"),
    ("down,j", "cursor(1)", "Down"),
    ("pageup,ctrl+b", "page(-1)", "Page up"),
    ("pagedown,ctrl+f", "page(1)", "Page down"),
    ("home,g", "first", "First"),
    ("end,G", "last", "Last"),
    ("enter", "choose", "Details", "Everything known about it"),
)

FIND = _bindings(
    ("slash", "filter", "Filter", "Show only matching environments"),
    ("1", "view('all')", "All environments"),
    ("2", "view('orphans')", "Orphans"),
    ("3", "view('unknown')", "Unknown"),
    ("4", "view('replaced')", "Replaced"),
    ("5", "view('other')", "Stores, problems and other findings"),
    ("i", "pane", "Show or hide the details pane"),
    ("right_square_bracket", "tab(1)", "Next tab of the details: packages, user files"),
    ("left_square_bracket", "tab(-1)", "Previous tab of the details"),
    ("J", "scroll_pane(1)", "Scroll the details pane down"),
    ("K", "scroll_pane(-1)", "Scroll the details pane up"),
)

SORT = _bindings(
    ("N", "sort('name')", "By name; again: reverse"),
    ("B", "sort('reclaimable')", "By reclaimable bytes"),
    ("Z", "sort('size')", "By size"),
    ("U", "sort('used')", "By last use"),
    ("T", "sort('status')", "By status"),
    ("V", "sort('python')", "By Python version"),
    ("F", "sort('files')", "By number of files"),
    ("less_than_sign", "sort_column(-1)", "By the previous column"),
    ("greater_than_sign", "sort_column(1)", "By the next column"),
    ("I", "invert", "Reverse the order"),
)

GROUP = _bindings(
    ("b", "group_menu", "Group", "Group by project, store, status or Python"),
    ("left,h", "fold(True)", "Fold the group, or go to its line"),
    ("right,l", "fold(False)", "Unfold the group, or go into it"),
    ("minus", "fold_all(True)", "Fold all groups"),
    ("equals_sign", "fold_all(False)", "Unfold all groups"),
)

MARK = _bindings(
    ("space", "mark", "Mark", "Mark it and move down"),
    ("v", "mark_range", "Mark a range: press at its start and end"),
    ("a", "mark_all", "Mark all shown, or none"),
    ("x", "mark_rule", "Mark by a rule: orphans, unused for …"),
)

CHANGE = _bindings(
    ("s", "shell", "Shell", "Open a shell with the environment active"),
    ("S", "sync", "Sync", "Show what uv would change, then confirm"),
    ("R", "relink", "Relink", "Link it to a project"),
    ("n", "new", "New", "Create an environment"),
    ("c", "copy", "Copy", "Copy it under another name"),
    ("f2", "rename", "Rename"),
    ("m", "move", "Move to another store"),
    ("e", "edit", "Open its project in your editor"),
    ("p", "pin", "Pin", "Pin or unpin it: rules skip pinned ones"),
    ("w", "note", "Write a note about it"),
)

DELETE = _bindings(
    ("d", "delete", "Delete", "Show the plan, then confirm"),
    ("P", "prune", "Prune", "Show the plan for all orphans, then confirm"),
    ("u", "undo", "Undo", "Undo the newest change"),
    ("E", "trash", "Trash", "Restore or delete permanently"),
)

WORK = _bindings(
    ("X", "stop", "Stop the current job and cancel the queue"),
    ("ctrl+c", "interrupt", "The same"),
    ("at", "log", "Log", "All messages, and commands with their output"),
)

DO = _bindings(
    ("o", "open_folder", "Open its folder"),
    ("y", "clip", "Copy its path, interpreter or activation command"),
    ("r", "rescan", "Rescan"),
    ("A", "add_store", "Add folders of environments to the stores"),
)

# Wherever one is, also in a dialog.
SUSPEND = Binding("ctrl+z", "app.suspend_process", "Suspend: fg resumes", show=False, priority=True)

PROGRAM = _bindings(
    ("colon", "command_palette", "Commands"),
    ("question_mark", "help", "Keys", ""),
    ("escape", "back", "Back"),
    SUSPEND,
    ("q", "app.quit", "Quit", ""),
)

# What the footer shows first; where there is no room, the last are left out.
FOOTER_ORDER = (
    *("choose", "filter", "mark", "delete", "shell", "sync", "relink"),
    *("undo", "trash", "copy", "log", "pin", "prune", "group_menu", "new"),
)
FOOTER_RIGHT = frozenset({"help", "app.quit"})
"""Actions that the footer always shows, at its right end."""

ON_ENVIRONMENTS = frozenset({"mark", "shell", "sync", "relink", "copy", "pin"})
"""Actions of the footer that need an environment under the cursor."""

ON_ONE = frozenset({"shell", "copy"})
"""Actions of the footer that are not for several environments."""

# Of the dialogs, which have no footer: they show their keys themselves.

SCROLL = _bindings(
    ("j,down", "scroll(1)", "Down"),
    ("k,up", "scroll(-1)", "Up"),
    ("pagedown,ctrl+f", "page(1)", "Page down"),
    ("pageup,ctrl+b", "page(-1)", "Page up"),
    ("g,home", "edge(False)", "Top"),
    ("G,end", "edge(True)", "End"),
)

PLAN = _bindings(
    ("y", "yes", "Confirm what can be undone"),
    ("n,escape,q", "no", "Cancel"),
    ("t", "to_trash", "Move to the trash"),
    ("f", "free", "Delete permanently"),
    ("c", "clean", "Also remove packages from uv's cache that nothing else uses"),
)

PROPOSAL = _bindings(
    ("y", "yes", "Confirm"),
    PLAN[1],
    ("h", "hide", "Exclude a new link from git"),
    ("t", "trust", "Allow code from another user's project to run"),
)

_DIRECTORY = _bindings(
    ("slash", "type('/')", "Type a directory; Tab completes it"),
    ("tilde", "type('~')", "Type a directory in your home directory"),
)

MOVE_TO = _bindings(*_DIRECTORY, ("escape,q,m", "leave", "Back to the list"))

LINK = _bindings(
    *_DIRECTORY,
    ("s", "share", "Share: keep its other projects"),
    ("u", "unlink", "Unlink it from its projects"),
    ("escape,q,R", "leave", "Back to the list"),
)

LOG = _bindings(
    ("y", "copy_command", "Copy the message or command"),
    ("Y", "copy_output", "Copy its output"),
    ("X", "stop", "Stop the current job"),
    ("escape,q,at", "leave", "Back to the list"),
)

TRASH = _bindings(
    ("space", "mark", "Mark it and move down"),
    ("a", "mark_all", "Mark all, or none"),
    ("r,enter", "restore", "Restore what is marked, or at the cursor"),
    ("f", "free", "Delete that permanently"),
    ("F", "free_all", "Delete everything in the trash permanently"),
    ("less_than_sign", "sort_column(-1)", "Sort by the previous column"),
    ("greater_than_sign", "sort_column(1)", "Sort by the next column"),
    ("I", "invert", "Reverse the order"),
    ("escape,q,E", "leave", "Back to the list"),
)

# Of the details, where they have the focus.

DETAILS = _bindings(
    ("escape", "screen.back", "List", "Back to the list"),
    ("right_square_bracket", "screen.tab(1)", "Next tab", "Overview, packages, user files"),
)

PACKAGES = _bindings(
    ("enter", "screen.where_else", "Where else", "List the environments that have it"),
    ("slash", "filter", "Filter", "Show only matching packages"),
    ("y", "copy_name", "Copy name", "Copy its name and version"),
    ("N", "sort('name')", "By name; again: reverse"),
    ("Z", "sort('size')", "By size"),
    ("T", "sort('source')", "By source"),
    ("V", "sort('version')", "By version"),
    ("I", "invert", "Reverse the order"),
)

USER_FILES = _bindings(
    ("o", "screen.open_folder", "Open folder", "Open the folder that it lies in"),
    ("y", "copy_path", "Copy path", "Copy its path"),
    ("N", "sort('name')", "By name; again: reverse"),
    ("Z", "sort('size')", "By size"),
    ("U", "sort('used')", "By the time of its last change"),
    ("I", "invert", "Reverse the order"),
)

MAIN_SECTIONS = (
    ("Move", MOVE),
    ("Find", FIND),
    ("Sort", SORT),
    ("Group", GROUP),
    ("Mark", MARK),
    ("Change", CHANGE),
    ("Delete", DELETE),
    ("Jobs", WORK),
    ("More", DO),
    ("venvdash", PROGRAM),
)
DETAIL_SECTIONS = (
    ("In the details", DETAILS),
    ("Packages", PACKAGES),
    ("User files", USER_FILES),
)
DIALOG_SECTIONS = (
    ("In a dialog", PLAN),
    ("When relinking", LINK),
    ("In the log", LOG),
    ("In the trash", TRASH),
)
