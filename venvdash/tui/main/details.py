"""The details of what is under the cursor, beside the list and below it."""

from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer

from venvdash.model.packaging import canonical_name
from venvdash.model.status import Status
from venvdash.model.summary import Summary
from venvdash.records.dashboard_look import DetailTab
from venvdash.text import cut, visible
from venvdash.tui.background import LatestCall
from venvdash.tui.grouping import Group
from venvdash.tui.keys import ON_ENVIRONMENTS, ON_ONE
from venvdash.tui.main.listing import Listing
from venvdash.tui.main.row_states import RowStates
from venvdash.tui.widgets.detail import describe, describe_other, describe_remembered, reason
from venvdash.tui.widgets.detail_pane import DetailPane, within
from venvdash.tui.widgets.group_text import describe_group, group_reason
from venvdash.tui.widgets.other_list import OtherThing
from venvdash.tui.widgets.reason_lines import Reason

if TYPE_CHECKING:
    from venvdash.model import Row
    from venvdash.model.installed import InstalledPackage
    from venvdash.scanner.usage.user_file_list import UserFileList
    from venvdash.session import Session

_HINTS = {
    Status.MOVED: "Press R to relink it.",
    Status.MISSING: "Press S to recreate it.",
}
_DELAY = 0.05  # seconds: the details are drawn once the cursor rests
_SUBJECT = 20  # cells of a name in the footer

_Read = tuple[Path, object]
"""What a list of the details was read for: the environment, and what it depends on."""


class Details:
    """The lines that say why an item is listed as it is, and the pane with all its details.

    Packages and the user's files are read in a thread, when their tab is open.
    """

    def __init__(
        self, screen: Screen[None], home: Path, listing: Listing, states: RowStates
    ) -> None:
        self._screen, self._home, self._listing, self._states = screen, home, listing, states
        self.reason = Reason(id="reason")
        self.pane = DetailPane(id="detail")
        self._timer: Timer | None = None
        self._session: Session | None = None
        self._wanted: dict[DetailTab, _Read | None] = {}
        self._packages: LatestCall[tuple[_Read, tuple[InstalledPackage, ...]]]
        self._packages = LatestCall(screen, self._show_packages, self._failed)
        self._files: LatestCall[tuple[_Read, UserFileList | None]]
        self._files = LatestCall(screen, self._show_files, self._failed)

    def follow(self, session: "Session") -> None:
        """Read what takes longer from now on."""
        self._session = session
        self._show()

    # Where the user is

    def focused(self) -> bool:
        """Return whether the focus is in the pane."""
        return within(self._screen.focused) is not None

    def subject(self) -> str:
        """Return what the keys act on while the focus is in the pane, "" otherwise."""
        current = self._listing.environment
        if current is None or not self.focused():
            return ""
        return f"{cut(visible(current.name, 64), _SUBJECT)}:"

    @property
    def query(self) -> str:
        """The query for the package under the cursor, "" where there is none."""
        if self.pane.tab is not DetailTab.PACKAGES or self.pane.packages.current is None:
            return ""
        return f"pkg:{canonical_name(self.pane.packages.current.name)}"

    @property
    def folder(self) -> Path | None:
        """The folder of the user's file under the cursor, where the focus is on it."""
        if self.pane.tab is not DetailTab.FILES or self._screen.focused is not self.pane.files:
            return None
        file = self.pane.files.current
        return file.path.parent if file is not None else None

    # What is shown

    def update(self) -> None:
        """Show the reason of the current item at once, and its details soon."""
        current = self._listing.current
        if isinstance(current, Summary):
            self.reason.text = self._reason_of(current)
        elif isinstance(current, Group):
            self.reason.text = group_reason(current)
        else:
            self.reason.text = Content(current.reason if current is not None else "")
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._screen.set_timer(_DELAY, self._show)

    def text(self) -> Content:
        """Return everything known about the current item."""
        current, row = self._listing.current, self._listing.row
        if row is not None:
            return describe(row, self._home)
        if isinstance(current, Summary):
            return describe_remembered(current, self._home)
        if isinstance(current, Group):
            return describe_group(current)
        if isinstance(current, OtherThing):
            return describe_other(current, self._home)
        return Content("")

    def show(self) -> None:
        """Show the reason and the details at once."""
        self.update()
        self._show()

    def _show(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        group, pane = self._listing.group, self.pane
        path = self._listing.path if group is None else group.key
        # Hidden, too: the screen may get wider.
        pane.overview.show(self.text(), top=pane.subject != path)
        pane.subject = path
        other = isinstance(self._listing.current, OtherThing)
        of_group = ON_ONE if group is not None else frozenset[str]()
        pane.overview.unused_actions = ON_ENVIRONMENTS if other else of_group
        pane.tabs.counts = self._counts()
        if pane.display and pane.tab is not DetailTab.OVERVIEW:
            self._read(pane.tab)

    def _counts(self) -> dict[DetailTab, int]:
        current, row = self._listing.environment, self._listing.row
        if current is None:
            return {}
        counts = {DetailTab.PACKAGES: current.packages}
        if row is not None and row.usage is not None and row.usage.user_files is not None:
            counts[DetailTab.FILES] = row.usage.user_files.count
        return counts

    def _read(self, tab: DetailTab) -> None:
        """Read what a tab lists, unless that is shown already."""
        row, session = self._listing.row, self._session
        if row is None or session is None:
            self._wanted[tab] = None
            self._clear(tab, self._why_nothing())
            return
        wanted = (row.path, _depends_on(tab, row))
        before = self._wanted.get(tab)
        if before == wanted:
            return
        self._wanted[tab] = wanted
        if before is None or before[0] != row.path:
            self._clear(tab, "Reading …")
        if tab is DetailTab.PACKAGES:
            self._packages.request(lambda: (wanted, session.installed(row)))
        else:
            self._files.request(lambda: (wanted, _files_of(row)))

    def _why_nothing(self) -> str:
        if self._listing.group is not None:
            return "A group. Move to one of its environments."
        checking = self._listing.environment is not None
        return "It is still being checked." if checking else "Not an environment."

    def _clear(self, tab: DetailTab, hint: str) -> None:
        """Show nothing, and why."""
        if tab is DetailTab.PACKAGES:
            self.pane.show_packages((), top=True)
            self.pane.packages.hint = hint
        else:
            self.pane.files.show((), Path("/"), top=True)
            self.pane.files.hint = hint

    def _show_packages(self, read: "tuple[_Read, tuple[InstalledPackage, ...]]") -> None:
        wanted, packages = read
        if self._wanted.get(DetailTab.PACKAGES) == wanted:
            self.pane.show_packages(packages, top=not self.pane.packages.items)
            self.pane.packages.hint = "No packages." if not packages else self.pane.no_matches

    def _show_files(self, read: "tuple[_Read, UserFileList | None]") -> None:
        wanted, found = read
        if self._wanted.get(DetailTab.FILES) != wanted:
            return
        if found is None:
            self._clear(DetailTab.FILES, "Not everything in it could be read.")
            return
        files = self.pane.files
        self.pane.show_files(found, wanted[0], self._home, top=not files.items)
        files.hint = "No files of your own."

    def _failed(self, error: Exception) -> None:
        tab = self.pane.tab
        self._wanted[tab] = None
        self._clear(tab, f"It cannot be read: {visible(str(error))}")

    def _reason_of(self, row: Summary) -> Content:
        state = self._states.words(row.path)
        if state is not None:
            return state
        words = reason(row, self._home)
        hint = _HINTS.get(row.status)
        return Content.assemble(words, (f"  {hint}", "bold")) if hint else words


def _depends_on(tab: DetailTab, row: "Row") -> object:
    environment = row.environment
    if tab is DetailTab.PACKAGES:
        return environment.fingerprint, environment.changed, environment.packages
    return row.usage.user_files if row.usage is not None else None


def _files_of(row: "Row") -> "UserFileList | None":
    from venvdash.scanner.usage.user_file_list import user_file_list

    return user_file_list(row.environment)
