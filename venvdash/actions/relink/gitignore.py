"""Whether git would show what is made in a project, and how to keep it from that.

git itself is not run: a repository's configuration can name programs for it to start. Only what
its ignore files say is read (gitignore(5)). A pattern ``.venv/`` means a directory, so it does not
hide a link or a file of that name.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from venvdash.model import Edit
from venvdash.scanner.projects import project_info
from venvdash.system.files import UnreadableError, own_uid, read_regular, read_text, real
from venvdash.system.machine import Machine

_LIMIT = 1024 * 1024  # bytes of one ignore file
_COMMENT = "# link to this project's environment"
_EXCLUDES = re.compile(r"^[ \t]*excludesfile[ \t]*=[ \t]*(.+?)[ \t]*$", re.I | re.MULTILINE)


def exclusion(path: Path, machine: Machine) -> Edit | None:
    """Return how ``.git/info/exclude`` would hide the link or file ``path``.

    None where it lies in no git repository, or git ignores it already, or somebody said that it is
    not to be ignored, or that file cannot be changed. ``path`` need not exist; there are no links
    on the way to it. Raises nothing.
    """
    repository = _repository(path.parent)
    if repository is None:
        return None
    common = project_info.common_directory(os.fspath(repository))
    if common is None or _decided(path, repository, Path(common), machine):
        return None
    file = real(Path(common, "info")) / "exclude"
    try:
        before: str | None = read_regular(file, _LIMIT, owner=own_uid()).decode()
    except FileNotFoundError:
        before = None
    except (OSError, UnreadableError, UnicodeDecodeError):
        return None
    text = before or ""
    end = "" if not text or text.endswith("\n") else "\n"
    inside = path.relative_to(repository).as_posix()
    pattern = "/" + re.sub(r"([\\*?\[ ])", r"\\\1", inside)  # means only this path
    return Edit(file, before, f"{text}{end}{_COMMENT}\n{pattern}\n")


def _repository(directory: Path) -> Path | None:
    """Return the working tree that a directory lies in."""
    for place in (directory, *directory.parents):
        if os.path.lexists(place / ".git"):
            return place
    return None


def _decided(path: Path, repository: Path, common: Path, machine: Machine) -> bool:
    """Return whether an ignore file says anything of a file at ``path``, yes or no."""
    from pathspec import GitIgnoreSpec  # slow to import, and only links need it

    for file, below in _ignore_files(path, repository, common, machine):
        text = read_text(real(file), _LIMIT)
        if text is None:
            continue
        patterns = GitIgnoreSpec.from_lines(text.splitlines())
        if patterns.check_file(path.relative_to(below).as_posix()).include is not None:
            return True
    return False


def _ignore_files(
    path: Path, repository: Path, common: Path, machine: Machine
) -> Iterator[tuple[Path, Path]]:
    """Yield what git reads, the weightiest first, each with the directory that it speaks of."""
    for directory in path.parents:
        yield directory / ".gitignore", directory
        if directory == repository:
            break
    yield common / "info" / "exclude", repository
    for config in (machine.home / ".gitconfig", machine.config_home / "git" / "config"):
        for given in _EXCLUDES.findall(read_text(real(config), _LIMIT) or ""):
            yield machine.expand(given.strip('"')), repository
    yield machine.config_home / "git" / "ignore", repository
