"""What all screens share that lie over the list."""

from typing import TypeVar

from textual.screen import ModalScreen

T = TypeVar("T")


class Dialog(ModalScreen[T]):
    """A screen over the list. Keys that are typed before it is laid out do nothing."""

    _laid_out = False

    def on_mount(self) -> None:
        """Take keys from now on."""
        self._laid_out = True

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],
    ) -> bool | None:
        """Allow nothing before the parts are there, or after they are gone."""
        return self._laid_out and self.is_attached
