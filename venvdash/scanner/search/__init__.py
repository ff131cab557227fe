"""The search before anything is pruned: a project may have moved anywhere.

``search`` reads every place that could hold a project of the environments, ``recheck`` reads the
likeliest ones again right before something is deleted.
"""

from venvdash.scanner.search.engine import recheck, search
from venvdash.scanner.search.findings import Findings, Hit, Progress

__all__ = ["Findings", "Hit", "Progress", "recheck", "search"]
