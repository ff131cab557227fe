"""What is asked of expired trash before it is freed; the process that frees it does this.

Something may use an environment again that was deleted a week ago: the disk with its project has
been plugged in. Then it stays in the trash and says why, and is asked about on another day. Where
its project was not found when it was deleted, the project is searched for once more.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from venvdash import config
from venvdash.actions.delete import trash, trash_search
from venvdash.actions.journals import trash_journal
from venvdash.model import Trashed
from venvdash.scanner.projects.project_info import links_of
from venvdash.system.directory import Directory
from venvdash.system.files import real
from venvdash.system.locks import lock_directory
from venvdash.system.machine import Machine
from venvdash.system.timeouts import Failed, Job, TimedOut, TimedRunner
from venvdash.text import visible

_PATIENCE = 30.0  # seconds; a project may lie on a network that is gone
_BRIEFLY = 1.0  # seconds, where somebody waits
_SILENT = "its project does not respond"


def free_of_use(paths: Sequence[Path]) -> list[Path]:
    """Return the expired trash directories that may be freed; in the others it is noted why not."""
    expired = {path: trashed for path in paths if (trashed := trash.read(path)) is not None}
    kept = reasons(list(expired.values()))
    kept |= _searched([one for path, one in expired.items() if path not in kept])
    for path, reason in kept.items():
        with suppress(OSError, trash_journal.JournalError):
            _keep(path, reason)
    return [path for path in paths if path not in kept]


def _searched(expired: Sequence[Trashed]) -> dict[Path, str]:
    """Return what one search for the projects of all of these found."""
    lost = [one for one in expired if trash_search.may_return(one)]
    if not lost:
        return {}
    machine = Machine.current()
    settings = config.load(machine.config_file)
    if settings.unsafe:
        return {one.path: "cannot read the configuration" for one in lost}
    reasons_by_path = trash_search.search_for(lost, machine, settings)
    return {path: reason.rstrip(".") for path, reason in reasons_by_path.items()}


def has_project(trash: Sequence[Trashed]) -> list[tuple[Trashed, str]]:
    """Return what of the trash has a project again where that was, with a sentence on it.

    That is cheap: only places that the trash itself names are looked at.
    """
    lost = {one.path: one for one in trash if trash_search.may_return(one)}
    reasons_by_path = reasons(list(lost.values()), seconds=_BRIEFLY)
    return [
        (lost[path], f"{reason}.") for path, reason in reasons_by_path.items() if reason != _SILENT
    ]


def reasons(expired: Sequence[Trashed], *, seconds: float = _PATIENCE) -> dict[Path, str]:
    """Return why trash is to be kept, for each trash directory of which something shows it.

    That is a link or path file ``.venv`` of its project that leads to where the environment was,
    though nothing is there. What does not respond within so many ``seconds`` may lead there as
    well.
    """
    reasons_by_path: dict[Path, str] = {}
    jobs = [Job(one.path, partial(_used, one)) for one in expired]
    for answer in TimedRunner(seconds, lambda: False).run(jobs):
        if isinstance(answer, TimedOut | Failed):
            reasons_by_path[answer.path] = _SILENT
        elif answer[1]:
            reasons_by_path[answer[0]] = answer[1]
    return reasons_by_path


def _used(one: Trashed) -> tuple[Path, str]:
    """Return the trash directory, and what points to its original path, "" for nothing."""
    if os.path.lexists(one.original):
        return one.path, ""  # another environment was made there
    projects = [link.path.parent for link in one.links]
    projects += [one.project] if one.project else []
    for project in dict.fromkeys(projects):
        for link in links_of(os.fspath(project)):
            if real(link.environment) == real(one.original):
                return one.path, f"{visible(link.pointer)} points to it"
    return one.path, ""


def _keep(path: Path, reason: str) -> None:
    with Directory(path) as box, lock_directory(box.handle) as lock:
        now = trash_journal.read(box)
        if not lock.busy and now is not None and not now.purging:
            trash_journal.note_kept(box, now, reason)
