"""The commands that README.md shows, and what they print in a playground."""

import re
import shlex
from collections.abc import Iterator

from tests import terminal
from venvdash.demo.playground import Playground

_BLOCK = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
_EXAMPLE = re.compile(r"^\$ (venvdash .*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_ASKED = re.compile(rb"\[y/N\]: $")
_ANSWERED = re.compile(r"\[y/N\]: (\w+)$", re.MULTILINE)
_FIGURES = (
    (r"\b[\d.]+ ([KMG]i)?B\b", "SIZE"),
    (r"\b(\d+ (min|h|d|mo|y)|now)\b", "AGE"),
    (r"-[0-9a-f]{16}\b", "-HASH"),
    (r"\d+(\.\d+)*", "N"),
    (r"N process(es)? could", "N process could"),
)


def examples(page: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a page that runs venvdash, with the output that follows it."""
    for block in _BLOCK.findall(page):
        yield from _EXAMPLE.findall(block)


def words(output: str) -> list[str]:
    """Return the words of an output, every figure by its kind."""
    for pattern, name in _FIGURES:
        output = re.sub(pattern, name, output)
    return output.split()


def printed(playground: Playground, command: str, shown: str) -> str:
    """Return what a command prints in a terminal of 100 columns, without what it overwrites.

    A question is answered as it is where the output is shown.
    """
    answers = _ANSWERED.findall(shown)
    variables = {**playground.variables, "NO_COLOR": "1"}
    arguments = shlex.split(command)[1:]
    with terminal.venvdash(
        *arguments, variables=variables, cwd=playground.home, columns=100
    ) as screen:
        for answer in answers:
            screen.read(lambda output: _ASKED.search(output) is not None)
            screen.press(f"{answer}\r")
        status = screen.wait()
    output = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.output.decode())
    if status:
        raise ValueError(f"{command}: {output}")
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in output.split("\n"))
    return "\n".join(lines).replace(str(playground.directory), "/").strip("\n") + "\n"


def filled(page: str, playground: Playground) -> str:
    """Return a page with what its commands print now, where more than figures differ."""
    for command, shown in list(examples(page)):
        output = printed(playground, command, shown)
        if words(output) != words(shown):
            page = page.replace(f"$ {command}\n{shown}", f"$ {command}\n{output}")
    return page
