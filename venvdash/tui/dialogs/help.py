"""The keys, made from the bindings, and what the words on the screen mean."""

from textual.app import App
from textual.content import Content

from venvdash.presentation.meanings import FLAG_MEANINGS, STATUS_MEANINGS
from venvdash.tui.cells import STATUS_MARKS
from venvdash.tui.dialogs.text_dialog import TextDialog
from venvdash.tui.keys import SECTIONS

_WORDS = (
    ("Size", "size on disk, including what it shares with others"),
    ("Reclaimable", "what deleting it frees; shared files stay"),
    ("≤", "at most: the file system reports no exact figure"),
    ("+Cache", "what then stays in uv's cache"),
    ("Used", "time since it was last used"),
    ("≥", "at least: together they may free more"),
)


def _line(key: str, meaning: str) -> Content:
    return Content.assemble("  ", (f"{key:<14}", "bold"), meaning)


def help_text(app: App[int]) -> Content:
    """Return every key with what it does, then the marks and words of the list."""
    lines: list[Content] = []
    for title, bindings in SECTIONS:
        lines.append(Content.styled(title, "bold $text-primary"))
        for binding in bindings:
            keys = [app.get_key_display(single) for single in binding.make_bindings([binding])]
            more = binding.tooltip
            meaning = f"{binding.description}: {more[0].lower()}{more[1:]}" if more else ""
            lines.append(_line(" ".join(keys), meaning or binding.description))
        lines.append(Content(""))
    lines.append(Content.styled("Status", "bold $text-primary"))
    lines += [
        _line(f"{mark} {status.value}", STATUS_MEANINGS[status])
        for status, mark in STATUS_MARKS.items()
    ]
    lines += [Content(""), Content.styled("Flags", "bold $text-primary")]
    lines += [_line(flag.value, meaning) for flag, meaning in FLAG_MEANINGS.items()]
    lines.append(_line("here", "belongs to the current directory's project"))
    lines += [Content(""), Content.styled("Columns", "bold $text-primary")]
    lines += [_line(word, meaning) for word, meaning in _WORDS]
    return Content("\n").join(lines)


def help_screen(app: App[int]) -> TextDialog:
    """Return the screen that `?` opens."""
    return TextDialog("Keys", help_text(app))
