"""Environments whose projects are gone, and a search for them."""

from collections.abc import Callable
from pathlib import Path

from tests.conftest import Home
from tests.scenario import listing
from venvdash.config import Config
from venvdash.model import Environment, Facts
from venvdash.scanner.search import Findings, search
from venvdash.session import Session


def listed(home: Home, config: Config | None = None) -> tuple[Session, Facts]:
    """Return a session after one listing without sizes, and its facts."""
    session = listing(home, config)
    assert session.facts is not None
    return session, session.facts


def searched(
    home: Home,
    *environments: Path,
    config: Config | None = None,
    limit: float | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Findings:
    """List, then search for the projects of some environments."""
    config = config or Config()
    session, facts = listed(home, config)
    wanted = [session.rows[path].environment for path in environments]
    return search(session.machine, config, wanted, facts, limit=limit, cancelled=cancelled)


def held(findings: Findings, environment: Environment | Path, home: Home) -> str:
    """Return why an environment is held, "" if it may be taken."""
    if isinstance(environment, Path):
        environment = listed(home)[0].rows[environment].environment
    return findings.held(environment)
