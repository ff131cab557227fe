"""The verdicts of a scan over its whole table, and the records to keep."""

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
    VerdictsDecided,
)
from venvdash.scanner.evidence.verdicts import verdicts
from venvdash.scanner.projects import presence
from venvdash.scanner.stages.scan_state import ScanState
from venvdash.system.foreground import in_turns


def decide(state: ScanState, *, final: bool) -> VerdictsDecided:
    """Return the verdicts as of now; ``final`` once the search for projects has ended."""
    facts = state.facts(final=final)
    decided = verdicts(state.claims, facts)
    return VerdictsDecided(
        decided,
        facts,
        final,
        names=dict(state.names),
        activity={v.path: v.worked_on for v in state.current_info.values() if v.worked_on},
        descriptions={str(path): one.description for path, one in state.current_info.items()},
        projects=_to_remember(state, decided) if final else {},
        references=state.references,
        searched_by_source=dict(state.searched_by_source),
    )


def _to_remember(
    state: ScanState, decided: Mapping[Path, Verdict]
) -> dict[Path, tuple[ProjectRecord, ...]]:
    """Return for each environment its living project, or where a moved one was found."""
    moved = {
        path: presence.look(verdict.place, state.mounts)
        for path, verdict in decided.items()
        if verdict.status is Status.MOVED and verdict.place is not None
    }
    moved_records = {
        path: (presence.found_at(place, state.mounts, now=state.now),)
        for path, place in moved.items()
        if place.presence is Presence.PRESENT
    }
    return moved_records | {
        path: tuple(
            _project_record(state, path, claim)
            for claim in _best_claims(verdict)
            if state.presence(claim.project) is Presence.PRESENT
        )
        for path, verdict in in_turns(decided.items())
        if verdict.status in (Status.LINKED, Status.REPLACED)
    }


def _project_record(state: ScanState, environment: Path, claim: Claim) -> ProjectRecord:
    info = state.current_info.get(claim.project)
    memory = state.memories.get(environment)
    known = memory.record.projects if memory else ()
    before = next((record for record in known if record.path == claim.project), None)
    return presence.record_of(
        state.places[claim.project],
        claim.how,
        state.mounts,
        now=state.now,
        host=state.saved.host,
        name=info.name if info else None,
        git=info.git if info else None,
        before=before,
    )


def _best_claims(verdict: Verdict) -> list[Claim]:
    """Return the best proof of each project, in the order of the verdict."""
    best: dict[Path, Claim] = {}
    for claim in verdict.claims:
        if claim.proves and claim.project in verdict.projects:
            best.setdefault(claim.project, claim)
    return list(best.values())
