"""The line that counts what is marked."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from venvdash import formats
from venvdash.tui.cells import spread


class SelectionBar(Widget):
    """How many are marked, and how many bytes deleting them together reclaims.

    ``reclaimable`` and ``cache``: bytes, of the union; None while they are computed. Then ``least``
    is shown: the sum of what each alone reclaims, which the union is never below.
    """

    ALLOW_SELECT = False

    count: reactive[int] = reactive(0)
    hidden: reactive[int] = reactive(0)
    least: reactive[str] = reactive("")
    reclaimable: reactive[int | None] = reactive(None)
    cache: reactive[int | None] = reactive(None)
    exact: reactive[bool] = reactive(True)
    at_most: reactive[bool] = reactive(False)
    in_range: reactive[bool] = reactive(False)

    def render(self) -> Content:
        """Draw the count and the bytes; at the right the keys."""
        if self.reclaimable is None:
            reclaimable, cache = self.least, "…"
        else:
            about = formats.certainty(self.exact, self.at_most)
            reclaimable, cache = about + formats.size(self.reclaimable), formats.size(self.cache)
        pieces: list[Content | tuple[str, str]] = [
            Content.styled(f" ✓ {self.count} marked", "bold $text-primary"),
            (f" ({self.hidden} hidden)" if self.hidden else "", "$text-warning"),
            Content("  "),
            Content.styled(reclaimable, "bold"),
            Content(" reclaimable"),
            Content(f"  +cache {cache}"),
        ]
        end = "v end range   Esc cancel range " if self.in_range else "d delete … "
        keys = Content.styled(end, "$text-muted")
        return spread(Content.assemble(*pieces), keys, self.size.width)
