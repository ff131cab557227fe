"""The summary of a row, as lists show it."""

from typing import TYPE_CHECKING

from venvdash.formats import user_files_in_words
from venvdash.model.status import Flag
from venvdash.model.summary import Summary

if TYPE_CHECKING:
    from venvdash.model import Row


def summary_of(row: "Row") -> Summary:
    """Return what a list shows of a row."""
    environment, verdict, usage, record = row.environment, row.verdict, row.usage, row.record
    return Summary(
        path=environment.path,
        name=row.name,
        status=verdict.status,
        reason=verdict.reason,
        store=environment.store,
        kind=environment.traits.kind,
        python=environment.python,
        implementation=environment.implementation,
        location=environment.location,
        flags=environment.flags,
        packages=len(environment.packages),
        on_disk=usage.on_disk if usage else None,
        reclaimable=usage.reclaimable if usage else None,
        at_most=usage.at_most if usage else False,
        cache_held=usage.cache_held if usage else None,
        files=usage.files if usage else None,
        used=row.used,
        projects=tuple(map(str, verdict.projects)),
        place=str(verdict.place) if verdict.place else None,
        note=record.note if record else "",
        description=row.description,
        user_files=_user_files(row),
        here=row.here,
    )


def _user_files(row: "Row") -> str:
    usage = row.usage
    if Flag.USER_FILES not in row.environment.flags or usage is None or usage.user_files is None:
        return ""
    return user_files_in_words(usage.user_files)
