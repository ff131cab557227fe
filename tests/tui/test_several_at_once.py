"""Two dashboards, a list and a prune at once on one HOME."""

import json
import shutil
import subprocess
import threading

from tests.conftest import Home
from tests.forkserver import VENVDASH
from tests.scenario import linked_project, venv
from tests.screen import Screen
from tests.terminal import Terminal, venvdash
from venvdash.records import snapshot
from venvdash.system.host import host_id

_LIVE, _LOST = [f"live{n}" for n in range(5)], [f"lost{n}" for n in range(4)]


class Reader(threading.Thread):
    """Reads the remembered list again and again; ``seen`` are the names of each that was whole."""

    def __init__(self, home: Home) -> None:
        super().__init__(daemon=True)
        self.seen: set[frozenset[str]] = set()
        self.broken: list[object] = []
        self.end = threading.Event()
        self._state = home.machine().state_directory

    def run(self) -> None:
        while not self.end.wait(0.001):
            memory = snapshot.read(self._state, host_id())
            try:
                assert memory is not None, "there is one, and each is whole"
                self.seen.add(frozenset(row.name for row in memory.decode()))
            except (AssertionError, ValueError) as error:
                self.broken.append(error)


def _shows(terminal: Terminal, columns: int, lines: int, words: str) -> None:
    """Wait until the terminal shows these words."""

    def shown(output: bytes) -> bool:
        screen = Screen(columns, lines)
        screen.feed(output.decode(errors="ignore"))
        return words in "\n".join(screen.text())

    terminal.read(shown, 60)
    assert shown(terminal.output), terminal.output[-2000:]


def test_each_list_that_is_stored_is_whole_and_right_in_the_end(home: Home) -> None:
    store = home.path / ".virtualenvs"
    for name in (*_LIVE, *_LOST):
        project = linked_project(home, venv(store / name))
        if name in _LOST:
            shutil.rmtree(project)
    home.venvdash("list")
    reader = Reader(home)
    reader.start()
    with (
        venvdash(variables=home.variables, cwd=home.path) as one,
        venvdash(variables=home.variables, cwd=home.path, columns=120, lines=40) as two,
    ):
        commands = [
            subprocess.Popen(
                [*VENVDASH, *arguments],
                env=home.variables,
                cwd=home.path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for arguments in (["list", "--json"], ["prune", "--yes"])
        ]
        listed, pruned = (command.communicate(timeout=120) for command in commands)
        assert [command.returncode for command in commands] == [0, 0], (listed, pruned)
        names = {row["name"] for row in json.loads(listed[0])["environments"]}
        assert set(_LIVE) <= names <= {*_LIVE, *_LOST}
        for screen, columns, lines in ((one, 80, 24), (two, 120, 40)):
            _shows(screen, columns, lines, f"1 all {len(_LIVE)}")
            screen.press("q")
            assert screen.wait(60) == 0
    reader.end.set()
    reader.join()
    assert not reader.broken
    everything = frozenset((*_LIVE, *_LOST))
    assert all(frozenset(_LIVE) <= seen <= everything for seen in reader.seen)
    memory = snapshot.read(home.machine().state_directory, host_id())
    assert memory is not None
    assert {row.name for row in memory.decode()} == set(_LIVE)
    last = json.loads(home.venvdash("list", "--json").stdout)
    assert {row["name"]: row["status"] for row in last["environments"]} == dict.fromkeys(
        _LIVE, "linked"
    )
    assert last["errors"] == []
