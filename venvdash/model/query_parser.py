"""Parses the language of queries, and completes what is typed of one; see ``query``."""

import re
from collections.abc import Callable, Collection, Mapping

from venvdash.model.packaging import canonical_name
from venvdash.model.quantities import bytes_of, count_of, seconds_of
from venvdash.model.query import Installed, Not, Note, OneOf, Python, Query, Span, Term, Word
from venvdash.model.status import Flag, Status
from venvdash.model.versions import versions


class QueryError(ValueError):
    """A text is no query. The text of the error says why, and what is allowed."""


Values = Mapping[str, Callable[[], Collection[str]]]
"""By ``kind`` and ``store`` what returns the values that there are."""

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "status": ("orphan", "orphan,unknown"),
    "kind": ("uv",),
    "store": ("uv",),
    "flag": ("broken",),
    "python": ("3.11", "..3.9", "3.12.."),
    "size": ("1GB..", "..500MB"),
    "reclaimable": ("100MB..", "1GB.."),
    "files": ("10k..",),
    "used": ("90d..", "..7d"),
    "note": ("gpu", '"two words"'),
    "pkg": ("numpy", "numpy..1", "numpy@2..", "numpy>=2,<3"),
}
"""The keys, each with examples of its values."""

_FIXED: Values = {
    "status": lambda: [one.value for one in Status if one is not Status.CHECKING],
    "flag": lambda: [one.value for one in Flag],
}
_TOKEN = re.compile(r"""((?:[A-Za-z][A-Za-z-]*:)*)(?:"([^"]*)"|'([^']*)'|(\S*))(?:\s+|$)""")
_PACKAGE = re.compile(
    r"([A-Za-z0-9]+(?:(?:[-_]+|\.)[A-Za-z0-9]+)*)\s*(?:(\.\..*)|@(.*)|([<>=!~].*))?", re.ASCII
)
_UNITS: Mapping[str, tuple[Callable[[str], float | None], str]] = {
    "size": (bytes_of, "a size such as 500MB or 1GiB"),
    "reclaimable": (bytes_of, "a size such as 500MB or 1GiB"),
    "files": (count_of, "a number such as 1200 or 10k"),
    "used": (seconds_of, "an age such as 90d, 12w, 6mo or 1y"),
}


def parse(text: str, values: Values) -> Query:
    """Return the query that a text is; one without any word matches everything.

    Raises QueryError.
    """
    terms = []
    text, at = text.strip(), 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        quoted = token is not None and token[4] is None
        if token is None or (not quoted and token[4][:1] in ('"', "'")):
            raise QueryError(f"the quote in {text[at:]} is not closed, or text follows it.")
        value = next(part for part in token.groups()[1:] if part is not None)
        terms.append(_term(token[1].lower(), value, f"{token[1]}{value}", values))
        at = token.end()
    return Query(tuple(terms))


def _term(prefix: str, value: str, token: str, values: Values) -> Term:
    """Return the term of ``prefix`` (keys with colons) and a value."""
    first, _, rest = prefix.partition(":")
    if first == "not":
        if not (rest or value):
            raise QueryError("not: needs a word or a condition, such as not:status:orphan.")
        return Not(_term(rest, value, token, values))
    if not prefix:
        if not value:
            raise QueryError("a word is empty.")
        return Word(value.casefold())
    if first not in EXAMPLES:
        raise QueryError(_unknown_key(first, token))
    value = f"{rest}{value}"
    if not value.strip():
        raise QueryError(f"{first}: needs a value, {_such_as(first)}.")
    return _condition(first, value, values)


def _condition(key: str, value: str, values: Values) -> Term:
    choices = {**_FIXED, **values}.get(key)
    if choices is not None:
        return _one_of(key, value, choices())
    if key == "note":
        return Note(value.casefold())
    if key == "python":
        if (wanted := versions(value)) is None:
            raise QueryError(f"python:{value} has no version or range, {_such_as(key)}.")
        return Python(wanted)
    return _installed(value) if key == "pkg" else _span(key, value)


def _one_of(key: str, value: str, choices: Collection[str]) -> Term:
    chosen = [one.strip().lower() for one in value.split(",")]
    for one in chosen:
        if one not in choices:
            meant = _nearest(one, choices)
            what = f'has no value "{one}"' if one else "has an empty value"
            allowed = f"Allowed: {', '.join(sorted(choices))}."
            raise QueryError(
                f"{key}: {what}{f', did you mean {meant}?' if meant else '.'} {allowed}"
            )
    return OneOf(key, frozenset(chosen))


def _span(key: str, value: str) -> Term:
    read, meaning = _UNITS[key]
    low, dots, high = value.partition("..")
    if not dots:
        hint = f"{key}:{value}.. or {key}:..{value}" if read(value) is not None else f"{key}:A..B"
        raise QueryError(f"{key}: takes a range, such as {hint}; each end is {meaning}.")
    if not (low.strip() or high.strip()):
        raise QueryError(f"{key}: needs a value, {_such_as(key)}.")
    ends = [read(end) if end.strip() else None for end in (low, high)]
    for end, number in zip((low, high), ends, strict=True):
        if end.strip() and number is None:
            raise QueryError(f'{key}: "{end}" is not {meaning}.')
    least, most = ends
    if least is not None and most is not None and least > most:
        raise QueryError(f"{key}:{value} is empty: {low} is more than {high}.")
    return Span(key, least, most)


def _installed(value: str) -> Term:
    match = _PACKAGE.fullmatch(value.strip())
    if match is None:
        raise QueryError(f"pkg:{value} has no name of a package, {_such_as('pkg')}.")
    wanted = next((part for part in match.groups()[1:] if part is not None), None)
    allowed = None if wanted is None else versions(wanted)
    if wanted is not None and allowed is None:
        raise QueryError(f"pkg:{value} has no version or range, {_such_as('pkg')}.")
    return Installed(canonical_name(match[1]), allowed)


def _such_as(key: str) -> str:
    return "such as " + " or ".join(f"{key}:{example}" for example in EXAMPLES[key])


def _unknown_key(key: str, token: str) -> str:
    meant = _nearest(key, EXAMPLES)
    hint = f" Did you mean {meant}:?" if meant else ""
    keys = ", ".join(f"{one}:" for one in (*EXAMPLES, "not"))
    return f'unknown key {key}:.{hint} Keys: {keys}. To search for the text, write "{token}".'


def _nearest(word: str, words: Collection[str]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, words, 1, 0.5)), "")


# Completion.


def completions(text: str, values: Values) -> list[str]:
    """Return what the last word of a query may become: keys, or values of its key.

    Nothing for a word that begins no key, and for a value that begins none that is known.
    """
    start = max(text.rfind(blank) for blank in " \t") + 1
    token = text[start:]
    prefix = ""
    while token.lower().startswith("not:"):
        prefix, token = prefix + token[:4], token[4:]
    key, colon, value = token.partition(":")
    key = key.lower()
    if not colon:
        completed = [f"{one}:" for one in (*EXAMPLES, "not") if one.startswith(key)]
    elif key not in EXAMPLES:
        completed = []
    else:
        choices = {**_FIXED, **values}.get(key)
        before, comma, last = value.rpartition(",") if choices else ("", "", value)
        offered = sorted(choices()) if choices else EXAMPLES[key]
        completed = [f"{key}:{before}{comma}{one}" for one in offered if one.startswith(last)]
    return [f"{prefix}{one}" for one in completed]
