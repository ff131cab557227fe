"""The style sheet names widgets, statuses and states that exist."""

import re
from pathlib import Path

from venvdash import tui
from venvdash.model.status import State, Status
from venvdash.tui.cells import status_style

SHEET = Path(tui.__file__).with_name("venvdash.tcss").read_text("utf-8")


def test_every_type_in_it_is_a_class() -> None:
    rules = re.sub(r"/\*.*?\*/|\{[^{}]*;", "{", SHEET, flags=re.DOTALL)
    named = set(re.findall(r"(?<![-\w.#$])[A-Z]\w+", rules))
    code = "".join(path.read_text("utf-8") for path in Path(tui.__file__).parent.rglob("*.py"))
    ours = set(re.findall(r"^class (\w+)", code, re.MULTILINE))
    theirs = {"Button", "Input", "OptionList", "Static"}
    assert len(named) > 10
    assert named <= ours | theirs


def test_every_status_and_state_has_a_style() -> None:
    styled = set(re.findall(r"\.table--([a-z-]+)", SHEET))
    assert {status.value for status in Status} <= styled
    assert {f"state-{state.value.replace(' ', '-')}" for state in State} <= styled


def test_statuses_have_the_colours_of_their_roles() -> None:
    colours = dict(re.findall(r"> \.table--([a-z]+) \{ color: (\$[a-z-]+);", SHEET))
    for status in Status:
        style = status_style(status)
        assert colours.get(status.value, "") == style or not style, status
