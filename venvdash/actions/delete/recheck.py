"""The look at projects right before a plan to delete is carried out.

A plan may have been shown for minutes: meanwhile somebody may have moved a project back, or
anywhere. What a rule has picked, and what is to be freed at once, is searched for once more, in
all places; that reads the directories that have changed only. What was named or marked by hand
goes to the trash: for that the likeliest places are read again, and where the search has not just
ended, it goes on afterwards and restores what it finds (``Searches.owed``).
"""

import threading
from collections.abc import Generator
from pathlib import Path

from venvdash.actions.delete.shared_searches import Searches, held_by, lost, sought
from venvdash.actions.events import ActionEvent, Searching
from venvdash.model import Plan, Row


def recheck(
    searches: Searches, plan: Plan, *, now: bool, cancel: threading.Event | None
) -> Generator[ActionEvent, None, dict[Path, str]]:
    """Tell how far the search is; return why environments of the plan must stay, by their paths.

    ``now``: they are to be freed at once. ``cancel`` ends the search: then nothing may go.
    """
    held = {item.row.path: item.unsearched for item in plan.items if now and item.unsearched}
    rows = [item.row for item in plan.items if item.row.path not in held]
    if not (now or plan.by_rule):
        return searches.recheck(rows)
    wanted = sought(rows) if plan.by_rule else lost(rows)
    return held | (yield from _searched(searches, wanted, cancel)) if wanted else held


def _searched(
    searches: Searches, rows: list[Row], cancel: threading.Event | None
) -> Generator[ActionEvent, None, dict[Path, str]]:
    search = searches.again(rows)
    for progress in search.watch(cancel):
        yield Searching(progress.place, progress.directories)
    findings = search.findings
    yield from searches.take(search)
    reasons = {row.path: held_by(findings, row) for row in rows}
    return {path: reason for path, reason in reasons.items() if reason}
