"""A dashboard over a machine full of hostile names; started in a terminal of its own by a test."""

import faulthandler
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from textual import constants

from tests.tui.fake_session import FakeActions, FakePrograms, FakeSession
from tests.tui.rows import HOME, STORE, everything, row
from tests.tui.terminal import ESCAPE_DELAY
from venvdash.actions.events import ActionEvent, Finished, Output, Progressed, RowState
from venvdash.actions.process.run_log import Log
from venvdash.model import (
    Action,
    Claim,
    Direction,
    Edit,
    EvidenceKind,
    Item,
    Link,
    NotEnvironment,
    Outcome,
    Package,
    PackageChange,
    Plan,
    Proposal,
    Record,
    Refusal,
    Removal,
    Result,
    Row,
    Status,
    Trashed,
)
from venvdash.model.status import State
from venvdash.scanner.events import Ended, Problem, SkippedEntry, StoreSeen
from venvdash.stores.roots import Root, RootOrigin
from venvdash.tui.app import Dashboard
from venvdash.tui.main.opening import Opening

NAMES = (
    "[/red]",
    "[@click=app.quit]x[/]",
    "a\x1b]0;pwn\x07b",
    "right\u202eleft",
    "new\nline",
    "c1\x9b31mred",
    "bytes\udcff\udc9b",
    "[bold",
    "tab\tand\rreturn",
    "zero\u200bwidth\u2066",
)


def hostile_row(name: str) -> Row:
    """Return a row in which everything that comes from a disk is that name."""
    path = STORE / name
    base = row(name, Status.ORPHAN, mib=3, path=path, project=HOME / name, reason=f"{name} is gone")
    claim = Claim(path, HOME / name, EvidenceKind.POINTER, Direction.ENVIRONMENT, f"/x/{name}")
    fingerprint = base.environment.fingerprint
    return replace(
        base,
        environment=replace(
            base.environment,
            python=name,
            implementation=name,
            base=Path("/opt") / name,
            prompt=name,
            creator=name,
            store=name,
            made_at=Path("/made") / name,
            target=Path("/target") / name,
            traits=replace(base.environment.traits, kind=name, name=name, tool=name),
            packages=(Package(name, name, origin=name, editable=True),),
        ),
        verdict=replace(base.verdict, claims=(claim, replace(claim, how=EvidenceKind.MENTION))),
        record=Record(name, path, fingerprint, note=name, pinned=True, first_seen=1),
    )


def hostile_session() -> FakeSession:
    """Return a scan in which every kind of event carries every name."""
    events = everything([hostile_row(name) for name in NAMES])[:-1]
    for name in NAMES:
        root = Root(STORE / name, name, RootOrigin.VARIABLE, source=name)
        events.append(StoreSeen(root, STORE / name, exists=True, problem=name))
        events.append(SkippedEntry(NotEnvironment(STORE / name, name, name)))
        events.append(Problem(STORE / name, name))
    told = [*events, Ended(False, 0.1), RuntimeError(NAMES[2])]
    refused = tuple(Refusal(STORE / name, name, name) for name in NAMES[1:])
    items = tuple(_items())
    return FakeSession(
        told,
        plan=Plan(Action.DELETE, items, refused, packages_only_in_cache=NAMES),
        deleting=tuple(_deletion(items)),
        trashed=tuple(map(_trashed, NAMES)),
        log=_log(),
        actions=_changes(),
    )


def _log() -> Log:
    log = Log()
    for name in NAMES:
        run = log.begin([f"/bin/{name}", name], Path("/") / name, {"A": name})
        run.line(name)
        run.ended(1)
    return log


def _changes() -> FakeActions:
    """Return changes that propose, offer and tell every name; half of them are refused."""
    answers: dict[Path, Proposal | Exception | threading.Event] = {}
    told: list[ActionEvent] = []
    results = []
    for number, name in enumerate(NAMES):
        item = hostile_row(name)
        answers[item.path] = Proposal(
            Action.SYNC,
            item,
            (name,),
            (name,),
            refusal=name if number % 2 else "",
            place=STORE / name,
            python=name,
            commands=((f"/bin/{name}", name),),
            packages=(PackageChange(name, name, name),),
            edits=(Edit(HOME / name, name, name),),
            links=(Link(HOME / name, name),),
        )
        told += [
            RowState(item.path, State.SYNCING),
            Output(name),
            Progressed(name, 1, 2),
            RowState(item.path, State.FAILED, name),
        ]
        results.append(Result(item.path, name, Outcome.FAILED, name, place=STORE / name))
    told.append(Finished(tuple(results), problems=NAMES))
    return FakeActions(answers, [HOME / name for name in NAMES], told)


def _items() -> Iterator[Item]:
    for name in NAMES:
        package = Package(name, name, origin=name)
        edit, link = Edit(HOME / name, name, name), Link(HOME / name, name)
        for how in Removal:
            row = hostile_row(name)
            yield Item(row, (package,), (edit,), (link,), how)


def _deletion(items: Sequence[Item]) -> Iterator[ActionEvent]:
    results = []
    for number, item in enumerate(items):
        path, name = item.row.path, item.row.name
        state = (State.FAILED, State.SKIPPED)[number % 2]
        outcome = (Outcome.FAILED, Outcome.SKIPPED)[number % 2]
        yield RowState(path, state, name)
        results.append(Result(path, name, outcome, name))
    yield Finished(tuple(results), problems=NAMES, cleaned=NAMES)


def _trashed(name: str) -> Trashed:
    return Trashed(
        path=STORE / f".venvdash-trash-{name}",
        original=STORE / name,
        name=name,
        status=name,
        reason=name,
        kind=name,
    )


def empty_session() -> FakeSession:
    """Return a scan that finds stores of hostile names, and nothing in them."""
    seen = [StoreSeen(Root(STORE / name, name), STORE, exists=False) for name in NAMES]
    return FakeSession([*seen, Ended(False, 0.1)])


if __name__ == "__main__":
    faulthandler.register(signal.SIGUSR1)
    setattr(constants, "ESCAPE_DELAY", ESCAPE_DELAY)
    session = empty_session() if "empty" in sys.argv else hostile_session()
    app = Dashboard(HOME, Opening(lambda: session), FakePrograms(terminal=False))
    app.run()
    app.end_scan()
    sys.exit(app.return_code or 0)
