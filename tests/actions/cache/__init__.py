"""Tests of what cleans uv's cache."""
