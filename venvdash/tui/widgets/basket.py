"""The line that counts what is marked, and the line that shows how far a deletion is."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from venvdash.session import figures
from venvdash.session.events import Tally

_BAR = 16


def spread(start: Content, end: Content, width: int) -> Content:
    """Return both at the ends of one line; where there is no room, the first is cut."""
    start = start.truncate(max(1, width - end.cell_length - 1), ellipsis=True)
    return Content.assemble(start, " " * (width - start.cell_length - end.cell_length), end)


class Basket(Widget):
    """How many are marked, and what deleting them together gives back.

    ``frees`` and ``cache``: bytes, of the union; None while they are being added up, when
    ``least`` is shown: the sum of what each alone gives back, which the union is never below.
    """

    ALLOW_SELECT = False

    count: reactive[int] = reactive(0)
    hidden: reactive[int] = reactive(0)
    least: reactive[int] = reactive(0)
    frees: reactive[int | None] = reactive(None)
    cache: reactive[int | None] = reactive(None)
    exact: reactive[bool] = reactive(True)
    in_range: reactive[bool] = reactive(False)

    def render(self) -> Content:
        """Draw the count and bytes, at the right what the keys do."""
        if self.frees is None:
            frees, cache = f"≥ {figures.size(self.least)}", "…"
        else:
            about = "" if self.exact else "about "
            frees, cache = about + figures.size(self.frees), figures.size(self.cache)
        pieces: list[Content | tuple[str, str]] = [
            Content.styled(f" ✓ {self.count} marked", "bold $text-primary"),
            (f", {self.hidden} out of sight" if self.hidden else "", "$text-warning"),
            Content("  frees "),
            Content.styled(frees, "bold"),
            Content(f"  +cache {cache}"),
        ]
        end = "v end of range, Esc drops it " if self.in_range else "d delete … "
        keys = Content.styled(end, "$text-muted")
        return spread(Content.assemble(*pieces), keys, self.size.width)


class WorkLine(Widget):
    """How far a deletion is, while it runs; what came of it, until it is sent away."""

    ALLOW_SELECT = False

    tally: reactive[Tally | None] = reactive(None)
    doing: reactive[str] = reactive("")
    outcome: reactive[Content] = reactive(Content(""))
    keys: reactive[str] = reactive("")

    def render(self) -> Content:
        """Draw the bar, the counters and what the keys do."""
        end = Content.styled(f"{self.keys} ", "$text-muted")
        tally = self.tally
        if tally is None:
            return spread(Content.assemble(" ", self.outcome), end, self.size.width)
        if not tally.total:
            return spread(Content(f" {self.doing} …"), end, self.size.width)
        done = min(_BAR, _BAR * tally.done // max(tally.total, 1))
        pieces: list[Content | tuple[str, str]] = [
            Content(f" {self.doing} {tally.done} of {tally.total} "),
            ("━" * done, "$primary"),
            ("─" * (_BAR - done), "$foreground 25%"),
        ]
        if tally.in_trash or not tally.freed:
            pieces += [Content("  in trash "), (figures.size(tally.in_trash), "bold")]
        if tally.freed:
            pieces += [Content("  freed "), (figures.size(tally.freed), "bold")]
        return spread(Content.assemble(*pieces), end, self.size.width)
