"""Folders of environments that are not stores, and the configuration that adds them.

Nothing is added unless the user asks for it; then the lines are written into the user's
configuration, which keeps its comments and layout.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from venvdash import config
from venvdash.actions.safety.refusals import another_home
from venvdash.model.packaging import PROJECT_SIGNS
from venvdash.scanner.discovery import other_folders, store_folders
from venvdash.scanner.discovery.other_folders import EnvironmentFolder
from venvdash.scanner.discovery.store_folders import MARKS
from venvdash.stores.roots import Layout
from venvdash.system.atomic import write_atomically
from venvdash.system.machine import Machine
from venvdash.text import because, short_path

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

_LIMIT = 256 * 1024  # bytes of a configuration


class RefusedError(Exception):
    """A folder cannot be added; the text is a sentence that says why. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class AddedStore:
    """A folder that was added as a store: ``lines`` were written into ``file``."""

    folder: EnvironmentFolder
    file: Path
    lines: str


def suggestions(machine: Machine, settings: config.Config) -> list[EnvironmentFolder]:
    """Return the folders of environments outside all stores; see ``other_folders.find``."""
    return other_folders.find(machine, store_folders.roots(machine, settings))


def lines_for(folder: EnvironmentFolder, home: Path) -> str:
    """Return the TOML table that adds a folder, without a line end after the last line."""
    import tomlkit  # slow to import

    return tomlkit.dumps({"stores": [_table(folder, home)]}).strip()


def add(path: Path, machine: Machine, settings: config.Config) -> AddedStore:
    """Make the folder ``path`` a store in the user's configuration.

    Raises RefusedError.
    """
    place = Path(os.path.realpath(path))
    for reason in _refusals(place, machine, settings):
        raise RefusedError(reason)
    folder = other_folders.look_into(place, machine)
    if folder is None:
        raise RefusedError("It contains no environments.")
    lines = lines_for(folder, machine.home)
    # A configuration may be a link, as dotfiles often are: its target is replaced.
    file = Path(os.path.realpath(machine.config_file))
    try:
        _write(file, folder, machine)
    except OSError as error:
        raise RefusedError(f"{file} cannot be written: {because(error)}.") from error
    return AddedStore(folder, machine.config_file, lines)


def _refusals(place: Path, machine: Machine, settings: config.Config) -> Iterator[str]:
    yield from another_home(machine)
    home = Path(os.path.realpath(machine.home))
    if place in (home, *home.parents) or len(place.parts) < 2:
        yield "It is your home directory, or contains it."
    try:
        names = set(os.listdir(place))
    except OSError as error:
        yield f"It cannot be listed: {because(error)}."
        return
    if not names.isdisjoint(MARKS):
        yield "It is an environment, not a folder of environments."
    if not names.isdisjoint(PROJECT_SIGNS):
        yield "It is a project's directory: the environments in it belong to the project."
    for root in store_folders.roots(machine, settings):
        known = Path(os.path.realpath(root.path))
        if known == place or known in place.parents:
            yield f"{known} is already a store ({root.store})."
        elif place in known.parents and os.path.isdir(known):
            yield f"It already contains a store: {known}."


def _write(file: Path, folder: EnvironmentFolder, machine: Machine) -> None:
    """Add the folder to a configuration. Raises OSError and RefusedError."""
    before, mode = _text(file, machine)
    after = _with(before, folder, machine.home)
    try:
        known, read = (config.parse(text.encode(), file) for text in (before, after))
    except config.ConfigError as error:
        raise RefusedError(f"Fix {file} first: {error}.") from error
    same = replace(read, stores=read.stores[:-1]) == known and len(read.stores) > len(known.stores)
    if not same or _place(read.stores[-1].path, machine) != folder.path:
        raise RefusedError(_by_hand(file))
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file.parent, file.name, after.encode(), mode=mode)


def _place(text: str, machine: Machine) -> Path:
    return Path(os.path.realpath(machine.expand_from_home(text)))


def _text(file: Path, machine: Machine) -> tuple[str, int]:
    """Return the text of a configuration and its permissions. Raises OSError and RefusedError."""
    try:
        status = os.stat(file)
    except FileNotFoundError:
        return "", 0o644
    if not stat.S_ISREG(status.st_mode) or status.st_size > _LIMIT:
        raise RefusedError(f"{file} is not a configuration file.")
    if machine.uid is not None and status.st_uid != machine.uid:
        raise RefusedError(f"{file} belongs to another user.")
    try:
        return file.read_bytes().decode(), stat.S_IMODE(status.st_mode)
    except UnicodeDecodeError as error:
        raise RefusedError(f"{file} is not valid UTF-8.") from error


def _with(text: str, folder: EnvironmentFolder, home: Path) -> str:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError
    from tomlkit.items import AoT, Array

    try:
        document: TOMLDocument = tomlkit.parse(text)
        stores: Any = document.get("stores")
        if isinstance(stores, Array):
            line = tomlkit.inline_table()
            line.update(_table(folder, home))
            stores.append(line)
            return tomlkit.dumps(document)
        if stores is not None and not isinstance(stores, AoT):
            return ""
    except TOMLKitError:
        return ""
    # At the end, since a table ends only where the next one begins.
    gap = "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}{lines_for(folder, home)}\n"


def _table(folder: EnvironmentFolder, home: Path) -> dict[str, str]:
    table = {"path": _spelt(folder.path, home)}
    if folder.layout is Layout.MIRRORED:
        table["layout"] = "mirrored"
        if folder.base is not None:
            table["base"] = _spelt(folder.base, home)
    return table


def _spelt(path: Path, home: Path) -> str:
    real = Path(os.path.realpath(home))
    if path != real and path.is_relative_to(real):
        return os.fspath(Path("~") / path.relative_to(real))
    return "~" if path == real else os.fspath(path)


def _by_hand(file: Path) -> str:
    return f"{file} has an unusual layout: add the lines by hand."


def in_words(folder: EnvironmentFolder, home: Path) -> str:
    """Return the number of environments in a folder and what it mirrors, in words."""
    count = folder.environments
    words = f"{count} environment{'s' * (count != 1)}"
    if folder.layout is Layout.FLAT:
        return words
    base = f" of {short_path(folder.base, home)}" if folder.base is not None else " of projects"
    return f"{words}, mirrors paths{base}"
