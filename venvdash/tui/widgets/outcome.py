"""What came of a deletion, an undo or an emptying of the trash, in one line."""

from collections import Counter
from pathlib import Path

from textual.content import Content

from venvdash.model import Outcome
from venvdash.session import figures
from venvdash.session.events import Finished
from venvdash.text import visible
from venvdash.tui.format import with_tilde


def outcome(doing: str, finished: Finished, home: Path | None) -> Content:
    """Return the outcome of what was done, as ``doing`` called it while it ran.

    Of several that are still there the rows tell why; of a single one this does.
    """
    results = finished.results
    counts = Counter(result.outcome for result in results)
    trashed = sum(result.trash is not None for result in results)
    pieces: list[str] = []
    if not results:
        return Content("Nothing to undo." if doing == "taking back" else "Nothing was there.")
    if doing == "taking back":
        pieces.append(f"{counts[Outcome.DONE]} back")
    elif trashed and finished.in_trash:
        freed = figures.size(finished.in_trash)
        pieces.append(f"{trashed} in the trash: emptying it frees {freed}")
    elif counts[Outcome.DONE]:
        pieces.append(f"{counts[Outcome.DONE]} deleted")
    if finished.freed:
        pieces.append(f"freed {figures.size(finished.freed)}")
    if finished.cleaned:
        pieces.append(f"{len(finished.cleaned)} packages cleaned out of uv's cache")
    for kind, words in ((Outcome.SKIPPED, "left alone"), (Outcome.FAILED, "failed")):
        if counts[kind]:
            pieces.append(f"{counts[kind]} {words}")
    bad = [result for result in results if result.outcome is not Outcome.DONE]
    if len(bad) == 1:
        reason = with_tilde(visible(bad[0].reason), home)
        pieces[-1] += f": {visible(bad[0].name, 64)}: {reason}"
    return Content(" · ".join(pieces))
