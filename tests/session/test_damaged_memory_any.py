"""Damaged, foreign or hostile files in the state directory: as without them, and no error."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.answering import World, environment, project
from tests.conftest import home_in
from tests.effort import examples
from venvdash.records import snapshot
from venvdash.records.answers import Answer
from venvdash.system.host import host_id

_OTHER_HOST = "f" * 32
_HUGE = 2**40  # bytes; sparse


class Remembering:
    """A HOME after scans and questions, whose state directory is damaged and restored."""

    def __init__(self, world: World, directory: Path) -> None:
        self.world, self.kept = world, directory / "kept"
        home = world.home
        environment(home, "web", project(home, "code/web", "web"))
        environment(home, "api", project(home, "code/api"))
        self.cwd = home.path / "code" / "web"
        world.remember("web")
        world.remember(None, self.cwd)
        world.listed("--json")
        self.state = home.machine().state_directory
        shutil.copytree(self.state, self.kept)
        files = [path for path in self.kept.rglob("*") if path.is_file()]
        self.files = sorted(str(path.relative_to(self.kept)) for path in files)
        self.right = [self.world.slow("web"), self.world.slow(None, self.cwd)]
        self.listed = self._environments(self.world.listed("--json", records=False))

    def restore(self) -> None:
        shutil.rmtree(self.state)
        shutil.copytree(self.kept, self.state, copy_function=shutil.copy2)

    @staticmethod
    def _environments(printed: str) -> list[tuple[str, str, str]]:
        rows = json.loads(printed)["environments"]
        return [(row["path"], row["name"], row["status"]) for row in rows]

    def check(self) -> None:
        """Ask everything that is remembered."""
        asked: list[Answer | None] = [self.world.quick("web"), self.world.quick(None, self.cwd)]
        for answer, right in zip(asked, self.right, strict=True):
            assert answer in (None, right)
        quickly = self.world.listed_quickly("--json")
        assert quickly is None or self._environments(quickly) == self.listed
        memory = snapshot.read(self.state, host_id(), self.cwd)
        assert memory is None or not any(row.confirmed for row in memory.rows())
        for _ in range(2):  # the second after the first has stored what it learned
            assert self._environments(self.world.listed("--json")) == self.listed


@pytest.fixture(scope="module")
def remembering() -> Iterator[Remembering]:
    directory = Path(tempfile.mkdtemp()).resolve()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VENVDASH_DISKS", str(directory))
        yield Remembering(World(home_in(directory), patch), directory)
    shutil.rmtree(directory)


def _content(content: bytes, data: st.DataObject) -> bytes:
    """Return a file's content with something changed, cut, put in or put at its end."""
    at = data.draw(st.integers(0, max(0, len(content) - 1)))
    put = data.draw(st.binary(max_size=8))
    return data.draw(
        st.sampled_from(
            [
                content[:at],
                content[:at] + put + content[at + len(put) :],
                content[:at] + put + content[at:],
                content + put,
                put,
                content.replace(host_id().encode(), _OTHER_HOST.encode()),
            ]
        )
    )


@settings(
    max_examples=examples(200, least=20), deadline=None, suppress_health_check=list(HealthCheck)
)
@given(st.data())
def test_damaged_content_changes_nothing(remembering: Remembering, data: st.DataObject) -> None:
    remembering.restore()
    for name in sorted(data.draw(st.sets(st.sampled_from(remembering.files), min_size=1))):
        file = remembering.state / name
        file.write_bytes(_content(file.read_bytes(), data))
    remembering.check()


def _fifo(file: Path) -> None:
    os.mkfifo(file)


def _directory(file: Path) -> None:
    file.mkdir()


def _link(file: Path) -> None:
    file.symlink_to("/dev/zero")


def _huge(file: Path) -> None:
    file.touch()
    os.truncate(file, _HUGE)


def _for_everybody(file: Path) -> None:
    file.write_bytes(b"{}")
    file.parent.chmod(0o777)


@pytest.mark.parametrize("harm", [_fifo, _directory, _link, _huge, _for_everybody])
def test_what_is_no_file_of_the_users_own_changes_nothing(
    remembering: Remembering, harm: Callable[[Path], None]
) -> None:
    remembering.restore()
    for name in remembering.files:
        (remembering.state / name).unlink(missing_ok=True)
        harm(remembering.state / name)
    try:
        remembering.check()
    finally:
        for directory in {(remembering.state / name).parent for name in remembering.files}:
            directory.chmod(0o700)


def test_each_file_may_be_missing(remembering: Remembering) -> None:
    for name in remembering.files:
        remembering.restore()
        (remembering.state / name).unlink()
        remembering.check()
