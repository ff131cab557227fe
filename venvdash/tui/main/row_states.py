"""The states of the environments that a job works on."""

from collections.abc import Callable
from pathlib import Path

from textual.content import Content

from venvdash.model.status import State
from venvdash.text import visible, with_tilde
from venvdash.tui.widgets.environment_list import EnvironmentList

_GONE = frozenset({State.IN_TRASH, State.FREED})
DONE = _GONE | {State.DONE}
ENDED = DONE | {State.SKIPPED, State.FAILED}


class RowStates:
    """Which state each environment is in, drawn in the list in place of its status."""

    def __init__(self, environments: EnvironmentList, home: Path) -> None:
        self._environments, self._home = environments, home
        self._changed: Callable[[Path, State], None] = lambda path, state: None
        self._states = environments.states
        self._reasons: dict[Path, str] = {}

    def follow(self, changed: Callable[[Path, State], None]) -> None:
        """Call ``changed`` with the path of each environment that comes to another state."""
        self._changed = changed

    def get(self, path: Path) -> State | None:
        """Return the state of an environment, None where no job has one for it."""
        return self._states.get(path)

    def may_act_on(self, path: Path) -> bool:
        """Return whether an environment may be marked and acted on: no job works on it."""
        state = self._states.get(path)
        return state is None or state in ENDED - _GONE

    def set(self, path: Path, state: State, reason: str = "") -> None:
        """Show the state of an environment."""
        self._states[path] = state
        self._reasons[path] = reason
        self._environments.redraw(path)
        self._changed(path, state)

    def clear(self, path: Path) -> None:
        """Show the status of an environment again."""
        self._states.pop(path, None)
        self._reasons.pop(path, None)
        self._environments.redraw(path)

    def queued(self) -> int:
        """Return how many environments are queued."""
        return sum(state is State.QUEUED for state in self._states.values())

    def clear_unfinished(self) -> None:
        """Clear the states of a job that broke off: nothing is known to have been done."""
        self._clear_all(lambda state: state not in ENDED)

    def clear_finished(self) -> list[Path]:
        """Clear what is done, and return the paths of the environments that are gone."""
        gone = [path for path, state in self._states.items() if state in _GONE]
        self._clear_all(lambda state: state in DONE)
        return gone

    def clear_ended(self) -> bool:
        """Clear the states that stay to be read after a job; return whether there were any."""
        return self._clear_all(lambda state: state in ENDED - _GONE)

    def _clear_all(self, which: Callable[[State], bool]) -> bool:
        paths = [path for path, state in self._states.items() if which(state)]
        for path in paths:
            self.clear(path)
        return bool(paths)

    def words(self, path: Path) -> Content | None:
        """Return the state of an environment with its reason, None where it has no state."""
        state = self._states.get(path)
        if state is None:
            return None
        reason = with_tilde(visible(self._reasons.get(path, "")), self._home)
        return Content.assemble((state.value, "bold"), f"  {reason}")
