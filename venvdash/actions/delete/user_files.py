"""What no rule ever picks: what holds files of the user's own, or may be in use unseen."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from venvdash.actions.delete.plan import used_lately
from venvdash.formats import user_files_in_words
from venvdash.model import Flag, Row

Measure = Callable[[Sequence[Row]], Mapping[Path, Row]]


def why_not_by_rule(row: Row) -> str:
    """Return why no rule may pick a measured row, a sentence; "" where one may.

    What deletes an alias deletes nothing that lies in it.
    """
    if row.environment.target is not None:
        return ""
    if Flag.SHARED in row.environment.flags and used_lately(row):
        return (
            "It was used in the last 14 days, and processes on other computers cannot be checked. "
            "To delete it, name it explicitly."
        )
    user_files = row.usage.user_files if row.usage is not None else None
    if user_files is None:
        return "Cannot check whether it contains your own files. To delete it, name it explicitly."
    if user_files.count:
        return (
            f"It contains your own files, {user_files_in_words(user_files)}. To delete it, name "
            "it explicitly."
        )
    return ""


def held(rows: Sequence[Row], measure: Measure) -> dict[Path, str]:
    """Return for each row that no rule may pick why not; ``measure`` what is not known yet."""
    unknown = [row for row in rows if row.usage is None or row.usage.user_files is None]
    measured = measure(unknown) if unknown else {}
    reasons = {row.path: why_not_by_rule(measured.get(row.path, row)) for row in rows}
    return {path: reason for path, reason in reasons.items() if reason}
