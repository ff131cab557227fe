"""Runs a search: every place in turn, until the last one, the time limit, or cancellation."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from venvdash.config import Config
from venvdash.model import Environment, Facts, NotEntered, SearchReport, Unsearched
from venvdash.records.directories import Directories, Reader, Writer, named
from venvdash.scanner.search import child_process
from venvdash.scanner.search.findings import AGAIN, Findings, Hit, Progress
from venvdash.scanner.search.limits import SearchLimit, WalkThread
from venvdash.scanner.search.matcher import DirectoryMatcher
from venvdash.scanner.search.scope import KINDS, SearchScope, Start
from venvdash.scanner.search.shared_stores import shared
from venvdash.scanner.search.walk import Walk, WalkState
from venvdash.system.machine import Machine
from venvdash.system.mounts import Mounts, inside, resolved
from venvdash.text import because, short_path, visible

# File systems that give a directory a new change time with every entry that comes or goes.
_TELLS_CHANGES = frozenset(
    ["apfs", "bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"]
)
# File systems where the link count of a directory is that of its subdirectories plus two.
_COUNTS_LINKS = frozenset(["ext2", "ext3", "ext4", "f2fs", "tmpfs", "xfs"])
PATIENCE = 10.0  # seconds without a directory until a disk is given up
_LINKS = 1000  # links to one network disk
_POLL = 0.04  # seconds


def search(
    machine: Machine,
    config: Config,
    environments: Sequence[Environment],
    facts: Facts | None,
    *,
    limit: float | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[Progress], None] = lambda progress: None,
    mounts: Mounts | None = None,
) -> Findings:
    """Search everywhere for what uses ``environments`` or may be their project.

    ``limit`` is in seconds, None for no limit. Places that were not read because of it, or of
    ``cancelled``, are ``unsearched``. Raises nothing.
    """
    run = _Run(machine, config, environments, facts, mounts or Mounts.read())
    with closing(run):
        return run.everywhere(limit, cancelled, progress)


def recheck(
    machine: Machine,
    config: Config,
    environments: Sequence[Environment],
    facts: Facts | None,
    findings: Findings,
    *,
    cancelled: Callable[[], bool] = lambda: False,
) -> Findings:
    """Return the findings of a search with what has changed since.

    Reads recorded places, pointers and the top of HOME again. Earlier hits are kept. A disk that
    was mounted since holds back every environment.
    """
    run = _Run(machine, config, environments, facts, Mounts.read())
    near = list(findings.hits.values())
    places = [str(hit.place) for hit in near if hit.place is not None]
    places += [str(path) for path in (facts.pointers if facts else ())]
    with closing(run):
        hits = run.near(places, cancelled)
    new = sorted(run.mounted - findings.mounted)
    if new:
        reason = f"{visible(new[0])} was mounted after the search. To delete it anyway: {AGAIN}."
        hits = {e.path: Hit(e.path, None, reason) for e in environments} | hits
    return replace(findings, hits={**hits, **findings.hits})


class _Run:
    def __init__(
        self,
        machine: Machine,
        config: Config,
        environments: Sequence[Environment],
        facts: Facts | None,
        mounts: Mounts,
    ) -> None:
        self._machine, self._environments = machine, environments
        self._config, self._facts = config, facts
        self._scope = SearchScope(machine, config, mounts, tuple(environments), facts)
        self._matcher = DirectoryMatcher(
            machine, config, environments, facts, self._scope.spellings
        )
        self._state = WalkState(self._scope.barred, machine.uid)
        self._read: list[str] = []
        self._thread: WalkThread | None = None
        keeps = config.records and machine.foreign_home is None
        self._directories = Directories(machine.state_directory if keeps else None)

    def everywhere(
        self,
        limit: float | None,
        cancelled: Callable[[], bool],
        progress: Callable[[Progress], None],
    ) -> Findings:
        """Search every place."""
        clock = SearchLimit(None if limit is None else time.monotonic() + limit, cancelled)
        mounts, state = self._scope.mounts, self._state
        state.unsearched |= {place.path: place for place in self._scope.unsearched()}
        remote: dict[str, list[Start]] = {}
        if state.unsearched:
            state.follow = partial(self._follow, remote)
        for place in shared(self._machine, mounts, self._environments, self._facts):
            state.unsearched.setdefault(place.path, place)
        self._want_given()
        self._matcher.look_at_environments(self._is_local)
        for start in self._scope.starts():
            if self._matcher.done:
                break
            if start.network:
                mount = mounts.of(start.path)
                remote.setdefault(mount.point if mount else start.path, []).append(start)
            elif not self._was_read(start):
                self._search(start, clock, progress)
        for starts in remote.values():
            self._ask(starts, clock, progress)
        self._directories.tidy()
        return self._findings(ended=not clock.why)

    def _is_local(self, path: Path) -> bool:
        mount = self._scope.mounts.of(path)
        return mount is None or not mount.network

    def _want_given(self) -> None:
        """Hold back everything if a folder of `search` is missing, or empty as without its disk."""
        for folder in self._scope.searched:
            real = resolved(folder, self._scope.mounts)  # None for a network disk, asked later
            if real is not None and not _listed(real):
                reason = f"{visible(folder)}, listed in `search`, is empty or does not exist"
                self._unsearched(folder, reason, "mount its disk, or remove it from `search`")

    def _search(
        self, start: Start, clock: SearchLimit, progress: Callable[[Progress], None]
    ) -> None:
        if clock.over():
            self._not_reached(start, clock)
        else:
            self._walk(start, clock, progress)

    def _ask(
        self, starts: list[Start], clock: SearchLimit, progress: Callable[[Progress], None]
    ) -> None:
        """Search a network disk in a child process."""
        whole = next((start for start in starts if start.depth is None), starts[0])
        if self._matcher.done:
            return
        if clock.over():
            self._not_reached(whole, clock)
            return
        request = child_process.Request(
            tuple(starts),
            self._machine,
            self._config,
            tuple(self._environments),
            self._facts,
            self._scope.spellings,
            self._scope.barred,
        )
        before, ended = self._state.directories, False
        try:
            for word, *values in child_process.ask(request, clock.over):
                ended = word == "end"
                self._take(str(word), values, before)
                progress(Progress(Path(whole.path), self._state.directories))
        except child_process.SilentError as error:
            self._incomplete(whole, f"was not searched completely: {error}")
            return
        if ended:
            self._read.append(whole.path)
        else:
            self._not_reached(whole, clock)

    def _follow(self, remote: dict[str, list[Start]], link: str) -> None:
        """Add the target of a link if it lies on a network disk; only the link itself is read."""
        try:
            target = os.path.normpath(os.path.join(os.path.dirname(link), os.readlink(link)))
        except (OSError, ValueError):
            return
        mount = self._scope.mounts.of(target)
        if mount is not None and mount.network and mount.point in map(str, self._state.unsearched):
            starts = remote.setdefault(mount.point, [])
            if len(starts) < _LINKS:
                starts.append(Start(target, None, network=True))

    def _take(self, word: str, values: list[object], before: int) -> None:
        """Add one answer of a child."""
        texts = [str(value) for value in values]
        if word == "hit":
            environment, place, reason, _ = texts
            hit = Hit(Path(environment), Path(place), reason, bool(values[3]))
            self._matcher.hits.setdefault(hit.environment, hit)
        elif word == "unsearched":
            self._unsearched(*texts)
        elif word == "directories":
            self._state.directories = before + int(texts[0])
        elif word == "left out":
            what, count, *paths = texts
            self._state.leave_out(what, *paths, count=int(count))

    def _was_read(self, start: Start) -> bool:
        """Return whether a place lies in one that was read completely."""
        mount = self._scope.mounts.of(start.path)
        return any(
            inside(start.path, path) and self._scope.mounts.of(path) is mount for path in self._read
        )

    @property
    def mounted(self) -> frozenset[str]:
        """The mount points of the disks that are searched."""
        places = self._scope
        points = [mount.point for mount in (*places.local, *places.network)]
        return frozenset(filter(places.allowed, points))

    def near(self, places: Iterable[str], cancelled: Callable[[], bool]) -> dict[Path, Hit]:
        """Search only recorded places, their siblings and ``places``."""
        clock = SearchLimit(None, cancelled)
        starts = [start for start in self._scope.starts() if start.depth is not None]
        starts += [Start(path, 0) for path in dict.fromkeys(places)]
        starts += [Start(os.fspath(self._machine.home), 1)]
        for start in starts:
            if not start.network and not clock.over():
                self._walk(start, clock, lambda progress: None)
        return self._matcher.hits

    def _walk(self, start: Start, clock: SearchLimit, progress: Callable[[Progress], None]) -> None:
        reader, writer = self._memory(start)
        mount = self._scope.mounts.of(start.path)
        counts = mount is not None and mount.fstype in _COUNTS_LINKS
        walk = Walk(start, self._matcher, self._state, reader, writer, counts_links=counts)
        reading = self._thread = self._thread or WalkThread()
        reading.begin(walk)
        path, heard, count = Path(start.path), time.monotonic(), -1
        while not reading.wait(_POLL):
            if count != self._state.directories:
                count, heard = self._state.directories, time.monotonic()
                progress(Progress(path, count))
            if time.monotonic() - heard > PATIENCE:
                self.close()
                self._incomplete(start, "was not searched completely: it did not respond")
                return
            if clock.over():
                if not reading.stop(PATIENCE):
                    self.close()
                break
        progress(Progress(path, self._state.directories))
        if reading.ended:
            writer.keep(named(start.path))
            self._read += [start.path] if start.depth is None else []
        elif not self._matcher.done:
            if reading.error is not None:
                self._incomplete(start, f"could not be searched ({because(reading.error)})")
            else:
                self._not_reached(start, clock)
        reader.close()
        writer.drop()

    def close(self) -> None:
        """End the thread that reads local disks; another walk starts a new one."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.close()

    def _memory(self, start: Start) -> tuple[Reader, Writer]:
        """Return the stored listing of a place and a writer of the next one, if ctimes tell."""
        mount = self._scope.mounts.of(start.path)
        if start.depth is not None or mount is None or mount.fstype not in _TELLS_CHANGES:
            return Reader(), Writer()
        question = self._matcher.question(follows=self._state.follow is not None)
        return self._directories.open(start.path, question)

    def _not_reached(self, start: Start, clock: SearchLimit) -> None:
        if start.depth is None:
            shown = visible(start.path)
            reason = f"{clock.why[0].upper()}{clock.why[1:]} before all of {shown} was searched"
            self._unsearched(start.path, reason, clock.release)

    def _incomplete(self, start: Start, reason: str) -> None:
        shown = visible(start.path)
        release = f'`skip = ["{shown}"]` in the configuration'
        self._unsearched(start.path, f"{shown} {reason}", release)

    def _unsearched(self, path: str, reason: str, release: str) -> None:
        self._state.unsearched.setdefault(Path(path), Unsearched(Path(path), reason, release))

    def _findings(self, *, ended: bool) -> Findings:
        for what, path in self._scope.not_entered():
            self._state.leave_out(what, path)
        left_out = self._state.not_entered.items()
        report = SearchReport(
            self._state.directories,
            tuple(map(Path, _topmost(self._read))),
            KINDS,
            tuple(
                NotEntered(what, kind.count, tuple(map(Path, sorted(kind.paths))))
                for what, kind in left_out
            ),
            tuple(self._state.unsearched.values()),
        )
        return Findings(
            hits=dict(self._matcher.hits),
            report=report,
            ended=ended,
            described=self._described(),
            searched_for=frozenset(environment.path for environment in self._environments),
            mounted=self.mounted,
        )

    def _described(self) -> str:
        count = f"{self._state.directories:,} directories"
        shown = list(_topmost(self._read))
        named = ", ".join(short_path(path, self._machine.home) for path in shown[:3])
        named += f" and {len(shown) - 3} more places" if len(shown) > 3 else ""
        skipped = [short_path(path, self._machine.home) for path in self._scope.left_out]
        named += f" but {', '.join(skipped)}" if named and skipped else ""
        return f"{count}, including all of {named}" if named else count


def _listed(directory: str) -> bool:
    """Return whether a directory has entries; True if it cannot be read."""
    try:
        with os.scandir(directory) as listing:
            return next(listing, None) is not None
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True


def _topmost(paths: Iterable[str]) -> Iterator[str]:
    seen: list[str] = []
    for path in sorted(dict.fromkeys(paths)):
        if not any(path.startswith(other.rstrip("/") + "/") for other in seen):
            seen.append(path)
    yield from seen
