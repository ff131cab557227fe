"""A group of environments in words: what is in it, and what its environments take together."""

import time
from collections import Counter

from textual.content import Content

from venvdash import formats
from venvdash.model.sorting import STATUS_RANK
from venvdash.text import counted, visible
from venvdash.tui.cells import STATUS_MARKS, status_style
from venvdash.tui.grouping import Group
from venvdash.tui.widgets.group_cells import figures

_LABEL = "$text-muted"


def group_reason(group: Group) -> Content:
    """Return what the keys do at the line of a group."""
    fold = "unfold" if group.folded else "fold"
    count = len(group.rows)
    its, them = ("its environment", "it") if count == 1 else (f"its {count} environments", "them")
    keys = f"Press Enter to {fold} it. Space marks {its}; d S R m p act on {them}."
    return Content.assemble((visible(group.title), "bold"), f"  {keys}")


def describe_group(group: Group) -> Content:
    """Return what is in a group, and what its environments take together."""
    size, free, cache = figures(group)
    facts = (
        ("environments", str(len(group.rows))),
        ("on disk", size),
        ("reclaimable", free),
        ("+cache", cache),
        ("files", f"{group.files:,}"),
        ("last used", formats.age(group.used, time.time())),
    )
    lines = [Content.styled(visible(group.title), "bold"), Content("")]
    lines += [Content.assemble((f"{label:<14}", _LABEL), value) for label, value in facts]
    if group.union is None and len(group.rows) > 1:
        words = "≤ at most, ≥ at least, ~ about: what they share is not added up"
        lines.append(Content.styled(words, _LABEL))
    counts = Counter(row.status for row in group.rows)
    lines.append(Content(""))
    for status in sorted(counts, key=lambda status: STATUS_RANK[status]):
        label = f"{STATUS_MARKS[status]} {status.value:<12}"
        count = counted(counts[status], "environment")
        lines.append(Content.assemble((label, status_style(status)), count))
    return Content("\n").join(lines)
