"""The sentence behind each verdict: what was found where, so that a user can check it.

The functions return text without a full stop; ``verdicts`` makes it safe to show.
"""

import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from venvdash.model import Claim, Direction, Environment, EvidenceKind, Place, Sighting, Use
from venvdash.text import visible

RESPELLED = "the path differs only in case or Unicode normalisation"
_NAMED = 3  # paths that a sentence lists; more are counted

# For each kind of evidence: what holds now, and what held when it was last seen.
_NOW = {
    EvidenceKind.USER: "you linked it to {project}",
    EvidenceKind.POINTER: "its {file} names {project}",
    EvidenceKind.PROJECT_LINK: "{source} points here",
    EvidenceKind.HASH: "the hash in its name is that of {project}",
    EvidenceKind.EDITABLE: "it contains an editable install of {project}",
    EvidenceKind.MIRROR: "its path in the store mirrors {project}",
    EvidenceKind.SIBLING: "another environment with the same hash belongs to {project}",
    EvidenceKind.MENTION: "a package in it mentions {project}",
    EvidenceKind.DENIED: "you unlinked it from {project}",
}
_THEN = {
    EvidenceKind.USER: "you linked it to {project}",
    EvidenceKind.POINTER: "its {file} named {project}",
    EvidenceKind.PROJECT_LINK: "it was linked from {project}",  # by .venv, .pdm-python …
    EvidenceKind.HASH: "the hash in its name was that of {project}",
    EvidenceKind.EDITABLE: "it contained an editable install of {project}",
    EvidenceKind.MIRROR: "its path in the store mirrored {project}",
    EvidenceKind.SIBLING: "another environment with the same hash belonged to {project}",
    EvidenceKind.MENTION: "a package in it mentioned {project}",
    EvidenceKind.DENIED: "you unlinked it from {project}",
}


def says(claim: Claim) -> str:
    """Return the claim in words, in the past tense if it is only recorded."""
    remembered = claim.direction is Direction.RECORD
    source = claim.source if not remembered else ""
    if claim.how is EvidenceKind.PROJECT_LINK and not source:
        source = os.path.join(claim.project, ".venv")
    return (_THEN if remembered else _NOW)[claim.how].format(
        project=visible(claim.project),
        source=visible(source),
        file=visible(os.path.basename(source.rstrip("/")) or "tool's own pointer"),
    )


def day(when: float | None) -> str:
    """Return ``when`` (seconds) as a local date, "" if it is None or out of range."""
    if when is None:
        return ""
    try:
        return time.strftime("%Y-%m-%d", time.localtime(when))
    except (OverflowError, ValueError, OSError):
        return ""


def listed(paths: Iterable[Path]) -> str:
    """Return some paths as text: the first few by name, the rest as a number."""
    shown = [visible(path) for path in paths]
    more = len(shown) - _NAMED
    return ", ".join(shown[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def linked(best: Claim, others: Sequence[Path], gone: Sequence[Path]) -> str:
    """Return why it is linked; ``others`` are further existing projects, ``gone`` missing ones."""
    there = (
        ""
        if best.how is EvidenceKind.PROJECT_LINK and best.direction is not Direction.RECORD
        else ", which exists"
    )
    also = f"; it also belongs to {listed(others)}" if others else ""
    dead = f"; no longer there: {listed(gone)}" if gone else ""
    return f"{says(best)}{there}{also}{dead}"


def replaced(best: Claim, used: Use) -> str:
    """Return why it is replaced: a tool uses ``used`` in the project instead."""
    now = f"{visible(used.environment or '')} ({visible(used.why)})"
    return f"{says(best)}, but {used.tool} now uses {now} for that project"


def led_elsewhere(best: Claim, live: Sequence[Claim]) -> str:
    """Return why it has moved: its project is gone, and another project points to it."""
    others = f" (and {len(live) - 1} more)" if len(live) > 1 else ""
    return f"{says(live[0])}{others}; before, {says(best)}, which no longer exists"


def sighted(best: Claim, sightings: Sequence[Sighting]) -> str:
    """Return why it has moved: the missing project was found at another place."""
    others = f" (and in {len(sightings) - 1} more)" if len(sightings) > 1 else ""
    because = f": {visible(sightings[0].reason)}" if sightings[0].reason else ""
    place = visible(sightings[0].place)
    return f"{visible(best.project)} does not exist, but was found at {place}{others}{because}"


def changed_since(best: Claim, went: float | None) -> str:
    """Return why it has moved to an unknown place: it changed after its project disappeared."""
    when = f" (by {day(went)})" if day(went) else ""
    return (
        f"{says(best)}, which no longer exists, but the environment was changed after its "
        f"project disappeared{when}, so the project may be elsewhere"
    )


def undated(best: Claim) -> str:
    """Return why it is unknown whether it changed after its project disappeared."""
    return (
        f"{says(best)}, which no longer exists, but the folder that contained it has a date in the "
        "future, so venvdash cannot tell whether the environment has been used since"
    )


def still_used(best: Claim, other: Claim) -> str:
    """Return why it is no orphan: its project is gone, but it imports from an existing one."""
    installed = f"{visible(other.project)} is installed in it in editable mode"
    why = installed if other.how in (EvidenceKind.MENTION, EvidenceKind.EDITABLE) else says(other)
    return f"{says(best)}, which no longer exists, but {why}, so it may still be in use"


def orphan(best: Claim, gone: Place, others: Sequence[Path], seen: float | None) -> str:
    """Return why it is an orphan: which directory is missing."""
    also = f"; also missing: {listed(others)}" if others else ""
    when = f"; last seen on {day(seen)}" if day(seen) else ""
    missing = visible(gone.reason) or f"{visible(gone.path)} does not exist"
    return f"its project was not found: {missing} ({says(best)}{when}){also}"


def unreachable(best: Claim, place: Place) -> str:
    """Return why its project cannot be checked."""
    return f"cannot be checked: {_obstacle(place)} ({says(best)})"


def found_before(place: Place) -> str:
    """Return why the place where a search found its project cannot be checked."""
    return f"cannot be checked: {_obstacle(place)} (its project may be {visible(place.path)})"


def copied_identity(original: Path | None) -> str:
    """Return why a copy with the original's sidecar is a duplicate."""
    whose = visible(original) if original is not None else "another environment"
    return f"it is a copy: it has the same identity as {whose}, which still exists"


def copied_pointer(pointer: Claim, original: Path) -> str:
    """Return why a copy with the original's pointer file is a duplicate."""
    return (
        f"it is a copy: {says(pointer)}, as does {visible(original)},"
        " which it was copied from and which still exists"
    )


def contradicted(hint: Claim, best: Claim | None) -> str:
    """Return why a recreated environment is a duplicate: its former project exists."""
    now = f"but {says(best)}, which no longer exists" if best else "but nothing points to it now"
    return f"before it was recreated, it belonged to {visible(hint.project)}, which exists, {now}"


def checking() -> str:
    """Return the reason while the search for projects is running."""
    return "no evidence of a project yet; still searching"


def unknown(environment: Environment, searched: int, hint: Claim | None) -> str:
    """Return why its project is unknown though its name or files show that it had one."""
    if environment.traits.made_for is not None:
        made_for = f"uv created it for a project {visible(environment.traits.made_for, 100)}"
        nothing = "nothing that points to it was found"
        if searched:
            nothing = f"nothing in the {searched:,} searched directories points to it"
        return f"{made_for} (according to its prompt and .lock), and {nothing}{_before(hint)}"
    name = environment.traits.project_name
    shown = f" ({visible(name, 100)})" if name else ""
    kind = "script" if environment.traits.script else "project"
    where = (
        f"none of the {searched:,} searched directories matches" if searched else "none was found"
    )
    return f"its name shows that it was created for a {kind}{shown}, and {where}{_before(hint)}"


def shared(projects: Sequence[Path]) -> str:
    """Return why it is linked to several projects that are installed in it."""
    return f"{listed(projects)} are installed in it in editable mode"


def named(hint: Claim | None) -> str:
    """Return why no project is expected."""
    return f"created by hand with its own name; no project is expected{_before(hint)}"


def tool(command: str) -> str:
    """Return why it belongs to a tool."""
    return f"belongs to an installed tool; only `{visible(command, 200)}` can remove it"


def _before(hint: Claim | None) -> str:
    return f"; before it was recreated, it belonged to {visible(hint.project)}" if hint else ""


def _obstacle(place: Place) -> str:
    return visible(place.reason) or f"{visible(place.path)} cannot be read"
