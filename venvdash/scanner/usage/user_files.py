"""Files in an environment that no package, installer, tool or venvdash created.

Found while a tree is measured: ``installed_files`` has the files of packages, the table below those
of tools that create environments and of others. Contents are not compared: a changed file of a
package is still the package's.

Sources of the table, read in the tools themselves and seen in environments that they made:
CPython 3.14 ``venv``, virtualenv 20 and 16, uv 0.13, pip 26, setuptools 80, pipx 1.18, tox 4, nox,
rye, pipenv, virtualenvwrapper 6, pyenv-virtualenv, PyPy, conda 26, pixi, JupyterLab 4, ipykernel 7.

Loaded by the child processes that measure: no imports beyond small C modules.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator

from venvdash.scanner.record_file import TooMuchError
from venvdash.scanner.usage.installed_files import Installed, installed

FEW = 8  # places that are listed
_NAMES = 1000  # unknown names that are kept of one directory
_SAMPLE = 4  # names that are checked to tell a folder of links from one of files
_LAUNCHER = 2048  # bytes of a script that starts a program; longer ones are the user's
_HOOK = 200  # bytes of a virtualenvwrapper hook that is unchanged

FILE, FOLDER, CHECKOUT, ENVIRONMENT = b"f", b"d", b"g", b"e"

# Programs recreate the content of these directories.
_CACHES = frozenset(
    {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints"}
)
# What file managers and file systems leave anywhere; parser tables of PLY, made when imported.
_ANYWHERE = re.compile(
    r"\.DS_Store|\._.*|Thumbs\.db|desktop\.ini|\.directory|\.nfs[0-9a-f]+|\.fuse_hidden[0-9a-f]+"
    r"|CACHEDIR\.TAG|.*\.py[co]|parsetab\.py|lextab\.py|yacctab\.py|parser\.out"
)
_AT_ROOT = re.compile(
    r"pyvenv\.cfg|\.lock|\.gitignore|\.project|\.Python|\.tox-(info\.json|config1)|file\.lock|rye-venv\.json"
    r"|pipx_metadata\.json|uv-receipt\.toml|pip-selfcheck\.json|\.nonadmin|\.messages\.txt"
    r"|venvdash\.toml|trash\.toml|rename\.toml|purge\.toml|\.venvdash-.*"
)
_BESIDE = re.compile(r"project\.json|trash\.toml|rename\.toml|purge\.toml")  # uvlink's, and ours
_PROGRAM = re.compile(
    r"(python|pypy|graalpy)(w|c)?[\d.]*t?(d|-config)?(\.exe)?|libpypy.*|.*\.(dll|dylib|pdb)"
    r"|activate(_this)?(\.\w+)?|deactivate(\.\w+)?|Activate\.ps1|pydoc[\d.]*(\.bat)?"
    r"|(pip|easy_install|wheel)[\d.-]*(\.exe)?|(idle|2to3)[\d.-]*|get_env_details"
)
_STANDARD = ("bin", "Scripts", "lib", "Lib", "include", "share", "etc", "src", "conda-meta")
_HOOKS = frozenset({"preactivate", "postactivate", "predeactivate", "postdeactivate"})
_IN_SITE = re.compile(
    r"_virtualenv\.(py|pth)|.*\.virtualenv|distutils-precedence\.pth|easy-install\.pth"
    r"|.*\.egg-link|pipx_shared\.pth|_uv_ephemeral_overlay\.pth|a1_coverage\.pth"
    r"|_virtualenv_path_extensions\.pth|.*-nspkg\.pth|setuptools\.pth|README(\.txt)?"
)
# Of virtualenv before 20, which copied a part of the standard library.
_IN_LIBRARY = re.compile(r"site\.py|orig-prefix\.txt|no-global-site-packages\.txt|libpython.*")
_WHOLE = (
    "conda-meta",
    "share/jupyter/kernels",  # `ipykernel install --sys-prefix`
    "share/jupyter/lab",  # `jupyter lab build`, and settings that it collects
    "share/jupyter/labextensions",
    "share/jupyter/nbextensions",
    "etc/jupyter/nbconfig",  # `jupyter … enable --sys-prefix` writes these
    "etc/jupyter/labconfig",
    "etc/jupyter/jupyter_server_config.d",
    "etc/jupyter/jupyter_notebook_config.d",
    "var/cache/fontconfig",  # conda packages, when they are linked
    "share/mime",
    "share/glib-2.0/schemas/gschemas.compiled",
    "share/applications/mimeinfo.cache",
    "share/icons/hicolor/icon-theme.cache",
    "share/info/dir",
)
_BY_HAND = frozenset({"conda-meta/pinned"})  # in one of these, but written by the user
_NODE = ("lib/node_modules", "include/node", "share/doc/node", "share/systemtap", "share/man/man1")


class UserFilesFound:
    """The number of the user's ``files``, their ``size`` in bytes, and the first ``places``.

    A place is a letter for its kind and a path. ``missing`` is the number of recorded files that
    do not exist.
    """

    __slots__ = ("files", "missing", "places", "size")

    def __init__(self) -> None:
        self.files = self.size = self.missing = 0
        self.places: list[bytes] = []


class _Folder:
    """A directory with unrecorded files; ``whole``: none of its files is recorded."""

    __slots__ = ("count", "names", "path", "size", "whole")

    def __init__(self, path: str, names: list[str], count: int, whole: bool, size: int) -> None:
        self.path, self.names, self.count = path, names, count
        self.whole, self.size = whole, size


class UserFileSearch:
    """Collects the directories of one tree as they are walked, and finds the user's files.

    The tree is an environment, or a directory around one that is deleted with it, as uvlink and
    uvctl have them; paths are relative to the environment then as well ("../notes").
    """

    def __init__(self, root: bytes, tick: Callable[[], None]) -> None:
        self._root = root
        self._tick = tick
        self._paths: list[bytes] = []  # of directories, with the names in each
        self._names: list[list[str]] = []
        self._bytes: list[int] = []
        self._sizes: dict[str, int] = {}  # by directory, relative to the environment
        self._complete = True
        self._familiar: list[str] = []  # directories with a recorded file
        self._seen: dict[str, int] = {}  # recorded files that are there, by list
        self._known_folders: set[str] = set()
        self._strange: list[_Folder] = []
        self._marks: dict[str, bytes] = {}  # directories that are checkouts or environments

    def directory(self, path: bytes | None, names: "list[str | bytes]", size: int) -> None:
        """Add one directory: the names of its files and their size in bytes.

        ``path`` is relative to the root, None if it is too long.
        """
        if path is None:
            self._complete &= not names
        elif not path.endswith(b"__pycache__"):
            self._paths.append(path)
            # On POSIX they are text already (mypy cannot know), and a call for each would be slow.
            texts = names if os.name == "posix" else list(map(os.fsdecode, names))
            self._names.append(texts)  # type: ignore[arg-type]  # list is invariant
            self._bytes.append(size)

    def _folders(self) -> dict[str, list[str]]:
        """Return the names of files by directory, relative to the environment in the tree.

        "../notes" lies beside it, where the tree is around it.
        """
        # All at once: a call for each would be slow.
        paths = os.fsdecode(b"\0".join(self._paths)).replace(os.sep, "/").split("\0")
        names = dict(zip(paths, self._names, strict=True))
        self._sizes = dict(zip(paths, self._bytes, strict=True))
        self._names = []
        if "pyvenv.cfg" in names[""] or "conda-meta" in names:
            return names
        environments = [at for at in names if "/" not in at and "pyvenv.cfg" in names[at]]
        if len(environments) != 1:
            return names
        (within,) = environments
        self._root = os.path.join(self._root, os.fsencode(within))
        inside = f"{within}/"

        def relative(path: str) -> str:
            if path == within or path.startswith(inside):
                return path[len(inside) :]
            return f"../{path}" if path else ".."

        self._sizes = {relative(at): size for at, size in self._sizes.items()}
        return {relative(at): files for at, files in names.items()}

    def _sort(self, known: Installed, folders: dict[str, list[str]]) -> None:
        """Compare the files of each directory with what is recorded; empties ``folders``."""
        # Nearly all directories lie in the first site-packages; no path begins with a NUL.
        site = known.sites[0] if known.sites and not known.conda else "\0"
        inside, recorded = f"{site}/", known.lists.get(site, set())
        while folders:  # each is freed when it was compared: there may be a million names
            at, names = folders.popitem()
            if not names:
                continue
            if at.startswith(inside):
                prefix = at[len(inside) :] + "/"
                if recorded.issuperset(map(prefix.__add__, names)):
                    self._seen[site] += len(names)
                    self._familiar.append(at)
                    continue
            self._tick()
            strange = self._compare(known, at, names)
            if len(strange) < len(names):
                self._familiar.append(at)
            if strange and at.rpartition("/")[2] not in _CACHES:
                self._keep(at, sorted(strange), len(strange) == len(names), self._sizes[at])

    def _compare(self, known: Installed, at: str, names: list[str]) -> set[str]:
        """Return the names of the unrecorded files in the directory ``at``."""
        site = next((s for s in known.sites if at == s or at.startswith(s + "/")), "")
        strange = set(names)
        for base in ("", site) if known.conda else (site, ""):
            inside = at[len(base) :].lstrip("/") if base else at
            prefix = f"{inside}/" if inside else ""
            paths = {prefix + name for name in strange}
            left = paths - known.lists[base]
            self._seen[base] += len(paths) - len(left)
            strange = {path[len(prefix) :] for path in left}
            if not strange or not site:
                break
        return strange

    def _keep(self, at: str, strange: list[str], whole: bool, size: int) -> None:
        if at and "pyvenv.cfg" in strange:
            self._marks[at] = ENVIRONMENT
        if at.endswith("/.git") and "HEAD" in strange:
            self._marks[at.removesuffix("/.git")] = CHECKOUT
        kept = strange[:_NAMES] if whole else strange
        self._strange.append(_Folder(at, kept, len(strange), whole, size))

    def result(self) -> UserFilesFound | None:
        """Return the user's files, None if unknown."""
        known = self._compared()
        if known is None:
            return None
        result, places = UserFilesFound(), dict[str, bytes]()
        for folder, own, more in self._own_folders(known):
            result.files += len(own) + more
            alone = folder.whole and (more or own == folder.names)
            result.size += (
                folder.size
                if alone
                else sum(self._size(os.path.join(folder.path, name)) for name in own)
            )
            for place, kind in self._places(folder, own):
                places.setdefault(place, kind)
        result.places = [
            kind + os.fsencode(place)
            for place, kind in sorted(places.items(), key=lambda item: (item[1] == FILE, item[0]))
        ][:FEW]
        result.missing = sum(self._gone(known, base) for base in known.lists)
        return result

    def own_files(self) -> "Iterator[tuple[str, list[str], int]] | None":
        """Return the directories that hold files of the user's, in place of ``result``.

        Each with its path relative to the environment, the names, and how many more there are
        whose names are not kept. None if unknown.
        """
        known = self._compared()
        if known is None:
            return None
        return ((folder.path, own, more) for folder, own, more in self._own_folders(known))

    def _compared(self) -> Installed | None:
        """Compare all directories with what is recorded, and return that; None if unknown."""
        if not self._complete:
            return None
        folders = self._folders()
        try:
            known = installed(self._root, folders, self._tick)
        except (OSError, TooMuchError):
            return None
        self._seen = dict.fromkeys(known.lists, 0)
        self._sort(known, folders)
        self._spread(known)
        return known

    def _own_folders(self, known: Installed) -> Iterator[tuple[_Folder, list[str], int]]:
        """Yield each directory with files of the user's: their names, and how many are not kept."""
        for folder in self._strange:
            self._tick()
            own = list(self._own(folder, known))
            more = folder.count - len(folder.names)
            if own or (more and not self._brought(folder.path, known)):
                yield folder, own, more

    def _spread(self, known: Installed) -> None:
        """Add the parents of directories with recorded files, and the standard directories."""
        known_ones = self._known_folders
        known_ones |= {"", ".."}
        for at in [*known.sites, *_STANDARD, *self._familiar]:
            while at and at not in known_ones:
                known_ones.add(at)
                at = at.rpartition("/")[0]

    def _own(self, folder: _Folder, known: Installed) -> Iterator[str]:
        """Yield the names in a directory that are the user's."""
        at = f"{folder.path}/" if folder.path else ""
        if self._brought(folder.path, known):
            yield from (name for name in folder.names if at + name in _BY_HAND)
            return
        names = [
            name
            for name in folder.names
            if at + name not in known.whole and not _ANYWHERE.fullmatch(name)
        ]
        own = folder.whole and folder.path not in self._known_folders
        # The user's own folder may be huge: not every file in it is looked at again.
        if own and not all(self._holds_nothing(at + name) for name in names[:_SAMPLE]):
            yield from names
            return
        for name in names:
            tool = self._of_a_tool(folder.path, name, known)
            if not tool and not self._holds_nothing(at + name):
                yield name

    def _brought(self, at: str, known: Installed) -> bool:
        """Return whether everything below a directory belongs to a known package or tool."""
        while at:
            if at in known.whole or at in _WHOLE or at.rpartition("/")[2] in _CACHES:
                return True
            if at in _NODE and self._exists("bin/node"):
                return True
            if at in ("log", "tmp", "dist") and self._of_a_test_runner(at):
                return True
            at = at.rpartition("/")[0]
        return False

    def _of_a_tool(self, at: str, name: str, known: Installed) -> bool:
        if not at:
            return bool(_AT_ROOT.fullmatch(name))
        if at == "..":
            return bool(_BESIDE.fullmatch(name))
        if at in ("bin", "Scripts"):
            if name in _HOOKS:
                return self._size(f"{at}/{name}") <= _HOOK
            return bool(_PROGRAM.fullmatch(name)) or self._launches(f"{at}/{name}")
        if at in known.sites:
            return bool(_IN_SITE.fullmatch(name))
        if at == "src":
            return name == "pip-delete-this-directory.txt"
        above = {site.rpartition("/")[0] for site in known.sites}
        return (at in above or at == "lib") and bool(_IN_LIBRARY.fullmatch(name))

    def _of_a_test_runner(self, at: str) -> bool:
        """Return whether a folder is one of tox's (all three) or nox's (``tmp``)."""
        runner = os.path.basename(os.path.dirname(os.fsdecode(self._root)))
        return self._exists(".tox-info.json") or (at == "tmp" and runner == ".nox")

    def _launches(self, path: str) -> bool:
        """Return whether a file starts a program of a package, as setuptools and pip write it."""
        try:
            if self._size(path) > _LAUNCHER:
                return False
            descriptor = os.open(self.where(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        except (OSError, AttributeError):
            return False
        try:
            text = os.read(descriptor, _LAUNCHER)
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return text.startswith(b"#!") and (b"EASY-INSTALL" in text or b"sys.exit(" in text)

    def _holds_nothing(self, path: str) -> bool:
        """Return whether a path is no regular file: a link, a socket, or missing."""
        try:
            return not stat.S_ISREG(os.lstat(self.where(path)).st_mode)
        except FileNotFoundError:
            return True
        except OSError:
            return False

    def _places(self, folder: _Folder, own: list[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the places of a directory's files: its outermost unknown parent, or each file."""
        at, top = folder.path, ""
        marked = [path for path in _upwards(at) if path in self._marks]
        if marked:
            yield marked[-1], self._marks[marked[-1]]
            return
        for path in _upwards(at):
            if path not in self._known_folders:
                top = path
        if top:
            yield top, FOLDER
            return
        for name in own:
            yield (f"{at}/{name}" if at else name), FILE

    def _gone(self, known: Installed, base: str) -> int:
        """Return how many files of a list are missing."""
        names = known.lists[base]
        if self._seen.get(base, 0) == len(names) or (known.conda and base):
            return 0
        prefix = f"{base}/" if base else ""
        return sum(not self._exists(prefix + name) for name in names)

    def where(self, path: str) -> bytes:
        """Return a path relative to the environment with the root before it."""
        return os.path.join(self._root, os.fsencode(path))

    def _exists(self, path: str) -> bool:
        return os.path.lexists(self.where(path))

    def _size(self, path: str) -> int:
        try:
            return os.lstat(self.where(path)).st_size
        except OSError:
            return 0


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]
