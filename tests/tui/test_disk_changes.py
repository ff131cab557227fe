"""The list follows the disk without a key."""

import shutil
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.tui.pilot import Driver, drive
from tests.tui.test_session import make_environment, session
from tests.waiting import waited
from venvdash.model import Status
from venvdash.system.inotify import Change
from venvdash.tui import disk_watch
from venvdash.tui.disk_watch import DiskWatch, Polling
from venvdash.tui.watched_paths import WatchedPaths, of_all


@pytest.fixture
def webapp(home: Home) -> Path:
    """An environment with a project."""
    project = home.path / "code" / "webapp"
    project.mkdir(parents=True)
    store = home.path / ".virtualenvs"
    store.mkdir()
    make_environment(store / "webapp", project)
    return store / "webapp"


@pytest.fixture(params=[True, False], ids=["inotify", "polling"])
def noticing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notices by the kernel, or where there are none."""
    if not request.param:
        monkeypatch.setattr(disk_watch, "Inotify", no_inotify)
        monkeypatch.setattr(disk_watch, "_STEP", 0.2)
        monkeypatch.setattr(disk_watch, "_ROUND", 0.2)


def no_inotify() -> None:
    """As on a system that has none."""
    raise OSError


def site(environment: Path) -> Path:
    return next((environment / "lib").glob("python*")) / "site-packages"


def status(driver: Driver, name: str) -> Status | None:
    items = driver.rows
    return next((item.status for item in items if item.name == name), None)


@pytest.mark.usefixtures("noticing")
def test_what_comes_and_goes_is_listed(home: Home, webapp: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        shutil.copytree(webapp, webapp.with_name("new"), symlinks=True)
        await driver.until(lambda: len(driver.listed) == 2)
        shutil.rmtree(webapp.with_name("new"))
        await driver.until(lambda: driver.listed == ["webapp"])

    drive(session(home), script)


@pytest.mark.usefixtures("noticing")
def test_an_installed_package_and_a_deleted_project_are_shown(home: Home, webapp: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        (site(webapp) / "rich-14.0.0.dist-info").mkdir()
        await driver.until(lambda: driver.rows[0].packages == 1)
        shutil.rmtree(home.path / "code" / "webapp")
        await driver.until(lambda: status(driver, "webapp") is Status.ORPHAN)

    drive(session(home), script)


@pytest.mark.parametrize("store", [".virtualenvs", ".local/share/virtualenvs"])
def test_a_first_environment_is_listed(home: Home, tmp_path: Path, store: str) -> None:
    make_environment(tmp_path / "made")

    async def script(driver: Driver) -> None:
        await driver.scanned()
        (home.path / store).mkdir(parents=True)
        (tmp_path / "made").rename(home.path / store / "made")
        await driver.until(lambda: driver.listed == ["made"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk_watch, "_STEP", 600.0)  # the kernel alone reports it
        drive(session(home), script)


def test_of_the_parent_of_a_missing_store_only_the_store_counts(tmp_path: Path) -> None:
    none = frozenset[str]()
    store = str(tmp_path / "store")
    paths = WatchedPaths(none, none, none, time.time(), awaited=frozenset({store}))
    noticed = threading.Event()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk_watch, "_STEP", 600.0)
        counted: dict[str, bool] = {}
        counts = DiskWatch._counts

        def watched(self: DiskWatch, change: Change) -> bool:
            counted[change.name] = counts(self, change)
            return counted[change.name]

        patch.setattr(DiskWatch, "_counts", watched)
        watch = DiskWatch(noticed.set)
        watch.watch(lambda: none, lambda: paths)

        def ignored() -> bool:
            (tmp_path / "other").unlink(missing_ok=True)
            (tmp_path / "other").touch()
            return counted == {"other": False}

        waited(ignored)
        (tmp_path / "store").mkdir()
        assert noticed.wait(30)
        watch.stop()


def test_a_store_that_appeared_before_its_parent_was_watched_is_noticed(tmp_path: Path) -> None:
    none = frozenset[str]()
    noticed = threading.Event()
    watch = DiskWatch(noticed.set)
    awaited = frozenset({str(tmp_path)})
    watch.watch(lambda: none, lambda: WatchedPaths(none, none, none, time.time(), awaited))
    assert noticed.wait(30)
    watch.stop()


def test_a_link_that_leads_nowhere_is_no_store(home: Home) -> None:
    (home.path / ".local").symlink_to("nowhere")
    paths = of_all([], [str(home.path / ".local")], [], 0.0)
    assert paths.awaited == {str(home.path / ".local")}
    watch = DiskWatch(lambda: None)
    watch._given, watch._given_visible = (lambda: paths), frozenset
    assert not watch._take_paths(None)


def test_an_environment_that_is_completed_later_is_listed(home: Home, webapp: Path) -> None:
    unfinished = webapp.with_name("unfinished")

    async def script(driver: Driver) -> None:
        await driver.scanned()
        unfinished.mkdir()
        await driver.until(lambda: len(driver.workbench.scans.state.oddities) == 1)
        await driver.scanned()
        shutil.copytree(webapp, unfinished, symlinks=True, dirs_exist_ok=True)
        await driver.until(lambda: len(driver.listed) == 2)

    drive(session(home), script)


def test_nothing_moves_under_a_dialog(home: Home, webapp: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        before = driver.workbench.disk._changed_at
        await driver.press("question_mark")
        shutil.copytree(webapp, webapp.with_name("new"), symlinks=True)
        await driver.until(lambda: driver.workbench.disk._changed_at > before)
        assert not driver.workbench.scans.scanning
        assert driver.listed == ["webapp"]
        await driver.press("escape")
        await driver.until(lambda: len(driver.listed) == 2)

    drive(session(home), script)


def test_a_change_before_the_watch_began_is_noticed(tmp_path: Path) -> None:
    notices: list[None] = []
    watch = DiskWatch(lambda: notices.append(None))
    directory = tmp_path / "store"
    directory.mkdir()
    read = directory.stat().st_mtime
    (directory / "new").mkdir()
    none = frozenset[str]()
    paths = WatchedPaths(frozenset({str(directory)}), none, none, since=read - 1.0)
    watch.watch(lambda: none, lambda: paths)
    waited(lambda: len(notices) == 1)
    watch.stop()


class TestPolling:
    """Paths that are looked at in turn."""

    @pytest.fixture
    def changes(self, tmp_path: Path) -> dict[str, Callable[[], object]]:
        """How each path is changed."""
        for name in ("edited", "project", "replaced"):
            (tmp_path / name).mkdir()
        return {
            str(tmp_path / "edited"): (tmp_path / "edited" / "new").touch,
            str(tmp_path / "replaced"): lambda: _replace(tmp_path / "replaced"),
            str(tmp_path / "missing"): (tmp_path / "missing").mkdir,
        }

    def test_each_change_is_seen_once(self, changes: dict[str, Callable[[], object]]) -> None:
        polling = Polling()
        identities = frozenset(path for path in changes if path.endswith("replaced"))
        polling.watch(frozenset(changes) - identities, identities)
        assert not polling.step(1.0)
        for change in changes.values():
            change()
            assert polling.step(1.0)
            assert not polling.step(1.0)

    def test_the_content_of_a_project_does_not_count(self, tmp_path: Path) -> None:
        polling = Polling()
        polling.watch(frozenset(), frozenset({str(tmp_path)}))
        (tmp_path / "new").touch()
        assert not polling.step(1.0)

    def test_all_are_seen_within_a_round(self, tmp_path: Path) -> None:
        polling = Polling()
        paths = [tmp_path / f"path{number}" for number in range(50)]
        polling.watch(frozenset(map(str, paths)), frozenset())
        for path in paths:
            path.touch()
            assert sum(polling.step(0.04) for _ in range(25)) == 1, path

    def test_paths_may_change_between_steps(self, tmp_path: Path) -> None:
        polling = Polling()
        paths = [str(tmp_path / f"path{number}") for number in range(50)]
        polling.watch(frozenset(paths), frozenset())
        polling.step(0.9)
        polling.watch(frozenset(paths[:2]), frozenset())
        assert not polling.step(0.5)
        (tmp_path / "path0").touch()
        (tmp_path / "path1").touch()
        assert sum(polling.step(0.5) for _ in range(3)) >= 1
        polling.watch(frozenset(), frozenset())
        assert not polling.step(1.0)


def _replace(directory: Path) -> None:
    directory.rename(directory.with_name("old"))
    directory.mkdir()


def test_polling_remembers_little_of_each_path(tmp_path: Path) -> None:
    paths = frozenset(str(tmp_path / f"{number:04}") for number in range(2_000))
    for path in paths:
        Path(path).touch()
    tracemalloc.start()
    polling = Polling()
    polling.watch(paths, frozenset())
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert not polling.step(1)
    assert used < 200 * len(paths)
