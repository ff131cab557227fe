"""Against numbers that the reference implementation (xxHash 0.8.3) gives."""

import pytest

from venvdash.stores import _xxh3

_VECTORS = {  # length: hash; the bytes count up by sevens
    0: 3244421341483603138,
    1: 1433843135270481901,
    3: 12180141160879835164,
    4: 7895465118229274323,
    8: 6941064856527638883,
    9: 18374517719163151272,
    16: 13314990914799711621,
    17: 8163341949877205007,
    32: 1873302701886544469,
    33: 4486878507168070088,
    64: 2917965298538373825,
    100: 13083933661539568799,
    128: 7440608504995537343,
    129: 14295761343243267012,
    200: 8389308914288017243,
    240: 7229805477010515663,
    241: 10082113959289486871,
    256: 4339360625268998362,
    512: 17690705279202729245,
    1024: 11205349619999208113,
    1025: 9253807012321506678,
    2000: 8212356305084836938,
    4096: 15511108803552338814,
}


@pytest.mark.parametrize("length", _VECTORS)
def test_every_branch_of_the_hash(length: int) -> None:
    data = bytes((7 * k + 3) % 256 for k in range(length))
    assert _xxh3.digest(data) == _VECTORS[length]


def test_the_path_in_pixis_own_issue() -> None:
    # prefix-dev/pixi#6511 shows this number for this directory.
    assert _xxh3.digest(b"/tmp/my-project") == 10167511532199085897
