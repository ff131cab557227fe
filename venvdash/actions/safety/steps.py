"""Where an action may be stopped: tests put something in the place of ``step`` to do so."""


def step(name: str) -> None:
    """Be told that the step called ``name`` has been done; nothing happens."""
