"""Rename and move: give an environment another name, folder or disk."""
