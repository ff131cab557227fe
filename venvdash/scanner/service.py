"""The scan: stores -> environments -> claims -> verdicts -> sizes, as typed events.

Its stages share a ``ScanState``: ``store_reading`` finds the environments, ``_proofs`` loads their
records, ``project_search`` and ``lookups`` find and read projects, ``decision`` decides on the
whole table, and ``_sizes`` measures.

It writes nothing and runs nothing that it finds. What lies on the disk becomes a row or a reason,
never an exception; what does not respond is skipped.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from venvdash.config import Config
from venvdash.records.inspections import Inspections
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
    inspections: Inspections,
    *,
    usage: bool = True,
    search: bool = True,
    early: bool = True,
    cancelled: Callable[[], bool],
    patience: float = PATIENCE,
) -> Iterator[Event]:
    """Scan everything and yield events; ``Ended`` is always the last one.

    ``load_saved`` returns the saved records; it is called after all environments were found, since
    the first rows need none. ``inspections`` is what earlier scans read of environments, used while
    it is unchanged. ``search`` searches for projects, ``usage`` measures, ``early`` yields
    verdicts that the search may still change, and sizes before it is known what others share.
    ``patience`` is how many seconds one directory may take. ``cancelled`` is called often; True
    ends the scan within 100 ms.
    """
    started = time.monotonic()
    state = ScanState(machine, config, TimedRunner(patience, cancelled), cancelled, inspections)
    del inspections  # they take much memory, which the first stage frees
    stages = [state.reader.events(), _proofs(state, load_saved, early=early)]
    stages += [project_search.search(state)] if search else []
    stages += [_sizes(state, early=early)] if usage else []
    for stage in stages:
        yield from stage
        if cancelled():
            break
    yield Ended(cancelled(), time.monotonic() - started)


def _proofs(
    state: ScanState, load_saved: Callable[[], SavedRecords], *, early: bool
) -> Iterator[Event]:
    """Load the saved records, check the places they name, and decide early verdicts."""
    state.saved = load_saved()
    yield from state.reader.read_sidecars(state.saved.records)
    state.relate(state.environments)
    yield from state.look(state.claims)
    if early:
        yield decide(state, final=False)


def _sizes(state: ScanState, *, early: bool) -> Iterator[Event]:
    """Measure every environment; with ``early`` a second event for each has what all share."""
    from venvdash.scanner.usage.measurement import (
        measure,  # a listing without sizes needs none of it
    )
    from venvdash.scanner.usage.usage_index import UsageIndex
    from venvdash.stores import uv_settings

    paths, usage_index = list(state.environments), UsageIndex()
    cache = uv_settings.cache_directory(state.machine)[0]
    total, done = len(paths), 0
    notes: dict[Path, bytes | None] = {}  # to be passed on with the final usage
    for sized in measure(
        paths, state.saved.sizes, state.cancelled, usage_index=usage_index, cache=cache
    ):
        if sized.problem:
            yield Problem(sized.path, sized.problem)
        if sized.usage.cache_held is None:
            done += 1
            yield Progress(Phase.SIZES, done, total)
            if not early:
                notes[sized.path] = sized.remember
                continue
        yield Measured(sized.path, sized.usage, notes.pop(sized.path, sized.remember))
    yield UsageIndexed(usage_index)
