"""The user's own files one by one, in agreement with those that measuring counts."""

import os
from pathlib import Path

import pytest

from tests.scanner.discovery.inspecting import read
from tests.scanner.usage.usage_tools import usage_of
from tests.scenario import venv
from venvdash.scanner.usage import user_file_list
from venvdash.scanner.usage.user_file_list import UserFileList


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """An environment with a note, and a folder of two notebooks."""
    path = venv(tmp_path / "lab")
    (path / "books" / "deep").mkdir(parents=True)
    for age, name in enumerate(("books/new.ipynb", "note\x1b.txt", "books/deep/old.ipynb")):
        (path / name).write_text("x" * (age + 1))
        os.utime(path / name, (1_700_000_000 - age, 1_700_000_000 - age))
    return path


def listed(path: Path) -> UserFileList:
    found = user_file_list.user_file_list(read(path).environment)
    assert found is not None
    return found


def test_the_newest_come_first(lab: Path) -> None:
    found = listed(lab)
    assert [(str(file.path.relative_to(lab)), file.size) for file in found.files] == [
        ("books/new.ipynb", 1),
        ("note\x1b.txt", 2),
        ("books/deep/old.ipynb", 3),
    ]
    assert found.files[0].modified == 1_700_000_000


def test_it_lists_as_many_as_are_counted(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (lab / "many").mkdir()
    for number in range(1100):
        (lab / "many" / f"{number}.csv").touch()
    counted = usage_of(lab).user_files
    found = listed(lab)
    assert counted is not None
    assert len(found.files) + found.more == counted.count == 1103
    monkeypatch.setattr(user_file_list, "_SHOWN", 1)
    assert [file.path.parent.name for file in listed(lab).files] == ["many"]
    assert listed(lab).more == 1102


def test_nothing_is_said_where_not_all_can_be_read(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.scandir

    def refused(where: int) -> object:
        names = os.listdir(where)
        if "deep" in names:
            raise PermissionError(13, "no")
        return real(where)

    monkeypatch.setattr(os, "scandir", refused)
    assert user_file_list.user_file_list(read(lab).environment) is None
