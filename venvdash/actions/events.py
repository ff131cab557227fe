"""What an action tells while it works; its last word is a ``Result``."""

from dataclasses import dataclass

from venvdash.model import Result


@dataclass(frozen=True, slots=True)
class Output:
    """A line that a program wrote, raw as it came and without its newline."""

    line: str


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far it is: ``doing`` in a word or two, ``total`` 0 where nobody knows."""

    doing: str
    done: int = 0
    total: int = 0


Told = Output | Progressed | Result
