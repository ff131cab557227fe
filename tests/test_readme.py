"""README.md: short, its links lead somewhere, and its examples are what the program prints."""

import re
from pathlib import Path

import pytest

from tests.docs import README
from tests.examples import examples, printed, words
from venvdash.demo.playground import Playground

PAGES = (README, README.parent / "CONTRIBUTING.md", *sorted((README.parent / "docs").glob("*.md")))


@pytest.mark.slow
def test_the_examples_are_what_is_printed(playground: Playground) -> None:
    shown = list(examples(README.read_text()))
    assert len(shown) >= 5
    for command, output in shown:
        now = printed(playground, command, output)
        assert words(now) == words(output), f"{command}: run `python -m tests.docs`\n{now}"


def test_it_is_about_two_screens() -> None:
    assert README.read_text().count("\n") <= 135


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith(("http:", "https:")):
            continue
        name, _, heading = target.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), target
        titles = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE) if heading else []
        assert not heading or heading in map(_anchor, titles), target


def _anchor(title: str) -> str:
    """Return a heading as GitHub links to it."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
