"""The stage of a scan that asks projects, their tools and the rest of the machine what they use."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from venvdash.model import (
    Direction,
    How,
    Presence,
)
from venvdash.scanner.events import (
    Event,
)
from venvdash.scanner.evidence import external_use
from venvdash.scanner.projects import project_tools
from venvdash.scanner.projects.current_info import CurrentInfo, reading_job
from venvdash.scanner.stages.scan_state import ScanState
from venvdash.scanner.stages.store_reading import problem_of
from venvdash.system.timeouts import Job


def read_projects(state: ScanState) -> Iterator[Event]:
    """Read what living projects call themselves, and when they were last worked on.

    What is gone is called as it last called itself.
    """
    before = state.remembered_projects()
    living = [p for p, place in state.places.items() if place.presence is Presence.PRESENT]
    jobs = [reading_job(path, state.places[path], before.get(path)) for path in living]
    for answer in state.patient.run(jobs):
        if isinstance(answer, CurrentInfo):
            state.current_info[answer.path] = answer
            if answer.name:
                state.names.setdefault(answer.path, answer.name)
        else:
            yield problem_of(answer)
    for path, record in before.items():
        if record.name and state.presence(path) is Presence.ABSENT:
            state.names.setdefault(path, record.name)


def ask_tools(state: ScanState) -> Iterator[Event]:
    """Find out what the tools of living projects would use, where that is not plain."""
    asked = project_tools.undecided(filter(state.holds, state.claims), state.environments)
    living = [path for path in asked if state.presence(path) is Presence.PRESENT]
    machine, config = state.machine, state.config
    jobs = [Job(path, partial(asked[path].ask, machine, config)) for path in living]
    for answer in state.patient.run(jobs):
        if isinstance(answer, tuple):
            state.tools[answer[0]] = answer[1]
        else:
            yield problem_of(answer)


def find_external_use(state: ScanState) -> Iterator[Event]:
    """Find out what else names or uses an environment, and flag those."""
    environments = list(state.environments.values())
    job = Job(
        state.machine.home, lambda: external_use.find(state.machine, state.mounts, environments)
    )
    for answer in state.patient.run([job]):
        if not isinstance(answer, external_use.ExternalUse):
            yield problem_of(answer)
            continue
        state.references = answer.references
        for path, flags in answer.flags.items():
            environment = state.environments[path]
            state.environments[path] = replace(environment, flags=environment.flags | flags)


def find_again(state: ScanState) -> Iterator[Event]:
    """Look where an earlier search before a deletion found something, if that is still there.

    It proves nothing, but a list is to agree with what a prune holds.
    """
    remembered = [
        claim
        for claim in state.claims
        if claim.how is How.MENTION
        and claim.direction is Direction.RECORD
        and state.presence(claim.project) is Presence.PRESENT
    ]
    unproven = state.unproven() if remembered else ()
    found: dict[Path, list[Path]] = {}
    for claim in remembered:
        if claim.environment in unproven:
            found.setdefault(claim.environment, []).append(claim.project)
    if not found:
        return
    from venvdash.scanner.search import (
        find_again as look_again,  # only where a search has found something
    )

    job = Job(
        state.machine.home,
        lambda: look_again(state.machine, state.config, state.facts(final=False), found),
    )
    for answer in state.patient.run([job]):
        if isinstance(answer, dict):
            state.found_again = answer
        else:
            yield problem_of(answer)
