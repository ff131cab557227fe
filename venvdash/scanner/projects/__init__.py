"""Projects: where they may be, whether they are there, and what they say of themselves."""
