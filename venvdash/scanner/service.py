"""The scan: stores -> environments -> claims -> verdicts -> sizes, told as typed events.

Its stages share a ``ScanState``: ``reading`` finds the environments, ``_proofs`` recalls what is
remembered of them, ``claiming`` searches for projects, ``asking`` asks what was found, ``judging``
decides on the whole table, and ``_sizes`` measures.

It knows no screen, writes nothing and runs nothing of what it finds. Whatever lies on the disk
becomes a row or a reason, never an exception; whatever does not respond is given up.
"""

import time
from collections.abc import Callable, Iterator

from venvdash.config import Config
from venvdash.scanner.events import (
    Ended,
    Event,
    Measured,
    Phase,
    Problem,
    Progress,
    UsageIndexed,
)
from venvdash.scanner.stages import project_search
from venvdash.scanner.stages.decision import decide
from venvdash.scanner.stages.scan_state import SavedRecords, ScanState
from venvdash.system.machine import Machine
from venvdash.system.timeouts import TimedRunner

PATIENCE = 10.0  # seconds for one directory; a sleeping disk needs some, a dead mount never answers


def scan(
    machine: Machine,
    config: Config,
    load_saved: Callable[[], SavedRecords],
    *,
    usage: bool = True,
    search: bool = True,
    early: bool = True,
    cancelled: Callable[[], bool],
    patience: float = PATIENCE,
) -> Iterator[Event]:
    """Scan everything and tell it as it comes; ``Ended`` is always the last event.

    ``load_saved`` gives what is remembered; it is asked once all environments have been told, since
    the first rows need no memory. ``search`` looks for projects, ``usage`` measures, ``early``
    tells verdicts that the search may still revise. ``patience`` is how many seconds one directory
    may take. ``cancelled`` is asked often; true ends the scan within 100 ms.
    """
    started = time.monotonic()
    state = ScanState(machine, config, TimedRunner(patience, cancelled), cancelled)
    stages = [state.reader.events(), _proofs(state, load_saved, early=early)]
    stages += [project_search.search(state)] if search else []
    stages += [_sizes(state)] if usage else []
    for stage in stages:
        yield from stage
        if cancelled():
            break
    yield Ended(cancelled(), time.monotonic() - started)


def _proofs(
    state: ScanState, load_saved: Callable[[], SavedRecords], *, early: bool
) -> Iterator[Event]:
    """Recall what is remembered, look at the places named, and judge a first time."""
    state.saved = load_saved()
    yield from state.reader.read_sidecars(state.saved.records)
    state.relate(state.environments)
    yield from state.look(state.claims)
    if early:
        yield decide(state, final=False)


def _sizes(state: ScanState) -> Iterator[Event]:
    """Measure every environment, and again tell what only the whole table shows."""
    from venvdash.scanner.usage.measurement import (
        measure,  # a listing without sizes needs none of it
    )
    from venvdash.scanner.usage.usage_index import UsageIndex
    from venvdash.stores import uv_settings

    paths, usage_index = list(state.environments), UsageIndex()
    cache = uv_settings.cache_directory(state.machine)[0]
    total, done = len(paths), 0
    for sized in measure(
        paths, state.saved.sizes, state.cancelled, usage_index=usage_index, cache=cache
    ):
        if sized.problem:
            yield Problem(sized.path, sized.problem)
        if sized.usage.cache_held is None:
            done += 1
            yield Progress(Phase.SIZES, done, total)
        yield Measured(sized.path, sized.usage, sized.remember)
    yield UsageIndexed(usage_index)
