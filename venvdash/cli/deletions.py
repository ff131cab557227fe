"""Deletions on the command line, of named environments and of those that rules pick."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from threading import Event

import click

from venvdash.actions.delete.consent import names_to_type, words_to_type
from venvdash.actions.events import ActionEvent, Finished
from venvdash.cli import prompts
from venvdash.cli.common import warn
from venvdash.cli.pipeline import F, Job, changing
from venvdash.cli.searching import finish_search
from venvdash.formats import size
from venvdash.model import Outcome, Plan, Result
from venvdash.presentation.document import Line, plain
from venvdash.presentation.json_values import plan_json
from venvdash.presentation.plans import plan_in_words
from venvdash.session import Session
from venvdash.text import counted


def deleting(function: F) -> F:
    """Give a command the options that everything has that deletes."""
    for option in (
        click.option(
            "--clean-cache",
            is_flag=True,
            help="Also remove packages from uv's cache that nothing else uses.",
        ),
        click.option(
            "--now", is_flag=True, help="Delete permanently instead of moving to the trash."
        ),
    ):
        function = option(function)
    return changing(function)


class Deletion(Job):
    """Deletes what a plan names; ``confirmed`` are names that need not be typed any more."""

    unchanged, agreed = "nothing was deleted", "delete"

    def __init__(
        self,
        opened: Session,
        plan: Plan,
        *,
        now: bool,
        clean_cache: bool,
        confirmed: Collection[str] = (),
    ) -> None:
        super().__init__(opened, len(plan.items), len(plan.refused))
        self._plan, self._now, self._clean_cache = plan, now, clean_cache
        self._names = [name for name in names_to_type(plan) if name not in confirmed]

    def lines(self) -> Iterator[Line]:
        """Return the plan in words, and what becomes of packages in uv's cache."""
        yield from plan_in_words(self._plan, self.opened.machine.home, sums_last=True)
        if self._plan.packages_only_in_cache:
            what = "Removes them" if self._clean_cache else "Use `--clean-cache` to remove them"
            yield plain(f"{what} from uv's cache.")

    def plan_json(self) -> Mapping[str, object]:
        """Return the plan as JSON shows it."""
        return plan_json(self._plan)

    def names(self) -> Sequence[str]:
        """Return the names that were not confirmed."""
        return self._names

    def ask(self) -> bool:
        """Ask yes or no, or to type the names, or the number where that is wanted."""
        what = counted(self.possible, "environment")
        words = self._names
        if not names_to_type(self._plan):
            words = list(words_to_type(self._plan, now=self._now))
        how = "This cannot be undone." if self._now else "Use `venvdash trash restore` to restore."
        if not words:
            return prompts.confirm(f"Delete {what}? {how}")
        if prompts.interactive():
            click.echo(how, err=True)
        return prompts.typed(words, f"delete {what}")

    def work(self, cancel: Event) -> Iterable[ActionEvent]:
        """Carry out the plan."""
        return self.opened.deletions.delete(
            self._plan, now=self._now, clean_cache=self._clean_cache, cancel=cancel
        )

    def done(self, result: Result) -> None:
        """Say what else there is to know: how many were deleted is in the summary."""
        if result.reason:
            warn(f"{result.name}: {result.reason}")

    def summary(self, finished: Finished) -> None:
        """Say what was reclaimed; where a search is owed, ``settle`` says what waits."""
        if finished.cleaned:
            click.echo(f"Removed from uv's cache: {', '.join(finished.cleaned)}.")
        done = sum(result.outcome is Outcome.DONE for result in finished.results)
        line = f"Deleted {done} of {counted(len(finished.results), 'environment')}"
        line += f", reclaimed {size(finished.freed)}."
        waiting = "" if self.opened.searches.owed else self._waiting(finished)
        click.echo(f"{line} {waiting}".rstrip())

    def settle(self, finished: Finished, cancel: Event, *, as_json: bool) -> bool:
        """Restore what the search that is owed finds; say what waits in the trash then."""
        owed = bool(self.opened.searches.owed)
        settled = finish_search(self.opened, cancel)
        if owed and not as_json:
            waiting = self._waiting(self.opened.deletions.remaining(finished))
            click.echo(waiting, nl=bool(waiting))
        return settled

    def _waiting(self, finished: Finished) -> str:
        """Return how much waits in the trash, and what frees it; "" for nothing."""
        if not any(one.trash for one in finished.results if one.outcome is Outcome.DONE):
            return ""
        if finished.freed and not finished.in_trash:
            return ""
        days = counted(self.opened.config.trash.keep, "day")
        return (
            f"{size(finished.in_trash)} stay in the trash for {days}. "
            "Use `venvdash trash empty` to reclaim them now."
        )
