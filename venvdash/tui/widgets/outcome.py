"""The outcome of a job in one line."""

from collections import Counter
from pathlib import Path

from textual.content import Content

from venvdash import formats
from venvdash.actions.events import Finished
from venvdash.model import Action, Outcome, Result
from venvdash.presentation.history import undoing
from venvdash.text import counted, short_path, visible, with_tilde

DELETING = "deleting"
UNDOING = undoing(Action.DELETE)
UNDOINGS = frozenset(map(undoing, Action))

_CHANGED = {
    "syncing": "synced",
    "relinking": "relinked",
    "unlinking": "unlinked",
    "copying": "copied",
    "creating": "created",
    "renaming": "renamed",
    "moving": "moved",
    UNDOING: "restored",
    undoing(Action.RESTORE): "in the trash again",
    undoing(Action.COPY): "in the trash",
    undoing(Action.NEW): "in the trash",
    undoing(Action.RENAME): "renamed back",
    undoing(Action.MOVE): "moved back",
    undoing(Action.RELINK): "linked as before",
    undoing(Action.UNLINK): "linked as before",
    undoing(Action.USE): "linked as before",
    undoing(Action.FORGET): "listed again",
}
_ELSEWHERE = frozenset(
    {"copying", "creating", "renaming", "moving", undoing(Action.RENAME), undoing(Action.MOVE)}
)


def outcome(doing: str, finished: Finished, home: Path | None) -> Content:
    """Return the outcome of a job that was called ``doing`` while it ran.

    Of several environments that remain, their rows say why; of a single one this text does.
    """
    results = finished.results
    if not results:
        nothing = "Nothing to undo." if doing in UNDOINGS else "Nothing to delete."
        return Content(" · ".join([nothing, *_problems(finished, home)]))
    if len(results) == 1 and results[0].outcome is Outcome.DONE and doing in _CHANGED:
        return Content(" · ".join([_of_one(doing, results[0], home), *_problems(finished, home)]))
    counts = Counter(result.outcome for result in results)
    pieces = _done(doing, finished, counts[Outcome.DONE])
    for kind, words in ((Outcome.SKIPPED, "skipped"), (Outcome.FAILED, "failed")):
        if counts[kind]:
            pieces.append(f"{counts[kind]} {words}")
    bad = [result for result in results if result.outcome is not Outcome.DONE]
    told = bad or [result for result in results if result.reason]
    if len(told) == 1:
        reason = with_tilde(visible(told[0].reason), home)
        pieces[-1] += f": {visible(told[0].name, 64)}: {reason}"
    elif told and not bad:
        pieces.append(f"{counted(len(told), 'note')} (press @)")
    return Content(" · ".join(pieces + _problems(finished, home)))


def _problems(finished: Finished, home: Path | None) -> list[str]:
    """Return what went wrong beside the environments themselves: the first; the log has all."""
    problems = [with_tilde(visible(one), home) for one in finished.problems]
    more = [f"{len(problems) - 1} more (press @)"] if len(problems) > 1 else []
    return [*problems[:1], *more]


def _of_one(doing: str, result: Result, home: Path | None) -> str:
    where = ""
    if doing in _ELSEWHERE and result.place is not None:
        where = f" to {short_path(result.place, home)}"
    reason = with_tilde(visible(result.reason), home)
    name = visible(result.name, 64)
    said = f"Restored {name}" if doing == UNDOING else f"{name} is {_CHANGED[doing]}{where}"
    return f"{said}. {reason}".rstrip()


def _done(doing: str, finished: Finished, done: int) -> list[str]:
    trashed = sum(result.trash is not None for result in finished.results)
    pieces = []
    if doing == UNDOING:
        pieces.append(f"restored {counted(done, 'environment')}")
    elif trashed and finished.in_trash:
        freed = formats.size(finished.in_trash)
        pieces.append(f"{trashed} in the trash ({freed} reclaimable)")
    elif done:
        pieces.append(f"{done} {_CHANGED.get(doing, 'deleted')}")
    if finished.freed:
        pieces.append(f"{formats.size(finished.freed)} reclaimed")
    if finished.cleaned:
        cleaned = counted(len(finished.cleaned), "package")
        pieces.append(f"{cleaned} removed from uv's cache")
    return pieces
