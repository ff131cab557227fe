"""Grouping the list, and folding its groups."""

from textual.screen import Screen

from venvdash.tui.grouping import Group
from venvdash.tui.main.listing import Listing
from venvdash.tui.notices import say
from venvdash.tui.table import View


class Groups:
    """Groups the list and folds its groups; the cursor stays on its environment, or its group."""

    def __init__(self, screen: Screen[None], listing: Listing) -> None:
        self._screen, self._listing = screen, listing
        self._grouping, self._lines = listing.grouping, listing.environments

    def choose(self) -> None:
        """Ask what to group by."""
        from venvdash.tui.dialogs.group_menu import GroupMenu

        def chosen(by: str | None) -> None:
            if by is not None:
                self.group_by(by)

        if self._listing.table.view is not View.OTHER:
            self._screen.app.push_screen(GroupMenu(self._grouping.by), chosen)

    def group_by(self, by: str) -> None:
        """Group by a key of ``GROUP_KEYS``, or by nothing: ""."""
        if self._listing.table.view is View.OTHER:
            return
        group = self._listing.group
        row = group.rows[0] if group is not None else self._listing.environment
        self._grouping.group_by(by)
        self._listing.rearrange()
        around = self._grouping.group_of(row) if row is not None else None
        if row is not None and not self._lines.move_to_key(row.path) and around is not None:
            self._lines.move_to_key(around.key)

    def toggle(self) -> bool:
        """Fold or unfold the group at whose line the cursor is; return whether there is one."""
        group = self._listing.group
        if group is not None:
            self._fold(group, folded=not group.folded)
        return group is not None

    def step(self, *, out: bool) -> None:
        """Go out of a group or into it, as in a tree: from its line fold or unfold it."""
        if self._refuse():
            return
        group, around = self._listing.group, self._around()
        if group is None:
            if out and around is not None:
                self._lines.move_to_key(around.key)
        elif group.folded is not out:
            self._fold(group, folded=out)
        elif not out:
            self._lines.action_cursor(1)

    def fold_all(self, *, folded: bool) -> None:
        """Fold all groups, or unfold all."""
        if self._refuse():
            return
        around = self._around()
        if folded and around is not None:
            self._lines.move_to_key(around.key)
        self._grouping.fold_all(folded=folded)
        self._listing.show_lines()

    def _fold(self, group: Group, *, folded: bool) -> None:
        self._grouping.fold(group, folded=folded)
        self._listing.show_lines()

    def _refuse(self) -> bool:
        """Return whether nothing is grouped, and say how it can be."""
        other = self._listing.table.view is View.OTHER
        if not (other or self._grouping.by):
            say(self._screen, "The list is not grouped. Press b to group it.")
        return other or not self._grouping.by

    def _around(self) -> Group | None:
        """Return the group of the line under the cursor."""
        lines = self._lines.items[: self._lines.cursor + 1]
        return next((line for line in reversed(lines) if isinstance(line, Group)), None)
