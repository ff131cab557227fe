"""What in a TOML file would take its parser too long, found before it is parsed.

tomllib takes seconds and gigabytes for some small files (a key of many dots), and follows nesting
until Python's stack ends; anyone may have written the files that are read here.
"""

import re
from typing import Any

# Strings and comments, ended or not, so that one pass finds the punctuation between them.
_OPAQUE = re.compile(
    r'"""(?:[^\\]|\\.)*?(?:"""|\\?\Z)'
    r"|'''.*?(?:'''|\Z)"
    r'|"(?:[^"\\\n]|\\.)*(?:"|\n|\\?\Z)'
    r"|'[^'\n]*(?:'|\n|\Z)"
    r"|\#[^\n]*",
    re.DOTALL,
)
_BETWEEN_KEYS = re.compile(r"[^\w\-\". \t]")


class TomlError(ValueError):
    """Data is not TOML, or too much for its parser; the text continues "the file …"."""


def parse(data: bytes, *, dots: int, depth: int) -> dict[str, Any]:
    """Return the TOML document in ``data``, within the limits of ``bomb``.

    Raises TomlError, whose text does not quote ``data``, as that of its cause may.
    """
    import tomllib  # most users have no file that is read with it

    try:
        text = data.decode()
        if problem := bomb(text, dots=dots, depth=depth):
            raise TomlError(problem)
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise TomlError("is not UTF-8") from error
    except TomlError:
        raise
    except (ValueError, RecursionError) as error:
        raise TomlError("is not valid TOML") from error


def bomb(text: str, *, dots: int, depth: int) -> str | None:
    """Return what in ``text`` is too much, as the end of a sentence about the file, or None.

    Allowed are ``dots`` in one key (the parser's time grows with their square) and ``depth``
    brackets inside brackets. One pass, whatever stands in ``text``.
    """
    bare = _OPAQUE.sub('"', text)
    if any(key.count(".") > dots for key in _BETWEEN_KEYS.split(bare)):
        return "has a key with too many dots"
    open_brackets = 0
    for char in bare:
        if char in "[{":
            open_brackets += 1
            if open_brackets > depth:
                return "is nested too deep"
        elif char in "]}":
            open_brackets = max(open_brackets - 1, 0)
    return None
