"""The plain file of pins: which environments the user has pinned, by id and by path.

uv deletes the sidecar when it re-creates an environment, and the index can be lost: this file holds
the pins as well, one a line, ``<id> <path>``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Record
from venvdash.records.identity import valid_identity
from venvdash.system.files import UnreadableError
from venvdash.system.spelling import spell, unspell
from venvdash.system.state_files import StateFolder

NAME = "pins"
_LIMIT = 4 * 1024 * 1024  # bytes
_COMMENT = "# Environments pinned with `venvdash pin`: no rule deletes them.\n"


@dataclass(frozen=True, slots=True)
class Pins:
    """What is pinned: paths by the ids of the environments that lay there."""

    paths: Mapping[str, Path]

    def of(self, records: Mapping[Path, Record]) -> frozenset[Path]:
        """Return which of all known environments are pinned: by id, else by path.

        What was created where a pinned one lay is pinned as well, unless that one is known
        elsewhere by now.
        """
        known = {record.identity: path for path, record in records.items()}
        there = (known.get(identity, path) for identity, path in self.paths.items())
        return frozenset(path for path in there if path in records)

    def with_pin(self, identity: str, path: Path) -> "Pins":
        """Return the pins with one more, in the place of another at the same path."""
        return self.with_pins({identity: path})

    def with_pins(self, added: Mapping[str, Path]) -> "Pins":
        """Return the pins with more, in the place of others at the same paths."""
        taken = set(added.values())
        return Pins({**{i: p for i, p in self.paths.items() if p not in taken}, **added})

    def without(self, identity: str, path: Path) -> "Pins":
        """Return the pins without that of an environment."""
        return Pins({i: p for i, p in self.paths.items() if i != identity and p != path})


def read(state: Path) -> Pins:
    """Return the pins in a state directory, none where there is no file.

    Raises OSError where its folder cannot be read or trusted, ValueError where the file cannot, or
    has lines that are no pins.
    """
    try:
        text = StateFolder(state, ".").read(NAME, _LIMIT).decode()
    except FileNotFoundError:
        return Pins({})
    except UnreadableError as error:
        raise ValueError(str(error)) from error
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return Pins(dict(map(_pin, lines)))


def write(state: Path, pins: Pins) -> None:
    """Store the pins. Raises OSError."""
    by_path = sorted(pins.paths.items(), key=lambda item: item[1])
    lines = (f"{identity} {spell(str(path))}\n" for identity, path in by_path)
    StateFolder(state, ".").write(NAME, (_COMMENT + "".join(lines)).encode())


def _pin(line: str) -> tuple[str, Path]:
    identity, _, text = line.partition(" ")
    path = Path(unspell(text))
    if not valid_identity(identity) or not path.is_absolute():
        raise ValueError("contains a line that is not a pin")
    return identity, path
