"""The scrolling text: its lines, and what is drawn of it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.content import Content, Span
from textual.pilot import Pilot

from venvdash.tui.widgets.text_pane import TextPane, lines_of


class Reader(App[None]):
    """Shows one text."""

    def __init__(self, text: Content) -> None:
        super().__init__()
        self.pane = TextPane(text)

    def compose(self) -> ComposeResult:
        yield self.pane


def read(text: Content, script: Callable[[TextPane, Pilot[None]], Awaitable[None]]) -> None:
    async def run() -> None:
        app = Reader(text)
        async with app.run_test(size=(21, 6)) as pilot:  # 20 cells beside the scrollbar
            await pilot.pause()
            await script(app.pane, pilot)

    asyncio.run(run())


def shown(pane: TextPane) -> list[str]:
    return [pane.line_at(y).text.rstrip() for y in range(pane.size.height)]


_SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6)


@given(st.lists(st.text("ab", max_size=8), min_size=1, max_size=6), _SPANS)
def test_lines_have_the_spans_that_textual_gives_them(
    lines: list[str], spans: list[tuple[int, int]]
) -> None:
    plain = "\n".join(lines)
    clipped = [(min(a, len(plain)), min(b, len(plain))) for a, b in spans]
    text = Content(plain, [Span(a, b, "bold") for a, b in clipped if a < b])
    expected = text.split("\n", allow_blank=True)
    found = [Content(line, styles) for line, styles in lines_of(text)]
    assert [line.plain for line in found] == [line.plain for line in expected] == lines
    for one, other in zip(found, expected, strict=True):
        assert sorted(one.spans) == sorted(span for span in other.spans if span)


def test_long_lines_are_wrapped_and_keep_their_indent() -> None:
    text = Content("\nword one two three four\n  indent and more words\n\nend")

    async def script(pane: TextPane, pilot: Pilot[None]) -> None:
        assert shown(pane)[:5] == ["", "word one two three", "four", "  indent and more", "  words"]
        pane.scroll_end(animate=False)
        await pilot.pause()
        assert shown(pane)[-2:] == ["", "end"]

    read(text, script)


def test_only_what_is_seen_is_drawn() -> None:
    text = Content("\n").join(Content.styled(f"package {n}", "bold") for n in range(2000))

    async def script(pane: TextPane, pilot: Pilot[None]) -> None:
        assert 6 <= len(pane._strips) <= 12
        pane.scroll_end(animate=False)
        await pilot.pause()
        assert shown(pane)[-1] == "package 1999"
        assert len(pane._strips) <= 24

    read(text, script)


def test_the_same_text_again_is_neither_laid_out_nor_painted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def text() -> Content:
        return Content("\n").join(Content.styled(f"line {n}", "bold") for n in range(20))

    async def script(pane: TextPane, pilot: Pilot[None]) -> None:
        before = list(pane._strips.values())
        painted: list[object] = []
        monkeypatch.setattr(pane, "refresh", lambda *regions, **_: painted.append(regions))
        pane.show(text(), top=False)
        assert painted == []
        assert list(pane._strips.values()) == before
        pane.show(Content("line 0"))
        assert painted

    read(text(), script)


def test_another_style_of_the_same_words_is_shown() -> None:
    async def script(pane: TextPane, pilot: Pilot[None]) -> None:
        pane.show(Content.styled("word", "bold"))
        await pilot.pause()
        style = next(iter(pane.line_at(0))).style
        assert style is not None
        assert style.bold

    read(Content("word"), script)


def test_a_text_that_comes_while_it_is_hidden_is_shown_afterwards() -> None:
    async def script(pane: TextPane, pilot: Pilot[None]) -> None:
        pane.display = False
        await pilot.pause()
        pane.show(Content("new"))
        pane.display = True
        await pilot.pause()
        assert shown(pane)[0] == "new"

    read(Content("old"), script)
