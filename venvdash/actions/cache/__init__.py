"""uv's cache: what of it no environment needs, and having uv remove that."""
