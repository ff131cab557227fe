"""A sync that is proposed, in words: what it does, and what is lost by it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.sync import preserve
from venvdash.actions.sync.command import REQUIREMENTS, SyncKind
from venvdash.actions.sync.dry_run import DryRun
from venvdash.model import Flag, Row
from venvdash.model.packaging import minor_version
from venvdash.scanner.projects import project_info
from venvdash.stores.base import normalised
from venvdash.stores.pyvenv_cfg import parse_cfg
from venvdash.system.files import read_text, real
from venvdash.system.processes import users
from venvdash.text import short_path, visible

_REQUEST = re.compile(r"(?:cpython[-@]?)?(\d+(?:\.\d+){1,2})")


@dataclass(frozen=True, slots=True)
class SyncMessages:
    """What there is to say of one sync."""

    row: Row
    foreseen: DryRun
    context: Context

    @property
    def _project(self) -> Path | None:
        return self.foreseen.way.project

    def says(self) -> Iterator[str]:
        """Yield what it does, a sentence each."""
        way, dry_run = self.foreseen.way, self.foreseen
        if dry_run.nothing:
            yield "Already up to date."
        elif not dry_run.known:
            yield "Its tool upgrades it. The changes are only known afterwards."
        elif way.sort is SyncKind.REQUIREMENTS:
            yield f"uv installs the packages in {REQUIREMENTS} and keeps all others."
        else:
            yield f"uv syncs it with {self._short(self._project)}."
        if dry_run.lock:
            done = "brought up to date" if dry_run.lock_exists else "made"
            yield f"{self._short(dry_run.lock)} is {done} first."
        if way.inexact:
            yield f"Packages that the project does not require are kept: {way.inexact}."
        if way.again:
            yield f"Reinstalled because files are missing: {listed(way.again)}."
        yield from self._other_pointer()
        yield from self._other_python()
        if self.row.endangered is not None:
            yield (
                f"`uv sync` in the project would delete {self._short(self.row.endangered)} with"
                " every file in it. This sync does not touch it."
            )
        if not dry_run.replaced:
            yield from self._uses()

    def warns(self) -> Iterator[str]:
        """Yield what is lost or replaced, a sentence each. Raises OSError."""
        row, dry_run = self.row, self.foreseen
        going = {change.name for change in dry_run.packages if change.action == "uninstalled"}
        coming = {change.name for change in dry_run.packages if change.action != "uninstalled"}
        if dry_run.replaced:
            yield from self._replaced()
            had = {package.name: package for package in row.environment.packages}
            left = {name for name in had if normalised(name) not in map(normalised, coming)}
            if left:
                yield f"Not reinstalled: {listed(left)}."
            yield from self._uses()
        elif going - coming:
            count = len(going - coming)
            what = "1 package is" if count == 1 else f"{count} packages are"
            yield f"{what} uninstalled: {listed(going - coming)}."

    def _replaced(self) -> Iterator[str]:
        environment, dry_run = self.row.environment, self.foreseen
        broken = Flag.BROKEN in environment.flags
        why = (
            "its interpreter no longer exists"
            if broken
            else f"it now uses {environment.python or 'another Python'}"
        )
        yield f"It is deleted and recreated with Python {dry_run.python}: {why}."
        if dry_run.why and not broken:
            yield f"uv says: {dry_run.why}"
        same = minor_version(dry_run.python) == minor_version(environment.python)
        if environment.traits.per_interpreter and not same:
            yield (
                f"Its name contains Python {environment.python}: its tool may not find it "
                "with another version."
            )
        files = preserve.unsaved_names(environment.path)
        if files:
            yield f"These files are deleted with it: {listed(files)}."
        cfg = parse_cfg(read_text(environment.path / "pyvenv.cfg") or "")
        if cfg.get("include-system-site-packages", "").lower() == "true":
            yield "It will no longer see the packages of its base interpreter."

    def _other_pointer(self) -> Iterator[str]:
        """Say where the project leads, if not here; uv leaves that alone."""
        if self.foreseen.way.sort is not SyncKind.PROJECT or self._project is None:
            return
        for link in project_info.links_of(str(self._project))[:1]:
            if real(link.environment) != real(self.row.path):
                yield (
                    f"{self._short(link.pointer)} points to another "
                    f"environment, {self._short(link.environment)}. Both are left unchanged."
                )

    def _other_python(self) -> Iterator[str]:
        """Say that the project asks for a Python that this environment does not have."""
        if (
            self.foreseen.replaced
            or self.foreseen.way.sort is not SyncKind.PROJECT
            or not self._project
        ):
            return
        text = read_text(self._project / ".python-version", 4096) or ""
        lines = (line.strip() for line in text.splitlines())
        wanted = _REQUEST.fullmatch(next((x for x in lines if x and x[0] != "#"), ""))
        has = self.row.environment.python
        if wanted and has and not f"{has}.".startswith(f"{wanted[1]}."):
            yield (
                f"It keeps its Python {has}, though .python-version asks for {wanted[1]}:"
                f" add `-- --python {wanted[1]}` to recreate it."
            )

    def _uses(self) -> Iterator[str]:
        if self.foreseen.nothing:
            return
        uses = users([self.row.path]).uses.get(self.row.path, ())
        if uses:
            named = (f"{visible(use.name)} (pid {use.pid})" for use in uses)
            yield f"It is in use; these processes may need a restart: {listed(named)}."

    def _short(self, path: Path | None) -> str:
        return short_path(path, self.context.machine.home) if path else "it"


def listed(names: Iterable[str], most: int = 20) -> str:
    """Return names in a sentence, in their order, ``most`` of them."""
    ordered = sorted(names)
    more = len(ordered) - most
    return ", ".join(map(visible, ordered[:most])) + (f" and {more} more" if more > 0 else "")
