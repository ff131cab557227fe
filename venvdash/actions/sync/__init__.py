"""Sync: bring an environment up to date with its project through uv."""
