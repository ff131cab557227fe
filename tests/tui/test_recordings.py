"""What a terminal shows from the first frame on, recorded: nothing moves, nothing flickers."""

import pytest

from tests.conftest import Home
from tests.effort import examples
from tests.screen import Screen, answer_synchronized, frames
from tests.stores.places import made
from tests.terminal import venvdash

SIZES = [(80, 24), (120, 40)]
_HEADER = 2  # lines: the views and the totals
_COLUMNS = 2  # the line of the column headings
_MARK = 4  # columns up to a row's mark


def recorded(home: Home, size: tuple[int, int]) -> list[Screen]:
    """Run the dashboard until its scan has ended; return the screen after each frame."""
    columns, lines = size
    with venvdash(variables=home.variables, cwd=home.path, columns=columns, lines=lines) as running:
        answer_synchronized(running)
        running.read(lambda output: b"scanned in" in output, 120)
        assert b"scanned in" in running.output
        running.drain(0.5)
    screen, shown = Screen(columns, lines), []
    for frame in frames(running.output):
        screen.feed(frame)
        shown.append(Screen(columns, lines, dict(screen.cells), screen.cursor_shown))
    return shown


@pytest.fixture(params=[10, examples(800)])
def names(home: Home, request: pytest.FixtureRequest) -> list[str]:
    """Environments, each with a project that exists."""
    names = [f"web{number:04}" for number in range(request.param)]
    for name in names:
        project = home.path / "code" / name
        project.mkdir(parents=True)
        prefix = made(home.path / ".virtualenvs" / name, "home = /usr/bin\nversion = 3.12.1\n")
        (prefix / ".project").write_text(f"{project}\n")
    return names


def rows(screen: Screen) -> range:
    """Return the lines of the list that have a row."""
    shown = screen.text()[_COLUMNS + 1 :]
    count = next((n for n, text in enumerate(shown) if " web" not in text[:12]), len(shown))
    return range(_COLUMNS + 1, _COLUMNS + 1 + count)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_nothing_but_header_and_marks_changes_after_the_first_frame(
    home: Home, names: list[str], size: tuple[int, int]
) -> None:
    first = recorded(home, size)
    assert not any(screen.cursor_shown for screen in first[1:])
    headings = [screen.text()[_COLUMNS] for screen in first if " web" in "".join(screen.text())]
    assert len(set(headings)) == 1, "no column moves while the first scan runs"

    for _ in range(2):  # one writes the sidecars that are missing, one measures with them
        home.venvdash("list")
    second = recorded(home, size)
    assert not any(screen.cursor_shown for screen in second[1:])
    begun = next(n for n, screen in enumerate(second) if names[0] in "".join(screen.text()))
    before, listed = second[begun], rows(second[begun])
    assert len(listed) >= min(len(names), 15)
    for screen in second[begun:]:
        changed = {at for at in before.cells if before.cells[at] != screen.cells[at]}
        beside = {at for at in changed if at[0] in (_COLUMNS, *listed) and at[1] < size[0] - 1}
        lines = [(before.text()[line], screen.text()[line]) for line in {at[0] for at in beside}]
        assert all(column < _MARK for _, column in beside), lines[:3]
        for line in listed:
            assert screen.text()[line][:-1] == before.text()[line][:-1]
    as_of = [n for n, screen in enumerate(second) if "as of" in screen.text()[1]]
    assert as_of == list(range(as_of[0], as_of[-1] + 1)), "never gone and back"
