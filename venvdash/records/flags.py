"""Flags that come from what is remembered and measured, not from looking at an environment."""

from dataclasses import replace

from venvdash.model import Environment, Flag, Record, Usage


def flagged(environment: Environment, record: Record | None, usage: Usage | None) -> Environment:
    """Return the environment with the flags that come of what is remembered and measured.

    It is damaged where files of its packages are gone, and as long as it holds just what it held
    when a sync of it stopped half-way.
    """
    flags = environment.flags - {Flag.DAMAGED, Flag.PINNED, Flag.USER_FILES}
    if (usage is not None and usage.missing_files) or unfinished(environment, record):
        flags |= {Flag.DAMAGED}
    if record is not None and record.pinned:
        flags |= {Flag.PINNED}
    if usage is not None and usage.user_files is not None and usage.user_files.count:
        flags |= {Flag.USER_FILES}
    return environment if flags == environment.flags else replace(environment, flags=flags)


def unfinished(environment: Environment, record: Record | None) -> bool:
    """Return whether a sync of it stopped half-way and nothing was installed since."""
    stopped = record.unfinished if record else None
    return stopped is not None and stopped == contents(environment)


def contents(environment: Environment) -> str:
    """Return a digest of the packages in an environment, as the list shows them."""
    import hashlib  # rarely needed

    named = sorted(f"{package.name} {package.version}" for package in environment.packages)
    data = "\n".join(named).encode("utf-8", "surrogateescape")
    return hashlib.blake2b(data, digest_size=16).hexdigest()
