"""Reads: directories in, verdicts out; never writes, never runs anything of what it finds."""
