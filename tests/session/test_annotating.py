"""Pins and notes: three places hold them, and no rule takes what is pinned."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import listing, remove, venv
from tests.scenario import orphan as home_orphan
from venvdash.actions.annotate import AnnotationError, note, pin
from venvdash.actions.delete.prune import Rules
from venvdash.model import Flag
from venvdash.records import pins, sidecar

pytestmark = pytest.mark.slow


@pytest.fixture(name="orphan")
def _orphan(home: Home) -> Path:
    return home_orphan(home, "lost")


def pinned(home: Home, path: Path) -> bool:
    return Flag.PINNED in listing(home).rows[path].environment.flags


def state(home: Home) -> Path:
    return home.machine().state_directory


def set_pin(home: Home, path: Path, *, on: bool = True) -> None:
    session = listing(home)
    pin(session, session.rows[path], pinned=on)
    assert not session.problems


def test_no_rule_picks_a_pinned_one_until_it_is_unpinned(home: Home, orphan: Path) -> None:
    set_pin(home, orphan)
    assert pinned(home, orphan)
    other = home_orphan(home, "other")
    plan = listing(home).deletions.plan_prune(Rules())
    assert [item.row.path for item in plan.items] == [other]
    assert [(one.path, one.reason) for one in plan.refused] == [(orphan, "It is pinned.")]
    assert not listing(home).deletions.plan_prune(Rules(orphans=False)).refused
    remove(other)
    (item,) = listing(home).deletions.plan_delete([orphan]).items
    assert item.confirm == "it is pinned"
    set_pin(home, orphan, on=False)
    assert not pinned(home, orphan)
    assert [item.row.path for item in listing(home).deletions.plan_prune(Rules()).items] == [orphan]


@pytest.mark.parametrize("left", ["index", "sidecar", "file"])
def test_each_of_three_places_keeps_it_alone(home: Home, orphan: Path, left: str) -> None:
    set_pin(home, orphan)
    if left != "index":
        for file in state(home).glob("*.sqlite"):
            file.unlink()
    if left != "sidecar":
        (orphan / sidecar.NAME).unlink()
    if left != "file":
        (state(home) / pins.NAME).unlink()
    assert pinned(home, orphan)
    for file in (state(home) / pins.NAME, orphan / sidecar.NAME):
        assert file.exists(), "written again by the listing"


def test_a_pin_outlives_uv_making_it_again_and_follows_a_rename(home: Home) -> None:
    path = home.path / ".virtualenvs" / "lab"
    home.uv("venv", "-q", path)
    set_pin(home, path)
    home.uv("venv", "-q", "--clear", path)
    assert pinned(home, path)
    renamed = path.with_name("renamed")
    path.rename(renamed)
    venv(path)
    rows = listing(home).rows
    assert Flag.PINNED in rows[renamed].environment.flags
    assert Flag.PINNED not in rows[path].environment.flags
    assert list(pins.read(state(home)).paths.values()) == [renamed]


def test_pins_that_cannot_be_read_stop_all_rules(home: Home, orphan: Path) -> None:
    listing(home)
    file = state(home) / pins.NAME
    file.write_text("no pin\n")
    session = listing(home)
    plan = session.deletions.plan_prune(Rules())
    assert not plan.items
    assert plan.refused[0].reason.startswith("Pins are unknown: ")
    assert any("pins are unknown" in problem.message for problem in session.problems)
    assert listing(home).deletions.plan_delete([orphan]).items, "by its name it may go"
    file.unlink()
    assert listing(home).deletions.plan_prune(Rules()).items


def test_an_index_that_cannot_be_read_stops_all_rules(home: Home, orphan: Path) -> None:
    listing(home)
    (index,) = state(home).glob("*.sqlite")
    code = (
        "import sqlite3, sys; d = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "d.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); input()"
    )
    command = [sys.executable, "-c", code, str(index)]
    with subprocess.Popen(command, stdin=-1, stdout=-1) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        plan = listing(home).deletions.plan_prune(Rules())
        holder.communicate(b"\n")
    assert not plan.items
    assert "is in use by another program" in plan.refused[0].reason
    assert listing(home).deletions.plan_prune(Rules()).items


def test_a_damaged_index_stops_all_rules_until_the_next_start(home: Home, orphan: Path) -> None:
    set_pin(home, orphan)
    other = home_orphan(home, "other")
    listing(home)
    (index,) = state(home).glob("*.sqlite")
    index.write_bytes(b"no database" * 1000)
    session = listing(home)
    assert Flag.PINNED in session.rows[orphan].environment.flags
    for _ in session.scan(usage=False):  # a new listing in the same session does not count
        pass
    plan = session.deletions.plan_prune(Rules())
    assert not plan.items
    (refusal,) = plan.refused
    assert f"{index} is damaged; it was renamed to {index.name}.broken" in refusal.reason
    assert refusal.reason.endswith(
        f"{state(home) / pins.NAME}, which venvdash uses from the next start on."
    )
    assert session.deletions.plan_delete([other]).items, "by its name it may go"
    assert [item.row.path for item in listing(home).deletions.plan_prune(Rules()).items] == [other]


def test_without_records_no_rule_deletes(home: Home, orphan: Path) -> None:
    listing(home)
    session = listing(home, records=False)
    plan = session.deletions.plan_prune(Rules())
    assert not plan.items
    assert "`--no-records` or `records = false`" in plan.refused[0].reason
    assert session.deletions.plan_delete([orphan]).items, "by its name it may go"

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return home.venvdash("--no-records", *arguments, check=False)

    done = run("prune", "--yes")
    assert done.returncode == 2
    assert "Pins are unknown: records are off" in done.stderr
    assert done.stderr.endswith("Rules cannot delete anything; use `venvdash delete NAME`.\n")
    assert orphan.exists()
    assert run("delete", "lost", "--yes").returncode == 0
    assert not orphan.exists()


def test_nothing_is_said_where_it_cannot_be_kept(home: Home, orphan: Path) -> None:
    session = listing(home, records=False)
    with pytest.raises(AnnotationError, match="--no-records"):
        pin(session, session.rows[orphan], pinned=True)
    alias = orphan.with_name("alias")
    alias.symlink_to(orphan)
    session = listing(home)
    with pytest.raises(AnnotationError, match="is a link"):
        note(session, session.rows[alias], "x")
    for text in ("x" * 2001, "a\x1b[31m"):
        with pytest.raises(AnnotationError):
            note(session, session.rows[orphan], text)
    assert not (state(home) / pins.NAME).exists()


def test_a_note_is_kept_and_removed(home: Home, orphan: Path) -> None:
    for text in ("for the talk\nin May", ""):
        session = listing(home)
        note(session, session.rows[orphan], text)
        record = listing(home).rows[orphan].record
        assert record is not None
        assert record.note == text


def test_the_file_holds_any_path(tmp_path: Path) -> None:
    paths = [Path("/a b/%/\udce9"), Path("/x\ny"), Path("/ü")]
    kept = pins.Pins({f"{number:032x}": path for number, path in enumerate(paths)})
    pins.write(tmp_path, kept)
    assert pins.read(tmp_path) == kept
    assert kept.with_pin("f" * 32, paths[0]).paths["f" * 32] == paths[0]
    assert paths[0] not in kept.without("f" * 32, paths[0]).paths.values()
    assert replace(kept, paths={}) == pins.Pins({})


def test_the_commands(home: Home, orphan: Path) -> None:
    def run(*arguments: str) -> str:
        return home.venvdash(*arguments).stdout

    def status(*arguments: str) -> int:
        return home.venvdash(*arguments, check=False).returncode

    assert run("pin", "lost") == "lost is pinned: rules skip it.\n"
    run("note", "lost", "for the talk")
    assert run("note", "lost") == "for the talk\n"
    shown = run("info", "lost", "--no-usage")
    assert "pinned      by you; rules skip it" in shown
    assert "for the talk" in shown
    assert "[pinned]" in run("list", "--no-usage")
    assert status("delete", "lost", "--yes") == 2
    assert run("unpin", "lost") == "lost is no longer pinned.\n"
    run("delete", "lost", "--yes")
    assert not orphan.exists()
    assert status("pin", "lost") == 1
