"""What sync, relink, copy, rename and move would do, as a value that is shown before it is done."""

from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.model.plans import Action, Edit, GitState, Link, Row


@dataclass(frozen=True, slots=True)
class PackageChange:
    """What would become of one package; ``action`` is uv's word, as "installed"."""

    name: str
    version: str
    action: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one change of one environment would do: dialog, dry run and JSON all draw this.

    ``says`` is what will be done and ``warns`` what is lost or replaced by it, a sentence each,
    raw as they come: who shows them makes them visible. With ``warns`` the user is asked first,
    whatever else was said. ``refusal`` is why it cannot be done, "" where it can.

    ``place`` is the entry as it will be (of a copy: the new one's), ``project`` the one that it is
    to belong to, beside its present ones if ``shared``, ``python`` the version or interpreter
    asked for, ``extra`` further arguments for what is run. ``commands`` would be run,
    ``packages`` change, ``edits`` and ``links`` be written: of ``links`` those that are new.
    ``distrusted`` is another user's project whose code would have to be run, and the reason for
    the refusal: once the user trusts it, propose again.
    ``git`` is what git says of what is written where something is now.
    ``offers`` may be written as well: what the user takes of them is to be moved to ``edits``.
    """

    action: Action
    row: Row
    says: tuple[str, ...] = ()
    warns: tuple[str, ...] = ()
    refusal: str = ""
    place: Path | None = None
    project: Path | None = None
    python: str | None = None
    extra: tuple[str, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    packages: tuple[PackageChange, ...] = ()
    edits: tuple[Edit, ...] = ()
    links: tuple[Link, ...] = ()
    offers: tuple[Edit, ...] = ()
    shared: bool = False
    distrusted: Path | None = None
    git: tuple[GitState, ...] = ()

    def taking_offers(self) -> "Proposal":
        """Return it with all that it offers taken."""
        return replace(self, edits=(*self.edits, *self.offers), offers=())
