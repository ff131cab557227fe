"""The seams to the operating system."""
