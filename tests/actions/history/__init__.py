"""Tests of the history of changes and of undoing them."""
