"""Measures speed and memory; ``docs/performance.md`` has the goals and the figures."""
