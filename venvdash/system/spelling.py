"""Paths in a TOML file, where only UTF-8 text may be written.

A path is its bytes as UTF-8 text; a byte that is not UTF-8, each byte of a character that cannot
be printed, and the percent sign itself are written as ``%XX`` (two hex digits, as in a URL). So
every path has exactly one spelling, comes back byte for byte, and can be read by people.
"""

import os
import re

LIMIT = 4096  # bytes of a path: PATH_MAX on Linux
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")


def spell(name: str) -> str:
    """Return ``name`` (as Python holds it, surrogate escapes included) as printable text."""
    if name.isascii() and name.isprintable() and "%" not in name:
        return name
    return "".join(
        char
        if char.isprintable() and char != "%"
        else "".join(f"%{byte:02X}" for byte in _bytes(char))
        for char in name
    )


def unspell(text: str) -> str:
    """Return the name that ``spell`` wrote as ``text``.

    Raises ValueError for what ``spell`` cannot have written: a stray percent sign, a control
    character, a NUL byte, more than ``LIMIT`` bytes.
    """
    if not text.isprintable():
        raise ValueError("contains control characters")
    if "%" in text:
        data, end = b"", 0
        for match in _ESCAPE.finditer(text):
            data += _literal(text[end : match.start()]) + bytes.fromhex(match[1])
            end = match.end()
        name = os.fsdecode(data + _literal(text[end:]))
    else:
        name = text
    if "\0" in name:
        raise ValueError("contains a NUL byte")
    if len(_bytes(name)) > LIMIT:
        raise ValueError(f"is longer than {LIMIT} bytes")
    return name


def _literal(text: str) -> bytes:
    if "%" in text:
        raise ValueError("contains a percent sign that is not part of an escape")
    return _bytes(text)


def _bytes(name: str) -> bytes:
    return os.fsencode(name)
