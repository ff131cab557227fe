"""What keeps actions safe: refusals, checks right before a change, undoing what failed."""
