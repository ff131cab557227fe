"""The table that the command line and the dashboard draw: scans, memory, names, subshell."""

from venvdash.session.core import Session

__all__ = ["Session"]
