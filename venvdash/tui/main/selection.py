"""What is marked in the list, and the line that counts it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from textual.screen import Screen

from venvdash import formats
from venvdash.actions.delete.prune import PruneCandidate
from venvdash.actions.delete.selection_size import SelectionSize
from venvdash.model import Row
from venvdash.model.summary import Summary
from venvdash.text import visible
from venvdash.tui.background import LatestCall, run_in_thread
from venvdash.tui.grouping import Group, Line
from venvdash.tui.main.listing import Listing
from venvdash.tui.main.marks import Marks
from venvdash.tui.main.row_states import RowStates
from venvdash.tui.mark_rules import Rule
from venvdash.tui.notices import say
from venvdash.tui.session_access import SessionAccess
from venvdash.tui.table import View
from venvdash.tui.widgets.selection_bar import SelectionBar

_MOST_NAMED = 3  # of those that are not marked, each with its reason


class Selection:
    """Marks environments by hand, by ranges and by rules; the line shows their size together.

    The marks stay whatever is filtered, sorted or scanned again. ``covered`` returns whether the
    line of a job is shown in place of the selection's, ``scanning`` whether a scan runs.
    """

    def __init__(
        self,
        screen: Screen[None],
        access: SessionAccess,
        listing: Listing,
        states: RowStates,
        bar: SelectionBar,
        covered: Callable[[], bool],
        scanning: Callable[[], bool],
    ) -> None:
        self._screen, self._access, self._listing = screen, access, listing
        self._states, self._covered, self._scanning = states, covered, scanning
        self.marks = Marks()
        self.bar = bar
        listing.environments.marked = self.marks
        listing.environments.count_marked = lambda group: self.marks.count(group.paths)
        self._sizing: LatestCall[SelectionSize] = LatestCall(screen, self._show_size, self._no_size)

    def rows(self) -> list[Row]:
        """Return the marked environments that may be acted on; an open range ends."""
        self.marks.close_range(keep=True)
        marked = self._listing.table.find(self.marks.paths)
        return [row for row in marked if self._states.may_act_on(row.path)]

    # Marking by hand

    def mark(self) -> None:
        """Mark the environment under the cursor, or unmark it, and move to the next.

        At the line of a group mark its environments, or unmark them where all are marked.
        """
        group = self._listing.group
        if group is not None:
            self._mark_group(group)
            return
        row = self._listing.environment
        if row is None or self._listing.refuse_unconfirmed([row]):
            return
        if self.marks.anchor is not None:
            self.mark_range()
            return
        if self._states.may_act_on(row.path):
            self.marks.toggle(row.path)
            self._listing.environments.redraw(row.path)
        self._listing.environments.action_cursor(1)
        if self._listing.grouping.by:
            self._listing.environments.repaint()
        self.update()

    def _mark_group(self, group: Group) -> None:
        if self.marks.anchor is not None:
            self.mark_range()
        elif not self._listing.refuse_unconfirmed(group.rows):
            self.marks.toggle_all(self._markable(group.rows))
            lines = self._listing.environments
            after = lines.cursor + 1 + (0 if group.folded else len(group.rows))
            lines.move_to(after if after < len(lines.items) else lines.cursor)
            self._redraw()

    def mark_range(self) -> None:
        """Begin a range at the cursor, or end it there."""
        row = self._listing.environment
        if row is not None and self._listing.refuse_unconfirmed([row]):
            return
        if self.marks.anchor is None and self._listing.refuse_group():
            return
        if self.marks.anchor is not None:
            self.marks.close_range(keep=True)
        elif row is not None and self._states.may_act_on(row.path):
            self.marks.open_range(row.path)
        self._redraw()

    def mark_all(self) -> None:
        """Mark all that the list shows; unmark them where all are marked already."""
        if self._listing.table.view is View.OTHER:
            return
        if self._listing.refuse_unconfirmed(self._listing.table.shown):
            return
        self.marks.close_range(keep=True)
        self.marks.toggle_all(self._markable(self._listing.table.shown))
        self._redraw()

    def stretch_range(self) -> None:
        """Let an open range end at the cursor."""
        table, anchor = self._listing.table, self.marks.anchor
        if anchor is None or table.view is View.OTHER:
            return
        environments = self._listing.environments
        start = environments.place_of(anchor)
        if start is not None:
            first, last = sorted((start, environments.cursor))
            self.marks.stretch(self._markable(_rows(environments.items[first : last + 1])))
            self._redraw()

    def drop_range(self) -> bool:
        """Forget an open range; return whether there was one."""
        if self.marks.anchor is None:
            return False
        self.marks.close_range(keep=False)
        self._redraw()
        return True

    def _markable(self, rows: Iterable[Summary]) -> list[Path]:
        confirmed = (row.path for row in rows if row.confirmed)
        return [path for path in confirmed if self._states.may_act_on(path)]

    # Marking by a rule

    def choose_rule(self) -> None:
        """Let the user choose a rule, and mark what matches it and the filter."""
        from venvdash.actions.delete.days_left import ages_as_of
        from venvdash.tui.dialogs.rule_menu import RuleMenu

        if self._listing.refuse_unconfirmed(self._listing.table.unsettled()):
            return
        rows = [row for row in self._listing.table.matching() if self._states.may_act_on(row.path)]
        menu = RuleMenu(rows, len(self.marks), ages_as_of(self._access.session.machine))
        self._screen.app.push_screen(menu, partial(self._mark_by, rows))

    def _mark_by(self, rows: Iterable[Row], rule: Rule | None) -> None:
        from venvdash.tui.dialogs.rule_menu import CLEAR

        if rule is CLEAR:
            self.marks.clear()
            self._redraw()
        elif rule is not None:
            self._mark_searched(rows, rule)

    def _mark_searched(self, rows: Iterable[Row], rule: Rule) -> None:
        """Mark what matches a rule, once the projects of these were searched for."""
        session, run = self._access.session, self._access.run
        if session.rules_stopped:
            say(self._screen, f"Nothing was marked. {session.rules_stopped}", severe=True)
            return
        among = {row.path for row in rows}

        def search() -> Sequence[PruneCandidate]:
            run(lambda: session.searches.of_rule(rule.holds)).wait()
            return run(lambda: session.deletions.candidates(rule.holds))

        def found(candidates: Sequence[PruneCandidate]) -> None:
            self._screen.app.clear_notifications()
            candidates = [candidate for candidate in candidates if candidate.row.path in among]
            self.marks.add([one.row.path for one in candidates if not one.held], by_rule=True)
            self._say_held([candidate for candidate in candidates if candidate.held])
            self._redraw()

        def failed(error: Exception) -> None:
            say(self._screen, f"Nothing was marked: {visible(str(error))}", severe=True)

        say(self._screen, "Searching for projects before marking …")
        run_in_thread(self._screen, search, found, failed)

    def _say_held(self, candidates: Sequence[PruneCandidate]) -> None:
        if not candidates:
            return
        named = [
            f"{visible(one.row.name, 64)} ({visible(one.held, 128).removesuffix('.')})"
            for one in candidates[:_MOST_NAMED]
        ]
        more = len(candidates) - _MOST_NAMED
        named += [f"{more} more for similar reasons"] if more > 0 else []
        say(self._screen, f"Not marked: {', '.join(named)}.", severe=True)

    # The line that counts

    def update(self) -> None:
        """Count the marks again, and have their size computed in the background."""
        paths = self.marks.paths
        self.bar.reclaimable = None
        if paths and not self._scanning():  # during a scan shared files are unknown
            self._sizing.request(lambda: self._access.session.deletions.union(paths))
        else:
            self._sizing.forget()
        self.show_count()

    def keep_existing(self) -> None:
        """Forget marks of environments that are gone."""
        self.marks.keep(self._listing.table.rows)
        self.update()

    def rearranged(self) -> None:
        """End an open range, for its rows have moved."""
        if self.marks.anchor is not None:
            self.marks.close_range(keep=True)
        self.show_count()

    def show_count(self) -> None:
        """Show how many are marked, unless the line of a job has the place."""
        table, bar = self._listing.table, self.bar
        marked = table.find(self.marks.paths)
        bar.count = len(self.marks)
        bar.hidden = sum(table.index_of(row.path) is None for row in marked)
        bar.least = formats.summed(row.usage for row in marked if row.usage)
        bar.in_range = self.marks.anchor is not None
        shown = bool(marked) and not self._covered()
        if bar.display != shown:  # setting it lays out the screen again
            bar.display = shown

    def _redraw(self) -> None:
        self._listing.environments.repaint()
        self.update()

    def _show_size(self, size: SelectionSize) -> None:
        bar = self.bar
        bar.reclaimable, bar.cache = size.reclaimable, size.cache_held
        bar.exact, bar.at_most = size.exact, size.at_most

    def _no_size(self, error: Exception) -> None:
        self.bar.reclaimable = None
        say(self._screen, f"Cannot compute the total size: {type(error).__name__}", severe=True)


def _rows(lines: Iterable[Line]) -> Iterator[Summary]:
    """Yield the rows of lines, those of folded groups as well."""
    for line in lines:
        if isinstance(line, Summary):
            yield line
        elif line.folded:
            yield from line.rows
