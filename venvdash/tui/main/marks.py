"""The marks of environments, whatever the list shows. Knows no Textual."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path


class Marks:
    """The paths of marked environments, in the order of marking.

    While a range is open, ``stretch`` replaces what it holds; what was marked before stays.
    """

    def __init__(self) -> None:
        self._paths: dict[Path, None] = {}
        self._before: dict[Path, None] = {}
        self._by_rule: set[Path] = set()
        self.anchor: Path | None = None  # where the open range began

    def __contains__(self, path: object) -> bool:
        return path in self._paths

    def __len__(self) -> int:
        return len(self._paths)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The marked paths."""
        return tuple(self._paths)

    def count(self, paths: frozenset[Path]) -> int:
        """Return how many of these are marked."""
        return len(self._paths.keys() & paths) if self._paths else 0

    def toggle(self, path: Path) -> None:
        """Mark, or unmark."""
        if path in self._paths:
            self.remove([path])
        else:
            self._paths[path] = None

    def toggle_all(self, paths: Sequence[Path]) -> None:
        """Mark all of these; unmark them where all are marked already."""
        if all(path in self._paths for path in paths):
            self.remove(paths)
        else:
            self.add(paths)

    def add(self, paths: Iterable[Path], *, by_rule: bool = False) -> None:
        """Mark these as well."""
        added = dict.fromkeys(paths)
        self._by_rule |= added.keys() - self._paths.keys() if by_rule else set()
        self._paths |= added

    def by_rule(self, paths: Iterable[Path]) -> bool:
        """Return whether a rule has marked any of these, and the user none of them."""
        return not self._by_rule.isdisjoint(paths)

    def remove(self, paths: Iterable[Path]) -> None:
        """Unmark these."""
        for path in paths:
            self._paths.pop(path, None)
            self._by_rule.discard(path)

    def clear(self) -> None:
        """Unmark all."""
        self._paths, self._by_rule, self.anchor = {}, set(), None

    def keep(self, there: Collection[Path]) -> bool:
        """Unmark what no longer exists; return whether there was any."""
        gone = [path for path in self._paths if path not in there]
        self.remove(gone)
        if self.anchor is not None and self.anchor not in there:
            self.anchor = None
        return bool(gone)

    def open_range(self, path: Path) -> None:
        """Begin a range with this environment."""
        self._before = dict(self._paths)
        self.anchor = path
        self.add([path])

    def stretch(self, between: Iterable[Path]) -> None:
        """Replace what the open range holds."""
        self._paths = self._before | dict.fromkeys(between)

    def close_range(self, *, keep: bool) -> None:
        """End the range; without ``keep`` only what was marked before it stays."""
        if not keep:
            self._paths = dict(self._before)
        self.anchor = None
