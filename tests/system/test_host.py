"""The machine's id: stable, its own, and nothing that tells the machine's real one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from venvdash.system import host

RAW = "0123456789abcdef0123456789abcdef"


def test_it_is_the_same_in_every_process() -> None:
    code = "from venvdash.system.host import host_id; print(host_id())"
    said = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
        ).stdout.strip()
        for _ in range(2)
    }
    assert said == {host.host_id()}
    assert re.fullmatch("[0-9a-f]{32}", host.host_id())


def test_the_raw_id_is_not_in_it() -> None:
    raw = host.machine_id()
    assert raw is None or raw != host.host_id()
    made = host.hashed(RAW)
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert made != RAW
    assert made == host.hashed(RAW)
    assert made != host.hashed(RAW[::-1])


@pytest.mark.parametrize("text", ["", "uninitialized\n", "0" * 32, RAW[:-1], RAW + "0", "g" * 32])
def test_what_is_no_machine_id(tmp_path: Path, text: str) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text(text)
    assert host.machine_id((first, second)) is None
    second.write_text(RAW.upper() + "\n")
    assert host.machine_id((first, second)) == RAW


def test_without_a_machine_id_there_is_one_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "_machine", lambda: None)
    host.host_id.cache_clear()
    try:
        by_card = host.host_id()
        monkeypatch.setattr(host, "_network_card", lambda: None)
        host.host_id.cache_clear()
        by_name = host.host_id()
    finally:
        host.host_id.cache_clear()
    assert re.fullmatch("[0-9a-f]{32}", by_card)
    assert re.fullmatch("[0-9a-f]{32}", by_name)


@pytest.mark.parametrize(
    ("address", "expected"), [(0x001A2B3C4D5E, "001a2b3c4d5e"), (1 << 40, None)]
)
def test_a_random_network_address_is_no_id(
    monkeypatch: pytest.MonkeyPatch, address: int, expected: str | None
) -> None:
    monkeypatch.setattr("uuid.getnode", lambda: address)
    assert host._network_card() == expected
