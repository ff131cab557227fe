"""Screens and dialogs are as in ``tests/tui/pictures``: ``python -m tests.tui.pictures``."""

import pytest

from tests.tui.pictures import FOLDER, SCREENS, SIZES, Picture, draw, path_of


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("picture", SCREENS, ids=lambda picture: picture.name)
def test_it_is_drawn_as_its_picture_shows(picture: Picture, size: tuple[int, int]) -> None:
    shown = draw(picture, size)
    known = path_of(picture, size).read_text("utf-8")
    assert shown == known, "if that is meant: python -m tests.tui.pictures, and look at the diff"


def test_every_picture_is_of_a_screen() -> None:
    known = {path_of(picture, size) for picture in SCREENS for size in SIZES}
    assert set(FOLDER.glob("*.txt")) == known
