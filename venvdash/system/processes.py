"""Which processes use a directory, as far as the system shows it.

Evidence of use is reliable, its absence is not: an idle shell in which an environment was
activated, a program under another name or another user's process shows nothing. So messages say "no
use seen", never "unused".
"""

import os
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from venvdash.system.containing_directories import ContainingDirectories, containing
from venvdash.system.mounts import Mounts
from venvdash.system.pid_listing import YOUNG, PidListing

if TYPE_CHECKING:
    from pathlib import Path

    import psutil

_ACTIVATING = ("VIRTUAL_ENV", "CONDA_PREFIX")
_ACTIVATING_BYTES = tuple(name.encode() + b"=" for name in _ACTIVATING)
_KERNEL_THREAD = 0x00200000  # PF_KTHREAD in the flags of /proc/PID/stat
_ARGUMENTS = 1000  # read of one process, at most; `rm` may have 100,000
_PATH_MAX = 4096
_DELETED = " (deleted)"  # what Linux adds to the path of something that was unlinked

T = TypeVar("T")
K = TypeVar("K")


class UseEvidence(StrEnum):
    """How a process uses a directory, the best first; the text follows "pid 12 (python)"."""

    RUNS = "runs a program in it"
    NAMES = "has a file from it on its command line"
    LOADED = "has loaded a file from it"
    ACTIVATED = "was started with it activated"
    STANDS = "has its working directory in it"


class ProcessUse(NamedTuple):
    """One process that uses a directory; ``name`` is raw, make it ``visible`` before showing."""

    pid: int
    name: str
    how: UseEvidence


class ProcessUses(NamedTuple):
    """The uses of directories that one pass over all processes showed.

    ``uses`` has every requested path with its users (empty: no use seen). ``unreadable`` is the
    number of processes that could not be read completely: another user's.
    """

    uses: "Mapping[Path, tuple[ProcessUse, ...]]" = MappingProxyType({})
    unreadable: int = 0


class _Process:
    """What was read of one process; ``hidden``: something of it is not readable."""

    def __init__(self, pid: int, parent: int = 0, name: str = "") -> None:
        self.pid, self.parent, self.name = pid, parent, name
        self.program = self.cwd = ""
        self.arguments: Sequence[str] = ()
        self.loaded: Collection[str] = ()
        self.activated: Sequence[str] = ()
        self.hidden = False


_Reader = Callable[[Iterable[int]], Iterator[_Process]]


def users(paths: "Sequence[Path]") -> ProcessUses:
    """Read every process once and return which ones use the directories ``paths`` (absolute).

    Evidence is the executable, the command line, files mapped into memory, ``VIRTUAL_ENV`` and
    ``CONDA_PREFIX`` at the start, and the working directory. This process counts only for what it
    was started with: activated here means activated in the shell that started it. Never raises;
    accesses no network mount except those of ``paths``.
    """
    return ProcessWatch(paths).uses


def used(directories: Mapping[str, Sequence[K]]) -> set[K]:
    """Return which directories processes use, as ``users`` finds it, on Linux.

    ``directories`` are the paths of each, those with links and those without.
    """
    inside = ContainingDirectories(directories, Mounts.read(), ())
    running = {process.pid: process for process in _on_linux(PidListing().current(), inside.common)}
    ours = _ourselves(running)
    ours |= {process.pid for process in running.values() if _is_venvdash(process)}
    return {one for process in running.values() for one in _uses(process, inside, ours)}


class ProcessWatch:
    """One look at all processes, as ``users``, to which those are added that start later.

    What an older process begins to use is seen only by a new look. One thread at a time.
    """

    def __init__(self, paths: "Sequence[Path]", read: _Reader | None = None) -> None:
        self._inside = containing(paths)
        on_linux = partial(_on_linux, within=self._inside.common)
        self._read = read or (on_linux if sys.platform == "linux" else _by_psutil)
        self._found: dict[Path, dict[int, ProcessUse]] = {path: {} for path in paths}
        self._listing = PidListing()
        self._pids = self._listing.current()
        self._since = dict.fromkeys(self._pids, 0.0)  # when each was first seen
        running = {process.pid: process for process in self._read(self._pids)}
        self._ours = _ourselves(running)
        self._unreadable = sum(process.hidden for process in running.values())
        self._note(running.values())

    @property
    def uses(self) -> ProcessUses:
        """The uses of all paths."""
        uses_by_path = {path: tuple(uses.values()) for path, uses in self._found.items()}
        return ProcessUses(uses_by_path, self._unreadable)

    def users(self, path: "Path") -> tuple[ProcessUse, ...]:
        """Return who uses one of the paths, also if it has started since the look."""
        now, pids = time.monotonic(), self._listing.current()
        if pids is not self._pids:
            self._pids = pids
            self._since = {pid: self._since.get(pid, now) for pid in pids}
        # One that was just forked may be about to run another program.
        young = [pid for pid, since in self._since.items() if now - since < YOUNG]
        self._note(self._read(young))
        return tuple(self._found[path].values())

    def _note(self, processes: "Iterable[_Process]") -> None:
        for process in processes:
            if _is_venvdash(process):
                self._ours.add(process.pid)
            for path, how in _uses(process, self._inside, self._ours).items():
                self._found[path][process.pid] = ProcessUse(process.pid, process.name, how)


def _uses(
    process: _Process, inside: "ContainingDirectories[K]", ours: Collection[int]
) -> Mapping[K, UseEvidence]:
    """Return the directories that the process uses, each with the best evidence."""
    evidence: dict[K, UseEvidence] = {}

    def note(how: UseEvidence, paths: Iterable[K]) -> None:
        for path in paths:
            evidence.setdefault(path, how)

    if process.pid != os.getpid():
        note(UseEvidence.RUNS, inside.truly(process.program))
        for path in _paths(process, process.arguments[:1]):
            note(UseEvidence.RUNS, inside.named(path))
        if process.pid not in ours:
            for path in _paths(process, process.arguments[1:]):
                note(UseEvidence.NAMES, inside.named(path))
        for path in process.loaded:
            note(UseEvidence.LOADED, inside.truly(path))
    for path in process.activated:
        note(UseEvidence.ACTIVATED, inside.named(path))
    if process.pid != os.getpid():
        note(UseEvidence.STANDS, inside.truly(process.cwd))
    return evidence


def _ourselves(running: Mapping[int, _Process]) -> set[int]:
    """Return this process and those that started it.

    Their arguments may name an environment as arguments of venvdash: ``sudo venvdash delete PATH``
    does not use PATH.
    """
    pids = set()
    above: int = os.getpid()
    while above and above not in pids:
        pids.add(above)
        above = running[above].parent if above in running else 0
    return pids


def _is_venvdash(process: _Process) -> bool:
    """Return whether it is another venvdash, which does not use what its arguments name either."""
    names = {os.path.basename(argument) for argument in process.arguments[:8]}
    return not names.isdisjoint({"venvdash", "venvdash.exe"})


def _paths(process: _Process, arguments: Iterable[str]) -> Iterator[str]:
    """Yield the absolute paths in arguments, also after the = of an option."""
    for argument in islice(arguments, _ARGUMENTS):
        for text in {argument, argument.partition("=")[2]}:
            if os.sep not in text or "://" in text or len(text) > _PATH_MAX:
                continue
            if os.path.isabs(text):
                yield text
            elif process.cwd:
                yield os.path.join(process.cwd, text)


def _on_linux(pids: Iterable[int], within: str = "") -> Iterator[_Process]:
    """Read /proc (proc(5)); of mapped files only those whose path begins so.

    psutil reads the mapped files from ``smaps``, for which the kernel counts every page, and may
    access a program's file, which hangs on a dead mount.
    """
    needle = b" " + os.fsencode(within).replace(b"\n", b"\\012")
    for pid in pids:
        with suppress(OSError, ValueError, IndexError):  # it has ended
            process = _read(pid, f"/proc/{pid}/", needle)
            if process is not None:
                yield process


def _read(pid: int, folder: str, needle: bytes) -> _Process | None:
    """Return the process; None for a kernel thread or a zombie."""
    head, _, rest = _content(folder + "stat").rpartition(b")")
    state, parent, _, _, _, _, flags, *_ = rest.split()
    if int(flags) & _KERNEL_THREAD or state in (b"Z", b"X"):
        return None
    process = _Process(pid, int(parent), os.fsdecode(head.partition(b"(")[2]))
    process.arguments = _strings(_content(folder + "cmdline"))
    try:
        process.program = os.readlink(folder + "exe").removesuffix(_DELETED)
        process.cwd = os.readlink(folder + "cwd").removesuffix(_DELETED)
        process.loaded = _mapped(_content(folder + "maps"), needle)
        environ = _content(folder + "environ")
        if any(name in environ for name in _ACTIVATING_BYTES):
            variables = (text.partition("=") for text in _strings(environ))
            process.activated = _activating((name, value) for name, _, value in variables)
    except PermissionError:
        process.hidden = True
    return process


def _content(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.readall()


def _strings(data: bytes) -> list[str]:
    return [os.fsdecode(part) for part in data.split(b"\0")]


def _activating(variables: Iterable[tuple[str, str]]) -> list[str]:
    return [value for name, value in variables if name in _ACTIVATING and value]


def _mapped(maps: bytes, needle: bytes) -> set[str]:
    """Return the files in /proc/PID/maps; a newline in a name is written as an octal escape.

    ``needle`` is a space, and how their paths begin.
    """
    if needle not in maps:
        return set()
    # Before the path are an address, permissions and numbers: nothing with " /" in it.
    paths = {
        line[at + 1 :]
        for line in maps.split(b"\n")
        if (at := line.find(b" /")) >= 0 and line.startswith(needle, at)
    }
    return {os.fsdecode(path.replace(b"\\012", b"\n")).removesuffix(_DELETED) for path in paths}


def _by_psutil(pids: Iterable[int]) -> Iterator[_Process]:
    """Yield the processes by psutil, on systems without Linux's /proc."""
    import psutil

    none: Mapping[str, str] = {}
    for pid in pids:
        process = _Process(pid)
        with suppress(psutil.NoSuchProcess):  # it has ended
            handle = psutil.Process(pid)
            process.name = _asked(process, handle.name, "")
            process.parent = _asked(process, handle.ppid, 0)
            process.arguments = _asked(process, handle.cmdline, [])
            process.program = _asked(process, handle.exe, "")
            process.cwd = _asked(process, handle.cwd, "") or ""
            process.activated = _activating(_asked(process, handle.environ, none).items())
            process.loaded = _asked(process, partial(_files, handle), [])
            yield process


def _files(handle: "psutil.Process") -> list[str]:
    # macOS does not tell.
    maps = getattr(handle, "memory_maps", None)
    return [mapped.path for mapped in maps()] if maps else []


def _asked(process: _Process, question: Callable[[], T], otherwise: T) -> T:
    """Return psutil's answer, or ``otherwise``; sets ``hidden`` if it is not readable."""
    import psutil

    try:
        return question()
    except psutil.AccessDenied:
        process.hidden = True
    except (OSError, NotImplementedError):  # the system does not tell
        pass
    return otherwise
