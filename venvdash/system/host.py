"""A stable id of this machine that reveals nothing about it."""

import ctypes
import functools
import os
import sys
from pathlib import Path

from venvdash.system.files import read_text

# machine-id(5): the raw id is confidential; an application derives its own by a keyed hash.
_APPLICATION = b"venvdash host id 1"
_FILES = ("/etc/machine-id", "/var/lib/dbus/machine-id")


@functools.cache
def host_id() -> str:
    """Return 32 hex digits that stay the same over reboots and differ between machines.

    From ``/etc/machine-id``, macOS's ``gethostuuid`` or Windows' ``MachineGuid``; without one from
    the network card's address, and without that from the host name.
    """
    return hashed(_machine() or _network_card() or _name())


def hashed(raw: str) -> str:
    """Return the id for the raw machine id ``raw``, from which that cannot be computed."""
    import hashlib

    key = hashlib.sha256(raw.encode("utf-8", "surrogatepass")).digest()
    return hashlib.blake2b(_APPLICATION, key=key, digest_size=16).hexdigest()


def machine_id(files: tuple[str | Path, ...] = _FILES) -> str | None:
    """Return the first id that one of ``files`` holds: 32 hex digits, see machine-id(5)."""
    for file in files:
        text = (read_text(file, limit=4096) or "").strip().lower()
        # "uninitialized" is what an image has before its first boot; zeros are not allowed.
        if len(text) == 32 and set(text) <= set("0123456789abcdef") and set(text) != {"0"}:
            return text
    return None


def _machine() -> str | None:
    if sys.platform == "darwin":
        return _macos()
    if sys.platform == "win32":
        return _windows()
    return machine_id()


def _macos() -> str | None:
    """Return the id of gethostuuid(2), called through libc so that no program is started."""

    class Timespec(ctypes.Structure):
        _fields_ = (("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long))

    try:
        library = ctypes.CDLL(None)
        uuid = (ctypes.c_ubyte * 16)()
        wait = Timespec(1, 0)
        if library.gethostuuid(uuid, ctypes.byref(wait)) != 0:
            return None
    except (OSError, AttributeError):
        return None
    return bytes(uuid).hex() if any(uuid) else None


def _windows() -> str | None:
    if sys.platform != "win32":  # tells the type checker that winreg exists below
        return None
    import winreg

    try:
        with winreg.OpenKey(
            winreg.HKEY_LOCAL_MACHINE,
            r"SOFTWARE\Microsoft\Cryptography",
            # The 32-bit view of the registry has no such value.
            access=winreg.KEY_READ | winreg.KEY_WOW64_64KEY,
        ) as key:
            value, _ = winreg.QueryValueEx(key, "MachineGuid")
    except OSError:
        return None
    return str(value) or None


def _network_card() -> str | None:
    import uuid

    address = uuid.getnode()
    # RFC 9562 6.10: the multicast bit marks a random number, another one in each process.
    return None if address >> 40 & 1 else f"{address:012x}"


def _name() -> str:
    import platform

    return platform.node() or os.name
