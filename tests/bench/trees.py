"""What is measured: HOMEs with environments and their projects, made once for each run."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

_PACKAGES = ("pip-25.0", "rich-14.0.0", "click-8.2.0", "attrs-25.1.0", "idna-3.10", "yarl-1.18.3")
_SITE = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
_CFG = f"home = {Path(sys.executable).resolve().parent}\nversion = {sys.version.split()[0]}\n"
_KEPT = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True)
class Tree:
    """A HOME with environments in ``store``, and the variables of programs there.

    ``packages`` are in each small environment, ``candidates`` are further directories that may be
    projects. ``quick``: the figures need not be exact.
    """

    home: Path
    size: int
    packages: int = len(_PACKAGES)
    candidates: int = 0
    quick: bool = False
    variables: Mapping[str, str] = field(init=False, hash=False)

    def __post_init__(self) -> None:
        variables = {name: os.environ[name] for name in _KEPT if name in os.environ}
        own = {"HOME": str(self.home), "TERM": "xterm-256color", "SHELL": "/bin/sh"}
        # Nothing but this HOME is searched for projects.
        object.__setattr__(self, "variables", variables | own | {"VENVDASH_DISKS": str(self.home)})

    @property
    def store(self) -> Path:
        """Where the environments lie."""
        return self.home / ".virtualenvs"

    def name(self, number: int) -> str:
        """Return the name of an environment."""
        return f"project{number:05d}"

    @property
    def count(self) -> int:
        """How many environments there are."""
        return sum(not entry.name.startswith(".") for entry in self.store.iterdir())

    def remember(self, scan: Callable[["Tree"], object]) -> None:
        """Scan three times, unless that was done: then all is remembered, and nothing is new.

        What changed in the last two seconds is not remembered, and not answered from memory.
        """
        done = self.home / ".local" / f"{scan.__module__}.{scan.__name__}"
        if not done.exists():
            done.parent.mkdir(exist_ok=True)
            done.touch()
            for _ in range(3):
                scan(self)
                time.sleep(2.5)

    def forget(self) -> None:
        """Remove all that venvdash has written."""
        shutil.rmtree(self.home / ".local", ignore_errors=True)
        for sidecar in self.store.glob("*/venvdash.toml"):
            sidecar.unlink()


Maker = Callable[[Tree], None]


class Trees:
    """Makes trees below ``top``, each once, with what ``like`` says but its HOME and size."""

    def __init__(self, top: Path, like: Tree) -> None:
        self._top = top
        self._like = like
        self._made: dict[tuple[Maker, int], Tree] = {}

    def get(self, make: Maker, size: int) -> Tree:
        """Return the tree that ``make`` fills, of that size."""
        if (make, size) not in self._made:
            home = self._top / f"home{len(self._made)}"
            home.mkdir()
            tree = self._made[make, size] = replace(self._like, home=home, size=size)
            make(tree)
        return self._made[make, size]


def empty(tree: Tree) -> None:
    """Make nothing: what is measured makes it itself."""


def environments(tree: Tree) -> None:
    """Make small environments, four of five with a living project."""
    fill(tree, tree.size)
    for number in range(tree.candidates):  # not too many in one: that is read in part only
        os.makedirs(tree.home / "code" / f"group{number // 1000}" / f"candidate{number}")


def large(tree: Tree) -> None:
    """Make environments of 7,500 files."""
    for number in range(tree.size):
        make_large(tree, number)


def large_last(tree: Tree) -> None:
    """Make small environments, and as the last one of 30,000 files."""
    fill(tree, tree.size - 1)
    make_large(tree, tree.size - 1, 10 if tree.quick else 400)


def inodes(tree: Tree) -> None:
    """Make ten environments with ``size`` files in all, each with a link in a cache."""
    for number in range(tree.size):
        folder, file = divmod(number, 100)
        cache = f"{tree.home}/.cache/uv/archive-v0/folder{folder}"
        site = f"{tree.store}/{tree.name(folder % 10)}/{_SITE}/folder{folder}"
        if not file:
            os.makedirs(cache)
            os.makedirs(site)
        os.mknod(f"{cache}/file{file}.py")
        os.link(f"{cache}/file{file}.py", f"{site}/file{file}.py")
    for number in range(10):
        (tree.store / tree.name(number) / "pyvenv.cfg").write_text(_CFG)


def folders(tree: Tree) -> None:
    """Make directories, eight in each, with two files each."""
    level, made = [str(tree.home)], 0
    while made < tree.size:
        level = [f"{path}/folder{n}" for path in level for n in range(8)][: tree.size - made]
        made += len(level)
        for path in level:
            os.mkdir(path)
            for number in range(2):
                Path(f"{path}/file{number}.txt").touch()


def fill(tree: Tree, count: int, *, living: bool = True) -> None:
    """Make ``count`` environments, and projects for four of five, or with ``living=False`` none."""
    code = tree.home / "code"
    code.mkdir()
    distributions = [*_PACKAGES, *(f"package{n}-1.0" for n in range(tree.packages))]
    for number in range(count):
        prefix = tree.store / tree.name(number)
        site = prefix / _SITE
        site.mkdir(parents=True)
        (prefix / "bin").mkdir()
        (prefix / "bin" / "python").symlink_to(sys.executable)
        (prefix / "pyvenv.cfg").write_text(_CFG)
        for distribution in distributions[: tree.packages]:
            os.mkdir(site / f"{distribution}.dist-info")
        project = code / prefix.name
        (prefix / ".project").write_text(f"{project}\n")
        if living and number % 5:
            project.mkdir()
            (project / "pyproject.toml").write_text(f'[project]\nname = "{prefix.name}"\n')
    # At the end, or the environments have been changed since their projects disappeared; and an
    # empty directory may be a disk that is not mounted.
    (code / "other").mkdir()


def make_large(tree: Tree, number: int, packages: int = 100) -> Path:
    """Make an environment of 75 files a package; uv's cache and others have four of five, too."""
    prefix = tree.store / tree.name(number)
    for package in range(packages):
        cached = tree.home / ".cache/uv/archive-v0" / f"{number % 4}-{package}"
        _package(prefix / _SITE, f"pkg{package}", cached if package % 5 else None)
    (prefix / "pyvenv.cfg").write_text(_CFG)
    for folder, _, _ in os.walk(prefix, topdown=False):
        os.utime(folder, (1e9, 1e9))  # what changed a moment ago would be measured again
    return prefix


def _package(site: Path, name: str, cached: Path | None) -> None:
    """Install 75 modules, as links into the cache where there is one."""
    names = [f"{name}/d{folder}/module{file}.py" for folder in range(10) for file in range(7)]
    names += [f"{name}/module{file}.py" for file in range(5)]
    for folder in {os.path.dirname(inside) for inside in names}:
        for top in filter(None, (site, cached)):
            (top / folder).mkdir(parents=True, exist_ok=True)
    for inside in names:
        if cached is None:
            (site / inside).write_bytes(b"x" * 3000)
        else:
            if not (cached / inside).exists():
                (cached / inside).write_bytes(b"x" * 3000)
            os.link(cached / inside, site / inside)
    info = f"{name}-1.0.dist-info"
    (site / info).mkdir()
    lines = [f"{inside},sha256={'x' * 43},3000\n" for inside in [*names, f"{info}/RECORD"]]
    (site / info / "RECORD").write_text("".join(lines))  # is read while measuring
