"""What a crash left half-done, ended at the next start: once for all verbs."""
