"""The history of changes: what became of each, and undoing it."""
