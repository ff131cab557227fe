"""Answers of `path`, `activate`, `list --no-usage` and completion, from what a scan remembered."""
