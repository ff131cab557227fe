"""Folders of environments that are no store: found while the dashboard is idle, and added."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content
from textual.screen import Screen

from venvdash.text import short_path, visible, with_tilde
from venvdash.tui.background import LatestCall
from venvdash.tui.notices import say
from venvdash.tui.session_access import SessionAccess

if TYPE_CHECKING:
    from venvdash.scanner.discovery.other_folders import EnvironmentFolder
    from venvdash.session.suggested_stores import AddedStore


class OtherFolders:
    """Finds folders of environments that are no store, and makes them stores if confirmed.

    ``found`` is called with the folders, ``added`` when some have become stores.
    """

    def __init__(
        self,
        screen: Screen[None],
        access: SessionAccess,
        found: "Callable[[Sequence[EnvironmentFolder]], None]",
        added: Callable[[], None],
    ) -> None:
        self.folders: Sequence[EnvironmentFolder] = ()
        self._screen, self._access = screen, access
        self._on_find, self._on_add = found, added
        self._looking: LatestCall[Sequence[EnvironmentFolder]] = LatestCall(
            screen, self._found, self._failed
        )
        self._adding: LatestCall[list[AddedStore]] = LatestCall(screen, self._added, self._failed)

    def look(self) -> None:
        """Look for such folders in the background."""
        self._looking.request(self._access.session.folders_outside)

    def ask(self, path: Path | None) -> None:
        """Ask whether to add the folder at ``path``; where that is none of them, all of them."""
        chosen = [folder for folder in self.folders if folder.path == path] or list(self.folders)
        if not chosen:
            say(self._screen, "No folders of environments found outside the stores.")
            return
        from venvdash.session.suggested_stores import in_words, lines_for
        from venvdash.tui.dialogs.prompts import AskScreen

        home = self._access.home
        pieces = [Content("This adds to your configuration:")]
        for folder in chosen:
            lines = "\n".join(visible(line) for line in lines_for(folder, home).splitlines())
            shown = f"\n{short_path(folder.path, home)}: {in_words(folder, home)}"
            pieces += [Content(shown), Content.styled(lines, "$text-muted")]
        paths = [folder.path for folder in chosen]

        def answered(yes: bool | None) -> None:
            if yes:
                session = self._access.session
                self._adding.request(lambda: [session.add_store(path) for path in paths])

        question = Content("\n").join(pieces)
        self._screen.app.push_screen(AskScreen("Add to the stores", question, "Add"), answered)

    def _found(self, folders: "Sequence[EnvironmentFolder]") -> None:
        self.folders = folders
        self._on_find(folders)

    def _added(self, added: "list[AddedStore]") -> None:
        home = self._access.home
        names = ", ".join(short_path(one.folder.path, home) for one in added)
        say(self._screen, f"Added {names} to {short_path(added[-1].file, home)}.")
        self._on_add()

    def _failed(self, error: Exception) -> None:
        say(self._screen, with_tilde(visible(str(error)), self._access.home), severe=True)
