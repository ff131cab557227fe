"""Plans to delete, made once the projects of orphans were searched for, or while that goes on."""

import shlex
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from venvdash.model import Item, Plan, Refusal, Status
from venvdash.session.pruning import Offer, Rules, candidates, pruned
from venvdash.session.searching import Tell, lost
from venvdash.text import visible

if TYPE_CHECKING:
    from venvdash.session.core import Session
    from venvdash.session.deleting import Deletions

SEARCHING = "Its project is still being searched for; if it is found, this is restored at once."


def of_rules(
    session: "Session",
    deletions: "Deletions",
    rules: Rules,
    cancel: threading.Event | None,
    tell: Tell,
) -> Plan:
    """Return the plan for what rules pick; what is held is among what it leaves alone."""
    offers = candidates(session, pruned(session, rules), cancel, tell)
    held = [Refusal(one.row.path, one.row.name, _why_held(one)) for one in offers if one.held]
    paths = [one.row.path for one in offers if not one.held]
    report = session.searches.report(one.row.path for one in offers)
    return replace(deletions.plan(paths, cancel, held, by_rule=True), search=report)


def _why_held(offer: Offer) -> str:
    """Return why a rule does not take it; where its project was found, also what can be done."""
    verdict, name = offer.row.verdict, shlex.quote(visible(offer.row.name))
    if verdict.status is not Status.MOVED or verdict.place is None or offer.held != verdict.reason:
        return offer.held
    relink = f"venvdash relink {name} {shlex.quote(visible(verdict.place))}"
    return f"{offer.held} `{relink}` keeps it for that; `venvdash delete {name}` deletes it."


def of_named(
    session: "Session",
    deletions: "Deletions",
    paths: Sequence[Path],
    cancel: threading.Event | None,
    *,
    tell: Tell,
    early: bool,
) -> Plan:
    """Return the plan for environments that somebody named or marked.

    Where the project of an orphan was found, its name must be typed: it was named for what the
    list said of it, which was wrong. One whose project may lie where nobody could search goes to
    the trash, if anywhere.
    """
    wanted = lost(session.rows[path] for path in paths if path in session.rows)
    if not wanted:
        return deletions.plan(paths, cancel)
    search = session.searches.covering(wanted)
    if early and not search.over:
        searching = dict.fromkeys((row.path for row in wanted), SEARCHING)
        return deletions.plan(paths, cancel, mark=_marks({}, searching))
    findings = search.wait(cancel, tell)
    for _ in session.searches.take(search):
        """The rows have changed; the plan reads them again."""
    found = {
        row.path: f"Its project was found. {findings.hits[row.path].reason}"
        for row in wanted
        if row.path in findings.hits
    }
    doubts = {
        row.path: findings.held(row.environment) for row in wanted if row.path not in findings.hits
    }
    plan = deletions.plan(paths, cancel, mark=_marks(found, doubts))
    return replace(plan, search=findings.report)


def _marks(confirm: Mapping[Path, str], unsearched: Mapping[Path, str]) -> Callable[[Item], Item]:
    """Return what adds to an item why its name must be typed, and what was not searched."""

    def marked(item: Item) -> Item:
        path = item.row.path
        return replace(
            item,
            confirm=confirm.get(path, item.confirm),
            unsearched=unsearched.get(path, ""),
        )

    return marked
