"""An environment's own path inside its files: found, and rewritten after a rename or a copy."""
