"""Acting as another user: root may read everything, so only another uid proves a refusal."""

import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

NOBODY = 65534


def open_to_all(path: Path) -> None:
    """Let every user pass through ``path`` and the directories above it that are ours."""
    for directory in (path, *path.parents):
        if directory.stat().st_uid == os.getuid() and directory != Path("/"):
            directory.chmod(directory.stat().st_mode | 0o055)


def as_another_user(call: Callable[[], str]) -> str:
    """Return what ``call`` returns in a child process of another uid; its failure fails the test.

    The child is a fork, so that it needs no permission to read this interpreter or checkout.
    """
    if os.getuid():
        pytest.skip("needs root, to become another user")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            answer = "+" + call()
        except BaseException:
            answer = "-" + traceback.format_exc()
        os.write(writer, os.fsencode(answer))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = os.fsdecode(pipe.read())
    os.waitpid(child, 0)
    if not answer.startswith("+"):
        pytest.fail(f"the other user's part failed: {answer[1:]}")
    return answer[1:]
