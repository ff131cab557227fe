"""The dashboard begins as it was left, or as it is configured."""

import json
import re
from pathlib import Path

from tests.conftest import Home
from tests.scenario import orphan, venv
from tests.terminal import Terminal, venvdash
from venvdash.config import DashboardSettings
from venvdash.records import dashboard_look
from venvdash.records.dashboard_look import DetailTab, Look
from venvdash.tui.app import Dashboard
from venvdash.tui.main.opening import Opening
from venvdash.tui.suspend import ExternalPrograms
from venvdash.tui.table import View


def dashboard(look: Look = Look(), **settings: str) -> Dashboard:  # noqa: B008 - it is frozen
    def never() -> None:
        raise AssertionError

    opening = Opening(never)  # type: ignore[arg-type]
    return Dashboard(Path("/"), opening, ExternalPrograms(), look, DashboardSettings(**settings))


def test_what_is_remembered_comes_before_the_settings() -> None:
    app = dashboard(theme="nord", view="orphans", sort="size")
    assert app.theme == "nord"
    table = app.get_default_screen().listing.table  # type: ignore[attr-defined]
    assert (table.view, table.sort, table.descending) == (View.ORPHANS, "size", True)
    assert dashboard(Look(theme="dracula"), theme="nord").theme == "dracula"
    assert dashboard(Look(theme="gone"), theme="nord").theme == "nord"


def test_only_what_was_chosen_is_remembered() -> None:
    app = dashboard(Look(pane=True), theme="nord")
    assert app.look == Look(pane=True)
    assert dashboard(Look(tab=DetailTab.PACKAGES)).look == Look(tab=DetailTab.PACKAGES)
    app.theme = "dracula"
    assert app.look == Look("dracula", pane=True)


def test_a_look_is_read_back_and_checked(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert dashboard_look.read(state) == Look()
    for look in (
        Look("nord", pane=False),
        Look(pane=True),
        Look(),
        Look(group_by="project", folded=True, exceptions=("", "/home/ada/\udcff")),
    ):
        dashboard_look.write(state, look)
        assert dashboard_look.read(state) == look
    (file,) = (state / "dashboard").iterdir()
    for text in (
        *("", "[]", "{", '{"theme": 1}', '{"pane": "x"}', '{"theme": "' + "x" * 200 + '"}'),
        *('{"group_by": "kind"}', '{"folded": 1}', '{"exceptions": [1]}'),
        json.dumps({"exceptions": ["x"] * 101}),
    ):
        file.write_text(text)
        assert dashboard_look.read(state) == Look()
    file.write_text(json.dumps({"theme": "nord"}))
    file.chmod(0o600)
    (state / "dashboard").chmod(0o777)
    assert dashboard_look.read(state) == Look()


def test_theme_and_pane_last_and_the_configuration_is_left_alone(home: Home) -> None:
    orphan(home, "gone")
    venv(home.path / ".venvs" / "mine")
    home.venvdash("list")

    def leave(screen: Terminal) -> None:
        screen.press("q")
        assert screen.wait() == 0

    state = home.path / ".local" / "state" / "venvdash"
    with venvdash(variables=home.variables, cwd=home.path, columns=130, lines=40) as screen:
        screen.read(lambda output: b"mine" in output)
        leave(screen)
    assert not (state / "dashboard").exists()
    dashboard_look.write(state, Look("textual-light"))
    with venvdash(
        variables={**home.variables, "COLORTERM": "truecolor"}, cwd=home.path, columns=130, lines=40
    ) as screen:
        screen.read(lambda output: b"mine" in output)
        background = set(re.findall(rb"48;2;(\d+);", screen.output))
        leave(screen)
    assert max(map(int, background)) > 200
    assert dashboard_look.read(state) == Look("textual-light")
    assert not (home.path / ".config" / "venvdash").exists()
