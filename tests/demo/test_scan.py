"""What venvdash says of a playground is what the playground was made to be."""

import time
from pathlib import Path

import pytest

from venvdash import config
from venvdash.demo.playground import Playground, build
from venvdash.model import Flag, Row, Status, UserFiles
from venvdash.session import Session


def scanned(playground: Playground) -> Session:
    session = Session(playground.machine(), config.load(playground.config))
    for _ in session.scan():
        pass
    session.remember()
    return session


@pytest.fixture(scope="module")
def own_playground(tmp_path_factory: pytest.TempPathFactory) -> Playground:
    """A playground that a scan may write sidecars into."""
    return build(tmp_path_factory.mktemp("scan") / "playground", lambda words: None)


@pytest.fixture(scope="module")
def session(own_playground: Playground) -> Session:
    """A session that has scanned it."""
    return scanned(own_playground)


def test_every_environment_gets_its_status(own_playground: Playground, session: Session) -> None:
    expected = {item.path: item for item in own_playground.made.values() if item.status}
    rows = session.rows | session.missing
    said = {path: (row.verdict.status, row.verdict.reason) for path, row in rows.items()}
    wrong = {
        item.label: (said.get(path), "instead of", item.status)
        for path, item in expected.items()
        if path not in said or said[path][0] is not item.status
    }
    assert wrong == {}
    assert set(said) == set(expected)


def test_projects_are_the_right_ones(own_playground: Playground, session: Session) -> None:
    for item in own_playground.made.values():
        if item.status in (None, Status.UNKNOWN, Status.STANDALONE, Status.TOOL, Status.DUPLICATE):
            continue
        rows = session.rows | session.missing
        assert rows[item.path].verdict.project == item.project, item.label
    moved = session.rows[own_playground.made["shop"].path].verdict
    assert moved.place == own_playground.home / "work" / "shop"


def test_flags_are_told(own_playground: Playground, session: Session) -> None:
    for item in own_playground.made.values():
        if item.status:
            flags = (session.rows | session.missing)[item.path].environment.flags
            assert flags & {Flag.BROKEN, Flag.ALIAS} == item.flags, item.label


def test_nothing_in_them_is_the_users(own_playground: Playground, session: Session) -> None:
    for row in session.rows.values():
        assert row.usage is not None
        assert row.usage.user_files == UserFiles(), row.name


def test_what_is_no_environment_is_listed_apart(
    own_playground: Playground, session: Session
) -> None:
    told = {oddity.path for oddity in session.oddities}
    # Plain files lie in every store (hooks, locks, indexes) and are passed over.
    assert told == {own_playground.made["old-backups"].path}


def test_three_sizes_differ(own_playground: Playground, session: Session) -> None:
    def row(label: str) -> Row:
        return session.rows[own_playground.made[label].path]

    vision, prototype = row("vision").usage, row("prototype").usage
    assert vision
    assert prototype
    assert vision.reclaimable > 12_000_000  # its largest package is nowhere else
    assert vision.on_disk > vision.reclaimable  # numerics is
    assert prototype.on_disk > 10 * prototype.reclaimable
    assert prototype.cache_held is not None
    assert prototype.cache_held > 6_000_000  # imaging is in uv's cache, and in no other
    alias = row("webtools").usage
    assert alias is None or alias.reclaimable == 0


def test_a_scan_leaves_the_playground_openable(
    own_playground: Playground, session: Session
) -> None:
    again = build(own_playground.directory, lambda words: None)
    assert again == own_playground
    second = scanned(again)
    assert {path: row.verdict.status for path, row in second.rows.items()} == {
        path: row.verdict.status for path, row in session.rows.items()
    }


def test_ages_are_not_destroyed_by_listing(own_playground: Playground, session: Session) -> None:
    old: Path = own_playground.made["legacy-crm"].path
    row = session.rows[old]
    assert row.used is not None
    blog = session.rows[own_playground.made["blog"].path]
    assert blog.used is not None
    assert round((time.time() - blog.used) / 86_400) == 3  # though it was copied
    newest = max(r.used for r in session.rows.values() if r.used is not None)
    assert newest - row.used > 365 * 86_400
