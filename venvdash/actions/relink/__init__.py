"""Relink and unlink: say which project an environment belongs to."""
