"""The details in tabs: beside the list, over it, and what the keys act on there."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tui.fake_session import FakeSession
from tests.tui.pilot import Driver, drive
from tests.tui.rows import DAY, HOME, everything, row
from venvdash.model import Package, Row
from venvdash.model.installed import InstalledPackage, OtherVersion, PackageSource
from venvdash.records.dashboard_look import DetailTab
from venvdash.scanner.usage.user_file_list import UserFile, UserFileList
from venvdash.tui.dialogs.plan import PlanScreen
from venvdash.tui.main import details

MIB = 1024**2
YEAR = 365.25 * DAY


def package(
    name: str,
    version: str,
    mib: float | None = 1,
    source: PackageSource = PackageSource.INDEX,
    requires: tuple[str, ...] = (),
    users: tuple[str, ...] = (),
    elsewhere: tuple[OtherVersion, ...] = (),
    origin: str | None = None,
) -> InstalledPackage:
    known = Package(name, version, origin, editable=source is PackageSource.EDITABLE)
    size = None if mib is None else int(mib * MIB)
    return InstalledPackage(known, source, size, requires, users, elsewhere)


PACKAGES = (
    package("numpy", "2.4.6", 57.2, users=("pandas",), elsewhere=(OtherVersion("1.26.4", 2),)),
    package("pandas", "3.1.1", 44.7, requires=("numpy", "python-dateutil")),
    package("web\x1b[31m", "0.1", None, PackageSource.EDITABLE, origin="file:///home/ada/code/web"),
    package("idna", "3.1", 0.4),
)
now = time.time() - DAY
FILES = tuple(
    UserFile(HOME / f".cache/uv/environments-v2/web-3f2a9c1d/{name}", size, moment)
    for name, size, moment in (
        ("books/plot.ipynb", 2048, now - 24 * YEAR),
        ("note\x1b.txt", 17, now - 25 * YEAR),
    )
)


class Session(FakeSession):
    """It has read the same packages for every environment; ``read`` notes which."""

    read: list[str]

    def installed(self, row: Row) -> tuple[InstalledPackage, ...]:
        self.read = [*getattr(self, "read", []), row.name]
        return PACKAGES


def rows() -> list[Row]:
    named = [Package("numpy", "2.4.6"), Package("pandas", "3.1.1")]
    return [row("api", packages=named), row("web", packages=named), row("zoo")]


def session() -> Session:
    return Session(everything(rows()))


@pytest.fixture(autouse=True)
def files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(details, "_files_of", lambda row: UserFileList(FILES, 3000))


def block(driver: Driver, first: str, lines: int) -> list[str]:
    """Return so many lines of the screen from the one that begins so."""
    at = next(at for at, line in enumerate(driver.lines) if line.startswith(first))
    return driver.lines[at : at + lines]


def test_the_packages_over_the_list_as_text() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("j", "enter", "right_square_bracket")
        await driver.until(lambda: "pandas" in driver.text)
        assert block(driver, "  overview", 5) == [
            "  overview   packages 2   user files                                  [ ] tabs",
            "  Package                 Version        ▼Size Source    Required by",
            " ▌numpy                   2.4.6       57.2 MiB index     pandas",
            "  pandas                  3.1.1       44.7 MiB index     –",
            "  idna                    3.1        409.6 KiB index     –",
        ]
        (editable,) = (line.split() for line in driver.lines if "editable" in line)
        assert editable == ["web\\e[31m", "0.1", "-", "editable", "–"]
        assert block(driver, " required by", 3) == [
            " required by pandas",
            " requires    nothing",
            " elsewhere   1.26.4 in 2",
        ]
        assert driver.lines[-1].startswith(" web: ⏎ Where else y Copy name Esc List ] Next tab")
        await driver.press("N", "G")
        assert " source      editable file:///home/ada/code/web" in driver.lines
        await driver.press("escape")
        assert driver.current == "web"
        assert block(driver, "▌ ● web", 1)

    drive(session(), script, (80, 24))


def test_the_packages_below_the_list_as_text() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("right_square_bracket")
        await driver.until(lambda: "pandas" in driver.text)
        shown = [line.rstrip() for line in block(driver, "  overview", 3)]
        assert shown[1].split() == [
            *("Package", "Version", "▼Size", "Source", "Required", "by", "Elsewhere")
        ]
        assert shown[2].split() == [
            *("▌numpy", "2.4.6", "57.2", "MiB", "index", "pandas", "1.26.4", "in", "2")
        ]
        assert driver.lines[-1].startswith(" ⏎ Details"), "the focus stays in the list"
        await driver.press("j")
        await driver.until(lambda: driver.workbench.session.read[-1] == "web")  # type: ignore[attr-defined]
        assert driver.main.details.pane.tab is DetailTab.PACKAGES

    drive(session(), script, (120, 40))


def test_packages_are_filtered_by_typing_and_sorted_by_key() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("enter", "right_square_bracket")
        await driver.until(lambda: "pandas" in driver.text)
        packages = driver.main.details.pane.packages

        def names() -> list[str]:
            return [one.name for one in packages.items]

        await driver.press("slash", *"an")
        assert names() == ["pandas"]
        assert driver.lines[-1].strip() == "api: ⏎ Keep Esc Clear"
        assert driver.listed == ["api", "web", "zoo"], "the list is not filtered"
        assert "Complete" not in driver.lines[-1]
        await driver.press("x")
        assert "No matches. Esc clears the filter." in driver.text
        await driver.press("backspace", "enter")
        assert driver.app.focused is packages
        await driver.press("escape")
        assert names() == ["numpy", "pandas", "idna", "web\x1b[31m"], "by size"
        await driver.press("Z")
        assert names()[0] == "web\x1b[31m"
        await driver.press("N")
        assert names() == ["idna", "numpy", "pandas", "web\x1b[31m"]
        await driver.press("slash", *"editable", "enter")
        assert names() == ["web\x1b[31m"]

    drive(session(), script)


def test_where_else_a_package_is() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("2", "1", "enter", "right_square_bracket")
        await driver.until(lambda: "pandas" in driver.text)
        await driver.press("j", "enter")
        await driver.until(lambda: driver.listed == ["api", "web"])
        assert driver.main.listing.filter_text == "pkg:pandas"
        assert " / pkg:pandas" in driver.lines
        assert driver.app.focused is driver.main.listing.environments
        await driver.press("escape")
        assert driver.listed == ["api", "web", "zoo"]

    drive(session(), script)


def test_copying_a_name_and_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(driver: Driver) -> None:
        copied: list[str] = []
        monkeypatch.setattr(driver.app, "copy_to_clipboard", copied.append)
        opened: list[Path] = []
        monkeypatch.setattr(
            "venvdash.tui.main.workbench.open_folder", lambda path, machine: opened.append(path)
        )
        await driver.scanned()
        await driver.press("j", "enter", "right_square_bracket")
        await driver.until(lambda: "pandas" in driver.text)
        await driver.press("y", "right_square_bracket")
        await driver.until(lambda: "plot.ipynb" in driver.text)
        first, second = block(driver, "  File", 3)[1:]
        assert first.split() == ["▌books/plot.ipynb", "2.0", "KiB", "24", "y"]
        assert second.split() == ["note\\e.txt", "17", "B", "25", "y"]
        assert " 3,000 more are not listed" in driver.lines
        assert driver.lines[-1].startswith(" web: o Open folder y Copy path Esc List ] Next tab /")
        await driver.press("o", "y", "j", "y")
        store = HOME / ".cache/uv/environments-v2/web-3f2a9c1d"
        assert opened == [store / "books"]
        quoted = f"$'{store}/note\\x1b.txt'"
        assert copied == ["numpy==2.4.6", f"{store}/books/plot.ipynb", quoted]
        await driver.press("Z")
        assert driver.main.details.pane.files.sorted_by == ("size", True)

    drive(session(), script)


def test_keys_in_the_details_act_on_what_they_show_alone() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("space", "space", "enter")
        await driver.until(lambda: driver.main.details.focused())
        assert driver.lines[-1].startswith(" zoo: ")
        assert driver.workbench.targets.chosen() == [driver.main.listing.row]
        await driver.press("d")
        assert isinstance(driver.app.screen, PlanScreen)
        await driver.press("escape")
        assert driver.main.details.focused(), "back where it was asked"
        await driver.press("escape")
        assert len(driver.workbench.targets.chosen()) == 2

    drive(session(), script)


def test_the_list_is_uncovered_where_the_focus_leaves_the_details() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        main = driver.main
        for keys in (["escape"], ["slash", "escape"], ["2", "1"], ["i"], ["enter"]):
            await driver.press("enter")
            await driver.until(lambda: main.details.focused())
            assert main.details.pane.display
            await driver.press(*keys)
            await driver.until(lambda: not main.details.pane.display)
            assert driver.app.focused is main.listing.environments

    drive(session(), script)


def test_what_is_not_confirmed_has_no_packages_yet() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        pane = driver.main.details.pane
        await driver.press("enter", "right_square_bracket")
        await driver.until(lambda: "pandas" in driver.text)
        table = driver.main.listing.table
        path = driver.main.listing.path
        assert path is not None
        unconfirmed = table.summaries[path]._replace(confirmed=False)
        driver.main.listing.environments.touch([unconfirmed])
        driver.main.details.show()
        assert (pane.packages.items, pane.packages.hint) == ([], "It is still being checked.")

    drive(session(), script)


def test_a_failure_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(row: Row) -> object:
        raise OSError("gone\x1b")

    monkeypatch.setattr(details, "_files_of", fails)

    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("enter", "left_square_bracket")
        await driver.until(lambda: "It cannot be read: gone\\e" in driver.text)
        monkeypatch.setattr(details, "_files_of", lambda row: None)
        await driver.press("escape", "j", "enter")
        await driver.until(lambda: "Not everything in it could be read." in driver.text)

    drive(session(), script)


def test_the_packages_are_read_once_while_nothing_changes() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("enter", "right_square_bracket")
        await driver.until(lambda: "pandas" in driver.text)
        made = driver.workbench.session
        assert isinstance(made, Session)
        driver.main.details.show()
        await driver.press("j", "k")
        assert made.read == ["api"]
        changed = driver.main.listing.row
        assert changed is not None
        environment = replace(changed.environment, packages=())
        driver.workbench.scans.take_rows([replace(changed, environment=environment)])
        await driver.until(lambda: made.read == ["api", "api"])

    drive(session(), script)


def test_no_key_is_offered_for_what_is_no_environment() -> None:
    async def script(driver: Driver) -> None:
        await driver.scanned()
        await driver.press("5", "enter")
        await driver.until(lambda: driver.main.details.focused())
        assert driver.lines[-1].split()[:8] == [
            "Esc",
            "List",
            "]",
            "Next",
            "tab",
            "/",
            "Filter",
            "d",
        ]
        await driver.press("right_square_bracket")
        await driver.until(lambda: "Not an environment." in driver.text)

    drive(session(), script)
