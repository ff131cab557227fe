"""Having uv remove packages from its cache, once nothing has come to need them."""

import os
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from venvdash.actions.cache.plan import CacheError, cache_use
from venvdash.actions.delete.restore import Trash
from venvdash.actions.events import ActionEvent, Finished, Progressed
from venvdash.actions.process import uv
from venvdash.actions.process.child_process import CancelledError
from venvdash.actions.table import Table
from venvdash.model import Outcome, Result
from venvdash.model.cached_packages import CachedPackage
from venvdash.system.locks import lock_environment

_TIMEOUT = 600.0  # seconds; a cache may have millions of files
_LOCK_WAIT = 5.0  # seconds; as long as a uv runs, it holds the lock of its cache
_BUSY = (
    "Nothing was removed: another uv is running and uses its cache. If uv started venvdash (uvx or "
    "`uv run`), start it without uv."
)
NAME = "uv's cache"


def clean(
    table: Table, trash: Trash, packages: Sequence[CachedPackage], cancel: threading.Event
) -> Iterator[ActionEvent]:
    """Have uv remove these packages from its cache; ``Finished`` comes last.

    What an environment has come to need since is left.
    """
    yield Progressed("checking environments again")
    try:
        use = cache_use(table, trash, cancel)
    except CacheError as error:
        yield _ended(Path(), Outcome.SKIPPED, str(error))
        return
    root = use.contents.path
    if use.unread or cancel.is_set():
        yield _ended(root, Outcome.SKIPPED, f"Nothing was removed: {use.unread or 'cancelled'}.")
        return
    names = {package.name for package in packages}
    going = [package for package in use.free if package.name in names]
    kept = tuple(
        f"{name} was not removed: an environment has it now."
        for name in sorted(names - {package.name for package in going})
        if name in use.users
    )
    if not going:
        yield _ended(root, Outcome.SKIPPED, "Nothing was removed: no package is free any more.")
        return
    yield Progressed("cleaning")
    failed = _run(table, root, [package.name for package in going], cancel)
    freed = sum(taken for one in going for path, taken in one.parts if not os.path.lexists(path))
    gone = tuple(one.name for one in going if not any(map(os.path.lexists, _paths(one))))
    outcome = Outcome.FAILED if failed else Outcome.DONE
    yield _ended(root, outcome, failed, freed=freed, cleaned=gone, notes=kept)


def _ended(
    root: Path,
    outcome: Outcome,
    reason: str,
    *,
    freed: int = 0,
    cleaned: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> Finished:
    result = Result(root, NAME, outcome, reason, reclaimable=freed)
    return Finished((result,), freed=freed, cleaned=cleaned, notes=notes)


def _paths(package: CachedPackage) -> Iterator[Path]:
    return (path for path, _ in package.parts)


def _run(table: Table, root: Path, names: Collection[str], cancel: threading.Event) -> str:
    """Run `uv cache clean`; return what went wrong, "" for nothing."""
    program = uv.find_uv(table.machine)
    if program is None:
        return "uv was not found on PATH."
    with lock_environment(root, wait=_LOCK_WAIT) as lock:
        if lock.busy:
            return _BUSY
    try:
        uv.run(
            program,
            ["cache", "clean", "--cache-dir", root, "--", *names],
            environ=table.machine.variables,
            cwd=table.machine.home,
            timeout=_TIMEOUT,
            log=table.log,
            cancel=cancel,
        )
    except CancelledError:
        return "Cancelled. What uv had removed until then is gone; the rest is whole."
    except uv.UvError as error:
        return str(error)
    return ""
