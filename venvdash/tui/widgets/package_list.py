"""The list of the packages of one environment."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from venvdash.model.installed import InstalledPackage, PackageSource
from venvdash.presentation.packages import (
    elsewhere_in_words,
    name_in_words,
    names_in_words,
    origin_in_words,
    size_in_words,
    version_in_words,
)
from venvdash.tui.cells import left, right
from venvdash.tui.keys import PACKAGES
from venvdash.tui.notices import copy_text
from venvdash.tui.widgets.line_table import Column, LineTable, Parts

_LABEL = "$text-muted"


def _name(one: InstalledPackage, width: int) -> Parts:
    return ((left(name_in_words(one), width), "name"),)


def _version(one: InstalledPackage, width: int) -> Parts:
    return ((left(version_in_words(one), width), "plain"),)


def _size(one: InstalledPackage, width: int) -> Parts:
    return ((right(size_in_words(one), width), "plain"),)


def _source(one: InstalledPackage, width: int) -> Parts:
    style = "muted" if one.source is PackageSource.INDEX else "plain"
    return ((left(one.source.value, width), style),)


def _users(one: InstalledPackage, width: int) -> Parts:
    return ((left(names_in_words(one.required_by) or "–", width), "muted"),)


def _elsewhere(one: InstalledPackage, width: int) -> Parts:
    return ((left(elsewhere_in_words(one.elsewhere) or "–", width), "old"),)


_COLUMNS: Sequence[Column[InstalledPackage]] = (
    Column("name", "Package", 16, _name, grow=2),
    Column("version", "Version", 10, _version),
    Column("size", "Size", 9, _size, numeric=True),
    Column("source", "Source", 9, _source, since=60),
    Column("users", "Required by", 14, _users, grow=2, since=70),
    Column("elsewhere", "Elsewhere", 16, _elsewhere, grow=1, since=100),
)
_ORDERS: dict[str, Callable[[InstalledPackage], Any]] = {
    "name": lambda one: one.name.casefold(),
    "version": lambda one: one.package.version,
    "size": lambda one: one.on_disk or 0,
    "source": lambda one: one.source.value,
    "users": lambda one: len(one.required_by),
    "elsewhere": lambda one: sum(other.environments for other in one.elsewhere),
}
_MOST_FIRST = frozenset({"size", "users", "elsewhere"})


def facts(one: InstalledPackage) -> Content:
    """Return what the columns of a package have no room for."""
    lines = [
        ("required by", names_in_words(one.required_by) or "nothing here"),
        ("requires", _requires(one)),
        ("elsewhere", elsewhere_in_words(one.elsewhere) or "no other version"),
    ]
    if one.source is not PackageSource.INDEX:
        lines.append(("source", origin_in_words(one)))
    return Content("\n").join(
        Content.assemble((f"{label:<12}", _LABEL), words) for label, words in lines
    )


def _requires(one: InstalledPackage) -> str:
    return "unknown" if one.requires is None else names_in_words(one.requires) or "nothing"


class PackageList(LineTable[InstalledPackage]):
    """The packages, one a line: the largest first, until another order is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = list(PACKAGES)
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *("table--name", "table--plain", "table--muted", "table--old")
    }

    class FilterRequested(Message):
        """The user wants to type a filter."""

    def __init__(self, *, id: str) -> None:
        super().__init__(_COLUMNS, lambda one: one.package, id=id)
        self.sorted_by = ("size", True)
        self.filter_text = ""
        self._all: Sequence[InstalledPackage] = ()

    def show(self, packages: Iterable[InstalledPackage], *, top: bool) -> None:
        """Show these packages; with ``top`` the cursor is on the first."""
        self._all = tuple(packages)
        self._arrange(top=top)

    def search(self, text: str) -> None:
        """Show only packages with all words of ``text`` in name, version or source."""
        if text != self.filter_text:
            self.filter_text = text
            self._arrange(top=False)

    def sort_by(self, key: str) -> None:
        """Sort by a column; by the same again in reverse order."""
        same = key == self.sorted_by[0]
        self.sorted_by = (key, not self.sorted_by[1] if same else key in _MOST_FIRST)
        self._arrange(top=False)

    def _arrange(self, *, top: bool) -> None:
        words = self.filter_text.casefold().split()
        kept = [one for one in self._all if all(word in _text(one) for word in words)]
        key, descending = self.sorted_by
        kept.sort(key=_ORDERS["name"])
        kept.sort(key=_ORDERS[key], reverse=descending)
        self.show_items(kept, at_top=top)

    def action_sort(self, key: str) -> None:
        """Sort by a column."""
        self.sort_by(key)

    def action_invert(self) -> None:
        """Reverse the order."""
        self.sort_by(self.sorted_by[0])

    def action_filter(self) -> None:
        """Let the user type a filter."""
        self.post_message(self.FilterRequested())

    def action_copy_name(self) -> None:
        """Copy name and version, as `pip install` takes them."""
        if self.current is not None:
            name, version = name_in_words(self.current), version_in_words(self.current)
            copy_text(self.screen, f"{name}=={version}" if version != "-" else name)


def _text(one: InstalledPackage) -> str:
    return f"{one.name} {one.package.version} {one.source.value}".casefold()
