"""Environments with files of the user's own: never by a rule, and only by their typed name."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import orphan
from venvdash.actions.delete.consent import words_to_type
from venvdash.actions.delete.prune import Rules, pruned
from venvdash.config import Config
from venvdash.model import Flag
from venvdash.session import Session
from venvdash.tui.widgets.detail import describe


@pytest.fixture(name="orphan")
def _orphan(home: Home) -> Path:
    return orphan(home, "lost")


def scanned(home: Home, *, usage: bool = True) -> Session:
    session = Session(home.machine(), Config())
    for _ in session.scan(usage=usage):
        pass
    session.remember()
    return session


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    return path


def held(session: Session) -> list[str]:
    plan = session.deletions.plan_prune(Rules())
    assert not plan.items
    return [refusal.reason for refusal in plan.refused]


def test_no_rule_takes_it_and_the_reason_names_the_files(home: Home, orphan: Path) -> None:
    notes = write(orphan / "notebooks" / "plan.ipynb")
    session = scanned(home)
    assert Flag.USER_FILES in session.rows[orphan].environment.flags
    why = "It contains your own files, 1 file, 4 B: notebooks/. To delete it, name it explicitly."
    assert held(session) == [why]
    notes.unlink()
    plan = scanned(home).deletions.plan_prune(Rules())
    assert [item.row.path for item in plan.items] == [orphan]
    assert Flag.USER_FILES not in plan.items[0].row.environment.flags


def test_what_was_not_measured_is_measured_before_a_rule_picks_it(home: Home, orphan: Path) -> None:
    write(orphan / "data.csv")
    session = scanned(home, usage=False)
    assert session.rows[orphan].usage is None
    assert Flag.USER_FILES not in session.rows[orphan].environment.flags
    (offer,) = session.deletions.candidates(pruned(session, Rules()))
    assert "data.csv" in offer.held
    assert Flag.USER_FILES in offer.row.environment.flags
    assert Flag.USER_FILES in session.rows[orphan].environment.flags


def test_a_file_that_came_after_the_list_is_seen(home: Home, orphan: Path) -> None:
    session = scanned(home)
    write(orphan / "late.txt")
    (reason,) = held(session)
    assert "late.txt" in reason


def test_list_info_and_details_show_it(home: Home, orphan: Path) -> None:
    def run(*arguments: str) -> str:
        done = home.venvdash(*arguments)
        return re.sub(" +", " ", done.stdout)

    assert "own files none" in run("info", "lost")
    write(orphan / "notebooks" / "plan.ipynb")
    words = "1 file, 4 B: notebooks/"
    shown = run("info", "lost")
    assert f"user-files {words}" in shown
    assert f"own files {words}" in shown
    assert "[user-files]" in run("list")
    (one,) = json.loads(run("list", "--json"))["environments"]
    assert one["flags"] == ["user-files"]
    assert one["usage"]["user_files"]["count"] == 1
    row = scanned(home).rows[orphan]
    detail = describe(row, home.path).plain
    assert f"user-files: {words}" in detail
    unknown = replace(row, usage=replace(row.usage, user_files=None)) if row.usage else row
    detail = re.sub(" +", " ", describe(unknown, home.path).plain)
    assert "own files unknown: not everything could be read" in detail


def test_who_names_it_types_its_name(home: Home, orphan: Path) -> None:
    write(orphan / "src" / "tool" / ".git" / "HEAD")
    session = scanned(home)
    plan = session.deletions.plan_delete([orphan])
    (item,) = plan.items
    assert item.confirm == "it contains your own files"
    for now in (False, True):
        assert words_to_type(plan, now=now) == ("lost",)


def test_the_answer_is_remembered_until_something_changes(home: Home, orphan: Path) -> None:
    write(orphan / "notes.txt")
    for folder, _, _ in os.walk(orphan):  # untouched for a while
        before = os.stat(folder).st_mtime - 60
        os.utime(folder, (before, before))
    first = scanned(home).rows[orphan].usage
    session = Session(home.machine(), Config())
    for _ in session.scan():
        if session.rows and session.rows[orphan].usage is not None:
            break
    again = session.rows[orphan].usage
    assert first is not None
    assert again is not None
    assert again.user_files == first.user_files
    assert Flag.USER_FILES in session.rows[orphan].environment.flags
