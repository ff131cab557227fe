"""`venvdash undo`: undo the newest change, or one of the history."""

import sys

import click

from venvdash.actions.events import Finished
from venvdash.actions.history.undo import UndoPlan
from venvdash.cli import output
from venvdash.cli.changes import changing
from venvdash.cli.common import fail, interrupted, session, warn
from venvdash.cli.plans import results_json
from venvdash.model import Outcome
from venvdash.presentation.history import undone
from venvdash.session import Session
from venvdash.text import visible


@click.command("undo", short_help="Undo the newest change, or one of the history.")
@click.argument("number", metavar="[NUMBER]", required=False, type=click.IntRange(min=1))
@changing
@click.pass_obj
def command(records: bool, number: int | None, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Undo the newest change that can be undone, of whatever session.

    NUMBER is another change, as `venvdash history` numbers them. A deletion is restored from the
    trash; a restore or a copy goes back to the trash; a relink, rename or move is reversed. A
    change whose result has been changed since is undone only after a question, or with --yes.
    """
    opened = session(records=records, changing=True)
    for sentence in opened.tidy():
        warn(sentence)
    plan = opened.plan_undo(number)
    if isinstance(plan, str):
        fail(plan, 1)
    if not as_json:
        _show(plan)
    may = _allowed(plan, dry_run=dry_run, yes=yes)
    if as_json:
        (output.begin_json if may else output.print_json)(plan_json(plan))
    if plan.refusal:
        fail(f"change {plan.change.number} cannot be undone. {plan.refusal}", 2)
    if may:
        _carry_out(opened, plan, as_json=as_json)
    elif not dry_run:
        fail("nothing was changed. Use `--yes` to continue without confirmation.", 2)


def _show(plan: UndoPlan) -> None:
    click.echo(f"Undoing change {plan.change.number}, {plan.change.action}:", err=True)
    for sentence in plan.says:
        click.echo(f"  {sentence}", err=True)
    for sentence in plan.warns:
        click.echo(f"  ! {sentence}", err=True)


def _allowed(plan: UndoPlan, *, dry_run: bool, yes: bool) -> bool:
    """Return whether to go on; asks where something would be lost."""
    return not (dry_run or plan.refusal) and (yes or not plan.warns or _asked())


def _carry_out(opened: Session, plan: UndoPlan, *, as_json: bool) -> None:
    output.acting()
    finished = Finished(())
    with interrupted() as cancel:
        for event in opened.undo(plan, cancel):
            if isinstance(event, Finished):
                finished = event
    if as_json:
        output.end_json({"results": results_json(finished.results)})
    for result in finished.results:
        if result.outcome is not Outcome.DONE:
            warn(f"{result.name}: {result.outcome}: {result.reason}")
        elif not as_json:
            more = f" {visible(result.reason)}" if result.reason else ""
            click.echo(f"{undone(plan.change, result, opened.machine.home)}{more}")
    if any(result.outcome is not Outcome.DONE for result in finished.results):
        raise click.exceptions.Exit(1)


def _asked() -> bool:
    """Ask whether to go on; False where there is nobody to ask."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    try:
        return click.confirm("Continue?", default=False, err=True)
    except click.Abort:
        click.echo(err=True)
        return False


def plan_json(plan: UndoPlan) -> dict[str, object]:
    """Return what undoing a change would do, as JSON shows it."""
    return {
        "number": plan.change.number,
        "action": plan.change.action.value,
        "says": list(plan.says),
        "warns": list(plan.warns),
        "refusal": plan.refusal or None,
    }
