"""The inode table against the plainest model: a dict of sets."""

import subprocess
import sys
from array import array

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.effort import examples
from venvdash.scanner.usage.inode_owners import InodeOwners

# Few inodes, so that environments share; some very large, as XFS and overlays have.
INODES = st.one_of(st.integers(1, 60), st.integers(2**63, 2**63 + 9), st.just(2**64 - 1))
ENVIRONMENTS = st.lists(
    st.tuples(st.integers(0, 1), st.sets(INODES, max_size=40)), min_size=1, max_size=12
)


def size_of(inode: int) -> int:
    return inode % 7 * (2**31)


def filled(
    environments: list[tuple[int, set[int]]], pending: int, part: int
) -> tuple[InodeOwners, dict[tuple[int, int], set[int]]]:
    owned = InodeOwners(pending=pending, part=part)
    owners: dict[tuple[int, int], set[int]] = {}
    for number, (device, inodes) in enumerate(environments):
        order = sorted(inodes)
        owned.add(number, device, array("Q", order), array("Q", map(size_of, order)))
        for inode in inodes:
            owners.setdefault((device, inode), set()).add(number)
    return owned, owners


@settings(max_examples=examples(400), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ENVIRONMENTS, st.sampled_from([1, 10, 1000]), st.sampled_from([1, 5, 1000]))
def test_held_is_what_no_other_has(
    environments: list[tuple[int, set[int]]], pending: int, part: int
) -> None:
    owned, owners = filled(environments, pending, part)
    expected: dict[int, int] = {}
    for (_, inode), who in owners.items():
        if len(who) == 1:
            (owner,) = who
            expected[owner] = expected.get(owner, 0) + size_of(inode)
    assert owned.held() == expected
    assert owned.held() == expected  # asking changes nothing
    shared = {
        (device, inode): times
        for device, (inodes, counts) in owned.several().items()
        for inode, times in zip(inodes, counts, strict=True)
    }
    assert shared == {key: len(who) for key, who in owners.items() if len(who) > 1}
    assert all(list(inodes) == sorted(inodes) for inodes, _ in owned.several().values())


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ENVIRONMENTS, st.sets(INODES), st.sampled_from([1, 10, 1000]))
def test_held_within_one(
    environments: list[tuple[int, set[int]]], inner: set[int], pending: int
) -> None:
    owned, owners = filled(environments, pending, 8)
    order = sorted(inner)
    device = environments[0][0]
    expected = sum(size_of(inode) for inode in inner if owners.get((device, inode)) == {0})
    got = owned.held_within(0, device, array("Q", order), array("Q", map(size_of, order)))
    assert got == expected


_MILLION = """
import resource
from array import array
from venvdash.scanner.usage.inode_owners import InodeOwners
sizes = array("I", [8]) * 5000
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before, owned = peak(), InodeOwners()
for number in range(200):  # interleaved: every range of inodes is everybody's
    owned.add(number, 1, array("Q", range(number, 1_000_000, 200)), sizes)
assert owned.held() == dict.fromkeys(range(200), 40_000)
print((peak() - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts ru_maxrss in KiB, as Linux does")
def test_a_million_inodes_take_little_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MILLION], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 40  # MiB; a dict of them takes some 150


def test_the_work_can_be_broken_off() -> None:
    def stop() -> None:
        raise InterruptedError

    owned = InodeOwners(stop)
    owned.add(1, 1, array("Q", [1, 2]), array("I", [8, 8]))
    with pytest.raises(InterruptedError):
        owned.held()
