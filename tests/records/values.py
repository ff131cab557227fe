"""Random records, as the scanner could make them from any disk."""

import os
from pathlib import Path

from hypothesis import strategies as st

from venvdash.model import EnvironmentIdentity, EvidenceKind, ProjectRecord, Record

_bytes = st.binary(min_size=1, max_size=40).filter(lambda data: b"\0" not in data)
names = _bytes.map(os.fsdecode)
paths = st.lists(_bytes, min_size=1, max_size=4).map(
    lambda p: Path(os.fsdecode(b"/" + b"/".join(p)))
)
times = st.floats(min_value=1, max_value=4e9)
counts = st.integers(min_value=0, max_value=2**64 - 1)
stamps = st.integers(min_value=-(2**63), max_value=2**63 - 1)
fingerprints = st.builds(EnvironmentIdentity, counts, counts, stamps, stamps)
shown = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)

projects = st.builds(
    ProjectRecord,
    path=paths,
    how=st.sampled_from(EvidenceKind),
    real=st.none() | paths,
    inode=st.none() | counts,
    fsid=st.none() | counts,
    mount_point=st.none() | names,
    mount_source=st.none() | names,
    name=st.none() | names,
    git=st.none() | shown,
    host=st.none() | shown,
    first_seen=times,
    last_seen=times,
)


def _unlike(found: list[ProjectRecord]) -> tuple[ProjectRecord, ...]:
    """One a path, newest first, as a record holds them."""
    one = {project.path: project for project in found}
    return tuple(sorted(one.values(), key=lambda project: -project.last_seen))


records = st.builds(
    Record,
    identity=st.binary(min_size=16, max_size=16).map(bytes.hex),
    path=paths,
    fingerprint=fingerprints,
    projects=st.lists(projects, max_size=5).map(_unlike),
    note=st.just("") | shown,
    pinned=st.booleans(),
    last_sync=st.none() | times,
    last_shell=st.none() | times,
    unfinished=st.none() | shown,
    first_seen=times,
    last_seen=times,
    copied_from=st.none() | paths,
)
