"""Tables and sentences fit the terminal: columns are left out, and words are never broken."""

import re
import unicodedata
from collections.abc import Sequence

import pytest

from tests.conftest import Home
from tests.scenario import orphan, venv
from tests.terminal import venvdash
from venvdash.model.status import Flag, Status
from venvdash.presentation.document import Line, Piece, plain, wrapped
from venvdash.presentation.roles import Role
from venvdash.presentation.tables import Column, fit
from venvdash.text import cut, cut_start, width, wrap

WIDTHS = (60, 80, 100, 120, 200)
NAMES = ("日本語のプロジェクト環境名", "cafe\u0301-" + "e\u0301" * 20, "한국어", "plain", "x" * 60)


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A HOME with orphans and other environments, some with wide, combining or long names."""
    from tests.conftest import home_in

    home = home_in(tmp_path_factory.mktemp("layout"))
    for name in NAMES:
        orphan(home, name)
    broken = venv(home.path / ".venvs" / "broken")
    (broken / "bin" / "python").unlink()
    deep = home.path / "code" / "deep" / "er" / "and" / "deeper" / "still" / "project"
    deep.mkdir(parents=True)
    (venv(home.path / ".virtualenvs" / "deep") / ".project").write_text(str(deep))
    home.venvdash("delete", "plain", "--yes")
    return home


def shown(home: Home, columns: int, *arguments: str) -> list[str]:
    """Return the lines that a command prints on a terminal, without colour and progress."""
    with venvdash(
        *arguments,
        variables={**home.variables, "NO_COLOR": "1"},
        cwd=home.path,
        columns=columns,
    ) as terminal:
        assert terminal.wait() == 0, terminal.output
    text = terminal.output.decode().replace("\r\n", "\n")
    assert "\x1b[3" not in text
    return re.sub(r"\r\x1b\[K[^\n\r]*(?=\r)|\r\x1b\[K", "", text).splitlines()


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_list_fits_and_keeps_what_matters(messy: Home, columns: int) -> None:
    head, *rows, gap, total = shown(messy, columns, "list")
    assert (gap, total[:15]) == ("", "6 environments,")
    assert width(total) <= columns
    assert len(rows) == len(NAMES) + 1
    for line in (head, *rows):
        assert width(line) <= columns, line
        assert unicodedata.combining(line[0]) == 0
    titles = head.split()
    assert {"NAME", "RECLAIMABLE", "STATUS"} <= set(titles)
    assert ("+CACHE" in titles) == (columns >= 200)
    begin = head.index("STATUS")
    for line in rows:  # by cells, the column begins where its title does
        cells = "".join(char * max(width(char), 1) for char in line if width(char))
        word = cells[begin:].split()[0]
        assert word in {status.value for status in Status}
    assert any(f"[{Flag.BROKEN}]" in line for line in rows)


@pytest.mark.parametrize("arguments", [("info", "deep"), ("prune", "-n")], ids=lambda one: one[0])
def test_sentences_break_between_words(messy: Home, arguments: Sequence[str]) -> None:
    whole = messy.venvdash(*arguments).stdout
    words = set(whole.split())
    for columns in WIDTHS:
        lines = shown(messy, columns, *arguments)
        found = {word for line in lines for word in line.split()} - words - {"venvdash:"}
        assert all(map(str.isdigit, found)), found  # how many directories were searched changes
        long = [line for line in lines if width(line) > columns]
        assert all(max(map(width, line.split())) > columns - 16 for line in long), long


def test_the_other_tables_fit(messy: Home) -> None:
    for columns in WIDTHS:
        for command in ("trash", "history", "stores"):
            lines = shown(messy, columns, command)
            long = [line for line in lines if width(line) > columns]
            assert all("--add" in line or "`" in line for line in long), (command, long)
    assert "NAME" in shown(messy, 60, "trash")[0]


def test_errors_are_broken_between_words(messy: Home) -> None:
    with venvdash(
        *("list", "--kind", "nope"), variables=messy.variables, cwd=messy.path, columns=60
    ) as terminal:
        assert terminal.wait() == 2
    lines = terminal.output.decode().splitlines()
    assert len(lines) > 2
    assert all(len(line) <= 60 + len("\x1b[31m\x1b[0m") for line in lines)
    assert all(line.endswith((",", ".")) for line in lines[1:])


def test_a_question_is_broken_between_words(messy: Home) -> None:
    with venvdash("prune", variables=messy.variables, cwd=messy.path, columns=60) as terminal:
        terminal.read(lambda output: b"[y/N]" in output)
        terminal.press("n\r")
        assert terminal.wait() == 2
    text = terminal.output.decode()
    (line,) = [line for line in text.splitlines() if "[y/N]" in line]
    assert len(line) <= 60
    assert line.startswith("restore. [y/N]")
    assert "Use `venvdash restore` to\r\n" in text


def test_columns_are_left_out_in_their_order() -> None:
    columns = (Column("a"), Column("b", drop=2), Column("c", drop=1), Column("d", least=4))
    natural = (10, 10, 10, 10)
    assert fit(columns, natural, 46) == [10, 10, 10, 10]
    assert fit(columns, natural, 40) == [10, 10, 10, 4]
    assert fit(columns, natural, 39) == [10, None, 10, 10]
    assert fit(columns, natural, 20) == [10, None, None, 8]
    assert fit(columns, natural, 5) == [10, None, None, 4]
    last = (Column("a", least=3, last=True), Column("b", drop=1))
    assert fit(last, (10, 10), 15) == [10, None]
    assert fit(last, (10, 10), 8) == [8, None]


def test_cells_are_counted_not_characters() -> None:
    assert [width(text) for text in ("abc", "日本", "e\u0301", "각", "\u1100\u1161\u11a8")] == [
        *(3, 4, 1, 2, 2)
    ]
    assert [cut("日本語", cells) for cells in (6, 5, 4, 3, 2)] == [
        *("日本語", "日本…", "日…", "日…", "…")
    ]
    assert cut("e\u0301e\u0301e\u0301", 2) == "e\u0301…"
    assert [cut_start("/日本語", cells) for cells in (7, 6, 5)] == ["/日本語", "…本語", "…本語"]
    assert cut_start("ae\u0301b", 2) == "…b"


def test_words_that_no_line_holds_are_not_broken() -> None:
    assert wrap("  one two three", 9, hang=2) == ["  one two", "  three"]
    assert wrap("see /a/long/path now", 10, hang=2) == ["see /a/long/path", "  now"]
    assert wrap("日本 日本 日本", 9) == ["日本 日本", "日本"]
    assert wrap("one two", None) == ["one two"]
    assert wrap("", 5) == [""]


def test_a_line_keeps_its_roles_and_hangs_at_its_text() -> None:
    label = Line(
        (Piece("  "), Piece("path  ", Role.MUTED), Piece("one two"), Piece(" 3", Role.ERROR))
    )
    parts = list(wrapped(label, 13))
    assert [part.text for part in parts] == ["  path  one", "        two 3"]
    assert [piece.role for piece in parts[1].pieces] == [Role.PLAIN, Role.PLAIN, Role.ERROR]
    assert [part.text for part in wrapped(plain("  a b c"), 5)] == ["  a b", "  c"]
