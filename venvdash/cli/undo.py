"""`venvdash undo`: undo the newest change, or one of the history."""

from collections.abc import Iterator, Mapping
from threading import Event

import click

from venvdash.actions.events import ActionEvent
from venvdash.actions.history.undo import UndoPlan
from venvdash.cli import prompts
from venvdash.cli.common import fail, session, warn
from venvdash.cli.pipeline import Job, changing
from venvdash.model import Result
from venvdash.presentation.document import Line, Piece, Role, plain, warning
from venvdash.presentation.history import undone
from venvdash.session import Session
from venvdash.text import visible


@click.command("undo", short_help="Undo the newest change, or one of the history.")
@click.argument("number", metavar="[NUMBER]", required=False, type=click.IntRange(min=1))
@changing
@click.pass_obj
def command(records: bool, number: int | None, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Undo the newest change that can be undone, or change NUMBER of the history.

    Changes of earlier sessions count, too; `venvdash history` shows them all. What was deleted is
    restored from the trash. A copy or a restored environment goes back to the trash. A relink,
    rename or move is reversed. If the result has been changed since, venvdash asks first.
    """
    opened = session(records=records, changing=True)
    for sentence in opened.tidy():
        warn(sentence)
    plan = opened.plan_undo(number)
    if isinstance(plan, str):
        fail(plan, 1)
    job = _Undo(opened, plan)
    raise click.exceptions.Exit(job.run(dry_run=dry_run, yes=yes, as_json=as_json))


class _Undo(Job):
    """Undoes one change; it asks where something would be lost."""

    def __init__(self, opened: Session, plan: UndoPlan) -> None:
        refused = bool(plan.refusal)
        super().__init__(opened, int(not refused), int(refused))
        self._plan = plan

    def lines(self) -> Iterator[Line]:
        """Return what would be done, and what is lost by it, or why it cannot be."""
        plan = self._plan
        head = f"Undoing change {plan.change.number}, {plan.change.action}:"
        yield Line((Piece(head, Role.STRONG),))
        yield from (plain(f"  {sentence}") for sentence in plan.says)
        yield from (warning("  ", "! ", sentence) for sentence in plan.warns)
        if plan.refusal:
            yield warning("  ", "Cannot be undone: ", visible(plan.refusal))

    def plan_json(self) -> Mapping[str, object]:
        """Return what would be done as JSON shows it."""
        plan = self._plan
        return {
            "number": plan.change.number,
            "action": plan.change.action.value,
            "says": list(plan.says),
            "warns": list(plan.warns),
            "refusal": plan.refusal or None,
        }

    def ask(self) -> bool:
        """Ask where something would be lost."""
        return not self._plan.warns or prompts.confirm("Continue?")

    def work(self, cancel: Event) -> Iterator[ActionEvent]:
        """Undo it."""
        return self.opened.undo(self._plan, cancel)

    def done(self, result: Result) -> None:
        """Say what was undone, and what else there is to know."""
        more = f" {visible(result.reason)}" if result.reason else ""
        click.echo(f"{undone(self._plan.change, result, self.opened.machine.home)}{more}")
