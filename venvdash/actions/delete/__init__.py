"""Delete and prune: into the trash, back from it, and freed for good."""
