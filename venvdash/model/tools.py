"""Which tool a project is made for, and which environment that tool would use in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path


class Sign(IntEnum):
    """How surely a project's files show that a tool manages its environment."""

    NONE = 0
    MENTION = 1  # the tool may be used: its name is mentioned
    TABLE = 2  # its table is in pyproject.toml
    LOCK = 3  # a file that only this tool makes or needs


@dataclass(frozen=True, slots=True)
class Use:
    """The environment that a tool would use in a project, found without running anything.

    ``tool`` is the tool's name for people. ``environment`` is None if the tool would use no
    environment, or if files and variables do not determine which. ``exists``: it exists, and the
    tool would use it unchanged; otherwise the tool would create or replace it. ``why`` is a clause
    that follows "because". ``certain`` is False if another shell may get another answer: it depends
    on the first Python on PATH, or on a variable that names one environment.

    ``depends_on`` are the variables and files that determine it. ``deletes`` is a directory that
    the tool's next sync would delete, with everything in it. ``pointed``: a file in the project
    that only this tool writes names the environment.
    """

    tool: str
    environment: Path | None
    why: str
    exists: bool = False
    certain: bool = True
    depends_on: tuple[str, ...] = ()
    deletes: Path | None = None
    pointed: bool = False


@dataclass(frozen=True, slots=True)
class ProjectTools:
    """The tools of one project by the names of their stores, and what each would use.

    ``wrapped`` are tools that another tool of the project runs: their signs are that one's.
    """

    signs: Mapping[str, Sign] = field(default_factory=dict)
    uses: Mapping[str, Use] = field(default_factory=dict)
    wrapped: frozenset[str] = frozenset()

    @property
    def owners(self) -> tuple[str, ...]:
        """The tools with the surest sign; several if they are equally sure, () without any.

        A pointer to an existing environment counts as much as a table in pyproject.toml, and a lock
        file more: pointers may stay when a project changes its tool.
        """
        signs = {name: sign for name, sign in self.signs.items() if name not in self.wrapped}
        surest = max(signs.values(), default=Sign.NONE)
        if surest is Sign.LOCK:
            return tuple(name for name, sign in signs.items() if sign is surest)
        tables = [name for name, sign in signs.items() if sign is Sign.TABLE]
        pointers = [name for name, use in self.uses.items() if use.pointed and use.exists]
        return tuple(dict.fromkeys([*tables, *pointers]))
