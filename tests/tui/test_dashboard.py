"""The dashboard as people use it: keys, mouse, screens of several sizes."""

import threading

import pytest

from tests.tui.fake_session import FakeSession, Told
from tests.tui.pilot import Driver, drive
from tests.tui.rows import HOME, everything, row, small_machine
from venvdash.actions.events import RowChanged
from venvdash.model import Row
from venvdash.scanner.events import Ended, Phase, Problem, Progress, StoreSeen
from venvdash.stores.roots import Root
from venvdash.tui.keys import DIALOG_SECTIONS, MAIN_SECTIONS, SORT

SIZES = [(80, 24), (120, 40), (200, 50)]


def source(rows: list[Row] | None = None) -> FakeSession:
    return FakeSession(everything(small_machine() if rows is None else rows))


@pytest.mark.parametrize("size", SIZES)
def test_every_environment_is_on_the_screen_with_its_status(size: tuple[int, int]) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        for item in small_machine():
            line = next(line for line in driver.lines if f" {item.name} " in line)
            assert f" {item.verdict.status.value}" in line
        assert "4.7 GiB" in driver.lines[1]

    drive(source(), script, size)


@pytest.mark.parametrize("size", SIZES)
def test_no_line_is_wider_than_the_screen_and_the_keys_fit(size: tuple[int, int]) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert len(driver.lines) == size[1]
        assert max(map(len, driver.lines)) <= size[0]
        words = "Details Filter Mark Shell Sync Relink Delete Keys Quit"
        if size[0] >= 120:
            words += " Copy Undo Trash Log"
        assert all(f" {word}" in driver.lines[-1] for word in words.split())

    drive(source(), script, size)


def test_the_reason_is_below_the_list_without_a_key() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("j", "j")
        assert driver.current == "billing-legacy"
        assert "~/code/billing-legacy is not there" in driver.text

    drive(source(), script)


def test_a_long_reason_ends_in_an_ellipsis_after_two_lines() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert driver.lines[-2].endswith("…")
        assert "word 0" in driver.lines[-3]
        assert "a0" in driver.lines[3]

    long = " ".join(f"word {n}" for n in range(100))
    drive(source([row("a0", reason=long)]), script)


def test_details_are_open_beside_a_wide_list_and_behind_enter_in_a_narrow_one() -> None:
    async def wide(driver: Driver) -> None:
        await driver.scanned()
        await driver.until(lambda: "Evidence" in driver.text)

    async def narrow(driver: Driver) -> None:
        await driver.scanned()
        assert "Evidence" not in driver.text
        await driver.press("enter")
        assert "the hash in its name is that of ~/code/api" in driver.text
        await driver.press("escape")
        assert "Evidence" not in driver.text

    async def widened(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("question_mark")
        await driver.pilot.resize_terminal(120, 40)
        await driver.press("escape")
        await driver.until(lambda: "Evidence" in driver.text)

    drive(source(), wide, (120, 40))
    drive(source(), narrow)
    drive(source(), widened)


def test_what_is_no_environment_is_listed_with_its_reason() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("5")
        assert "a file, no directory" in driver.text
        assert "no permission to read it" in driver.text
        assert "the default folder of uv" in driver.text

    drive(source(), script, (120, 40))


def test_paths_in_the_reasons_of_other_things_begin_with_a_tilde() -> None:
    events = everything([])
    events.insert(0, Problem(None, f"{HOME}/notes.toml cannot be read."))

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("5")
        assert "~/notes.toml cannot be read." in driver.text

    drive(FakeSession(events), script, (120, 40))


def test_sizes_that_arrive_do_not_move_any_column() -> None:
    gate = threading.Event()
    before = [row(f"p{n}", mib=None) for n in range(5)]
    after = [RowChanged(row(f"p{n}", mib=10.0**n)) for n in range(5)]

    async def script(driver: Driver) -> None:
        await driver.until(lambda: len(driver.listed) == 5)
        header = driver.lines[2]
        status = driver.lines[3].index("linked")
        assert driver.lines[3].count("…") == 1
        gate.set()
        await driver.scanned()
        assert driver.lines[2] == header
        assert [line.index("linked") for line in driver.lines[3:8]] == [status] * 5
        assert "9.8 GiB" in driver.lines[7]

    drive(FakeSession([*(RowChanged(r) for r in before), gate, *after, Ended(False, 1)]), script)


def test_progress_is_shown_while_scanning() -> None:
    gate = threading.Event()
    events: list[Told] = [
        RowChanged(row("a")),
        Progress(Phase.SIZES, 45, 123),
        gate,
        Ended(False, 1.5),
    ]

    async def script(driver: Driver) -> None:
        await driver.until(lambda: "measuring  45 of 123 ━" in driver.lines[1])
        gate.set()
        await driver.scanned()
        assert "scanned in 1.5 s" in driver.lines[1]

    drive(FakeSession(events), script)


def test_rescan_reads_again_and_says_so_where_one_is_running() -> None:
    session = source()

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("r")
        await driver.until(lambda: session.scans == 2)
        await driver.scanned()
        assert len(driver.listed) == 13

    drive(session, script)


def test_a_scan_that_fails_is_told_and_the_dashboard_lives() -> None:
    events: list[Told] = [RowChanged(row("webapp")), RuntimeError("disk [/red] on fire\x1b")]

    async def script(driver: Driver) -> None:
        await driver.until(lambda: "The scan failed" in driver.text)
        assert "\x1b" not in driver.text
        assert driver.listed == ["webapp"]
        await driver.press("5")
        assert "RuntimeError: disk [/red] on fire\\e" in driver.text
        await driver.press("r")
        assert driver.app.is_running

    drive(FakeSession(events), script, (120, 40))


def test_q_leaves_at_once_while_a_scan_hangs() -> None:
    hangs = threading.Event()
    session = FakeSession([RowChanged(row("webapp")), hangs])

    async def script(driver: Driver) -> None:
        await driver.until(lambda: driver.listed == ["webapp"])
        await driver.press("q")

    assert drive(session, script) == 0


def test_without_environments_it_says_what_was_looked_at_and_how_to_get_some() -> None:
    events: list[Told] = [
        StoreSeen(Root(HOME / ".virtualenvs", "virtualenvwrapper"), HOME, exists=False),
        Ended(False, 0.1),
    ]

    async def script(driver: Driver) -> None:
        await driver.scanned()
        for words in ("~/.virtualenvs", "does not exist", "venvdash demo", "uv sync"):
            assert words in driver.text
        await driver.press("j", "enter", "o", "y", "i", "2", "1", "5", "escape")
        assert driver.app.is_running

    drive(FakeSession(events), script)


def test_help_names_every_key_and_mark() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("question_mark")
        for _, bindings in (*MAIN_SECTIONS, *DIALOG_SECTIONS):
            for binding in bindings:
                assert all(word in driver.text for word in binding.description.split())
        assert "✗ orphan" in driver.text
        assert "its interpreter is gone" in driver.text
        await driver.press("q")
        assert driver.app.is_running

    drive(source(), script, (120, 130))


def test_copy_offers_path_interpreter_and_activate_line() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("y", "j", "j", "enter")
        await driver.pilot.pause()
        assert driver.app.clipboard == f"source {small_machine()[4].path}/bin/activate"

    drive(source(), script, (120, 40))


def test_opening_a_folder_without_a_desktop_says_so() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("o")
        await driver.until(lambda: "No program found to open" in driver.text)

    drive(source(), script)


def test_without_colour_marks_and_words_tell_the_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def script(driver: Driver) -> None:
        await driver.scanned()
        driver.app.theme = "ansi-dark"
        await driver.pilot.pause()
        assert driver.app.theme == "textual-dark", "ANSI themes are black on black then"
        strip = driver.app.screen._compositor.render_strips()[5]
        styles = [segment.style for segment in strip if segment.text.strip()]
        assert all(style and style.color != style.bgcolor for style in styles)
        assert "✗ billing-legacy" in driver.text
        assert "orphan" in driver.text

    drive(source(), script)


def test_a_theme_change_redraws_the_list() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        before = driver.app.screen._compositor.render_strips()[4]
        driver.app.theme = "textual-light"
        await driver.pilot.pause(0.1)
        after = driver.app.screen._compositor.render_strips()[4]
        assert before.text == after.text
        assert [s.style for s in before] != [s.style for s in after]

    drive(source(), script)


def test_the_mark_of_the_current_project_is_beside_its_name() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        line = next(line for line in driver.lines if "● webapp" in line)
        assert " here " in line

    drive(source(), script)


@pytest.mark.parametrize(("width", "columns"), [(60, 1), (120, 2), (160, 3)])
def test_help_has_as_many_columns_as_there_is_room_for(width: int, columns: int) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("question_mark")
        await driver.until(lambda: "Move" in driver.text)
        titles = [title for title, _ in (*MAIN_SECTIONS, *DIALOG_SECTIONS)] + ["Status", "Flags"]
        starts = {line.index(title) for line in driver.lines for title in titles if title in line}
        assert all(len(line) <= width for line in driver.lines)
        assert sum(f" {title}" in line for line in driver.lines for title in titles) >= 15
        assert len(starts) >= columns

    drive(source(), script, (width, 150))


def test_each_sort_key_sorts_and_reverses() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        table = driver.main.listing.table
        for binding in SORT:
            if not binding.action.startswith("sort('"):
                continue
            column = binding.action.split("'")[1]
            await driver.press(binding.key)
            assert table.sort == column or column == "name"
            before = table.descending
            await driver.press(binding.key)
            assert (table.sort, table.descending) == (column, not before)

    drive(source(), script)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_the_details_pane_is_shown_hidden_and_scrolled_by_key(size: tuple[int, int]) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        pane = driver.main.details.pane
        shown = pane.display
        assert shown == (size == (120, 40))
        await driver.press("i")
        assert pane.display != shown
        await driver.press("i")
        assert pane.display == shown
        if not shown:
            await driver.press("i")
        pane.styles.height = 4
        text = pane.overview
        await driver.until(lambda: text.line_count > text.size.height > 0)
        await driver.press("J", "J")
        assert text.scroll_offset.y == 2
        await driver.press("K")
        assert text.scroll_offset.y == 1

    drive(source(), script, size)


def test_the_palette_shows_the_key_of_each_command() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("colon", *"prune")
        await driver.until(lambda: "Prune …  P" in driver.text)

    drive(source(), script, (120, 40))


@pytest.mark.parametrize("key", ["colon", "question_mark", "x"])
def test_a_screen_that_is_dismissed_twice_leaves_the_one_below_alone(key: str) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press(key)
        dialog = driver.app.screen
        assert dialog is not driver.main
        dialog.dismiss()
        dialog.dismiss()  # as two keys do that arrive at once
        await driver.until(lambda: driver.app.screen is driver.main)
        await driver.press("j")
        assert driver.app.is_running

    drive(source(), script)
