"""What no rule ever picks: what holds files of the user's own, or may be in use unseen."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.actions.plan import used_lately
from venvdash.model import Flag, Row
from venvdash.session.words import user_files_in_words

if TYPE_CHECKING:
    from venvdash.session.core import Session


def why_not_by_rule(row: Row) -> str:
    """Return why no rule may pick a measured row, a sentence; "" where one may.

    What deletes an alias deletes nothing that lies in it.
    """
    if row.environment.target is not None:
        return ""
    if Flag.SHARED in row.environment.flags and used_lately(row):
        return (
            "Processes on other computers cannot be seen, and it was used in the last 14 days:"
            " delete it by its name."
        )
    found = row.usage.user_files if row.usage is not None else None
    if found is None:
        return "Nobody could look whether it holds files of your own: delete it by its name."
    if found.count:
        return f"It holds files of your own, {user_files_in_words(found)}: delete it by its name."
    return ""


def held(
    session: "Session", rows: Sequence[Row], cancel: threading.Event | None
) -> dict[Path, str]:
    """Return for each row that no rule may pick why not; what is not known yet is measured."""
    unknown = [row for row in rows if row.usage is None or row.usage.user_files is None]
    measured = session.measured(unknown, cancel) if unknown else {}
    reasons = {row.path: why_not_by_rule(measured.get(row.path, row)) for row in rows}
    return {path: reason for path, reason in reasons.items() if reason}
