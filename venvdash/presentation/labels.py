"""Short labels and clauses for statuses, evidence, flags, places and trash."""

import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from venvdash.formats import user_files_in_words
from venvdash.model import (
    Claim,
    Direction,
    Edit,
    EvidenceKind,
    Flag,
    Location,
    Row,
    Trashed,
    Use,
)
from venvdash.presentation.meanings import FLAG_MEANINGS, LOCATION_MEANINGS
from venvdash.scanner.evidence.reasons import day, says
from venvdash.text import counted, visible

EVIDENCE_MEANINGS = {
    EvidenceKind.USER: "linked by you",
    EvidenceKind.POINTER: "the tool's pointer",
    EvidenceKind.PROJECT_LINK: "the project's link",
    EvidenceKind.HASH: "the hash in its name",
    EvidenceKind.EDITABLE: "its editable install",
    EvidenceKind.MIRROR: "its path in the store",
    EvidenceKind.SIBLING: "another environment's hash",
    EvidenceKind.MENTION: "only a mention",
    EvidenceKind.DENIED: "unlinked by you",
}


def flag_in_words(flag: Flag, row: Row) -> str:
    """Return what a flag means, and of files of the user's own which these are."""
    usage = row.usage
    if flag is Flag.USER_FILES and usage is not None and usage.user_files is not None:
        return user_files_in_words(usage.user_files)
    return FLAG_MEANINGS[flag]


def verb_of(edit: Edit) -> str:
    """Return what is done to the file of an edit: "creates", "changes" or "removes"."""
    if edit.after is None:
        return "removes"
    return "creates" if edit.before is None else "changes"


def claim_in_words(claim: Claim) -> str:
    """Return one claim as a plain sentence without a full stop, fit to show."""
    sentence = says(claim)
    if claim.how in (EvidenceKind.USER, EvidenceKind.DENIED):  # nobody has seen that: it was said
        return sentence
    if claim.direction is Direction.RECORD:
        seen = day(claim.seen)
        sentence += f" when venvdash last saw it ({seen})" if seen else " when venvdash last saw it"
    return sentence if claim.proves else f"{sentence}, which proves nothing"


def evidence_in_words(claims: Iterable[Claim]) -> list[tuple[bool, str]]:
    """Return each claim's sentence once, with whether it proves anything."""
    return list(dict.fromkeys((claim.proves, claim_in_words(claim)) for claim in claims))


def places_in_words(row: Row, short: Callable[[Path], str]) -> Iterator[tuple[str, str]]:
    """Yield what there is to say of where an environment lies: a label and its value, each."""
    environment = row.environment
    yield "path", short(environment.path)
    if environment.entry != environment.path:
        yield "entry", short(environment.entry)
    if environment.target is not None:
        yield "links to", short(environment.target)
    if environment.made_at is not None and environment.made_at != environment.path:
        yield "created at", short(environment.made_at)
    if row.record is not None and row.record.copied_from is not None:
        yield "copy of", short(row.record.copied_from)
    yield "location", f"{environment.location}: {LOCATION_MEANINGS[environment.location]}"
    if environment.location is Location.CENTRAL:
        yield "store", f"{visible(environment.store)}, {short(environment.root)}"
    yield "kind", visible(environment.traits.kind)
    if environment.traits.tool:
        yield "remove with", visible(environment.traits.tool)


def when_freed(one: Trashed) -> str:
    """Return in how many days something in the trash is freed, or what else becomes of it."""
    if one.purging:
        return "deleting"
    if one.kept:
        return "kept"
    return "–" if one.days_left is None else counted(math.ceil(one.days_left), "day")


def endangered_in_words(row: Row, short: Callable[[Path], str]) -> str:
    """Return what the next ``uv sync`` deletes, "" where it deletes nothing of the user's."""
    if row.endangered is None:
        return ""
    return f"`uv sync` in that project deletes {short(row.endangered)} and all files in it"


def use_in_words(use: Use, short: Callable[[Path], str]) -> str:
    """Return which environment a tool uses in a project, and why."""
    if use.environment is None:
        return f"uses no environment: {visible(use.why)}"
    verb = "uses" if use.exists else "would create"
    return f"{verb} {short(use.environment)}: {visible(use.why)}"
