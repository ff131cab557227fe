"""The search for projects before a deletion by rule: a project may have moved anywhere.

``search`` reads every place that could contain a project of the environments. ``recheck`` reads the
likeliest ones again right before a deletion. ``find_again`` reads the places where an earlier
search found something, so that a list agrees with it.
"""

from venvdash.scanner.search.earlier_hits import find_again
from venvdash.scanner.search.engine import recheck, search
from venvdash.scanner.search.findings import Findings, Hit, Progress

__all__ = ["Findings", "Hit", "Progress", "find_again", "recheck", "search"]
