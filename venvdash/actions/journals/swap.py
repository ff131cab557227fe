"""What a name in a directory holds, and what it will hold: values that plans and journals share."""

from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds, or with ``link`` where a link says that it leads."""

    text: str
    link: bool = False


@dataclass(frozen=True, slots=True)
class Swap:
    """What is called ``path`` before and after; None for nothing.

    There are no links on the way to it: one that has taken the place of a directory since is not
    followed.
    """

    path: Path
    before: Content | None
    after: Content | None

    def back(self) -> "Swap":
        """Return what takes it back."""
        return replace(self, before=self.after, after=self.before)
