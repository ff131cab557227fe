"""Looks up rows of the table by name, or by the current directory."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from venvdash.model import Row
from venvdash.session import current_environment, default_environment, name_resolution
from venvdash.session.table import ScannedTable
from venvdash.stores import kinds


class NamedTable(ScannedTable):
    """The table of a session with lookups by name; see ``name_resolution``."""

    def find(self, text: str) -> list[Row]:
        """Return every row that matches a name. Raises resolve.NotFoundError."""
        query = self.query(text)
        rows = list(self.rows.values())
        matching = name_resolution.matches(query, rows)
        if not matching:
            raise name_resolution.NotFoundError(text, name_resolution.suggestions(query, rows))
        return matching

    def missing_named(self, text: str) -> list[Row]:
        """Return the projects without environment that a name or a path means."""
        path = Path(os.path.normpath(self.machine.expand(text)))
        return [
            row
            for row in self.missing.values()
            if text == row.name or path in (row.path, *row.verdict.projects)
        ]

    def of_project(self, text: str) -> set[Path]:
        """Return the environments of the project at or above a directory, by their paths.

        Also those that are missing.
        """
        directory = Path(os.path.normpath(self.machine.expand(text)))
        rows = [*self.rows.values(), *self.missing.values()]
        return {row.path for row in current_environment.above(rows, directory)[1]}

    def matches(self, names: Iterable[str], rows: Sequence[Row]) -> bool:
        """Return whether any of the names matches any of the rows."""
        return any(name_resolution.matches(self.query(name), rows) for name in names)

    def query(self, text: str) -> name_resolution.Query:
        """Parse a name on this machine."""
        return name_resolution.parse(text, self.machine, kinds())

    def choose(
        self, text: str | None, *, changing: bool, every: bool = False
    ) -> name_resolution.Choice:
        """Return the environments that a name, or without one the current directory, means.

        Raises resolve.NotFoundError and resolve.AmbiguousError. A changing command never chooses
        between several.
        """
        rows = list(self.rows.values())
        if text is None:
            cwd = self.machine.cwd or self.machine.home
            if every:
                return name_resolution.implied(rows, cwd, changing=changing, every=True)
            return default_environment.implied(self, self.config, cwd, changing=changing)
        return name_resolution.choose(self.query(text), rows, changing=changing, every=every)
