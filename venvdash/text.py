"""Escaping text from disk for display: no control character reaches a terminal."""

import os
import re
import unicodedata
from collections.abc import Iterator
from itertools import accumulate

# C0, DEL, C1, bidirectional controls, line and paragraph separators, other invisible format
# characters, and lone surrogates (how Python carries bytes that are not UTF-8).
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_SEPARATORS = re.compile(r"[-_.]+")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\e"}


# The part before the host of a URL: a name, a password or a token. RFC 3986 has no "/", "?" and
# "#" in it; programs also accept an unescaped "@" in a password.
_USERINFO = re.compile(r"(?<=://)[^\s/?#'\"<>]+(?=@)")
_NAMES = "token|secret|passw(?:or)?d|signature|sig|api[_-]?key|access[_-]?key|auth|credential"
# In a URL's query, or as an assignment in a command line.
_ASSIGNED = re.compile(
    rf"((?:[?&;]|(?<![\w.-]))[\w.-]*(?:{_NAMES})s?=)(?!\$)[^\s&;#'\"<>]+", re.IGNORECASE
)
HIDDEN = "****"


def redact(text: str) -> str:
    """Return ``text`` without the credentials in it: of URLs, their queries, and assignments.

    The name `git` of SSH remotes is no credential, nor is a variable (`${TOKEN}`, as in PEP 610).
    All text of others that is shown, stored or logged passes this.
    """
    if "://" not in text and "=" not in text:
        return text
    text = _USERINFO.sub(_hidden, text)
    return _ASSIGNED.sub(rf"\1{HIDDEN}", text)


def _hidden(match: re.Match[str]) -> str:
    userinfo = match.group()
    harmless = userinfo == "git" or all(part.startswith("$") for part in userinfo.split(":"))
    return userinfo if harmless else HIDDEN


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape: one byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def visible(value: str | bytes | os.PathLike[str], limit: int = 4096) -> str:
    """Return ``value`` with every unsafe character as a visible escape, ``limit`` long at most."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "surrogateescape")
    elif not isinstance(value, str):
        value = os.fspath(value)
    shown = _UNSAFE.sub(_escape, value)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def short_path(path: str | os.PathLike[str], home: str | os.PathLike[str] | None) -> str:
    """Return a path made visible, with ``~`` for the user's HOME."""
    text, base = os.fspath(path), os.fspath(home or "").rstrip("/\\")
    if base and (text == base or text.startswith((base + "/", base + "\\"))):
        text = "~" + text[len(base) :]
    return visible(text)


def with_tilde(sentence: str, home: str | os.PathLike[str] | None) -> str:
    """Return a visible sentence with ``~`` for ``home`` at the start of each path in it."""
    if home is None:
        return sentence
    start = re.escape(visible(home).rstrip("/"))
    return re.sub(rf"(?<![\w./~-]){start}(?=[/\s,;:)]|$)", "~", sentence)


def alike(name: str) -> str:
    """Return a name normalised in case and in ``-``, ``_`` and ``.``, for comparison."""
    return _SEPARATORS.sub("-", unicodedata.normalize("NFC", name).casefold())


def width(shown: str) -> int:
    """Return how many terminal cells ``shown`` (already made visible) takes."""
    return len(shown) if shown.isascii() else sum(map(_cells, shown))


def _cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me") or "\u1160" <= char <= "\u11ff":
        return 0  # combining marks, and vowels and finals of Hangul, join the one before
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(shown: str, cells: int) -> str:
    """Return ``shown`` in at most ``cells`` cells, its end cut with an ellipsis."""
    if width(shown) <= cells:
        return shown
    kept = sum(end < cells for end in accumulate(map(_cells, shown)))
    return shown[:kept] + "…"


def cut_start(shown: str, cells: int) -> str:
    """Return ``shown`` in at most ``cells`` cells; its beginning is cut, as for paths."""
    if width(shown) <= cells:
        return shown
    kept = sum(end < cells for end in accumulate(map(_cells, reversed(shown))))
    begin = len(shown) - kept
    while begin < len(shown) and not _cells(shown[begin]):
        begin += 1  # a mark without its letter
    return "…" + shown[begin:]


def line_spans(shown: str, cells: int, hang: int = 0) -> Iterator[tuple[int, int]]:
    """Yield where the lines begin and end that ``shown`` takes in ``cells`` cells.

    It is broken between words only; what no line can hold, such as a long path, is not broken.
    ``hang``: by how many cells all lines but the first are indented.
    """
    begin = end = 0
    for word in re.finditer(r"\S+", shown):
        room = cells - (hang if begin else 0)
        fits = width(shown[begin : word.end()]) <= room
        if shown[begin:end].strip() and not fits and width(word[0]) <= cells - hang:
            yield begin, end
            begin = word.start()
        end = word.end()
    yield begin, end


def wrap(shown: str, cells: int | None, hang: int = 0) -> list[str]:
    """Return the lines of ``shown``; see ``line_spans``. None: there is no limit."""
    if cells is None:
        return [shown]
    spans = line_spans(shown, cells, hang)
    return [(" " * hang if begin else "") + shown[begin:end] for begin, end in spans]


def counted(number: float, one: str, several: str | None = None) -> str:
    """Return a number with its noun."""
    shown = f"{number:g}" if isinstance(number, float) else str(number)
    return f"{shown} {one if number == 1 else several or one + 's'}"


def because(error: Exception) -> str:
    """Return the message of an error without paths and numbers."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return str(error) or type(error).__name__
