"""The details of one environment in tabs: overview, packages, the user's own files."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from venvdash.records.dashboard_look import DetailTab
from venvdash.text import short_path
from venvdash.tui.keys import DETAILS, SCROLL
from venvdash.tui.widgets.detail_tabs import DetailTabs
from venvdash.tui.widgets.filter import FilterLine
from venvdash.tui.widgets.line_table import LineTable
from venvdash.tui.widgets.line_view import LineView
from venvdash.tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from venvdash.model.installed import InstalledPackage
    from venvdash.scanner.usage.user_file_list import UserFileList
    from venvdash.tui.widgets.package_list import PackageList
    from venvdash.tui.widgets.user_file_view import UserFileView

_ROOM_FOR_NOTE = 12  # lines of the pane


class Overview(TextPane):
    """All that a list knows, as text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *SCROLL,
        Binding("enter", "screen.back", "Back to the list", show=False),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.unused_actions: frozenset[str] = frozenset()


class PackageFilter(FilterLine):
    """Filters the packages while typing."""

    unused_actions = frozenset({"complete"})

    def __init__(self) -> None:
        super().__init__("words of names, versions or sources", id="package-filter")

    def action_complete(self) -> None:
        """Keep what is typed: there is nothing to complete."""


class PackageFilterBar(Horizontal):
    """The line of the filter behind a slash."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.line = PackageFilter()
        self.line.value = text

    def compose(self) -> ComposeResult:
        """Put the slash before the line."""
        yield Static("/", markup=False)
        yield self.line


class DetailPane(Vertical):
    """The tabs and what each of them shows; lists are made when their tab is first opened.

    ``subject`` identifies what the overview is about.
    """

    BINDINGS: ClassVar[list[BindingType]] = list(DETAILS)

    class TabOpened(Message):
        """Another tab was opened, and has nothing to show yet."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.tabs = DetailTabs()
        self.overview = Overview(id="overview")
        self.note = TextPane(id="note")
        self.note.can_focus = False
        self.subject: object = None
        self._more = 0  # files that are not listed
        self._home: Path | None = None

    def compose(self) -> ComposeResult:
        """Lay out the tabs above what they show."""
        yield self.tabs
        yield self.overview

    @cached_property
    def packages(self) -> "PackageList":
        """The list of packages."""
        from venvdash.tui.widgets.package_list import PackageList

        return PackageList(id="packages")

    @cached_property
    def files(self) -> "UserFileView":
        """The list of the user's files."""
        from venvdash.tui.widgets.user_file_view import UserFileView

        return UserFileView(id="files")

    @property
    def tab(self) -> DetailTab:
        """The tab that is open."""
        return self.tabs.tab

    @property
    def shown(self) -> LineView:
        """What the open tab shows."""
        if self.tab is DetailTab.OVERVIEW:
            return self.overview
        return self.packages if self.tab is DetailTab.PACKAGES else self.files

    # Tabs

    def open_tab(self, tab: DetailTab) -> None:
        """Open a tab; the focus stays in the pane where it is there."""
        focused = self.has_focus_within
        self.tabs.tab = tab
        if self.is_attached:
            self._show_tab()
            if focused:
                self.focus_shown()
        self.post_message(self.TabOpened())

    def turn_tab(self, by: int) -> None:
        """Open the next tab, or with -1 the previous one."""
        tabs = list(DetailTab)
        self.open_tab(tabs[(tabs.index(self.tab) + by) % len(tabs)])

    def on_mount(self) -> None:
        """Show the tab that was remembered."""
        if self.tab is not DetailTab.OVERVIEW:
            self._show_tab()

    def _show_tab(self) -> None:
        shown = self.shown
        if not shown.is_attached:
            self.mount(shown, after=self.overview)
            if not self.note.is_attached:
                self.mount(self.note)
            self.watch(shown, "current", self._show_note, init=False)
        for made in ("overview", "packages", "files"):
            if made in self.__dict__:
                self.__dict__[made].display = self.__dict__[made] is shown
        for bar in self.query(PackageFilterBar):
            bar.display = self.tab is DetailTab.PACKAGES
        self._show_note()

    def focus_shown(self) -> None:
        """Put the focus on what the open tab shows."""
        self.shown.focus()

    def on_detail_tabs_picked(self, message: DetailTabs.Picked) -> None:
        """Open the clicked tab."""
        self.open_tab(message.tab)

    def on_resize(self, event: Resize) -> None:
        """Leave out the note where the list needs the room."""
        self._show_note()

    # What is shown

    def show_packages(self, packages: "Iterable[InstalledPackage]", *, top: bool) -> None:
        """Show the packages of the environment."""
        self.packages.show(packages, top=top)
        self._show_note()

    def show_files(
        self, found: "UserFileList", base: Path, home: Path | None, *, top: bool
    ) -> None:
        """Show the user's files in the environment at ``base``; ``home`` is written as ``~``."""
        self._more, self._home = found.more, home
        self.files.show(found.files, base, top=top)
        self._show_note()

    def _show_note(self) -> None:
        """Show below a list what its columns have no room for."""
        if not self.note.is_attached:
            return
        text = self._note_text() if self.size.height >= _ROOM_FOR_NOTE else None
        self.note.display = text is not None
        if text is not None:
            self.note.show(text)

    def _note_text(self) -> Content | None:
        shown = self.shown
        if not isinstance(shown, LineTable) or shown.current is None:
            return None
        if self.tab is DetailTab.PACKAGES:
            from venvdash.tui.widgets.package_list import facts

            return facts(shown.current)
        more = f"\n{self._more:,} more are not listed" if self._more else ""
        return Content(f"{short_path(shown.current.path, self._home)}{more}")

    # What its lists report: nothing of it is for the list of environments

    async def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        """Show which environments have the package that was clicked twice."""
        message.stop()
        if self.tab is DetailTab.PACKAGES:
            await self.run_action("screen.where_else")

    def on_line_table_header_clicked(self, message: LineTable.HeaderClicked) -> None:
        """Sort by the clicked column."""
        message.stop()
        (self.packages if self.tab is DetailTab.PACKAGES else self.files).sort_by(message.key)

    # The filter of packages

    async def on_package_list_filter_requested(self) -> None:
        """Let the user type a filter for the packages."""
        bars = self.query(PackageFilterBar)
        bar = bars.first() if bars else PackageFilterBar(self.packages.filter_text)
        if not bars:
            await self.mount(bar, after=self.tabs)
        self.screen.set_focus(bar.line)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while typing."""
        event.stop()
        self.packages.search(event.value)
        self.packages.hint = self.no_matches

    @property
    def no_matches(self) -> str:
        """What is said where the filter leaves no package."""
        return "No matches. Esc clears the filter." if self.packages.filter_text else ""

    def on_filter_line_closed(self, message: FilterLine.Closed) -> None:
        """Go back to the packages, with or without the filter."""
        message.stop()
        if not (message.keep and self.packages.filter_text):
            self.clear_filter()
        self.packages.focus()

    def on_filter_line_moved(self, message: FilterLine.Moved) -> None:
        """Move in the packages while the filter is typed."""
        message.stop()
        self.packages.action_cursor(message.by)

    def clear_filter(self) -> bool:
        """Remove the filter of packages; return whether there was one."""
        bars = self.query(PackageFilterBar)
        if not bars:
            return False
        self.packages.search("")
        bars.remove()
        return True


def within(widget: Widget | None) -> DetailPane | None:
    """Return the pane that a widget lies in, None if in none."""
    lies_in = widget.ancestors_with_self if widget is not None else ()
    return next((one for one in lies_in if isinstance(one, DetailPane)), None)
