"""`venvdash restore`: what was deleted, from the trash or rebuilt from the history."""

from collections.abc import Iterator, Sequence
from threading import Event

import click

from venvdash.actions.events import ActionEvent, Finished
from venvdash.cli.changes import change
from venvdash.cli.common import fail, session
from venvdash.cli.naming import scan
from venvdash.cli.pipeline import Job, not_done, run
from venvdash.cli.trash import hits, named, trash_of
from venvdash.model import Outcome, Result, Trashed
from venvdash.records.history import ChangedEnvironment
from venvdash.session import Session
from venvdash.text import visible

_OTHER_NAME = " Use `--as NAME` to restore it under another name."


@click.command("restore", short_help="Restore deleted environments.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--as", "under", metavar="NAME", help="Restore under another directory name.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask. Only rebuilding asks.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    records: bool, names: tuple[str, ...], under: str | None, yes: bool, as_json: bool
) -> None:
    """Restore environments to their original path, with their projects' links.

    NAME is a name that `venvdash trash` shows, the original path, or the path in the trash. What
    is no longer in the trash is rebuilt by uv from the packages that the history has of it:
    venvdash asks first, and names what cannot be restored.
    """
    if under is not None and len(names) != 1:
        fail("`--as` can be used with one environment only.", 2)
    opened = session(records=records, changing=True, tidy=True)
    trash = trash_of(opened)
    freed = _freed(opened, names, trash)
    if freed:
        if under is not None:
            fail(f"{freed[0].name} is no longer in the trash: it is rebuilt at its own path.", 2)
        raise click.exceptions.Exit(_rebuild(opened, freed, yes=yes, as_json=as_json))
    chosen = [named(opened, name, trash) for name in names]
    job = Job(
        work=lambda cancel: _restored(opened, chosen, under, cancel),
        done=lambda one: f"Restored {visible(one.name)}. {visible(one.reason)}".rstrip(),
        warned=lambda one: not_done(one) + (_OTHER_NAME if _taken(one) and not under else ""),
    )
    raise click.exceptions.Exit(run(job, as_json=as_json))


def _freed(
    opened: Session, names: Sequence[str], trash: Sequence[Trashed]
) -> list[ChangedEnvironment]:
    """Return those that can only be rebuilt; leaves with 2 if others are in the trash."""
    absent = [name for name in names if not hits(opened, name, trash)]
    freed = [one for name in absent if (one := opened.actions.deleted_as(name)) is not None]
    if freed and len(freed) < len(names):
        fail(f"{freed[0].name} is no longer in the trash: rebuild it by itself.", 2)
    return freed


def _rebuild(
    opened: Session, freed: Sequence[ChangedEnvironment], *, yes: bool, as_json: bool
) -> int:
    """Rebuild what was deleted permanently; return the exit status."""
    scan(opened, usage=False)
    proposals = [opened.actions.rebuild(one) for one in freed]
    return run(change(opened, *proposals, asks=True), yes=yes, as_json=as_json)


def _taken(result: Result) -> bool:
    return result.outcome is Outcome.SKIPPED and result.trash is not None


def _restored(
    opened: Session, chosen: Sequence[Trashed], under: str | None, cancel: Event
) -> Iterator[ActionEvent]:
    """Restore one after the other, until cancelled."""
    reason = "Cancelled before it started."
    yield Finished(
        tuple(
            Result(one.original, one.name, Outcome.SKIPPED, reason)
            if cancel.is_set()
            else opened.actions.restore(one, under)
            for one in chosen
        )
    )
