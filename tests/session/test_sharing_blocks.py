"""Bytes that are promised, told, and really come back where files share blocks: btrfs and XFS."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.mounting import formatted
from tests.session.sharing import last, named, scanned, used
from tests.waiting import waited
from venvdash.demo.wheels import make_wheel, payload

Install = Callable[[str, str], Home]

PACKAGES = ("common", "shared", "first", "second")
ENVIRONMENTS = {
    "one": ("common", "first"),
    "two": ("common", "shared", "second"),
    "three": ("shared",),
}
ALL = tuple(ENVIRONMENTS)
DATA = 12_000_000  # bytes of each package; what may be off is far less
MODES = {"one": "clone", "two": "hardlink", "three": "copy"}


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Install]:
    """Gives a HOME with environments on a new file system of a kind, made in a certain way."""
    base = tmp_path_factory.mktemp("sharing")
    for name in PACKAGES:
        _wheel(base / "wheels", name)
    images: dict[tuple[str, str], Path] = {}
    point = base / "point"
    point.mkdir()
    with ExitStack() as stack:

        def ready(kind: str, way: str) -> Home:
            stack.close()
            options = "compress-force=zstd" if way.startswith("compressed") else ""
            if (kind, way) not in images:
                image = base / f"{kind}-{way}"
                with formatted(point, kind, size="320M", options=options, image=image):
                    _make(_home(point, base / "state"), base / "wheels", way)
                images[kind, way] = image
            copy, state = base / "copy", base / f"state{len(list(base.iterdir()))}"
            command = ["cp", "--sparse=always", str(images[kind, way]), str(copy)]
            subprocess.run(command, check=True)
            stack.enter_context(formatted(point, kind, options=options, image=copy))
            return _home(point, state)

        yield ready


def _wheel(directory: Path, name: str) -> None:
    half = DATA // 2
    modules = {
        f"{name}/m{number}.py": f"{name} = {number}\n".encode() * 300 for number in range(40)
    }
    modules[f"{name}/data.bin"] = payload(half, name) + b"text" * (half // 4)
    make_wheel(directory, name, "1.0", modules)


def _home(point: Path, state: Path) -> Home:
    home = point / "home"
    home.mkdir(exist_ok=True)
    variables = {"PATH": os.environ["PATH"], "HOME": str(home), "VENVDASH_STATE_DIR": str(state)}
    return Home(home, variables | {"UV_OFFLINE": "1"})


def _make(home: Home, wheels: Path, way: str) -> None:
    for name, packages in ENVIRONMENTS.items():
        made = home.path / ".virtualenvs" / name
        home.uv("venv", "-q", made)
        default = "hardlink" if way == "compressed links" else "clone"
        mode = ("--link-mode", MODES[name] if way == "mixed" else default)
        found = ("--no-index", "--find-links", str(wheels))
        home.uv("pip", "install", "-q", "--python", made, *mode, *found, *packages)
    if way == "uncached":
        home.uv("cache", "clean", "-q")
    if way == "snapshot":
        root = str(home.path.parent)
        command = ["btrfs", "-q", "subvolume", "snapshot", "-r", root, f"{root}/snapshot"]
        subprocess.run(command, check=True)


def settled(home: Home) -> int:
    """Return the used bytes once the file system has done all that was asked of it."""
    subprocess.run(["sync", "-f", str(home.path)], check=True)
    return used(home.path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "way", "chosen", "clean"),
    [
        ("xfs", "clone", ("one",), False),
        ("xfs", "clone", ("one",), True),
        ("xfs", "clone", ("two", "three"), False),
        ("xfs", "mixed", ("one", "three"), True),
        ("xfs", "mixed", ALL, True),
        ("xfs", "uncached", ("two", "three"), False),
        ("btrfs", "clone", ("one", "two"), False),
        ("btrfs", "clone", ALL, True),
        ("btrfs", "uncached", ("two", "three"), False),
        ("btrfs", "uncached", ALL, False),
        ("btrfs", "snapshot", ("one",), False),
        ("btrfs", "snapshot", ALL, True),
        ("btrfs", "compressed", ("one", "three"), True),
        ("btrfs", "compressed links", ALL, True),
    ],
)
def test_what_is_promised_comes_back(
    install: Install, kind: str, way: str, chosen: tuple[str, ...], clean: bool
) -> None:
    home = install(kind, way)
    session = scanned(home)
    paths = named(session, *chosen)
    listed, plan = session.deletions.union(paths), session.deletions.plan_delete(paths)
    promised = plan.reclaimable + (plan.cache_held if clean else 0)
    before = settled(home)
    done = last(session.deletions.delete(plan, clean_cache=clean))
    trashed = {one.at_most for one in session.trash.find()}
    freed = last(session.trash.empty()).freed
    real = before - settled(home)

    def near(bytes_: int) -> bool:
        return abs(bytes_ - real) <= real / 10 + 3_000_000

    assert near(listed.reclaimable + (listed.cache_held if clean else 0))
    assert (near(promised), near(done.in_trash), near(freed)) == (True, True, True), (
        *(promised, done.in_trash, freed, real, done.problems),
    )
    assert plan.at_most == listed.at_most == way.startswith(("uncached", "compressed", "snapshot"))
    assert trashed == {way.startswith(("compressed", "snapshot"))}
    assert not plan.exact
    sizes = [row.usage for row in session.rows.values() if row.usage]
    assert all(usage.on_disk >= usage.reclaimable for usage in sizes)


def test_what_is_remembered_is_right_after_the_cache_was_cleaned(install: Install) -> None:
    home = install("xfs", "clone")
    (one,) = named(scanned(home), "one")
    # What is younger than two seconds is measured again.
    waited(lambda: scanned(home).rows[one].usage == scanned(home).rows[one].usage)
    usage = scanned(home).rows[one].usage
    assert usage
    assert usage.reclaimable < 1_000_000
    assert DATA < (usage.cache_held or 0) < 1.1 * DATA  # "common" is in another one, too
    home.uv("cache", "clean", "-q", "first")
    cleaned = scanned(home).rows[one].usage
    assert cleaned
    assert DATA < cleaned.reclaimable < 1.1 * DATA
    assert cleaned.cache_held == 0


def test_what_is_copied_as_a_whole_later_is_seen(install: Install) -> None:
    """A backup with ``cp``, which clones where it can, holds all that it copied."""
    home = install("xfs", "uncached")
    (one,) = named(scanned(home), "one")
    before = scanned(home).rows[one].usage
    assert before
    assert before.reclaimable > DATA
    command = [
        "cp",
        "-a",
        "--reflink=always",
        str(home.path / ".virtualenvs"),
        str(home.path / "b"),
    ]
    subprocess.run(command, check=True)
    session = scanned(home)
    after = session.rows[one].usage
    assert after
    assert after.reclaimable < 1_000_000
    together = session.deletions.union(named(session, *ALL))
    assert together.reclaimable < 1_000_000


def test_a_copy_that_is_known_frees_with_the_original(install: Install) -> None:
    home = install("xfs", "uncached")
    store = home.path / ".virtualenvs"
    command = ["cp", "-a", "--reflink=always", str(store / "one"), str(store / "twin")]
    subprocess.run(command, check=True)
    session = scanned(home)
    one, twin = named(session, "one", "twin")
    assert session.deletions.union([one]).reclaimable < 1_000_000
    before = settled(home)
    plan = session.deletions.plan_delete([one, twin])
    assert plan.reclaimable > DATA
    assert plan.at_most
    last(session.deletions.delete(plan, now=True))
    assert abs(before - settled(home) - plan.reclaimable) < 3_000_000
