"""The only place that starts uv."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from venvdash.actions.commands import Log, typed
from venvdash.system.machine import Machine


class UvError(Exception):
    """uv could not be run, or failed.

    ``command`` is what was run, as one would type it; ``words`` what uv wrote on stderr, raw as
    it came; ``advice`` what to do next. The text of the exception holds all three.
    """

    def __init__(self, command: str, words: str, advice: str) -> None:
        super().__init__("\n".join(part for part in (f"{command}:", words, advice) if part))
        self.command = command
        self.words = words
        self.advice = advice


def find_uv(machine: Machine, *, bundled: bool = True) -> Path | None:
    """Return the uv to drive: the first on PATH, else (``bundled``) the one of the uv package.

    Relative directories on PATH are passed over: what they name depends on where one stands.
    """
    folders = (machine.variable("PATH") or "").split(os.pathsep)
    found = shutil.which("uv", path=os.pathsep.join(filter(os.path.isabs, folders)))
    if found:
        return Path(found)
    return _of_package() if bundled else None


def _of_package() -> Path | None:
    try:
        from uv import find_uv_bin  # an optional package, and only needed here

        return Path(find_uv_bin())
    except (ImportError, FileNotFoundError):
        return None


def run(
    uv: Path,
    arguments: Sequence[str | Path],
    *,
    environ: Mapping[str, str],
    cwd: Path,
    timeout: float,
    log: Log,
    variables: Mapping[str, str] | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run uv to its end and return what it wrote.

    It reads nothing and sees only ``environ`` and ``variables``; the latter are part of what was
    done, so ``log`` keeps them beside the command. It gets a process group of its own, which is
    killed when ``timeout`` seconds have passed or the caller is interrupted: build backends and
    interpreters that uv started end with it.
    Raises UvError when uv cannot be started, takes too long, or ends with another code than 0.
    """
    command = [os.fspath(uv), *(os.fspath(argument) for argument in arguments)]
    shown = typed(command, variables)  # tools with environments are run here too
    recording = log.begin(command, cwd, variables)
    try:
        process = subprocess.Popen(  # noqa: S603 - a list, never a shell
            command,
            cwd=cwd,
            env={**environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            process_group=0 if os.name == "posix" else None,
        )
    except (OSError, ValueError) as error:
        recording.line(f"cannot be started: {error}")
        recording.ended(None)
        advice = f"Check that `{uv} --version` works, and that {cwd} is a directory."
        raise UvError(shown, f"cannot be started: {error}", advice) from error
    out = words = ""
    try:
        out, words = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        out, words = _stop(process)
        words = f"{words.strip()}\nstopped after {timeout:g} seconds".strip()
        raise UvError(shown, words, f"Run it by hand in {cwd} to see what it waits for.") from error
    except BaseException:
        _stop(process)
        raise
    finally:
        recording.lines(out)
        recording.lines(words)
        recording.ended(process.returncode)
    if process.returncode:
        words = words.strip() or f"ended with code {process.returncode}"
        raise UvError(shown, words, f"Run it by hand in {cwd} with `--verbose` to see more.")
    return subprocess.CompletedProcess(command, 0, out, words)


def _stop(process: "subprocess.Popen[str]") -> tuple[str, str]:
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):  # the whole group has just ended
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    try:
        return process.communicate(timeout=5)
    except subprocess.TimeoutExpired:  # somebody left the group and holds the pipe
        return "", ""
