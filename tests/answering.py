"""What the tests of remembered answers share: a HOME that is asked twice."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import Home
from tests.stores.places import made
from venvdash import config
from venvdash.cli import cli
from venvdash.records.answers import Answer
from venvdash.session import Session, remembered_answers
from venvdash.session.name_resolution import AmbiguousError, Choice, NotFoundError
from venvdash.system import disk_state, fingerprint
from venvdash.system.files import UnreadableError
from venvdash.without_scan import command_line, listing


def environment(home: Home, name: str, project: Path | None = None, python: str = "3.12.1") -> Path:
    """Make an environment of virtualenvwrapper's, of a project that exists or not."""
    path = made(home.path / ".virtualenvs" / name, f"home = /usr/bin\nversion = {python}\n")
    if project is not None:
        (path / ".project").write_text(f"{project}\n")
    return path


def project(home: Home, where: str, name: str = "") -> Path:
    """Make a project, with a name of its own if one is given."""
    path = home.path / where
    path.mkdir(parents=True)
    if name:
        (path / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n')
    return path


@dataclass
class World:
    """A HOME that is asked with remembered answers, and without."""

    home: Home
    patch: pytest.MonkeyPatch
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Everything here was made just now; what changes within one tick is another test's.
        self.patch.setattr(fingerprint, "RACY", -(2**62))

    def scanned(self, *, cwd: Path | None = None, records: bool = True) -> Session:
        """Return a session after a scan, with the configuration and variables as they are now."""
        machine = self.home.machine(cwd, **self.variables)
        session = Session(machine, config.of(machine), records=records)
        for _ in session.scan(usage=False, asked=True):
            pass
        session.remember()
        return session

    def remember(self, name: str | None = None, cwd: Path | None = None) -> None:
        """Scan, and answer a question as a command does."""
        session = self.scanned(cwd=cwd)
        choice = choice_of(session, name)
        if choice is not None:
            remembered_answers.remember_choice(session, name, choice)

    def quick(self, name: str | None = None, cwd: Path | None = None) -> Answer | None:
        """Return what is answered without a scan."""
        with self._user(cwd):
            return command_line.remembered(name)

    def slow(self, name: str | None = None, cwd: Path | None = None) -> Answer | None:
        """Return what a scan without any memory answers; None if it chooses none."""
        session = self.scanned(cwd=cwd, records=False)
        choice = choice_of(session, name)
        return remembered_answers.answer(choice.rows[0], choice.note) if choice else None

    def listed(self, *options: str, cwd: Path | None = None, records: bool = True) -> str:
        """Return what `list --no-usage` prints after a scan."""
        arguments = [*([] if records else ["--no-records"]), "list", "--no-usage", *options]
        with self._user(cwd) as patch:
            patch.setattr(fingerprint, "RACY", 0)  # what was changed since the scan began counts
            done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
        return done.stdout

    def listed_quickly(self, *options: str, cwd: Path | None = None) -> str | None:
        """Return what `list --no-usage` prints without a scan, None if it needs one."""
        with self._user(cwd):
            try:
                state = self.home.machine().state_directory
                printed = listing.output(state, as_json="--json" in options)
            except (OSError, ValueError, UnreadableError):
                return None
        return None if printed is None else printed.decode()

    @contextmanager
    def _user(self, cwd: Path | None) -> Iterator[pytest.MonkeyPatch]:
        with user(self.home, self.variables, cwd) as patch:
            yield patch


@contextmanager
def user(
    home: Home, variables: Mapping[str, str], cwd: Path | None = None
) -> Iterator[pytest.MonkeyPatch]:
    """Be the user with that HOME and these variables in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd or home.path)
        patch.setattr(disk_state, "_MOUNTS", os.devnull)  # other tests mount meanwhile
        patch.setattr(os, "environ", {**home.variables, **variables})
        yield patch


def choice_of(session: Session, name: str | None) -> Choice | None:
    """Return what a session chooses for a name, None if it does not choose."""
    try:
        return session.choose(name, changing=False)
    except (NotFoundError, AmbiguousError):
        return None
