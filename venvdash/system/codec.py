"""Dataclasses as tables of TOML's and JSON's own types, and back, every value checked.

A ``Codec`` takes the kind of each value from the annotation of its field, or from an argument of
the field's name. What is read may have been written by anybody, so nothing passes that is not of
its type and within its bounds. Strings and paths are written as ``spelling`` says, and integers too
large for TOML's 64 bits as strings of digits.
"""

import dataclasses
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import MISSING, dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path
from types import UnionType
from typing import Any, Generic, TypeVar, get_args, get_origin

from venvdash.system.spelling import LIMIT, spell, unspell

_INT64 = 2**63
_MOST = 64  # items of a list

T = TypeVar("T")


class CodecError(ValueError):
    """A table holds no such value; the text names the key and says what its value must be."""

    def __init__(self, key: str, reason: str, *, unknown: bool = False) -> None:
        super().__init__(f"`{key}` {reason}")
        self.key, self.reason = key, reason
        self.unknown = unknown
        self.item: int | None = None  # of a list, in which it is wrong


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value. ``read`` raises ValueError, whose text continues the name of a key."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


def text(limit: int) -> Kind:
    """Return the kind of strings of at most ``limit`` characters as they are spelled."""
    read = plain(limit).read
    return Kind(lambda value: unspell(read(value)), lambda value: spell(str(value)))


def plain(limit: int) -> Kind:
    """Return the kind of strings of at most ``limit`` characters that are written as they are."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("must be a string")
        if len(value) > limit:
            raise ValueError(f"must not be longer than {limit} characters")
        return value

    return Kind(read, str)


def integer(low: int, high: int) -> Kind:
    """Return the kind of integers from ``low`` to ``high``."""

    def read(value: Any) -> int:
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 40:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError("must be a whole number")
        if not low <= value <= high:
            raise ValueError("is out of range")
        return value

    return Kind(read, lambda value: str(value) if value >= _INT64 else value)


def number(high: float, what: str) -> Kind:
    """Return the kind of numbers from 0 to ``high``; ``what`` says what they are."""

    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"must be {what}")
        if not 0 <= value <= high:  # true of NaN, too
            raise ValueError(f"must be {what} from 0 to {high}")
        return float(value)

    return Kind(read, float)


def choice(values: Iterable[Any]) -> Kind:
    """Return the kind of one of these strings, or of the members of an enumeration."""
    known = {str(getattr(one, "value", one)): one for one in values}

    def read(value: Any) -> Any:
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"must be one of {', '.join(known)}")
        return known[value]

    return Kind(read, lambda value: str(getattr(value, "value", value)))


def several(kind: Kind, most: int = _MOST) -> Kind:
    """Return the kind of lists of at most ``most`` items."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise ValueError("must be a list")
        if len(value) > most:
            raise ValueError(f"must not have more than {most} items")
        values = []
        for item, one in enumerate(value):
            try:
                values.append(kind.read(one))
            except CodecError as error:
                error.item = item
                raise
        return tuple(values)

    return Kind(read, lambda values: list(map(kind.write, values)))


def checked(kind: Kind, valid: Callable[[Any], bool], wanted: str) -> Kind:
    """Return the kind of those values of ``kind`` that are valid; they must be ``wanted``."""

    def read(value: Any) -> Any:
        checked_value = kind.read(value)
        if not valid(checked_value):
            raise ValueError(f"must be {wanted}")
        return checked_value

    return Kind(read, kind.write)


def _read_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _read_bytes(value: Any) -> bytes:
    import base64

    return base64.b64decode(plain(2**30).read(value), validate=True)


def _write_bytes(value: bytes) -> str:
    import base64

    return base64.b64encode(value).decode()


TEXT = text(3 * LIMIT)
PATH = checked(
    Kind(lambda value: Path(TEXT.read(value)), TEXT.write), Path.is_absolute, "an absolute path"
)
INSIDE = checked(
    TEXT, lambda path: not os.path.isabs(path) and ".." not in Path(path).parts, "a path inside"
)
FLAG = Kind(_read_flag, bool)
COUNT = integer(0, 2**128 - 1)  # ReFS numbers its files with 128 bits
INT64 = integer(-_INT64, _INT64 - 1)
MODE = integer(0, 0o7777)
TIME = number(2**40, "a time in seconds")
BYTES = Kind(_read_bytes, _write_bytes)

_KINDS = {str: TEXT, Path: PATH, bool: FLAG, int: COUNT, float: TIME, bytes: BYTES}


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    kind: Kind
    default: Any  # where the key is missing; MISSING if it must be there


class Codec(Generic[T]):
    """How values of one dataclass are written as tables and read back.

    ``kinds`` are of the fields whose annotation does not tell enough. Fields named in ``without``
    are not written. A ``sparse`` table leaves out what has its default, and what could not be read
    back; in others every key is needed whose value is not None. With ``closed`` no further keys
    are allowed.
    """

    def __init__(
        self,
        cls: type[T],
        *,
        without: Collection[str] = (),
        sparse: bool = False,
        closed: bool = False,
        **kinds: Kind,
    ) -> None:
        self._cls, self.without, self._kinds = cls, tuple(without), kinds
        self._sparse, self._closed = sparse, closed

    @cached_property
    def _fields(self) -> tuple[_Field, ...]:
        cls: Any = self._cls
        return tuple(
            self._field(one) for one in dataclasses.fields(cls) if one.name not in self.without
        )

    def _field(self, field: "dataclasses.Field[Any]") -> _Field:
        annotation: Any = field.type
        default: Any = MISSING
        if get_origin(annotation) is UnionType:  # with None
            annotation, default = get_args(annotation)[0], None
        kind = self._kinds.get(field.name) or _kind(annotation)
        return _Field(field.name, kind, field.default if self._sparse else default)

    @cached_property
    def kind(self) -> Kind:
        """The kind of values in another table."""
        return Kind(self.read, self.write)

    @property
    def keys(self) -> list[str]:
        """The keys of a table, in the order in which they are written."""
        return [field.name for field in self._fields]

    def write(self, value: T) -> dict[str, Any]:
        """Return the value as a table."""
        table = {}
        for field in self._fields:
            field_value = getattr(value, field.name)
            if field_value is None or (self._sparse and field_value == field.default):
                continue
            written = field.kind.write(field_value)
            if not self._sparse or field.default is MISSING or _readable(field.kind, written):
                table[field.name] = written
        return table

    def read(self, table: Any, **given: Any) -> T:
        """Return the value of a table, with ``given`` for fields that are not written.

        Raises CodecError.
        """
        if not isinstance(table, Mapping):
            raise ValueError("must be a table")
        if self._closed and (unknown := sorted(set(table) - set(self.keys))):
            raise CodecError(unknown[0], "is not a known setting", unknown=True)
        for field in self._fields:
            if field.name in table:
                given[field.name] = _read(field, table[field.name])
            elif field.default is MISSING:
                raise CodecError(field.name, "is missing")
            else:
                given[field.name] = field.default
        return self._cls(**given)


def _read(field: _Field, value: Any) -> Any:
    try:
        return field.kind.read(value)
    except CodecError as error:
        outer = CodecError(f"{field.name}.{error.key}", error.reason, unknown=error.unknown)
        outer.item = error.item
        raise outer from error
    except ValueError as error:
        raise CodecError(field.name, str(error)) from error


def _readable(kind: Kind, written: Any) -> bool:
    try:
        kind.read(written)
    except ValueError:
        return False
    return True


def _kind(annotation: Any) -> Kind:
    """Return the kind of values of a field with this annotation."""
    if get_origin(annotation) is tuple:
        return several(_kind(get_args(annotation)[0]))
    if annotation in _KINDS:
        return _KINDS[annotation]
    if issubclass(annotation, Enum):
        return choice(annotation)
    return Codec(annotation).kind
