"""What the user says of an environment: that it is pinned, and a note."""

from dataclasses import replace

from venvdash.actions.record_update import own_record, update_record
from venvdash.actions.table import Table
from venvdash.model import Record, Row
from venvdash.records import pins
from venvdash.records.flags import flagged
from venvdash.records.schema import LONGEST_NOTE
from venvdash.text import because


class AnnotationError(Exception):
    """It cannot be said of this environment, or not be stored; a sentence says why."""


def pin(table: Table, row: Row, *, pinned: bool) -> Row:
    """Pin an environment, or unpin it: in the file of pins, the index and its sidecar.

    Returns the row as it is then, which the table has as well. Raises AnnotationError; then nothing
    was changed, or the sentence says what was.
    """
    _check(table, row)
    own = own_record(table, row)
    amended = update_record(
        table, row.environment, own, lambda record: replace(record, pinned=pinned)
    )
    identity, state = amended.record.identity, table.machine.state_directory
    try:
        known = pins.read(state)
        change = known.with_pin if pinned else known.without
        pins.write(state, change(identity, row.path))
    except (OSError, ValueError) as error:
        reason = because(error)
        raise AnnotationError(f"Cannot update {pins.NAME} in {state}: {reason}.") from None
    return _amended(table, row, amended.record)


def note(table: Table, row: Row, text: str) -> Row:
    """Store a note on an environment, in the index and its sidecar; "" removes it.

    Returns the row as it is then, which the table has as well. Raises AnnotationError.
    """
    _check(table, row)
    if len(text) > LONGEST_NOTE:
        raise AnnotationError(f"A note can have at most {LONGEST_NOTE} characters.")
    if not all(char.isprintable() or char in "\n\t" for char in text):
        raise AnnotationError("A note cannot contain control characters.")
    pinned = row.record is not None and row.record.pinned
    amended = update_record(
        table,
        row.environment,
        own_record(table, row),
        lambda record: replace(record, note=text, pinned=pinned),
    )
    return _amended(table, row, amended.record)


def _amended(table: Table, row: Row, record: Record) -> Row:
    """Return the row with its new record, and the flags that come of it."""
    row = table.rows.get(row.path, row)
    row = replace(row, record=record, environment=flagged(row.environment, record, row.usage))
    if row.path in table.rows:
        table.rows[row.path] = row
    return row


def _check(table: Table, row: Row) -> None:
    if not table.remembers:
        raise AnnotationError("Records are turned off by --no-records or `records = false`.")
    if row.environment.target is not None:
        raise AnnotationError("It is a link to another environment: name that one instead.")
