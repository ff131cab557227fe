"""A journal is written only if it can be read again, whether its text is parsed for that or not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.noting import noted
from venvdash.actions.journals import toml_file, trash_journal
from venvdash.actions.journals.toml_file import JournalError
from venvdash.model import Link, Trashed
from venvdash.system import toml_text

# Also names that are not UTF-8: those bytes are surrogates.
NAMES = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=20)
PLACE = Path("/store/.venvdash-trash-1")


def trashed(name: str, reason: str = "", project: Path | None = None) -> Trashed:
    original = Path("/store") / name
    links = (Link(Path("/code/app/.venv"), f"../../store/{name}"),)
    return Trashed(PLACE, original, name, project, reason=reason, links=links)


def read(data: bytes) -> Trashed:
    return trash_journal._FILE._value(data, {"path": PLACE, **_UNWRITTEN})


_UNWRITTEN = {"purging": False, "lasts_until": "", "days_left": None}


@given(NAMES, st.text(max_size=50), st.sampled_from([Path("/code/app"), Path("code"), None]))
def test_what_is_written_can_be_read(name: str, reason: str, project: Path | None) -> None:
    value = trashed(name, reason, project)
    try:
        data = trash_journal._FILE.encoded(value)
    except OSError:
        with pytest.raises((JournalError, UnicodeError)):
            read(toml_text.dumps({"schema": 1, **_written(value)}, ""))
        return
    assert read(data) == value


def _written(value: Trashed) -> dict[str, object]:
    return dict(trash_journal._FILE._codec.write(value))


def test_plain_text_is_not_parsed_for_that(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = noted(monkeypatch, toml_file, "parse")
    trash_journal._FILE.encoded(trashed("app", "Its project is gone."))
    assert parsed == []
    for name in ("a\\b", 'a"b', "ä"):
        trash_journal._FILE.encoded(trashed(name))
    assert len(parsed) == 3


def test_what_could_not_be_read_again_is_not_written() -> None:
    with pytest.raises(OSError, match="cannot be recorded"):
        trash_journal._FILE.encoded(trashed("app", project=Path("relative")))
    with pytest.raises(OSError, match="cannot be recorded"):
        trash_journal._FILE.encoded(trashed("a" * 5000))
