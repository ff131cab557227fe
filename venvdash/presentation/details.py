"""What the details of one environment say, for the command line and the dashboard."""

from venvdash.model import Flag, Row
from venvdash.presentation.labels import FLAG_MEANINGS, flag_in_words
from venvdash.records.flags import unfinished
from venvdash.scanner.evidence.references import Reference
from venvdash.scanner.usage.missing_files import Missing
from venvdash.session.environment_details import EnvironmentDetails
from venvdash.text import visible


def flags_in_words(found: EnvironmentDetails) -> dict[Flag, str]:
    """Return for each flag of an environment, in words, why it is set."""
    flags = sorted(found.row.environment.flags)
    return {flag: _why(flag, found.row, found.missing, found.references) for flag in flags}


def _why(flag: Flag, row: Row, gone: tuple[Missing, ...], references: tuple[Reference, ...]) -> str:
    environment = row.environment
    if flag is Flag.BROKEN and environment.base is not None:
        return f"{FLAG_MEANINGS[flag]}: it was created from {visible(environment.base)}"
    if flag is Flag.DAMAGED and unfinished(environment, row.record) and not gone:
        return "a sync was interrupted: sync it again"
    if flag is Flag.DAMAGED and gone:
        one, count = gone[0], sum(each.count for each in gone)
        first = f"{visible(one.files[0])} of {visible(one.package, 128)}"
        return (
            f"{first} is missing" if count == 1 else f"{count:,} files are missing, such as {first}"
        )
    if flag is Flag.REFERENCED and references:
        named = ", ".join(f"{one.what} {visible(one.file)}" for one in references[:3])
        more = len(references) - 3
        return f"by {named}" + (f" and {more} more" if more > 0 else "")
    if flag is Flag.ALIAS and environment.target is not None:
        return f"a symbolic link to {visible(environment.target)}"
    return flag_in_words(flag, row)
