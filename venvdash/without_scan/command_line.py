"""Answers `path` and `activate` from what the last scan found, before click is imported.

Shells ask with every prompt or directory, and a scan of the whole machine is slow. Only the plain
forms of the commands are understood here. Everything else, and what cannot be answered for sure,
is left to the command line. See ``records.answers`` for when an answer still holds.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from venvdash.records.answers import Answer

# Other names of commands, for those who know them from other programs.
ALIASES = {"ls": "list", "show": "info", "rm": "delete"}

# Commands whose arguments are names of environments.
NAMED = frozenset(
    {
        *ALIASES,
        *(
            "activate",
            "allow",
            "copy",
            "delete",
            "diff",
            "edit",
            "info",
            "list",
            "move",
            "note",
            "path",
            "pin",
        ),
        *("relink", "rename", "run", "shell", "sync", "unlink", "unpin", "use"),
    }
)
_COMPLETING = "_VENVDASH_COMPLETE"
_PATHS = ("/", "./", "../", "~")  # what begins like this is a path
_PATH_OPTIONS = ("--python", "--project", "--bin")


def answered(arguments: "Sequence[str]") -> bool:
    """Answer a command line; False if nothing was done, and the command line is to be run."""
    if sys.platform in ("darwin", "win32"):
        return False
    if _COMPLETING in os.environ:
        return _complete(os.environ[_COMPLETING])
    command = {"path": _path, "activate": _activate, "list": _list}.get("".join(arguments[:1]))
    return command is not None and command(arguments)


def _complete(shell: str) -> bool:
    """Print the names that click would, if the first name after a command is being typed."""
    typed, state = _typed(shell), _state_directory()
    if typed is None or state is None or os.isatty(1):
        return False
    from venvdash.records.answers import NamesFile
    from venvdash.system.files import UnreadableError

    try:
        names = NamesFile(state).beginning(typed)
    except (OSError, ValueError, UnreadableError):
        return False
    breaks = os.environ.get("COMP_WORDBREAKS", "") if shell == "bash_complete" else ""
    known = max((at + 1 for at, char in enumerate(typed) if char in breaks), default=0)
    form = "plain\n{}\n_" if shell == "zsh_complete" else "plain,{}"
    return _print((), "\n".join(form.format(name[known:]) for name in names) + "\n")


def _typed(shell: str) -> str | None:
    """Return the beginning of the name that is typed; None for anything that takes more to read."""
    import re

    line, word = os.environ.get("COMP_WORDS", ""), os.environ.get("COMP_CWORD", "")
    words = line.split()
    if not re.fullmatch(r"[\w./@+: -]*", line) or words[1:2] != [*NAMED.intersection(words[1:2])]:
        return None
    match shell:
        case "bash_complete":
            before, typed = words[2:], "" if line[-1:].isspace() else words[-1]
        case "zsh_complete":
            before, typed = words[2:], "".join(words[2:3])
        case "fish_complete":
            before, typed = words[2:], word
        case _:
            return None
    if before != ([typed] if typed else []) or (shell == "zsh_complete" and word != "2"):
        return None
    return None if typed.startswith((*_PATHS, "-")) or len(words) < 2 else typed


def _path(arguments: "Sequence[str]") -> bool:
    options = [word for word in arguments[1:] if word.startswith("-")]
    names = [word for word in arguments[1:] if not word.startswith("-")]
    if len(options) > 1 or len(names) > 1 or not set(options) <= set(_PATH_OPTIONS):
        return False
    answer = remembered(names[0] if names else None)
    text = _of(answer, *options) if answer else ""
    return answer is not None and bool(text) and _print((answer.note,), f"{text}\n")


def _activate(arguments: "Sequence[str]") -> bool:
    words, given = list(arguments[1:]), {"--cd": "", "--shell": ""}
    names = []
    while words:
        word = words.pop(0)
        if word not in given:
            names.append(word)
        elif given[word] or (word == "--shell" and not any(words[:1])):
            return False
        else:
            given[word] = words.pop(0) if word == "--shell" else "yes"
    if len(names) > 1 or any(name.startswith("-") for name in names):
        return False
    answer = remembered(names[0] if names else None)
    if answer is None or not answer.site or os.isatty(1):
        return False
    from venvdash.without_scan import activation

    try:
        text = activation.code(answer, given["--shell"], change=bool(given["--cd"]))
    except (OSError, ValueError):  # what was remembered makes no sense
        return False
    if not text:
        return False
    hints = activation.hints(answer, change=bool(given["--cd"])) if names else ()
    return _print((answer.note, *hints), text)


def _list(arguments: "Sequence[str]") -> bool:
    options, state = sorted(arguments[1:]), _state_directory()
    if options not in (["--no-usage"], ["--json", "--no-usage"]) or state is None:
        return False
    if getattr(sys.stdout, "encoding", "").lower() != "utf-8":
        return False
    from venvdash.system.files import UnreadableError
    from venvdash.without_scan import listing

    try:
        text = listing.output(state, as_json="--json" in options)
    except (OSError, ValueError, UnreadableError):
        return False
    return text is not None and _write(text)


def _of(answer: "Answer", option: str = "") -> str:
    """Return the path that `path` prints."""
    match option:
        case "--project":
            return answer.project
        case "--bin":
            return f"{answer.path}/bin"
        case "--python":
            return f"{answer.path}/bin/python"
        case _:
            return answer.path


def remembered(name: str | None) -> "Answer | None":
    """Return the environment that is meant, if that is remembered; else None."""
    state = _state_directory()
    if state is None or (name is not None and (not name or name[0] in "./~" or name[-1] == "/")):
        return None
    from venvdash.records import answers
    from venvdash.system.files import UnreadableError

    try:
        if name is not None and ":" not in name:
            answer = answers.NamesFile(state).named(name)
            if answer is not None:
                return answer
    except (OSError, ValueError, UnreadableError):
        pass  # a single answer may still be known
    try:
        return answers.remembered(state, answers.question(name, os.getcwd()))
    except (OSError, ValueError, UnreadableError):
        return None


def _state_directory() -> "Path | None":
    """Return the folder of ``Machine.state_directory``; None if that takes more to find."""
    given, xdg = os.environ.get("VENVDASH_STATE_DIR"), os.environ.get("XDG_STATE_HOME")
    home = os.environ.get("HOME", "")
    if not os.path.isabs(home) or (given and (not os.path.isabs(given) or "$" in given)):
        return None
    from pathlib import Path

    if given:
        return Path(given)
    above = Path(xdg) if xdg and os.path.isabs(xdg) else Path(home) / ".local" / "state"
    return above / "venvdash"


def _print(notes: "Iterable[str]", text: str) -> bool:
    """Print an answer as the command line would; False if that has to report an error."""
    from venvdash.text import visible

    data = f"{visible(text[:-1])}\n".encode() if os.isatty(1) else os.fsencode(text)
    try:
        for note in filter(None, notes):
            sys.stderr.write(f"venvdash: {visible(note)}\n")
            sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        return False
    return _write(data)


def _write(data: bytes) -> bool:
    """Write an answer; False if nothing was written, and the command line has to report why."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(1, rest) :]
        except BlockingIOError:
            import select

            select.select([], [1], [])
        except OSError as error:
            if len(rest) == len(data):
                return False
            if not isinstance(error, BrokenPipeError):  # as in `venvdash list | head`
                from venvdash.text import because

                sys.stderr.write(f"venvdash: cannot write the output: {because(error)}.\n")
            sys.exit(1)
    return True
