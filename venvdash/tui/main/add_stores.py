"""Folders of environments that are no store: looked for while the dashboard is idle, and added."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from venvdash.text import short_path, visible, with_tilde
from venvdash.tui.background import Latest

if TYPE_CHECKING:
    from venvdash.scanner.discovery.other_folders import EnvironmentFolder
    from venvdash.session.suggested_stores import AddedStore
    from venvdash.tui.main.job_runner import WorkingScreen


class Adding:
    """Looks for such folders beside the screen, and makes them stores when the user says so.

    ``show`` is called when those that are known have changed.
    """

    def __init__(self, main: "WorkingScreen", show: Callable[[], None]) -> None:
        self.folders: Sequence[EnvironmentFolder] = ()
        self._main, self._show = main, show
        self._looking: Latest[Sequence[EnvironmentFolder]] = Latest(main, self._found, self._failed)
        self._adding: Latest[list[AddedStore]] = Latest(main, self._added, self._failed)

    def look(self) -> None:
        """Look for them, in a thread."""
        self._looking.ask(self._main.source.folders_outside)

    def ask(self, path: Path | None) -> None:
        """Ask whether to add the folder at ``path``, where that is none of them all there are."""
        chosen = [folder for folder in self.folders if folder.path == path] or list(self.folders)
        if not chosen:
            self._main.say("No folders of environments found outside the stores.")
            return
        from venvdash.session.suggested_stores import in_words, lines_for
        from venvdash.tui.dialogs.prompts import AskScreen

        home = self._main.home
        pieces = [Content("This adds to your configuration:")]
        for folder in chosen:
            lines = "\n".join(visible(line) for line in lines_for(folder, home).splitlines())
            shown = f"\n{short_path(folder.path, home)}: {in_words(folder, home)}"
            pieces += [Content(shown), Content.styled(lines, "$text-muted")]
        paths = [folder.path for folder in chosen]

        def answered(yes: bool | None) -> None:
            if yes:
                source = self._main.source
                self._adding.ask(lambda: [source.add_store(path) for path in paths])

        question = Content("\n").join(pieces)
        self._main.app.push_screen(AskScreen("Add to the stores", question, "Add"), answered)

    def _found(self, folders: "Sequence[EnvironmentFolder]") -> None:
        self.folders = folders
        self._show()

    def _added(self, added: "list[AddedStore]") -> None:
        home = self._main.home
        names = ", ".join(short_path(one.folder.path, home) for one in added)
        self._main.say(f"Added {names} to {short_path(added[-1].file, home)}.")
        self._main.scan_again()

    def _failed(self, error: Exception) -> None:
        self._main.say(with_tilde(visible(str(error)), self._main.home), severe=True)
