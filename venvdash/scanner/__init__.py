"""Reads: directories in, environments, claims and verdicts out. Never writes, never runs anything
of what it finds.
"""
