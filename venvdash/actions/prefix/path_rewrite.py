"""Texts that name an environment by its path, made to name another: shebangs and quoted paths.

A path counts only where it ends as one: ``/x/env`` is not in
``/x/env2``. Facts: the shebangs of pip, uv (crates/uv-install-wheel) and distlib; the activation
scripts of uv 0.13, venv of CPython 3.9 to 3.13, virtualenv 21.
"""

import mmap
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from venvdash.system.files import open_quietly

_SHEBANG = 127  # bytes of a first line that every kernel reads (execve(2)), its newline included
_DIRECT = re.compile(rb"#![ \t]*([^\r\n]*)(\r?\n|\Z)")
# What pip and uv write where a shebang would be too long: a string to Python, a command to sh.
_THROUGH_SHELL = re.compile(
    rb"#![ \t]*/bin/sh[ \t]*\n'''exec'[ \t]+([^\n]*?)[ \t]+\"\$0\"[ \t]+\"\$@\"[ \t]*\n' '''\n"
)
# What stands before a path, and what behind one: whatever is no part of a longer one.
_BEFORE = rb"(?:(?<![^\0\s'\"=:;,({\[<>&|!#@])|(?<=file://)|(?<=\s-[A-Za-z]))"
_AFTER = rb"(?=[/\0\s'\"`;:,)}\]<>&|\\]|\Z)"
_PROMPTS = re.compile(rb"(?i:prompt)|PS1|set_color")
_PLAIN = re.compile(rb"[A-Za-z0-9_@%+=:,./-]+")


class PathRewrite:
    """From the paths ``old`` to ``new``, whose spelling needs no escapes within quotes.

    What names ``new`` already is left alone, also where an old path is its beginning.
    """

    def __init__(self, old: Sequence[Path], new: Path) -> None:
        self._old, self._new = [os.fsencode(path) for path in old], os.fsencode(new)
        self._plain = _PLAIN.fullmatch(self._new) is not None
        done = rb"(?!" + re.escape(self._new) + _AFTER + rb")"
        begins = [path for path in self._old if self._new.startswith(path + b" ")]
        spelled = _any(one for path in self._old for one in _spellings(path))
        self._path = re.compile(_BEFORE + (done if begins else b"") + spelled + _AFTER)
        self._url = re.compile(_any(map(_url, old)) + _AFTER)
        self._new_url = _url(new)
        self._name = os.fsencode(new.name)
        self._prompt = _prompt_patterns(_any(os.fsencode(path.name) for path in old))

    def names_old(self, text: bytes) -> bool:
        """Return whether ``text`` names an old path, in any spelling."""
        return bool(self._path.search(text) or self._url.search(text))

    def found_in(self, path: Path) -> bool:
        """Return whether a file of any size holds an old path. Raises OSError."""
        with open(open_quietly(path), "rb") as file:
            if not os.fstat(file.fileno()).st_size:
                return False
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
                return self._path.search(view) is not None

    def link(self, text: bytes) -> bytes:
        """Return the target of a link, moved below the new path if it was below an old one."""
        for old in self._old:
            rest = text.removeprefix(old)
            if rest != text and (not rest or rest.startswith(b"/")):
                return self._new + rest
        return text

    def shebang(self, text: bytes) -> bytes:
        """Return a program with a first line that starts the Python at the new path.

        Of two forms the one that its length and spaces need: the plain one, or through /bin/sh.
        """
        end, words = self._parsed(text)
        if not words:
            return text
        python = self.link(words[0])
        if python == words[0]:
            return text
        return _first_line(python, words[1:]) + text[end:]

    def interpreter(self, text: bytes) -> bytes | None:
        """Return the program that the beginning of a script starts it with, None for no script."""
        words = self._parsed(text)[1]
        return words[0] if words else None

    def _parsed(self, text: bytes) -> tuple[int, list[bytes]]:
        """Return where the lines end that start a program, and the words of its command."""
        match = _THROUGH_SHELL.match(text)
        if match:
            return match.end(), _words(match[1])
        match = _DIRECT.match(text)
        return (match.end(), self._direct(match[1])) if match else (0, [])

    def _direct(self, line: bytes) -> list[bytes]:
        """Return the words of a first line; an old path itself may have spaces in it."""
        for old in self._old:
            if line.startswith(old + b"/"):
                name, *options = line[len(old) :].split()
                return [old + name, *options]
        return line.split()

    def script(self, text: bytes, *, activates: bool) -> bytes:
        """Return a script with every path that can be replaced surely.

        A new path that needs quotes replaces only what stands in some; an activation script,
        which is a shell's, gets those that are missing.
        """

        def replaced(found: re.Match[bytes]) -> bytes:
            if self._plain or _in_quotes(text, found.start()):
                return self._new
            return _quoted(self._new) if activates else found[0]

        text = self._urls(text)
        text = self._path.sub(replaced, text)
        return self._prompts(text) if activates else text

    def data(self, text: bytes) -> bytes:
        """Return a file of data (``.pth``, JSON) with all paths replaced as they are."""
        return self._path.sub(lambda _: self._new, self._urls(text))

    def cfg(self, text: bytes) -> bytes:
        """Return a pyvenv.cfg; its prompt follows if it was the directory's name."""
        return self._prompt.cfg.sub(lambda found: found[1] + self._name + found[3], self.data(text))

    def _urls(self, text: bytes) -> bytes:
        return self._url.sub(lambda _: self._new_url, text)

    def _prompts(self, text: bytes) -> bytes:
        """Return an activation script whose prompt follows if it was the directory's name."""
        lines = text.split(b"\n")
        for at, line in enumerate(lines):
            if _PROMPTS.search(line):
                line = self._prompt.quoted.sub(lambda found: found[1] + self._name, line)
                lines[at] = self._prompt.bare.sub(
                    lambda found: found[1] + _quoted(self._name), line
                )
        return b"\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Prompt:
    """Where a prompt stands that is a directory's name: pyvenv.cfg, activation scripts."""

    cfg: re.Pattern[bytes]
    quoted: re.Pattern[bytes]
    bare: re.Pattern[bytes]


def _prompt_patterns(name: bytes) -> _Prompt:
    return _Prompt(
        re.compile(rb"(?m)^(prompt[ \t]*=[ \t]*(['\"]?))" + name + rb"(\2[ \t]*\r?)$"),
        re.compile(rb"((['\"])x?\(?)" + name + rb"(?=\2|\) )"),
        re.compile(rb"(VIRTUAL_ENV_PROMPT[= ])" + name + rb"(?=\s*$)"),
    )


def _any(spelled: Iterable[bytes]) -> bytes:
    """Return a pattern of any of these, the longest first."""
    longest = sorted(set(spelled), key=len, reverse=True)
    return rb"(?:" + b"|".join(map(re.escape, longest)) + rb")"


def _spellings(path: bytes) -> Iterator[bytes]:
    """Yield a path as it is written between quotes: by sh (two ways), csh, fish, C, sh again."""
    ways: tuple[dict[bytes, bytes], ...] = (
        {},
        {b"'": b"'\\''"},
        {b"'": b"'\"'\"'"},
        {b"!": b"\\!"},
        {b"\\": b"\\\\", b"'": b"\\'"},
        {b"\\": b"\\\\", b'"': b'\\"'},
        {b"\\": b"\\\\", b'"': b'\\"', b"$": b"\\$", b"`": b"\\`"},
    )
    for way in ways:
        spelled = path
        for character, escaped in way.items():
            spelled = spelled.replace(character, escaped)
        yield spelled


def _url(path: Path) -> bytes:
    return path.as_uri().encode()


def _words(line: bytes) -> list[bytes]:
    """Return the words of a command; none where it cannot be taken apart."""
    try:
        return [os.fsencode(word) for word in shlex.split(os.fsdecode(line))]
    except ValueError:
        return []


def _first_line(python: bytes, options: list[bytes]) -> bytes:
    plain = b"#!" + b" ".join([python, *options]) + b"\n"
    if len(plain) <= _SHEBANG and not re.search(rb"\s", python):
        return plain
    command = b" ".join([b"'" + python + b"'", *options])
    return b"#!/bin/sh\n'''exec' " + command + b" \"$0\" \"$@\"\n' '''\n"


def _in_quotes(text: bytes, at: int) -> bool:
    """Return whether a place in a script lies between quotes, as far as its line tells."""
    quote = b""
    line = text[text.rfind(b"\n", 0, at) + 1 : at]
    for character in (line[i : i + 1] for i in range(len(line))):
        if not quote and character in (b"'", b'"'):
            quote = character
        elif character == quote:
            quote = b""
    return bool(quote)


def _quoted(text: bytes) -> bytes:
    return os.fsencode(shlex.quote(os.fsdecode(text)))
