"""Reads directories and decides verdicts. Never writes, never runs anything that it finds."""
