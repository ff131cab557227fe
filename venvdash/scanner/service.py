"""The scan: stores -> environments -> claims -> verdicts -> sizes, told as typed events.

Its stages share a ``Survey``: ``reading`` finds the environments, ``_proofs`` recalls what is
remembered of them, ``claiming`` searches for projects, ``asking`` asks what was found, ``judging``
decides on the whole table, and ``_sizes`` measures.

It knows no screen, writes nothing and runs nothing of what it finds. Whatever lies on the disk
becomes a row or a reason, never an exception; whatever does not respond is given up.
"""

import time
from collections.abc import Callable, Iterator

from venvdash.config import Config
from venvdash.scanner.events import (
    Booked,
    Ended,
    Event,
    Measured,
    Phase,
    Problem,
    Progress,
)
from venvdash.scanner.stages import project_search
from venvdash.scanner.stages.decision import judged
from venvdash.scanner.stages.scan_state import Past, Survey
from venvdash.system.machine import Machine
from venvdash.system.timeouts import Patient

PATIENCE = 10.0  # seconds for one directory; a sleeping disk needs some, a dead mount never answers


def scan(
    machine: Machine,
    config: Config,
    recall: Callable[[], Past],
    *,
    usage: bool = True,
    search: bool = True,
    early: bool = True,
    cancelled: Callable[[], bool],
    patience: float = PATIENCE,
) -> Iterator[Event]:
    """Scan everything and tell it as it comes; ``Ended`` is always the last event.

    ``recall`` gives what is remembered; it is asked once all environments have been told, since
    the first rows need no memory. ``search`` looks for projects, ``usage`` measures, ``early``
    tells verdicts that the search may still revise. ``patience`` is how many seconds one directory
    may take. ``cancelled`` is asked often; true ends the scan within 100 ms.
    """
    started = time.monotonic()
    survey = Survey(machine, config, Patient(patience, cancelled), cancelled)
    stages = [survey.reader.events(), _proofs(survey, recall, early=early)]
    stages += [project_search.search(survey)] if search else []
    stages += [_sizes(survey)] if usage else []
    for stage in stages:
        yield from stage
        if cancelled():
            break
    yield Ended(cancelled(), time.monotonic() - started)


def _proofs(survey: Survey, recall: Callable[[], Past], *, early: bool) -> Iterator[Event]:
    """Recall what is remembered, look at the places named, and judge a first time."""
    survey.past = recall()
    yield from survey.reader.read_sidecars(survey.past.records)
    survey.relate(survey.environments)
    yield from survey.look(survey.claims)
    if early:
        yield judged(survey, final=False)


def _sizes(survey: Survey) -> Iterator[Event]:
    """Measure every environment, and again tell what only the whole table shows."""
    from venvdash.scanner.usage.measurement import (
        measure,  # a listing without sizes needs none of it
    )
    from venvdash.scanner.usage.usage_index import Book
    from venvdash.stores import uv_settings

    paths, book = list(survey.environments), Book()
    cache = uv_settings.cache_directory(survey.machine)[0]
    total, done = len(paths), 0
    for sized in measure(paths, survey.past.sizes, survey.cancelled, book=book, cache=cache):
        if sized.problem:
            yield Problem(sized.path, sized.problem)
        if sized.usage.cache_held is None:
            done += 1
            yield Progress(Phase.SIZES, done, total)
        yield Measured(sized.path, sized.usage, sized.remember)
    yield Booked(book)
