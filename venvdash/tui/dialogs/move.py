"""The dialog that chooses where environments are moved."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from venvdash.model import Action, Row
from venvdash.text import counted, short_path, visible
from venvdash.tui import keys
from venvdash.tui.dialogs.base import ShowProposals
from venvdash.tui.dialogs.directory import DirectoryDialog
from venvdash.tui.session_access import SessionAccess


class MoveScreen(DirectoryDialog):
    """Lists the other stores; any directory can be typed. The proposal comes next."""

    BINDINGS: ClassVar[list[BindingType]] = list(keys.MOVE_TO)
    SEARCHING = "Waiting for the scan …"
    NONE = "No other store found. Type a directory."
    KEYS = "Enter continue   / type   Esc back"

    def __init__(
        self,
        access: SessionAccess,
        rows: Sequence[Row],
        stores: Callable[[], Sequence[Path]],
        propose: ShowProposals,
    ) -> None:
        """Offer ``stores``, which returns directories in which environments may have any name.

        It is called once no scan runs.
        """
        one = len(rows) == 1
        what = visible(rows[0].name, 64) if one else counted(len(rows), "environment")
        self._roots = roots = sorted({row.environment.root for row in rows})
        shown = ", ".join(short_path(root, access.home) for root in roots)
        be = "is" if one else "are"
        about = Content(f"{what} {be} in {shown}. Choose another store, or type a directory.")
        super().__init__(access, f"Move {what}", about)
        self._rows, self._stores, self._propose = rows, stores, propose

    def offered(self) -> Sequence[Path]:
        """Return the other stores."""
        stores = self._access.run(self._stores)
        return [store for store in stores if [store] != self._roots]

    def take(self, directory: Path) -> None:
        """Propose to move them to a directory."""
        changes = self._access.session.actions
        self._propose(
            Action.MOVE,
            self._rows,
            lambda row, _: changes.move(row, directory),
            self.action_leave,
        )
