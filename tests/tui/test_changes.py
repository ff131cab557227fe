"""Syncing and its like in the dashboard: what is shown and asked, states, stopping, output."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from tests.tui.fake_session import FakeActions, FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import HOME, STORE, everything, row
from venvdash.actions.events import ActionEvent, Finished, Output, Progressed, RowState
from venvdash.model import (
    Action,
    Edit,
    Link,
    Outcome,
    PackageChange,
    Proposal,
    Result,
    Row,
    Status,
)
from venvdash.model.status import State
from venvdash.presentation.proposals import proposals_in_words
from venvdash.tui.dialogs.proposal import ProposalScreen
from venvdash.tui.widgets.document_text import TRUST, in_colours

API, SHOP, WEB = row("api", mib=1), row("shop", Status.MOVED, mib=2), row("web", mib=3)
ROWS = [API, SHOP, WEB]
SYNC = Proposal(
    Action.SYNC,
    API,
    ("uv would bring it in line with the lockfile.",),
    commands=(("/usr/bin/uv", "sync", "--project", "a b"),),
    packages=(PackageChange("httpx", "0.28", "installed"),),
)
LOSES = replace(SYNC, warns=("uv would delete it and make it anew.",))
REFUSED = Proposal(Action.SYNC, WEB, refusal="It belongs to no project.")
Told = ActionEvent | threading.Event | Exception


def done(item: Row, reason: str = "") -> Result:
    return Result(item.path, item.name, Outcome.DONE, reason, place=item.environment.entry)


def source(*told: Told, rows: Iterable[Row] = ROWS, **answers: Proposal | Exception) -> FakeSession:
    by_path = {item.path: answers[item.name] for item in ROWS if item.name in answers}
    return FakeSession(
        everything(list(rows)), actions=FakeActions(answers=dict(by_path), applying=told)
    )


def waiting() -> tuple[FakeSession, threading.Event]:
    """Return a session whose check of ``API`` waits for the event."""
    gate, session = threading.Event(), source()
    session.actions.answers[API.path] = gate
    return session, gate


async def checking(driver: Driver) -> None:
    """Ask to sync ``API``, and wait until it is being checked."""
    await driver.scanned()
    await driver.press("S")
    await driver.until(lambda: "Checking api …" in driver.text)


async def asked(driver: Driver, *keys: str) -> ProposalScreen:
    """Press keys in the list that was scanned, and wait until the dialog shows what is planned."""
    await driver.scanned()
    await driver.press(*keys)
    screen = driver.app.screen
    assert isinstance(screen, ProposalScreen)
    await driver.until(lambda: screen.planned is not None and "Looking" not in driver.text)
    return screen


def state(driver: Driver, item: Row) -> State | None:
    return driver.main.listing.environments.states.get(item.path)


def test_everything_that_a_proposal_says_is_in_the_text() -> None:
    whole = replace(
        LOSES,
        edits=(Edit(HOME / "envs.toml", "a", None),),
        links=(Link(HOME / "code/api/.venv", str(STORE / "api")),),
        packages=(
            PackageChange("httpx", "0.28", "installed"),
            PackageChange("rich", "14", "uninstalled"),
            PackageChange("click", "8", "reinstalled"),
        ),
    )
    text = in_colours(proposals_in_words([REFUSED, whole], HOME, TRUST)).plain
    for words in (
        "1 skipped (see below).",
        "● api  linked\n",
        "~/.cache/uv/environments-v2/api-3f2a9c1d",
        "! uv would delete it and make it anew.",
        "uv would bring it in line with the lockfile.",
        "creates the link ~/code/api/.venv -> ~/.cache/uv/environments-v2/api",
        "removes ~/envs.toml",
        "runs uv sync --project 'a b'",
        "3 packages would change: 1 added, 1 removed, 1 reinstalled\n",
        "+ httpx 0.28\n",
        "- rich 14\n",
        "~ click 8\n",
        "Cannot sync: It belongs to no project.",
    ):
        assert words in text
    assert text.index("api") < text.index("Cannot sync"), "what cannot be done comes last"
    assert (
        proposals_in_words([REFUSED, REFUSED], HOME)[0].text == "None of these changes can be made."
    )


def test_another_users_project_is_asked_about_before_it_is_built() -> None:
    theirs = HOME / "theirs"
    refused = replace(REFUSED, refusal="It is bob's.", distrusted=theirs)
    changes = source(Finished((done(WEB),)), web=refused)

    async def test(driver: Driver) -> None:
        await driver.scanned()
        driver.main.listing.environments.move_to_key(WEB.path)
        await asked(driver, "S")
        assert "It is bob's." in driver.text
        assert "t trusts it" in driver.text
        await driver.press("y")  # there is nothing to say yes to
        assert isinstance(driver.app.screen, ProposalScreen)
        await driver.press("t")
        await driver.until(lambda: "It will be done: sync." in driver.text)
        assert changes.actions.asked == [
            (Action.SYNC, "web"),
            ("trust", theirs),
            (Action.SYNC, "web"),
        ]
        assert changes.actions.applied == []
        await driver.press("y")
        await driver.until(lambda: len(changes.actions.applied) == 1)

    drive(changes, test)


def test_a_sync_is_shown_done_told_and_the_list_is_fresh_afterwards() -> None:
    gate = threading.Event()
    session = source(
        RowState(API.path, State.SYNCING),
        Output("Resolved 3 packages"),
        Progressed("downloading", 2, 8),
        gate,
        RowState(API.path, State.DONE),
        Finished((done(API, "2 packages were installed."),)),
        api=SYNC,
    )

    async def script(driver: Driver) -> None:
        await asked(driver, "S")
        assert "Sync api" in driver.text
        assert "+ httpx 0.28" in driver.text
        await driver.press("y")
        assert state(driver, API) is State.SYNCING, "at once"
        await driver.until(lambda: "downloading ━━━━──" in driver.text)
        assert "syncing api  downloading" in driver.text
        assert "2 of 8  Resolved 3 packages" in driver.text
        assert "X stops it  @ log" in driver.text
        await driver.press("j")
        assert driver.current == "shop", "the list is alive"
        gate.set()
        await driver.until(lambda: "api is synced. 2 packages were installed." in driver.text)
        await driver.until(lambda: session.scans == 2)
        await driver.scanned()
        assert driver.current == "shop"
        await driver.until(lambda: state(driver, API) is None)
        assert "api is synced." in driver.text, "until it is sent away"
        await driver.press("escape")
        assert "api is synced." not in driver.text

    drive(session, script, (120, 30))
    assert session.actions.asked == [(Action.SYNC, "api")]


@pytest.mark.parametrize(("answer", "runs"), [(SYNC, True), (LOSES, False)])
def test_enter_goes_on_where_nothing_is_lost(answer: Proposal, runs: bool) -> None:
    session = source(Finished((done(API),)), api=answer)

    async def script(driver: Driver) -> None:
        await asked(driver, "S")
        await driver.press("enter")
        assert not isinstance(driver.app.screen, ProposalScreen)
        await driver.until(lambda: driver.workbench.jobs.job is None)

    drive(session, script)
    assert len(session.actions.applied) == runs


@pytest.mark.parametrize("key", ["n", "escape", "q"])
def test_no_leaves_everything_as_it_is(key: str) -> None:
    session = source(api=SYNC)

    async def script(driver: Driver) -> None:
        await asked(driver, "S")
        await driver.press(key)
        assert not isinstance(driver.app.screen, ProposalScreen)
        assert state(driver, API) is None

    drive(session, script)
    assert session.actions.applied == []


def test_what_cannot_be_done_says_why_and_cannot_be_said_yes_to() -> None:
    session = source(api=REFUSED)

    async def script(driver: Driver) -> None:
        screen = await asked(driver, "S")
        assert "Cannot sync: It belongs to no project." in driver.text
        await driver.press("y")
        assert driver.app.screen is screen
        await driver.press("tab", "enter")
        assert driver.app.screen is not screen

    drive(session, script)
    assert session.actions.applied == []


def test_an_error_that_nothing_foresaw_is_said() -> None:
    session = source(api=RuntimeError("[/red] on fire\x1b"))

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("S")
        await driver.until(lambda: "Planning failed: RuntimeError: [/red] on fi" in driver.text)
        await driver.press("y", "escape")
        assert driver.app.is_running

    drive(session, script)


def test_while_it_looks_the_dialog_waits_and_can_be_left() -> None:
    session, gate = waiting()

    async def script(driver: Driver) -> None:
        await checking(driver)
        await driver.press("y", "enter")  # Cancel has the focus
        assert not isinstance(driver.app.screen, ProposalScreen)
        await driver.press("j", "S")
        await driver.pilot.pause(0.2)
        assert session.actions.asked == [(Action.SYNC, "api")], "one at a time"
        gate.set()
        await driver.until(lambda: "It will be done: sync." in driver.text)
        assert "Sync shop" in driver.text, "what was asked for before is of no use now"

    drive(session, script)
    assert session.actions.applied == []


def test_work_that_breaks_off_is_told_and_the_list_is_read_again() -> None:
    session = source(RowState(API.path, State.SYNCING), OSError("[/red] no disk\x1b"))

    async def script(driver: Driver) -> None:
        await asked(driver, "S")
        await driver.press("y")
        await driver.until(lambda: "syncing failed: OSError: [/red] no disk\\e" in driver.text)
        await driver.until(lambda: session.scans == 2)
        assert state(driver, API) is None

    drive(session, script, (120, 30))


def test_a_flood_of_output_neither_slows_keys_nor_fills_memory() -> None:
    end = threading.Event()

    def flood() -> Iterator[Told]:
        yield RowState(API.path, State.SYNCING)
        while not end.wait(0.005):
            for _ in range(2000):
                yield Output("x" * 300)
        yield Finished((done(API),))

    session = source()
    session.actions.applying = flood()

    async def script(driver: Driver) -> None:
        await asked(driver, "S")
        await driver.press("y")
        await driver.until(lambda: "xxxx" in driver.text)
        for key, name in (("j", "shop"), ("j", "web"), ("k", "shop"), ("G", "web")):
            await driver.press(key)
            assert driver.current == name
        job = driver.workbench.jobs.job
        assert job is not None
        assert len(job.drain()) <= 1
        end.set()
        await driver.until(lambda: "api is synced" in driver.text)

    drive(session, script)


def test_a_moved_one_says_what_helps_without_a_key() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        assert "relinks" not in driver.text
        await driver.press("j")
        assert "Press R to relink it." in driver.text

    drive(source(), script)


def test_without_a_row_nothing_happens() -> None:
    session = source(rows=[])

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("S", "R", "c", "f2", "m", "X", "e", "s")
        assert driver.app.screen is driver.main

    drive(session, script)
    assert session.actions.asked == []
