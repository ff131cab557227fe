"""The pictures are made from the real dashboard, and show nothing of whose machine made them."""

import asyncio
import re
from pathlib import Path

from tests.screenshots import SHOTS, Shot, neutral_python, self_contained, shoot
from venvdash.demo.playground import build


def test_a_picture_of_the_list(tmp_path: Path) -> None:
    playground = build(tmp_path / "playground", lambda words: None, python=neutral_python())
    path = asyncio.run(shoot(playground, Shot("list", (100, 30)), tmp_path))
    text = path.read_text(encoding="utf-8").replace("&#160;", " ")
    for words in ("webapp", "vision", "orphan", "~/code/vision"):
        assert words in text
    # Nothing is fetched when it is looked at, and every path begins at HOME.
    assert not re.search(r"url\(\s*[\"']?http", text)
    assert str(tmp_path) not in text


def test_names_of_pictures_are_their_sizes() -> None:
    for shot in SHOTS:
        assert shot.name.endswith("-{}x{}".format(*shot.size))
    assert len({shot.name for shot in SHOTS}) == len(SHOTS)


def test_fonts_are_taken_from_the_machine_that_looks() -> None:
    font = 'url("https://a/b.{0}") format("{0}")'
    style = f'src: local("F"),\n {font.format("woff2")},\n {font.format("woff")};'
    assert self_contained(style) == 'src: local("F");\n'
