"""What both faces use: scans, keeps the table, records proofs, resolves names."""

from venvdash.session.core import Session

__all__ = ["Session"]
