"""`venvdash undo`: undo the newest change, or one of the history."""

from collections.abc import Iterator
from pathlib import Path

import click

from venvdash.actions.history.undo import UndoPlan
from venvdash.cli import prompts
from venvdash.cli.common import fail, session
from venvdash.cli.pipeline import Job, changing, run
from venvdash.presentation.document import Line, Piece, plain, warning
from venvdash.presentation.history import undone
from venvdash.presentation.roles import Role
from venvdash.text import visible, with_tilde


class _ChangeNumber(click.IntRange):
    name = "number of a change"


@click.command("undo", short_help="Undo the newest change, or one of the history.")
@click.argument("number", metavar="[NUMBER]", required=False, type=_ChangeNumber(min=1))
@changing
@click.pass_obj
def command(records: bool, number: int | None, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Undo the newest change that can be undone, or change NUMBER of the history.

    Changes of earlier sessions count, too; `venvdash history` shows them all. What was deleted is
    restored from the trash. A copy or a restored environment goes back to the trash. A relink,
    rename or move is reversed. If the result has been changed since, venvdash asks first.
    """
    opened = session(records=records, changing=True, tidy=True)
    plan = opened.plan_undo(number)
    if isinstance(plan, str):
        fail(plan, 1)
    job = Job(
        lines=_lines(plan, opened.machine.home),
        plan={
            "number": plan.change.number,
            "action": plan.change.action.value,
            "says": list(plan.says),
            "warns": list(plan.warns),
            "refusal": plan.refusal or None,
        },
        possible=int(not plan.refusal),
        refused=int(bool(plan.refusal)),
        ask=lambda: not plan.warns or prompts.confirm("Continue?"),
        work=lambda cancel: opened.actions.undo(plan, cancel),
        done=lambda one: (
            undone(plan.change, one, opened.machine.home)
            + (f" {visible(one.reason)}" if one.reason else "")
        ),
    )
    raise click.exceptions.Exit(run(job, dry_run=dry_run, yes=yes, as_json=as_json))


def _lines(plan: UndoPlan, home: Path) -> Iterator[Line]:
    """Yield what would be done, and what is lost by it, or why it cannot be."""
    head = f"Undoing change {plan.change.number}, {plan.change.action}:"
    yield Line((Piece(head, Role.STRONG),))
    yield from (plain(f"  {with_tilde(sentence, home)}") for sentence in plan.says)
    yield from (warning("  ", "! ", with_tilde(sentence, home)) for sentence in plan.warns)
    if plan.refusal:
        yield warning("  ", "Cannot be undone: ", with_tilde(visible(plan.refusal), home))
