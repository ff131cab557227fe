"""Trials: an operation with a fault, what the next start makes of it, and a second attempt."""

import contextlib
import os
import random
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.campaign.adoptions import Adopt, MoveIn, UndoAdopt
from tests.campaign.faults import ERRORS, Fault, Injector
from tests.campaign.operations import (
    Copy,
    Delete,
    DeleteNow,
    Move,
    MoveFar,
    Operation,
    PruneNow,
    Purge,
    Remember,
    Rename,
    Restore,
    Sync,
)
from tests.campaign.relinks import Relink, RelinkInPlace, Undo, Unlink
from tests.campaign.undos import UNDOS
from tests.campaign.worlds import World
from venvdash.model import Outcome

OPERATIONS: tuple[Callable[[], Operation], ...] = (
    Delete,
    Restore,
    Purge,
    DeleteNow,
    PruneNow,
    Rename,
    Move,
    MoveFar,
    Copy,
    Relink,
    RelinkInPlace,
    Undo,
    Adopt,
    MoveIn,
    UndoAdopt,
    Unlink,
    Sync,
    Remember,
    *UNDOS,
)
_CALLS = 150  # that an operation is thought to do until it has been seen to end
_OFTEN = 50  # trials between two words on how far it is
_MOST = 3  # attempts, of which at most one is to end it


@dataclass
class Report:
    """What came of the trials of one seed."""

    seed: int
    trials: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return self.faults["kill"]

    @property
    def errors(self) -> int:
        """How many processes met an injected error."""
        return sum(self.faults.values()) - self.kills

    def __str__(self) -> str:
        lines = [
            f"seed {self.seed}: {self.trials} trials, {self.kills} kills, {self.errors} errors, "
            f"{len(self.failures)} failures"
        ]
        for title, counter in (
            ("faults", self.faults),
            ("operations", self.operations),
            ("ended", self.ends),
        ):
            found = ", ".join(f"{name} {count}" for name, count in sorted(counter.items()))
            lines.append(f"  {title}: {found}")
        return "\n".join([*lines, *(f"  {failure}" for failure in self.failures)])


class Campaign:
    """Trials in the world at ``root`` and ``disk``; ``far``: that one is another file system."""

    def __init__(self, seed: int, root: Path, disk: Path, *, far: bool, only: str = "") -> None:
        self.report = Report(seed)
        self._world = World(root, disk)
        made = [make() for make in OPERATIONS]
        self._operations = [
            one for one in made if (far or not one.needs_disk) and only in (one.name, "")
        ]
        self._calls: dict[str, int] = {}

    def trial(self, index: int) -> None:
        """Do the trial of that number; a failure is reported, not raised."""
        chance = random.Random(f"{self.report.seed}/{index}")
        operation = chance.choice(self._operations)
        kills = chance.random() < 0.5
        self.report.trials += 1
        what = "nothing"
        try:
            operation.begin(self._world)
            session = self._world.session()
            error = None if kills else chance.choice(ERRORS)
            known = f"{operation.name} {error}"
            calls = self._calls.get(known, _CALLS)
            fault = Fault(chance.randint(1, calls), error, not kills and chance.random() < 0.3)
            what = f"{fault.name} at call {fault.number}{' and later' if fault.lasting else ''}"
            code, seen = self._attempt(operation, session, fault)
            if code == "no fault":
                self._calls[known] = max(seen, 1)
                assert operation.done(self._world), "it is not done, though nothing failed"
                return
            self.report.faults[fault.name] += 1
            self.report.operations[operation.name] += 1
            self.report.ends[code] += 1
            assert code != "traceback", "it ended with a traceback"
            self._after(operation)
        except Exception as error:
            shown = "".join(traceback.format_exception(error)[-2:]).strip()
            self.report.failures.append(
                f"trial {index}: {operation.name}, {what}: {type(error).__name__}: {shown}"
            )

    def _after(self, operation: Operation) -> None:
        """Hold it to being whole after the next start, and done after a second attempt."""
        world = self._world
        world.session()
        for _ in range(_MOST):
            if operation.done(world):
                break
            result = operation.run(world, world.session())
            assert result.outcome is Outcome.DONE, f"a second attempt: {result.reason}"
        assert operation.done(world), "a second attempt did not end it"
        world.session()
        world.at_rest()

    def _attempt(self, operation: Operation, session: Any, fault: Fault) -> tuple[str, int]:
        """Run it in a child with the fault; return how that ended, and how many calls it did."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _run(operation, self._world, session, fault, writing)
        os.close(writing)
        with open(reading, "rb") as pipe:
            told = pipe.read().decode()
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == -signal.SIGKILL:
            return "killed", 0
        code, _, rest = told.partition("\n")
        if code == "traceback":
            raise AssertionError(rest)
        return code, int(rest or 0)


def _run(operation: Operation, world: World, session: Any, fault: Fault, pipe: int) -> None:
    """Run it in this process, which ends then."""
    injector = Injector(fault, world.root.parent)
    say = os.write
    try:
        injector.install()
        result = operation.run(world, session)
        injector.world = "\0"  # nothing more
        met = injector.calls >= fault.number
        code = str(result.outcome) if met else "no fault"
        say(pipe, f"{code}\n{injector.calls}".encode())
    except BaseException:
        injector.world = "\0"
        say(pipe, f"traceback\n{traceback.format_exc(limit=-6)}".encode())
    finally:
        os._exit(0)


@contextlib.contextmanager
def campaign(directory: Path, seed: int, only: str = "") -> Iterator[Campaign]:
    """Prepare a campaign in an empty directory, with mounts of its own where we may mount."""
    from tests.mounting import mounted_tmpfs

    root, disk = directory / "root", directory / "disk"
    root.mkdir()
    disk.mkdir()
    with mounted_tmpfs(root, "64m") as first, mounted_tmpfs(disk, "64m") as second:
        for place in (root, disk):
            place.chmod(0o700)
        yield Campaign(seed, root, disk, far=first and second, only=only)


def until(
    directory: Path,
    seed: int,
    *,
    kills: int = 0,
    errors: int = 0,
    seconds: float = 0.0,
    trial: int | None = None,
    only: str = "",
    tell: Callable[[str], None] = lambda text: None,
) -> Report:
    """Do trials until there were so many kills and errors, and so much time has passed."""
    end = time.monotonic() + seconds
    with campaign(directory, seed, only) as made:
        report, index = made.report, 0
        if trial is not None:
            made.trial(trial)
            return report
        while report.kills < kills or report.errors < errors or time.monotonic() < end:
            failed = len(report.failures)
            made.trial(index)
            index += 1
            for failure in report.failures[failed:]:
                tell(failure)
            if index % _OFTEN == 0:
                tell(f"{index} trials, {report.kills} kills, {report.errors} errors")
        return report
