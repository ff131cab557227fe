"""A plan to delete in words, the same for both faces: they style the pieces, and print them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from venvdash.formats import certainty, number, size
from venvdash.model import (
    DiskSpace,
    Flag,
    Item,
    Limit,
    Package,
    Plan,
    Refusal,
    Removal,
    SearchReport,
    Status,
)
from venvdash.presentation.document import (
    Line,
    Piece,
    git_lines,
    head_of,
    in_blocks,
    plain,
    warning,
)
from venvdash.presentation.labels import flag_in_words
from venvdash.presentation.meanings import FLAG_MEANINGS
from venvdash.presentation.roles import Role
from venvdash.presentation.searches import search_in_words, unsearched_in_words
from venvdash.text import counted, short_path, visible, with_tilde

_MOST_NAMED = 12  # packages that are called by name
_FOR_GOOD = Piece("cannot be undone", Role.WARNING)
_UNTOLD = frozenset({Flag.ALIAS, Flag.VOLATILE})  # said otherwise, or no news to who deletes it


def plan_in_words(plan: Plan, home: Path | None, *, sums_last: bool = False) -> list[Line]:
    """Return a plan: what it frees, each item with its reason, what is left alone and why.

    Last what was searched for projects, and what was not. ``sums_last`` puts what it frees where
    it is read before a prompt.
    """
    sums = list(_sums(plan, home))
    blocks = [list(_item(item, home)) for item in plan.items]
    if plan.refused:
        refused = [line for refusal in plan.refused for line in _refusal(refusal, home)]
        blocks.append([Line((Piece("Skipped", Role.WARNING),)), *refused])
    if plan.search is not None:
        blocks.append(list(_search(plan.search, home)))
    return in_blocks([*blocks, sums] if sums_last else [sums, *blocks])


def space_in_words(space: DiskSpace, home: Path | None) -> str:
    """Return how close a limit is, and where."""
    write = number if space.counts_files else size
    where = short_path(space.directory, home)
    if not space.free and space.limit in (Limit.QUOTA, Limit.FILE_QUOTA):
        files = " of files" if space.counts_files else ""
        return f"Your quota{files} of {write(space.total)} is used up at {where}"
    what = {
        Limit.BYTES: "are free",
        Limit.INODES: "inodes are free",
        Limit.QUOTA: "of your quota are left",
        Limit.FILE_QUOTA: "files of your quota are left",
    }[space.limit]
    return f"Only {write(space.free)} of {write(space.total)} {what} at {where}"


def _sums(plan: Plan, home: Path | None) -> Iterator[Line]:
    if not plan.items:
        nothing = "None of these can be deleted." if plan.refused else "Nothing to delete."
        yield Line((Piece(nothing, Role.STRONG),))
        return
    reclaimable = Piece(certainty(plan.exact, plan.at_most) + size(plan.reclaimable), Role.STRONG)
    cached = size(plan.cache_held)
    held = f"; {cached} usually stays in uv's cache" if plan.cache_held else ""
    yield Line((Piece("Reclaimable: "), reclaimable, Piece(f"{held}.")))
    if plan.low_space is not None:
        full = space_in_words(plan.low_space, home)
        yield warning("", full, ": the trash frees nothing until it is emptied.")
    packages = plan.packages_only_in_cache
    if packages:
        named = _listed([visible(name, 128) for name in packages])
        yield plain(f"Packages used nowhere else: {named}.")
    seen = "Not in use"
    if plan.unreadable:
        hidden = counted(plan.unreadable, "process", "processes")
        seen += f" ({hidden} could not be inspected)"
    yield Line((Piece(f"{seen}.", Role.MUTED),))
    going = [item.row for item in plan.items if item.how != Removal.UNLINK]
    linked = sum(row.verdict.status is Status.LINKED for row in going)
    if linked:
        use = (
            "its project exists and uses it" if linked == 1 else "their projects exist and use them"
        )
        yield warning("", counted(linked, "linked environment"), f": {use}.")
    if plan.refused:
        yield warning("", f"{len(plan.refused)} skipped, see the reasons below.")


def _item(item: Item, home: Path | None) -> Iterator[Line]:
    usage, more = item.row.usage, "  size not measured"
    if usage is not None:
        about = certainty(usage.exact, usage.at_most)
        more = f"  {about}{size(usage.reclaimable)} reclaimable  +cache {size(usage.cache_held)}"
    yield from head_of(item.row, home, "" if item.how == Removal.UNLINK else more)
    yield from _warnings(item)
    yield from _consequences(item, home)


def _warnings(item: Item) -> Iterator[Line]:
    for flag in FLAG_MEANINGS:
        if flag in item.row.environment.flags - _UNTOLD:
            yield warning("  ", flag.value, f": {flag_in_words(flag, item.row)}")
    if item.unsearched:
        yield warning("  ", f"can only go to the trash: {visible(item.unsearched)}")
    if item.confirm:
        yield warning("  ", f"must be confirmed by name: {visible(item.confirm)}")
    if item.only_here:
        yield warning("  ", "only here", f": {_listed([_in_words(p) for p in item.only_here])}")


def _consequences(item: Item, home: Path | None) -> Iterator[Line]:
    environment = item.row.environment
    if item.how == Removal.UNLINK:
        target = environment.target
        leads = f" {short_path(target, home)}" if target is not None else ""
        yield plain(f"  deletes only the link; its target{leads} stays")
    elif item.how == Removal.TOOL:
        command = Piece(with_tilde(visible(item.command), home), Role.STRONG)
        yield Line((Piece("  runs "), command, Piece(", which "), _FOR_GOOD))
    elif item.how == Removal.IN_PLACE:
        yield warning("  ", "no trash", ": directories of a container image cannot be renamed;")
        yield plain("  only `--now` deletes it, permanently: this cannot be undone")
    if item.folder and item.folder.lasts_until:
        yield warning(
            "  can be restored ", f"only until the next `{visible(item.folder.lasts_until)}`"
        )
    for link in item.links:
        yield plain(f"  removes the project's link {short_path(link.path, home)}")
    for edit in item.edits:
        yield plain(f"  changes {short_path(edit.path, home)}, which refers to it")
    yield from git_lines(item.git, home)


def _refusal(refusal: Refusal, home: Path | None) -> Iterator[Line]:
    name = Piece(visible(refusal.name, 256), Role.STRONG)
    why = with_tilde(visible(refusal.reason), home)
    yield Line((Piece("! ", Role.WARNING), name, Piece(f"  {why}")))
    yield Line((Piece(f"  {short_path(refusal.path, home)}", Role.MUTED),))


def _search(report: SearchReport, home: Path | None) -> Iterator[Line]:
    for text in search_in_words(report, home):
        yield Line((Piece(text, Role.MUTED),))
    for text in unsearched_in_words(report, home):
        yield Line((Piece(text, Role.WARNING),))


def _in_words(package: Package) -> str:
    origin = f" from {visible(package.origin, 256)}" if package.origin else ""
    return f"{visible(package.name, 128)} {visible(package.version, 64)}{origin}"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
