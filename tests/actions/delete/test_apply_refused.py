"""What is not what it was, or never was to be deleted, is left alone."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

import venvdash
from tests.actions.deleting import at_step, context, plan, small, trashes, tree
from tests.conftest import Home
from tests.mounting import tmpfs
from tests.scenario import linked_project, rows, venv
from tests.users import NOBODY, as_another_user, open_to_all
from venvdash.actions.context import Context
from venvdash.actions.delete.apply import Deleter
from venvdash.actions.delete.plan import plan_delete
from venvdash.actions.safety import refusals
from venvdash.model import Item, Outcome, Plan, Result, Row


def _store(home: Home) -> Path:
    return home.path / ".virtualenvs"


def _outside(home: Home, *entries: Path) -> str:
    return tree(home.path, without=[home.path / ".local", home.path / ".cache", *entries])


def _refused(made: Plan) -> str:
    assert made.items == ()
    (refusal,) = made.refused
    return refusal.reason


def _applied(made: Plan, known: Context) -> Result:
    with Deleter(made, known) as deleter:
        (item,) = made.items
        return deleter.apply(item)


def _to_link(entry: Path) -> None:
    entry.rename(entry.with_name("aside"))
    entry.symlink_to(entry.with_name("aside"))


def _to_other(entry: Path) -> None:
    entry.rename(entry.with_name("aside"))
    small(entry, "other")


def _to_foreign(entry: Path) -> None:
    for child in entry.iterdir():
        child.unlink() if child.is_file() else shutil.rmtree(child)
    (entry / "data.txt").write_text("precious")
    (entry / "pyvenv.cfg").touch()


def _to_recreated(entry: Path) -> None:
    inode = entry.stat().st_ino
    for child in entry.iterdir():
        child.unlink() if child.is_file() else shutil.rmtree(child)
    small(entry.with_name("fresh"))
    for child in entry.with_name("fresh").iterdir():
        child.rename(entry / child.name)
    entry.with_name("fresh").rmdir()
    assert entry.stat().st_ino == inode


SWAPS = [_to_link, _to_other, _to_foreign, _to_recreated]


@pytest.mark.parametrize("swap", SWAPS)
def test_what_was_swapped_since_it_was_listed_is_refused(
    home: Home, swap: Callable[[Path], None]
) -> None:
    entry = small(_store(home) / "app")
    known = rows(home)
    swap(entry)
    before = _outside(home)
    reason = _refused(plan(home, entry, table=known))
    assert "since it was listed" in reason or "no longer an environment" in reason
    assert _outside(home) == before


@pytest.mark.parametrize("swap", SWAPS)
def test_what_was_swapped_since_the_plan_was_shown_is_skipped(
    home: Home, swap: Callable[[Path], None]
) -> None:
    entry = small(_store(home) / "app")
    made = plan(home, entry)
    with Deleter(made, context(home)) as deleter:
        swap(entry)
        before = _outside(home)
        result = deleter.apply(made.items[0])
    assert result.outcome is Outcome.SKIPPED
    assert result.trash is None
    assert _outside(home) == before


@pytest.mark.parametrize("moment", ["checked", "locked", "journalled", "unlinked", "unused"])
def test_what_is_swapped_between_open_and_rename_is_put_back(
    home: Home, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = small(_store(home) / "app")
    project = linked_project(home, entry)
    made = plan(home, entry)
    (entry / ".lock").touch()
    before = tree(entry, project)
    aside = entry.with_name("aside")

    def swap() -> None:
        entry.rename(aside)
        small(entry, "other")

    at_step(monkeypatch, moment, swap)
    result = _applied(made, context(home))
    assert result.outcome is Outcome.SKIPPED, result
    assert "Another environment replaced it" in result.reason
    assert trashes(entry.parent) == []
    assert "other" in (entry / "lib/python3.12/site-packages/thing.py").read_text()
    shutil.rmtree(entry)
    aside.rename(entry)
    assert tree(entry, project) == before


def test_an_environment_that_uv_made_anew_is_refused(
    home: Home, two_pythons: tuple[Path, Path]
) -> None:
    _, newer = two_pythons
    environment = venv(_store(home) / "app")
    known = rows(home)
    home.uv("venv", "-q", "--clear", "--python", newer, environment)
    before = _outside(home)
    reason = _refused(plan(home, environment, table=known))
    assert "Another environment has replaced it" in reason
    assert _outside(home) == before


def test_a_link_in_a_store_is_told_from_what_it_leads_to(home: Home) -> None:
    target = small(home.path / "elsewhere" / "app")
    alias = _store(home) / "app"
    alias.parent.mkdir()
    alias.symlink_to(f"{target}/")
    before = tree(target)
    made = plan(home, alias)
    assert made.items[0].how == "unlink"
    result = _applied(made, context(home))
    assert result.outcome is Outcome.DONE, result
    assert not alias.is_symlink()
    assert tree(target) == before


def test_an_alias_that_leads_elsewhere_by_now_is_left_alone(home: Home) -> None:
    alias = _store(home) / "app"
    alias.parent.mkdir()
    alias.symlink_to(small(home.path / "elsewhere" / "app"))
    made = plan(home, alias)
    with Deleter(made, context(home)) as deleter:
        alias.unlink()
        alias.symlink_to(small(home.path / "elsewhere" / "other"))
        before = _outside(home)
        result = deleter.apply(made.items[0])
    assert result.outcome is Outcome.SKIPPED
    assert _outside(home) == before


def _bind(source: Path, target: Path) -> AbstractContextManager[object]:
    done = subprocess.run(["mount", "--bind", source, target], capture_output=True)
    if done.returncode:
        pytest.skip("needs root, to mount")
    stack = ExitStack()
    stack.callback(lambda: subprocess.run(["umount", "-l", target], check=True))
    return stack


@pytest.mark.parametrize("inner", ["", "share"])
@pytest.mark.parametrize("kind", ["bind", "tmpfs"])
def test_a_mount_on_it_or_in_it_is_refused(home: Home, kind: str, inner: str) -> None:
    entry = small(_store(home) / "app")
    (entry / "share").mkdir()
    outside = small(home.path / "precious")
    point = entry / inner
    with _bind(outside, point) if kind == "bind" else tmpfs(point):
        if not inner and kind == "tmpfs":
            small(entry / "x")
            for child in (entry / "x").iterdir():
                child.rename(entry / child.name)
            (entry / "x").rmdir()
        known = rows(home)
        before = _outside(home)
        assert "mounted" in _refused(plan(home, entry, table=known))
        assert _outside(home) == before


@pytest.mark.parametrize("moment", ["checked", "journalled"])
def test_a_mount_made_in_the_last_moment_is_seen_on_the_renamed_tree(
    home: Home, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = small(_store(home) / "app")
    (entry / "share").mkdir()
    outside = small(home.path / "precious")
    made = plan(home, entry)
    with ExitStack() as stack:
        at_step(monkeypatch, moment, lambda: stack.enter_context(_bind(outside, entry / "share")))
        before = tree(outside)
        result = _applied(made, context(home))
        assert result.outcome is Outcome.SKIPPED
        assert "mounted inside" in result.reason
        assert entry.is_dir()
        assert not (entry / "trash.toml").exists()
        assert trashes(entry.parent) == []
        assert tree(outside) == before


def test_the_environment_that_venvdash_runs_from_is_refused(home: Home) -> None:
    environment = venv(_store(home) / "tools")
    checkout = Path(venvdash.__file__).parents[1]
    code = (
        "from venvdash.actions.context import Context\n"
        "from venvdash.actions.delete.plan import plan_delete\n"
        "from venvdash.config import Config\n"
        "from venvdash.session import Session\n"
        "from venvdash.system.machine import Machine\n"
        "machine = Machine.current()\n"
        "session = Session(machine, Config(), records=False)\n"
        "list(session.scan(usage=False))\n"
        "rows = list(session.rows.values())\n"
        "made = plan_delete(rows, session.rows, Context.current(machine, Config()))\n"
        "print(made.items, made.refused[0].reason)\n"
    )
    path = os.pathsep.join([str(checkout), *(part for part in sys.path if part)])
    done = home.run(environment / "bin" / "python", "-c", code, PYTHONPATH=path)
    assert done.stdout.startswith("() venvdash is running from it")


def _row(home: Home, entry: Path) -> Row:
    (row,) = rows(home).values()
    environment = replace(row.environment, path=entry, entry=entry)
    return replace(row, environment=environment)


@pytest.mark.parametrize("place", ["store", "above the store", "home", "root", "around"])
def test_no_row_can_make_it_delete_a_store_or_home(home: Home, place: str) -> None:
    small(_store(home) / "app")
    entries = {
        "store": _store(home),
        "above the store": home.path,
        "home": home.path,
        "root": Path("/"),
        "around": _store(home) / "app",
    }
    row = _row(home, entries[place])
    if place == "around":  # an entry that does not hold its environment
        row = replace(row, environment=replace(row.environment, path=home.path / "code"))
    before = _outside(home)
    made = plan_delete([row], {row.path: row}, context(home))
    assert _refused(made)
    item = Item(row)
    with Deleter(replace(made, items=(item,)), context(home)) as deleter:
        assert deleter.apply(item).outcome is not Outcome.DONE
    assert _outside(home) == before


def test_another_users_environment_is_refused(home: Home) -> None:
    entry = small(_store(home) / "app")
    if os.getuid():
        pytest.skip("needs root, to give something away")
    os.chown(entry, NOBODY, NOBODY)
    assert "another user" in _refused(plan(home, entry))


def test_a_store_that_may_not_be_written_is_refused(home: Home, tmp_path: Path) -> None:
    entry = small(_store(home) / "app")
    for path in (entry, *entry.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    open_to_all(_store(home))

    def reason() -> str:
        machine = replace(home.machine(), uid=os.getuid())
        known = {row.path: row for row in [_row_of(machine_home, entry)]}
        made = plan_delete(list(known.values()), known, replace(context(home), machine=machine))
        return _refused(made)

    machine_home = home
    assert "no permission" in as_another_user(reason)


def _row_of(home: Home, entry: Path) -> Row:
    from venvdash.config import Config
    from venvdash.session import Session

    session = Session(replace(home.machine(), uid=os.getuid()), Config(), records=False)
    list(session.scan(usage=False))
    return session.rows[entry]


def test_others_inside_or_made_from_it_stand_against_it(home: Home) -> None:
    outer = small(_store(home) / "outer")
    heir = small(_store(home) / "heir")
    (heir / "pyvenv.cfg").write_text(f"home = {outer}/bin\nversion = 3.12.1\n")
    known = rows(home)
    assert "Other environments use its Python: heir" in _refused(plan(home, outer, table=known))
    both = plan(home, outer, heir, table=known)
    assert len(both.items) == 2
    inner = known[heir]
    table = known | {
        outer / "x": replace(inner, environment=replace(inner.environment, path=outer / "x"))
    }
    del table[heir]
    assert "Other environments are inside it" in _refused(plan(home, outer, table=table))


def test_a_read_only_store_is_refused_before_anything_is_lost(home: Home) -> None:
    entry = small(_store(home) / "app")
    with _bind(_store(home), _store(home)):
        subprocess.run(["mount", "-o", "remount,bind,ro", _store(home)], check=True)
        before = _outside(home)
        assert "read-only" in _refused(plan(home, entry))
        assert _outside(home) == before


def test_neighbours_are_looked_at_once(home: Home) -> None:
    """The work for each row must not grow with the table."""
    small(_store(home) / "app")
    (row,) = rows(home).values()
    table = {}
    for number in range(2000):
        path = _store(home) / f"app{number}"
        table[path] = replace(row, environment=replace(row.environment, path=path, entry=path))
    around, base = (
        replace(row, environment=replace(row.environment, path=path, entry=path))
        for path in (_store(home), Path("/usr/bin"))
    )
    neighbours = refusals.Neighbours.of(table, [around, base])
    assert len(neighbours.inside[str(_store(home))]) == 2000
    assert len(neighbours.heirs["/usr/bin"]) == 2000
