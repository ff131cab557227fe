"""The lines of the table of goals: a module for each, or for several of a kind."""

from tests.bench.lines import (
    deleting,
    keys,
    listing,
    measuring,
    names,
    pruning,
    searching,
    starting,
)
from tests.bench.measurement import Measurement

MEASUREMENTS: tuple[Measurement, ...] = (
    *starting.MEASUREMENTS,
    *names.MEASUREMENTS,
    *listing.MEASUREMENTS,
    *measuring.MEASUREMENTS,
    *pruning.MEASUREMENTS,
    *keys.MEASUREMENTS,
    *searching.MEASUREMENTS,
    *deleting.MEASUREMENTS,
)
