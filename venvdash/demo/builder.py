"""Filling a playground: environments are created, aged, scanned by venvdash, then orphaned."""

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from venvdash import config
from venvdash.actions.process.uv import UvError
from venvdash.demo import interpreters
from venvdash.demo.catalogue import (
    NAMED,
    PROJECTS,
    SCRIPT,
    TWO_PYTHONS,
    WHEELS,
    Fate,
    Named,
    Project,
)
from venvdash.demo.workshop import MakeError, Workshop, gone_interpreter, remove, user_machine
from venvdash.model import Flag, Status
from venvdash.session import Session
from venvdash.system.files import open_quietly
from venvdash.system.machine import Machine

_WORKERS = 4
_CONFIG = """\
# Made by `venvdash demo`: changes allowed everywhere, and a folder that mirrors the projects.
untested = true
[[stores]]
path = "~/mirror"
layout = "mirrored"
base = "~"
"""


@dataclass(frozen=True, slots=True)
class Made:
    """Something in the playground's stores, and the status that venvdash should give it.

    ``status`` is None for what is no environment. ``project`` is where its project is, or was.
    """

    label: str
    path: Path
    status: Status | None
    what: str
    project: Path | None = None
    flags: frozenset[Flag] = frozenset()


@dataclass
class _Making:
    workshop: Workshop
    pythons: Path
    machine: Machine
    report: Callable[[str], None]
    made: dict[str, Made] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def lacks(self, what: str, why: object) -> None:
        self.missing.append(f"{what}: {why}")
        self.report(f"left out {what}: {why}")


def make(
    workshop: Workshop, pythons: Path, machine: Machine, report: Callable[[str], None]
) -> tuple[dict[str, Made], tuple[str, ...]]:
    """Fill the workshop's HOME; return what is there by label, and what could not be made.

    ``pythons`` is a folder for an interpreter that will be gone, ``machine`` whose interpreters
    are used. Raises OSError where nothing can be written at all.
    """
    making = _Making(workshop, pythons, machine, report)
    report("making wheels")
    for wheel in WHEELS:
        wheel.write(workshop.wheels)
    workshop.configure_uv()
    workshop.write(Path(workshop.variables["VENVDASH_CONFIG"]), _CONFIG)
    if workshop.uv is None:
        making.lacks("central environments, a script's, a tool", "uv is not installed")
    _run(making, [*(_central(making) if workshop.uv else ()), *_plain(making)])
    if workshop.uv:
        _forget_package(making, "learning")
    _end(making, Fate.GONE_UNSEEN)
    report("letting venvdash see them")
    _look(making)
    _end(making, Fate.GONE)
    _end(making, Fate.MOVED)
    _end(making, Fate.PRUNED)
    _copy(making)
    order = sorted(making.made.values(), key=lambda item: (item.status is None, item.label))
    return {item.label: item for item in order}, tuple(making.missing)


# One task makes one or two environments; tasks do not depend on each other.

_Task = tuple[str, Callable[[], list[Made]]]


def _run(making: _Making, tasks: list[_Task]) -> None:
    """Run the tasks side by side; one that fails is left out and said, the rest go on."""
    with ThreadPoolExecutor(_WORKERS) as pool:
        running = {pool.submit(task): label for label, task in tasks}
        try:
            for done in as_completed(running):
                try:
                    made = done.result()
                except (MakeError, UvError, OSError) as error:
                    making.lacks(running[done], error)
                    continue
                making.report(f"made {running[done]}")
                making.made.update((item.label, item) for item in made)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _central(making: _Making) -> list[_Task]:
    """Return what needs uv: central projects, a script, a tool."""
    shop = making.workshop
    return [
        *((project.label, partial(_synced, shop, project)) for project in PROJECTS),
        (TWO_PYTHONS.label, partial(_two_pythons, making)),
        ("report", partial(_script, shop)),
        ("greeter", partial(_tool, shop)),
    ]


def _plain(making: _Making) -> list[_Task]:
    """Return what ``python -m venv`` makes."""
    shop = making.workshop
    return [
        *((named.label, partial(_named, shop, named)) for named in NAMED),
        ("py-nightly", partial(_broken, shop, making.pythons)),
        ("thesis and reports", partial(_mirrored, shop)),
        ("webtools", partial(_alias, shop)),
        ("what is no environment", partial(_clutter, shop)),
    ]


def _synced(shop: Workshop, project: Project) -> list[Made]:
    place = shop.project(project)
    environment = shop.sync(place, shop.python)
    if project.since:
        shop.require(project, (*project.requires, *project.since))
    shop.age(environment, place, project.changed, project.used)
    return [Made(project.label, environment, project.status, project.what, place)]


def _two_pythons(making: _Making) -> list[Made]:
    shop, project = making.workshop, TWO_PYTHONS
    other = interpreters.another(shop.python, making.machine, shop.variables, shop.uv)
    if other is None:
        making.lacks("data-lab's older environment", "this machine has one Python")
        return _synced(shop, project)
    older, newer = sorted((shop.python, other), key=lambda python: python.version)
    place = shop.project(project)
    first = shop.sync(place, older)
    # As long as .venv points to the older one, uv would use that.
    (place / ".venv").unlink()
    second = shop.sync(place, newer)
    shop.age(first, None, changed=150, used=75)
    shop.age(second, place, project.changed, project.used)
    what = "the same project's, from when it used another Python"
    return [
        Made(project.label, second, project.status, project.what, place),
        Made("data-lab-older", first, Status.REPLACED, what, place),
    ]


def _script(shop: Workshop) -> list[Made]:
    script = shop.write("code/scripts/report.py", SCRIPT)
    shop.run_uv("sync", "--script", script, "--python", shop.python.path, cwd=script.parent)
    folder = Path(shop.run_uv("cache", "dir", cwd=shop.home).rstrip("\n")) / "environments-v2"
    environment = next(folder.glob("report-" + "[0-9a-f]" * 16), None)
    if environment is None:
        raise MakeError("this uv keeps the environments of scripts elsewhere; it is too old")
    shop.age(environment, script.parent, changed=18, used=11)
    return [
        Made("report", environment, Status.LINKED, "the environment of a PEP 723 script", script)
    ]


def _tool(shop: Workshop) -> list[Made]:
    shop.run_uv("tool", "install", "greeter", "--python", shop.python.path, cwd=shop.home)
    folder = Path(shop.run_uv("tool", "dir", cwd=shop.home).rstrip("\n"))
    shop.age(folder / "greeter", None, changed=220, used=1)
    return [Made("greeter", folder / "greeter", Status.TOOL, "installed with uv tool")]


def _named(shop: Workshop, named: Named) -> list[Made]:
    environment = shop.venv(named.place)
    shop.unpack(environment, *named.packages)
    project = None
    if named.project:
        # An absolute one stays as it is.
        project = shop.home / named.project
        if named.exists:
            shop.write(project / "README.md", f"# {project.name}\n")
        shop.write(environment / ".project", f"{project}\n")
    shop.age(environment, project if named.exists else None, named.changed, named.used)
    return [Made(named.label, environment, named.status, named.what, project)]


def _broken(shop: Workshop, pythons: Path) -> list[Made]:
    environment = gone_interpreter(shop, pythons, ".virtualenvs/py-nightly")
    shop.unpack(environment, "numerics")
    shop.age(environment, None, changed=260, used=250)
    what = "its interpreter is gone"
    return [
        Made("py-nightly", environment, Status.STANDALONE, what, flags=frozenset({Flag.BROKEN})),
    ]


def _mirrored(shop: Workshop) -> list[Made]:
    reports = shop.write("code/reports/README.md", "# reports\n").parent
    living = shop.venv("mirror/code/reports/.venv")
    shop.unpack(living, "plotting")
    shop.age(living, reports, changed=25, used=4)
    gone = shop.venv("mirror/code/thesis/.venv")
    shop.unpack(gone, "plotting", "templating")
    shop.age(gone, None, changed=400, used=365)
    what = "its place in a configured folder mirrors a project that is "
    thesis = shop.home / "code" / "thesis"
    return [
        Made("reports", living, Status.LINKED, what + "there", reports),
        Made("thesis", gone, Status.ORPHAN, what + "gone", thesis),
    ]


def _alias(shop: Workshop) -> list[Made]:
    project = shop.write("code/webtools/README.md", "# webtools\n").parent
    local = shop.venv("code/webtools/.venv")
    shop.unpack(local, "httpkit")
    shop.age(local, None, changed=45, used=14)
    link = shop.home / ".virtualenvs" / "webtools"
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(os.path.relpath(local, link.parent), target_is_directory=True)
    what = "a link to the .venv inside a project"
    return [
        Made("webtools", link, Status.LINKED, what, project, frozenset({Flag.ALIAS})),
    ]


def _clutter(shop: Workshop) -> list[Made]:
    folder = shop.write(".virtualenvs/old-backups/dump.sql", "-- nothing\n").parent
    note = shop.write(".virtualenvs/todo.txt", "clean up in here\n")
    return [
        Made("old-backups", folder, None, "a folder that is no environment"),
        Made(
            "todo.txt",
            note,
            None,
            "a plain file among the environments, which a listing passes over",
        ),
    ]


# What happens after the environments were made.


def _forget_package(making: _Making, name: str) -> None:
    """Remove a package from uv's cache, so that deleting its environment frees its bytes."""
    try:
        making.workshop.run_uv("cache", "clean", name, cwd=making.workshop.home)
    except UvError as error:
        making.lacks(f"a cache without {name}", error)


def _end(making: _Making, fate: Fate) -> None:
    """Delete or move the projects that have this fate, or delete their environments."""
    for project in PROJECTS:
        made = making.made.get(project.label)
        if made is None or made.project is None or project.fate is not fate:
            continue
        if fate is Fate.MOVED:
            target = making.workshop.home / project.to
            target.parent.mkdir(exist_ok=True)
            made.project.rename(target)
        elif fate is Fate.PRUNED:
            remove(made.path)
        else:
            remove(made.project)


def _look(making: _Making) -> None:
    """Let venvdash scan and remember the environments, as a user's first listing would."""
    shop = making.workshop
    machine = user_machine(shop.home, shop.variables)
    settings = config.load(Path(shop.variables["VENVDASH_CONFIG"]))
    session = Session(machine, settings)
    for _ in session.scan(usage=False):
        """Only what it remembers counts."""
    session.remember()
    for problem in session.problems:
        making.lacks("a first scan without problems", problem.message)


def _copy(making: _Making) -> None:
    """Copy an environment that venvdash knows: the copy carries the identity of the original."""
    blog = making.made.get("blog")
    if blog is None:
        return
    path = blog.path.with_name("blog-copy")
    shutil.copytree(blog.path, path, symlinks=True, copy_function=_copy_file)
    what = "a copy of blog, made with cp -a: it still says that it is the original"
    making.made["blog-copy"] = Made("blog-copy", path, Status.DUPLICATE, what, blog.project)


def _copy_file(source: str, target: str) -> None:
    """Copy a file without reading counting as use of the original."""
    with os.fdopen(open_quietly(source), "rb") as old, open(target, "wb") as new:
        shutil.copyfileobj(old, new)
    shutil.copystat(source, target)
