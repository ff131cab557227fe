"""The line that shows the progress and the outcome of a job."""

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from venvdash import formats
from venvdash.text import visible
from venvdash.tui.cells import bar, spread

if TYPE_CHECKING:
    from venvdash.actions.events import Progressed, Tally

Pieces = list[Content | tuple[str, str]]


class JobLine(Widget):
    """The progress of a job while it runs; then its ``outcome``, until that is dismissed.

    ``doing`` and ``keys`` are safe to show. ``tally`` is a deletion's. Of other jobs ``step`` and
    ``said`` are the newest events, raw, and ``place`` is which of how many is worked on.
    ``searched`` counts the directories of a search that comes first, None where none runs.
    """

    ALLOW_SELECT = False

    doing: reactive[str] = reactive("")
    keys: reactive[str] = reactive("")
    tally: "reactive[Tally | None]" = reactive(None)
    place: reactive[tuple[int, int]] = reactive((0, 0))
    step: "reactive[Progressed | None]" = reactive(None)
    said: reactive[str] = reactive("")
    searched: reactive[int | None] = reactive(None)
    outcome: reactive[Content | None] = reactive(None)

    def begin(self, doing: str, keys: str, tally: "Tally | None" = None) -> None:
        """Show that a job begins."""
        self.doing, self.keys, self.tally = doing, keys, tally
        self.place, self.step, self.said, self.outcome = (0, 0), None, "", None
        self.searched = None
        self.display = True

    def render(self) -> Content:
        """Draw the progress or the outcome; at the right the keys."""
        end = Content.styled(f"{self.keys} ", "$text-muted")
        if self.outcome is not None:
            start = Content.assemble(" ", self.outcome)
        elif self.searched is not None:
            start = Content(f" searching for projects again: {self.searched:,} directories")
        elif self.tally is not None and self.tally.total:
            start = Content.assemble(*self._deletion(self.tally))
        else:
            start = Content.assemble(*self._change())
        return spread(start, end, self.size.width)

    def _deletion(self, tally: "Tally") -> Pieces:
        doing, part = self.doing, bar(tally.done, tally.total)
        if tally.freeing:  # by bytes: a single environment may take long
            doing, part = "deleting permanently", bar(tally.freed, tally.freed + tally.in_trash)
        pieces: Pieces = [Content(f" {doing} {tally.done} of {tally.total} "), *part]
        if tally.in_trash or not tally.freed:
            pieces += [Content("  in trash "), (formats.size(tally.in_trash), "bold")]
        if tally.freed:
            pieces += [Content("  reclaimed "), (formats.size(tally.freed), "bold")]
        return pieces

    def _change(self) -> Pieces:
        which, count = self.place
        where = f", {which} of {count}" if count > 1 else ""
        pieces: Pieces = [Content(f" {self.doing}{where}")]
        step = self.step
        if step is not None:
            words = f"  {visible(step.doing, 64)} "
            if step.total:
                pieces += [Content(words), *bar(step.done, step.total)]
                pieces.append(Content(f" {step.done:,} of {step.total:,}"))
            else:
                pieces.append(Content(f"{words}…"))
        elif not self.said:
            pieces.append(Content(" …"))
        if self.said:
            pieces.append((f"  {visible(self.said, 256)}", "$text-muted"))
        return pieces
