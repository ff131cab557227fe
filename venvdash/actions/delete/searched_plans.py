"""Plans to delete, made once the projects of orphans were searched for, or while that goes on."""

import shlex
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from venvdash.actions.delete.deletions import Deletions
from venvdash.actions.delete.project_search import Tell, lost
from venvdash.actions.delete.prune import Offer, Rules, candidates, pruned
from venvdash.model import Plan, Refusal, Status
from venvdash.model.plans import SEARCHING
from venvdash.text import visible


def of_rules(
    deletions: Deletions,
    rules: Rules,
    cancel: threading.Event | None,
    tell: Tell,
) -> Plan:
    """Return the plan for what rules pick; what is held is among what it leaves alone."""
    offers = candidates(deletions, pruned(deletions.table, rules), cancel, tell)
    held = [Refusal(one.row.path, one.row.name, _why_held(one)) for one in offers if one.held]
    paths = [one.row.path for one in offers if not one.held]
    report = deletions.searches.report(one.row.path for one in offers)
    return deletions.plan(
        paths, cancel, held, by_rule=True, completed=lambda plan: replace(plan, search=report)
    )


def _why_held(offer: Offer) -> str:
    """Return why a rule does not take it; where its project was found, also what can be done."""
    verdict, name = offer.row.verdict, shlex.quote(visible(offer.row.name))
    if verdict.status is not Status.MOVED or offer.held != verdict.reason:
        return offer.held
    if verdict.place is None:
        return f"{offer.held} Run `venvdash delete {name}` to delete it anyway."
    relink = f"venvdash relink {name} {shlex.quote(visible(verdict.place))}"
    return (
        f"{offer.held} Run `{relink}` to keep it for that project, or `venvdash delete "
        f"{name}` to delete it."
    )


def of_named(
    deletions: Deletions,
    paths: Sequence[Path],
    cancel: threading.Event | None,
    *,
    tell: Tell,
    early: bool,
    by_rule: bool,
) -> Plan:
    """Return the plan for environments that somebody named or marked.

    Where the project of an orphan was found, its name must be typed: it was named for what the
    list said of it, which was wrong. One whose project may lie where nobody could search goes to
    the trash, if anywhere. ``by_rule``: some were marked by a rule.
    """
    table, searches = deletions.table, deletions.searches
    rows = [table.rows[path] for path in paths if path in table.rows]
    wanted = [*lost(rows), *searches.found(rows)]
    found: dict[Path, str] = {}
    doubts: dict[Path, str] = {}
    report = None
    if wanted:
        search = searches.covering(wanted)
        if early and not search.over:
            doubts = dict.fromkeys((row.path for row in wanted), SEARCHING)
        else:
            findings = search.wait(cancel, tell)
            for _ in searches.take(search):
                """The environments have changed; they are read again."""
            report = findings.report
            for row in wanted:
                hit = findings.hits.get(row.path)
                if hit is not None:
                    found[row.path] = hit.news
                else:
                    doubts[row.path] = findings.held(row.environment)

    def completed(plan: Plan) -> Plan:
        """Say why names must be typed, and what was not searched."""
        items = tuple(
            replace(
                item,
                confirm=found.get(item.row.path, item.confirm),
                unsearched=doubts.get(item.row.path, ""),
            )
            for item in plan.items
        )
        return replace(plan, items=items, by_rule=by_rule, search=report)

    return deletions.plan(paths, cancel, completed=completed)
