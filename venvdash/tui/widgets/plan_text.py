"""A plan to delete, as the text that people read before they say yes."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from textual.content import Content

from venvdash.model import Flag, Item, Package, Plan, Refusal, Removal, Row
from venvdash.session import figures
from venvdash.session.words import FLAG_MEANINGS
from venvdash.text import visible
from venvdash.tui.format import STATUS_MARKS, STATUS_MEANINGS, short_path, with_tilde
from venvdash.tui.widgets.detail import STATUS_STYLES

_MUTED = "$text-muted"
_MOST_NAMED = 12  # packages of one environment that are called by name


def counted(number: int, one: str, several: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else several or one + 's'}"


def describe_plan(plan: Plan, home: Path | None) -> Content:
    """Return every item with its reason and bytes, then what is left alone and why."""
    lines = [*_summary(plan)]
    for item in plan.items:
        lines += [Content(""), *_item(item, home)]
    if plan.refused:
        lines += [Content(""), Content.styled("Left alone", "bold $text-warning")]
        for refusal in plan.refused:
            lines += _refusal(refusal, home)
    return Content("\n").join(lines)


def _summary(plan: Plan) -> Iterator[Content]:
    if not plan.items:
        yield Content.styled("Nothing of this can be deleted.", "bold")
        return
    together = "Together they free" if len(plan.items) > 1 else "Frees"
    yield Content.assemble(
        f"{together} ",
        (figures.size(plan.frees), "bold"),
        f"; after that uv's cache still holds {figures.size(plan.cache_held)}.",
    )
    seen = "No use of them was seen" if len(plan.items) > 1 else "No use of it was seen"
    if plan.unreadable:
        hidden = counted(plan.unreadable, "process", "processes")
        seen += f"; {hidden} could not be looked at"
    yield Content.styled(f"{seen}.", _MUTED)
    if plan.refused:
        left = counted(len(plan.refused), "is", "are")
        yield Content.styled(f"{left} left alone, see the end.", "$text-warning")


def head_of(row: Row, home: Path | None, more: str = "") -> Iterator[Content]:
    """Yield the lines that say which environment it is and why it has its status."""
    status = row.verdict.status
    style = STATUS_STYLES.get(status, "")
    yield Content.assemble(
        (f"{STATUS_MARKS[status]} ", style),
        (visible(row.name, 256), "bold"),
        "  ",
        (status.value, style),
        more,
    )
    why = with_tilde(visible(row.verdict.reason), home) or STATUS_MEANINGS[status]
    yield Content(f"  {why}")
    yield Content.styled(f"  {short_path(row.environment.entry, home)}", _MUTED)


def _item(item: Item, home: Path | None) -> Iterator[Content]:
    usage = item.row.usage
    if usage is None:
        size = "not measured"
    else:
        cache = figures.size(usage.cache_held)
        about = "" if usage.exact else "about "
        size = f"frees {about}{figures.size(usage.frees)}  +cache {cache}"
    yield from head_of(item.row, home, f"  {size}")
    yield from _warnings(item, home)


def _warnings(item: Item, home: Path | None) -> Iterator[Content]:
    environment = item.row.environment
    for flag, meaning in FLAG_MEANINGS.items():
        if flag in environment.flags and flag is not Flag.ALIAS:
            yield Content.assemble("  ", (flag.value, "$text-warning"), f": {meaning}")
    if item.only_here:
        yield Content.assemble("  ", ("only here", "$text-warning"), f": {_named(item.only_here)}")
    if item.how == Removal.UNLINK:
        target = environment.target
        leads = f" to {short_path(target, home)}" if target is not None else ""
        yield Content(f"  only the link goes; what it leads{leads} stays")
    elif item.how == Removal.TOOL:
        command = visible(environment.traits.tool or "its tool's own command")
        yield Content.assemble(
            f"  removed by {command}: ", ("this cannot be undone", "$text-warning")
        )
    for link in item.links:
        yield Content(f"  the project's link {short_path(link.path, home)} goes with it")
    for edit in item.edits:
        yield Content(f"  changes {short_path(edit.path, home)}")


def _named(packages: Sequence[Package]) -> str:
    """Return the packages in words, with where they came from."""
    words = []
    for package in packages[:_MOST_NAMED]:
        origin = f" from {visible(package.origin, 256)}" if package.origin else ""
        words.append(f"{visible(package.name, 128)} {visible(package.version, 64)}{origin}")
    more = len(packages) - _MOST_NAMED
    return ", ".join(words) + (f" and {more} more" if more > 0 else "")


def _refusal(refusal: Refusal, home: Path | None) -> Iterable[Content]:
    why = with_tilde(visible(refusal.reason), home)
    yield Content.assemble(
        ("! ", "$text-warning"), (visible(refusal.name, 256), "bold"), f"  {why}"
    )
    yield Content.styled(f"  {short_path(refusal.path, home)}", _MUTED)
