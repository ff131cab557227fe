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
from venvdash.scanner.projects.current_info import Visit, visiting
from venvdash.scanner.stages.scan_state import Survey
from venvdash.scanner.stages.store_reading import told
from venvdash.system.timeouts import Job


def visit(survey: Survey) -> Iterator[Event]:
    """Read what living projects call themselves, and when they were last worked on.

    What is gone is called as it last called itself.
    """
    before = survey.remembered_projects()
    living = [p for p, place in survey.places.items() if place.presence is Presence.PRESENT]
    jobs = [visiting(path, survey.places[path], before.get(path)) for path in living]
    for answer in survey.patient.run(jobs):
        if isinstance(answer, Visit):
            survey.visits[answer.path] = answer
            if answer.name:
                survey.names.setdefault(answer.path, answer.name)
        else:
            yield told(answer)
    for path, record in before.items():
        if record.name and survey.presence(path) is Presence.ABSENT:
            survey.names.setdefault(path, record.name)


def ask_tools(survey: Survey) -> Iterator[Event]:
    """Find out what the tools of living projects would use, where that is not plain."""
    asked = project_tools.unclear(filter(survey.holds, survey.claims), survey.environments)
    living = [path for path in asked if survey.presence(path) is Presence.PRESENT]
    machine, config = survey.machine, survey.config
    jobs = [Job(path, partial(asked[path].ask, machine, config)) for path in living]
    for answer in survey.patient.run(jobs):
        if isinstance(answer, tuple):
            survey.tools[answer[0]] = answer[1]
        else:
            yield told(answer)


def look_outside(survey: Survey) -> Iterator[Event]:
    """Find out what else names or uses an environment, and flag those."""
    environments = list(survey.environments.values())
    job = Job(
        survey.machine.home, lambda: external_use.look(survey.machine, survey.mounts, environments)
    )
    for answer in survey.patient.run([job]):
        if not isinstance(answer, external_use.Outside):
            yield told(answer)
            continue
        survey.references = answer.references
        for path, flags in answer.flags.items():
            environment = survey.environments[path]
            survey.environments[path] = replace(environment, flags=environment.flags | flags)


def find_again(survey: Survey) -> Iterator[Event]:
    """Look where an earlier search before a deletion found something, if that is still there.

    It proves nothing, but a list is to agree with what a prune holds.
    """
    remembered = [
        claim
        for claim in survey.claims
        if claim.how is How.MENTION
        and claim.direction is Direction.RECORD
        and survey.presence(claim.project) is Presence.PRESENT
    ]
    unproven = survey.unproven() if remembered else ()
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
        survey.machine.home,
        lambda: look_again(survey.machine, survey.config, survey.facts(final=False), found),
    )
    for answer in survey.patient.run([job]):
        if isinstance(answer, dict):
            survey.found_again = answer
        else:
            yield told(answer)
