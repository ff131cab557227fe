"""What is measured, and what the figures of its rounds say."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.trees import Maker, Tree

OURS = "venvdash"
# Of one run: "wall" and "cpu" in seconds, "peak" memory in bytes; "each" is the CPU time for each
# environment, "key" the 95th percentile of the time from a key to its answer, "share" of a core.
Figures = Mapping[str, float]
Side = Callable[[Tree], Figures]
_OTHER = {"wall": "cpu", "cpu": "wall"}


@dataclass(frozen=True)
class Goal:
    """A line of the table: ``figure`` of ``ours``, to be compared with that of ``rival``.

    ``limit`` is that of the ratio, or with ``absolute`` that of the value; None: there is none. It
    may be given for each size. ``line`` may contain ``{size}``.
    """

    line: str
    figure: str
    limit: float | Mapping[int, float]
    rival: str = ""
    ours: str = OURS
    absolute: bool = False

    def limit_at(self, size: int) -> float | None:
        """Return the limit for a tree of this size."""
        return self.limit.get(size) if isinstance(self.limit, Mapping) else self.limit


@dataclass(frozen=True)
class Measurement:
    """What one name on the command line measures.

    ``tree`` makes what is measured, in a size: one of ``sizes``, those of the goals, or ``quick``.
    ``sides`` are measured in this order in each round. ``grows``: it can be measured at any number
    of environments.
    """

    name: str
    tree: Maker
    sides: Mapping[str, Side]
    goals: Sequence[Goal]
    sizes: Sequence[int] = (1_000,)
    quick: int = 10
    grows: bool = True


@dataclass(frozen=True)
class Result:
    """What one goal came to: the figures of all rounds of both sides."""

    name: str
    goal: Goal
    size: int
    rounds: Sequence[Mapping[str, Figures]]

    @property
    def line(self) -> str:
        """The words of the line."""
        return self.goal.line.format(size=f"{self.size:,}")

    def values(self, side: str, figure: str = "") -> list[float]:
        """Return a side's figure of each round; none for no side, or no such figure."""
        found = (figures.get(side, {}).get(figure or self.goal.figure) for figures in self.rounds)
        return [value for value in found if value is not None]

    @property
    def value(self) -> float:
        """The median of ours."""
        return statistics.median(self.values(self.goal.ours))

    @property
    def ratio(self) -> float | None:
        """The ratio of the medians; None without a rival."""
        return self._ratio(self.goal.figure)

    @property
    def other_ratio(self) -> float | None:
        """The ratio by CPU time where wall time counts, and the other way round."""
        return self._ratio(_OTHER.get(self.goal.figure, ""))

    def _ratio(self, figure: str) -> float | None:
        sides = (self.goal.ours, self.goal.rival)
        ours, rival = (self.values(side, figure) if figure else [] for side in sides)
        return statistics.median(ours) / statistics.median(rival) if ours and rival else None

    @property
    def limit(self) -> float | None:
        """The limit at this size."""
        return self.goal.limit_at(self.size)

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        found = self.value if self.goal.absolute else self.ratio
        return None if self.limit is None or found is None else found <= self.limit


def measure(measurement: Measurement, tree: Tree, size: int, rounds: int) -> list[Result]:
    """Run the sides in turn, so many times."""
    found = [{name: side(tree) for name, side in measurement.sides.items()} for _ in range(rounds)]
    return [Result(measurement.name, goal, size, found) for goal in measurement.goals]
