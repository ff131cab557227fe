"""The verdicts of a scan over its whole table, and what is to be remembered of it."""

from collections.abc import Mapping
from pathlib import Path

from venvdash.model import (
    Claim,
    Presence,
    ProjectRecord,
    Status,
    Verdict,
)
from venvdash.scanner.events import (
    Judged,
)
from venvdash.scanner.evidence.verdicts import verdicts
from venvdash.scanner.projects import presence
from venvdash.scanner.stages.scan_state import Survey


def judged(survey: Survey, *, final: bool) -> Judged:
    """Return the verdicts as of now; ``final`` once the search for projects has ended."""
    facts = survey.facts(final=final)
    decided = verdicts(survey.claims, facts)
    return Judged(
        decided,
        facts,
        final,
        names=dict(survey.names),
        activity={v.path: v.worked_on for v in survey.visits.values() if v.worked_on},
        projects=_to_remember(survey, decided) if final else {},
        references=survey.references,
        looked=dict(survey.looked),
    )


def _to_remember(
    survey: Survey, decided: Mapping[Path, Verdict]
) -> dict[Path, tuple[ProjectRecord, ...]]:
    """Return for each environment its living project, or where a moved one was found."""
    moved = {
        path: presence.look(verdict.place, survey.mounts)
        for path, verdict in decided.items()
        if verdict.status is Status.MOVED and verdict.place is not None
    }
    found = {
        path: (presence.found_at(place, survey.mounts, now=survey.now),)
        for path, place in moved.items()
        if place.presence is Presence.PRESENT
    }
    return found | {
        path: tuple(
            _project_record(survey, path, claim)
            for claim in _best_claims(verdict)
            if survey.presence(claim.project) is Presence.PRESENT
        )
        for path, verdict in decided.items()
        if verdict.status in (Status.LINKED, Status.REPLACED)
    }


def _project_record(survey: Survey, environment: Path, claim: Claim) -> ProjectRecord:
    visit = survey.visits.get(claim.project)
    memory = survey.memories.get(environment)
    known = memory.record.projects if memory else ()
    before = next((record for record in known if record.path == claim.project), None)
    return presence.record_of(
        survey.places[claim.project],
        claim.how,
        survey.mounts,
        now=survey.now,
        host=survey.past.host,
        name=visit.name if visit else None,
        git=visit.git if visit else None,
        before=before,
    )


def _best_claims(verdict: Verdict) -> list[Claim]:
    """Return the best proof of each project, as a verdict orders them."""
    best: dict[Path, Claim] = {}
    for claim in verdict.claims:
        if claim.proves and claim.project in verdict.projects:
            best.setdefault(claim.project, claim)
    return list(best.values())
