"""The files of an environment that may name the place where it lies.

The first lines of programs, activation scripts, pyvenv.cfg; and where a source tree or a kernel
lies in the environment itself, ``.pth`` files, ``direct_url.json`` and kernels; links anywhere.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from venvdash.actions.prefix.path_rewrite import PathRewrite
from venvdash.system.atomic import PREFIX
from venvdash.system.directory import Directory
from venvdash.system.files import UnreadableError
from venvdash.system.walk import symlinks

LIMIT = 8 * 1024 * 1024  # bytes; what is larger is no script
BIN = ("bin", "Scripts")
CFG = "pyvenv.cfg"
_LIBRARIES = ("python", "pypy", "graalpy")
_KERNELS = ("share", "jupyter", "kernels")


@dataclass(frozen=True, slots=True)
class File:
    """A file or link that may name the environment's path; ``content`` None: it is no text."""

    path: Path
    folder: tuple[str, ...]
    name: str
    status: os.stat_result
    content: bytes | None

    def respelt(self, respelling: PathRewrite) -> bytes | None:
        """Return what it should hold."""
        if self.content is None or stat.S_ISLNK(self.status.st_mode):
            return None if self.content is None else respelling.link(self.content)
        if not self.folder:
            return respelling.cfg(self.content)
        if self.folder[0] not in BIN:
            return respelling.data(self.content)
        content = respelling.shebang(self.content)
        if b"\0" in content:  # a zip file that can be run
            return content
        activates = self.name.removeprefix("de").startswith("activate")
        return respelling.script(content, activates=activates)


def named_files(directory: Directory) -> Iterator[File]:
    """Yield every file and link that may hold the environment's path."""
    seen = set()
    for file in _known_files(directory):
        seen.add((file.folder, file.name))
        yield file
    yield from (file for file in links(directory) if (file.folder, file.name) not in seen)


def links(directory: Directory) -> Iterator[File]:
    """Yield the symbolic links, wherever they lie."""
    for folder, name in symlinks(os.fsencode(directory.path)):
        yield from of_folder(directory, folder, name)


def _known_files(directory: Directory) -> Iterator[File]:
    yield from of_folder(directory, (), CFG, "lib64")
    for folder in BIN:
        yield from of_folder(directory, (folder,))
    for site in sites(directory):
        for name in names(directory, site):
            if name.endswith((".pth", ".egg-link")) or name.startswith("__editable__"):
                yield from of_folder(directory, site, name)
            elif name.endswith(".dist-info"):
                yield from of_folder(directory, (*site, name), "direct_url.json")
    for kernel in names(directory, _KERNELS):
        yield from of_folder(directory, (*_KERNELS, kernel), "kernel.json")


def sites(directory: Directory) -> Iterator[tuple[str, ...]]:
    """Yield where packages lie, there or not."""
    for library in names(directory, ("lib",)):
        if library.startswith(_LIBRARIES):
            yield "lib", library, "site-packages"
    yield "Lib", "site-packages"


def of_folder(directory: Directory, folder: tuple[str, ...], *names: str) -> Iterator[File]:
    """Yield the regular files and links in a folder, all or those called ``names``."""
    with suppress(FileNotFoundError, NotADirectoryError), inside(directory, folder) as opened:
        for name in sorted(names or opened.names()):
            if name.startswith(PREFIX):
                continue
            with suppress(FileNotFoundError):
                status = opened.look(name)
                path = directory.path.joinpath(*folder, name)
                if stat.S_ISLNK(status.st_mode):
                    yield File(path, folder, name, status, os.fsencode(opened.link_text(name)))
                elif stat.S_ISREG(status.st_mode):
                    yield File(path, folder, name, status, content_of(opened, name, status))


def content_of(opened: Directory, name: str, status: os.stat_result) -> bytes | None:
    """Return a text, or any program that begins with a shebang. Raises OSError."""
    if status.st_size > LIMIT:
        return None
    try:
        content = opened.read(name, LIMIT)
    except UnreadableError as error:
        raise OSError(errno.EIO, str(error), str(opened.path / name)) from error
    return content if content.startswith(b"#!") or b"\0" not in content else None


def names(directory: Directory, folder: tuple[str, ...]) -> list[str]:
    """Return what lies in a folder, nothing where there is no such folder. Raises OSError."""
    with suppress(FileNotFoundError, NotADirectoryError), inside(directory, folder) as opened:
        return sorted(opened.names())
    return []


@contextmanager
def inside(directory: Directory, folder: tuple[str, ...]) -> Iterator[Directory]:
    """Open a folder below an open directory, following no link. Raises OSError."""
    with ExitStack() as stack:
        for name in folder:
            directory = stack.enter_context(directory.open(name))
        yield directory
