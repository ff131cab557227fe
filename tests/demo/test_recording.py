"""The animated picture of a prune: what it shows is what the dashboard shows."""

import asyncio
import re
from collections import defaultdict
from xml.etree import ElementTree

import pytest

from tests.docs import README
from tests.recording import NAME, SIZE, STEPS, Frame, drawn, record
from venvdash.demo.playground import Playground

LIMIT = 400 * 1024  # bytes: a page of GitHub loads it
_SVG = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[str]:
    """Return what each frame of a picture shows, its caption first."""
    lines: dict[int, dict[float, list[tuple[float, str]]]] = defaultdict(lambda: defaultdict(list))
    for group in ElementTree.fromstring(picture).iter(f"{_SVG}g"):
        for text in group.iter(f"{_SVG}text"):
            for number in map(int, group.attrib["class"][1:].split("-")):
                place = float(text.attrib["x"])
                lines[number][float(text.attrib["y"])].append((place, text.text or ""))
    return [
        "\n".join(" ".join(text.strip() for _, text in sorted(found[y])) for y in sorted(found))
        for _, found in sorted(lines.items())
    ]


@pytest.mark.slow
def test_a_recording_shows_each_step(playground: Playground) -> None:
    frames = asyncio.run(record(playground))
    assert [frame.says for frame in frames] == [step.says for step in STEPS]
    for frame, step in zip(frames, STEPS, strict=True):
        assert step.words in frame.text
        assert [sum(part.cell_length for part in line) for line in frame.lines] == [
            SIZE[0] for _ in range(SIZE[1])
        ]
    picture = drawn(frames)
    for frame, shown in zip(frames, texts(picture), strict=True):
        assert "".join(frame.text.split()) == "".join(shown.partition("\n")[2].split())


def test_the_picture_in_the_readme_shows_each_step() -> None:
    file = README.parent / "screenshots" / NAME
    assert f"](screenshots/{NAME})" in README.read_text()
    picture = file.read_text()
    shown = texts(picture)
    assert len(shown) == len(STEPS)
    for text, step in zip(shown, STEPS, strict=True):
        assert step.says in text
        assert " ".join(step.words.split()) in " ".join(text.replace("\xa0", " ").split())
    assert file.stat().st_size < LIMIT
    assert not re.search(r"url\(|@import|<script|https?://(?!www\.w3\.org/2000/svg)", picture)


def test_what_several_frames_show_is_drawn_once() -> None:
    frames = [Frame(says, (), 1) for says in ("one", "two", "one")]
    picture = drawn(frames)
    assert picture.count(">one<") == 1
    assert "@keyframes f0-2 " in picture
    assert [text.split()[-1] for text in texts(picture)] == ["one", "two", "one"]
