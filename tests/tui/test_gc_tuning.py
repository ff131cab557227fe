"""When garbage is collected, and how often a frame is drawn."""

import gc
import os
import subprocess
import sys
import time

import pytest

from venvdash.tui.gc_tuning import Collector

_FRAMES = (
    "import os; from venvdash.tui import _set_frames; _set_frames(); "
    "from textual import constants; print(constants.MAX_FPS, os.environ.get('TEXTUAL_FPS'))"
)


class Ring:
    """Refers to itself, so that only a collection frees it."""

    freed = 0

    def __init__(self) -> None:
        self.ring = self

    def __del__(self) -> None:
        Ring.freed += 1


def test_garbage_waits_until_nobody_types(monkeypatch: pytest.MonkeyPatch) -> None:
    before = gc.get_threshold()
    collector = Collector()
    gc.collect()
    collector.begin()
    try:
        Ring.freed = 0
        rings = [Ring() for _ in range(10_000)]
        gc.collect(0)
        rings.clear()  # too old for the collections that come while somebody types
        collector.touched()
        soon = collector.look(scanning=False)
        assert Ring.freed == 0
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 1)
        assert collector.look(scanning=True) > soon
        assert Ring.freed == 0, "a scan would be walked again and again"
        assert collector.look(scanning=False) == soon
        assert Ring.freed == 10_000
        Ring()
        assert collector.look(scanning=False) > soon, "nothing happens: it looks seldom"
        assert Ring.freed == 10_000, "too little to be worth it"
        for _ in range(25_000):  # it does not wait for ever
            Ring()
        assert Ring.freed > 10_000
    finally:
        collector.end()
    assert gc.get_threshold() == before


@pytest.mark.parametrize(("own", "told"), [(None, "120 None"), ("30", "30 30")])
def test_a_key_waits_half_as_long_for_a_frame(own: str | None, told: str) -> None:
    variables = {key: value for key, value in os.environ.items() if key != "TEXTUAL_FPS"}
    variables |= {"TEXTUAL_FPS": own} if own else {}
    run = [sys.executable, "-c", _FRAMES]
    said = subprocess.run(run, env=variables, capture_output=True, text=True, check=True)
    assert said.stdout == f"{told}\n"
