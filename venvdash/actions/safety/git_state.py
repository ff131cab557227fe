"""What git says of files of a project before they are changed: read only, and nothing of it runs.

A repository may name programs that git would run: `core.fsmonitor`, hooks, filters, a helper that
fetches what a partial clone lacks. So git first lists the configuration, which runs nothing. Where
the repository's own has anything but settings known to start no program, git is not asked further.
Filters of the user's own configuration are switched off as well. As everywhere, git refuses
repositories of other users (`safe.directory`), and so do we.
"""

import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from venvdash.actions.process.child_process import Program
from venvdash.actions.safety.writable_by_others import foreign_project
from venvdash.model import GitState
from venvdash.system import responsiveness
from venvdash.system.machine import Machine

_SECONDS = 3.0  # for all of a plan
_MOST = 8  # repositories of a plan
_OUTPUT = 4 * 1024 * 1024  # bytes

# Settings of a repository that start no program, or that are overruled below.
_HARMLESS = re.compile(
    r"core\.(repositoryformatversion|filemode|bare|logallrefupdates|ignorecase|precomposeunicode"
    r"|symlinks|autocrlf|eol|safecrlf|quotepath|longpaths|sparsecheckout|sparsecheckoutcone"
    r"|untrackedcache|hookspath|fsmonitor)"
    r"|extensions\.(objectformat|refstorage|worktreeconfig)"
    r"|remote\..*\.(url|pushurl|fetch|tagopt|prune|mirror|skipfetchall|gh-resolved)"
    r"|submodule\..*\.(url|active|branch|update)"
    r"|user\.(name|email|signingkey)"
    r"|(branch|pull|push|rebase|commit|tag|init|gui|lfs)\..*",
    re.DOTALL,
)
_OVERRULED = (
    *("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "safe.bareRepository=explicit"),
    *("protocol.allow=never", "core.pager=cat", "status.showUntrackedFiles=normal"),
)
_FILTER = re.compile(r"filter\.(.+)\.(?:clean|smudge|process|required)", re.DOTALL)
_WORKTREE = ("local", "worktree")


class _UnknownError(Exception):
    """Git cannot be asked, or gave no answer; the text is a clause, or "" outside repositories."""


def git_states(
    paths: Iterable[Path], machine: Machine, directories: Iterable[Path] = ()
) -> tuple[GitState, ...]:
    """Return what git says of these files and links, for each directory that is in a repository.

    Only those that exist are looked at; of ``directories`` only whether they have changes. It takes
    a few seconds at most.
    """
    git = machine.program("git")
    by_directory: dict[Path, list[Path]] = {
        one: [] for one in directories if responsiveness.responds(one) and os.path.isdir(one)
    }
    for path in paths:
        if responsiveness.responds(path.parent) and os.path.lexists(path):
            by_directory.setdefault(path.parent, []).append(path)
    if git is None:
        return ()
    end = time.monotonic() + _SECONDS
    states = (
        _state(_Git(git, directory, machine, end), of)
        for directory, of in list(by_directory.items())[:_MOST]
    )
    return tuple(state for state in states if state is not None)


def _state(git: "_Git", paths: Sequence[Path]) -> GitState | None:
    try:
        git.settle()
        tracked = tuple(path for path in paths if git.tracks(path.name))
        ignored = tuple(path for path in paths if path not in tracked and git.ignores(path.name))
    except _UnknownError as error:
        why = str(error)
        return GitState(git.directory, unknown=why) if why else None
    changes, unknown = None, ""
    try:
        changes = git.changes()
    except _UnknownError as error:
        unknown = str(error)
    return GitState(git.directory, changes, tracked, ignored, unknown)


class _Git:
    """Git in one directory. ``end``: when it must have answered, by the monotonic clock."""

    def __init__(self, program: Path, directory: Path, machine: Machine, end: float) -> None:
        self.directory, self._program, self._end = directory, program, end
        self._uid = machine.uid
        self._environ: Mapping[str, str] = {
            **{name: it for name, it in machine.variables.items() if not name.startswith("GIT_")},
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "LC_ALL": "C",
        }
        self._settings = [*_OVERRULED]

    def settle(self) -> None:
        """Make sure that git starts no program here. Raises _UnknownError."""
        if not any(
            os.path.lexists(one / ".git") for one in (self.directory, *self.directory.parents)
        ):
            raise _UnknownError
        if foreign_project(self.directory, self._uid):
            raise _UnknownError("it may be changed by others")
        listed = self._run("config", "--null", "--list", "--name-only", "--show-scope").split("\0")
        filters = set()
        for scope, key in zip(listed[::2], listed[1::2], strict=False):
            if scope in _WORKTREE and not _HARMLESS.fullmatch(key):
                raise _UnknownError(f"its configuration sets {key}, which may start a program")
            if match := _FILTER.fullmatch(key):
                filters.add(match[1])
        for name in filters:
            if "=" in name:
                raise _UnknownError("a filter has a name that cannot be overruled")
            off = ("clean=", "smudge=", "process=", "required=false")
            self._settings += [f"filter.{name}.{setting}" for setting in off]

    def tracks(self, name: str) -> bool:
        """Return whether the index has a file or link of this directory. Raises _UnknownError."""
        return bool(self._run("--literal-pathspecs", "ls-files", "-z", "--cached", "--", name))

    def ignores(self, name: str) -> bool:
        """Return whether git ignores a file of this directory. Raises _UnknownError."""
        return bool(self._run("check-ignore", "--", f"./{name}", accepted=(0, 1)))

    def changes(self) -> int:
        """Return how many files have changes that are not committed. Raises _UnknownError."""
        given = ("--porcelain=v1", "-z", "--no-renames", "--ignore-submodules=all")
        return self._run("status", *given).count("\0")

    def _run(self, *arguments: str, accepted: tuple[int, ...] = (0,)) -> str:
        command = [str(self._program), "--no-pager"]
        command += [word for setting in self._settings for word in ("-c", setting)]
        written = bytearray()
        try:
            with Program([*command, *arguments], environ=self._environ, cwd=self.directory) as it:
                for data in _stdout(it, self._end - time.monotonic()):
                    written += data
                    if len(written) > _OUTPUT:
                        raise _UnknownError("git wrote too much")
                status = it.status
        except (OSError, ValueError) as error:  # also TimeoutError
            raise _UnknownError("git did not answer in time") from error
        if status not in accepted:
            raise _UnknownError("git cannot read it")
        return written.decode("utf-8", "surrogateescape")


def _stdout(program: Program, seconds: float) -> Iterator[bytes]:
    for pipe, data in program.listen(timeout=max(seconds, 0.0)):
        if pipe == 0:
            yield data
