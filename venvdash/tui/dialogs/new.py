"""The form for a new environment: a name or a directory, packages, Python, store."""

import shlex
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Static

from venvdash.actions.copy.reinstall import base_python
from venvdash.actions.new.plan import planned
from venvdash.model import Action, Environment, Proposal, Row
from venvdash.session.name_resolution import AmbiguousError, NotFoundError
from venvdash.session.new_request import NoProjectError, requested
from venvdash.stores import default_store
from venvdash.text import short_path
from venvdash.tui.dialogs.base import MakeProposal, ShowProposals
from venvdash.tui.dialogs.destination_form import DestinationForm, free_stores, pythons
from venvdash.tui.scan_state import ScanState
from venvdash.tui.session_access import SessionAccess
from venvdash.tui.widgets.plain_input import PlainInput


class NewForm(DestinationForm):
    """Asks what to create; while it is filled in it says why it cannot be. The plan comes next."""

    TITLE = "New environment"

    def __init__(self, access: SessionAccess, scanned: ScanState, propose: ShowProposals) -> None:
        session = access.session
        store = default_store.folder(session.machine, session.config)
        super().__init__(access, scanned, Action.NEW, planned("", store), propose)

    def stores(self) -> list[tuple[str, Path | None]]:
        """Return the stores to choose from, the default first, whether it exists or not."""
        default = self._row.environment.root
        others = [root for root in free_stores(self._scanned.stores) if root != default]
        return [(short_path(root, self._home), root) for root in (default, *others)]

    def versions(self) -> list[tuple[str, Environment | None]]:
        """Return the Pythons to choose from, first what uv prefers."""
        return [("as uv chooses", None), *pythons(self._scanned.table.rows.values()).items()]

    def fields(self) -> Iterator[Widget]:
        """Yield a line for the name, one for packages, and what is chosen from."""
        for label, key, hint in (
            ("Name", "name", "a name, ./DIR for a project, or PROJECT/LABEL"),
            ("With", "packages", "packages such as numpy ./mylib; a project is synced"),
        ):
            line = PlainInput("", placeholder=hint, compact=True, max_length=1000, id=key)
            yield Horizontal(Static(label, markup=False), line, classes="field")
        yield from (cycle for cycle in (self._store, self._python) if len(cycle.values) > 1)

    def proposing(self) -> MakeProposal:
        """Return the function that makes the proposal for the present fields."""
        name = self.query_one("#name", PlainInput).value.strip()
        packages = self.query_one("#packages", PlainInput).value
        store, python = self._store.value, self._python.value
        session = self._access.session

        def make(row: Row, _: threading.Event) -> Proposal:
            try:
                wanted = requested(
                    name, session.machine, lambda head: session.choose(head, changing=False).rows[0]
                )
                words = tuple(shlex.split(packages))
            except NotFoundError:
                return _refused(row, "No environment has the name before the slash.")
            except AmbiguousError:
                return _refused(row, "Several projects have the name before the slash.")
            except (NoProjectError, ValueError) as error:
                return _refused(row, str(error))
            if wanted.project is not None and words:
                return _refused(row, "A project is synced: leave the packages empty.")
            interpreter = str(base_python(python)) if python is not None else None
            wanted = replace(wanted, python=interpreter, packages=words, root=store)
            return session.actions.new(wanted)

        return make

    def rows(self) -> list[Row]:
        """Return what stands for the environment while it is planned."""
        name = self.query_one("#name", PlainInput).value.strip()
        return [planned(name or "environment", self._row.environment.root)]


def _refused(row: Row, reason: str) -> Proposal:
    return Proposal(Action.NEW, row, refusal=reason)
