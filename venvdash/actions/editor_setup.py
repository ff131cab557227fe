"""Writing a project's environment into the settings that VS Code and its derivatives read.

For projects in which no link to the environment may lie. ``.vscode/settings.json`` is JSON with
comments: one value is replaced or added, and every other byte stays.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.errors import ChangedError
from venvdash.actions.relink.gitignore import exclusion
from venvdash.actions.safety.file_swap import of_edit, put
from venvdash.model import Edit
from venvdash.scanner.projects.editor_settings import SETTING
from venvdash.system.files import UnreadableError, own_uid, read_regular
from venvdash.system.machine import Machine
from venvdash.text import because

_KEY = "python.defaultInterpreterPath"
_LIMIT = 1024 * 1024  # bytes
_OPENING = re.compile(r"(?:\s|//[^\n]*\n|/\*.*?\*/)*\{", re.DOTALL)
_EMPTY = re.compile(r"(?:\s|//[^\n]*\n|/\*.*?\*/)*\}", re.DOTALL)


class SetupError(Exception):
    """The settings cannot be written; the text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class EditorSetup:
    """What is written: the settings, and where needed the pattern that hides them from git.

    ``existed``: there are settings already, which git may track.
    """

    settings: Edit
    exclude: Edit | None
    existed: bool

    @property
    def needed(self) -> bool:
        """Whether the settings name another interpreter, or none."""
        return self.settings.before != self.settings.after


def plan(project: Path, python: Path, machine: Machine) -> EditorSetup:
    """Return how to name ``python`` in the settings of a project. Raises SetupError."""
    file = project / ".vscode" / "settings.json"
    if file.parent.is_symlink():
        raise SetupError(f"{file.parent} is a link, so the settings lie elsewhere.")
    try:
        before: str | None = read_regular(file, _LIMIT, owner=own_uid()).decode()
    except FileNotFoundError:
        before = None
    except (OSError, UnreadableError, UnicodeDecodeError) as error:
        raise SetupError(f"{file}: {because(error)}.") from error
    after = with_interpreter(before, str(python))
    if after is None:
        raise SetupError(f"{file} is not a JSON object. Add this to it: {_line(str(python))}")
    edit = Edit(file, before, after)
    return EditorSetup(edit, exclusion(file, machine), existed=before is not None)


def with_interpreter(text: str | None, python: str) -> str | None:
    """Return the text of settings with an interpreter, None where ``text`` is no JSON object."""
    if text is None or not text.strip():
        return f"{{\n    {_line(python)}\n}}\n"
    for match in SETTING.finditer(text):
        if "//" not in match["before"]:
            return text[: match.start("value")] + json.dumps(python) + text[match.end("value") :]
    opening = _OPENING.match(text)
    if opening is None:
        return None
    rest = text[opening.end() :]
    comma = "" if _EMPTY.match(rest) else ","
    return f"{text[: opening.end()]}\n    {_line(python)}{comma}{rest}"


def apply(setup: EditorSetup) -> None:
    """Write the settings, hidden from git first. Raises SetupError; then nothing was written."""
    try:
        if setup.exclude is not None:
            setup.exclude.path.parent.mkdir(exist_ok=True)
            put(of_edit(setup.exclude))
        setup.settings.path.parent.mkdir(exist_ok=True)
        put(of_edit(setup.settings))
    except (ChangedError, OSError) as error:
        raise SetupError(f"The settings were not written: {because(error)}.") from error


def _line(python: str) -> str:
    return f"{json.dumps(_KEY)}: {json.dumps(python)}"
