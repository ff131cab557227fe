"""Running other programs: uv, and the tools that environments belong to."""
