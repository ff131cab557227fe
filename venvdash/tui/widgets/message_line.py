"""The one line where everything is reported: messages, the progress of a job, its outcome."""

from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from venvdash import formats
from venvdash.text import visible
from venvdash.tui.cells import bar, spread
from venvdash.tui.notices import Notice

if TYPE_CHECKING:
    from venvdash.actions.events import Progressed, Tally

Pieces = list[Content | tuple[str, str]]

_SECONDS = 4.0  # for which a message is shown that is no failure
_MOST_LINES = 3


class MessageLine(Widget):
    """The newest message; else the progress of a job while it runs; else how the last one ended.

    A message goes after a while; a failure, like the outcome of a job, stays until it is
    dismissed. ``doing`` and ``keys`` are safe to show. ``tally`` is a deletion's. Of other jobs
    ``step`` and ``said`` are the newest events, raw, and ``place`` is which of how many is worked
    on. ``searched`` counts the directories of a search that comes first, None where none runs.
    """

    ALLOW_SELECT = False

    doing: reactive[str] = reactive("")
    keys: reactive[str] = reactive("")
    tally: "reactive[Tally | None]" = reactive(None)
    place: reactive[tuple[int, int]] = reactive((0, 0))
    step: "reactive[Progressed | None]" = reactive(None)
    said: reactive[str] = reactive("")
    searched: reactive[int | None] = reactive(None)
    outcome: reactive[Content | None] = reactive(None, layout=True)
    working: reactive[bool] = reactive(False)
    notices: reactive[tuple[Notice, ...]] = reactive((), layout=True)

    def __init__(self) -> None:
        super().__init__()
        self.display = False

    # A job

    def begin(self, doing: str, keys: str, tally: "Tally | None" = None) -> None:
        """Show that a job begins."""
        self.doing, self.keys, self.tally = doing, keys, tally
        self.place, self.step, self.said, self.outcome = (0, 0), None, "", None
        self.searched, self.notices, self.working = None, (), True
        self._appear()

    def end(self) -> None:
        """Show from now on how the job ended, where that is known."""
        self.working = False
        self._appear()

    def dismiss_outcome(self) -> bool:
        """Remove how the last job ended; return whether it was shown."""
        left, self.outcome = self.outcome is not None, None
        self._appear()
        return left

    @property
    def of_job(self) -> bool:
        """Whether it belongs to a job, under way or ended."""
        return self.working or self.outcome is not None

    # Messages

    def show_notice(self, notice: Notice) -> None:
        """Show a message, over what else is shown."""
        self.notices = (*self.notices, notice)
        if not notice.severe:
            self.set_timer(_SECONDS, partial(self.forget, notice))
        self._appear()

    def forget(self, notice: Notice) -> None:
        """Do not show a message any more."""
        self.notices = tuple(one for one in self.notices if one is not notice)
        self._appear()

    def dismiss_notices(self) -> bool:
        """Remove all messages; return whether one of them would have stayed."""
        stays = any(one.severe for one in self.notices)
        self.notices = ()
        self._appear()
        return stays

    def _appear(self) -> None:
        shown = self.of_job or bool(self.notices)
        if self.display != shown:  # setting it lays out the screen again
            self.display = shown

    # Drawing

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines it takes."""
        return min(_MOST_LINES, len(self._drawn(width).wrap(width)))

    def render(self) -> Content:
        """Draw it; the keys at the right, or behind a text of several lines."""
        return self._drawn(self.size.width)

    def _drawn(self, width: int) -> Content:
        text, keys = self._text()
        end = Content.styled(keys, "$text-muted")
        if text is None:
            return spread(self._progress(), end, width)
        if text.cell_length + end.cell_length < width:
            return spread(text, end, width)
        return Content.assemble(text, "  ", end)

    def _text(self) -> tuple[Content | None, str]:
        """Return the message or outcome to show, and the keys; no text for a job's progress."""
        if not self.notices:
            return None if self.working and self.outcome is None else self.outcome, self.keys
        notice, more = self.notices[-1], len(self.notices) - 1
        sign = ("! ", "bold $text-warning") if notice.severe else ""
        keys = [f"+{more} more: @ log"] if more else []
        keys += ["Esc"] if notice.severe else []
        return Content.assemble(sign, notice.text), "  ".join(keys)

    def _progress(self) -> Content:
        if self.searched is not None:
            return Content(f"searching for projects again: {self.searched:,} directories")
        if self.tally is not None and self.tally.total:
            return Content.assemble(*self._deletion(self.tally))
        return Content.assemble(*self._change())

    def _deletion(self, tally: "Tally") -> Pieces:
        doing, part = self.doing, bar(tally.done, tally.total)
        if tally.freeing:  # by bytes: a single environment may take long
            doing, part = "deleting permanently", bar(tally.freed, tally.freed + tally.in_trash)
        pieces: Pieces = [Content(f"{doing} {tally.done} of {tally.total} "), *part]
        if tally.in_trash or not tally.freed:
            pieces += [Content("  in trash "), (formats.size(tally.in_trash), "bold")]
        if tally.freed:
            pieces += [Content("  reclaimed "), (formats.size(tally.freed), "bold")]
        return pieces

    def _change(self) -> Pieces:
        which, count = self.place
        where = f", {which} of {count}" if count > 1 else ""
        pieces: Pieces = [Content(f"{self.doing}{where}")]
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
