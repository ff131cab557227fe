"""What leads from a project to its environment: whether it may be written, and what is there now.

Somebody else's directory, file or link is never replaced: only what led to this environment, or to
one that is gone, or to another one that the project used.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.errors import ChangedError
from venvdash.actions.journals.swap import Content, Swap
from venvdash.actions.safety import file_swap, project_links
from venvdash.config import Config
from venvdash.model import Environment, Location, Presence, Row
from venvdash.scanner.projects import presence
from venvdash.system.cloud_folders import synced_by
from venvdash.system.files import real
from venvdash.text import visible

ON_REQUEST = ("link", "file")  # settings that ask for one wherever it can be made


def hindrance(project: Path, environment: Environment, context: Context, config: Config) -> str:
    """Return why nothing is to be written into ``project`` (links resolved), "" where it may be.

    A sentence. Links in folders that are synchronised, or that other computers see, lead nowhere
    there; who asks for them in the configuration gets them.
    """
    reason = unwritable(project)
    if reason or config.project_link in ON_REQUEST:
        return reason
    service = synced_by(project, context.machine)
    if service:
        return f"Nothing is written to the project, because {visible(service)} synchronises it."
    mount, own = context.mounts.of(project), context.mounts.of(real(environment.path))
    if mount is not None and mount.network and mount != own:
        return "Nothing is written to the project, because it is on a network file system."
    return ""


def unwritable(project: Path) -> str:
    """Return why nothing can be written into a directory, "" where it can."""
    if hasattr(os, "statvfs"):
        try:
            if os.statvfs(project).f_flag & os.ST_RDONLY:
                return "Cannot write to the project: its file system is read-only."
        except OSError:
            pass  # asked again below
    effective = os.access in os.supports_effective_ids
    if not os.access(project, os.W_OK | os.X_OK, effective_ids=effective):
        return "Cannot write to the project: you have no permission."
    return ""


def leading(
    path: Path, row: Row, prefix: Path, table: Iterable[Row], context: Context, *, file: bool
) -> tuple[Swap | None, str]:
    """Return what makes ``path`` in a project lead to ``prefix``, and what is lost by it.

    ``prefix`` is where the row's environment will be. ``file``: a path file instead of a link.
    None where it leads there already. Raises ChangedError where something else is in its place,
    and OSError.
    """
    try:
        now = file_swap.look(path)
    except ChangedError as error:
        raise ChangedError(f"{error} It is left unchanged.") from error
    wanted = Content(os.fspath(prefix), link=not file)
    if now is None:
        return Swap(path, None, wanted), ""
    led = _led(path, now)
    if led in (real(row.environment.path), real(row.environment.entry)):
        same = prefix == row.environment.path
        return None if same else Swap(path, now, Content(wanted.text, now.link)), ""
    if led is None:
        raise ChangedError(
            f"{visible(path)} already exists and does not point to an environment. It "
            "is left unchanged."
        )
    return Swap(path, now, wanted), replaced(path, [led], table, context)


def _led(path: Path, now: Content) -> Path | None:
    """Return where a link or path file leads, None for a file that is none."""
    if now.link:
        return real(path)
    named = project_links.named_by(path, now.text)
    return Path(named) if named and os.sep in now.text else None


def replaced(path: Path, leads: Iterable[Path], table: Iterable[Row], context: Context) -> str:
    """Return what a link or file in a project led to until now, "" for what is gone.

    ``points_to`` have their links resolved. Raises ChangedError where it leads to somebody else's.
    """
    known, lost = {real(one.path): one for one in table}, ""
    for led in leads:
        used = known.get(led)
        if used is not None and _own(used, path.parent):
            lost = f"Replaces its {path.name}, which points to {visible(led)}."
        elif used is not None or presence.look(led, context.mounts).presence is not Presence.ABSENT:
            raise ChangedError(f"{visible(path)} points to {visible(led)}. It is left unchanged.")
    return lost


def _own(row: Row, project: Path) -> bool:
    """Return whether a row is a project's environment in a store.

    One that only the project's link leads to would be found by nobody without it.
    """
    central = row.environment.location is Location.CENTRAL
    return central and project in map(real, row.verdict.projects)
