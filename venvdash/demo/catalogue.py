"""The contents of a playground: wheels, projects and environments, and what happens to them."""

import sys
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from venvdash.demo.wheels import greeting, make_wheel, module_name, payload
from venvdash.model import Status


@dataclass(frozen=True, slots=True)
class Wheel:
    """A made-up package; ``size`` in kilobytes, spread over ``files`` modules."""

    name: str
    version: str
    size: int
    files: int = 8
    requires: tuple[str, ...] = ()
    script: str | None = None

    @property
    def stem(self) -> str:
        """How the wheel's file name begins."""
        return f"{module_name(self.name)}-{self.version}"

    def write(self, directory: Path) -> Path:
        """Write it into ``directory`` and return its path."""
        package = module_name(self.name)
        each = self.size * 1024 // self.files
        modules = {
            f"{package}/part{number:02}.bin": payload(each, f"{self.name}{number}")
            for number in range(self.files)
        }
        modules[f"{package}/__init__.py"] = greeting(f"{self.name} {self.version}")
        scripts = {self.script: f"{package}:main"} if self.script else {}
        return make_wheel(directory, self.name, self.version, modules, scripts, self.requires)


WHEELS = (
    Wheel("numerics", "2.4.0", 8_000, 40),
    Wheel("dataframes", "3.1.2", 5_000, 30, ("numerics>=2",)),
    Wheel("plotting", "1.8.0", 2_500, 20, ("numerics",)),
    Wheel("learning", "0.7.1", 12_000, 12, ("numerics",)),
    Wheel("imaging", "10.2.0", 6_000, 16),
    Wheel("httpkit", "0.9.4", 300),
    Wheel("webframe", "5.0.1", 1_500, 24, ("httpkit", "templating")),
    Wheel("templating", "3.1.0", 200),
    Wheel("greeter", "1.2.0", 60, 2, (), "greeter"),
)


class Fate(Enum):
    """What happens to a project after its environment was created."""

    LIVES = auto()
    GONE_UNSEEN = auto()  # deleted before venvdash ever looked
    GONE = auto()  # deleted after venvdash had seen it
    MOVED = auto()  # moved after venvdash had seen it
    PRUNED = auto()  # lives, and its environment was deleted from uv's cache


@dataclass(frozen=True, slots=True)
class Project:
    """A uv project: its path below HOME, its requirements, and what happens to it.

    ``bare``: it is no package, so that its environment holds no trace of it. ``changed`` and
    ``used`` are ages in days. ``alias``: its label, where two have the same name. ``to``: where it
    is moved to. ``since``: what it needs besides since it was synced last.
    """

    place: str
    requires: tuple[str, ...]
    status: Status
    what: str
    bare: bool = False
    fate: Fate = Fate.LIVES
    changed: float = 1
    used: float = 0
    alias: str = ""
    to: str = ""
    since: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The project's name."""
        return Path(self.place).name

    @property
    def label(self) -> str:
        """Its name in the playground's list."""
        return self.alias or self.name


PROJECTS = (
    Project(
        "code/webapp",
        ("webframe",),
        Status.LINKED,
        "a package project; its .venv leads to the environment",
        changed=9,
    ),
    Project(
        "code/notes",
        ("templating",),
        Status.LINKED,
        "a --bare project; only its .venv and uv's hash prove it",
        bare=True,
        changed=40,
        used=2,
    ),
    Project(
        "code/api", ("httpkit",), Status.LINKED, "one of two projects named api", bare=True, used=1
    ),
    Project(
        "work/api",
        ("httpkit", "webframe"),
        Status.LINKED,
        "the other project named api; it needs more since it was synced",
        bare=True,
        changed=15,
        used=5,
        alias="work-api",
        since=("imaging", "plotting"),
    ),
    Project(
        "code/shop",
        ("webframe", "plotting"),
        Status.MOVED,
        "moved to ~/work/shop after venvdash had seen it",
        fate=Fate.MOVED,
        changed=21,
        used=6,
        to="work/shop",
    ),
    Project(
        "code/vision",
        ("learning", "plotting"),
        Status.ORPHAN,
        "a package project, deleted; uv's cache no longer holds its largest package",
        fate=Fate.GONE,
        changed=95,
        used=90,
    ),
    Project(
        "code/prototype",
        ("dataframes", "imaging"),
        Status.ORPHAN,
        "a --bare project, deleted after venvdash had seen it; uv's cache holds imaging, too",
        bare=True,
        fate=Fate.GONE,
        changed=60,
        used=55,
    ),
    Project(
        "code/old-api",
        ("webframe",),
        Status.ORPHAN,
        "a package project, deleted before venvdash ever looked",
        fate=Fate.GONE_UNSEEN,
        changed=200,
        used=180,
    ),
    Project(
        "code/experiment",
        ("numerics",),
        Status.UNKNOWN,
        "a --bare project, deleted before venvdash ever looked: no trace is left",
        bare=True,
        fate=Fate.GONE_UNSEEN,
        changed=130,
        used=120,
    ),
    Project(
        "code/thumbnails",
        ("imaging",),
        Status.MISSING,
        "a project whose environment `uv cache prune` deleted from uv's cache",
        fate=Fate.PRUNED,
        changed=30,
        used=29,
    ),
)

TWO_PYTHONS = Project(
    "code/data-lab",
    ("dataframes", "plotting"),
    Status.LINKED,
    "a project synced with two Pythons; this is the current one",
    bare=True,
    changed=4,
)

SCRIPT = """\
# /// script
# requires-python = ">=3.10"
# dependencies = ["dataframes"]
# ///
import dataframes

dataframes.main()
"""


@dataclass(frozen=True, slots=True)
class Named:
    """An environment made with ``python -m venv`` at ``place`` below HOME.

    ``project`` is what its ``.project`` names, below HOME unless absolute; ``exists`` whether
    that project is there.
    """

    place: str
    status: Status
    what: str
    packages: tuple[str, ...] = ()
    project: str = ""
    exists: bool = False
    changed: float = 30
    used: float = 10

    @property
    def label(self) -> str:
        """What it is called in the playground's list."""
        return Path(self.place).name


NAMED = (
    Named(
        ".virtualenvs/blog",
        Status.LINKED,
        "its .project names a project that is there",
        ("templating",),
        "code/blog",
        exists=True,
        changed=70,
        used=3,
    ),
    Named(
        ".virtualenvs/legacy-crm",
        Status.ORPHAN,
        "its .project names a project that is gone",
        ("webframe", "httpkit", "templating"),
        "code/legacy-crm",
        changed=900,
        used=700,
    ),
    Named(
        ".virtualenvs/photos",
        Status.UNREACHABLE,
        "its .project names a place on a disk that is not mounted",
        ("plotting",),
        "/Volumes/usb-disk/photos" if sys.platform == "darwin" else "/media/usb-disk/photos",
        changed=300,
        used=280,
    ),
    Named(
        ".virtualenvs/scratchpad",
        Status.STANDALONE,
        "made by hand with python -m venv, for no project",
        ("httpkit",),
        changed=12,
        used=8,
    ),
    Named(
        ".venvs/sandbox",
        Status.STANDALONE,
        "made by hand in another folder that is looked at",
        ("templating",),
        changed=33,
        used=17,
    ),
)
