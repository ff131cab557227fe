"""Two lines below the list: why the row under the cursor has its status."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

_LINES = 2


class Reason(Widget):
    """One sentence, two lines at most; always as high, so that the list does not jump."""

    ALLOW_SELECT = False

    text: reactive[Content] = reactive(Content(""))

    def render(self) -> Content:
        """Wrap the sentence; what is more than two lines ends in an ellipsis."""
        width = self.size.width
        lines = self.text.wrap(width) if width > 1 else []
        if len(lines) > _LINES:
            rest = Content(" ").join(lines[_LINES - 1 :])
            lines = [*lines[: _LINES - 1], rest.truncate(width, ellipsis=True)]
        return Content("\n").join(lines)
