"""What a name in a directory holds, and what it will hold: values that plans and journals share."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from venvdash.system.codec import TEXT, Codec, Kind, plain, several


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


_LONGEST = 32 * 1024 * 1024  # characters; a registry of all projects is the largest
_CONTENT = Codec(Content, text=plain(_LONGEST))


def _read_content(value: Any) -> Content:
    content = _CONTENT.read(value)
    return replace(content, text=TEXT.read(content.text)) if content.link else content


def _write_content(content: Content) -> dict[str, Any]:
    spelled = TEXT.write(content.text) if content.link else content.text
    return _CONTENT.write(replace(content, text=spelled))


_KIND = Kind(_read_content, _write_content)
SWAPS = several(Codec(Swap, before=_KIND, after=_KIND).kind)
