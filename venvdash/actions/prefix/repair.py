"""Making an environment that lies at another place than it was made for name its own place.

What holds an absolute path: the first lines of the programs in ``bin``, the activation scripts,
``command`` in pyvenv.cfg, links into itself, and, where a source tree or a kernel lies in the
environment itself, ``.pth`` files, ``direct_url.json`` and kernels. One made with
``uv venv --relocatable`` holds none but links of its user's. Files are replaced, never written in
place: uv and ``cp -l`` give them other names elsewhere. Running it again after an interruption
ends the work.
"""

import base64
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from venvdash.actions.prefix.path_files import (
    BIN,
    CFG,
    LIMIT,
    File,
    content_of,
    inside,
    links,
    named_files,
    names,
    of_folder,
    sites,
)
from venvdash.actions.prefix.path_rewrite import PathRewrite
from venvdash.scanner.discovery.inspection import named_place
from venvdash.stores.pyvenv_cfg import parse_cfg
from venvdash.system.atomic import PREFIX
from venvdash.system.directory import Directory, dress_like
from venvdash.system.files import UnreadableError
from venvdash.text import visible

_FORBIDDEN = frozenset("'\"$`\\!")  # some activation script or shebang cannot hold these
_ROOM = 512  # bytes of a path that lies below the environment
_COMPONENT = 255  # bytes of a name
_LIBRARY = ("lib", "Lib")
_TEMPORARY = PREFIX + "repair"
_RECORD = "RECORD"


class RepairError(Exception):
    """An environment cannot be made right at its new place; the text is a sentence."""


def refusal(new: Path) -> str:
    """Return why no environment can work at ``new``, whose directory need not exist; "" for none.

    Whether something is there already is not asked.
    """
    text = os.fspath(new)
    if bad := sorted(_FORBIDDEN & set(text)):
        return f"A path that contains {bad[0]} cannot be used in every activation script."
    if os.pathsep in text.removeprefix(new.drive):
        return f"A path that contains {os.pathsep} cannot be added to PATH."
    if visible(text, len(text)) != text:
        return "Its path would contain characters that cannot be displayed or are not UTF-8."
    longest = _longest_path() - _ROOM
    if len(os.fsencode(new)) > longest or any(
        len(os.fsencode(part)) > _COMPONENT for part in new.parts
    ):
        return "Its path would be too long for this system."
    return ""


def _longest_path() -> int:
    try:
        return os.pathconf("/", "PC_PATH_MAX")
    except (AttributeError, OSError, ValueError):
        return 4096


@dataclass(frozen=True, slots=True)
class _Change:
    """One file, or link, to be replaced: where it lies in the prefix, and what it holds."""

    folder: tuple[str, ...]
    name: str
    before: bytes
    after: bytes
    status: os.stat_result


@dataclass(frozen=True, slots=True)
class Repair:
    """What has to be replaced so that the environment at ``prefix`` names ``new``, worked out.

    ``left`` are the files that will still name ``old``. ``apply`` and ``undo`` raise OSError; what
    one of them has begun, the other ends as well.
    """

    prefix: Path
    changes: tuple[_Change, ...] = ()
    left: tuple[Path, ...] = ()

    @classmethod
    def plan(cls, prefix: Path, old: Sequence[Path], new: Path) -> "Repair":
        """Read the environment at ``prefix``; changes nothing. Raises OSError and RepairError.

        ``old`` are all the places that it names as its own: see ``own_names``.
        """
        # A tool that created it through a link at ``new`` has written that path already.
        respelling = PathRewrite([place for place in old if place != new], new)
        changes, left = [], []
        with Directory(prefix) as directory:
            if _relocatable(directory):
                files = links(directory)
            else:
                _no_trampolines(directory)
                _no_links(directory)
                files = named_files(directory)
            for file in files:
                before, after = file.content, file.respelt(respelling)
                if before is not None and after is not None and after != before:
                    changes.append(_Change(file.folder, file.name, before, after, file.status))
                if _names_old(respelling, file, after):
                    left.append(file.path)
            records = list(_records(directory, changes)) if changes else []
        # Records first: a program that still names the old place is done again, its record too.
        return cls(prefix, (*records, *changes), tuple(left))

    def at(self, prefix: Path) -> "Repair":
        """Return the same for the environment when it lies at ``prefix``."""
        return replace(self, prefix=prefix)

    def not_undone_by(self, way_back: PathRewrite) -> Iterator[tuple[Path, bytes, bytes]]:
        """Yield the files that would not be as they are now once they were repaired back.

        Such as those that name a link through which it was made. Each with what it would hold
        then, and what it holds now; the paths are below ``prefix``.
        """
        turned = []
        for change in self.changes:
            path = self.prefix.joinpath(*change.folder, change.name)
            file = File(path, change.folder, change.name, change.status, change.after)
            back = file.respelt(way_back)
            if change.name != _RECORD and back is not None:
                turned.append(replace(change, before=change.after, after=back))
        for change in self.changes:
            place = (change.folder, change.name)
            back = next((one.after for one in turned if (one.folder, one.name) == place), None)
            if change.name == _RECORD:
                back = _rehashed(change.after, change.folder, turned)
            if back is not None and back != change.before:
                yield self.prefix.joinpath(*change.folder, change.name), back, change.before

    def apply(self) -> int:
        """Replace all of them; return how many."""
        with Directory(self.prefix) as directory:
            for change in self.changes:
                _put(directory, change, change.after)
        return len(self.changes)

    def undo(self) -> None:
        """Put back what was there; on a full disk nothing is written that is there already."""
        with Directory(self.prefix) as directory:
            for change in reversed(self.changes):
                if _present(directory, change) != change.before:
                    _put(directory, change, change.before)


def repair(prefix: Path, old: Path, new: Path) -> int:
    """Make the environment that lies at ``prefix`` name ``new`` where it names ``old``.

    Returns how many files were replaced. Modes and times are kept, and the hashes that RECORD
    files hold of the programs follow. What cannot be rewritten stays: see ``leftovers``. Raises
    OSError, and RepairError where nothing can be made right.
    """
    return Repair.plan(prefix, [old], new).apply()


def leftovers(prefix: Path, old: Path, new: Path | None = None) -> tuple[Path, ...]:
    """Return the files of the environment at ``prefix`` that name ``old``. Raises OSError.

    ``new`` (else ``prefix``) is the place that they may name, even if it begins as ``old`` does.
    """
    respelling = PathRewrite([old], new or prefix)
    with Directory(prefix) as directory:
        files = named_files(directory)
        return tuple(file.path for file in files if _names_old(respelling, file, file.content))


def sources(prefix: Path, old: Path, new: Path) -> Iterator[tuple[Path, bytes, bytes]]:
    """Yield the files of editable installs that name the source tree ``old``.

    Each with what it holds and what it would hold to name ``new``; RECORD files, whose hashes
    follow, come last. Files that also name the environment itself are left out. Raises OSError.
    """
    respelling, own = PathRewrite([old], new), PathRewrite([prefix], prefix)
    changes = []
    with Directory(prefix) as directory:
        for file in named_files(directory):
            inside = file.folder and file.folder[0] in _LIBRARY
            if not inside or file.content is None or stat.S_ISLNK(file.status.st_mode):
                continue
            after = respelling.data(file.content)
            if after != file.content and not own.names_old(file.content):
                changes.append(_Change(file.folder, file.name, file.content, after, file.status))
        changes += list(_records(directory, changes))
    for change in changes:
        yield prefix.joinpath(*change.folder, change.name), change.before, change.after


def own_names(prefix: Path) -> tuple[Path, ...]:
    """Return the places that the environment at ``prefix`` takes for its own, ``prefix`` first.

    There is another where it was made through a link, or was moved or copied by hand. Raises
    OSError.
    """
    with Directory(prefix) as directory:
        scripts = [file for bin_ in BIN for file in of_folder(directory, (bin_,), "activate")]
    texts = [os.fsdecode(file.content) for file in scripts if file.content is not None]
    places = [place for text in texts if (place := named_place(text))]
    # A directory that is no environment cannot have been its place.
    others = [
        place
        for place in places[:1]
        if place != prefix and (os.path.lexists(place / CFG) or not os.path.lexists(place))
    ]
    return (prefix, *others)


def _names_old(respelling: PathRewrite, file: File, content: bytes | None) -> bool:
    if content is None:
        return respelling.found_in(file.path)
    return respelling.names_old(content)


def _relocatable(directory: Directory) -> bool:
    try:
        text = directory.read(CFG, LIMIT).decode("utf-8", "surrogateescape")
    except (FileNotFoundError, UnreadableError):
        return False
    return parse_cfg(text).get("relocatable", "").lower() == "true"


def _no_trampolines(directory: Directory) -> None:
    """Raise RepairError where programs are executables with the path of their Python built in."""
    with suppress(OSError), directory.open("Scripts") as scripts:
        names = [name.lower() for name in scripts.names()]
        if any(name.endswith(".exe") and not name.startswith("python") for name in names):
            raise RepairError(
                "Its programs (.exe) contain its path, which cannot be rewritten: recreate "
                "the environment in the new location."
            )


def _no_links(directory: Directory) -> None:
    """Raise RepairError where what would have to be rewritten lies behind a link: it is left."""
    places = [directory.path / name for name in (*BIN, *_LIBRARY)]
    known = [os.path.realpath(directory.path) + os.sep + place.name for place in places]
    for place in places:
        if place.is_symlink() and os.path.realpath(place) not in known:
            raise RepairError(
                f"Its {place.name} is a link to another directory, which venvdash does not change."
            )


def _records(directory: Directory, changes: Sequence[_Change]) -> Iterator[_Change]:
    """Yield the RECORD files that hold a hash of a file that changes, with the new one.

    A file that was not as recorded stays so. Lines as pip and uv write them, relative to
    site-packages: ``../../../bin/NAME,sha256=HASH,SIZE``.
    """
    for site in sites(directory):
        for info in names(directory, site):
            if not info.endswith(".dist-info"):
                continue
            for file in of_folder(directory, (*site, info), _RECORD):
                if file.content is None:
                    continue
                after = _rehashed(file.content, file.folder, changes)
                if after != file.content:
                    yield _Change(file.folder, file.name, file.content, after, file.status)


def _rehashed(record: bytes, folder: tuple[str, ...], changes: Sequence[_Change]) -> bytes:
    """Return the text of a RECORD that lies in ``folder``, with the hashes of what changes."""
    site = folder[:-1]
    recorded = {_recorded(change, site): change for change in changes if change.folder}
    return b"\n".join(_hashed(line, recorded) for line in record.split(b"\n"))


def _recorded(change: _Change, site: tuple[str, ...]) -> bytes:
    """Return what a file is called in the RECORDs of a site-packages."""
    if change.folder[: len(site)] == site:
        return "/".join((*change.folder[len(site) :], change.name)).encode()
    return b"../" * len(site) + "/".join((*change.folder, change.name)).encode()


def _hashed(line: bytes, recorded: Mapping[bytes, _Change]) -> bytes:
    name, _, rest = line.partition(b",")
    change = recorded.get(name)
    end = b"\r" if rest.endswith(b"\r") else b""
    if change is None or rest.removesuffix(b"\r") != _entry(change.before):
        return line
    return name + b"," + _entry(change.after) + end


def _entry(content: bytes) -> bytes:
    """Return hash and size as a RECORD holds them (PEP 376, PEP 427)."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
    return b"sha256=" + digest + b",%d" % len(content)


def _present(directory: Directory, change: _Change) -> bytes | None:
    with inside(directory, change.folder) as opened:
        if stat.S_ISLNK(change.status.st_mode):
            return os.fsencode(opened.link_text(change.name))
        return content_of(opened, change.name, change.status)


def _put(directory: Directory, change: _Change, content: bytes) -> None:
    """Replace a file or link by one that holds ``content``, with the mode and times of the old."""
    with inside(directory, change.folder) as opened:
        if not stat.S_ISLNK(change.status.st_mode):
            opened.write(change.name, content, _TEMPORARY, prepare=dress_like(change.status))
            return
        with suppress(FileNotFoundError):
            opened.unlink(_TEMPORARY)
        opened.make_link(_TEMPORARY, os.fsdecode(content))
        opened.replace(_TEMPORARY, change.name)
