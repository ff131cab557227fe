"""What the file systems of the stores, and the user's quotas there, have left."""

from pathlib import Path

from textual.screen import Screen

from venvdash.model.plans import DiskSpace
from venvdash.system.disk_space import spaces
from venvdash.system.machine import Machine
from venvdash.tui.background import LatestCall
from venvdash.tui.main.listing import Listing


class DiskLimits:
    """Asks in the background, since a disk or a server may not answer, and shows what was said."""

    def __init__(self, screen: Screen[None], machine: Machine, listing: Listing) -> None:
        self._machine, self._listing = machine, listing
        self._call: LatestCall[list[DiskSpace]] = LatestCall(
            screen, listing.show_limits, lambda error: None
        )

    def look(self) -> None:
        """Ask again: what is in use has changed, or a scan has found other stores."""
        stores = [store.real for store in self._listing.state.stores if store.exists]
        directories: list[Path] = stores or [self._machine.home]
        self._call.request(lambda: spaces(self._machine, directories))
