"""The text shown where a machine has no central environments."""

from collections.abc import Sequence
from pathlib import Path

from textual.content import Content

from venvdash.scanner.discovery.other_folders import EnvironmentFolder
from venvdash.scanner.events import StoreSeen
from venvdash.text import short_path
from venvdash.tui.widgets.other_list import folder_words, why

_WAYS = (
    ("venvdash demo", "create example projects and environments"),
    ("UV_PREVIEW_FEATURES=centralized-project-envs uv sync", "a project environment in uv's cache"),
    ("uv tool install ruff", "an environment for a tool"),
    ("python -m venv ~/.virtualenvs/scratch", "a standalone environment"),
)


def no_environments(
    stores: Sequence[StoreSeen], folders: Sequence[EnvironmentFolder], home: Path | None
) -> Content:
    """Return which stores were searched, and how to get environments.

    ``folders`` hold environments and are no store.
    """
    pieces = [Content.styled("No environments found outside projects.", "bold")]
    if folders:
        pieces.append(Content("\nThese folders contain environments but are not stores:"))
    for folder in folders:
        shown = short_path(folder.path, home)
        about = f"  {folder_words(folder, home)}"
        pieces.append(Content.assemble("  ", (shown, "bold"), (about, "$text-muted")))
    pieces.append(Content("\nTo create some:"))
    for command, what in _WAYS:
        pieces.append(Content.assemble("  ", (command, "bold"), (f"  {what}", "$text-muted")))
    pieces.append(Content("\nSearched (`venvdash stores --add FOLDER` adds another):"))
    for seen in sorted(stores, key=lambda seen: not seen.exists):
        path = short_path(seen.root.path, home)
        pieces.append(Content.assemble("  ", path, (f"  {why(seen)}", "$text-muted")))
    if not stores:
        pieces.append(Content("  no known stores on this machine"))
    return Content("\n").join(pieces)
