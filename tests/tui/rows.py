"""Rows as plain values, and the events of a scan that finds them."""

import time
from collections.abc import Sequence
from pathlib import Path

from venvdash.actions.events import RowChanged
from venvdash.model import (
    Claim,
    Direction,
    Environment,
    EnvironmentIdentity,
    EvidenceKind,
    Flag,
    NotEnvironment,
    Package,
    Row,
    Status,
    Traits,
    Usage,
    Verdict,
)
from venvdash.scanner.events import Ended, Phase, Problem, Progress, SkippedEntry, StoreSeen
from venvdash.session.events import SessionEvent
from venvdash.stores.roots import Root

HOME = Path("/home/ada")


STORE = HOME / ".cache/uv/environments-v2"


DAY = 86400.0


def usage(mib: float, reclaimable: float | None = None, cache: float | None = 0.0) -> Usage:
    """Return a usage of so many MiB."""
    unit = 1024**2
    return Usage(
        apparent=int(mib * unit * 0.93),
        on_disk=int(mib * unit),
        reclaimable=int((mib if reclaimable is None else reclaimable) * unit),
        files=int(mib * 40),
        cache_held=None if cache is None else int(cache * unit),
    )


def row(
    name: str,
    status: Status = Status.LINKED,
    *,
    mib: float | None = None,
    reclaimable: float | None = None,
    cache: float | None = None,
    reason: str = "",
    python: str | None = "3.12.11",
    kind: str = "uv project",
    flags: frozenset[Flag] = frozenset(),
    days: float | None = None,
    project: Path | None = None,
    path: Path | None = None,
    packages: Sequence[Package] = (),
    here: bool = False,
) -> Row:
    """Return a row with what a test cares about; the rest as on an ordinary machine."""
    where = path or STORE / f"{name}-3f2a9c1d"
    project = project or HOME / "code" / name
    claims = (
        Claim(where, project, EvidenceKind.HASH, Direction.PROJECT, str(where)),
        Claim(where, project, EvidenceKind.EDITABLE, Direction.ENVIRONMENT, f"{name}.pth"),
    )
    proven = status not in (Status.UNKNOWN, Status.STANDALONE, Status.CHECKING)
    return Row(
        environment=Environment(
            path=where,
            entry=where,
            root=STORE,
            store="uv",
            traits=Traits(kind=kind, name=where.name),
            fingerprint=EnvironmentIdentity(1, 2, 3, 4),
            python=python,
            implementation="CPython",
            base=Path("/usr/bin"),
            packages=tuple(packages),
            created=1.7e9,
            changed=1.75e9,
            flags=flags,
        ),
        verdict=Verdict(
            status=status,
            reason=reason or f"{project} is what its name was made from.",
            projects=(project,) if proven else (),
            evidence=EvidenceKind.HASH if proven else None,
            claims=claims if proven else (),
        ),
        name=name,
        usage=None if mib is None else usage(mib, reclaimable, cache),
        used=None if days is None else time.time() - days * DAY,
        here=here,
    )


def small_machine() -> list[Row]:
    """Return one row of every status, with figures as they are on real machines."""
    gone = "~/code/billing-legacy is not there; ~/code is, and can be read."
    return [
        row("webapp", mib=412.3, reclaimable=38.2, cache=374.0, days=0.1, here=True),
        row(
            "billing-legacy",
            Status.ORPHAN,
            mib=1834,
            reclaimable=212,
            cache=1622,
            days=190,
            reason=gone,
        ),
        row("data-notebooks", mib=5321, reclaimable=4100, cache=1221, python="3.11.9", days=3),
        row(
            "api@3.11",
            Status.REPLACED,
            mib=220,
            reclaimable=12,
            cache=208,
            python="3.11.9",
            days=64,
        ),
        row("api", mib=231, reclaimable=14, cache=217, days=1),
        row("shop", Status.MOVED, mib=98, reclaimable=9, cache=89, days=21),
        row("mystery", Status.UNKNOWN, mib=64, reclaimable=2, cache=62, days=400, python="3.10.2"),
        row("nas-report", Status.UNREACHABLE, mib=310, reclaimable=310, cache=0, days=33),
        row("copied", Status.DUPLICATE, mib=51, reclaimable=50, cache=1, days=12),
        row(
            "scratch", Status.STANDALONE, mib=22, reclaimable=22, cache=0, kind="virtualenv", days=5
        ),
        row("ruff", Status.TOOL, mib=31, reclaimable=0, cache=31, kind="uv tool", days=0.01),
        row("half", mib=None, days=2),
        row("old-api", flags=frozenset({Flag.BROKEN}), mib=77, reclaimable=70, cache=7, days=720),
    ]


def many(count: int) -> list[Row]:
    """Return so many different rows."""
    statuses = list(Status)
    return [
        row(f"project-{n:05}", statuses[n % len(statuses)], mib=(n * 7919) % 5000 / 3, days=n % 900)
        for n in range(count)
    ]


def everything(rows: Sequence[Row]) -> list[SessionEvent]:
    """Return the events of a scan that finds these rows."""
    return [
        Progress(Phase.STORES, 0, 0),
        StoreSeen(Root(STORE, "uv"), STORE, exists=True, environments=len(rows)),
        *(RowChanged(item, settled=True) for item in rows),
        SkippedEntry(NotEnvironment(STORE / "notes.txt", "uv", "a file, no directory")),
        Problem(STORE / "locked", "no permission to read it"),
        Ended(cancelled=False, seconds=0.4),
    ]
