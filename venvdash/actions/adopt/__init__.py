"""Adopt: move a project's environment out of the project, and back into it."""
