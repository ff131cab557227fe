"""The stages of a scan, in their order, and the state that they share."""
