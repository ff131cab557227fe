"""SeaHash, and how Rust feeds a path and an interpreter to it: the digests in uv's entry names.

The hash is that of the crate seahash 4.1 (https://docs.rs/seahash/4.1.0, "reference"); the stream
is what Rust's derived ``Hash`` writes for uv's types (crates/uv-python, target-lexicon 0.13.5) and
``std::path::Path``. Both were checked against digests that uv 0.13.9 wrote on Linux; the numbers
of the other systems come from the same sources and are unchecked. They may change with a release
of uv: an equal digest proves a project, a different one says nothing.
"""

import os
import re
import struct
from dataclasses import dataclass

_MASK = (1 << 64) - 1
_PRIME = 0x6EED0E9DA4D94A4F
_SEEDS = (0x16F11FE89B0D677C, 0xB480A793D8E6C86C, 0x6FE2E5AAF078EBC9, 0x14F994A4C5259381)

# Positions in uv's and target-lexicon's enumerations.
_IMPLEMENTATIONS = {"pyodide": 0, "graalpy": 1, "gp": 1, "pypy": 2, "pp": 2, "cpython": 3, "cp": 3}
_SYSTEMS = {"linux": struct.pack("<q", 20), "darwin": struct.pack("<qq", 7, 0)}
_SYSTEMS["win32"] = struct.pack("<q", 38)
_MACHINES = {"x86_64": struct.pack("<q", 31), "aarch64": struct.pack("<qq", 3, 0)}
_LIBCS = {"gnu": struct.pack("<qq", 0, 6), "musl": struct.pack("<qq", 0, 18)}
_NO_LIBC = struct.pack("<q", 1)
_PHASES = {"a": 0, "b": 1, "rc": 2}  # alpha, beta, release candidate
_VERSION = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})(?:\.([0-9]{1,3}))?(?:(a|b|rc)([0-9]{1,9}))?")
_DRIVE = re.compile(rb"(//\?/)?([A-Za-z]):")  # VerbatimDisk, which canonicalize gives, or Disk

DEFAULT, FREETHREADED = 0, 2  # builds; 1 and 3 are debug builds of them


@dataclass(frozen=True, slots=True)
class Platform:
    """What an interpreter was built for.

    ``system`` as in ``sys.platform``, ``machine`` "x86_64" or "aarch64", ``libc`` "gnu" or "musl"
    on Linux and "" elsewhere.
    """

    system: str
    machine: str
    libc: str = ""


def seahash(data: bytes) -> int:
    """Return the 64-bit SeaHash of ``data``."""
    a, b, c, d = _SEEDS
    whole = len(data) & ~7
    for (word,) in struct.iter_unpack("<Q", data[:whole]):
        a, b, c, d = b, c, d, _diffuse(a ^ word)
    if whole < len(data):
        a = _diffuse(a ^ int.from_bytes(data[whole:], "little"))
    return _diffuse(a ^ b ^ c ^ d ^ len(data))


def digest(stream: bytes) -> str:
    """Return the 16 hex digits that uv writes for ``stream``: little-endian."""
    return seahash(stream).to_bytes(8, "little").hex()


def path_stream(path: str | os.PathLike[str], windows: bool = os.name == "nt") -> bytes:
    """Return what Rust's ``Hash for Path`` writes for an absolute path.

    The components without separators, then a checksum of where they end. Raises ValueError for
    what cannot be a path of this system.
    """
    prefix, rest = b"", os.fsencode(path)
    if windows:
        prefix, rest = _drive(rest.replace(b"\\", b"/"))
    parts = [part for part in rest.split(b"/") if part not in (b"", b".")]
    bits = 0
    for part in parts:
        bits = (bits + len(part)) & _MASK
        bits = (bits >> 2) | ((bits << 62) & _MASK)
    return prefix + b"".join(parts) + struct.pack("<Q", bits)


def interpreter_stream(
    implementation: str, version: str, platform: Platform, variant: int = DEFAULT
) -> bytes | None:
    """Return what uv's key of an interpreter adds; None where its numbers are not known.

    ``implementation`` is the name or short name in the entry ("cp", "pypy"), ``version`` is X.Y.Z
    with an optional a1, b1 or rc1, or X.Y for a managed Python that uv upgrades in place.
    """
    kind = _IMPLEMENTATIONS.get(implementation)
    match = _VERSION.fullmatch(version)
    system, machine = _SYSTEMS.get(platform.system), _MACHINES.get(platform.machine)
    if kind is None or match is None or system is None or machine is None:
        return None
    major, minor, patch, phase, number = match.groups()
    numbers = [int(part) for part in (major, minor, patch) if part is not None]
    if max(numbers) > 255:
        return None
    stream = struct.pack("<qq", 1, kind) + bytes(numbers)
    if phase is not None:
        stream += struct.pack("<qqQ", 1, _PHASES[phase], int(number))
    elif patch is not None:
        stream += struct.pack("<q", 0)
    libc = _LIBCS.get(platform.libc, _NO_LIBC)
    return stream + system + machine + struct.pack("<q", 0) + libc + struct.pack("<q", variant)


def _diffuse(x: int) -> int:
    x = (x * _PRIME) & _MASK
    x ^= (x >> 32) >> (x >> 60)
    return (x * _PRIME) & _MASK


def _drive(path: bytes) -> tuple[bytes, bytes]:
    """Split a path into what Rust writes for its drive, canonical or not, and the rest."""
    match = _DRIVE.match(path)
    if match is None:
        return b"", path
    return struct.pack("<q", 2 if match[1] else 5) + match[2].upper(), path[match.end() :]
