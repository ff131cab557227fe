"""Copying an environment: reinstalled by uv, or file by file; whole, or not at all.

The original is only read. The copy is made in a directory of ours beside its place (``making``),
made to name that place, looked at, started once, and only then given its name.
"""

import os
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from venvdash.actions.context import Context
from venvdash.actions.copy import finishing
from venvdash.actions.copy.copy_tree import Extent, TreeCopy, extent, lacking
from venvdash.actions.copy.reinstall import DiffersError, Reinstallation, Telling, packages_in
from venvdash.actions.copy.requirements import Requirements, requirements_of, same_packages
from venvdash.actions.copy.staging import Staging
from venvdash.actions.errors import ChangedError, FailedError, words
from venvdash.actions.events import Output, Progressed
from venvdash.actions.journals.rename_journal import NAME as RENAMING
from venvdash.actions.prefix import scripts
from venvdash.actions.prefix.path_rewrite import PathRewrite
from venvdash.actions.prefix.repair import RepairError, own_names, refusal
from venvdash.actions.process import uv
from venvdash.actions.process.child_process import CancelledError
from venvdash.actions.safety import environment_state, refusals, steps
from venvdash.actions.safety.manifest import Manifest, in_words
from venvdash.actions.safety.placement import movable, taken
from venvdash.actions.safety.writable_by_others import exposed
from venvdash.model import Claim, Direction, Environment, EvidenceKind, Flag, Package, Row
from venvdash.records.sidecar import NAME as SIDECAR
from venvdash.system import locks
from venvdash.text import visible

KEPT_OUT = frozenset({".lock", RENAMING, SIDECAR})  # directly in an environment, never copied
_ATTEMPTS = 3  # at copying files while something changes them


@dataclass(frozen=True, slots=True)
class CopyResult:
    """What came of a copy.

    ``manifest`` is what the original held when it was read, None where packages were installed.
    ``left_out`` are the names directly below the original that were not copied. ``lossy`` counts
    the files and directories whose owner or extended attributes cannot be kept at the target,
    ``sockets`` those that were not copied, since only the program that made one can use it.
    """

    manifest: Manifest | None = None
    left_out: frozenset[str] = frozenset()
    lossy: int = 0
    sockets: int = 0


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """What is to be done: the environment of ``row``, also at ``target``, which is its prefix.

    ``packages``: how they are installed again; None where all files are copied. ``python``: another
    interpreter, or its version, for what is reinstalled. ``whole``: it is to take the original's
    place, so what the tool wrote of its project is copied, too.
    """

    row: Row
    target: Path
    packages: Requirements | None = None
    python: str | None = None
    whole: bool = False


def copy_refusals(
    row: Row, target: Path, context: Context, *, python: str | None, free: bool = False
) -> Iterator[str]:
    """Yield why the row's environment cannot be copied to ``target``, the weightiest first.

    ``free``: what is at ``target`` will be gone by then.
    """
    environment = row.environment
    if environment.target is not None:
        yield f"It is a link: copy its target, {visible(environment.target)}, instead."
        return
    yield from refusals.nothing_changes(context.machine, untested=context.untested)
    if not movable(environment):
        yield "It is managed by a tool that creates and tracks its own environments."
        return
    if Flag.BROKEN in environment.flags and python is None:
        yield "Its interpreter no longer exists, so a copy would not start: choose another Python."
    yield from refusals.owned(environment, context.machine.uid)
    yield from exposed(environment, context.machine.uid)
    yield from refusals.mounted(refusals.real_entry(environment), context.mounts)
    yield from refusals.marked(environment)
    if not free:
        yield from taken(target)
    if reason := refusal(target):
        yield reason
    yield from refusals.unmakeable(target)


def packages_of(environment: Environment, context: Context) -> Requirements:
    """Return how the packages can be installed again, with what prevents it. Raises OSError."""
    if uv.find_uv(context.machine) is None:
        return Requirements(obstacles=("uv was not found on PATH.",))
    return requirements_of(environment)


Placing = Callable[[Path], None]


def ignore(made: Path) -> None:
    """Do nothing before a copy gets its name."""


def copy(
    wanted: CopyRequest,
    context: Context,
    cancel: threading.Event,
    placing: Placing = ignore,
) -> Generator[Output | Progressed, None, CopyResult]:
    """Make a copy and tell how it goes; at the end it lies at its place, under its name.

    If its packages turn out not to be available, all files are copied. ``placing`` is called with
    where the whole copy is just before it gets its name, and may raise OSError. Raises
    ChangedError and FailedError, after which nothing is there and the original is as it was, and
    CancelledError.
    """
    try:
        return (yield from _Work(wanted, context, cancel, placing).done())
    except (ChangedError, CancelledError):
        raise
    except FileExistsError as error:
        raise ChangedError(
            f"{visible(wanted.target)} was created by another program in the meantime. "
            "Nothing was changed."
        ) from error
    except uv.UvError as error:
        raise FailedError(f"{_said(error)} {_untouched(wanted)}") from error
    except (RepairError, DiffersError, OSError, ValueError) as error:
        raise FailedError(f"{words(error)}. {_untouched(wanted)}") from error


def _said(error: uv.UvError) -> str:
    """Return what uv gave as the reason, in a sentence."""
    lines = [line.strip() for line in error.words.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("error: ")]
    reason = (errors or lines[-1:] or ["no reason given"])[0].removeprefix("error: ")
    return f"uv failed: {visible(reason.rstrip('.'))}."


def _untouched(wanted: CopyRequest) -> str:
    return f"Nothing was created at {visible(wanted.target)}, and the original is unchanged."


class _Work:
    """One copy being made."""

    def __init__(
        self,
        wanted: CopyRequest,
        context: Context,
        cancel: threading.Event,
        placing: Placing,
    ) -> None:
        self.wanted, self.context, self.cancel = wanted, context, cancel
        self.placing = placing
        self.environment = wanted.row.environment
        self.copied = CopyResult()

    def done(self) -> Generator[Output | Progressed, None, CopyResult]:
        look = environment_state.look(self.wanted.row, self.context)
        before = packages_in(self.environment.path, self.environment.python)
        with ExitStack() as stack:
            lock = stack.enter_context(locks.share_environment(self.environment.path))
            if lock.busy:
                raise ChangedError("It is locked because uv is using it.")
            size = extent(self.environment.path)
            state = self.context.machine.state_directory
            making = stack.enter_context(Staging(self.wanted.target, state))
            yield from self._made(making, size, look.claims)
            self._check(making.path, before)
            if unstartable := scripts.without_interpreter(
                making.path, self.wanted.target, self.environment.path
            ):
                raise FailedError(f"{unstartable} {_untouched(self.wanted)}")
            environment_state.look(self.wanted.row, self.context)
            self._check_unchanged(before)
            self.placing(making.path)
            making.put(durable=self.wanted.whole)
            return self.copied

    def _check_unchanged(self, before: tuple[Package, ...]) -> None:
        """Raise ChangedError where the original is not as it was when it was read."""
        prefix, manifest = self.environment.path, self.copied.manifest
        if same_packages(before, packages_in(prefix, self.environment.python)):
            raise ChangedError("Its packages changed during the copy. The copy was discarded.")
        if manifest is None:
            return
        if changed := manifest.differences(self._now(self.copied.left_out)):
            raise ChangedError(
                f"Files changed during the copy: {in_words(changed)}. The "
                "copy was discarded. Try again when no program is writing to the environment."
            )

    def _made(self, making: Staging, size: Extent, claims: tuple[Claim, ...]) -> Telling:
        """Make it in its directory, one way or the other, and have it name its place."""
        wanted = self.wanted
        if wanted.packages is not None:
            try:
                # What uv links from its cache takes no room.
                self._check_room(size.own_entries, size.own_size)
                work = Reinstallation(wanted.row, wanted.python, self.context, self.cancel)
                yield from work.run(making, wanted.packages)
                self._name(making, [making.path])
                return
            except (uv.UvError, DiffersError) as error:
                if wanted.python is not None:
                    raise
                if isinstance(error, DiffersError):
                    yield Output(str(error))
            yield Output("Cannot reinstall its packages: copying all files instead.")
            making.begin_again()
        yield from self._files(making, size, claims)

    def _files(self, making: Staging, size: Extent, claims: tuple[Claim, ...]) -> Telling:
        """Copy all files, and again where files were changed meanwhile; not for ever."""
        names = own_names(self.environment.path)
        left_out = frozenset(self._left_out(claims))
        for attempt in range(_ATTEMPTS):
            self._check_room(size.entries, size.size)
            steps.step("copying")
            work = TreeCopy(
                self.environment.path,
                making.path,
                without=left_out,
                relinked=partial(self._relinked, PathRewrite(names, self.wanted.target)),
                cancelled=self.cancel.is_set,
            )
            try:
                yield from work.run(size.entries)
                changed = bool(work.manifest.differences(self._now(left_out)))
            except FileNotFoundError:  # removed between two looks
                if attempt == _ATTEMPTS - 1:
                    raise
                changed = True
            if not changed or attempt == _ATTEMPTS - 1:
                break
            yield Output("Files changed during the copy: copying them again.")
            making.begin_again()
        self.copied = CopyResult(work.manifest, left_out, work.lossy, work.sockets)
        steps.step("copied")
        if not self.wanted.whole:  # it was made now, whatever its files say
            os.utime(making.path / "pyvenv.cfg")
        self._name(making, names)

    def _relinked(self, respelling: PathRewrite, below: bytes, text: bytes) -> bytes:
        """Return what the copy of the link at ``below`` says that says ``text``."""
        led = os.path.normpath(os.path.join(os.path.dirname(below), text))
        if os.path.isabs(text):
            return respelling.link(text)
        outside = led == b".." or led.startswith(b"../")
        prefix = os.fsencode(self.environment.path)
        return os.path.normpath(os.path.join(prefix, led)) if outside else text

    def _now(self, left_out: frozenset[str]) -> Manifest:
        return Manifest.of(self.environment.path, left_out)

    def _check_room(self, entries: int, size: int) -> None:
        if reason := lacking(self.wanted.target.parent, entries, size):
            raise ChangedError(f"{reason} Nothing was changed.")

    def _left_out(self, claims: tuple[Claim, ...]) -> set[str]:
        """Return what lies directly in it and is not copied: locks, journals, whose it is."""
        names = set(KEPT_OUT)
        if not self.wanted.whole:
            names.add(".project")
            for claim in claims:
                source = Path(claim.source)
                own = claim.how is EvidenceKind.POINTER and claim.direction is Direction.ENVIRONMENT
                if own and source.parent == self.environment.path:
                    names.add(source.name)
        return names

    def _name(self, making: Staging, names: list[Path] | tuple[Path, ...]) -> None:
        """Make the files name the place that it will have. Raises FailedError, OSError."""
        if problem := finishing.renamed(making.path, names, self.wanted.target):
            raise FailedError(f"{problem} {_untouched(self.wanted)}")

    def _check(self, made: Path, before: tuple[Package, ...]) -> None:
        """Raise FailedError unless it has the same packages and its interpreter starts there."""
        differs = same_packages(before, packages_in(made, None))
        if differs:
            raise FailedError(f"The copy would differ: {differs}. {_untouched(self.wanted)}")
        if problem := finishing.unstartable(made, self.context, self.cancel):
            raise FailedError(f"{problem} {_untouched(self.wanted)}")
