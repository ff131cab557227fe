"""Linking an environment of a store to a project: the request, and the edits that do it."""

from dataclasses import dataclass
from pathlib import Path

from venvdash.model import Edit, Environment
from venvdash.model.packaging import minor_version
from venvdash.stores.roots import Layout, Root
from venvdash.system.files import real


@dataclass(frozen=True, slots=True)
class Assignment:
    """The project that an environment of a store is being linked to.

    ``project`` is a directory (a script for script environments), links resolved, None to unlink;
    ``name`` is its name in pyproject.toml, "" if it has none. ``former`` are the projects that it
    no longer belongs to. If ``shared``, it still belongs to others, and files that name those stay.
    ``entry`` and ``prefix`` are its future paths, ``roots`` the store's directories as it declares
    them. Unless ``writes``, no file in the project may be written.
    """

    environment: Environment
    entry: Path
    prefix: Path
    roots: tuple[Root, ...] = ()
    project: Path | None = None
    name: str = ""
    former: tuple[Path, ...] = ()
    shared: bool = False
    writes: bool = True

    @property
    def minor(self) -> str:
        """The environment's Python as "3.12", "" if unknown."""
        return minor_version(self.environment.python)

    @property
    def root(self) -> Root | None:
        """The store's root that the environment lies below; None if it is another store's."""
        place = self.environment.root
        return next((root for root in self.roots if place in (root.path, real(root.path))), None)


@dataclass(frozen=True, slots=True)
class LinkEdits:
    """The edits that make a tool find an environment for a project.

    ``lock`` is the file that the tool locks while it changes those of ``edits``. ``notes`` are
    sentences on what stays as it is.
    """

    edits: tuple[Edit, ...] = ()
    lock: Path | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outside:
    """How a project keeps an environment outside so that its tool goes on using it.

    A link in the place of the directory leads to it, wherever it lies. With ``folder`` there is no
    link: the tool finds it there, under the name that ``expected_entry`` returns. ``refusal``: why
    the tool would undo either, a sentence that names the setting; "" if it would not.
    """

    folder: Path | None = None
    refusal: str = ""


def mirrored(wanted: Assignment, *name: str) -> Path | None:
    """Return the project's path as a mirrored store has it, with ``name`` below that.

    None for a project outside the tree that is mirrored.
    """
    root, project = wanted.root, wanted.project
    base = real(root.base) if root and root.base else None
    if root is None or root.layout is not Layout.MIRRORED or base is None or project is None:
        return None
    if not project.is_relative_to(base):
        return None
    return wanted.environment.root.joinpath(*project.relative_to(base).parts, *name)
