"""The table by name: which environments a name means, or the current directory without one."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from venvdash.model import Row
from venvdash.session import nearest, own_tool, resolve
from venvdash.session.table import Scanned
from venvdash.stores import kinds


class Named(Scanned):
    """What scans have told, asked for by name. The names are those of ``resolve``."""

    def find(self, text: str) -> list[Row]:
        """Return every row that a name means. Raises resolve.NotFoundError."""
        query = self.query(text)
        rows = list(self.rows.values())
        found = resolve.matches(query, rows)
        if not found:
            raise resolve.NotFoundError(text, resolve.suggestions(query, rows))
        return found

    def of_project(self, text: str) -> set[Path]:
        """Return the environments of the project at or above a directory, by their paths."""
        directory = Path(os.path.normpath(self.machine.expand(text)))
        return {row.path for row in nearest.above(self.rows.values(), directory)[1]}

    def matches(self, names: Iterable[str], rows: Sequence[Row]) -> bool:
        """Return whether any of the names means any of the rows."""
        return any(resolve.matches(self.query(name), rows) for name in names)

    def query(self, text: str) -> resolve.Query:
        """Take a name apart as this machine's user means it."""
        return resolve.parse(text, self.machine, kinds())

    def choose(self, text: str | None, *, changing: bool, every: bool = False) -> resolve.Choice:
        """Return the environments that a name, or without one the current directory, means.

        Raises resolve.NotFoundError and resolve.AmbiguousError. A changing command never chooses
        between several; whether it takes an implied name is for itself to say.
        """
        rows = list(self.rows.values())
        if text is None:
            cwd = self.machine.cwd or self.machine.home
            if every:
                return resolve.implied(rows, cwd, changing=changing, every=True)
            return own_tool.implied(self, self.config, cwd, changing=changing)
        return resolve.choose(self.query(text), rows, changing=changing, every=every)
