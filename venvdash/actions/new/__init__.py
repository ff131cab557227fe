"""New: an environment under a name, or for a project, made by uv and put in its place whole."""
