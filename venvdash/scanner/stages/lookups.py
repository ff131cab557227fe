"""The stage of a scan that reads project details, tool settings and external references."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from venvdash.model import (
    Direction,
    EvidenceKind,
    Presence,
)
from venvdash.scanner.discovery.inspection_cache import unreliable
from venvdash.scanner.events import (
    Event,
)
from venvdash.scanner.evidence import external_use
from venvdash.scanner.projects import project_tools
from venvdash.scanner.projects.current_info import Remembered, reading_job
from venvdash.scanner.stages.scan_state import ScanState
from venvdash.scanner.stages.store_reading import answers
from venvdash.system.timeouts import Job


def read_projects(state: ScanState) -> Iterator[Event]:
    """Read the names and activity of existing projects; missing ones keep their recorded name."""
    before = state.recorded_projects
    living = [p for p, place in state.places.items() if place.presence is Presence.PRESENT]
    jobs = [reading_job(path, state.places[path], _remembered(state, path)) for path in living]
    for info in (yield from answers(state.patient, jobs)):
        state.current_info[info.path] = info
        if info.name:
            state.names.setdefault(info.path, info.name)
    for path, record in before.items():
        if record.name and state.presence(path) is Presence.ABSENT:
            state.names.setdefault(path, record.name)


def _remembered(state: ScanState, path: Path) -> Remembered:
    mount = state.mounts.of(path)
    reliable = mount is not None and not unreliable(mount)
    known = state.saved.descriptions.get(str(path)) if reliable else None
    return Remembered(state.recorded_projects.get(path), known, reliable)


def ask_tools(state: ScanState) -> Iterator[Event]:
    """Read which environments the tools of existing projects use, where that is not obvious."""
    asked = project_tools.undecided(filter(state.holds, state.claims), state.environments)
    living = [path for path in asked if state.presence(path) is Presence.PRESENT]
    machine, config = state.machine, state.config
    jobs = [Job(path, partial(asked[path].ask, machine, config)) for path in living]
    state.tools |= dict((yield from answers(state.patient, jobs)))


def find_external_use(state: ScanState) -> Iterator[Event]:
    """Find what else names or uses the environments, and set their flags."""
    environments = list(state.environments.values())
    job = Job(
        state.machine.home, lambda: external_use.find(state.machine, state.mounts, environments)
    )
    for use in (yield from answers(state.patient, [job])):
        state.references = use.references
        for path, flags in use.flags.items():
            environment = state.environments[path]
            state.environments[path] = replace(environment, flags=environment.flags | flags)


def find_again(state: ScanState) -> Iterator[Event]:
    """Look again at the places that an earlier search before a deletion found.

    They prove nothing, but a list should agree with what a prune holds back.
    """
    remembered = [
        claim
        for claim in state.claims
        if claim.how is EvidenceKind.MENTION
        and claim.direction is Direction.RECORD
        and state.presence(claim.project) is Presence.PRESENT
    ]
    unproven = state.unproven() if remembered else ()
    places: dict[Path, list[Path]] = {}
    for claim in remembered:
        if claim.environment in unproven:
            places.setdefault(claim.environment, []).append(claim.project)
    if not places:
        return
    from venvdash.scanner.search import (
        find_again as look_again,  # only where a search has found something
    )

    job = Job(
        state.machine.home,
        lambda: look_again(state.machine, state.config, state.facts(final=False), places),
    )
    for hits in (yield from answers(state.patient, [job])):
        state.found_again = hits
