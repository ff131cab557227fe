"""Copy: the same packages under another name, recreated by uv or file by file."""
