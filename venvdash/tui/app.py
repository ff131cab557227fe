"""The Textual application."""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Event, InputEvent
from textual.notifications import SeverityLevel
from textual.screen import Screen

from venvdash.config import DashboardSettings
from venvdash.records.dashboard_look import MOST_EXCEPTIONS, Look
from venvdash.text import visible
from venvdash.tui import gc_tuning
from venvdash.tui.background import CallScreen
from venvdash.tui.contrast import with_contrast
from venvdash.tui.keys import KEY_NAMES, SUSPEND
from venvdash.tui.main.opening import Opening
from venvdash.tui.main.screen import MainScreen
from venvdash.tui.palette import Commands, Palette
from venvdash.tui.signals import Signals
from venvdash.tui.suspend import ExternalPrograms
from venvdash.tui.widgets.line_table import LineTable

_LEGIBLE_THEME = "textual-dark"
_WAIT_SECONDS = 0.15
_WORK_SECONDS = 5.0


class Dashboard(App[int]):
    """The dashboard of one session; its return value is the exit code."""

    TITLE = "venvdash"
    CSS_PATH = "venvdash.tcss"
    COMMANDS = App.COMMANDS | {Commands}
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-narrow"),
        (120, "-wide"),
        (220, "-broad"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (36, "-tall")]  # noqa: RUF012 - likewise
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [SUSPEND]
    ENABLE_COMMAND_PALETTE = True

    _SYSTEM_COMMANDS: ClassVar[set[str]] = {"Theme", "Quit", "Screenshot"}

    def __init__(
        self,
        home: Path,
        opening: Opening,
        programs: ExternalPrograms,
        look: Look = Look(),  # noqa: B008 - it is frozen
        settings: DashboardSettings = DashboardSettings(),  # noqa: B008 - it is frozen
    ) -> None:
        """Show what is remembered, then what ``opening`` opens.

        ``home`` is written as ``~``. ``programs`` gives the terminal to the user's own programs.
        ``look`` is what is remembered of how it looked; ``settings`` are for what is not.
        """
        super().__init__()
        self._main = MainScreen(home, opening, programs)
        self._collector = gc_tuning.Collector()
        self._next_look: asyncio.TimerHandle | None = None
        self._signals: Signals | None = None  # none where there is no terminal
        self._main.begin(settings, look)
        self._main.listing.grouping.begin(look.group_by, look.exceptions, folded=look.folded)
        theme = look.theme if look.theme in self.available_themes else settings.theme
        self._first_look = look
        self._first_theme = self.theme = self.validate_theme(theme)

    def on_mount(self) -> None:
        """Exit when the terminal closes or a signal asks for it."""
        self.call_after_refresh(self._collector.begin)
        self._look()
        if self.is_headless:
            return
        # What is under way must not outlive us half done, as it would where a signal kills us.
        self._signals = Signals(self, self._leave, self.end_scan)
        self._signals.install()

    def on_unmount(self) -> None:
        """Restore the process's garbage collection."""
        if self._next_look is not None:
            self._next_look.cancel()
        self._collector.end()

    async def on_event(self, event: Event) -> None:
        """Note when the user does something."""
        if isinstance(event, InputEvent):
            self._collector.touched()
        await super().on_event(event)

    async def _check_bindings(self, key: str, priority: bool = False) -> bool:
        """Run what a key is bound to; in a list before the next key is looked at.

        Textual would first pass it from the list to the app. A key that is typed at once after
        `/` would be given to the list meanwhile, and quit or delete instead of being a letter.
        """
        if await super()._check_bindings(key, priority):
            return True
        ahead = priority and isinstance(self.focused, LineTable)
        return ahead and await super()._check_bindings(key)

    def _look(self) -> None:
        """Collect garbage, and exit if the terminal is gone; again in a while.

        A timer of the event loop, which costs less than Textual's while nothing happens.
        """
        loop = asyncio.get_running_loop()
        pause = self._collector.look(scanning=self._main.scanning)
        self._next_look = loop.call_later(pause, self._look)
        # Where no signal says so, Textual would read the end of its input for ever.
        if not (self.is_headless or sys.stdin.isatty()):
            self._leave()

    def _leave(self) -> None:
        self._main.stop()
        self.exit(1, return_code=1)

    @property
    def look(self) -> Look:
        """What to remember: what was, and what was chosen since."""
        chosen = self.theme if self.theme != self._first_theme else self._first_look.theme
        grouping = self._main.listing.grouping
        return Look(
            theme=chosen,
            pane=self._main.pane,
            group_by=grouping.by,
            folded=grouping.folds.all,
            exceptions=tuple(sorted(grouping.folds.exceptions)[:MOST_EXCEPTIONS]),
            tab=self._main.tab,
        )

    def get_default_screen(self) -> Screen[None]:
        """Return the main screen."""
        return self._main

    def get_key_display(self, binding: Binding) -> str:
        """Return what a key is called, everywhere the same: Ctrl+B, PgUp, Esc, F2, x."""
        name = super().get_key_display(binding)
        if name.startswith("^") and len(name) > 1:
            return f"Ctrl+{name[1:].upper()}"
        return KEY_NAMES.get(name, name)

    def get_css_variables(self) -> dict[str, str]:
        """Return the theme's variables; its texts can be read on what lies below them."""
        variables = super().get_css_variables()
        if self.current_theme.ansi:
            return variables
        legible = with_contrast(variables)
        # As a grey the colour of errors would be the darkest of all texts.
        return {**legible, "text-error": legible["foreground"]} if self.no_color else legible

    def validate_theme(self, name: str) -> str:
        """Refuse ANSI themes under NO_COLOR: Textual paints them black on black."""
        theme = self.available_themes.get(name)
        if self.no_color and theme is not None and theme.ansi:
            return _LEGIBLE_THEME
        return name

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer those of Textual's own commands that help here."""
        for command in super().get_system_commands(screen):
            if command.title in self._SYSTEM_COMMANDS:
                yield command

    def action_command_palette(self) -> None:
        """Open the command palette."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    async def action_quit(self) -> None:
        """Exit; ask first while a job runs, or a deleted environment's project is searched for.

        A scan is asked to stop, not waited for. A deletion ends after its current environment.
        """
        question = self._question() if self._main.ready else None
        if question is None:
            self._quit(True)
            return
        from venvdash.tui.dialogs.prompts import AskScreen

        self.push_screen(AskScreen("Quit", question, "Quit"), self._quit)

    def _question(self) -> Content | None:
        """Return what to ask before quitting, None where nothing is under way."""
        bench = self._main.workbench
        if bench.jobs.under_way:
            return Content(
                f"venvdash is still {bench.jobs.under_way}. If you quit, it stops after a few "
                "seconds; environments that have not been started stay as they are."
            )
        waiting = bench.found_projects.owed
        if not waiting:
            return None
        name = visible(waiting[0].name, 48)
        several = len(waiting) > 1
        what = f"{name} and {len(waiting) - 1} more" if several else name
        return Content.assemble(
            "venvdash is still searching for the ",
            "projects of " if several else "project of ",
            (what, "bold"),
            ". What is found is restored from the trash. If you quit, the search continues at the "
            "next start; nothing of this is deleted permanently before it has finished.",
        )

    def _quit(self, yes: bool | None) -> None:
        if yes:
            self._main.stop()
            self.exit(0)

    def action_suspend_process(self) -> None:
        """Suspend the process, as Ctrl+Z does with every program."""
        if self._signals is not None:
            self._signals.suspend()

    def action_help_quit(self) -> None:
        """Say how to quit, where people try Ctrl+C."""
        self.notify("Press q to quit.", markup=False)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Report in the line for it what we and Textual have to say, and keep it for the log."""
        text = Content.from_markup(message).plain if markup else message
        notice = self._main.contents.notices.add(visible(text), severe=severity != "information")
        for screen in self.screen_stack:
            if isinstance(screen, CallScreen):
                screen.show_notice(notice)

    def clear_notifications(self) -> None:
        """Remove all messages from the line."""
        self._main.contents.message_line.dismiss_notices()

    def end_scan(self) -> None:
        """Give a scan a moment to end, after the screen is closed.

        A deletion gets longer: what is interrupted is fixed only at the next start.
        """
        self._main.end(_WORK_SECONDS, _WAIT_SECONDS)
