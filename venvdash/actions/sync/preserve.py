"""Files of tools and users in an environment, saved before uv recreates it and restored after.

uv deletes every file in an environment that it replaces: virtualenvwrapper's and pipenv's
``.project``, the hooks that run when it is activated, our own sidecar. They are copied to our
state first, so that even a crash in between loses none.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from venvdash.stores.config_files import json_object
from venvdash.system import locks, responsiveness
from venvdash.system.atomic import write_atomically
from venvdash.system.codec import TEXT, Codec, checked, integer, several
from venvdash.system.files import UnreadableError, own_uid, read_regular
from venvdash.system.state_files import StateFolder
from venvdash.text import because, visible

_FOLDER = "replacing"  # in our state
_WAIT = 5.0  # seconds that a recovery may take
_LIMIT = 64 * 1024  # bytes of one file
_MOST = 64  # files
_BUNDLE = 8 * 1024 * 1024  # bytes of all of them, encoded
_FOLDERS = ("", "bin", "Scripts")
# What every maker of environments writes; with uv's and virtualenv's markers.
_MADE = frozenset(
    {"pyvenv.cfg", ".lock", ".gitignore", "CACHEDIR.TAG"}
    | {"bin", "lib", "lib64", "include", "share", "etc", "man", "Scripts", "Lib", "Include"}
)
_HOOKS = frozenset(
    {"preactivate", "postactivate", "predeactivate", "postdeactivate", "get_env_details"}
)
# What the system says of what is not there, or is no regular file.
_NONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO})


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file: its path inside the environment, permissions and content."""

    path: str
    mode: int
    content: bytes


@dataclass(frozen=True, slots=True)
class SavedFiles:
    """The files that are kept of an environment."""

    prefix: Path
    files: tuple[SavedFile, ...]

    @classmethod
    def of(cls, prefix: Path) -> "SavedFiles":
        """Read them: small regular files in its root, and hooks beside its programs.

        Raises OSError where the disk fails, or one may not be read: uv would delete it all the
        same.
        """
        return cls(prefix, tuple(_read(prefix)))

    def missing(self) -> list[str]:
        """Return which of them are not there, as paths inside."""
        return [one.path for one in self.files if not os.path.lexists(self.prefix / one.path)]

    def put_back(self) -> list[str]:
        """Write again what is missing; return sentences on what could not be."""
        problems = []
        for file in self.files:
            place = self.prefix / file.path
            if os.path.lexists(place):
                continue
            try:
                write_atomically(place.parent, place.name, file.content, mode=file.mode)
                os.chmod(place, file.mode)  # the umask has taken from it
            except (OSError, ValueError) as error:
                problems.append(f"Cannot restore {visible(file.path)}: {because(error).lower()}.")
        return problems


@contextmanager
def saved_files(prefix: Path, state: Path | None) -> Iterator[SavedFiles]:
    """Keep an environment's files, and a copy of them in ``state`` until the block ends.

    Each caller has a copy of its own: who begins while uv has already deleted the files for
    another one would keep fewer, and may be the one that ends well.
    With ``state`` None they are kept in memory only. Raises OSError where they cannot be read, or
    the copy cannot be written.
    """
    files = SavedFiles.of(prefix)
    if state is None or not files.files:
        yield files
        return
    import hashlib

    folder = StateFolder(state, _FOLDER)
    place = hashlib.blake2b(os.fsencode(prefix), digest_size=16).hexdigest()
    name = f"{place}-{os.urandom(8).hex()}.json"
    with locks.lock_directory(folder.create(), shared=True, wait=_WAIT):
        folder.write(name, _written(files))
        try:
            yield files
        finally:
            # Else it waits for the environment to be made again, or for the disk to work again.
            if _at_rest(prefix) and not files.missing():
                with suppress(OSError):  # the next start does
                    folder.remove(name)


def recover(state: Path) -> list[str]:
    """Put back what a killed sync kept, and return a sentence for each environment.

    What belongs to an environment that is not there, or that uv works in, waits.
    """
    folder, sentences = StateFolder(state, _FOLDER), []
    try:
        if not folder.names():  # as a rule; every listing asks
            return []
        with locks.lock_directory(folder.path) as lock:
            if lock.busy:
                return []
            for name in folder.names():
                files = _reread(folder, name)
                if files is None or not responsiveness.responds(files.prefix.parent):
                    continue
                if _at_rest(files.prefix):
                    sentences += _recovered(files)
                    if not files.missing():
                        folder.remove(name)
    except OSError:  # there is nothing, or no way to it now
        pass
    return sentences


def _recovered(files: SavedFiles) -> list[str]:
    gone = files.missing()
    if not gone:
        return []
    problems = files.put_back()
    back = ", ".join(visible(name) for name in gone if name not in files.missing())
    clauses = [f"{visible(files.prefix)}: a sync was interrupted"]
    clauses += [f"restored {back}"] if back else []
    return [". ".join(["; ".join(clauses), *problems])]


def _at_rest(prefix: Path) -> bool:
    """Return whether an environment exists, belongs to the user, and is not in use."""
    try:
        if own_uid() not in (None, os.stat(prefix).st_uid):
            return False
        return os.path.isfile(prefix / "pyvenv.cfg") and not locks.environment_locked(prefix)
    except OSError:
        return False


def _written(files: SavedFiles) -> bytes:
    import json

    return json.dumps(_CODEC.write(files)).encode()


def _reread(folder: StateFolder, name: str) -> SavedFiles | None:
    try:
        return _CODEC.read(json_object(folder.read(name, _BUNDLE).decode(), _BUNDLE))
    except (ValueError, UnreadableError):
        return None


def _plain(inside: str) -> bool:
    folder, name = os.path.split(inside)
    return folder in _FOLDERS and name not in ("", ".", "..")


_FILE = Codec(SavedFile, path=checked(TEXT, _plain, "a file that is kept"), mode=integer(0, 0o777))
_CODEC = Codec(SavedFiles, files=several(_FILE.kind))


def unsaved_names(prefix: Path) -> list[str]:
    """Return what else lies in an environment's root that uv would delete with it, by name.

    Raises OSError.
    """
    kept = {file.path for file in _read(prefix)}
    return sorted(name for name in os.listdir(prefix) if name not in _MADE | kept)


def _read(prefix: Path) -> Iterator[SavedFile]:
    count = 0
    for inside in _names(prefix):
        try:
            mode = os.lstat(prefix / inside).st_mode & 0o777
            yield SavedFile(inside, mode, read_regular(prefix / inside, _LIMIT))
        except (OSError, UnreadableError) as error:
            failed = error if isinstance(error, OSError) else error.__cause__
            if isinstance(failed, OSError) and failed.errno not in _NONE:
                raise failed from None
            continue  # a link, a folder, too large: ``unsaved_names`` tells of it
        count += 1
        if count == _MOST:
            return


def _names(prefix: Path) -> Iterator[str]:
    for folder in _FOLDERS:
        try:
            names = sorted(os.listdir(prefix / folder))
        except OSError as error:
            if error.errno not in _NONE:
                raise
            continue
        for name in names:
            if name in _HOOKS if folder else name not in _MADE:
                yield os.path.join(folder, name)
