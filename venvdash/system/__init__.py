"""The interfaces to the operating system."""
